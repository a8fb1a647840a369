"""Labels, event types and file plan on Graph: a signed-in officer writes what an app is refused."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Lab
from .people import as_person

LABELS = "/security/labels/retentionLabels"
TYPES = "/security/triggerTypes/retentionEventTypes"


def body(name: str = "STU-07", **more: Any) -> Json:
    days = {"@odata.type": "#microsoft.graph.security.retentionDurationInDays", "days": 21915}
    return {
        "displayName": name,
        "behaviorDuringRetentionPeriod": "retain",
        "actionAfterRetentionPeriod": "none",
        "retentionTrigger": "dateCreated",
        "retentionDuration": days,
        "defaultRecordBehavior": "startLocked",
        "descriptionForAdmins": "schedule 07 [rw:stntn001:stu-07:g1]",
        "descriptionForUsers": "Student record",
        **more,
    }


def make(lab: Lab, **more: Any) -> Json:
    answer = lab.graph("POST", LABELS, json=body(**more))
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def refusal(lab: Lab, method: str, path: str, **more: Any) -> tuple[int, str]:
    answer = lab.graph(method, path, **more)
    return answer.status_code, answer.json()["error"]["code"]


def test_a_label_made_on_graph_is_the_cmdlets_label(lab: Lab) -> None:
    as_person(lab)
    made = make(lab)
    assert (made["retentionDuration"]["days"], made["isInUse"], made["createdBy"]["user"]["displayName"]) == (21915, False, None)
    tag = lab.named("Get-ComplianceTag", "STU-07")
    assert (tag["Guid"], tag["RetentionAction"], tag["RetentionDuration"], tag["RetentionType"]) == (made["id"], "Keep", "21915", "CreationAgeInDays")
    assert (tag["Comment"], tag["Notes"], tag["CreatedBy"]) == ("schedule 07 [rw:stntn001:stu-07:g1]", "Student record", "Records Office")
    assert lab.state.events[-1].actor.upn == "records.office@harbormill.example"


def test_what_a_label_is_cannot_be_changed_and_the_rest_can(lab: Lab) -> None:
    as_person(lab)
    path = f"{LABELS}/{make(lab)['id']}"
    for name, value in (("displayName", "x"), ("retentionTrigger", "dateModified"), ("behaviorDuringRetentionPeriod", "doNotRetain")):
        assert refusal(lab, "PATCH", path, json={name: value}) == (400, "BadRequest")
    longer = {"@odata.type": "microsoft.graph.security.retentionDurationForever"}
    assert lab.graph("PATCH", path, json={"retentionDuration": longer, "descriptionForUsers": "Keep for ever"}).status_code == 204
    found = lab.get(path)
    assert found["retentionDuration"] == {"@odata.type": "#microsoft.graph.security.retentionDurationForever"}
    assert lab.named("Get-ComplianceTag", "STU-07")["RetentionDuration"] == "Unlimited"


def test_names_are_unique_and_unknown_ids_say_so(lab: Lab) -> None:
    as_person(lab)
    make(lab)
    assert refusal(lab, "POST", LABELS, json=body("stu-07")) == (409, "Conflict")
    answer = lab.graph("GET", f"{LABELS}/{lab.state.tenant_id}")
    assert "couldn't be found" in answer.json()["error"]["message"]


@pytest.mark.parametrize("spoil", [{"retentionDuration": {"days": 3}}, {"retentionTrigger": "sometime"}, {"displayName": ""}, {"retentionDuration": None}])
def test_a_body_that_is_not_right_is_refused(lab: Lab, spoil: Json) -> None:
    as_person(lab)
    assert refusal(lab, "POST", LABELS, json=body() | spoil) == (400, "BadRequest")


def test_nested_things_come_only_when_asked_for(lab: Lab) -> None:
    as_person(lab)
    kind = lab.graph("POST", TYPES, json={"displayName": "Graduation", "description": "left school"}).json()
    department = lab.graph("POST", "/security/labels/departments", json={"displayName": "Guidance"}).json()
    stage = {"stageNumber": "1", "name": "Office", "reviewersEmailAddresses": ["records.office@harbormill.example"]}
    bind = {"retentionEventType@odata.bind": f"https://graph.microsoft.com/v1.0{TYPES}('{kind['id']}')"}
    plan = {"departmentTemplate@odata.bind": f"https://graph.microsoft.com/v1.0/security/labels/departments('{department['id']}')"}
    event = {"retentionTrigger": "dateOfEvent", "actionAfterRetentionPeriod": "startDispositionReview"}
    made = make(lab, **event, **bind, dispositionReviewStages=[stage], descriptors=plan)
    assert not {"dispositionReviewStages", "retentionEventType", "descriptors"} & made.keys()
    found = lab.get(f"{LABELS}/{made['id']}?$expand=dispositionReviewStages,retentionEventType,descriptors")
    assert found["dispositionReviewStages"] == [stage]
    assert found["retentionEventType"]["displayName"] == "Graduation"
    assert found["descriptors"]["department"] == {"displayName": "Guidance"}
    tag = lab.named("Get-ComplianceTag", "STU-07")
    assert (tag["RetentionType"], tag["EventType"], tag["RetentionAction"]) == ("EventAgeInDays", kind["id"], "KeepAndDelete")
    assert [row["Name"] for row in lab.cmdlet("Get-ComplianceRetentionEventType")] == ["District visibility check event", "Graduation"]
    assert refusal(lab, "DELETE", f"{TYPES}/{kind['id']}") == (400, "BadRequest")


def test_annotations_go_when_asked_to(lab: Lab) -> None:
    as_person(lab)
    make(lab)
    lab.world.switches["validate"] = "off"  # without its type a duration cannot be judged
    plain = lab.get(LABELS, headers={"Accept": "application/json;odata.metadata=none"})
    assert "@odata.context" not in plain
    assert {"days": 21915} in [row["retentionDuration"] for row in plain["value"]]


def test_scope_and_role_both_count(lab: Lab) -> None:
    as_person(lab, scopes=["https://graph.microsoft.com/eDiscovery.ReadWrite.All"])
    assert refusal(lab, "GET", LABELS) == (403, "InsufficientGraphPermissions")
    as_person(lab, login=lab.someone())
    assert refusal(lab, "GET", LABELS) == (403, "InsufficientGraphPermissions")
    as_person(lab, scopes=["https://graph.microsoft.com/RecordsManagement.Read.All"])
    assert lab.graph("GET", LABELS).status_code == 200
    assert refusal(lab, "POST", LABELS, json=body()) == (403, "InsufficientGraphPermissions")


@pytest.mark.parametrize("licence", ["A1", "A3"])
def test_records_review_and_events_need_a5_and_plain_labels_do_not(lab: Lab, licence: str) -> None:
    lab.switch(licence=licence)
    as_person(lab)
    make(lab)
    for name, more in (
        ("record", {"behaviorDuringRetentionPeriod": "retainAsRecord"}),
        ("review", {"actionAfterRetentionPeriod": "startDispositionReview"}),
    ):
        assert refusal(lab, "POST", LABELS, json=body(name, **more)) == (403, "Forbidden")
    assert refusal(lab, "POST", TYPES, json={"displayName": "Graduation"}) == (403, "Forbidden")
    keep = {"RetentionAction": "KeepAndDelete", "RetentionDuration": "30", "RetentionType": "CreationAgeInDays"}
    premium: list[Json] = [{"IsRecordLabel": True}, {"ReviewerEmail": ["a@harbormill.example"]}, {"RetentionType": "EventAgeInDays"}]
    for more in premium:
        assert "license" in lab.failure("New-ComplianceTag", Name="x", **{**keep, **more})
    assert lab.invoke("Get-ComplianceRetentionEventType").status_code == 403


@pytest.mark.parametrize(("licence", "status"), [("A1", 403), ("A3", 201), ("A5", 201)])
def test_holds_of_a_signed_in_officer_need_only_a3(lab: Lab, licence: str, status: int) -> None:
    lab.switch(licence=licence, ediscovery_manager="not_registered")
    as_person(lab)
    made = lab.graph("POST", "/security/cases/ediscoveryCases", json={"displayName": "Matter 9"})
    assert made.status_code == status
    if status == 201:
        path = f"/security/cases/ediscoveryCases/{made.json()['id']}/legalHolds"
        hold = lab.graph("POST", path, json={"displayName": "Matter 9 mail"}).json()["id"]
        assert lab.graph("POST", f"{path}/{hold}/userSources", json={"email": lab.someone()}).status_code == 201
        lab.advance(200)
        assert [row["holdStatus"] for row in lab.rows(f"{path}/{hold}/userSources")] == ["applied"]
        assert {row["displayName"] for row in lab.rows("/security/cases/ediscoveryCases")} == {"Matter 9"}
        as_person(lab, login="it.director@harbormill.example")
        assert len(lab.rows("/security/cases/ediscoveryCases")) == 3
        as_person(lab, login=lab.someone())
        assert refusal(lab, "GET", "/security/cases/ediscoveryCases") == (403, "Forbidden")


def test_cmdlets_run_as_the_person(lab: Lab) -> None:
    as_person(lab, scopes=["https://ps.compliance.protection.outlook.com/.default"])
    lab.tokens["compliance"] = lab.tokens.pop("graph")
    lab.cmdlet("New-ComplianceTag", Name="By hand")
    assert lab.named("Get-ComplianceTag", "By hand")["CreatedBy"] == "Records Office"
    as_person(lab, login=lab.someone(), scopes=["https://ps.compliance.protection.outlook.com/.default"])
    lab.tokens["compliance"] = lab.tokens.pop("graph")
    assert lab.invoke("Get-ComplianceTag").status_code == 403


def test_event_types_by_cmdlet(lab: Lab) -> None:
    (made,) = lab.cmdlet("New-ComplianceRetentionEventType", Name="Graduation", Comment="a [rw:x:y:g1]")
    assert "already exists" in lab.failure("New-ComplianceRetentionEventType", Name="GRADUATION")
    label = {"RetentionAction": "Keep", "RetentionDuration": "30", "RetentionType": "EventAgeInDays"}
    assert "EventType is needed" in lab.failure("New-ComplianceTag", Name="x", **label)
    assert "couldn't be found" in lab.failure("New-ComplianceTag", Name="x", **label, EventType=lab.state.tenant_id)
    lab.cmdlet("New-ComplianceTag", Name="x", **label, EventType=made["Guid"])
    assert "is being used by" in lab.failure("Remove-ComplianceRetentionEventType", Identity=made["Guid"])
    lab.cmdlet("Set-ComplianceRetentionEventType", Identity=made["Guid"], Comment="b")
    assert [row["Comment"] for row in lab.cmdlet("Get-ComplianceRetentionEventType", Identity="nobody")] == [None, "b"]
    lab.cmdlet("New-ComplianceRetentionEventType", Name="Unused")
    lab.cmdlet("Remove-ComplianceRetentionEventType", Identity="Unused")
    assert [row["Name"] for row in lab.cmdlet("Get-ComplianceRetentionEventType")] == ["District visibility check event", "Graduation"]
