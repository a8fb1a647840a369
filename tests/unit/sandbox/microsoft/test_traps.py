"""Traps of the wire that no other test here springs, each behind its switch, fault or console act (M§0.1, §2.7, §3.5, §10)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Lab

Hold = Callable[..., tuple[str, str]]
CASES = "/security/cases/ediscoveryCases"


def fault(lab: Lab, **values: Any) -> None:
    answer = lab.http.post("/_door/faults", json=values, headers={"Authorization": f"Bearer {lab.server.door_token}"})
    assert answer.status_code == 200, answer.text


def test_names_come_back_in_another_case(lab: Lab, hold: Hold) -> None:
    address = lab.someone()
    _, path = hold(address, name="Matter")
    lab.cmdlet("New-RetentionCompliancePolicy", Name="Mixed", ExchangeLocation=[address])
    lab.switch(shapes="spelling")
    (place,) = lab.named("Get-RetentionCompliancePolicy", "Mixed", DistributionDetail=True)["ExchangeLocation"]
    (source,) = lab.rows(f"{path}/userSources")
    for found in (place["Name"], source["email"]):
        assert found != address
        assert found.lower() == address
    assert "already exists" in lab.failure("New-RetentionCompliancePolicy", Name="MIXED", ExchangeLocation=[address])
    (again,) = [lab.graph("POST", f"{path}/userSources", json={"email": source["email"]})]
    assert again.json()["id"] == source["id"]


def test_empty_lists_as_null_and_places_as_plain_names(lab: Lab) -> None:
    lab.switch(shapes="nulls,plain")
    found = lab.named("Get-RetentionCompliancePolicy", "District mail keep", DistributionDetail=True)
    assert found["ExchangeLocation"] == ["records.office@harbormill.example"]
    assert found["SharePointLocation"] is None
    assert found["DistributionResults"] is None


def test_links_of_graph_expire_too(lab: Lab) -> None:
    link = lab.get("/users?$top=3")["@odata.nextLink"]
    lab.switch(nextlink="expired")
    answer = lab.graph("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Directory_ExpiredPageToken")


def test_a_list_that_takes_long(lab: Lab, hold: Hold) -> None:
    case, _ = hold(lab.someone())
    fault(lab, surface="graph", operation=f"GET {CASES}/{{case}}/legalHolds", kind="slow", when="before", seconds=0.6)
    began = time.monotonic()
    assert len(lab.rows(f"{case}/legalHolds")) == 1
    assert time.monotonic() - began >= 0.6


@pytest.mark.parametrize("cmdlet", ["New-ComplianceTag", "New-RetentionCompliancePolicy"])
def test_a_504_after_the_commit(lab: Lab, cmdlet: str) -> None:
    fault(lab, surface="compliance", operation=cmdlet, kind="status", status=504, when="after")
    place: dict[str, Any] = {"ExchangeLocation": ["All"]} if "Policy" in cmdlet else {}
    assert lab.invoke(cmdlet, Name="Once", **place).status_code == 504
    assert lab.named(cmdlet.replace("New-", "Get-"), "Once")
    assert "already exists" in lab.failure(cmdlet, Name="Once", **place)


@pytest.mark.parametrize("cmdlet", ["New-ComplianceTag", "New-RetentionCompliancePolicy", "New-AdaptiveScope"])
def test_a_new_that_says_done_and_made_nothing(lab: Lab, cmdlet: str) -> None:
    lab.switch(ignored_writes=cmdlet)
    needed: dict[str, dict[str, Any]] = {"New-RetentionCompliancePolicy": {"ExchangeLocation": ["All"]}, "New-AdaptiveScope": {"LocationType": "User", "RawQuery": "x"}}
    assert lab.cmdlet(cmdlet, Name="Gone", **needed.get(cmdlet, {})) == []
    assert "Gone" not in [row["Name"] for row in lab.cmdlet(cmdlet.replace("New-", "Get-"))]


def test_unset_dates_are_the_year_one(lab: Lab, hold: Hold) -> None:
    address = lab.someone()
    site = lab.get(f"/users/{address}/drive?$select=sharePointIds")["sharePointIds"]["siteUrl"]
    _, path = hold(sites=(site,))
    (found,) = lab.rows(f"{path}/siteSources")
    assert found["site"]["createdDateTime"] == "0001-01-01T00:00:00Z"


def test_a_case_closed_in_the_portal_has_its_holds_off_and_stays_so_when_reopened(lab: Lab, hold: Hold) -> None:
    case, path = hold(lab.someone())
    lab.advance(600)
    lab.act("close_case", case="Matter 1")
    assert lab.get(path)["isEnabled"] is False
    assert lab.graph("POST", f"{case}/reopen").status_code == 204
    assert lab.get(path)["isEnabled"] is False
    assert lab.graph("POST", f"{path}/enablePolicy", version="beta").status_code == 204
    lab.advance(600)
    assert [row["holdStatus"] for row in lab.rows(f"{path}/userSources")] == ["applied"]


def test_priority_cleanup_is_listed_only_to_who_asks_for_it(lab: Lab) -> None:
    lab.act("create_priority_cleanup", name="Clean up", days="30")
    names = [row["Name"] for row in lab.cmdlet("Get-RetentionCompliancePolicy")]
    assert "Clean up" not in names
    (found,) = lab.cmdlet("Get-RetentionCompliancePolicy", PriorityCleanup=True)
    assert (found["Name"], found["PriorityCleanup"]) == ("Clean up", True)


def test_a_policy_locked_in_the_portal_takes_no_weakening(lab: Lab) -> None:
    lab.act("lock_policy", name="District mail keep")
    lab.advance(1000)
    guid = lab.named("Get-RetentionCompliancePolicy", "District mail keep")["Guid"]
    assert "Preservation Lock" in lab.failure("Set-RetentionCompliancePolicy", Identity=guid, Enabled=False)


def test_the_groups_of_one_person_through_nested_ones(lab: Lab) -> None:
    path = f"/users/{lab.someone()}/transitiveMemberOf/microsoft.graph.group?$select=mail,resourceProvisioningOptions&$count=true"
    found = {row["mail"]: row for row in lab.rows(path, headers={"ConsistencyLevel": "eventual"})}
    assert {"teachers@harbormill.example", "staff@harbormill.example"} <= found.keys()
    assert "board@harbormill.example" not in found
    assert lab.graph("GET", path).status_code == 400


def test_an_adaptive_scope_and_the_policy_over_it(lab: Lab) -> None:
    board = lab.someone("board")
    (scope,) = lab.cmdlet("New-AdaptiveScope", Name="Board", LocationType="User", RawQuery="Department -eq 'Board of Education'", Comment="c")
    assert "already exists" in lab.failure("New-AdaptiveScope", Name="BOARD", LocationType="User", RawQuery="x")
    wrongs: list[dict[str, Any]] = [{}, {"Applications": ["Group:Exchange"]}]
    for wrong in wrongs:
        refused = lab.failure("New-RetentionCompliancePolicy", Name="Board mail", AdaptiveScopeLocation=["Board"], **wrong)
        assert "no applications were specified for the same location type" in refused
    lab.cmdlet("New-RetentionCompliancePolicy", Name="Board mail", AdaptiveScopeLocation=["Board"], Applications=["User:Exchange"])
    lab.cmdlet("New-RetentionComplianceRule", Name="r", Policy="Board mail", RetentionDuration="30", RetentionComplianceAction="Keep")
    lab.advance(1000)
    found = lab.named("Get-RetentionCompliancePolicy", "Board mail", DistributionDetail=True)
    assert found["IsAdaptivePolicy"] is True
    assert [one["ImmutableIdentity"] for one in found["AdaptiveScopeLocation"]] == [scope["Guid"]]
    assert found["Applications"] == ["User:Exchange"]
    stamp = f"mbx{found['Guid'].replace('-', '')}:2"
    (mailbox,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=board)
    assert stamp in mailbox["InPlaceHolds"]
    assert "is being used by" in lab.failure("Remove-AdaptiveScope", Identity=scope["Guid"])
    lab.cmdlet("Set-AdaptiveScope", Identity=scope["Guid"], RawQuery="Department -eq 'Nowhere'")
    (mailbox,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=board)
    assert stamp not in mailbox["InPlaceHolds"]
    lab.cmdlet("Set-AdaptiveScope", Identity=scope["Guid"], RawQuery='(IsInactiveMailbox -eq "False") -or (IsInactiveMailbox -eq "True")')
    (mailbox,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=board)
    assert stamp in mailbox["InPlaceHolds"]
    assert "no applications" in lab.failure("Set-RetentionCompliancePolicy", Identity=found["Guid"], Applications=["Group:Exchange"])
    lab.cmdlet("Set-RetentionCompliancePolicy", Identity=found["Guid"], Applications=["User:OneDriveForBusiness"])
    lab.advance(1000)
    assert lab.named("Get-RetentionCompliancePolicy", "Board mail", DistributionDetail=True)["Applications"] == ["User:OneDriveForBusiness"]
    (mailbox,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=board)
    assert stamp not in mailbox["InPlaceHolds"], "no application of it is in mailboxes any more"
    assert "AmbiguousParameterSet" in lab.failure("New-RetentionCompliancePolicy", Name="x", AdaptiveScopeLocation=["Board"], ExchangeLocation=["All"])
    lab.switch(licence="A3")
    assert lab.invoke("New-AdaptiveScope", Name="x", LocationType="User", RawQuery="x").status_code == 403


def test_a_role_that_sees_a_part_gets_a_part_and_no_warning(lab: Lab) -> None:
    lab.cmdlet("New-ComplianceTag", Name="second")
    lab.switch(sees="Get-ComplianceTag:1,Get-RetentionCompliancePolicy:0")
    answer = lab.invoke("Get-ComplianceTag").json()
    assert [row["Name"] for row in answer["value"]] == ["District visibility check label"]
    assert (answer["@adminapi.warnings"], "@odata.nextLink" in answer) == ([], False)
    assert lab.cmdlet("Get-RetentionCompliancePolicy") == []
    assert lab.cmdlet("Get-RetentionComplianceRule") != []


def test_what_is_new_is_seen_late(lab: Lab, hold: Hold) -> None:
    lab.switch(visible_seconds="60")
    case, path = hold(lab.someone())
    lab.cmdlet("New-ComplianceTag", Name="late")
    lab.cmdlet("New-RetentionCompliancePolicy", Name="late", ExchangeLocation=["All"])

    def seen() -> list[bool]:
        cmdlets = [any(row["Name"] == "late" for row in lab.cmdlet(f"Get-{noun}")) for noun in ("ComplianceTag", "RetentionCompliancePolicy")]
        cases = any(row["displayName"] == "Matter 1" for row in lab.rows(CASES))
        return [*cmdlets, cases, bool(lab.rows(f"{case}/legalHolds")), bool(lab.rows(f"{path}/userSources"))]

    assert seen() == [False] * 5
    assert "already exists" in lab.failure("New-ComplianceTag", Name="late")
    assert lab.graph("GET", case).status_code == 200
    lab.advance(60)
    assert seen() == [True] * 5


def test_status_words_that_nobody_knows(lab: Lab, hold: Hold) -> None:
    case, path = hold(lab.someone())
    lab.advance(600)
    lab.switch(words="distribution:Success:NotApplicable,case:active:closedWithError,source:applied:unknownFutureValue,hold::success")
    assert lab.named("Get-RetentionCompliancePolicy", "District mail keep", DistributionDetail=True)["DistributionStatus"] == "NotApplicable"
    assert lab.named("Get-CaseHoldPolicy", "Matter 1 hold", DistributionDetail=True)["DistributionStatus"] == "NotApplicable"
    assert lab.named("Get-ComplianceCase", "Matter 1", CaseType="AdvancedEdiscovery")["Status"] == "ClosedWithError"
    assert lab.get(case)["status"] == "closedWithError"
    assert lab.get(path)["status"] == "success"
    assert [row["holdStatus"] for row in lab.rows(f"{path}/userSources")] == ["unknownFutureValue"]


def test_writes_of_an_app_may_end_over_their_audit_record(lab: Lab) -> None:
    lab.switch(app_writes="refused")
    answer = lab.invoke("New-ComplianceTag", Name="x")
    assert answer.status_code == 400
    assert answer.json()["error"]["innererror"]["internalexception"]["type"].endswith("ExpectedValueException")
    assert "x" not in [row["Name"] for row in lab.cmdlet("Get-ComplianceTag")]
    lab.cmdlet("Set-Mailbox", "exchange", Identity=lab.someone(), LitigationHoldEnabled=True)


def test_a_site_without_an_index_is_not_taken(lab: Lab, hold: Hold) -> None:
    site = f"https://{lab.state.host}.sharepoint.com/sites/district"
    lab.switch(unindexed=site)
    assert "couldn't be found" in lab.failure("New-RetentionCompliancePolicy", Name="x", SharePointLocation=[site])
    _, path = hold()
    assert lab.graph("POST", f"{path}/siteSources", json={"site": {"webUrl": f"{site}/"}}).status_code == 400


def test_labels_of_rules_by_name_alone(lab: Lab) -> None:
    tags = {row["PublishComplianceTag"] for row in lab.cmdlet("Get-RetentionComplianceRule")} - {""}
    lab.switch(shapes="tags")
    assert {row["PublishComplianceTag"] for row in lab.cmdlet("Get-RetentionComplianceRule")} - {""} == {tag.partition(",")[2] for tag in tags}


def test_a_removed_label_may_wait_for_force(lab: Lab) -> None:
    lab.cmdlet("New-ComplianceTag", Name="free")
    lab.switch(label_removal="pending")
    lab.cmdlet("Remove-ComplianceTag", Identity="free", Confirm=False)
    assert lab.named("Get-ComplianceTag", "free")["Mode"] == "PendingDeletion"
    assert "already exists" in lab.failure("New-ComplianceTag", Name="Free")
    lab.cmdlet("Remove-ComplianceTag", Identity="free", ForceDeletion=True, Confirm=False)
    assert "free" not in [row["Name"] for row in lab.cmdlet("Get-ComplianceTag")]
