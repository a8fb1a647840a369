"""The tables against what Google itself says: its discovery documents, and the shapes of its refusals."""

from __future__ import annotations

import ast
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.discovery_cache import get_static_doc

import connectors.google_workspace.operations as table
from connectors.errors import ConnectorError, PermanentError, TransientError, UnknownOutcomeError
from connectors.google_workspace.editions import any_unknown, drive_labels, kept_by, licence_name
from connectors.google_workspace.errors import read_refusal, refusal
from connectors.google_workspace.operations import EDISCOVERY, EVERY, PROOF_ONLY, READS, RELEASES, WRITES, Operation
from connectors.google_workspace.services import _DOCUMENTS
from connectors.google_workspace.spaces import spaces_in
from connectors.google_workspace.wire import as_object, moment, objects, required, texts
from policies.kinds import Workload

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def method_of(operation: Operation) -> Any:
    found = json.loads(get_static_doc(*_DOCUMENTS[operation.surface]))  # type: ignore[no-untyped-call]  # ships no types
    *path, name = operation.method.split(".")
    for part in path:
        found = found["resources"][part]
    return found["methods"][name]


@pytest.mark.parametrize("operation", EVERY, ids=lambda one: one.method)
def test_every_operation_exists_under_its_scope_and_reads_are_gets(operation: Operation) -> None:
    method = method_of(operation)
    assert operation.scope in method["scopes"]
    assert operation.writes is (method["httpMethod"] != "GET")
    if operation.scope != EDISCOVERY and operation.scope.endswith(".readonly"):
        assert not operation.writes
    if operation in READS and operation.surface not in {"licensing", "groupssettings", "alertcenter"}:  # these three have one scope for both
        assert operation.scope.endswith(".readonly")


def test_nothing_searches_counts_exports_or_deletes_but_a_release_and_the_proofs_own_dummy() -> None:
    words = ("delete", "remove", "close", "disable", "export", "quer", "permission", "search")
    # Who may apply a label is read, and only ever added to.
    names = {operation.method for operation in (*READS, *WRITES)} - {"matters.undelete", "labels.permissions.list", "labels.permissions.batchUpdate"}
    names -= {"spaces.search"}  # of spaces by their settings; its scope reaches nothing that is written in them
    assert not [name for name in names if any(word in name.lower() for word in words)]
    assert "matters.count" not in names
    assert {operation.method for operation in RELEASES} == {"matters.holds.removeHeldAccounts", "matters.holds.delete", "matters.close", "labels.disable"}
    assert {operation.method for operation in PROOF_ONLY} == {"matters.delete", "labels.delete"}
    assert set(EVERY) == {one for one in vars(table).values() if isinstance(one, Operation)}, "what is in no list is in no test either"


def test_only_the_releaser_and_the_prover_have_in_hand_what_removes() -> None:
    """By import, by attribute and by name in a text, so that no other way leads there; the grant script alone may take the whole table, for scopes."""
    removing = {name for name, one in vars(table).items() if isinstance(one, Operation) and one in {*RELEASES, *PROOF_ONLY}}
    assert len(removing) == 6
    words = removing | {"RELEASES", "PROOF_ONLY", "EVERY"} | {one.method for one in (*RELEASES, *PROOF_ONLY)}
    priced = {"operations.py", "budgets.py"}  # the table itself, and what each call costs
    users: dict[str, set[str]] = {}
    for path in Path(table.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = _named(node) & words
            if found and path.name not in priced:
                users.setdefault(path.name, set()).update(found)
    assert users == {
        "releaser.py": {"HOLDS_REMOVE_ACCOUNTS", "HOLDS_DELETE", "MATTERS_CLOSE", "LABELS_DISABLE"},
        "prover.py": {"HOLDS_DELETE", "MATTERS_CLOSE", "MATTERS_DELETE", "LABELS_DELETE"},
    }


def _named(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    return {str(node.value)} if isinstance(node, ast.Constant) else set()


def test_nothing_outside_the_connector_opens_a_releaser_or_reaches_past_it() -> None:
    """Whoever releases asks ``Connector.releaser``; nobody else names the class, its module or the table of requests."""
    root = Path(table.__file__).parents[2]
    named = {
        str(path.relative_to(root))
        for package in ("connectors", "sync", "reports", "recordwarden", "policies")
        for path in (root / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module == "connectors.google_workspace.releaser" or "GoogleReleaser" in _named(node))
    }
    assert named == {"connectors/google_workspace/connector.py"}


def vault_style(code: int, status: str, message: str = "No.", details: list[object] | None = None) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status, **({"details": details} if details else {})}}).encode()


