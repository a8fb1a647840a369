"""What an answer that is no success means: one code, one sentence, one next step. Told by shape and text, as the wire pages say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.errors import ConnectorError, LockedError, PermanentError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire

Scrub = Callable[[str], str]
"""Takes credentials out of a vendor's text."""

LONGEST_WAIT = 300.0
"""Seconds of a Retry-After that are still waited for inside one call."""
PATIENCE = 5.0
"""Seconds before another try after a 429 that names no time (M§2.5)."""

REGISTER = (
    "In Security & Compliance PowerShell an administrator runs New-ServicePrincipal -AppId APPLICATION-ID -ObjectId ENTERPRISE-APP-OBJECT-ID "
    "-DisplayName Recordwarden; Add-RoleGroupMember -Identity eDiscoveryManager -Member ENTERPRISE-APP-OBJECT-ID; "
    "Add-eDiscoveryCaseAdmin -User ENTERPRISE-APP-OBJECT-ID."
)
"""The three registration cmdlets of M§3.3; a channel fills in what its tokens tell of the application."""

GRANT_ADMIN = (
    "Grant the application role Exchange.ManageAsApp (Office 365 Exchange Online) and give the service principal the directory role "
    "Compliance Administrator."
)
"""The two independent grants of M§2.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer: status, headers by lower-case name, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the vendor reports success."""
        return 200 <= self.status < 300

    @property
    def vendor_at(self) -> datetime | None:
        """The vendor's clock, from the Date header."""
        return _moment(self.headers.get("date", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, when the vendor said so: in seconds, or as a time, which is told by the vendor's own clock (RFC 9110 §10.2.3)."""
        value = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", value):
            return float(value)
        until, now = _moment(value), self.vendor_at
        return max(0.0, (until - now).total_seconds()) if until is not None and now is not None else None

    @property
    def looks_like_html(self) -> bool:
        """Whether a gateway's page stands in the place of an answer."""
        return self.body.lstrip()[:1] == b"<" or "text/html" in self.headers.get("content-type", "")


def _moment(header: str) -> datetime | None:
    """The time that a header names, None where it names none."""
    try:
        read = parsedate_to_datetime(header)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def parsed(answer: Answer, *, writing: bool) -> wire.JsonObject:
    """The object in a successful answer, empty for an empty body.

    Raises ``wire.not_json`` or ``wire.truncated``: for a read worth another try, for a write an unknown outcome.
    """
    if not answer.body.strip():
        return {}
    try:
        return wire.parse_object(answer.body)
    except wire.WireError as error:
        damaged = _damaged(answer)
        if writing:
            step = "Read the tenant again: the change may have been made."
            raise UnknownOutcomeError(damaged.code, damaged.message, step, status=answer.status) from error
        raise damaged from error


def _damaged(answer: Answer) -> TransientError:
    code = "wire.not_json" if answer.looks_like_html else "wire.truncated"
    message = f"The answer (HTTP {answer.status}) is {'a web page' if answer.looks_like_html else 'cut off or damaged'}, not JSON."
    return TransientError(code, message, "Try again; if it stays, look for a proxy or gateway in between.", status=answer.status)


def parsed_rows(answer: Answer) -> list[wire.JsonObject]:
    """The objects of a successful answer that is a bare JSON array, as the activity feed's are. Raises as ``parsed`` does for a read."""
    try:
        return wire.parse_rows(answer.body)
    except wire.WireError as error:
        raise _damaged(answer) from error


def lost(code: str, message: str, *, writing: bool, status: int | None = None, retry_after: float | None = None) -> ConnectorError:
    """The error for a request whose fate is open: transient for a read, unknown outcome for a write."""
    if writing:
        return UnknownOutcomeError(code, message, "Read the tenant again before anything is repeated.", status=status)
    return TransientError(code, message, "Try again later.", status=status, retry_after=retry_after)


def graph_text(answer: Answer) -> tuple[str, str]:
    """Code and message of a Graph error body, empty where it carries none (both spellings of the inner error occur, M§7)."""
    try:
        error = wire.child(wire.parse_object(answer.body), "error")
    except wire.WireError:
        return "", ""
    inner = wire.child(error, "innerError") or wire.child(error, "innererror")
    return wire.filled(error, "code") or wire.filled(inner, "code") or "", wire.filled(error, "message") or wire.filled(inner, "message") or ""


def old_token(answer: Answer) -> bool:
    """Whether the token was refused as such, so that nothing was done and a new one may be tried: Graph's words, or the activity feed's."""
    if answer.status != 401:
        return False
    try:
        body = wire.parse_object(answer.body)
    except wire.WireError:
        return False
    denied = "error" not in body and "authorization" in (wire.text(body, "Message") or "").lower()
    return denied or graph_text(answer)[0] == "InvalidAuthenticationToken"


def no_segment(answer: Answer) -> bool:
    """Whether this API version does not know the path (M§3.2), so that nothing was done and the other version may be asked."""
    return answer.status in (400, 404) and "segment" in graph_text(answer)[1].lower()


_GRAPH_STATUS: dict[int, str] = {400: "graph.bad_request", 404: "graph.not_found", 410: "graph.gone", 423: "graph.locked"}
_GRAPH_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("for the segment", "graph.not_served", "This cloud or version does not have it; see what doctor says of the other surfaces."),
    ("case is closed", "ediscovery.case_closed", "Reopen the case."),
    ("already exists", "name.taken", "Look at the object that has this name."),
    ("exceeds the limit", "limit.reached", "Divide the members among more objects."),
)


def graph_error(answer: Answer, what: str, scrub: Scrub, *, writing: bool) -> ConnectorError:
    """The error that a Graph answer without success stands for; ``what`` names the request for people."""
    code, message = graph_text(answer)
    said = scrub(f"{what}: HTTP {answer.status} {code} {message}".strip())
    if answer.status >= 500:
        return _graph_broken(answer, code, message, said, writing=writing)
    special = {401: _graph_unauthorised, 403: _graph_forbidden, 429: _throttled}.get(answer.status)
    if special is not None:
        return special(answer, said)
    if answer.status < 400:
        return _redirected(answer, said)
    for words, found, step in _GRAPH_TEXTS:
        if words in message.lower():
            return PermanentError(found, said, step, status=answer.status)
    if answer.status == 409:
        return PermanentError("name.taken", said, "Look at the object that has this name.", status=409)
    return PermanentError(_GRAPH_STATUS.get(answer.status, "graph.refused"), said, "See the vendor's text.", status=answer.status)


def _throttled(answer: Answer, said: str) -> ConnectorError:
    """A 429 of either surface: the one refusal that says that nothing was done."""
    return TransientError("wire.throttled", said, "Wait; the vendor limits requests.", status=429, retry_after=answer.retry_after)


def _redirected(answer: Answer, said: str) -> ConnectorError:
    return PermanentError("wire.foreign_link", f"{said} (a redirect, not followed)", "Check the endpoint's address.", status=answer.status)


def _graph_broken(answer: Answer, code: str, message: str, said: str, *, writing: bool) -> ConnectorError:
    if code == "DataInsightsRequestError" and "forbidden" in message.lower():
        # M§1.4: this 500 is a refusal for good, whatever roles the token has.
        return PermanentError("graph.labels_refused", said, "Labels go by cmdlet or by a signed-in administrator.", status=answer.status)
    if "compliance case" in message.lower() and "doesn't exist" in message.lower():
        # M§3.5: a case that is not materialised yet; nothing was made under it.
        return TransientError("ediscovery.case_not_ready", said, "Wait a minute; the case is still being set up.", status=answer.status)
    return lost("graph.unavailable", said, writing=writing, status=answer.status, retry_after=answer.retry_after)


def _graph_unauthorised(answer: Answer, said: str) -> ConnectorError:
    code, _message = graph_text(answer)
    if "ediscovery" in said.lower() and code != "InvalidAuthenticationToken":
        return PermanentError("ediscovery.not_registered", said, REGISTER, status=401)
    return PermanentError("graph.token_refused", said, "Check the application's credential and its consent.", status=401)


def _graph_forbidden(answer: Answer, said: str) -> ConnectorError:
    if answer.looks_like_html:
        return PermanentError("graph.gateway_refused", said, "A gateway refused; the path may be for signed-in people only.", status=403)
    if "license" in graph_text(answer)[1].lower():
        return PermanentError("graph.not_licensed", said, "The tenant's licences do not allow this without a signed-in person.", status=403)
    return PermanentError("graph.forbidden", said, "Grant the application the permission that the vendor's page names.", status=403)


SUBSCRIBE = "An officer runs: recordwarden --as OFFICER --key FILE doctor --prove"
_ACTIVITY_CODES: dict[str, tuple[str, str]] = {
    "AF20022": ("audit.not_subscribed", SUBSCRIBE),
    "AF20023": ("audit.not_subscribed", SUBSCRIBE),
    "AF20050": ("activity.expired", "What is older than 7 days can only be searched for."),
    "AF20051": ("activity.expired", "What is older than 7 days can only be searched for."),
    "AF10001": ("activity.forbidden", "Grant the application permission ActivityFeed.Read (Office 365 Management APIs)."),
}


def activity_code(answer: Answer) -> str:
    """The activity feed's code of an answer without success, ``AF`` and digits; empty where it carries none."""
    return graph_text(answer)[0] if answer.status >= 400 else ""


def activity_error(answer: Answer, what: str, scrub: Scrub, *, writing: bool) -> ConnectorError:
    """The error that an answer of the activity feed without success stands for (docs/wire/activity.md §3); ``what`` names the request for people."""
    code = activity_code(answer)
    said = scrub(f"{what}: HTTP {answer.status} {code} {graph_text(answer)[1]}".strip())
    if code == "AF429" or answer.status == 429:
        return _throttled(answer, said)
    if answer.status >= 500 or code == "AF50000":
        return lost("activity.unavailable", said, writing=writing, status=answer.status, retry_after=answer.retry_after)
    if answer.status < 400:
        return _redirected(answer, said)
    fallback = _ACTIVITY_CODES["AF10001"] if answer.status in (401, 403) else ("activity.refused", "See the vendor's text.")
    ours, step = _ACTIVITY_CODES.get(code, fallback)
    return PermanentError(ours, said, step, status=answer.status)


def admin_text(answer: Answer) -> str:
    """The real text of an admin endpoint's error: inner exception, else details without their ``|Type|``, else the outer message (M§2.5)."""
    try:
        error = wire.child(wire.parse_object(answer.body), "error")
    except wire.WireError:
        return ""
    inner = wire.child(wire.child(error, "innererror") or wire.child(error, "innerError"), "internalexception")
    details = [re.sub(r"^\|[^|]*\|", "", wire.text(row, "message") or "") for row in wire.rows(error, "details")]
    return wire.filled(inner, "message") or next((text for text in details if text.strip()), "") or wire.text(error, "message") or ""


_ADMIN_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("or is not valid", "admin.location_invalid", "Check that the mailbox or site exists."),
    ("couldn't be found", "admin.not_found", "Read the tenant again: the object is not there under that id."),
    ("already exists", "name.taken", "Look at the object that has this name."),
    ("already has a rule", "name.taken", "Look at the rule that this policy has already."),
    ("is being used by", "admin.in_use", "A rule still names it."),
    ("exceeds the limit", "limit.reached", "Divide the members among more policies."),
    ("maximum number", "limit.reached", "The tenant holds as many as the platform allows."),
    ("parameter set cannot be resolved", "admin.parameters", "Report this: the request does not fit the vendor's cmdlet."),
    ("missing mandatory parameters", "admin.parameters", "Report this: the request does not fit the vendor's cmdlet."),
    ("cannot convert value", "admin.parameters", "Report this: the request does not fit the vendor's cmdlet."),
    ("license", "admin.not_licensed", "Assign the licence, or leave this person's mailbox out."),
)


