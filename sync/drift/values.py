"""Differences from what was last read back, as values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Fields
from sync.plan import canonical

MEMBERS = "members"
"""The name under which a difference in members stands among the fields of a drift."""
HELD = "held"
"""The name under which what a matter held before it was closed stands among the fields of a drift."""
FORCE = "force"
"""The name under which "the platform no longer enforces it" stands among the fields of a drift."""


class DriftClass(StrEnum):
    """What sort of difference was found; the contract's names."""

    CHANGED = "changed"
    MISSING = "missing"
    UNMANAGED = "unmanaged"
    ORPHANED = "orphaned"
    DUPLICATE = "duplicate"
    BLIND_SPOT = "blind_spot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Between which two looks the difference came: last seen as it was (None: never looked before), first seen as it is."""

    earliest: datetime | None
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Somebody else's object as it was first seen, or as it was last accepted. ``seen_at``: when a look last showed it so."""

    kind: Kind
    vendor_id: str
    name: str
    fields: Fields
    members: frozenset[str]
    seen_at: datetime
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWrite:
    """A change that we sent and the platform accepted, long enough ago that the vendor's log has to show it."""

    vendor_id: str
    name: str
    at: datetime
    account: str | None = None
    """The signed-in person under whose account it went out, as whose the log shows it; None as ourselves."""


class AttributionState(StrEnum):
    """Whether the vendor's log has answered."""

    PENDING = "pending"
    FOUND = "found"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What the log shows: the account's address, when, and the event's id."""

    state: AttributionState = AttributionState.PENDING
    actor: str | None = None
    at: datetime | None = None
    event: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference. ``applied`` and ``live`` carry the differing fields; ``direction`` is what going from one to the other did to records."""

    id: str
    tenant: str
    kind: Kind
    key: str | None
    vendor_id: str | None
    name: str | None
    drift: DriftClass
    fields: tuple[str, ...]
    applied: Fields | None
    live: Fields | None
    direction: Direction
    since: Since
    attribution: Attribution = field(default_factory=Attribution)
    occurrence: int = 1
    """Which time this difference came: the same one may be undone and come again."""


def vendor_key(kind: Kind, vendor_id: str) -> str:
    """Under which an object of somebody else is watched."""
    return f"{kind.value}:{vendor_id}"


def next_step(drift: Drift) -> str | None:
    """What a person does about a difference that no run can repair; None for one of ours."""
    if drift.drift is not DriftClass.UNMANAGED:
        return None
    if drift.kind is Kind.GOOGLE_VAULT_RULE:
        return f"Look at the rules in the Vault console and state them anew: recordwarden attest vault-rules/{drift.tenant} --rules FILE --until DATE"
    return f"Have it undone, or let an officer answer for it: recordwarden attest drift/{drift.id} --until DATE"


def drift_of(  # noqa: PLR0913  # the faces of one finding; each has a name at the call
    tenant: str,
    drift: DriftClass,
    kind: Kind,
    *,
    direction: Direction,
    since: Since,
    key: str | None = None,
    vendor_id: str | None = None,
    name: str | None = None,
    applied: Fields | None = None,
    live: Fields | None = None,
) -> Drift:
    """A drift with its id: 24 hex digits over tenant, kind, key or vendor id, class and the names of the differing fields.

    What the fields say is not in it, nor when it was seen, so that one difference keeps its id until it is repaired.
    """
    fields = tuple(sorted({*(applied or {}), *(live or {})})) if drift in {DriftClass.CHANGED, DriftClass.UNMANAGED} else ()
    identity = {"tenant": tenant, "kind": kind.value, "object": key or vendor_id, "class": drift.value, "fields": list(fields)}
    return Drift(
        id=hashlib.sha256(canonical(identity)).hexdigest()[:24],
        tenant=tenant,
        kind=kind,
        key=key,
        vendor_id=vendor_id,
        name=name,
        drift=drift,
        fields=fields,
        applied=applied,
        live=live,
        direction=direction,
        since=since,
    )
