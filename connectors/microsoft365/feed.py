"""Who changed what, from the activity feed: windows of a day, newest first, and how far back the feed's silence means anything.

Windows select blobs by when they were made, and no act stands in a blob made before it (docs/wire/activity.md §2). So everything done since a
moment is in the blobs made since, as far as the feed was switched on by then; that it was, an older blob shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.audit_log import AuditEvent, LogSource
from connectors.errors import ConnectorError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.activity import MAILBOXES, Blob, Content
from connectors.microsoft365.errors import SUBSCRIBE
from connectors.microsoft365.records import Known, event_from
from policies.kinds import Kind, Platform

_REACH = timedelta(days=7) - timedelta(minutes=10)
"""How far back the feed answers, less what clocks may differ by."""
_DAY = timedelta(hours=24)
_LATE = timedelta(hours=26)
"""An act's record comes within 24 hours, seldom later."""
_MOST = 2000
"""Blobs read for one question: as many requests as a tenant has in a minute. Beyond it the feed says that it was read in part."""
_RECORD_TYPES = frozenset({1, 18, 24})
"""Exchange's and compliance's cmdlets, eDiscovery: what the searches are filtered by. People's own doings are in the same blobs and left there."""

_KINDS = {
    Content.GENERAL: frozenset(kind for kind in Kind if kind.platform is Platform.MICROSOFT365 and kind not in MAILBOXES),
    Content.EXCHANGE: MAILBOXES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one way of reading the log gave: events, how far it can be counted on (None: not at all), and what is missing from it."""

    events: tuple[AuditEvent, ...] = ()
    source: LogSource | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """The blobs from ``since`` on; ``reason`` says why not from further back."""

    blobs: tuple[Blob, ...]
    since: datetime
    reason: str | None = None


def read_feed(access: Access, known: Known, since: datetime, until: datetime, kinds: AbstractSet[Kind] | None) -> tuple[Heard, ...]:
    """What each content type that tells of ``kinds`` (None: all) shows of the window. Raises ``Stopped``."""
    wanted = [content for content in Content if kinds is None or _KINDS[content] & kinds]
    return tuple(_read(access, known, content, since, until) for content in wanted)


def _read(access: Access, known: Known, content: Content, since: datetime, until: datetime) -> Heard:
    now = access.context.clock.now().replace(microsecond=0)
    last = min(now, until + _LATE)
    begin = max(since, now - _REACH)
    if begin >= last:
        return Heard(reason=f"audit.out_of_reach: {content.value} goes back 7 days")
    listed = _list(access, content, begin, last)
    if not listed.blobs:
        return Heard(reason=listed.reason or f"audit.feed_silent: {content.value} shows nothing; once switched on that may take 12 hours")
    events, whole, reason = _fetch(access, known, [blob for blob in listed.blobs if blob.made >= begin], listed.since)
    reason = reason or listed.reason
    found = tuple(event for event in events if since <= event.at <= until)
    if whole >= last:
        return Heard(events=found, reason=reason)
    source = LogSource(
        name=f"activity/{content.value}",
        until=now,
        since=None if whole <= since else whole,
        kinds=_KINDS[content],
        events=frozenset(event.id for event in found),
    )
    return Heard(events=found, source=source, reason=reason)


def _list(access: Access, content: Content, begin: datetime, last: datetime) -> _Listed:
    """Blobs by windows of a day, from ``last`` back to ``begin``, and further until one shows that the feed was alive by then."""
    found: dict[str, Blob] = {}
    end, reason = last, None
    floor = access.context.clock.now().replace(microsecond=0) - _REACH
    while end > floor and (end > begin or not any(blob.made <= begin for blob in found.values())):
        start = max(end - _DAY, floor)
        try:
            found |= {blob.id: blob for blob in access.activity.blobs(content, start, end)}
        except ConnectorError as error:
            reason = _said(content, error)
            break
        end = start
    alive = min((blob.made for blob in found.values()), default=last)
    return _Listed(blobs=tuple(found.values()), since=max(begin, alive, end if reason is not None else begin), reason=reason)


def _fetch(access: Access, known: Known, blobs: Sequence[Blob], since: datetime) -> tuple[list[AuditEvent], datetime, str | None]:
    """The events in ``blobs``, from when on they are all, and why not from ``since``. A blob that is lost may hold any act before it was made."""
    newest = sorted(blobs, key=lambda blob: blob.made, reverse=True)
    taken, reason = newest[:_MOST], None
    if len(newest) > _MOST:
        since, reason = max(since, newest[_MOST].made), f"audit.partial: more than {_MOST} blobs; the older ones were not read"
    events: dict[str, AuditEvent] = {}
    for blob, rows in zip(taken, access.activity.records(taken), strict=True):
        if isinstance(rows, ConnectorError):
            since, reason = max(since, blob.made), f"{rows.code}: {rows.message}"
            continue
        for row in rows:
            event = event_from(row, known, access.own_names) if _concerns(row) else None
            if event is not None:
                events[event.id] = event
    return list(events.values()), since, reason


def _concerns(row: wire.JsonObject) -> bool:
    sort = wire.number(row, "RecordType")
    return sort is None or sort in _RECORD_TYPES


def _said(content: Content, error: ConnectorError) -> str:
    if error.code == "audit.not_subscribed":
        return f"{error.code}: {content.value} is not switched on for this application. {SUBSCRIBE}"
    return f"{error.code}: {content.value}: {error.message}"
