"""Case holds by cmdlet, the way without A5; the same objects as Graph shows."""

from __future__ import annotations

import pytest

from sandbox.microsoft import cmd_cases

from .conftest import Json, Lab

DETAIL: Json = {"DistributionDetail": True, "IncludeBindings": True}


def make(lab: Lab, *addresses: str, rule: bool = True) -> tuple[str, str]:
    (case,) = lab.cmdlet("New-ComplianceCase", Name="Matter 9", ExternalId="[x:9]", Description="d")
    (policy,) = lab.cmdlet("New-CaseHoldPolicy", Name="Matter 9 hold", Case=case["Guid"], ExchangeLocation=list(addresses), Comment="c")
    if rule:
        lab.cmdlet("New-CaseHoldRule", Name="Matter 9 rule", Policy=policy["Guid"], ContentMatchQuery="")
    return str(case["Guid"]), str(policy["Guid"])


def policy(lab: Lab, case: str) -> Json:
    (row,) = lab.cmdlet("Get-CaseHoldPolicy", Case=case, **DETAIL)
    return row


def stamps(lab: Lab, address: str) -> object:
    return lab.cmdlet("Get-Mailbox", "exchange", Identity=address)[0]["InPlaceHolds"]


def test_works_without_a5(lab: Lab) -> None:
    lab.switch(licence="A3")
    address = lab.someone()
    case, guid = make(lab, address)
    assert policy(lab, case)["DistributionStatus"] == "Pending"
    lab.advance(200)
    row = policy(lab, case)
    assert (row["DistributionStatus"], row["Enabled"], row["CaseId"]) == ("Success", True, case)
    assert [place["Name"] for place in row["ExchangeLocation"]] == [address]
    assert stamps(lab, address) == [f"UniH{guid.replace('-', '')}"]


def test_without_distribution_detail_it_lies(lab: Lab) -> None:
    case, _ = make(lab, lab.someone())
    lab.advance(1000)
    (row,) = lab.cmdlet("Get-CaseHoldPolicy", Case=case)
    assert (row["DistributionStatus"], row["ExchangeLocation"], row["SharePointLocation"]) == ("Pending", [], [])


def test_a_rule_that_is_switched_off_holds_nothing_and_is_distributed_again_when_it_is_on(lab: Lab) -> None:
    address = lab.someone()
    case, guid = make(lab, address)
    stamped = [f"UniH{guid.replace('-', '')}"]
    (rule,) = lab.cmdlet("Get-CaseHoldRule", Policy=guid)
    assert "are being deployed" in lab.failure("Set-CaseHoldRule", Identity=rule["Guid"], Disabled=True)
    lab.advance(200)
    assert (rule["Disabled"], stamps(lab, address)) == (False, stamped)
    lab.cmdlet("Set-CaseHoldRule", Identity=rule["Guid"], Disabled=True)
    lab.advance(200)
    assert [one["Disabled"] for one in lab.cmdlet("Get-CaseHoldRule", Policy=guid)] == [True]
    assert (policy(lab, case)["Enabled"], stamps(lab, address)) == (True, [])
    lab.cmdlet("Set-CaseHoldRule", Identity=rule["Guid"], Disabled=False)
    assert (policy(lab, case)["DistributionStatus"], stamps(lab, address)) == ("Pending", [])
    lab.advance(200)
    assert stamps(lab, address) == stamped


def test_a_hold_without_a_rule_holds_nothing(lab: Lab) -> None:
    address = lab.someone()
    case, guid = make(lab, address, rule=False)
    lab.advance(1000)
    assert policy(lab, case)["DistributionStatus"] == "Pending"
    assert stamps(lab, address) == []
    lab.cmdlet("New-CaseHoldRule", Name="late", Policy=guid, ContentMatchQuery="")
    assert stamps(lab, address) == []
    lab.advance(200)
    assert stamps(lab, address) == [f"UniH{guid.replace('-', '')}"]
    assert "already has a rule" in lab.failure("New-CaseHoldRule", Name="two", Policy=guid)


def test_case_types_are_asked_for_one_by_one(lab: Lab) -> None:
    make(lab)
    assert {row["Name"] for row in lab.cmdlet("Get-ComplianceCase")} == {"Matter 9"}
    premium = {row["Name"] for row in lab.cmdlet("Get-ComplianceCase", CaseType="AdvancedEdiscovery")}
    assert premium == {"Content Search", "District visibility check case"}


def test_a_group_is_expanded_to_its_members_of_the_moment(lab: Lab) -> None:
    case, _ = make(lab, "board@harbormill.example")
    board = {f"{person.local_part}@harbormill.example" for person in lab.world.people if person.role == "board"}
    assert {place["Name"] for place in policy(lab, case)["ExchangeLocation"]} == board


def test_a_microsoft_365_group_is_a_mailbox_and_stands_for_itself(lab: Lab) -> None:
    case, _ = make(lab, "board-team@harbormill.example")
    assert [place["Name"] for place in policy(lab, case)["ExchangeLocation"]] == ["board-team@harbormill.example"]


