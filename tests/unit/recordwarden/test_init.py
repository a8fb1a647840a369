"""``init``: a folder that `check` accepts, written whole or not at all, never over a file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from policies.folder import load_folder
from recordwarden.cli.app import run

ANSWERS = """
name: Made-up Public Schools
microsoft_domain: made-up.example
google_domain: made-up.example
policy_title: Records
policy_number: "3543.31"
adopted: 2024-02-29
officers:
  - {id: custodian, name: Ada Quill, email: custodian@made-up.example, roles: [records_custodian]}
"""


def init(folder: Path, answers: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    path = folder.parent / "answers.yaml"
    path.write_text(answers, encoding="utf-8")
    code = run(["-C", str(folder), "--format", "json", "init", "--answers", str(path)])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["exit"] == code
    return found


def test_a_sound_folder_in_observe_with_nothing_that_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "district"
    said = init(place, ANSWERS, capsys)
    assert said["exit"] == 0
    folder = load_folder(place)
    assert [(tenant.id, tenant.mode.value, tenant.domain) for tenant in folder.district.tenants] == [
        ("m365", "observe", "made-up.example"),
        ("google", "observe", "made-up.example"),
    ]
    assert folder.district.officers[0].key is None
    assert folder.policy.rules == ()
    assert folder.policy.policy.review_by is not None
    assert sorted(path.name for path in place.iterdir()) == ["district.yaml", "policy.yaml"]


def test_two_districts_never_share_an_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        init(tmp_path / name, ANSWERS, capsys)
    assert load_folder(tmp_path / "one").district.id != load_folder(tmp_path / "two").district.id


def test_nothing_is_written_over_or_beside_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "district"
    place.mkdir()
    (place / "policy.yaml").write_text("mine", encoding="utf-8")
    said = init(place, ANSWERS, capsys)
    assert said["exit"] == 1
    assert [one["code"] for one in said["problems"]] == ["file.exists"]
    assert [(path.name, path.read_text(encoding="utf-8")) for path in place.iterdir()] == [("policy.yaml", "mine")]


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        (ANSWERS.replace("adopted: 2024-02-29", "adopted: soon"), "adopted"),
        (ANSWERS.replace("name: Made-up", "nmae: Made-up"), "nmae"),
        (ANSWERS + "timezone: Mars/Olympus\n", "timezone"),
        (ANSWERS.replace("records_custodian", "king"), "roles"),
        (ANSWERS.replace("id: custodian", "id: Custodian"), "'Custodian' is not 1 to 40 lower-case letters"),
        (ANSWERS + "  - {id: custodian, name: Ben, email: ben@made-up.example, roles: [counsel]}\n", "given twice"),
    ],
)
def test_every_wrong_answer_is_named_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str], answers: str, word: str) -> None:
    said = init(tmp_path / "district", answers, capsys)
    assert said["exit"] == 1
    assert {one["code"] for one in said["problems"]} == {"init.answer"}
    assert any(word in one["message"] for one in said["problems"])
    assert not (tmp_path / "district").exists()


def test_nobody_is_asked_where_nobody_sits(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(["-C", str(tmp_path / "district"), "--format", "json", "init"]) == 1
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["problems"]] == ["init.no_terminal"]


def test_a_wrong_answer_is_asked_for_again_and_the_others_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = [
        "Made-up Public Schools", "Mars/Olympus", "", "made-up.example", "", "Records", "", "soon", "2024-02-29",
        "The Custodian", "custodian", "king, counsel", "records_custodian, counsel", "Ada Quill", "nobody", "custodian@made-up.example",
        "custodian", "",
    ]  # fmt: skip

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("\n".join(typed) + "\n"))
    place = tmp_path / "district"
    assert run(["-C", str(place), "init"]) == 0
    district = load_folder(place).district
    assert (district.name, district.timezone) == ("Made-up Public Schools", "America/New_York")
    [officer] = district.officers
    assert (officer.id, officer.name, [role.value for role in officer.roles]) == ("custodian", "Ada Quill", ["records_custodian", "counsel"])
