"""Every refusal in the wire pages has its own code; a write whose fate is open is never called failed."""

from __future__ import annotations

import json

import pytest

from connectors.errors import ConnectorError, LockedError, PermanentError, TransientError, UnknownOutcomeError
from connectors.microsoft365.errors import Answer, admin_error, admin_text, graph_error, no_segment, parsed
from connectors.redact import redact


def graph(status: int, code: str, message: str, *, inner: str = "innerError", **headers: str) -> Answer:
    body = {"error": {"code": code, "message": message, inner: {"request-id": "0f6b"}}}
    return Answer(status=status, headers=headers, body=json.dumps(body).encode())


def admin(status: int, text: str, *, where: str = "inner") -> Answer:
    error: dict[str, object] = {"code": "BadRequest", "message": "Invalid Operation", "details": []}
    if where == "inner":
        error["innererror"] = {"message": "", "type": "", "internalexception": {"message": text, "type": "A.B"}}
    else:
        error["details"] = [{"code": "Client", "target": "", "message": f"|A.B.C|{text}"}]
    return Answer(status=status, headers={}, body=json.dumps({"error": error}).encode())


HTML = Answer(status=403, headers={"content-type": "text/html"}, body=b"<html>gateway</html>")
EMPTY = Answer(status=503, headers={}, body=b"")
CASES = "GET /security/cases/ediscoveryCases"


@pytest.mark.parametrize(("answer", "what", "kind", "code"), [
    (graph(400, "BadRequest", "Invalid."), "GET /users", PermanentError, "graph.bad_request"),
    (graph(400, "BadRequest", "The case is closed."), "POST x", PermanentError, "ediscovery.case_closed"),
    (graph(409, "Conflict", "A case with the same name already exists."), "POST x", PermanentError, "name.taken"),
    (graph(400, "BadRequest", "It already exists."), "POST x", PermanentError, "name.taken"),
    (graph(409, "Conflict", "Concurrency."), "POST x", PermanentError, "name.taken"),
    (graph(400, "BadRequest", "This exceeds the limit of 1000."), "POST x", PermanentError, "limit.reached"),
    (graph(404, "itemNotFound", "no"), "GET x", PermanentError, "graph.not_found"),
    (graph(410, "resyncRequired", "no"), "GET x", PermanentError, "graph.gone"),
    (graph(423, "resourceLocked", "no"), "GET x", PermanentError, "graph.locked"),
    (graph(418, "teapot", "no"), "GET x", PermanentError, "graph.refused"),
    (graph(401, "InvalidAuthenticationToken", "expired"), CASES, PermanentError, "graph.token_refused"),
    (graph(401, "UnknownError", "", inner="innererror"), CASES, PermanentError, "ediscovery.not_registered"),
    (graph(401, "UnknownError", ""), "GET /users", PermanentError, "graph.token_refused"),
    (graph(403, "Forbidden", "Insufficient privileges to complete the operation."), CASES, PermanentError, "graph.forbidden"),
    (graph(403, "Forbidden", "The tenant does not have a license for this operation."), CASES, PermanentError, "graph.not_licensed"),
    (HTML, CASES, PermanentError, "graph.gateway_refused"),
    (graph(500, "DataInsightsRequestError", "x FAILED - Forbidden"), "GET labels", PermanentError, "graph.labels_refused"),
    (graph(500, "DataInsightsRequestError", "something else"), "GET labels", TransientError, "graph.unavailable"),
    (graph(500, "UnknownError", 'The compliance case "x" doesn\'t exist. Please create the case.'), "GET x", TransientError, "ediscovery.case_not_ready"),
    (graph(429, "TooManyRequests", "slow down", **{"retry-after": "31"}), "GET x", TransientError, "wire.throttled"),
    (EMPTY, "GET x", TransientError, "graph.unavailable"),
    (Answer(status=302, headers={"location": "https://elsewhere.invalid"}, body=b""), "GET x", PermanentError, "wire.foreign_link"),
])
def test_graph(answer: Answer, what: str, kind: type[ConnectorError], code: str) -> None:
    error = graph_error(answer, what, redact, writing=False)
    assert (type(error), error.code, error.status) == (kind, code, answer.status)
    assert error.next_step


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_that_met_a_failing_service_has_an_unknown_outcome(status: int) -> None:
    answer = Answer(status=status, headers={}, body=b"")
    assert isinstance(graph_error(answer, "POST x", redact, writing=True), UnknownOutcomeError)
    assert isinstance(admin_error(answer, "New-ComplianceTag", redact, writing=True), UnknownOutcomeError)
    assert isinstance(admin_error(answer, "Get-ComplianceTag", redact, writing=False), TransientError)


