"""Which of our own writes the vendor's log has to show by now: who does not see those there sees nobody else's either."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.base import Lane
from policies.kinds import TRAITS, Kind
from sync.bindings import Binding
from sync.desk import Desk
from sync.drift import OwnWrite
from sync.plan import Operation
from sync.store.changes import Changes
from sync.store.proofs import Proofs

_SHOWN = frozenset({Operation.CREATE, Operation.SET, Operation.ADD})
"""What certainly leaves an entry; asking the platform to distribute again may not."""

NAMELESS = frozenset({Kind.M365_LABEL_RULE})
"""What the platform names by itself: the log may show the policy that it is in, and not the rule."""


def lane_of(kind: Kind) -> Lane:
    """Holds and cases stand in the log as eDiscovery's acts, everything else as cmdlets: an identity may see the one and not the other."""
    return Lane.HOLD if TRAITS[kind].hold_lane else Lane.SYNC


def own_writes(desk: Desk, tenant: str, bindings: Mapping[str, Binding], window: tuple[datetime, datetime]) -> Mapping[Lane, OwnWrite]:
    """By lane, the newest of our writes that was accepted in ``window``; a proof's where no run wrote anything in it."""
    found = ((lane, _sent(desk, tenant, bindings, lane, window) or _proven(desk, tenant, lane, window)) for lane in Lane)
    return {lane: write for lane, write in found if write is not None}


def _sent(desk: Desk, tenant: str, bindings: Mapping[str, Binding], lane: Lane, window: tuple[datetime, datetime]) -> OwnWrite | None:
    for key, operation, at, intent in Changes(desk.store).accepted(tenant, lane.value, window):
        binding = bindings.get(key)
        if binding is not None and operation in _SHOWN and binding.kind not in NAMELESS:
            return OwnWrite(vendor_id=binding.vendor_id, name=binding.name, at=at, account=desk.journal.vendor_actor(intent))
    return None


def _proven(desk: Desk, tenant: str, lane: Lane, window: tuple[datetime, datetime]) -> OwnWrite | None:
    since, until = window
    made = [(at, seq) for kind, at, seq in Proofs(desk.store).made(tenant) if lane_of(kind) is lane and kind not in NAMELESS]
    proofs = [(at, seq) for at, seq in made if since <= at <= until]
    if not proofs:
        return None
    at, seq = max(proofs)
    entry = next(desk.journal.entries(seq - 1), None)
    vendor_id = entry.body.get("vendor_id") if entry is not None else None
    return OwnWrite(vendor_id=vendor_id, name="", at=at, account=desk.journal.vendor_actor(seq)) if isinstance(vendor_id, str) else None
