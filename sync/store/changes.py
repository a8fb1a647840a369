"""Plans as they were shown, and how far each change has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from policies.kinds import Kind
from sync.ledger import Progress
from sync.plan import LETTING_GO, Change, ChangeStatus, Operation, Plan
from sync.store import Store
from sync.store.documents import dump, load_list, load_object
from sync.store.tables.engine import ChangeRow, PlanRow
from sync.wording import change_document, change_from, change_value


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChange:
    """A change as the store remembers it: enough to approve it, and to say how far it has come."""

    id: str
    tenant: str
    lane: str
    kind: str
    key: str
    direction: str
    status: ChangeStatus
    proposer: str | None
    proposed_at: datetime | None
    document: Mapping[str, object]
    change: Change
    created_at: datetime
    updated_at: datetime
    intent_seq: int | None = None
    waits_since: datetime | None = None
    """When it was first asked for, where the platform does not take it yet, busy with an earlier change."""


class UnknownPlanError(Exception):
    """No plan, or more than one, has a digest that begins so."""


class Changes:
    """Reads and writes plans and changes of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def keep_plan(self, session: Session, plan: Plan, now: datetime, proposer: str | None) -> None:
        """Keep a plan as it was shown: the order of its changes, which ``keep_changes`` has kept before."""
        key = (self.store.district, plan.digest)
        if session.get(PlanRow, key) is None:
            session.add(
                PlanRow(
                    district=self.store.district,
                    digest=plan.digest,
                    policy_digest=plan.policy_digest,
                    made_at=now,
                    proposer=proposer,
                    changes=dump([change.id for change in plan.changes]),
                )
            )

    def keep_changes(self, session: Session, changes: Iterable[Change], now: datetime, proposer: str | None = None) -> None:
        """Keep changes as shown; one that was shown before keeps its history and gets a proposer only once."""
        for change in changes:
            self._keep(session, change, now, proposer)

    def _keep(self, session: Session, change: Change, now: datetime, proposer: str | None) -> None:
        status = ChangeStatus.REFUSED if change.refusals else ChangeStatus.PLANNED
        row = session.get(ChangeRow, (self.store.district, change.id))
        if row is None:
            session.add(self._row(change, now, proposer, status))
            return
        if row.proposer is None and proposer is not None:
            row.proposer, row.proposed_at = proposer, now
        if row.status in {ChangeStatus.PLANNED, ChangeStatus.REFUSED, ChangeStatus.FAILED, ChangeStatus.EFFECTIVE, ChangeStatus.SUPERSEDED}:
            waits = _waits(row) and status is ChangeStatus.PLANNED
            row.status = status.value
            row.document = row.document if waits else dump(change_document(Progress(change=change, status=status)))
        else:
            row.document = dump(change_document(Progress(change=change, status=status)))
        row.value, row.updated_at = dump(change_value(change)), now
        session.add(row)

    def supersede(self, session: Session, tenant: str, lanes: Iterable[str], over: Callable[[str, str], bool], now: datetime) -> None:
        """Mark what was planned in these lanes and stands for nothing any more, as ``over`` says of key and id; found again, it is planned again."""
        waiting = [ChangeStatus.PLANNED.value, ChangeStatus.REFUSED.value]
        query = select(ChangeRow).where(
            ChangeRow.district == self.store.district,
            ChangeRow.tenant == tenant,
            col(ChangeRow.lane).in_(list(lanes)),
            col(ChangeRow.status).in_(waiting),
        )
        for row in session.exec(query).all():
            if over(row.key, row.id):
                row.status, row.updated_at = ChangeStatus.SUPERSEDED.value, now
                session.add(row)

    def overtake(self, session: Session, ids: Iterable[str], now: datetime) -> None:
        """Mark these changes, as far as they were not seen done, as standing for nothing any more."""
        waiting = {one.value for one in ChangeStatus} - {ChangeStatus.EFFECTIVE.value}
        for change in ids:
            row = session.get(ChangeRow, (self.store.district, change))
            if row is not None and row.status in waiting:
                row.status, row.updated_at = ChangeStatus.SUPERSEDED.value, now
                session.add(row)

    def _row(self, change: Change, now: datetime, proposer: str | None, status: ChangeStatus) -> ChangeRow:
        return ChangeRow(
            district=self.store.district,
            id=change.id,
            tenant=change.tenant,
            lane=change.lane.value,
            kind=change.kind.value,
            key=change.key,
            direction=change.direction.value,
            document=dump(change_document(Progress(change=change, status=status))),
            value=dump(change_value(change)),
            status=status.value,
            proposer=proposer,
            proposed_at=now if proposer else None,
            created_at=now,
            updated_at=now,
        )

    def put(self, session: Session, progress: Progress, *, intent_seq: int | None = None) -> None:
        """Keep how far a change has come, in the caller's transaction."""
        change = progress.change
        now = progress.effective or progress.accepted or progress.sent or progress.intent
        row = session.get(ChangeRow, (self.store.district, change.id))
        if row is None:
            if now is None:
                raise ValueError("a change that was never planned needs at least the time of its intent")
            row = self._row(change, now, None, progress.status)
        if progress.waits or (progress.status is ChangeStatus.SENT and _waits(row)):
            progress = replace(progress, intent=row.intent_at or progress.intent)  # it waits since it was first asked for
        row.status = progress.status.value
        row.document = dump(change_document(progress))
        row.intent_seq = intent_seq if intent_seq is not None else row.intent_seq
        row.intent_at, row.sent_at = progress.intent or row.intent_at, progress.sent or row.sent_at
        row.accepted_at, row.effective_at = progress.accepted or row.accepted_at, progress.effective
        row.updated_at = now or row.updated_at
        session.add(row)

    def get(self, change_id: str) -> KeptChange | None:
        """The change of exactly that id."""
        with self.store.read() as session:
            row = session.get(ChangeRow, (self.store.district, change_id))
        return None if row is None else _kept(row)

    def find(self, ids: Iterable[str]) -> tuple[KeptChange, ...]:
        """The changes of those ids, in no particular order."""
        with self.store.read() as session:
            rows = session.exec(select(ChangeRow).where(ChangeRow.district == self.store.district, col(ChangeRow.id).in_(list(ids)))).all()
        return tuple(_kept(row) for row in rows)

    def with_status(self, *statuses: ChangeStatus) -> tuple[KeptChange, ...]:
        """The changes that stand at one of ``statuses``, oldest first."""
        wanted = [status.value for status in statuses]
        with self.store.read() as session:
            rows = session.exec(
                select(ChangeRow)
                .where(ChangeRow.district == self.store.district, col(ChangeRow.status).in_(wanted))
                .order_by(col(ChangeRow.created_at))
            ).all()
        return tuple(_kept(row) for row in rows)

    def accepted(self, tenant: str, lane: str, window: tuple[datetime, datetime]) -> tuple[tuple[str, Operation, datetime, int], ...]:
        """Changes that we sent in a lane and the platform accepted from ``window``'s begin to its end, the newest 20.

        Of each its key, its operation, when it was accepted and the number of its intent.
        """
        with self.store.read() as session:
            rows = session.exec(
                select(ChangeRow)
                .where(
                    ChangeRow.district == self.store.district,
                    ChangeRow.tenant == tenant,
                    ChangeRow.lane == lane,
                    col(ChangeRow.intent_seq).is_not(None),
                    col(ChangeRow.accepted_at) >= window[0],
                    col(ChangeRow.accepted_at) <= window[1],
                )
                .order_by(col(ChangeRow.accepted_at).desc())
                .limit(20)
            ).all()
        return tuple(
            (row.key, change_from(load_object(row.value)).operation, row.accepted_at, row.intent_seq)
            for row in rows
            if row.accepted_at is not None and row.intent_seq is not None
        )

    def added(self, tenant: str, kind: Kind) -> frozenset[str]:
        """Every member that a change of ours put into an object of this kind, as far as the platform took it."""
        taken = [ChangeStatus.ACCEPTED.value, ChangeStatus.EFFECTIVE.value]
        with self.store.read() as session:
            rows = session.exec(
                select(ChangeRow).where(
                    ChangeRow.district == self.store.district, ChangeRow.tenant == tenant, ChangeRow.kind == kind.value,
                    col(ChangeRow.status).in_(taken), col(ChangeRow.intent_seq).is_not(None),
                )
            ).all()
        return frozenset(member for row in rows for member in change_from(load_object(row.value)).add)

    def effective(self, session: Session, tenant: str, key: str, now: datetime) -> None:
        """The platform says that what was accepted under ``key`` is in force. That somebody was let go is nothing that comes into force."""
        rows = session.exec(
            select(ChangeRow).where(
                ChangeRow.district == self.store.district,
                ChangeRow.tenant == tenant,
                ChangeRow.key == key,
                ChangeRow.status == ChangeStatus.ACCEPTED.value,
            )
        ).all()
        for row in rows:
            if change_from(load_object(row.value)).operation in LETTING_GO:
                continue
            row.status, row.effective_at, row.updated_at = ChangeStatus.EFFECTIVE.value, now, now
            session.add(row)

    def last_sent(self, tenant: str, key: str) -> tuple[int, datetime, datetime] | None:
        """Of the newest change of ``key`` that was sent: its intent's number, when it was sent, and when it was answered (or last touched)."""
        with self.store.read() as session:
            row = session.exec(
                select(ChangeRow)
                .where(
                    ChangeRow.district == self.store.district,
                    ChangeRow.tenant == tenant,
                    ChangeRow.key == key,
                    col(ChangeRow.intent_seq).is_not(None),
                )
                .order_by(col(ChangeRow.intent_seq).desc())
            ).first()
        if row is None or row.intent_seq is None or row.sent_at is None:
            return None
        return row.intent_seq, row.sent_at, row.accepted_at or row.sent_at

    def done_by_hand(self, session: Session, change_id: str, now: datetime) -> None:
        """A look found done what nobody here sent: somebody did it by hand."""
        row = session.get(ChangeRow, (self.store.district, change_id))
        if row is not None and row.intent_at is None and row.intent_seq is None:
            row.status, row.effective_at, row.updated_at = ChangeStatus.EFFECTIVE.value, now, now
            session.add(row)

    def made_by_hand(self, tenant: str) -> frozenset[str]:
        """Keys of the tenant's objects that were made by hand, as far as ``done_by_hand`` was told."""
        with self.store.read() as session:
            rows = session.exec(
                select(ChangeRow).where(
                    ChangeRow.district == self.store.district,
                    ChangeRow.tenant == tenant,
                    ChangeRow.status == ChangeStatus.EFFECTIVE.value,
                    col(ChangeRow.intent_at).is_(None),
                    col(ChangeRow.intent_seq).is_(None),
                )
            ).all()
        return frozenset(row.key for row in rows)

    def plan(self, prefix: str) -> Sequence[str]:
        """The ordered change ids of the one plan whose digest begins with ``prefix`` (eight hex digits or more). Raises UnknownPlanError."""
        if len(prefix) < 8:
            raise UnknownPlanError("A plan is named by at least the first eight digits of its digest.")
        with self.store.read() as session:
            rows = session.exec(
                select(PlanRow).where(PlanRow.district == self.store.district, col(PlanRow.digest).startswith(prefix, autoescape=True))
            ).all()
        if len(rows) != 1:
            raise UnknownPlanError(f"{'No' if not rows else 'More than one'} plan begins with {prefix}.")
        return load_list(rows[0].changes)


def _waits(row: ChangeRow) -> bool:
    """As ``Progress.waits``, of what is kept."""
    vendor = load_object(row.document)["vendor"]
    return row.status == ChangeStatus.PLANNED.value and isinstance(vendor, dict) and vendor["error"] is not None


def _kept(row: ChangeRow) -> KeptChange:
    return KeptChange(
        id=row.id,
        tenant=row.tenant,
        lane=row.lane,
        kind=row.kind,
        key=row.key,
        direction=row.direction,
        status=ChangeStatus(row.status),
        proposer=row.proposer,
        proposed_at=row.proposed_at,
        document=load_object(row.document),
        change=change_from(load_object(row.value)),
        created_at=row.created_at,
        updated_at=row.updated_at,
        intent_seq=row.intent_seq,
        waits_since=row.intent_at if _waits(row) else None,
    )
