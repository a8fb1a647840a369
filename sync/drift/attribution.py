"""Which account the vendor's log shows for a difference. Pure; an account shown in a log, never a conclusion about a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from connectors.base import AuditEvent, AuditRead
from sync.drift.values import Attribution, AttributionState, Drift

SKEW: Final = timedelta(minutes=5)
"""How far the vendor's clock and ours may be apart before an event falls out of its window."""


def attribute(drift: Drift, audit: AuditRead, latency_seconds: int, now: datetime) -> Attribution:
    """The newest event in the drift's window that is about its object and not ours.

    Nothing found is ``pending`` until the vendor's latency has passed since the drift was first seen (``drift.since.latest``), then ``not_found``.
    """
    if not audit.available:
        return Attribution(state=AttributionState.UNAVAILABLE, reason=audit.reason)
    earliest, latest = drift.since.earliest, drift.since.latest
    events = [
        event
        for event in audit.events
        if not event.ours and _about(event, drift) and event.at <= latest + SKEW and (earliest is None or event.at >= earliest - SKEW)
    ]
    if events:
        newest = max(events, key=lambda event: (event.at, event.id))
        return Attribution(state=AttributionState.FOUND, actor=newest.actor, at=newest.at, event=newest.id)
    waited = now - latest > timedelta(seconds=latency_seconds)
    return Attribution(state=AttributionState.NOT_FOUND if waited else AttributionState.PENDING)


def _about(event: AuditEvent, drift: Drift) -> bool:
    """Whether the event names the drift's object: by id where the log gives one, else by name."""
    if event.kind is not None and event.kind is not drift.kind:
        return False
    if event.vendor_id is not None and drift.vendor_id is not None:
        return event.vendor_id == drift.vendor_id
    return event.name is not None and drift.name is not None and event.name == drift.name
