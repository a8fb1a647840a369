"""What was changed outside Recordwarden, from first sight until it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, and_, col, or_, select

from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Fields
from sync.drift import Attribution, AttributionState, Difference, Drift, DriftClass, Sight, Since
from sync.store import Store, journal_rows
from sync.store.documents import dump, load_fields, load_list, load_object
from sync.store.tables.engine import DriftRow
from sync.wording import drift_document


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDrift:
    """A drift as the store remembers it: one time that it came."""

    id: str
    occurrence: int
    tenant: str
    kind: Kind
    key: str | None
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None
    closed_by: str | None
    document: Mapping[str, object]
    form: str | None = None
    """Somebody else's object as the last look showed it; None for one that is gone, and for ours."""


class Drifts:
    """Reads and writes the drift of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def open(self, tenant: str) -> Mapping[str, KeptDrift]:
        """What is not over yet, by id, as the store remembers it."""
        return {row.id: _kept(row) for row in self._open_rows(tenant)}

    def kept(self, tenant: str, kind: Kind) -> tuple[Drift, ...]:
        """What is not over yet of one kind, as it was when it was found."""
        return tuple(_drift(row) for row in self._open_rows(tenant) if row.kind == kind.value)

    def answered(self, tenant: str, kind: Kind) -> tuple[Drift, ...]:
        """What a person has answered for of one kind, as it was when it was found."""
        with self.store.read() as session:
            rows = session.exec(
                select(DriftRow).where(
                    DriftRow.district == self.store.district, DriftRow.tenant == tenant, DriftRow.kind == kind.value, DriftRow.closed_by == "accepted"
                )
            ).all()
        return tuple(_drift(row) for row in rows)

    def remembered(self, drift: Iterable[Drift], tenant: str) -> tuple[Drift, ...]:
        """``drift`` with what is known from earlier looks: since when, and which account the vendor's log named."""
        known = {row.id: row for row in self._open_rows(tenant)}
        return tuple(_with_memory(one, known.get(one.id)) for one in drift)

    def _open_rows(self, tenant: str) -> list[DriftRow]:
        with self.store.read() as session:
            return self._open_in(session, tenant)

    def _open_in(self, session: Session, tenant: str) -> list[DriftRow]:
        query = select(DriftRow).where(DriftRow.district == self.store.district, DriftRow.tenant == tenant, col(DriftRow.closed_at).is_(None))
        return list(session.exec(query).all())

    def put(self, session: Session, drift: Drift, now: datetime, seq: int, form: str | None = None) -> None:
        """Keep one drift in the caller's transaction; ``seq`` is the journal entry of its evidence. One that was over comes another time."""
        last = self._newest(session, drift)
        old = None if last is None or last.closed_at is not None else last
        session.merge(
            DriftRow(
                district=self.store.district,
                tenant=drift.tenant,
                id=drift.id,
                occurrence=_next(last),
                kind=drift.kind.value,
                key=drift.key,
                document=dump(drift_document(drift)),
                form=form,
                attribution=drift.attribution.state.value,
                first_seen=now if old is None else old.first_seen,
                last_seen=now,
                closed_at=None,
                closed_by=None,
                seq=seq if old is None else old.seq,
            )
        )

    def entry(self, session: Session, drift: Drift) -> int | None:
        """The journal entry of the evidence of a drift that is open already, or None for a new one."""
        row = self._newest(session, drift)
        return None if row is None or row.closed_at is not None else row.seq

    def _newest(self, session: Session, drift: Drift) -> DriftRow | None:
        query = select(DriftRow).where(DriftRow.district == self.store.district, DriftRow.tenant == drift.tenant, DriftRow.id == drift.id)
        return session.exec(query.order_by(col(DriftRow.occurrence).desc()).limit(1)).first()

    def close(self, session: Session, drift: Iterable[Drift], sight: Sight, now: datetime) -> list[str]:
        """End every open drift that a look would have shown and did not, and give the ids of those.

        One is repaired where a change of ours was done under its key meanwhile.
        """
        still, tenant = {one.id for one in drift}, sight.snapshot.tenant
        over = [row for row in self._open_in(session, tenant) if row.id not in still and sight.tells(_difference(row))]
        if not over:
            return []
        done = journal_rows.done(session, self.store.district, {row.key for row in over if row.key is not None})
        for row in over:
            ours = any((one.tenant, one.key) == (tenant, row.key) and one.seq > row.seq for one in done)
            row.closed_at, row.closed_by = now, "repaired" if ours else "undone"
            session.add(row)
        return [row.id for row in over]

    def unnamed(self, tenant: str, since: datetime, asked: datetime) -> tuple[Drift, ...]:
        """Drift that was over before the vendor's log named an account, and may still get one.

        The log could not tell, and it was over after ``since``; or it never answered for good, and it was over after ``asked``.
        """
        with self.store.read() as session:
            rows = session.exec(
                select(DriftRow).where(
                    DriftRow.district == self.store.district,
                    DriftRow.tenant == tenant,
                    or_(
                        and_(col(DriftRow.closed_at) >= since, col(DriftRow.attribution) == AttributionState.UNAVAILABLE.value),
                        and_(col(DriftRow.closed_at) >= asked, col(DriftRow.attribution) == AttributionState.PENDING.value),
                    ),
                )
            ).all()
        return tuple(_drift(row) for row in rows)

    def name(self, session: Session, drift: Drift) -> None:
        """Keep the account that the log named for a drift that is over."""
        row = session.get_one(DriftRow, (self.store.district, drift.tenant, drift.id, drift.occurrence))
        row.document, row.attribution = dump(drift_document(drift)), drift.attribution.state.value
        session.add(row)

    def accept(self, session: Session, tenant: str, kind: Kind, still: Iterable[str], now: datetime) -> list[str]:
        """End every open drift of ``kind`` that is not among ``still``, and give the ids of those: a person has answered for them."""
        keep, accepted = set(still), []
        for row in self._open_in(session, tenant):
            if row.kind == kind.value and row.id not in keep:
                row.closed_at, row.closed_by = now, "accepted"
                session.add(row)
                accepted.append(row.id)
        return accepted

    def answer(self, session: Session, one: KeptDrift, now: datetime) -> bool:
        """End one open drift in the caller's transaction: an officer answers for it. False where it is over, or another look showed it otherwise."""
        row = session.get_one(DriftRow, (self.store.district, one.tenant, one.id, one.occurrence))
        if row.closed_at is not None or row.form != one.form:
            return False
        row.closed_at, row.closed_by = now, "accepted"
        session.add(row)
        return True

    def between(self, begin: datetime, end: datetime) -> tuple[KeptDrift, ...]:
        """Every drift that was open at some time from ``begin`` to ``end``, oldest first."""
        with self.store.read() as session:
            rows = session.exec(
                select(DriftRow).where(DriftRow.district == self.store.district, DriftRow.first_seen < end).order_by(col(DriftRow.first_seen))
            ).all()
        return tuple(_kept(row) for row in rows if row.closed_at is None or row.closed_at >= begin)


