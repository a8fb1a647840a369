"""What is watched beside desired state, in the store: the cursor of a tenant's log, events that concern us, people on hold at risk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session, col, select

from policies.district import Subject
from sync.store import Store
from sync.store.documents import dump, load_object
from sync.store.notices import Notices, Raised
from sync.store.tables.watch import WatchCursorRow, WatchEventRow, WatchRiskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a tenant's log has been read (``WatchCursorRow``)."""

    began: datetime
    through: datetime | None = None
    polled_at: datetime | None = None
    deep_at: datetime | None = None
    readable_from: datetime | None = None
    failing_since: datetime | None = None
    reason: str | None = None
    past_through: datetime | None = None
    past_reason: str | None = None
    past_refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event of the log that concerns us (``WatchEventRow``)."""

    event: str
    at: datetime
    operation: str
    actor: str
    sort: str
    subject: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    evidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What threatens the records of an account or group on hold (``WatchRiskRow``). ``event`` is in the log, where it was found there.

    ``after``: nothing before then brought it about. What is kept of it is from when it was first seen.
    """

    subject: str
    code: str
    until: datetime | None = None
    event: str | None = None
    after: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRisk:
    """A risk as the store remembers it, with the event's account and time."""

    tenant: str
    risk: Risk
    first_seen: datetime
    actor: str | None = None
    at: datetime | None = None
    asked_at: datetime | None = None


