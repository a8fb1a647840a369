"""The judge of Graph exchanges finds what is untrue to the SDK's models, and knows what it cannot judge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.validate.graph import coverage, judge
from sandbox.world import Exchange

from .conftest import Lab

CASES = "/security/cases/ediscoveryCases"
USER = {"id": "1", "displayName": "A", "accountEnabled": True, "createdDateTime": "2026-01-01T00:00:00Z", "proxyAddresses": ["SMTP:a"]}


def exchange(method: str, path: str, answer: object, *, request: object = None, status: int = 200) -> Exchange:
    return Exchange(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        surface="graph",
        method=method,
        path=f"/graph{path}",
        operation=path,
        caller="",
        status=status,
        request=b"" if request is None else json.dumps(request).encode(),
        response=b"" if answer is None else json.dumps(answer).encode(),
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, ""),
        ({"displayname": "A"}, "unknown field value[0].displayname"),
        ({"id": 1}, "value[0].id: int where str is due"),
        ({"accountEnabled": "yes"}, "value[0].accountEnabled: str where bool is due"),
        ({"createdDateTime": "yesterday"}, "value[0].createdDateTime: 'yesterday' is no datetime"),
        ({"proxyAddresses": "SMTP:a"}, "value[0].proxyAddresses: str where a list is due"),
        ({"assignedLicenses": [{"skuid": "x"}]}, "unknown field value[0].assignedLicenses[0].skuid"),
        ({"assignedLicenses": [{"skuId": "x"}]}, "value[0].assignedLicenses[0].skuId: 'x' is no uuid"),
        ({"mail": None}, ""),
    ],
)
def test_a_spoilt_answer_is_found(changed: dict[str, Any], sentence: str) -> None:
    found = judge(exchange("GET", "/v1.0/users", {"@odata.nextLink": "x", "value": [USER | changed]}))
    assert found == ([f"answer: {sentence}"] if sentence else [])


def test_enums_know_their_members() -> None:
    row = {"id": "1", "status": "active"}
    assert judge(exchange("GET", f"/v1.0{CASES}", {"value": [row]})) == []
    (found,) = judge(exchange("GET", f"/v1.0{CASES}", {"value": [row | {"status": "open"}]}))
    assert "value[0].status: 'open' not in enum" in found


def test_query_and_request_are_judged() -> None:
    assert judge(exchange("GET", "/v1.0/users?$nonsense=1", {"value": []})) == ["query: unknown option $nonsense"]
    made = {"id": "1", "displayName": "x"}
    assert judge(exchange("POST", f"/v1.0{CASES}", made, request={"displayName": "x", "externalId": "y"}, status=201)) == []
    assert judge(exchange("POST", f"/v1.0{CASES}", made, request={"name": "x"}, status=201)) == ["request: unknown field name"]


def test_a_literal_segment_beats_an_id() -> None:
    answer = {"value": [{"id": "1", "deletedDateTime": "2026-01-01T00:00:00Z", "userPrincipalName": "x"}]}
    assert judge(exchange("GET", "/v1.0/directory/deletedItems/microsoft.graph.user", answer)) == []
    assert judge(exchange("GET", "/v1.0/users/delta", {"value": [], "@odata.deltaLink": "x"})) == []


def test_an_error_has_its_shape() -> None:
    assert judge(exchange("GET", "/v1.0/users", {"error": {"code": "x", "message": ""}}, status=403)) == []
    assert judge(exchange("GET", "/v1.0/users", {"error": "no"}, status=403)) == ["error answer: code and message have to be texts"]
    assert judge(exchange("GET", "/v1.0/users", {"fault": 1}, status=403)) == ["error answer: no JSON object with an error"]


def test_what_the_sdk_lacks_is_skipped_and_counted(lab: Lab) -> None:
    case = lab.rows(CASES)[1]["id"]
    lab.rows(f"{CASES}/{case}/legalHolds")
    lab.rows("/users?$select=id")
    found = coverage(lab.world.exchanges)
    assert found.judged == 2
    assert dict(found.skipped) == {f"GET {CASES}/{{case}}/legalHolds": 1}


def test_the_emulator_is_judged_while_it_serves(lab: Lab) -> None:
    account = lab.state.account_at(lab.someone())
    assert account is not None
    account.department = 7  # type: ignore[assignment]
    lab.graph("GET", f"/users/{account.id}?$select=department")
    assert lab.world.violations == [
        f"GET /graph/v1.0/users/{account.id}?$select=department (200): answer: department: int where str is due"
    ]
    lab.world.violations.clear()
