"""The leases' rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from sync.store.tables.core import LeaseRow


def get(session: Session, district: str, name: str) -> LeaseRow | None:
    """The row of a lease, locked until the transaction ends; None before it was first taken."""
    return session.get(LeaseRow, (district, name), with_for_update=True, populate_existing=True)


def put(session: Session, row: LeaseRow) -> None:
    """Store a row."""
    session.add(row)
    session.flush()


def every(session: Session, district: str) -> Sequence[LeaseRow]:
    """All leases, for ``status``."""
    return session.exec(select(LeaseRow).where(LeaseRow.district == district).order_by(col(LeaseRow.name))).all()
