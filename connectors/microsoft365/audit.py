"""Who changed what: audit log queries over Graph, v1.0 then beta (M§6). Changes to labels, policies and holds stand here, hours late."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import AuditEvent, AuditRead
from connectors.errors import ConnectorError, TenantUnreachableError, TransientError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.clouds import cloud_of
from connectors.microsoft365.graph import Call, segment
from policies.kinds import Kind
from policies.resources import Live

_PATH = "/security/auditLog/queries"
_RECORD_TYPES = ("securityComplianceCenterEOPCmdlet", "discovery", "exchangeAdmin")
_FRESH = timedelta(minutes=15)
"""An answer that ends this shortly before now is taken as it is; what came later is asked for by a later run."""
_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_POLLS = 24
_BETWEEN = 5.0
"""Two minutes in all: the log is asked again at every run, so no run waits for it longer."""

_NOUNS: tuple[tuple[str, Kind], ...] = (
    ("compliancetag", Kind.M365_LABEL),
    ("appretentioncompliancepolicy", Kind.M365_RETENTION_POLICY),
    ("retentioncompliancepolicy", Kind.M365_RETENTION_POLICY),
    ("appretentioncompliancerule", Kind.M365_RETENTION_RULE),
    ("retentioncompliancerule", Kind.M365_RETENTION_RULE),
    ("complianceretentioneventtype", Kind.M365_EVENT_TYPE),
    ("adaptivescope", Kind.M365_ADAPTIVE_SCOPE),
    ("caseholdpolicy", Kind.M365_HOLD),
    ("caseholdrule", Kind.M365_HOLD),
    ("compliancecase", Kind.M365_CASE),
    ("mailbox", Kind.M365_MAILBOX),
)
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TWINS = {Kind.M365_RETENTION_POLICY: Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_RULE: Kind.M365_LABEL_RULE}
"""One cmdlet serves both; only knowledge of the object tells which it was about."""


class Known:
    """Objects seen by this reader, by id and name, so that an event can be tied to the kind it was about, even when it is gone now."""

    def __init__(self) -> None:
        self._by_id: dict[str, Live] = {}
        self._by_name: dict[str, Live] = {}

    def remember(self, lives: tuple[Live, ...]) -> None:
        """Keep what a snapshot showed."""
        for live in lives:
            self._by_id[live.vendor_id.lower()] = live
            self._by_name[f"{live.kind.value}:{live.name.lower()}"] = live

    def by_id(self, vendor_id: str) -> Live | None:
        """The object of that id."""
        return self._by_id.get(vendor_id.lower())

    def named(self, kind: Kind, name: str) -> Live | None:
        """The object of that kind and name."""
        return self._by_name.get(f"{kind.value}:{name.lower()}")


def read_audit(access: Access, known: Known, since: datetime, until: datetime) -> AuditRead:
    """The log's records of the window that are about what we keep. Raises ``TenantUnreachableError`` and ``Stopped``."""
    if not cloud_of(access.tenant).audit_queries:
        return AuditRead(available=False, reason=f"audit.no_queries: the cloud {access.tenant.cloud} has no audit queries")
    try:
        asked = _asked(access, since, until)
        listing = access.graph.rows(
            Call(method="GET", path=f"{_PATH}/{segment(asked.id)}/records", query=(("$top", "150"),), family="audit", slow=True)
        )
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return AuditRead(available=False, reason=f"{error.code}: {error.message}")
    found = {event.id: event for row in listing.rows if (event := event_from(row, known, access.tokens.names)) is not None}
    events = tuple(sorted(found.values(), key=lambda event: (event.at, event.id)))
    if listing.partial is not None:
        return AuditRead(available=False, events=events, reason=f"audit.partial: {listing.partial}")
    return AuditRead(available=True, events=events, through=asked.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question that stands in the log's queue: answers take minutes to hours, so an earlier run's question is read by a later one."""

    id: str
    since: datetime
    until: datetime
    status: str


def _asked(access: Access, since: datetime, until: datetime) -> _Asked:
    """The newest answered question of ours that covers the window well enough; asks anew when there is none and none is under way.

    Raises TransientError ``audit.not_ready`` while nothing has been answered yet.
    """
    ours = [one for one in _questions(access) if one.since <= since]
    answered = max((one for one in ours if one.status == "succeeded"), key=lambda one: one.until, default=None)
    if answered is not None and until - answered.until <= _FRESH:
        return answered
    waiting = max((one for one in ours if one.status not in _ENDED), key=lambda one: one.until, default=None)
    pending = waiting or _Asked(id=_create(access, since, until), since=since, until=until, status="notstarted")
    try:
        _await(access, pending.id)
    except TransientError:
        if answered is None:
            raise
        return answered
    return pending


def _questions(access: Access) -> tuple[_Asked, ...]:
    rows = access.graph.rows(Call(method="GET", path=_PATH, family="audit")).rows
    found = []
    for row in rows:
        begin, end = wire.moment(row, "filterStartDateTime"), wire.moment(row, "filterEndDateTime")
        query_id, name = wire.filled(row, "id"), wire.filled(row, "displayName") or ""
        if begin and end and query_id and name.startswith(f"rw-{access.context.district}-"):
            found.append(_Asked(id=query_id, since=begin, until=end, status=(wire.text(row, "status") or "").lower()))
    return tuple(found)


def _create(access: Access, since: datetime, until: datetime) -> str:
    body = {
        "@odata.type": "#microsoft.graph.security.auditLogQuery",
        "displayName": f"rw-{access.context.district}-{until:%Y-%m-%dT%H:%M}",
        "filterStartDateTime": _stamp(since),
        "filterEndDateTime": _stamp(until),
        "recordTypeFilters": list(_RECORD_TYPES),
    }
    reply = access.graph.call(Call(method="POST", path=_PATH, body=body, family="audit"))
    query_id = wire.filled(reply.value, "id")
    if query_id is None:
        raise TransientError("wire.unexpected", "The audit query was accepted without an id.", "Try again later.")
    return query_id


def _await(access: Access, query_id: str) -> None:
    """Return when the query has succeeded. Raises TransientError when it has not within two minutes, or when it failed."""
    for _poll in range(_POLLS):
        reply = access.graph.call(Call(method="GET", path=f"{_PATH}/{segment(query_id)}", family="audit"))
        status = (wire.text(reply.value, "status") or "").lower()
        if status == "succeeded":
            return
        if status in ("failed", "cancelled"):
            raise TransientError("audit.query_failed", f"The audit query ended as {status}.", "The next run asks again.")
        access.context.clock.sleep(_BETWEEN)
    raise TransientError("audit.not_ready", "The audit query is still running; Microsoft takes minutes to hours.", "The next run asks again.")


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def event_from(row: wire.JsonObject, known: Known, our_names: frozenset[str]) -> AuditEvent | None:
    """One record as an event; None when it lacks id, time or operation."""
    data = wire.child(row, "auditData")
    record_id = wire.filled(row, "id") or wire.filled(data, "Id")
    at = wire.moment(data, "CreationTime") or wire.moment(row, "createdDateTime")
    operation = wire.filled(row, "operation") or wire.filled(data, "Operation")
    if record_id is None or at is None or operation is None:
        return None
    actor = wire.filled(row, "userPrincipalName") or wire.filled(row, "userId") or wire.filled(data, "UserId") or "unknown"
    names = {value.lower() for value in (actor, wire.filled(row, "userId"), wire.filled(data, "UserId"), wire.filled(data, "UserKey")) if value}
    kind, vendor_id, name = _about(operation, row, data, known)
    return AuditEvent(
        id=record_id,
        at=at,
        actor=actor,
        operation=operation,
        kind=kind,
        vendor_id=vendor_id,
        name=name,
        ours=bool(names & our_names),
        raw=wire.compact(row),
    )


def _about(operation: str, row: wire.JsonObject, data: wire.JsonObject, known: Known) -> tuple[Kind | None, str | None, str | None]:
    """Kind, id and name of what the event was about, as far as the record and our memory of the tenant tell."""
    lowered = operation.lower()
    noun = lowered.partition("-")[2]
    kind = next((kind for word, kind in _NOUNS if noun == word), None)
    if kind is None:
        kind = Kind.M365_HOLD if lowered.startswith("hold") else Kind.M365_CASE if lowered.startswith("case") else None
    if kind is None:
        return None, None, None
    given = wire.filled(row, "objectId") or wire.filled(data, "ObjectId") or _parameter(data, "Identity") or _parameter(data, "Name")
    vendor_id = _object_id(kind, data, given)
    name = given if given and not _GUID.fullmatch(given) else None
    seen = (known.by_id(vendor_id) if vendor_id else None) or (_by_name(known, kind, name) if name else None)
    if seen is not None:
        return seen.kind, seen.vendor_id, seen.name
    if kind in _TWINS and _parameter(data, "PublishComplianceTag"):
        kind = _TWINS[kind]
    return kind, vendor_id, name


def _object_id(kind: Kind, data: wire.JsonObject, given: str | None) -> str | None:
    extended = {wire.text(item, "Name"): wire.text(item, "Value") for item in wire.rows(data, "ExtendedProperties")}
    special = {Kind.M365_HOLD: extended.get("HoldId"), Kind.M365_CASE: wire.filled(data, "CaseId")}.get(kind)
    for candidate in (special, given, _parameter(data, "Identity")):
        if candidate and _GUID.fullmatch(candidate):
            return candidate.lower()
    return None


def _by_name(known: Known, kind: Kind, name: str) -> Live | None:
    return known.named(kind, name) or (known.named(_TWINS[kind], name) if kind in _TWINS else None)


def _parameter(data: Mapping[str, object], name: str) -> str | None:
    """A cmdlet's parameter, from the one string or the array that records carry (docs/wire, audit)."""
    for item in wire.rows(data, "Parameters"):
        if (wire.text(item, "Name") or "").lower() == name.lower():
            return wire.filled(item, "Value")
    found = re.search(rf'-{name}:?\s+"(?P<value>[^"]*)"', wire.text(data, "Parameters") or "", re.IGNORECASE)
    return found["value"] or None if found else None