class WatchRows:
    """Reads and writes what is watched, of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def cursor(self, tenant: str) -> Cursor | None:
        """How far the log was read, or None before the first time."""
        with self.store.read() as session:
            row = session.get(WatchCursorRow, (self.store.district, tenant))
        if row is None:
            return None
        return Cursor(
            began=row.began,
            through=row.through,
            polled_at=row.polled_at,
            deep_at=row.deep_at,
            readable_from=row.readable_from,
            failing_since=row.failing_since,
            reason=row.reason,
            past_through=row.past_through,
            past_reason=row.past_reason,
            past_refused=row.past_refused,
        )

    def move(self, session: Session, tenant: str, cursor: Cursor) -> None:
        """Keep the cursor in the caller's transaction, which keeps what was read with it; the past has its own (``past``), and another reader."""
        row = session.get(WatchCursorRow, (self.store.district, tenant))
        row = row or WatchCursorRow(district=self.store.district, tenant=tenant, began=cursor.began)
        row.through, row.polled_at, row.deep_at = cursor.through, cursor.polled_at, cursor.deep_at
        row.failing_since, row.reason = cursor.failing_since, cursor.reason
        if cursor.past_refused is not None and row.past_refused is None:
            row.past_refused, row.readable_from = cursor.past_refused, cursor.readable_from
        session.add(row)

    def past(self, session: Session, tenant: str, cursor: Cursor) -> None:
        """Keep how far the past was read, and from when the log can be, in the caller's transaction; nothing before the first look."""
        row = session.get(WatchCursorRow, (self.store.district, tenant))
        if row is not None:
            row.readable_from = cursor.readable_from
            row.past_through, row.past_reason, row.past_refused = cursor.past_through, cursor.past_reason, cursor.past_refused
            session.add(row)

    def reaches(self, tenant: str, at: datetime) -> None:
        """Keep from when the log can be read, beside a cursor that another process may be moving; nothing is kept before the first look."""
        with self.store.write() as session:
            row = session.get(WatchCursorRow, (self.store.district, tenant))
            if row is not None:
                row.readable_from = at
                session.add(row)

    def known(self, session: Session, tenant: str, events: Iterable[str]) -> frozenset[str]:
        """Which of these events are kept already."""
        return frozenset(one for one in events if session.get(WatchEventRow, (self.store.district, tenant, one)) is not None)

    def keep(self, session: Session, tenant: str, event: LoggedEvent, seen_at: datetime) -> None:
        """Keep a new event in the caller's transaction."""
        session.add(
            WatchEventRow(
                district=self.store.district,
                tenant=tenant,
                event=event.event,
                at=event.at,
                seen_at=seen_at,
                operation=event.operation,
                actor=event.actor,
                sort=event.sort,
                subject=event.subject,
                details=dump(dict(event.details)),
                evidence=event.evidence,
            )
        )

    def events(self, tenant: str, *sorts: str, since: datetime | None = None) -> tuple[LoggedEvent, ...]:
        """The events of these sorts, from ``since`` on, oldest first."""
        query = select(WatchEventRow).where(
            WatchEventRow.district == self.store.district, WatchEventRow.tenant == tenant, col(WatchEventRow.sort).in_(sorts)
        )
        if since is not None:
            query = query.where(WatchEventRow.at >= since)
        with self.store.read() as session:
            rows = session.exec(query.order_by(col(WatchEventRow.at), col(WatchEventRow.event))).all()
        return tuple(_event(row) for row in rows)

    def risks(self, tenant: str | None = None) -> tuple[KeptRisk, ...]:
        """Everything that threatens somebody now, in ``tenant`` or in all."""
        query = select(WatchRiskRow).where(WatchRiskRow.district == self.store.district, col(WatchRiskRow.ended_at).is_(None))
        if tenant is not None:
            query = query.where(WatchRiskRow.tenant == tenant)
        with self.store.read() as session:
            rows = session.exec(query.order_by(col(WatchRiskRow.tenant), col(WatchRiskRow.subject), col(WatchRiskRow.code))).all()
            found = {row.event: session.get(WatchEventRow, (self.store.district, row.tenant, row.event)) for row in rows if row.event}
        return tuple(_risk(row, found.get(row.event or "")) for row in rows)

    def at_risk(self, tenant: str, current: Iterable[Risk], now: datetime) -> None:
        """Keep what threatens people of a tenant now, as a notice too; what is no longer among ``current`` is over."""
        known = {(one.risk.subject, one.risk.code): one for one in self.risks(tenant)}
        wanted = {(one.subject, one.code): one for one in current}
        kept = {key: replace(one, event=one.event or (known[key].risk.event if key in known else None)) for key, one in wanted.items()}
        if kept == {key: one.risk for key, one in known.items()}:
            return  # having been seen again is no news
        notices = Notices(self.store)
        with self.store.write() as session:
            for key, one in kept.items():
                if key not in known:
                    notices.note(session, at_risk(tenant, *key), now)
                session.merge(
                    WatchRiskRow(
                        district=self.store.district,
                        tenant=tenant,
                        subject=one.subject,
                        code=one.code,
                        first_seen=known[key].first_seen if key in known else now,
                        until=one.until,
                        event=one.event,
                        after=known[key].risk.after if key in known else one.after,
                        asked_at=known[key].asked_at if key in known else None,
                    )
                )
            for subject, code in known.keys() - kept.keys():
                row = session.get(WatchRiskRow, (self.store.district, tenant, subject, code))
                if row is not None:
                    row.ended_at = now
                    session.add(row)
                notices.end(session, [at_risk(tenant, subject, code).key], now)

    def asked(self, tenant: str, subjects: Collection[str], now: datetime) -> None:
        """Note that the log was asked who endangers these accounts and groups."""
        rows = select(WatchRiskRow).where(
            WatchRiskRow.district == self.store.district, WatchRiskRow.tenant == tenant, col(WatchRiskRow.ended_at).is_(None)
        )
        with self.store.write() as session:
            for row in session.exec(rows.where(col(WatchRiskRow.subject).in_(subjects))):
                row.asked_at = now
                session.add(row)

    def attribute(self, tenant: str, risk: Risk, events: Iterable[LoggedEvent], now: datetime) -> None:
        """Keep what the log shows of a risk that is kept, and that ``risk.event``, one of ``events``, is what shows it."""
        with self.store.write() as session:
            row = session.get(WatchRiskRow, (self.store.district, tenant, risk.subject, risk.code))
            listed = tuple(events)
            kept = self.known(session, tenant, (event.event for event in listed))
            for event in listed:
                if event.event not in kept:
                    self.keep(session, tenant, event, now)
            if row is not None:
                row.event = risk.event
                session.add(row)


def at_risk(tenant: str, subject: str, code: str) -> Raised:
    """The notice of a danger to an account or group on hold; the vendor's id stands in for its name."""
    return Raised(key=f"risk/{tenant}/{subject}/{code}", subject=Subject.HOLD, code=code, tenant=tenant, document={"identity": subject})


def _event(row: WatchEventRow) -> LoggedEvent:
    return LoggedEvent(
        event=row.event,
        at=row.at,
        operation=row.operation,
        actor=row.actor,
        sort=row.sort,
        subject=row.subject,
        details={name: str(value) for name, value in load_object(row.details).items()},
        evidence=row.evidence,
    )


def _risk(row: WatchRiskRow, event: WatchEventRow | None) -> KeptRisk:
    return KeptRisk(
        tenant=row.tenant,
        risk=Risk(subject=row.subject, code=row.code, until=row.until, event=row.event, after=row.after),
        first_seen=row.first_seen,
        actor=event.actor if event else None,
        at=event.at if event else None,
        asked_at=row.asked_at,
    )