def legacy_style(code: int, reason: str) -> bytes:
    return json.dumps({"error": {"errors": [{"domain": "global", "reason": reason, "message": "No."}], "code": code, "message": "No."}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "writes", "error", "code"),
    [
        (429, vault_style(429, "RESOURCE_EXHAUSTED"), False, TransientError, "google.quota"),
        (429, vault_style(429, "RESOURCE_EXHAUSTED"), True, TransientError, "google.quota"),
        (403, legacy_style(403, "userRateLimitExceeded"), False, TransientError, "google.quota"),
        (403, legacy_style(403, "quotaExceeded"), False, TransientError, "google.quota"),
        (503, legacy_style(503, "quotaExceeded"), False, TransientError, "google.quota"),
        (503, vault_style(503, "UNAVAILABLE"), False, TransientError, "google.server_error"),
        (503, vault_style(503, "UNAVAILABLE"), True, UnknownOutcomeError, "google.unknown_outcome"),
        (504, b"<html>", True, UnknownOutcomeError, "google.unknown_outcome"),
        (502, b"<html>", False, TransientError, "google.server_error"),
        (403, vault_style(403, "PERMISSION_DENIED"), False, PermanentError, "google.permission_denied"),
        (403, legacy_style(403, "forbidden"), False, PermanentError, "google.permission_denied"),
        (403, legacy_style(403, "accessNotConfigured"), False, PermanentError, "google.api_disabled"),
        (403, vault_style(403, "PERMISSION_DENIED", details=[{"reason": "SERVICE_DISABLED"}]), False, PermanentError, "google.api_disabled"),
        (403, vault_style(403, "PERMISSION_DENIED", details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]), False, PermanentError, "google.scope_missing"),
        (403, legacy_style(403, "insufficientPermissions"), False, PermanentError, "google.scope_missing"),
        (400, vault_style(400, "FAILED_PRECONDITION"), True, PermanentError, "google.failed_precondition"),
        (412, legacy_style(412, "conditionNotMet"), True, PermanentError, "google.failed_precondition"),
        (400, vault_style(400, "INVALID_ARGUMENT"), True, PermanentError, "google.invalid"),
        (404, vault_style(404, "NOT_FOUND"), True, PermanentError, "google.not_found"),
        (409, vault_style(409, "ALREADY_EXISTS"), True, PermanentError, "google.already_exists"),
        (401, vault_style(401, "UNAUTHENTICATED"), False, PermanentError, "google.unauthenticated"),
        (302, b"", False, PermanentError, "wire.foreign_link"),
        (400, b"[]", False, PermanentError, "google.invalid"),
    ],
)
def test_a_refusal_is_told_by_its_shape(status: int, body: bytes, writes: Any, error: type[ConnectorError], code: str) -> None:
    found = refusal(read_refusal(status, {}, body, NOW), "matters.list", writes=writes)
    assert type(found) is error
    assert (found.code, found.status) == (code, status)
    assert found.message.startswith("matters.list: ")
    assert found.next_step


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("Mon, 05 Oct 2026 12:00:30 GMT", 30.0), ("Mon, 05 Oct 2026 11:00:00 GMT", 0.0), ("soon", None), (None, None)],
)
def test_retry_after_in_either_form(value: str | None, seconds: float | None) -> None:
    headers = {} if value is None else {"retry-after": value}
    assert read_refusal(503, headers, b"", NOW).retry_after == seconds


def test_a_long_message_is_cut() -> None:
    assert len(read_refusal(400, {}, vault_style(400, "INVALID_ARGUMENT", "x" * 5000), NOW).message) == 400


@pytest.mark.parametrize(
    ("product", "sku", "name"),
    [
        ("Google-Apps", "1010070001", "Education Fundamentals"),
        ("101031", "1010310009", "Education Plus (Staff)"),
        ("101034", "1010340007", "Archived User"),
        ("101033", "1010330003", "Voice"),
        ("Google-Apps", "1010070004", "Google-Apps/1010070004"),
    ],
)
def test_a_licence_has_its_name_and_an_unknown_one_keeps_its_ids(product: str, sku: str, name: str) -> None:
    assert licence_name(product, sku) == name


def test_an_unknown_licence_is_unknown_and_never_unlicensed() -> None:
    assert kept_by({"Google-Apps/9"}) == frozenset()
    assert any_unknown({"Education Fundamentals", "Google-Apps/9"})
    assert not any_unknown({"Education Fundamentals"})
    assert Workload.VOICE in kept_by({"Voice", "Education Fundamentals"})


@pytest.mark.parametrize(
    ("licences", "answer"),
    [
        ({"Education Fundamentals": 9}, False),
        ({"Education Fundamentals": 9, "Education Standard": 1}, True),
        ({"Education Fundamentals": 9, "Education Standard": 0}, False),
        ({"Education Fundamentals": 9, "X/Y": 1}, None),
        ({}, None),
    ],
)
def test_drive_labels_come_with_the_edition(licences: dict[str, int], answer: Any) -> None:
    assert drive_labels(licences) is answer


def test_an_answer_of_an_unexpected_form_concludes_nothing() -> None:
    for attempt in (
        lambda: as_object([], "matter"),
        lambda: objects({"matters": {}}, "matters", "list"),
        lambda: objects({"matters": ["x"]}, "matters", "list"),
        lambda: texts({"aliases": [1]}, "aliases", "user"),
        lambda: required({"id": ""}, "id", "user"),
        lambda: moment("yesterday"),
    ):
        with pytest.raises(PermanentError) as caught:
            attempt()
        assert caught.value.code == "wire.unexpected"


def test_times_are_read_to_the_nanosecond_and_made_utc() -> None:
    assert moment("2026-01-05T12:00:00.123456789Z") == datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
    assert moment("2026-01-05T12:00:00+02:00") == datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    assert moment("") is None


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ({"results": [{"space": {"name": "spaces/A"}}], "spaces": [{"name": "spaces/A"}]}, ["spaces/A"]),
        ({"results": [{"space": {"name": "spaces/A"}}]}, ["spaces/A"]),
        ({"spaces": [{"name": "spaces/A"}]}, ["spaces/A"]),
        ({"totalSize": 0}, []),
    ],
)
def test_spaces_are_read_from_the_new_field_and_from_the_old_one(page: dict[str, Any], names: list[str]) -> None:
    assert [one["name"] for one in spaces_in(page)] == names
