"""What administrators do in the console, through the door, under their own account."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Lab

DETAIL: Json = {"DistributionDetail": True}


def last(lab: Lab) -> tuple[str, str]:
    event = lab.state.events[-1]
    return event.operation, event.actor.upn


def test_objects_are_found_by_name_or_by_a_mark(lab: Lab) -> None:
    (label,) = lab.cmdlet(
        "New-ComplianceTag",
        Name="A",
        Comment="text [rw:x:cor:g1]",
        RetentionAction="Keep",
        RetentionDuration="10",
        RetentionType="CreationAgeInDays",
    )
    assert lab.act("set_label_period", name="[rw:x:cor:g1]", days=5)["label"] == label["Guid"]
    assert lab.named("Get-ComplianceTag", "A")["LastModifiedBy"] == "Information Technology"
    assert last(lab) == ("Set-ComplianceTag", "it.director@harbormill.example")


def refused(lab: Lab, act: str, **arguments: Any) -> str:
    url = f"/_door/console/m365/{act}"
    answer = lab.http.post(url, json=arguments, headers={"Authorization": f"Bearer {lab.server.door_token}"})
    assert answer.status_code == 409, answer.text
    return str(answer.json()["error"])


def test_an_ambiguous_word_is_refused(lab: Lab) -> None:
    assert "objects answer to" in refused(lab, "disable_policy", name="district")
    assert "objects answer to" in refused(lab, "close_case", case="none")
    assert "no user" in refused(lab, "suspend_user", user="nobody@x.example")


def test_policies_off_on_gone(lab: Lab) -> None:
    lab.act("disable_policy", name="Purge student mail")
    assert lab.named("Get-RetentionCompliancePolicy", "Purge student mail")["Enabled"] is False
    assert "are being deployed" in refused(lab, "enable_policy", name="Purge student mail")
    lab.advance(900)
    lab.act("enable_policy", name="Purge student mail")
    lab.advance(900)
    lab.act("delete_policy", name="Purge student mail")
    lab.advance(900)
    assert "Purge student mail" not in {row["Name"] for row in lab.cmdlet("Get-RetentionCompliancePolicy")}


def test_policies_made_and_moved(lab: Lab) -> None:
    address = lab.someone()
    lab.act("create_policy", name="New", days=100, action="Delete", locations={"ExchangeLocation": [lab.someone("staff")]})
    lab.advance(900)
    lab.act("add_location", name="New", place=address)
    lab.advance(900)
    names = {place["Name"] for place in lab.named("Get-RetentionCompliancePolicy", "New", **DETAIL)["ExchangeLocation"]}
    assert names == {address, lab.someone("staff")}
    lab.act("remove_location", name="New", place=address)
    lab.advance(900)
    lab.act("set_rule_period", name="New", days=5)
    assert lab.named("Get-RetentionComplianceRule", "New rule")["RetentionDuration"] == "5"


def test_holds_and_cases(lab: Lab) -> None:
    where = {"case": "District visibility check case", "hold": "District visibility check hold"}
    lab.act("add_hold_source", **where, place=lab.someone())
    lab.act("remove_hold_source", **where, place="records.office@harbormill.example")
    (row,) = lab.cmdlet("Get-CaseHoldPolicy", **DETAIL)
    assert [place["Name"] for place in row["ExchangeLocation"]] == [lab.someone()]
    lab.act("disable_hold", **where)
    assert lab.cmdlet("Get-CaseHoldPolicy")[0]["Enabled"] is False
    lab.act("enable_hold", **where)
    lab.act("close_case", case=where["case"])
    assert "closed" in refused(lab, "enable_hold", **where)
    lab.act("reopen_case", case=where["case"])
    lab.act("delete_hold", **where)
    assert lab.cmdlet("Get-CaseHoldPolicy") == []


def test_people(lab: Lab) -> None:
    address = lab.someone()
    ident = lab.act("suspend_user", user=address)["user"]
    assert lab.get(f"/users/{ident}?$select=accountEnabled")["accountEnabled"] is False
    assert last(lab) == ("Disable account.", "it.director@harbormill.example")
    lab.act("restore_user", user=address)
    lab.act("remove_licence", user=address)
    assert lab.get(f"/users/{ident}?$select=assignedLicenses")["assignedLicenses"] == []
    lab.act("rename_user", user=address, to="renamed@harbormill.example")
    row = lab.get(f"/users/{ident}?$select=userPrincipalName,proxyAddresses")
    assert row["userPrincipalName"] == "renamed@harbormill.example"
    assert f"smtp:{address}" in row["proxyAddresses"]
    assert "taken" in refused(lab, "rename_user", user=lab.someone(), to="renamed@harbormill.example")


@pytest.mark.parametrize("group", ["staff@harbormill.example", "board@harbormill.example"])
def test_membership(lab: Lab, group: str) -> None:
    address = lab.someone("student")
    ident = lab.act("add_group_member", group=group, user=address)["user"]
    found = lab.state.group_at(group)
    assert found is not None
    assert ident in {account.id for account in lab.state.members_of(found)}
    lab.act("remove_group_member", group=group, user=address)
    assert ident not in {account.id for account in lab.state.members_of(found)}


def test_a_member_of_a_nested_group_can_be_taken_out(lab: Lab) -> None:
    teacher = lab.someone("teacher")
    lab.act("remove_group_member", group="staff@harbormill.example", user=teacher)
    staff = lab.state.group_at("staff@harbormill.example")
    assert staff is not None
    assert teacher not in {account.upn for account in lab.state.members_of(staff)}


def test_an_unknown_act_lists_the_acts(lab: Lab) -> None:
    answer = lab.http.post("/_door/console/m365/nonsense", json={}, headers={"Authorization": f"Bearer {lab.server.door_token}"})
    assert answer.status_code == 404
    assert {"set_label_period", "delete_hold", "disable_policy", "close_case", "rename_user"} <= set(answer.json()["acts"])
