"""The jobs' rows: one that waits per kind, tenant and key; a claim is an UPDATE that only one process can win."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from sync.store.tables.core import JobRow
from sync.store.words import JobState


def waiting(session: Session, district: str, kind: str, tenant: str, key: str) -> JobRow | None:
    """The job of that name that waits."""
    query = select(JobRow).where(JobRow.district == district, JobRow.kind == kind, JobRow.tenant == tenant, JobRow.key == key)
    return session.exec(query.where(JobRow.state == JobState.PENDING)).first()


def put(session: Session, row: JobRow) -> None:
    """Store a job."""
    session.add(row)
    session.flush()


def next_number(session: Session, district: str) -> int:
    """The number of the next job, from 1."""
    return (session.exec(select(func.max(JobRow.number)).where(JobRow.district == district)).one() or 0) + 1


def due(session: Session, district: str, now: datetime, kinds: Collection[str] | None) -> Sequence[JobRow]:
    """Jobs whose time has come, the longest due first."""
    query = select(JobRow).where(JobRow.district == district, JobRow.state == JobState.PENDING, JobRow.due_at <= now)
    if kinds is not None:
        query = query.where(col(JobRow.kind).in_(kinds))
    return session.exec(query.order_by(col(JobRow.due_at), col(JobRow.number))).all()


def running(session: Session, district: str) -> Sequence[JobRow]:
    """Jobs that somebody claimed and has not ended."""
    return session.exec(select(JobRow).where(JobRow.district == district, JobRow.state == JobState.RUNNING).order_by(col(JobRow.number))).all()


def move(session: Session, row: JobRow, values: Mapping[str, object]) -> bool:
    """Change a job only where state and attempt are still what ``row`` says; whether they were."""
    statement = update(JobRow).where(
        col(JobRow.district) == row.district,
        col(JobRow.number) == row.number,
        col(JobRow.state) == row.state,
        col(JobRow.attempts) == row.attempts,
    )
    return session.exec(statement.values(**values).execution_options(synchronize_session=False)).rowcount == 1


def get(session: Session, district: str, number: int) -> JobRow | None:
    """One job."""
    return session.get(JobRow, (district, number), populate_existing=True)


def counts(session: Session, district: str) -> Mapping[JobState, int]:
    """How many jobs stand in each state."""
    found = session.exec(select(JobRow.state, func.count()).where(JobRow.district == district).group_by(col(JobRow.state))).all()
    return {state: sum(number for found_state, number in found if found_state is state) for state in JobState}
