"""Records of Microsoft's unified log as events: which object, whose account, and whether it was done through our own client.

Graph's searches and the activity feed show the same records, so both are read here (docs/wire: graph-directory-audit §8, activity §1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.audit_log import AuditEvent
from connectors.microsoft365 import wire
from policies.kinds import Kind
from policies.resources import Live

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


def event_from(row: wire.JsonObject, known: Known, our_names: frozenset[str]) -> AuditEvent | None:
    """One record as an event, in Graph's envelope or bare as the feed shows it; None when it lacks id, time or operation."""
    data = wire.child(row, "auditData") or row
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
        # A signed-in person's act is ours only where the record says that it came through our application: they act in the portal too.
        ours=bool((names | _applications(data)) & our_names),
        raw=wire.compact(row),
    )


def _applications(data: wire.JsonObject) -> set[str]:
    """The applications that a record names as the way it came, lower case; most records of a person's acts name none."""
    named = (wire.filled(data, "AppId"), wire.filled(data, "ClientAppId"), wire.filled(wire.child(data, "AppAccessContext"), "ClientAppId"))
    return {one.lower() for one in named if one}


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