def test_locked_while_pending_then_changed(lab: Lab) -> None:
    address, other = lab.someone(), lab.someone("staff")
    case, guid = make(lab, address)
    assert "are being deployed. Once deployed" in lab.failure("Set-CaseHoldPolicy", Identity=guid, AddExchangeLocation=[other])
    lab.advance(200)
    lab.cmdlet("Set-CaseHoldPolicy", Identity=guid, AddExchangeLocation=[other], RemoveExchangeLocation=[address])
    assert {place["Name"] for place in policy(lab, case)["ExchangeLocation"]} == {other}
    lab.advance(200)
    (box,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=address)
    assert (box["InPlaceHolds"], box["DelayHoldApplied"]) == ([], True)


def test_graph_shows_the_same_objects(lab: Lab) -> None:
    address = lab.someone()
    case, guid = make(lab, address)
    path = f"/security/cases/ediscoveryCases/{case}"
    assert lab.get(path)["externalId"] == "[x:9]"
    (hold,) = lab.rows(f"{path}/legalHolds")
    assert (hold["id"], hold["description"]) == (guid, "c")
    assert [row["email"] for row in lab.rows(f"{path}/legalHolds/{guid}/userSources")] == [address]


def test_closing_and_reopening(lab: Lab) -> None:
    case, guid = make(lab, lab.someone())
    lab.advance(200)
    lab.cmdlet("Set-ComplianceCase", Identity=case, Close=True)
    lab.advance(60)
    (row,) = lab.cmdlet("Get-ComplianceCase")
    assert row["Status"] == "Closed"
    assert policy(lab, case)["Enabled"] is False
    assert "closed" in lab.failure("New-CaseHoldPolicy", Name="x", Case=case)
    lab.cmdlet("Set-ComplianceCase", Identity=case, Reopen=True)
    assert policy(lab, case)["Enabled"] is False
    lab.advance(600)
    lab.cmdlet("Set-CaseHoldPolicy", Identity=guid, Enabled=True)
    assert policy(lab, case)["Enabled"] is True


def test_unknown_things(lab: Lab) -> None:
    case, _ = make(lab)
    assert "couldn't be found" in lab.failure("New-CaseHoldPolicy", Name="x", Case="no such case")
    assert "is not valid" in lab.failure("New-CaseHoldPolicy", Name="x", Case=case, ExchangeLocation=["nobody@harbormill.example"])
    assert "x" not in {row["Name"] for row in lab.cmdlet("Get-CaseHoldPolicy")}
    assert "already exists" in lab.failure("New-CaseHoldPolicy", Name="matter 9 HOLD", Case=case)


def test_rules_of_an_unknown_policy_are_all_rules(lab: Lab) -> None:
    _, guid = make(lab)
    assert [row["Policy"] for row in lab.cmdlet("Get-CaseHoldRule", Policy=guid)] == [guid]
    assert len(lab.cmdlet("Get-CaseHoldRule", Policy="none")) == 2


def test_a_list_of_very_many_rules_times_out(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    _, guid = make(lab)
    monkeypatch.setattr(cmd_cases, "_MANY_RULES", 1)
    assert "timed out" in lab.failure("Get-CaseHoldRule")
    assert [row["Policy"] for row in lab.cmdlet("Get-CaseHoldRule", Policy=guid)] == [guid]


def test_taking_somebody_out_is_distributed_and_locks_like_any_change(lab: Lab) -> None:
    address, other, third = lab.someone(), lab.someone("staff"), lab.someone("board")
    case, guid = make(lab, address)
    lab.advance(200)
    lab.cmdlet("Set-CaseHoldPolicy", Identity=guid, AddExchangeLocation=[other, third])
    lab.advance(200)
    lab.cmdlet("Set-CaseHoldPolicy", Identity=guid, RemoveExchangeLocation=[address])
    assert policy(lab, case)["DistributionStatus"] == "Pending"
    assert "are being deployed. Once deployed" in lab.failure("Set-CaseHoldPolicy", Identity=guid, RemoveExchangeLocation=[other])
    (box,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=address)
    assert (len(box["InPlaceHolds"]), box["DelayHoldApplied"], box["DelayReleaseHoldApplied"]) == (1, True, True)
    lab.advance(200)
    assert policy(lab, case)["DistributionStatus"] == "Success"
    (box,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=address)
    assert box["InPlaceHolds"] == []


def test_the_last_place_is_not_taken_out(lab: Lab) -> None:
    address = lab.someone()
    case, guid = make(lab, address)
    lab.advance(200)
    assert "at least one location" in lab.failure("Set-CaseHoldPolicy", Identity=guid, RemoveExchangeLocation=[address])
    assert {place["Name"] for place in policy(lab, case)["ExchangeLocation"]} == {address}


def test_in_a_closed_case_nothing_is_taken_out(lab: Lab) -> None:
    address, other = lab.someone(), lab.someone("staff")
    case, guid = make(lab, address)
    lab.advance(200)
    lab.cmdlet("Set-CaseHoldPolicy", Identity=guid, AddExchangeLocation=[other])
    lab.advance(200)
    lab.cmdlet("Set-ComplianceCase", Identity=case, Close=True)
    lab.advance(200)
    assert "closed" in lab.failure("Set-CaseHoldPolicy", Identity=guid, RemoveExchangeLocation=[address])
