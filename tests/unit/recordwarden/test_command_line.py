"""One document on stdout whatever happens, the contract's exit codes, and no traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recordwarden.cli import app
from recordwarden.cli.app import run
from recordwarden.exits import FIRST, Exit, worst

ENVELOPE = {"schema", "version", "run_id", "district", "policy_digest", "at", "clock", "exit", "tenants", "result", "problems"}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("FOLDER", "OVERLAY", "STORE", "FORMAT", "PASSPHRASE_FILE", "CLOCK_FILE", "CRASH_AT", "DEBUG"):
        monkeypatch.delenv(f"RECORDWARDEN_{name}", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the document, and what stood on stderr."""
    code = run(list(words))
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert set(document) == ENVELOPE
    assert document["exit"] == code
    return code, document, said.err


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("plan", "--nonsense"),
        ("--as", "custodian", "plan"),
        ("--key", "k.pem", "plan"),
        ("--format", "json"),
        ("hold",),
        ("hold", "nonsense"),
        ("apply",),
        ("officer", "keygen"),
        ("--lock-wait", "soon", "plan"),
    ],
)
def test_usage_errors_are_64_and_one_document(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    code, document, errors = asked(capsys, *(() if "--format" in words else ("--format", "json")), *words)
    assert code == 64
    assert document["schema"] == "recordwarden/usage/1"
    assert document["result"] is None
    assert [problem["code"] for problem in document["problems"]] == ["usage"]
    assert document["problems"][0]["next_step"]
    assert "Traceback" not in errors


def test_a_usage_error_for_people_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["nonsense"]) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert "nonsense" in said.err
    assert "-> See recordwarden --help" in said.err


def test_json_can_be_asked_for_in_the_environment(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDWARDEN_FORMAT", "json")
    code, document, _ = asked(capsys, "check")
    assert code == 1
    assert document["schema"] == "recordwarden/check/1"
    assert {problem["code"] for problem in document["problems"]} == {"folder.missing"}


def test_words_of_a_command_are_joined_by_a_hyphen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, document, _ = asked(capsys, "--format", "json", "officer", "keygen", "--out", str(tmp_path / "k.pem"))
    assert code == 0
    assert document["schema"] == "recordwarden/officer-keygen/1"
    assert document["result"]["public_key"].startswith("ed25519:")
    assert (tmp_path / "k.pem").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_written_over_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    taken = tmp_path / "k.pem"
    taken.write_text("mine", encoding="utf-8")
    code, document, _ = asked(capsys, "--format", "json", "officer", "keygen", "--out", str(taken))
    assert (code, document["problems"][0]["code"]) == (1, "file.exists")
    assert taken.read_text(encoding="utf-8") == "mine"


def test_a_fault_of_our_own_is_70_and_called_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("with a secret in it")

    monkeypatch.setattr("recordwarden.cli.check.load_folder", broken)
    code, document, errors = asked(capsys, "--format", "json", "check")
    assert code == 70
    (problem,) = document["problems"]
    assert problem["code"] == "program.fault"
    assert "ZeroDivisionError" in problem["message"]
    assert document["run_id"] in problem["message"]
    assert "secret" not in json.dumps(document)
    assert "Traceback" not in errors


def test_an_unreadable_clock_is_told_by_the_machines_own_time(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("teatime", encoding="utf-8")
    monkeypatch.setenv("RECORDWARDEN_CLOCK_FILE", str(clock))
    code, document, _ = asked(capsys, "--format", "json", "-C", str(app_root() / "examples" / "demo"), "plan")
    assert (code, document["problems"][0]["code"]) == (1, "clock.unreadable")
    assert not (tmp_path / "state").exists()


def app_root() -> Path:
    return next(parent for parent in Path(app.__file__).resolve().parents if (parent / "pyproject.toml").exists())


def test_the_first_in_the_contracts_order_wins() -> None:
    order = [Exit.USAGE, Exit.OUR_FAULT, Exit.ERROR, Exit.PROOF_FAILED, Exit.UNKNOWN, Exit.REFUSED, Exit.IN_FLIGHT, Exit.LEFT, Exit.DONE]
    assert [int(one) for one in order] == [64, 70, 1, 6, 3, 4, 5, 2, 0]
    assert [one for one in FIRST if one in order] == order
    for position, code in enumerate(order):
        assert worst(*order[position:]) is code
        assert worst(*reversed(order[position:])) is code
    assert worst() is Exit.DONE
    assert set(FIRST) == set(Exit)
