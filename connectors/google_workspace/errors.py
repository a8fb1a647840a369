"""Google's refusals as ours: told apart by their shape, never by their wording (G§6.4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from connectors.errors import ConnectorError, PermanentError, TransientError, UnknownOutcomeError
from connectors.google_workspace.wire import Json

RATE_REASONS: Final = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded", "quotaExceeded", "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"}
)
_NO_API: Final = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_NO_SCOPE: Final = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_STATE: Final = frozenset({"FAILED_PRECONDITION", "failedPrecondition", "conditionNotMet", "conflict"})
_EXISTS: Final = frozenset({"ALREADY_EXISTS", "alreadyExists", "duplicate"})
_LONGEST: Final = 400
"""Characters of a vendor's message that are passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A vendor's answer that is no success: status, machine-readable reasons and the message, in either of Google's two shapes."""

    status: int
    reasons: frozenset[str]
    message: str
    retry_after: float | None


def read_refusal(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Refused:
    """What a refusing answer says. A body that is no JSON has no reasons and a message that says so."""
    reasons: set[str] = set()
    message = ""
    problem = _problem(body)
    if problem is None:
        message = f"HTTP {status} without a readable body"
    else:
        message = str(problem.get("message") or problem.get("error_description") or "")
        reasons |= {str(problem[key]) for key in ("status", "error") if isinstance(problem.get(key), str)}
        for key in ("errors", "details"):
            reasons |= _reasons(problem.get(key))
    wait = _retry_after(headers.get("retry-after"), now)
    return Refused(status=status, reasons=frozenset(reasons), message=message[:_LONGEST], retry_after=wait)


def refusal(refused: Refused, what: str, *, writes: bool) -> ConnectorError:
    """The error to raise for a refused request; ``what`` names it. A write that met a 5xx may have been done all the same."""
    text = f"{what}: {refused.message or 'HTTP ' + str(refused.status)}"
    status, reasons = refused.status, refused.reasons
    if status == 429 or (status in {403, 503} and reasons & RATE_REASONS):
        return TransientError("google.quota", text, "Wait; lower budgets or ask Google for quota.", status=status, retry_after=refused.retry_after)
    if status >= 500 or status == 408:
        if writes:
            return UnknownOutcomeError("google.unknown_outcome", text, "The next look at the tenant tells whether it was done.", status=status)
        return TransientError("google.server_error", text, "Try again later.", status=status, retry_after=refused.retry_after)
    if 300 <= status < 400:
        return PermanentError("wire.foreign_link", f"{what}: answered with a redirect, which is not followed", "Correct the endpoint.", status=status)
    code, next_step = _permanent(status, reasons)
    return PermanentError(code, text, next_step, status=status)


def _permanent(status: int, reasons: frozenset[str]) -> tuple[str, str]:
    if reasons & _NO_API:
        return "google.api_disabled", "Enable this API in the Google Cloud project of the service account."
    if reasons & _NO_SCOPE:
        return "google.scope_missing", "Grant the scope to the client under Security > API controls > Domain-wide delegation."
    if reasons & _EXISTS or status == 409:
        return "google.already_exists", "Look for the object that is there already."
    if reasons & _STATE or status == 412:
        return "google.failed_precondition", "Look at the object's state; a closed matter must be reopened first."
    by_status = {
        # The Reports API answers so too where only its privilege is missing (docs/wire/google-privileges.md).
        401: ("google.unauthenticated", "Check the service account's key and the subject's account; for the logs, that its admin role has Reports."),
        403: ("google.permission_denied", "Give the subject's admin role the missing privilege, or share the matter with it."),
        404: ("google.not_found", "It is gone or not visible to the subject."),
    }
    return by_status.get(status, ("google.invalid", "Report it: Google does not accept what was sent."))


def _problem(body: bytes) -> Json | None:
    """The ``error`` object of a body; the token endpoint's flat form is its own. None where there is none."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return None
    if not isinstance(parsed, Mapping):
        return None
    error = parsed.get("error")
    return error if isinstance(error, Mapping) else parsed


def _reasons(listed: object) -> frozenset[str]:
    """The ``reason`` of each entry of an ``errors`` or ``details`` list."""
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(str(item["reason"]) for item in listed if isinstance(item, Mapping) and "reason" in item)


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header in either form."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())
