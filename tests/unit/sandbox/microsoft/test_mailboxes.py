"""Mailboxes, litigation hold, inactive mailboxes, role groups."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Lab


def box(lab: Lab, identity: str, **more: Any) -> Json:
    (row,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=identity, **more)
    return row


def test_litigation_hold_shows_at_once_and_warns_of_hours(lab: Lab) -> None:
    address = lab.someone()
    warnings = lab.warnings("Set-Mailbox", "exchange", Identity=address, LitigationHoldEnabled=True, LitigationHoldDuration="2555")
    assert warnings == ["The hold setting may take up to 240 minutes to take effect."]
    row = box(lab, address)
    assert (row["LitigationHoldEnabled"], row["LitigationHoldDuration"], row["LitigationHoldOwner"]) == (
        True,
        "2555.00:00:00",
        "Records application",
    )
    assert row["LitigationHoldDate"]
    found = lab.cmdlet("Get-Mailbox", "exchange", ResultSize="Unlimited", Filter="LitigationHoldEnabled -eq $true")
    assert [one["UserPrincipalName"] for one in found] == [address]


def test_switching_off_leaves_a_delay_hold_for_thirty_days(lab: Lab) -> None:
    address = lab.someone()
    lab.cmdlet("Set-Mailbox", "exchange", Identity=address, LitigationHoldEnabled=True)
    lab.cmdlet("Set-Mailbox", "exchange", Identity=address, LitigationHoldEnabled=False)
    assert box(lab, address)["DelayHoldApplied"] is True
    lab.advance(31 * 86400)
    assert box(lab, address)["DelayHoldApplied"] is False


def test_nothing_changed(lab: Lab) -> None:
    (warning,) = lab.warnings("Set-Mailbox", "exchange", Identity=lab.someone(), LitigationHoldEnabled=False)
    assert "no settings of" in warning


def test_litigation_hold_needs_plan_2(lab: Lab) -> None:
    lab.switch(licence="A1")
    assert "license" in lab.failure("Set-Mailbox", "exchange", Identity=lab.someone(), LitigationHoldEnabled=True)
    assert box(lab, lab.someone())["PersistedCapabilities"] == ["BPOS_S_Standard"]


def test_an_unknown_mailbox_is_an_error_here(lab: Lab) -> None:
    assert "couldn't be found on" in lab.failure("Get-Mailbox", "exchange", Identity="nobody@harbormill.example")


def test_a_mailbox_answers_to_id_guid_and_alias(lab: Lab) -> None:
    row = box(lab, lab.someone())
    alias = next(str(one)[5:] for one in row["EmailAddresses"] if str(one).startswith("smtp:"))
    for identity in (row["ExternalDirectoryObjectId"], row["ExchangeGuid"], alias, str(row["DistinguishedName"])):
        assert box(lab, str(identity))["Guid"] == row["Guid"]


def test_inactive_mailboxes_are_asked_for_by_name(lab: Lab) -> None:
    plain = lab.cmdlet("Get-Mailbox", "exchange", ResultSize="Unlimited")
    inactive = lab.cmdlet("Get-Mailbox", "exchange", ResultSize="Unlimited", InactiveMailboxOnly=True)
    both = lab.cmdlet("Get-Mailbox", "exchange", ResultSize="Unlimited", IncludeInactiveMailbox=True)
    assert [row["UserPrincipalName"] for row in inactive] == ["wystan.formerly@harbormill.example"]
    assert len(both) == len(plain) + 1
    assert inactive[0]["ExternalDirectoryObjectId"] == ""
    soft = lab.cmdlet("Get-Mailbox", "exchange", ResultSize="Unlimited", SoftDeletedMailbox=True)
    assert [row["UserPrincipalName"] for row in soft] == ["orla.departed@harbormill.example"]


def test_an_inactive_mailbox_is_changed_by_guid_with_the_switch(lab: Lab) -> None:
    guid = lab.cmdlet("Get-Mailbox", "exchange", InactiveMailboxOnly=True)[0]["ExchangeGuid"]
    assert "couldn't be found" in lab.failure("Set-Mailbox", "exchange", Identity=guid, RetentionComment="x")
    assert "couldn't be found" in lab.failure(
        "Set-Mailbox", "exchange", Identity="wystan.formerly@harbormill.example", RetentionComment="x"
    )
    lab.cmdlet("Set-Mailbox", "exchange", Identity=guid, InactiveMailbox=True, RetentionComment="held")
    assert box(lab, str(guid), IncludeInactiveMailbox=True)["RetentionComment"] == "held"


@pytest.mark.parametrize("held", [True, False])
def test_deleting_a_person_leaves_an_inactive_mailbox_only_under_a_hold(lab: Lab, *, held: bool) -> None:
    address = lab.someone("staff")
    if held:
        lab.cmdlet("Set-Mailbox", "exchange", Identity=address, LitigationHoldEnabled=True)
    assert lab.act("delete_user", user=address)["inactive_mailbox"] is held
    inactive = {row["UserPrincipalName"] for row in lab.cmdlet("Get-Mailbox", "exchange", InactiveMailboxOnly=True)}
    assert (address in inactive) is held


def test_a_delete_policy_alone_does_not_preserve(lab: Lab) -> None:
    student = lab.someone("student")
    assert box(lab, student)["InPlaceHolds"]
    assert lab.act("delete_user", user=student)["inactive_mailbox"] is False


def test_role_groups(lab: Lab) -> None:
    members = lab.cmdlet("Get-RoleGroupMember", Identity="eDiscoveryManager")
    assert {row["RecipientType"] for row in members} == {"User", "ServicePrincipal"}
    lab.switch(ediscovery_manager="manager")
    assert lab.state.app.object_id not in {row["ExternalDirectoryObjectId"] for row in lab.cmdlet("Get-eDiscoveryCaseAdmin")}
    assert "couldn't be found" in lab.failure("Get-RoleGroupMember", Identity="none")
