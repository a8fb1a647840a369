"""The audit log: late, under the right account, in Graph's form and in the activity feed's; and the label refusal."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from .conftest import Json, Lab

QUERIES = "/security/auditLog/queries"


def ask(lab: Lab, **filters: Any) -> Json:
    now = lab.world.clock.now()
    body = {
        "@odata.type": "#microsoft.graph.security.auditLogQuery",
        "displayName": "q",
        "filterStartDateTime": (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "filterEndDateTime": (now + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **filters,
    }
    answer = lab.graph("POST", QUERIES, json=body, version="beta")
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def search(lab: Lab, **filters: Any) -> list[Json]:
    query = ask(lab, **filters)
    lab.advance(60)
    return lab.rows(f"{QUERIES}/{query['id']}/records", version="beta")


def test_v1_is_not_there_by_default(lab: Lab) -> None:
    answer = lab.graph("POST", QUERIES, json={})
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["message"]) == (404, "UnknownError", "")
    lab.switch(audit_v1="on")
    assert lab.get(QUERIES)["value"] == []


def test_a_search_takes_its_time(lab: Lab) -> None:
    query = ask(lab)
    path = f"{QUERIES}/{query['id']}"
    assert query["status"] == "notStarted"
    lab.advance(30)
    assert lab.get(path, version="beta")["status"] == "running"
    assert lab.rows(f"{path}/records", version="beta") == []
    lab.advance(30)
    assert lab.get(path, version="beta")["status"] == "succeeded"


def test_a_record_is_found_late_and_names_the_account(lab: Lab) -> None:
    lab.act("set_label_period", name="District visibility check label", days=7)
    assert search(lab) == []
    lab.advance(3 * 3600)
    (record,) = search(lab, operationFilters=["Set-ComplianceTag"], recordTypeFilters=["securityComplianceCenterEOPCmdlet"])
    assert record["userPrincipalName"] == "it.director@harbormill.example"
    assert record["auditLogRecordType"] == "SecurityComplianceCenterEOPCmdlet"
    data = record["auditData"]
    assert isinstance(data, dict)
    assert data["Id"] == record["id"]
    assert data["Parameters"].endswith('-RetentionDuration "7"')
    assert not data["CreationTime"].endswith("Z")
    assert data["RecordType"] == 18


def test_a_search_is_of_its_own_moment(lab: Lab) -> None:
    lab.act("set_label_period", name="District visibility check label", days=7)
    early = ask(lab)
    lab.advance(4 * 3600)
    assert lab.rows(f"{QUERIES}/{early['id']}/records", version="beta") == []


def test_acts_of_the_app_are_told_apart(lab: Lab) -> None:
    lab.cmdlet("Set-ComplianceTag", Identity="District visibility check label", RetentionDuration="8")
    lab.advance(2 * 3600)
    (record,) = search(lab, operationFilters=["Set-ComplianceTag"])
    assert record["userId"] == f"ServicePrincipal_{lab.state.app.object_id}"
    assert record["userType"] == "ServicePrincipal"
    assert record["auditData"]["UserKey"] == lab.state.app.app_id


def test_a_hold_deleted_in_the_portal_shows_in_two_kinds(lab: Lab) -> None:
    gone = lab.act("delete_hold", case="District visibility check case", hold="District visibility check hold")
    lab.advance(2 * 3600)
    records = search(lab)
    assert {record["operation"] for record in records} == {"HoldRemoved", "Remove-CaseHoldPolicy"}
    (discovery,) = [record["auditData"] for record in records if record["operation"] == "HoldRemoved"]
    assert isinstance(discovery, dict)
    assert discovery["Case"] == "District visibility check case"
    assert {"Name": "HoldId", "Value": gone["hold"]} in discovery["ExtendedProperties"]


def test_litigation_hold_is_an_exchange_record(lab: Lab) -> None:
    lab.cmdlet("Set-Mailbox", "exchange", Identity=lab.someone(), LitigationHoldEnabled=True)
    lab.advance(2 * 3600)
    (record,) = search(lab, recordTypeFilters=["exchangeAdmin"])
    assert {"Name": "LitigationHoldEnabled", "Value": "True"} in record["auditData"]["Parameters"]


def test_searches_are_listed_so_that_a_lost_answer_can_be_settled(lab: Lab) -> None:
    lost = {"surface": "graph", "operation": "POST /security/auditLog/queries", "kind": "status", "status": 504, "when": "after"}
    lab.http.post("/_door/faults", json=lost, headers={"Authorization": f"Bearer {lab.server.door_token}"})
    body = ask_body(lab) | {"displayName": "rw-drift-7"}
    assert lab.graph("POST", QUERIES, json=body, version="beta").status_code == 504
    (found,) = [row for row in lab.rows(QUERIES, version="beta") if row["displayName"] == "rw-drift-7"]
    assert found["status"] in {"notStarted", "running"}
    lab.advance(60)
    assert [row["status"] for row in lab.rows(QUERIES, version="beta")] == ["succeeded"]


def test_too_many_searches_are_throttled(lab: Lab) -> None:
    for _ in range(5):
        ask(lab)
    answer = lab.graph("POST", QUERIES, json=ask_body(lab), version="beta")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "TooManyRequests")


def ask_body(lab: Lab) -> Json:
    return {"filterStartDateTime": "2026-01-01T00:00:00Z", "filterEndDateTime": "2026-01-02T00:00:00Z"}


def test_bad_searches(lab: Lab) -> None:
    for body in ({}, {**ask_body(lab), "nonsense": 1}, {**ask_body(lab), "filterEndDateTime": "2025-01-01T00:00:00Z"}):
        assert lab.graph("POST", QUERIES, json=body, version="beta").status_code == 400
    lab.switch(missing_roles="AuditLogsQuery.Read.All")
    assert lab.graph("GET", QUERIES, version="beta").status_code == 403


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_labels_are_refused_to_an_app(lab: Lab, version: str, method: str) -> None:
    lab.switch(more_roles="RecordsManagement.Read.All,RecordsManagement.ReadWrite.All")
    answer = lab.graph(method, "/security/labels/retentionLabels", json={} if method == "POST" else None, version=version)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "DataInsightsRequestError"
    assert answer.json()["error"]["message"].endswith("FAILED - Forbidden")
    lab.switch(more_roles="")
    answer = lab.graph(method, "/security/labels/retentionLabels", json={} if method == "POST" else None, version=version)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "InsufficientGraphPermissions")


def test_four_of_five_file_plan_lists_answer(lab: Lab) -> None:
    lab.switch(more_roles="RecordsManagement.Read.All")
    counts = {"authorities": 3, "categories": 13, "citations": 5, "filePlanReferences": 0}
    assert {name: len(lab.rows(f"/security/labels/{name}")) for name in counts} == counts
    assert lab.graph("GET", "/security/labels/departments").status_code == 500
    assert lab.graph("GET", "/security/triggerTypes/retentionEventTypes").status_code == 500


def test_the_dump_is_json(lab: Lab) -> None:
    lab.act("delete_hold", case="District visibility check case")
    answer = lab.http.get("/_door/state", headers={"Authorization": f"Bearer {lab.server.door_token}"})
    dumped = json.loads(answer.text)["m365"]
    assert dumped["administrator"] == "it.director@harbormill.example"
    assert [case["holds"] for case in dumped["cases"] if case["name"] == "District visibility check case"] == [[]]
    assert dumped["audit"][-1]["operation"] == "Remove-CaseHoldPolicy"
