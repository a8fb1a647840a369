"""Blind spots: matters that the vendor's log tells of and our list does not show. Pure.

Vault answers 404 for what is gone and for what our account may not see alike (G§1.7), so only the log can tell that there is something out of sight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from connectors.audit_log import AuditEvent
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import ReadState, Snapshot
from sync.drift.values import Attribution, AttributionState, Drift, DriftClass, Since, drift_of
from sync.watch.vault_names import begins, looks, stem

_CONTAINERS: Final = (Kind.GOOGLE_MATTER,)
_LIFE: Final = re.compile(r"investigation|_matters?(?:_|$)")
"""What the names of operations on matters themselves have in common; those inside one go by other names (G§2.2)."""
_GONE: Final = frozenset({"delete_investigation", "delete_matter", "obsolete_api_matters_delete"})
"""Operations after which a matter may rightly be out of every list (G§2.2: trash for about 30 days, then gone)."""


def blind_spots(snapshot: Snapshot, events: Iterable[AuditEvent]) -> tuple[Drift, ...]:
    """Objects that the log tells of and ``snapshot`` does not show, none where the list itself failed; what was deleted since is no blind spot.

    Each is attributed to the account of the last event. What hides there cannot be computed, so it counts as weakening.

    An event younger than the look is left for the next one: the object may have been made in between.
    """
    found: list[Drift] = []
    told_of = tuple(events)
    for kind in _CONTAINERS:
        read = snapshot.reads.get(kind)
        if read is None or read.state is ReadState.FAILED:
            continue
        shown = {live.vendor_id for live in snapshot.of(kind)}
        told: dict[str, list[AuditEvent]] = {}
        for event in told_of:
            if event.kind is kind and event.vendor_id and event.vendor_id not in shown and event.at <= snapshot.at:
                told.setdefault(event.vendor_id, []).append(event)
        found += [_spot(snapshot.tenant, kind, vendor_id, seen) for vendor_id, seen in sorted(told.items()) if not _deleted(seen)]
    return tuple(found)


def _deleted(events: Iterable[AuditEvent]) -> bool:
    """Whether the last that was done to it is its deletion; what somebody looked at or did inside it says nothing of that.

    A deletion that was only begun need not have come to its end, while a restoring that was begun may have.
    """
    done = [event for event in events if _LIFE.search(stem(event.operation)) and not looks(event.operation) and not _merely_begun(event)]
    return bool(done) and stem(max(done, key=lambda event: (event.at, event.id)).operation) in _GONE


def _merely_begun(event: AuditEvent) -> bool:
    return begins(event.operation) and stem(event.operation) in _GONE


def _spot(tenant: str, kind: Kind, vendor_id: str, seen: Iterable[AuditEvent]) -> Drift:
    events = sorted(seen, key=lambda event: (event.at, event.id))
    last = events[-1]
    spot = drift_of(
        tenant,
        DriftClass.BLIND_SPOT,
        kind,
        direction=Direction.WEAKENS,
        since=Since(earliest=events[0].at, latest=last.at),
        vendor_id=vendor_id,
        name=next((event.name for event in reversed(events) if event.name), None),
    )
    return replace(spot, attribution=Attribution(state=AttributionState.FOUND, actor=last.actor, at=last.at, event=last.id))
