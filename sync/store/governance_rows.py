"""The rows of what governs the guards: the version in force, the one that waits for two officers, and the officers of the first."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlmodel import Session, col, func, select

from sync.store.tables.core import GovernanceRow
from sync.store.words import GovernanceState


def latest(session: Session, district: str, state: GovernanceState) -> GovernanceRow | None:
    """The newest version in ``state``."""
    query = select(GovernanceRow).where(GovernanceRow.district == district, GovernanceRow.state == state)
    return session.exec(query.order_by(col(GovernanceRow.number).desc())).first()


def officers_in_force(session: Session, district: str) -> Mapping[str, str | None]:
    """Public key by officer id in the version in force; nobody before the first one."""
    row = latest(session, district, GovernanceState.IN_FORCE)
    if row is None:
        return {}
    return {officer["id"]: officer["key"] for officer in json.loads(row.settings)["officers"]}


def add(session: Session, row: GovernanceRow) -> None:
    """Store a version, in the place of any other of its state."""
    for older in session.exec(select(GovernanceRow).where(GovernanceRow.district == row.district, GovernanceRow.state == row.state)).all():
        older.state = GovernanceState.SUPERSEDED
        session.add(older)
    session.add(row)
    session.flush()


def drop_pending(session: Session, district: str) -> None:
    """Let go of the version that waits."""
    row = latest(session, district, GovernanceState.PENDING)
    if row is not None:
        row.state = GovernanceState.SUPERSEDED
        session.add(row)
        session.flush()


def next_number(session: Session, district: str) -> int:
    """The number of the next version, from 1."""
    return (session.exec(select(func.max(GovernanceRow.number)).where(GovernanceRow.district == district)).one() or 0) + 1
