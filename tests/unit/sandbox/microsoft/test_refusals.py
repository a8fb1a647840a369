"""What the service does not take: lengths, characters, limits, doubles, licences (docs/wire/admin-endpoint.md §1.7, M§2.8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.microsoft.objects import Location

from .conftest import Json, Lab
from .people import as_person

KEEP: Json = {"RetentionAction": "Keep", "RetentionDuration": "731", "RetentionType": "CreationAgeInDays"}
CHECK = "District visibility check label"
LABELS, TYPES = "/security/labels/retentionLabels", "/security/triggerTypes/retentionEventTypes"

NAMED: list[tuple[str, Json]] = [
    ("New-ComplianceTag", {}),
    ("New-ComplianceRetentionEventType", {}),
    ("New-AdaptiveScope", {"LocationType": "User", "RawQuery": "x"}),
    ("New-RetentionCompliancePolicy", {"ExchangeLocation": ["All"]}),
    ("New-FilePlanPropertyDepartment", {}),
]


# Names and texts.


@pytest.mark.parametrize(("cmdlet", "more"), NAMED, ids=[cmdlet for cmdlet, _ in NAMED])
def test_a_name_has_1_to_64_printable_characters(lab: Lab, cmdlet: str, more: Json) -> None:
    for name in (" ", "x" * 65, "a\nb", "a\u202eb"):
        assert "1 to 64 characters, all of them printable" in lab.failure(cmdlet, Name=name, **more), repr(name)
    assert lab.failure(cmdlet, Name="", **more) == "Cannot bind argument to parameter 'Name' because it is an empty string."
    lab.cmdlet(cmdlet, Name=f" {'x' * 64} ", **more)
    assert "already exists" in lab.failure(cmdlet, Name="X" * 64, **more)


def test_a_mandatory_word_is_not_empty(lab: Lab) -> None:
    assert "parameter 'Identity' because it is an empty string" in lab.failure("Set-ComplianceTag", Identity="", Comment="x")


def test_texts_of_a_label_end_at_1024_characters(lab: Lab) -> None:
    for word in ("Comment", "Notes"):
        assert "1024 characters" in lab.failure("New-ComplianceTag", Name="x", **{word: "x" * 1025})
        assert "1024 characters" in lab.failure("Set-ComplianceTag", Identity=CHECK, **{word: "x" * 1025})
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, Comment="x" * 1024)


def test_graph_has_the_same_lengths(lab: Lab) -> None:
    as_person(lab)
    label = lab.named("Get-ComplianceTag", CHECK)["Guid"]
    assert lab.graph("PATCH", f"{LABELS}/{label}", json={"descriptionForAdmins": "x" * 1025}).status_code == 400
    assert lab.graph("POST", TYPES, json={"displayName": "x" * 65}).status_code == 400


# Periods.


def test_a_period_has_at_most_a_hundred_years(lab: Lab) -> None:
    for cmdlet, named in (("New-ComplianceTag", {"Name": "x"} | KEEP), ("Set-ComplianceTag", {"Identity": CHECK})):
        assert "at most 36525 days" in lab.failure(cmdlet, **{**named, "RetentionDuration": "36526"})
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, RetentionDuration="36525")
    as_person(lab)
    label = lab.named("Get-ComplianceTag", CHECK)["Guid"]
    longer = {"@odata.type": "#microsoft.graph.security.retentionDurationInDays", "days": 36526}
    assert lab.graph("PATCH", f"{LABELS}/{label}", json={"retentionDuration": longer}).status_code == 400


def test_the_period_of_a_label_that_counts_from_being_put_on_is_fixed(lab: Lab) -> None:
    (made,) = lab.cmdlet("New-ComplianceTag", Name="on", **{**KEEP, "RetentionType": "TaggedAgeInDays"})
    for days in ("732", "Unlimited"):
        assert "can't be changed" in lab.failure("Set-ComplianceTag", Identity="on", RetentionDuration=days)
    lab.cmdlet("Set-ComplianceTag", Identity="on", Notes="still")
    as_person(lab)
    longer: dict[str, Any] = {"@odata.type": "#microsoft.graph.security.retentionDurationForever"}
    assert lab.graph("PATCH", f"{LABELS}/{made['Guid']}", json={"retentionDuration": longer}).status_code == 400
    assert lab.named("Get-ComplianceTag", "on")["RetentionDuration"] == "731"


def test_event_based_labels_stay(lab: Lab) -> None:
    kind = lab.named("Get-ComplianceRetentionEventType", "District visibility check event")["Guid"]
    (made,) = lab.cmdlet("New-ComplianceTag", Name="left", **{**KEEP, "RetentionType": "EventAgeInDays"}, EventType=kind)
    assert "can't be removed" in lab.failure("Remove-ComplianceTag", Identity="left", Confirm=False)
    as_person(lab)
    assert lab.graph("DELETE", f"{LABELS}/{made['Guid']}").status_code == 400
    assert lab.named("Get-ComplianceTag", "left")


# Policies and rules.


def crowd(lab: Lab, count: int, **places: list[Location]) -> None:
    """That many policies more, as if others had made them."""
    policy = next(iter(lab.state.policies.values()))
    for number in range(count):
        guid = f"crowd-{number}"
        lab.state.policies[guid] = replace(policy, guid=guid, name=guid, locations=dict(places))


def place(name: str) -> list[Location]:
    return [Location(name=name, display_name=name, identity=name, workload="x", due=datetime(2020, 1, 1, tzinfo=UTC))]


def test_a_tenant_has_ten_thousand_policies_of_all_kinds_together(lab: Lab) -> None:
    crowd(lab, 10_000 - len(lab.state.policies) - len(lab.state.holds))
    words = "maximum number of policies (10000)"
    assert words in lab.failure("New-RetentionCompliancePolicy", Name="one more", ExchangeLocation=["All"])
    lab.cmdlet("New-ComplianceCase", Name="m")
    assert words in lab.failure("New-CaseHoldPolicy", Name="one more", Case="m")
    case = next(case.guid for case in lab.state.cases.values() if case.name == "District visibility check case")
    answer = lab.graph("POST", f"/security/cases/ediscoveryCases/{case}/legalHolds", json={"displayName": "one more"})
    assert (answer.status_code, words in answer.json()["error"]["message"]) == (400, True)
    del lab.state.policies["crowd-0"]
    lab.cmdlet("New-RetentionCompliancePolicy", Name="one more", ExchangeLocation=["All"])


@pytest.mark.parametrize(
    ("property_", "name", "most"),
    [("ExchangeLocation", "All", 1_800), ("SharePointLocation", "All", 13), ("OneDriveLocation", "All", 13), ("SharePointLocation", "x", 2_600)],
)
def test_policies_of_one_workload_are_counted(lab: Lab, property_: str, name: str, most: int) -> None:
    here = sum(bool(policy.locations.get(property_)) and name != "All" for policy in lab.state.policies.values())
    mail = sum(bool(policy.locations.get("ExchangeLocation")) for policy in lab.state.policies.values())
    crowd(lab, most - (mail if property_ == "ExchangeLocation" else here), **{property_: place(name)})
    wanted: Json = {property_: [f"https://{lab.state.host}.sharepoint.com/sites/district"] if name == "x" else ["All"]}
    assert f"({most})" in lab.failure("New-RetentionCompliancePolicy", Name="one more", **wanted)
    del lab.state.policies["crowd-0"]
    lab.cmdlet("New-RetentionCompliancePolicy", Name="one more", **wanted)


def test_everything_stands_alone(lab: Lab) -> None:
    person = lab.someone()
    words = "The value All can only be used by itself in ExchangeLocation."
    assert lab.failure("New-RetentionCompliancePolicy", Name="x", ExchangeLocation=["All", person]) == words
    assert lab.failure("Set-RetentionCompliancePolicy", Identity="District mail keep", AddExchangeLocation=["All"]) == words
    (kept,) = lab.named("Get-RetentionCompliancePolicy", "District mail keep", DistributionDetail=True)["ExchangeLocation"]
    assert kept["Name"] == "records.office@harbormill.example"


def test_a_drive_is_no_site_and_a_site_no_drive(lab: Lab) -> None:
    drive = lab.get(f"/users/{lab.someone()}/drive?$select=sharePointIds")["sharePointIds"]["siteUrl"]
    site = f"https://{lab.state.host}.sharepoint.com/sites/district"
    for wrong in ({"SharePointLocation": [drive]}, {"OneDriveLocation": [site]}):
        assert "couldn't be found or is not valid" in lab.failure("New-RetentionCompliancePolicy", Name="x", **wrong)
    lab.cmdlet("New-RetentionCompliancePolicy", Name="x", SharePointLocation=[site], OneDriveLocation=[drive])


@pytest.mark.parametrize("more", [{"ContentMatchQuery": "a"}, {"ExcludedItemClasses": ["IPM.Note"]}, {"ExpirationDateOption": "CreationAgeInDays"}])
def test_rules_over_teams_take_less(lab: Lab, more: Json) -> None:
    lab.cmdlet("New-RetentionCompliancePolicy", Name="chats", TeamsChatLocation=["All"])
    rule: Json = {"Name": "r", "Policy": "chats", "RetentionDuration": "30", "RetentionComplianceAction": "Keep"}
    assert lab.failure("New-RetentionComplianceRule", **rule, **more).startswith("AmbiguousParameterSetException")
    lab.cmdlet("New-RetentionComplianceRule", **rule)


def test_a_rule_may_leave_out_classes_of_items_and_nothing_else_says_so(lab: Lab) -> None:
    (policy,) = [row for row in lab.cmdlet("Get-RetentionCompliancePolicy", DistributionDetail=True) if row["Name"] == "District mail keep"]
    rule = next(row for row in lab.cmdlet("Get-RetentionComplianceRule") if row["Policy"] == policy["Guid"])
    for classes in (["IPM.Note"], []):
        lab.cmdlet("Set-RetentionComplianceRule", Identity=rule["Guid"], ExcludedItemClasses=classes)
        lab.server.world.clock.advance(100_000)
        (seen,) = [row for row in lab.cmdlet("Get-RetentionComplianceRule") if row["Guid"] == rule["Guid"]]
        assert seen["ExcludedItemClasses"] == classes
        same = ("ContentMatchQuery", "RetentionDuration", "RetentionComplianceAction", "Disabled")
        assert [seen[name] for name in same] == [rule[name] for name in same]


def test_rules_over_labels_have_no_name_of_ours(lab: Lab) -> None:
    for word in ("PublishComplianceTag", "ApplyComplianceTag"):
        given = {"Name": "r", "Policy": "District mail keep", word: CHECK}
        assert lab.failure("New-RetentionComplianceRule", **given).startswith("AmbiguousParameterSetException")


def test_names_of_rules_are_unique_and_have_an_end(lab: Lab) -> None:
    lab.cmdlet("New-RetentionCompliancePolicy", Name="p", ExchangeLocation=["All"])
    rule: Json = {"Policy": "p", "RetentionDuration": "30", "RetentionComplianceAction": "Keep"}
    assert "already exists" in lab.failure("New-RetentionComplianceRule", Name="DISTRICT mail keep rule", **rule)
    assert "1 to 64 characters" in lab.failure("New-RetentionComplianceRule", Name="x" * 65, **rule)


@pytest.mark.parametrize(("licence", "word"), [("A1", "PublishComplianceTag"), ("A1", "ApplyComplianceTag"), ("A3", "ApplyComplianceTag")])
def test_publishing_needs_a3_and_applying_by_itself_a5(lab: Lab, licence: str, word: str) -> None:
    lab.switch(licence=licence)
    lab.cmdlet("New-RetentionCompliancePolicy", Name="p", ExchangeLocation=["All"])
    assert "license" in lab.failure("New-RetentionComplianceRule", Policy="p", **{word: CHECK})


# Cases and their holds.


def test_cases_and_holds_begin_at_a3(lab: Lab) -> None:
    lab.cmdlet("New-ComplianceCase", Name="made under another licence")
    for licence, refused in (("A3", False), ("A1", True)):
        lab.switch(licence=licence)
        case = lab.failure("New-ComplianceCase", Name="x") if refused else ""
        hold = lab.failure("New-CaseHoldPolicy", Name="x", Case="made under another licence") if refused else ""
        assert ("license" in case, "license" in hold) == (refused, refused)
        if not refused:
            lab.cmdlet("New-CaseHoldPolicy", Name="h", Case="made under another licence")
    assert "license" in lab.failure("New-CaseHoldRule", Name="r", Policy="h")
    assert [row["Name"] for row in lab.cmdlet("Get-CaseHoldPolicy", Case="made under another licence")] == ["h"]


def test_a_case_has_a_name_of_64_and_a_description_of_256_characters(lab: Lab) -> None:
    assert "1 to 64 characters" in lab.failure("New-ComplianceCase", Name="x" * 65)
    assert "256 characters" in lab.failure("New-ComplianceCase", Name="x", Description="x" * 257)
    lab.cmdlet("New-ComplianceCase", Name="x" * 64, Description="x" * 256)
    cases = "/security/cases/ediscoveryCases"
    for spoilt in ({"displayName": "x" * 65}, {"displayName": "y", "description": "x" * 257}):
        assert lab.graph("POST", cases, json=spoilt).status_code == 400


def test_no_case_takes_the_name_of_another(lab: Lab) -> None:
    (made,) = lab.cmdlet("New-ComplianceCase", Name="Matter 1")
    lab.cmdlet("New-ComplianceCase", Name="Matter 2")
    assert "already exists" in lab.failure("Set-ComplianceCase", Identity="Matter 2", Name="MATTER 1")
    answer = lab.graph("PATCH", f"/security/cases/ediscoveryCases/{made['Guid']}", json={"displayName": "matter 2"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    lab.cmdlet("Set-ComplianceCase", Identity="Matter 1", Name="Matter one")


def test_premium_cases_need_a5(lab: Lab) -> None:
    lab.switch(licence="A3")
    assert "license" in lab.failure("New-ComplianceCase", Name="x", CaseType="AdvancedEdiscovery")
    lab.cmdlet("New-ComplianceCase", Name="x", CaseType="eDiscovery")


def held(lab: Lab, case: str = "Matter 1") -> None:
    """A case with a hold and its rule, in force."""
    lab.cmdlet("New-ComplianceCase", Name=case)
    lab.cmdlet("New-CaseHoldPolicy", Name=f"{case} hold", Case=case, ExchangeLocation=[lab.someone()])
    lab.cmdlet("New-CaseHoldRule", Name=f"{case} rule", Policy=f"{case} hold", ContentMatchQuery="")
    lab.advance(600)


def test_names_of_hold_rules_are_unique_in_the_tenant(lab: Lab) -> None:
    held(lab)
    lab.cmdlet("New-CaseHoldPolicy", Name="second", Case="Matter 1", ExchangeLocation=[lab.someone()])
    assert "already exists" in lab.failure("New-CaseHoldRule", Name="MATTER 1 rule", Policy="second")
    assert "1 to 64 characters" in lab.failure("New-CaseHoldRule", Name="x" * 65, Policy="second")
    assert "1 to 64 characters" in lab.failure("New-CaseHoldPolicy", Name="x" * 65, Case="Matter 1")


def test_a_query_has_ten_thousand_characters(lab: Lab) -> None:
    held(lab)
    assert "10000 characters" in lab.failure("Set-CaseHoldRule", Identity="Matter 1 rule", ContentMatchQuery="x" * 10_001)
    case = lab.named("Get-ComplianceCase", "Matter 1")["Guid"]
    path = f"/security/cases/ediscoveryCases/{case}/legalHolds"
    assert lab.graph("POST", path, json={"displayName": "y", "contentQuery": "x" * 10_001}).status_code == 400


def test_a_new_query_is_distributed_and_locks_the_hold(lab: Lab) -> None:
    held(lab)
    lab.cmdlet("Set-CaseHoldRule", Identity="Matter 1 rule", ContentMatchQuery="from:mia")
    assert lab.named("Get-CaseHoldPolicy", "Matter 1 hold", DistributionDetail=True)["DistributionStatus"] == "Pending"
    for cmdlet, given in (
        ("Set-CaseHoldRule", {"Identity": "Matter 1 rule", "ContentMatchQuery": "from:mia.cole"}),
        ("Set-CaseHoldPolicy", {"Identity": "Matter 1 hold", "Comment": "x"}),
        ("Remove-CaseHoldPolicy", {"Identity": "Matter 1 hold"}),
    ):
        assert "are being deployed. Once deployed" in lab.failure(cmdlet, **given)
    lab.advance(600)
    lab.cmdlet("Set-CaseHoldRule", Identity="Matter 1 rule", ContentMatchQuery="from:mia.cole")


def test_a_closed_case_takes_no_rule(lab: Lab) -> None:
    lab.cmdlet("New-ComplianceCase", Name="m")
    lab.cmdlet("New-CaseHoldPolicy", Name="h", Case="m", ExchangeLocation=[lab.someone()])
    lab.cmdlet("Set-ComplianceCase", Identity="m", Close=True)
    assert "The case is closed" in lab.failure("New-CaseHoldRule", Name="r", Policy="h")
