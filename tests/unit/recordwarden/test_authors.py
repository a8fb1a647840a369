"""Whoever acts stands beside the act in the journal: the officer who signed it, or the account that only the operating system knows."""

from __future__ import annotations

import json
import os
import pwd
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recordwarden.cli.app import run

ACCOUNT = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
FOLDER = """
recordwarden: 1
id: k3p9x2ab
name: Elm Schools
drill: true
officers:
  - {{id: custodian, name: Ada Quill, email: custodian@elm.example, roles: [records_custodian], key: "{custodian}"}}
  - {{id: counsel, name: Ben Rule, email: counsel@elm.example, roles: [counsel], key: "{counsel}"}}
tenants:
  - {{id: m365, platform: microsoft365, domain: elm.example}}
"""
POLICY = """
recordwarden: 1
policy: {title: Records, adopted: 2017-03-09}
schedule: {packs: [], series: []}
populations: {}
rules: []
"""

Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """A district whose tenant has no endpoint, so that no request leaves: what is ordered is recorded all the same."""
    (tmp_path / "clock").write_text("+0", encoding="utf-8")
    monkeypatch.setenv("RECORDWARDEN_CLOCK_FILE", str(tmp_path / "clock"))

    def said(*words: str) -> tuple[int, dict[str, Any]]:
        code = run(["-C", str(tmp_path), "--store", f"sqlite:///{tmp_path}/store.db", "--format", "json", *words])
        return code, json.loads(capsys.readouterr().out)

    keys = {name: said("officer", "keygen", "--out", str(tmp_path / f"{name}.pem"))[1]["result"]["public_key"] for name in ("custodian", "counsel")}
    (tmp_path / "district.yaml").write_text(FOLDER.format(**keys), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(f"{name}@elm.example\n", encoding="utf-8")
    return said


def signed(tmp_path: Path, officer: str, key: str | None = None) -> tuple[str, ...]:
    return ("--as", officer, "--key", str(tmp_path / f"{key or officer}.pem"))


def entries(call: Call, tmp_path: Path, kind: str) -> list[dict[str, Any]]:
    call("journal", "export", "--out", str(tmp_path / "journal.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["kind"] == kind]


def test_an_order_that_nobody_signed_names_the_account_and_a_signed_one_the_officer(call: Call, tmp_path: Path) -> None:
    _, opened = call("hold", "open", "--name-file", str(tmp_path / "one.txt"), "--wait-for", "none")
    alias = opened["result"]["matter"]["alias"]
    call(*signed(tmp_path, "counsel"), "hold", "add", alias, "--person-file", str(tmp_path / "two.txt"), "--wait-for", "none")
    ordered = [one for one in entries(call, tmp_path, "matter") if one["body"]["event"] in {"opened", "added"}]
    assert [(one["body"]["event"], one["actor"]["kind"], one["actor"]["id"]) for one in ordered] == [
        ("opened", "os", ACCOUNT),
        ("added", "officer", "counsel"),
    ]
    assert ordered[0]["actor"]["sig"] is ordered[0]["actor"]["key"] is None
    assert ordered[1]["actor"]["sig"]
    code, checked = call("journal", "verify")
    assert (code, checked["result"]["first_bad"]) == (0, None)


def test_the_same_order_again_writes_nothing_whoever_signs_it(call: Call, tmp_path: Path) -> None:
    order = ("hold", "open", "--name-file", str(tmp_path / "one.txt"), "--wait-for", "none")
    call(*order)
    before = len(entries(call, tmp_path, "matter"))
    call(*signed(tmp_path, "custodian"), *order)
    assert len(entries(call, tmp_path, "matter")) == before


def test_a_report_is_sealed_by_whoever_made_it(call: Call, tmp_path: Path) -> None:
    month = call("status")[1]["at"][:7]
    for signing in ((), signed(tmp_path, "custodian")):
        assert call(*signing, "report", "board", "--month", month, "--out", str(tmp_path / "out"))[0] == 0
    made = [one["actor"] for one in entries(call, tmp_path, "evidence") if one["subject"].startswith("report/")]
    assert [(one["kind"], one["id"]) for one in made] == [("os", ACCOUNT), ("officer", "custodian")]


@pytest.mark.parametrize("words", [("status",), ("work", "--once"), ("hold", "status"), ("hold", "open", "--name-file", "one.txt")])
def test_a_key_of_somebody_else_is_refused_before_anything_is_done(call: Call, tmp_path: Path, words: tuple[str, ...]) -> None:
    words = tuple(str(tmp_path / word) if word.endswith(".txt") else word for word in words)
    code, said = call(*signed(tmp_path, "custodian", "counsel"), *words)
    assert (code, [one["code"] for one in said["problems"]]) == (1, ["officer.key_mismatch"])
    assert entries(call, tmp_path, "matter") == []