def admin_error(answer: Answer, cmdlet: str, scrub: Scrub, *, writing: bool) -> ConnectorError:
    """The error that an ``InvokeCommand`` answer without success stands for."""
    raw = admin_text(answer)
    said = scrub(f"{cmdlet}: HTTP {answer.status} {raw}".strip())
    if answer.status == 429:
        return _throttled(answer, said)
    if answer.status == 401:
        return PermanentError("admin.unauthorised", said, GRANT_ADMIN, status=401)
    if answer.status == 403:
        why = raw if answer.body.strip(b"\x00 \r\n") else "the body says nothing"
        return PermanentError("admin.forbidden", scrub(f"{cmdlet} is not allowed to this identity ({why})."), GRANT_ADMIN, status=403)
    if answer.status < 400:
        return _redirected(answer, said)
    return _admin_said(answer, raw.lower(), said, writing=writing)


def _admin_said(answer: Answer, lowered: str, said: str, *, writing: bool) -> ConnectorError:
    """The error by the vendor's own words; a 5xx without known words leaves a write's fate open."""
    status = answer.status
    if "are being deployed. once deployed" in lowered:
        return LockedError("admin.pending_lock", said, "The platform is still distributing the last change; it is asked again.", status=status)
    if "failed to be deployed" in lowered:
        return UnknownOutcomeError("admin.deploy_failed", said, "The change is stored; read it back and let the platform retry.", status=status)
    for words, code, step in _ADMIN_TEXTS:
        if words in lowered:
            return PermanentError(code, said, step, status=status)
    if status >= 500:
        return lost("admin.unavailable", said, writing=writing, status=status, retry_after=answer.retry_after)
    return PermanentError("admin.refused", said, "See the vendor's text.", status=status)
