"""$batch, throttling on the sandbox's clock, and faults at Microsoft's surfaces."""

from __future__ import annotations

import httpx
import pytest

from sandbox.world import Fault

from .conftest import Json, Lab


def batch(lab: Lab, *parts: Json) -> dict[str, Json]:
    answer = lab.graph("POST", "/$batch", json={"requests": list(parts)})
    assert answer.status_code == 200, answer.text
    return {part["id"]: part for part in answer.json()["responses"]}


def test_each_part_has_its_own_answer(lab: Lab) -> None:
    address = lab.someone()
    found = batch(
        lab,
        {"id": "1", "method": "GET", "url": f"/users/{address}/drive?$select=webUrl"},
        {"id": "2", "method": "GET", "url": "/users/nobody@x.example"},
        {
            "id": "3",
            "method": "POST",
            "url": "/security/cases/ediscoveryCases",
            "headers": {"Content-Type": "application/json"},
            "body": {"displayName": "B"},
        },
        {"id": "4", "method": "GET", "url": "/nonsense"},
    )
    assert {key: part["status"] for key, part in found.items()} == {"1": 200, "2": 404, "3": 201, "4": 400}
    assert found["1"]["body"]["webUrl"].endswith("/Documents")
    assert "B" in {row["displayName"] for row in lab.rows("/security/cases/ediscoveryCases")}


def test_answers_come_out_of_order(lab: Lab) -> None:
    parts = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(3)]
    answer = lab.graph("POST", "/$batch", json={"requests": parts}).json()
    assert [part["id"] for part in answer["responses"]] == ["2", "1", "0"]


def test_more_than_twenty_is_refused(lab: Lab) -> None:
    parts = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(21)]
    assert lab.graph("POST", "/$batch", json={"requests": parts}).status_code == 400


def test_graph_throttles_with_a_time_and_the_admin_endpoint_without(lab: Lab) -> None:
    lab.switch(graph_limit="2", compliance_limit="1")
    assert [lab.graph("GET", "/organization").status_code for _ in range(3)] == [200, 200, 429]
    answer = lab.graph("GET", "/organization")
    assert answer.json()["error"]["code"] == "TooManyRequests"
    lab.advance(float(answer.headers["retry-after"]))
    assert lab.graph("GET", "/organization").status_code == 200
    assert lab.invoke("Get-ComplianceTag").status_code == 200
    throttled = lab.invoke("Get-ComplianceTag")
    assert (throttled.status_code, throttled.content, "retry-after" in throttled.headers) == (429, b"", False)


def test_a_lost_answer_leaves_the_case_made(lab: Lab) -> None:
    lab.token("graph")
    lab.world.faults.append(Fault(surface="graph", operation="POST /security/cases/ediscoveryCases", kind="reset", when="after"))
    with pytest.raises(httpx.RemoteProtocolError):
        lab.graph("POST", "/security/cases/ediscoveryCases", json={"displayName": "Lost"})
    assert "Lost" in {row["displayName"] for row in lab.rows("/security/cases/ediscoveryCases")}


def test_faults_strike_a_cmdlet_by_name(lab: Lab) -> None:
    lab.token("compliance")
    lab.world.faults.append(Fault(surface="compliance", operation="New-ComplianceTag", kind="status", when="before", status=503))
    values: Json = {"RetentionAction": "Keep", "RetentionDuration": "1", "RetentionType": "TaggedAgeInDays"}
    assert lab.cmdlet("Get-ComplianceTag")
    assert lab.invoke("New-ComplianceTag", Name="x", **values).status_code == 503
    assert "x" not in {row["Name"] for row in lab.cmdlet("Get-ComplianceTag")}
    assert lab.invoke("New-ComplianceTag", Name="x", **values).status_code == 200


def test_a_leftover_case_breaks_its_children_for_ever(lab: Lab) -> None:
    case = lab.act("create_case", name="Leftover", leftover=True)["case"]
    lab.advance(86400)
    answer = lab.graph("GET", f"/security/cases/ediscoveryCases/{case}/legalHolds")
    assert answer.status_code == 500
    assert "Please create the case" in answer.json()["error"]["message"]
