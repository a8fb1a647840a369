"""Duties that settings show, from the emulated console to plan, status and the board's report; and requests to delete early, told everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.rehearsal import LATER, District, Ran, Sandbox
from tests.acceptance.test_bad_wire import struck

pytestmark = pytest.mark.slow

ADMIN = "it.director@harbormill.example"
HOUR = 3600
SHOWN = ("CT.GOV.4v1", "CT.RET.4v1", "CT.DSP.1v1")


def sandbox(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def stands(ran: Ran) -> dict[str, dict[str, Any]]:
    found = [one for one in ran.result["standings"] if one["tenant"] == "google" and one["series"] is None]
    assert all(one["workload"] is None for one in found)
    return {one["line"]: one for one in found}


def planned(district: District, code: int = 2) -> Ran:
    return district.must("--tenant", "google", "plan", code=code)


def board(district: District) -> dict[str, Any]:
    month = district.run("status").document["at"][:7]
    made = district.must("report", "board", "--month", month, "--out", district.place / "report", "--restate")
    path = next(one for one in (district.place / "report").glob("*.json"))
    assert made.code == 0
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def settings_that_are_as_the_policy_wants_them_are_verified(here: District) -> None:
    found = stands(planned(here))
    assert set(found) == set(SHOWN)
    assert {one["standing"] for one in found.values()} == {"verified"}
    assert found["CT.RET.4v1"]["people"]["covered"] > 0
    assert found["CT.RET.4v1"]["people"]["not_covered"] == 0
    since = {line: one["since"] for line, one in found.items()}
    sandbox(here).forward(HOUR)
    assert {line: one["since"] for line, one in stands(planned(here)).items()} == since, "since when it was first seen so"
    said = {(one["id"], one["tenant"]): one["standing"] for one in here.run("status").result["controls"]}
    assert said["CT.RET.4v1", "google"] == "verified"
    assert said["CT.DSP.1v1", "m365"] == "unknown", "nothing is read for it there"
    assert ("CT.RET.4v1", "m365") not in said, "its population is not there"


def another_value_is_a_gap_with_its_unit_and_since_when(here: District) -> None:
    value = {"historyOnByDefault": True, "allowUserModification": True}
    sandbox(here).console("google", "change_setting", setting="chat.chat_history", org_unit="/Staff", value=value, by=ADMIN)
    ran = planned(here)
    gap = stands(ran)["CT.RET.4v1"]
    assert gap["standing"] == "gap"
    assert gap["reason"] == "setting.differs: history of chats: /Staff allowUserModification true, historyOnByDefault true"
    assert gap["people"]["not_covered"] > 0
    assert "setting.chat_history_optional" in ran.codes("warning")
    sandbox(here).forward(HOUR)
    assert stands(planned(here))["CT.RET.4v1"]["since"] == gap["since"]
    (said,) = [one for one in here.run("status").result["controls"] if one["id"] == "CT.RET.4v1"]
    assert (said["standing"], said["since"]) == ("gap", gap["since"])
    text = here.run("--format", "text", "plan").stdout
    assert "Duties that settings show" in text
    report = board(here)
    (duty,) = [one for one in report["controls"] if one["id"] == "CT.RET.4v1"]
    assert (duty["standing"], [cloud["tenant"] for cloud in duty["clouds"]]) == ("gap", ["google"])
    sandbox(here).console("google", "clear_setting", setting="chat.chat_history", org_unit="/Staff", by=ADMIN)
    assert stands(planned(here))["CT.RET.4v1"]["standing"] == "verified"


def settings_that_cannot_be_read_are_unknown_and_the_exit_says_so(here: District) -> None:
    with struck(sandbox(here), {"surface": "cloudidentity", "operation": "*", "kind": "status", "status": 403}):
        ran = planned(here, code=3)
    found = stands(ran)
    assert {one["standing"] for one in found.values()} == {"unknown"}
    assert {one["reason"] for one in found.values()} == {"google.permission_denied"}
    assert ran.tenants["google"]["kinds"]["google.setting"]["state"] == "partial"
    with struck(sandbox(here), {"surface": "alertcenter", "operation": "*", "kind": "status", "status": 403}):
        assert {one["standing"] for one in stands(planned(here, code=3)).values()} == {"unknown"}


def a_request_to_delete_early_is_told_before_everything_until_it_is_answered(here: District) -> None:
    console = sandbox(here).console
    matter = console("google", "create_matter", name="somebody else's", by=ADMIN)["matterId"]
    console("google", "request_accelerated_deletion", matter=matter, by=ADMIN)
    ran = here.must("--tenant", "google", "drift", code=2)
    (alarm,) = [one for one in ran.tenants["google"]["drift"] if one["kind"] == "google.setting"]
    assert (alarm["class"], alarm["direction"], alarm["live"]["matter"]) == ("unmanaged", "weakens", matter)
    assert ran.document["problems"][0]["code"] == "alert.accelerated_deletion"
    sandbox(here).forward(HOUR)
    ran = here.must("--tenant", "google", "drift", code=2)
    (alarm,) = [one for one in ran.tenants["google"]["drift"] if one["kind"] == "google.setting"]
    assert (alarm["attribution"]["state"], alarm["attribution"]["actor"]) == ("found", ADMIN)
    assert stands(planned(here))["CT.DSP.1v1"]["standing"] == "gap"
    status = here.run("status")
    (told,) = status.result["alarms"]
    assert (told["tenant"], told["matter"], told["account"]) == ("google", matter, ADMIN)
    assert status.code != 0
    assert "alert.accelerated_deletion" in status.codes("error")
    report = board(here)
    assert "delete data ahead of its retention" in report["risks"][0]["text"]
    with struck(sandbox(here), {"surface": "alertcenter", "operation": "*", "kind": "status", "status": 500}):
        here.run("--tenant", "google", "drift")
    assert here.run("status").result["alarms"] == [told], "that it could not be read is no all-clear"

    here.must("attest", f"alert/{told['id']}", "--until", LATER, officer="custodian")
    ran = here.run("--tenant", "google", "drift")
    assert not [one for one in ran.tenants["google"]["drift"] if one["kind"] == "google.setting"]
    assert here.run("status").result["alarms"] == []


def test_what_settings_show_from_all_is_well_to_an_early_deletion(tiny: District) -> None:
    """One story: each part goes on from what the last one left."""
    settings_that_are_as_the_policy_wants_them_are_verified(tiny)
    another_value_is_a_gap_with_its_unit_and_since_when(tiny)
    settings_that_cannot_be_read_are_unknown_and_the_exit_says_so(tiny)
    a_request_to_delete_early_is_told_before_everything_until_it_is_answered(tiny)
