"""``explain`` and ``take-over`` against both tenants."""

from __future__ import annotations

import pytest

from tests.acceptance.rehearsal import District

pytestmark = pytest.mark.slow

STAFF = "hattie.stonecroft@harbormill.example"


def test_explain_follows_what_is_in_force_and_never_calls_the_unseen_absent(district: District) -> None:
    assert district.sandbox is not None
    people = district.people_file(STAFF)
    asked = len(district.sandbox.door("/exchanges")["exchanges"])
    before = district.must("explain", "--person-file", people, code=3)  # of what only Vault's rules could keep nobody can say
    sent = district.sandbox.door(f"/exchanges?since={asked}")["exchanges"]
    writing = [one for one in sent if str(one["operation"]).startswith(("New-", "Set-", "Remove-", "Enable-")) or one["method"] in {"PUT", "PATCH", "DELETE"}]
    assert writing == []
    assert sent

    district.run("sync")
    district.sandbox.forward(2 * 86400)
    district.run("sync")
    after = district.must("explain", "--person-file", people, code=3)  # of what only Vault's rules could keep nobody can say

    mail = next(one for one in after.result["coverage"] if (one["tenant"], one["source"]) == ("m365", "mail"))
    assert mail["protected"] == "yes"
    assert mail["until"] == "731 days after created"
    assert any(ref["mark"] and ref["mark"].startswith("[rw:hm7kq2x4:keep-") for ref in mail["by"])
    for ran in (before, after):
        google = [one for one in ran.result["coverage"] if one["tenant"] == "google"]
        assert {one["source"] for one in google} >= {"mail", "drive", "chat"}
        assert all(one["protected"] != "no" for one in google)  # Vault's rules have no interface: what no hold keeps may be kept by a rule
        assert all(one["reason"] for one in google if one["protected"] == "unknown")


def test_somebody_whom_nobody_knows_is_told(district: District) -> None:
    said = district.must("explain", "--person-file", district.people_file("nobody@harbormill.example"), code=3)
    assert said.codes("warning") >= {"person.not_found"}
    assert said.result["coverage"] == []


def test_an_object_that_was_taken_over_is_watched_as_ours(district: District) -> None:
    assert district.sandbox is not None
    made = district.sandbox.console("m365", "create_label", name="Kept by the old firm", days=400)
    shown = district.run("plan").tenants["m365"]["unmanaged"]
    label = next(one for one in shown if one["name"] == "Kept by the old firm")
    unsigned = district.must("take-over", "m365.label", label["vendor_id"], code=4)
    assert unsigned.codes("error") == {"officer.not_identified"}

    taken = district.must("take-over", "m365.label", label["vendor_id"], officer="custodian").result["binding"]
    assert taken["vendor_id"] == label["vendor_id"], made
    assert taken["key"].startswith("taken-")
    again = district.must("take-over", "m365.label", label["vendor_id"], officer="custodian", code=1)
    assert again.codes("error") == {"take_over.ours"}

    quiet = district.run("drift").tenants["m365"]["drift"]
    assert taken["key"] not in {one["key"] for one in quiet}
    district.sandbox.console("m365", "set_label_period", name="Kept by the old firm", days=30)
    drift = next(one for one in district.run("drift").tenants["m365"]["drift"] if one["key"] == taken["key"])
    assert (drift["class"], drift["direction"], drift["fields"]) == ("changed", "weakens", ["period"])


def test_what_is_not_there_cannot_be_taken(district: District) -> None:
    said = district.must("take-over", "m365.label", "00000000-0000-0000-0000-000000000000", officer="custodian", code=1)
    assert said.codes("error") == {"take_over.no_such"}
    assert district.must("take-over", "m365.lable", "x", officer="custodian", code=64).document["schema"] == "recordwarden/usage/1"
