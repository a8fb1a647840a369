"""Reading a tenant's log on, look after look, so that nothing between two of them is missed.

Events arrive late and out of order (G§2.2, G§5), so each window begins well before the end of the last one, and once a day a long one is read again;
each event is kept once, under the vendor's own id. The cursor moves in the transaction that keeps what was read, so a crash loses neither.

What lies before the first of them is read once, when nobody waits for a hold: slice by slice, each kept with its cursor, for traces of matters and
requests to delete early alone. A hidden matter may be older than we are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from connectors.audit_log import AuditEvent, AuditRead
from connectors.base import Reader
from connectors.errors import ConnectorError
from policies.kinds import Kind
from policies.resources import Live
from sync.desk import Desk
from sync.store.evidence import Evidence
from sync.store.watch_rows import Cursor, LoggedEvent, WatchRows
from sync.watch.people import PERSON, is_risky, target_of
from sync.watch.statement import BEFORE
from sync.watch.vault_names import Sort, begins, looks, sort_of

OVERLAP: Final = timedelta(hours=20)
"""How far a window reaches back behind what the vendor says was complete."""
DEEP: Final = timedelta(days=7)
"""How far back the long window reaches that is read once a day."""
EACH_DAY: Final = timedelta(days=1)
AT_ONCE: Final = timedelta(seconds=60)
"""Two looks within this time read the log once."""
PAIR: Final = timedelta(hours=1)
"""How long the end of a deed that was begun may be on its way; after that a beginning counts by itself, for it may have come to something."""
SERVED: Final = timedelta(days=180)
"""What the vendor surely serves; whether it serves or refuses what is older is tried (G§2.2, G§12g)."""
_TRIED: Final = timedelta(days=180)
OLDEST: Final = datetime(2012, 1, 1, tzinfo=UTC)
"""Nothing in Vault's log is older: Google opened Vault in 2012, and its log is kept for ever (G§2.2)."""
_SLICE: Final = timedelta(days=366)
"""How much of the past is asked for at once; a slice that could not be read to its end is begun again."""
_VAULTS: Final = frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD, Kind.GOOGLE_VAULT_RULE})
"""Kinds of which Vault's own log tells: of the past no other is asked."""
MATTER: Final = "matter"
"""The sort of an event in somebody's matter: only the log can tell that there is one out of our sight."""
NAMELESS: Final = frozenset({PERSON, MATTER, Sort.EARLY.value})
"""Sorts of events that are about people or matters: of them no name and no raw answer is kept."""
_TRACES: Final = frozenset({MATTER, Sort.EARLY.value})
"""What of the past still matters: work in matters, and requests to destroy data early."""
VAULT: Final = "vault/"
"""How the ids of Vault's events begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one look found in the log. ``events`` are all of the window, known ones too; ``reason`` says why there are none."""

    cursor: Cursor
    events: tuple[AuditEvent, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """From when a tenant's log can be read; ``reason`` says why nobody knows."""

    at: datetime | None = None
    reason: str | None = None


class Poller:
    """Reads the logs of one desk's tenants on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rows = WatchRows(desk.store)

    def poll(self, tenant: str, reader: Reader, ids: Mapping[str, str], since: datetime | None) -> Poll | None:
        """Read the log on and keep what concerns us; None where it was read a moment ago.

        ``ids`` gives the vendor's id by address of accounts and groups on hold; ``since`` is when the statement was made that has to be compared.
        Raises ``Stopped``.
        """
        now = self._desk.clock.now()
        known = self._rows.cursor(tenant)
        fresh = known is not None and known.polled_at is not None and abs(now - known.polled_at) < AT_ONCE
        if known is not None and fresh and (since is None or (known.polled_at is not None and since <= known.polled_at)):
            return None
        cursor = known or Cursor(began=min(since - BEFORE, now - EACH_DAY) if since is not None else now - EACH_DAY)
        deep = cursor.deep_at is None or now - cursor.deep_at >= EACH_DAY
        begin = _begin(cursor, now, deep=deep)
        answer = _asked(reader, begin, now)
        if answer.refused and begin < (served := _served(now)):
            refused, answer = answer.reason, _asked(reader, served, now)
            cursor = replace(cursor, readable_from=served, past_refused=refused) if answer.available else cursor
        if not answer.available:
            return self._failed(tenant, cursor, answer.reason or "not said", now)
        moved = replace(
            cursor,
            through=max(answer.through or begin, cursor.through or begin),
            polled_at=now,
            deep_at=now if deep else cursor.deep_at,
            failing_since=None,
            reason=None,
        )
        self._keep(tenant, moved, answer.events, ids, now)
        return Poll(cursor=moved, events=answer.events)

    def past(self, tenant: str, reader: Reader) -> None:
        """Read on in everything before the first window: of what else happened before we came nothing is told.

        Only after a look that could read the log now; what the vendor refuses then it refuses for its age, and what it surely serves is read instead.
        Anything else that goes wrong ends it until the next look. Raises ``Stopped``.
        """
        now = self._desk.clock.now()
        cursor = self._rows.cursor(tenant)
        if cursor is None or cursor.through is None or cursor.failing_since is not None:
            return
        while (begin := cursor.past_through or OLDEST) < cursor.began:
            end = min(begin + _SLICE, cursor.began, *([_served(now)] if begin < _served(now) else []))
            answer = _asked(reader, begin, end, _VAULTS)
            cursor = _read_on(cursor, answer, end, now)
            self._keep(tenant, cursor, answer.events, None, now)
            if cursor.past_reason is not None:
                return

    def reach(self, tenant: str, reader: Reader) -> Reach:
        """From when the log can be read at all: asked once, then remembered. The cursor stays where it is. Raises ``Stopped``."""
        known = self._rows.cursor(tenant)
        if known is not None and known.readable_from is not None:
            return Reach(at=known.readable_from)
        at, reason = _readable(self._desk.clock.now(), reader)
        if at is not None:
            self._rows.reaches(tenant, at)
        return Reach(at=at, reason=reason)

    def _failed(self, tenant: str, cursor: Cursor, reason: str, now: datetime) -> Poll:
        """The log could not be read: the cursor stays where it is, so the next window begins where this one did."""
        kept = replace(cursor, failing_since=cursor.failing_since or now, reason=reason)
        with self._desk.store.write() as session:
            self._rows.move(session, tenant, kept)
        return Poll(cursor=kept, reason=reason)

    def _keep(self, tenant: str, cursor: Cursor, events: Iterable[AuditEvent], ids: Mapping[str, str] | None, now: datetime) -> None:
        """Keep what concerns us, and the cursor with it. Without ``ids`` it is the past: of that traces alone, and its own part of the cursor."""
        found = [(event, sort) for event in events if (sort := _concerns(event, ids or {}, now)) is not None]
        mine = self._sparing(tenant, found if ids is not None else [one for one in found if one[1] in _TRACES])
        with self._desk.store.write() as session:
            kept = self._rows.known(session, tenant, (event.id for event, _ in mine))
            for event, sort in mine:
                if event.id in kept:
                    continue
                sha = None
                if sort not in NAMELESS:
                    live = Live(kind=Kind.GOOGLE_VAULT_RULE, vendor_id=event.id, name=event.operation, fields={}, changed_at=event.at, raw=event.raw)
                    sha = Evidence(self._desk.store).keep(session, tenant, live, now)
                self._rows.keep(session, tenant, _logged(event, sort, ids or {}, sha), now)
            (self._rows.past if ids is None else self._rows.move)(session, tenant, cursor)

    def _sparing(self, tenant: str, found: list[tuple[AuditEvent, str]]) -> list[tuple[AuditEvent, str]]:
        """``found`` with one trace a day of work inside each matter: a review leaves thousands, and they say no more than that it is there."""
        first = min((event.at for event, sort in found if sort == MATTER), default=None)
        if first is None:
            return found
        since = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        told: set[tuple[str | None, date]] = {(one.subject, one.at.astimezone(UTC).date()) for one in self._rows.events(tenant, MATTER, since=since)}
        spared: list[tuple[AuditEvent, str]] = []
        for event, sort in found:
            day = (_in_matter(event), event.at.astimezone(UTC).date())
            if sort == MATTER and _is_work(event) and day in told:
                continue
            if sort == MATTER:
                told.add(day)
            spared.append((event, sort))
        return spared


def _served(now: datetime) -> datetime:
    """From when a vendor serves that refuses what is older; a day less than it says, for clocks differ."""
    return now - SERVED + EACH_DAY


def _read_on(cursor: Cursor, answer: AuditRead, end: datetime, now: datetime) -> Cursor:
    """The cursor after a slice of the past: the log can be read from the oldest event that was served, and from what the vendor promises at least."""
    if answer.refused and end <= (served := _served(now)):
        through = min(served, cursor.began)
        return replace(cursor, past_through=through, readable_from=served, past_reason=None, past_refused=answer.reason or "not said")
    if not answer.available:
        return replace(cursor, past_reason=answer.reason or "not said")
    promised = now - SERVED if end >= cursor.began and cursor.past_refused is None else None
    oldest = min((event.at for event in answer.events), default=None)
    known = [one for one in (cursor.readable_from, oldest, promised) if one is not None]
    return replace(cursor, past_through=end, past_reason=None, readable_from=min(known, default=None))


def _readable(now: datetime, reader: Reader) -> tuple[datetime | None, str | None]:
    """From when the log can be read: the oldest event served beyond what the vendor promises, else what it promises; or why nobody knows."""
    answer = _asked(reader, now - SERVED - _TRIED, now - SERVED - EACH_DAY, _VAULTS)
    if answer.refused and _asked(reader, now - EACH_DAY, now, _VAULTS).available:
        return _served(now), None
    if not answer.available:
        return None, answer.reason or "not said"
    return min((event.at for event in answer.events), default=now - SERVED), None


def _begin(cursor: Cursor, now: datetime, *, deep: bool) -> datetime:
    """Where the next window begins; never before the first one did."""
    if cursor.through is None:
        return cursor.began
    begin = cursor.through - OVERLAP
    return max(min(begin, now - DEEP) if deep else begin, cursor.began)


def _asked(reader: Reader, since: datetime, until: datetime, kinds: AbstractSet[Kind] | None = None) -> AuditRead:
    try:
        return reader.audit(since, until, kinds)
    except ConnectorError as error:
        return AuditRead(available=False, reason=error.code)


def _concerns(event: AuditEvent, ids: Mapping[str, str], now: datetime) -> str | None:
    """What the event is to us, or None: changes and looks at rules, names that nobody knows, what threatens an account or group on hold."""
    if not event.id.startswith(VAULT):
        return PERSON if is_risky(event) and target_of(event) in ids else None
    sort = sort_of(event.operation)
    if sort is Sort.OTHER and _in_matter(event) is not None:
        return None if event.ours else MATTER
    if sort is Sort.OTHER or (begins(event.operation) and now - event.at < PAIR):
        return None
    return sort.value


def _in_matter(event: AuditEvent) -> str | None:
    """The matter that something of Vault's log happened in: its holds, searches, exports and views name it too (G§2.2)."""
    return event.details.get("matter_id") or (event.vendor_id if event.kind is Kind.GOOGLE_MATTER else None)


def _is_work(event: AuditEvent) -> bool:
    """Whether it happened inside a matter and did nothing to the matter itself."""
    return event.kind is not Kind.GOOGLE_MATTER or looks(event.operation)


def _logged(event: AuditEvent, sort: str, ids: Mapping[str, str], evidence: str | None) -> LoggedEvent:
    return LoggedEvent(
        event=event.id,
        at=event.at,
        operation=event.operation,
        actor=event.actor,
        sort=sort,
        subject=_subject(event, sort, ids),
        details={} if sort in NAMELESS else dict(event.details),
        evidence=evidence,
    )


def _subject(event: AuditEvent, sort: str, ids: Mapping[str, str]) -> str | None:
    """The vendor's id of what a nameless event is about."""
    if sort == PERSON:
        return ids.get(target_of(event) or "")
    if sort == Sort.EARLY.value:
        return event.details.get("matter_id") or event.vendor_id
    return _in_matter(event) if sort == MATTER else None
