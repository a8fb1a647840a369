"""What was spent at a tenant's surfaces in the last minute, by every process together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, delete, func, or_, select

from sync.store.tables.core import BudgetWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One surface of one tenant."""

    district: str
    tenant: str
    surface: str


def spent(session: Session, account: Account, first: int, last: int) -> int:
    """Requests in the slices ``first`` to ``last``; everything outside them is forgotten."""
    ours = (
        col(BudgetWindow.district) == account.district,
        col(BudgetWindow.tenant) == account.tenant,
        col(BudgetWindow.surface) == account.surface,
    )
    session.exec(delete(BudgetWindow).where(*ours, or_(col(BudgetWindow.slice) < first, col(BudgetWindow.slice) > last)))
    return session.exec(select(func.coalesce(func.sum(BudgetWindow.spent), 0)).where(*ours)).one()


def spend(session: Session, account: Account, slice: int, cost: int) -> None:
    """Add ``cost`` requests to a slice."""
    row = session.get(BudgetWindow, (account.district, account.tenant, account.surface, slice), with_for_update=True)
    if row is None:
        row = BudgetWindow(district=account.district, tenant=account.tenant, surface=account.surface, slice=slice, spent=0)
    row.spent += cost
    session.add(row)
    session.flush()