def test_a_hold_that_met_a_case_in_the_making_was_not_made() -> None:
    answer = graph(500, "UnknownError", 'The compliance case "x" doesn\'t exist. Please create the case.')
    error = graph_error(answer, "POST /security/cases/ediscoveryCases/x/legalHolds", redact, writing=True)
    assert (type(error), error.code) == (TransientError, "ediscovery.case_not_ready")


def test_only_a_segment_error_is_a_reason_for_another_version() -> None:
    assert no_segment(graph(400, "BadRequest", "Resource not found for the segment 'legalHolds'."))
    assert no_segment(graph(404, "BadRequest", "Resource not found for the segment 'legalHolds'."))
    assert not no_segment(graph(400, "BadRequest", "The case is closed."))
    assert not no_segment(graph(500, "BadRequest", "Resource not found for the segment 'legalHolds'."))


@pytest.mark.parametrize("where", ["inner", "details"])
@pytest.mark.parametrize(("status", "text", "kind", "code"), [
    (400, "The operation couldn't be performed because object 'x' couldn't be found on 'FfoConfigurationSession'.", PermanentError, "admin.not_found"),
    (404, "The object 'x' couldn't be found on 'server'.", PermanentError, "admin.not_found"),
    (500, "The operation couldn't be performed because object 'x' couldn't be found on 'Y'.", PermanentError, "admin.not_found"),
    (400, "The name 'x' already exists.", PermanentError, "name.taken"),
    (400, "Previous changes to the policy 'x' are being deployed. Once deployed, additional actions can be performed.", LockedError, "admin.pending_lock"),
    (400, "The policy was saved and failed to be deployed.", UnknownOutcomeError, "admin.deploy_failed"),
    (400, "The location 'x@y' couldn't be found or is not valid.", PermanentError, "admin.location_invalid"),
    (400, "Parameter set cannot be resolved using the specified named parameters.", PermanentError, "admin.parameters"),
    (400, "The label is being used by a policy.", PermanentError, "admin.in_use"),
    (400, "This exceeds the limit of 1000.", PermanentError, "limit.reached"),
    (400, "You've reached the maximum number of labels.", PermanentError, "limit.reached"),
    (400, "This needs an Exchange Online license.", PermanentError, "admin.not_licensed"),
    (400, "Something nobody has seen.", PermanentError, "admin.refused"),
])
def test_admin(where: str, status: int, text: str, kind: type[ConnectorError], code: str) -> None:
    answer = admin(status, text, where=where)
    assert admin_text(answer) == text
    error = admin_error(answer, "Set-RetentionCompliancePolicy", redact, writing=True)
    assert (type(error), error.code) == (kind, code)
    assert text in error.message


@pytest.mark.parametrize(("status", "body", "code"), [
    (401, b"", "admin.unauthorised"),
    (403, b"\x00" * 1024, "admin.forbidden"),
    (403, b"<html></html>", "admin.forbidden"),
    (429, b"", "wire.throttled"),
    (302, b"", "wire.foreign_link"),
    (405, b"", "admin.refused"),
])
def test_admin_answers_without_a_text(status: int, body: bytes, code: str) -> None:
    error = admin_error(Answer(status=status, headers={}, body=body), "Get-Mailbox", redact, writing=False)
    assert error.code == code
    assert "\x00" not in error.message


def test_a_success_that_is_no_json() -> None:
    page = Answer(status=200, headers={"content-type": "text/html"}, body=b"<html>")
    with pytest.raises(TransientError, match="web page"):
        parsed(page, writing=False)
    with pytest.raises(UnknownOutcomeError):
        parsed(page, writing=True)
    assert parsed(Answer(status=204, headers={}, body=b""), writing=True) == {}


def test_credentials_in_a_vendors_text_are_taken_out() -> None:
    token = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.c2ln"
    error = graph_error(graph(400, "BadRequest", f"bad token {token}"), "GET x", redact, writing=False)
    assert token not in error.message
    assert "[removed]" in error.message


def test_the_vendors_clock() -> None:
    answer = Answer(status=200, headers={"date": "Mon, 02 Mar 2026 14:05:11 GMT"}, body=b"")
    assert answer.vendor_at is not None
    assert answer.vendor_at.isoformat() == "2026-03-02T14:05:11+00:00"
    assert Answer(status=200, headers={}, body=b"").vendor_at is None
    until = "Wed, 21 Oct 2026 07:28:00 GMT"
    assert Answer(status=429, headers={"retry-after": until}, body=b"").retry_after is None, "by whose clock?"
    assert Answer(status=429, headers={"retry-after": until, "date": "Wed, 21 Oct 2026 07:27:20 GMT"}, body=b"").retry_after == 40
    assert Answer(status=429, headers={"retry-after": until, "date": "Wed, 21 Oct 2026 07:29:00 GMT"}, body=b"").retry_after == 0
    assert Answer(status=429, headers={"retry-after": "soon", "date": until}, body=b"").retry_after is None
