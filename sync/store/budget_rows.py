"""What was spent of the vendors' quotas in the last minute, by every process together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, delete, func, or_, select

from sync.store.tables.core import BudgetWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One quota of one thing that a vendor meters: a project, an organisation, an application in a tenant."""

    district: str
    account: str
    quota: str


def spent(session: Session, account: Account, first: int, last: int) -> int:
    """Units in the slices ``first`` to ``last``; everything outside them is forgotten."""
    ours = (
        col(BudgetWindow.district) == account.district,
        col(BudgetWindow.account) == account.account,
        col(BudgetWindow.quota) == account.quota,
    )
    session.exec(delete(BudgetWindow).where(*ours, or_(col(BudgetWindow.slice) < first, col(BudgetWindow.slice) > last)))
    return session.exec(select(func.coalesce(func.sum(BudgetWindow.spent), 0)).where(*ours)).one()


def spend(session: Session, account: Account, slice: int, units: int) -> None:
    """Add ``units`` to a slice."""
    row = session.get(BudgetWindow, (account.district, account.account, account.quota, slice), with_for_update=True)
    if row is None:
        row = BudgetWindow(district=account.district, account=account.account, quota=account.quota, slice=slice, spent=0)
    row.spent += units
    session.add(row)
    session.flush()
