"""The journal from outside: it holds, it says where it does not, and a person can be erased from it by two officers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.rehearsal import District

pytestmark = pytest.mark.slow

PERSON = "hattie.stonecroft@harbormill.example"
FREE = "ilse.harkwell@harbormill.example"
"""Somebody who is on hold in no matter."""
ORDER = f"""
alias: two-people
ordered_by: counsel
range: {{from: 2025-07-01}}
people: [{{address: {PERSON}}}, {{address: esme.kelderby@harbormill.example}}]
sources: [mail]
"""


def exported(district: District) -> tuple[Path, Path]:
    chain, sealed = district.place / "chain.jsonl", district.place / "sealed.jsonl"
    district.must("journal", "export", "--out", chain, "--sealed", sealed)
    return chain, sealed


def test_the_journal_holds_and_its_head_is_the_one_in_the_file(district: District) -> None:
    head = district.must("journal", "head").result
    chain, sealed = exported(district)
    found = district.must("journal", "verify", chain, "--sealed", sealed, "--against", f"{head['seq']}:{head['head']}").result
    assert found["entries"] == len(chain.read_text(encoding="utf-8").splitlines()) >= head["seq"]
    assert found["first_bad"] is None
    assert found["open_intents"] == []
    assert found["sealed"]["withheld"] == 0
    assert found["signatures"] > 0


def test_proofs_name_no_address_in_clear(district: District) -> None:
    chain, sealed = exported(district)
    proofs = [entry for line in chain.read_text(encoding="utf-8").splitlines() if (entry := json.loads(line))["subject"].startswith("proof")]
    assert "proof/google/google.group_archive" in {entry["subject"] for entry in proofs}, "the proof whose object goes by its address"
    assert "@" not in json.dumps(proofs)
    assert "@harbormill.example" in sealed.read_text(encoding="utf-8")


def test_one_changed_byte_is_found_where_it_is(district: District) -> None:
    chain, _ = exported(district)
    lines = chain.read_bytes().splitlines(keepends=True)
    number = len(lines) // 2
    body = bytearray(lines[number - 1])
    place = body.index(b'"run":"') + len(b'"run":"')
    body[place] = ord("0") if body[place] != ord("0") else ord("1")
    lines[number - 1] = bytes(body)
    chain.write_bytes(b"".join(lines))
    said = district.must("journal", "verify", chain, code=6)
    assert said.result["first_bad"]["seq"] in {number, number + 1}
    assert said.codes("error") == {"journal.broken"}


def test_nobody_on_hold_is_erased_and_two_officers_erase_who_is_not(district: District) -> None:
    order = district.place / "order.yaml"
    order.write_text(ORDER, encoding="utf-8")
    order.chmod(0o600)
    district.run("hold", "open", "--file", order, "--wait-for", "none")
    held = district.people_file(PERSON)
    for officer in ("custodian", "counsel"):
        refused = district.must("journal", "erase", "--person-file", held, officer=officer, code=4)
        assert refused.codes("error") == {"matter.open"}
    _, sealed = exported(district)
    assert PERSON in sealed.read_text(encoding="utf-8"), "nothing of a person on hold was erased"
    assert "[erased]" not in json.dumps(district.run("hold", "status", "two-people").document)

    people = district.people_file(FREE)
    unsigned = district.run("journal", "erase", "--person-file", people)
    assert unsigned.code == 4
    assert unsigned.codes("error") == {"officer.not_identified"}
    before = district.must("journal", "verify").result["sealed"]
    store = district.place / "store.db"
    first = district.must("journal", "erase", "--person-file", people, officer="custodian", code=4)
    assert first.result["erased"] is None
    assert "approval.missing" in first.codes("warning")
    twice = district.must("journal", "erase", "--person-file", people, officer="custodian", code=4)
    assert twice.codes("error") == {"approval.twice"}
    other = district.must("journal", "erase", "--person-file", people, officer="itdirector", code=4)
    assert other.codes("error") == {"approval.role"}
    done = district.must("journal", "erase", "--person-file", people, officer="counsel")
    assert done.result["asked_by"] == ["counsel", "custodian"]
    assert done.result["still_live"] == {}
    assert FREE.encode() not in store.read_bytes()

    after = district.must("journal", "verify").result["sealed"]
    assert after["erased"] - before["erased"] == done.result["erased"] + 2, "the two wishes go too"
    chain, _ = exported(district)
    assert [json.loads(line)["kind"] for line in chain.read_text(encoding="utf-8").splitlines()].count("erasure") == 1
    assert all(job["ok"] for job in district.must("work", "--once").result["jobs"])


def test_a_file_that_names_nobody_erases_nothing(district: District) -> None:
    said = district.must("journal", "erase", "--person-file", district.people_file(), officer="custodian", code=1)
    assert said.codes("error") == {"person_file.empty"}