def _difference(row: DriftRow) -> Difference:
    body = load_object(row.document)
    vendor = body["vendor"]
    vendor_id = _text(vendor.get("id")) if isinstance(vendor, dict) else None
    return Difference(id=row.id, kind=Kind(row.kind), drift=DriftClass(str(body["class"])), key=row.key, vendor_id=vendor_id)


def _drift(row: DriftRow) -> Drift:
    body = load_object(row.document)
    vendor = body["vendor"]
    if not isinstance(vendor, dict):
        raise TypeError("a drift in the store has lost its vendor's id")
    bare = Drift(
        id=row.id,
        tenant=row.tenant,
        kind=Kind(row.kind),
        key=row.key,
        vendor_id=_text(vendor.get("id")),
        name=_text(vendor.get("name")),
        drift=DriftClass(str(body["class"])),
        fields=tuple(load_list(dump(body["fields"]))),
        applied=_form(body["applied"]),
        live=_form(body["live"]),
        direction=Direction(str(body["direction"])),
        since=Since(earliest=None, latest=row.first_seen),
    )
    return _with_memory(bare, row)


def _form(value: object) -> Fields | None:
    return None if value is None else load_fields(dump(value))


def _with_memory(drift: Drift, row: DriftRow | None) -> Drift:
    if row is None:
        return drift
    body = load_object(row.document)
    since, attribution = body["since"], body["attribution"]
    if not isinstance(since, dict) or not isinstance(attribution, dict):
        raise TypeError("a drift in the store has lost its since or its attribution")
    earliest = since.get("earliest")
    remembered = Attribution(
        state=AttributionState(str(attribution["state"])),
        actor=_text(attribution.get("actor")),
        at=datetime.fromisoformat(str(attribution["at"])) if attribution.get("at") else None,
        event=_text(attribution.get("event")),
        reason=_text(attribution.get("reason")),
    )
    # What this look found in the log is more than that an earlier one found nothing.
    fresh = drift.attribution.state is AttributionState.FOUND and remembered.state is not AttributionState.FOUND
    return replace(
        drift,
        occurrence=row.occurrence,
        since=replace(drift.since, earliest=datetime.fromisoformat(str(earliest)) if earliest else None, latest=row.first_seen),
        attribution=drift.attribution if fresh else remembered,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _next(last: DriftRow | None) -> int:
    """Which time a difference comes: still the last one's while that is open."""
    if last is None:
        return 1
    return last.occurrence if last.closed_at is None else last.occurrence + 1


def _kept(row: DriftRow) -> KeptDrift:
    return KeptDrift(
        id=row.id,
        occurrence=row.occurrence,
        tenant=row.tenant,
        kind=Kind(row.kind),
        key=row.key,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        document=load_object(row.document),
        form=row.form,
    )


__all__ = ["Drifts", "KeptDrift"]
