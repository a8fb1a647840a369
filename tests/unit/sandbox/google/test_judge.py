"""The judge must speak up: each case is a lie that an emulator or a client could tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sandbox.google.discovery import SURFACES, document
from sandbox.validate.google import judge
from sandbox.world import Exchange

GOOD = {"holdId": "h", "name": "n", "corpus": "MAIL", "updateTime": "2026-10-05T14:30:00.000Z", "accounts": [{"accountId": "1"}]}


def exchange(
    path: str = "/vault/v1/matters/m/holds/h", method: str = "GET", answer: object = None, request: object = None, status: int = 200
) -> Exchange:
    return Exchange(
        at=datetime(2026, 10, 5, tzinfo=UTC),
        surface=path.split("/")[1],
        method=method,
        path=path,
        operation="",
        caller="",
        status=status,
        request=b"" if request is None else json.dumps(request).encode(),
        response=json.dumps(GOOD if answer is None else answer).encode(),
    )


def test_a_true_exchange_is_let_through() -> None:
    assert judge(exchange("/vault/v1/matters/m/holds/h?view=FULL_HOLD&alt=json")) == []
    assert judge(exchange("/vault/v1/matters/m/holds", "POST", request={"name": "n", "corpus": "MAIL"})) == []
    assert judge(exchange("/directory/admin/directory/v1/customer/C0/orgunits/Students%2FMill%20River", answer={"name": "x"})) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"holdID": "h"}, "answer: unknown field holdID"),
        ({"name": 7}, "answer: name: int where string is due"),
        ({"corpus": "EMAIL"}, "answer: corpus 'EMAIL' is not in the enum"),
        ({"updateTime": "yesterday"}, "answer: updateTime 'yesterday' is no google-datetime"),
        ({"accounts": [{"accountId": 1}]}, "answer: accounts[0].accountId: int where string is due"),
        ({"accounts": {}}, "answer: accounts: dict where array is due"),
        ({"query": {"driveQuery": {"includeSharedDriveFiles": "yes"}}}, "answer: query.driveQuery.includeSharedDriveFiles: str where boolean is due"),
        ({"query": {"mailQuery": []}}, "answer: query.mailQuery: list where object is due"),
    ],
)
def test_a_false_answer_is_named_field_by_field(changed: dict[str, object], sentence: str) -> None:
    assert judge(exchange(answer={**GOOD, **changed})) == [sentence]


@pytest.mark.parametrize(
    ("path", "method", "request_body", "sentence"),
    [
        ("/vault/v1/matters/m/holds/h?pageSize=3", "GET", None, "unknown query parameter pageSize"),
        ("/vault/v1/matters/m/holds/h?view=EVERYTHING", "GET", None, "query parameter view: 'EVERYTHING' is not in the enum"),
        ("/vault/v1/matters/m/holds", "POST", {"nam": "x"}, "request: unknown field nam"),
        ("/vault/v1/matters/m/hold/h", "GET", None, "no such method in the discovery document"),
        ("/vault/v1/matters/m/holds/h", "PATCH", None, "no such method in the discovery document"),
        ("/vault/v1/matters/m/retentionRules", "GET", None, "no such method in the discovery document"),
    ],
)
def test_a_false_request_is_named(path: str, method: str, request_body: object, sentence: str) -> None:
    assert judge(exchange(path, method, request=request_body)) == [sentence]


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("/vault/v1/matters", {"code": 404, "message": "m", "status": "NOT_FOUND"}, []),
        ("/vault/v1/matters", {"code": 404, "message": "m", "status": "NOT_FOUND", "errors": []}, ["status and no errors[]"]),
        ("/vault/v1/matters", {"code": 400, "message": "m", "status": "NOT_FOUND"}, ["code 400 with HTTP 404"]),
        ("/directory/admin/directory/v1/users", {"code": 404, "message": "m", "status": "NOT_FOUND"}, ["no errors[].reason"]),
        ("/directory/admin/directory/v1/users", {"code": 404, "message": "m", "errors": [{"reason": "notFound"}]}, []),
    ],
)
def test_errors_have_the_shape_of_their_api(path: str, error: dict[str, object], said: list[str]) -> None:
    found = judge(exchange(path, answer={"error": error}, status=404))
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


def test_every_document_is_read_and_every_method_leads_back_to_itself() -> None:
    counted = {surface: len(document(surface).methods) for surface in SURFACES}
    assert counted["vault"] == 33
    for method in document("vault").methods.values():
        path = method.path.replace("{+name}", "operations/x" if "list" not in method.id else "operations")
        for name in ("matterId", "holdId", "accountId", "exportId", "savedQueryId"):
            path = path.replace("{" + name + "}", "x")
        found = document("vault").find(method.verb, path)
        assert found is not None
        assert found.id == method.id
