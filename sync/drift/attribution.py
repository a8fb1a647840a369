"""Which account the vendor's log shows for a difference. Pure; an account shown in a log, never a conclusion about a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectors.audit_log import AuditEvent, AuditRead, LogSource
from sync.drift.values import Attribution, AttributionState, Drift, OwnWrite

SKEW: Final = timedelta(minutes=5)
"""How far the vendor's clock and ours may be apart before an event falls out of its window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Our last write of an object under the account of a signed-in person, by our clock: the log shows it as theirs."""

    account: str
    sent: datetime
    answered: datetime

    def may_be(self, event: AuditEvent) -> bool:
        """Whether ``event`` may be this very write: the same account, at the same time."""
        return event.actor.lower() == self.account.lower() and self.sent - SKEW <= event.at <= self.answered + SKEW


def attribute(  # the question's four, and what there is of our own in the log
    drift: Drift, audit: AuditRead, latency_seconds: int, now: datetime, own: OwnWrite | None = None, *, deed: Deed | None = None
) -> Attribution:
    """The newest event in the drift's window that is about its object and not ours.

    Nothing found is ``pending`` until the vendor's latency has passed since the drift was first seen (``drift.since.latest``), then ``not_found``:
    but where the log can be read blind, only if it shows ``own``, our newest write that has to be in it by now; else ``unavailable``.
    An event that may be our own ``deed`` under a person's account is nobody's word: better no account than a wrong one.
    """
    if not audit.available:
        return Attribution(state=AttributionState.UNAVAILABLE, reason=audit.reason)
    earliest, latest = drift.since.earliest, drift.since.latest
    others = (event for event in audit.events if not event.ours and not (deed is not None and deed.may_be(event)))
    events = [
        event
        for event in others
        if _about(event, drift) and event.at <= latest + SKEW and (earliest is None or event.at >= earliest - SKEW)
    ]
    if events:
        newest = max(events, key=lambda event: (event.at, event.id))
        return Attribution(state=AttributionState.FOUND, actor=newest.actor, at=newest.at, event=newest.id)
    latency = timedelta(seconds=latency_seconds)
    if now - latest <= latency:
        return Attribution(state=AttributionState.PENDING, reason=audit.reason)
    blind = _blind(drift, audit, latency, own)
    if blind is None:
        return Attribution(state=AttributionState.NOT_FOUND)
    return Attribution(state=AttributionState.UNAVAILABLE, reason="; ".join(part for part in (blind, audit.reason) if part))


def _blind(drift: Drift, audit: AuditRead, latency: timedelta, own: OwnWrite | None) -> str | None:
    """Why the log's silence about the drift means nothing; None where it means that nobody stands there."""
    if not audit.sources:
        return None
    reaching = [source for source in audit.sources if _reaches(source, drift, latency)]
    if not reaching:
        return "audit.out_of_reach: no part of the log that answered covers the whole time in which it can have happened"
    if own is None:
        return "audit.no_own_write: nothing of ours has to be in the log yet, so its silence cannot be told from blindness"
    shown = {event.id for event in audit.events if _is(event, own)}
    if not any(source.events & shown for source in reaching):
        return f"audit.own_write_unseen: the log does not even show our own write to {own.name} of {own.at:%Y-%m-%d %H:%M} UTC"
    return None


def _reaches(source: LogSource, drift: Drift, latency: timedelta) -> bool:
    """Whether the source would show an event of the drift: of its kind, from before it began, and asked for late enough."""
    begin = drift.since.earliest or drift.since.latest
    told = source.kinds is None or drift.kind in source.kinds
    return told and (source.since is None or source.since <= begin - SKEW) and source.until >= drift.since.latest + latency


def _is(event: AuditEvent, own: OwnWrite) -> bool:
    """Whether the event is that write or a later one of ours to the same object; one under a person's account is told by its time too."""
    same = event.vendor_id.lower() == own.vendor_id.lower() if event.vendor_id is not None else event.name == own.name
    theirs = own.account is not None and event.actor.lower() == own.account.lower() and event.at <= own.at + SKEW
    return same and (event.ours or theirs) and event.at >= own.at - SKEW


def _about(event: AuditEvent, drift: Drift) -> bool:
    """Whether the event names the drift's object: by id where the log gives one, else by name."""
    if event.kind is not None and event.kind is not drift.kind:
        return False
    if event.vendor_id is not None and drift.vendor_id is not None:
        return event.vendor_id == drift.vendor_id
    return event.name is not None and drift.name is not None and event.name == drift.name
