"""A lawsuit is over: the release is asked for, approved by two others, waited for, and carried out in both clouds, and not before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.afterwards import state_of
from tests.acceptance.rehearsal import District, Sandbox

pytestmark = pytest.mark.slow

DAY = 86400


def sandbox(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def held(district: District) -> list[str]:
    """A matter of two people, verified in both clouds; their addresses."""
    people = sorted(one["email"] for one in state_of(sandbox(district), "google")["users"] if one["org_unit"] == "/Board")[:2]
    file = district.place / "matter.yaml"
    lines = ", ".join(f"{{address: {one}}}" for one in people)
    file.write_text(f"alias: roof\nordered_by: counsel\ntriggered_on: 2026-09-14\npeople: [{lines}]\nsources: [mail, drive]\n", encoding="utf-8")
    file.chmod(0o600)
    district.run("hold", "open", "--file", file)
    for _ in range(2):
        sandbox(district).forward(DAY)
        district.run("hold", "status", "roof", "--refresh")
    return people


def files(district: District) -> tuple[Path, Path]:
    reason, consent = district.place / "reason.txt", district.place / "consent.pdf"
    reason.write_text("Settled out of court.\n", encoding="utf-8")
    consent.write_bytes(b"%PDF-1.7 counsel agrees")
    return reason, consent


def ask(district: District, *words: str | Path) -> Any:
    reason, consent = files(district)
    ran = district.must(
        "hold", "release", "roof", "--reason-file", reason, "--counsel-consent", consent, *words, officer="custodian", code=4
    )
    assert "approval.missing" in ran.codes()
    return ran.result["changes"]


def on_hold(district: District) -> dict[str, int]:
    """How many holds of ours hold somebody, by cloud, and how many of our cases and matters are open."""
    google = [one for one in state_of(sandbox(district), "google")["matters"] if "[rw:" in str(one)]
    microsoft = [one for one in state_of(sandbox(district), "m365")["cases"] if "[rw:" in str(one)]
    return {
        "google": sum(len(one["holds"]) for one in google),
        "m365": sum(hold["enabled"] for one in microsoft for hold in one["holds"]),
        "open": sum(one["state"] == "OPEN" for one in google) + sum(one["status"] == "active" for one in microsoft),
    }


def test_a_matter_is_released_after_two_signatures_and_the_wait(district: District) -> None:
    people = held(district)
    before = on_hold(district)
    assert min(before.values()) > 0
    changes = ask(district)
    waiting = {one["change"]: one["release"] for one in district.must("approvals").result["waiting"]}
    said = {"matter": "roof", "reason": "Settled out of court.", "people": {"count": 2, "addresses": people}}
    assert [waiting[change] for change in changes] == [said] * len(changes)
    shown = " ".join(district.must("approvals", RECORDWARDEN_FORMAT="text").stdout.split())
    assert "Release of matter roof" in shown
    assert "why: Settled out of court." in shown
    assert all(person in shown for person in people)
    assert shown.count("Settled") == 1, "once for all its changes"
    district.must("approve", *changes, officer="custodian", code=4)
    district.must("approve", *changes, officer="counsel")
    district.must("hold", "release", "roof", officer="custodian", code=4)
    letters = len(state_of(sandbox(district), "m365")["sent"])
    district.must("approve", *changes, officer="deputy")
    told = [one["message"]["subject"] for one in state_of(sandbox(district), "m365")["sent"][letters:]]
    assert [one for one in told if "a release of 2 people or places is approved and due from" in one], told
    shown = district.run("hold", "status", "roof").result
    assert shown["matter"]["state"] == "releasing"
    assert shown["matter"]["times"]["release_due"]

    sandbox(district).forward(6 * DAY)
    district.run("sync")
    district.must("hold", "release", "roof", officer="itdirector", code=5)
    assert on_hold(district) == before, "not a request that takes anything away before the wait is over"

    sandbox(district).forward(DAY + 60)
    ran = district.must("hold", "release", "roof", officer="itdirector")
    assert {one["state"] for one in ran.result["sources"]} == {"released"}
    assert on_hold(district) == {"google": 0, "m365": 0, "open": 0}
    sandbox(district).forward(DAY)
    after = district.run("sync")
    assert on_hold(district) == {"google": 0, "m365": 0, "open": 0}, "nothing puts it back"
    assert "hold.gap" not in after.codes()
    assert not [one for tenant in after.tenants.values() for one in tenant["drift"] if (one["key"] or "").startswith("m-")]
    assert district.run("hold", "status", "roof").result["matter"]["state"] == "released"
    district.must("journal", "verify")


def test_one_person_goes_and_the_other_stays(district: District) -> None:
    leaver, stayer = held(district)
    changes = ask(district, "--person-file", district.people_file(leaver))
    district.must("approve", *changes, officer="counsel")
    district.must("approve", *changes, officer="deputy")
    sandbox(district).forward(7 * DAY + 60)
    district.run("sync")
    sandbox(district).forward(DAY)
    result = district.run("hold", "status", "roof", "--refresh").result
    assert {one["state"] for one in result["sources"] if one["person"] == leaver} == {"released"}
    assert {one["state"] for one in result["sources"] if one["person"] == stayer} == {"verified"}
    assert result["matter"]["state"] == "held"
    assert result["gaps"] == []
    assert leaver not in str(state_of(sandbox(district), "m365")["cases"])
    assert on_hold(district)["open"] == 2
    stands = district.run("status").result["holds"]
    assert (stands["people"], stands["let_go"]) == (1, 1)


def test_any_officer_ends_it_and_an_unsigned_call_ends_nothing(district: District) -> None:
    held(district)
    before = on_hold(district)
    changes = ask(district)
    for officer in ("counsel", "deputy"):
        district.must("approve", *changes, officer=officer)
    assert "officer.not_identified" in district.must("hold", "release", "roof", "--stop", code=4).codes()
    district.run("hold", "release", "roof", "--stop", officer="itdirector")
    assert district.run("hold", "status", "roof").result["matter"]["state"] == "held"
    sandbox(district).forward(14 * DAY)
    district.run("sync")
    assert on_hold(district) == before
    assert "release.none" in district.must("hold", "release", "roof", officer="custodian", code=1).codes()


def test_what_is_missing_is_said_before_anything_is_opened(district: District) -> None:
    reason, consent = files(district)
    district.must("hold", "release", "roof", "--reason-file", reason, officer="custodian", code=64)
    reason.write_text(" \n", encoding="utf-8")
    ran = district.must("hold", "release", "roof", "--reason-file", reason, "--counsel-consent", consent, officer="custodian", code=1)
    assert "release.no_reason" in ran.codes()
