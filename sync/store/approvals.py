"""Signed yes and no to changes, while they are still valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from sync.approvals import Approval
from sync.store import Store, journal_rows
from sync.store.tables.engine import ApprovalRow, ChangeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptApproval:
    """One officer's verdict (``yes`` or ``no``) on one change."""

    change: str
    officer: str
    verdict: str
    at: datetime
    expires: datetime
    seq: int
    spent: bool = False
    """A yes to a change that was done since it was given: the same change needs new ones to be done again."""

    def stands(self, now: datetime) -> bool:
        """Whether it is neither expired nor spent; one from the future does not stand either."""
        return self.at <= now < self.expires and not self.spent


class Approvals:
    """Reads and writes approvals of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def put(self, session: Session, approval: KeptApproval) -> None:
        """Keep a verdict in the caller's transaction; an officer's later verdict on the same change replaces the earlier."""
        session.merge(
            ApprovalRow(
                district=self.store.district,
                change=approval.change,
                officer=approval.officer,
                verdict=approval.verdict,
                at=approval.at,
                expires=approval.expires,
                seq=approval.seq,
            )
        )

    def all(self) -> tuple[KeptApproval, ...]:
        """Every verdict, oldest first."""
        with self.store.read() as session:
            rows = session.exec(select(ApprovalRow).where(ApprovalRow.district == self.store.district).order_by(col(ApprovalRow.seq))).all()
            done = self._done(session, [row.change for row in rows])
        return tuple(_kept(row, spent=row.verdict == "yes" and row.seq < done.get(row.change, 0)) for row in rows)

    def _done(self, session: Session, changes: Sequence[str]) -> Mapping[str, int]:
        """The number of the last entry that says of each of ``changes`` that it was done; one that never was is missing."""
        query = select(ChangeRow.key).where(ChangeRow.district == self.store.district, col(ChangeRow.id).in_(changes))
        keys = session.exec(query).all()
        return {one.change: one.seq for one in journal_rows.done(session, self.store.district, keys)}

    def of(self, changes: Sequence[str]) -> Mapping[str, tuple[KeptApproval, ...]]:
        """Every verdict on the given changes."""
        wanted = set(changes)
        found: dict[str, list[KeptApproval]] = {change: [] for change in changes}
        for approval in self.all():
            if approval.change in wanted:
                found[approval.change].append(approval)
        return {change: tuple(verdicts) for change, verdicts in found.items()}

    def standing(self, now: datetime, *, lasting: bool = False) -> Mapping[str, tuple[Approval, ...]]:
        """By change, every yes that is neither expired nor spent (``lasting``: every one), oldest first; one no takes every yes away."""
        yes: dict[str, list[Approval]] = {}
        refused: set[str] = set()
        for verdict in self.all():
            if verdict.verdict == "no":
                refused.add(verdict.change)
            elif verdict.stands(now) or lasting:
                yes.setdefault(verdict.change, []).append(Approval(change=verdict.change, officer=verdict.officer, at=verdict.at))
        return {change: tuple(given) for change, given in yes.items() if change not in refused}


def _kept(row: ApprovalRow, *, spent: bool) -> KeptApproval:
    return KeptApproval(change=row.change, officer=row.officer, verdict=row.verdict, at=row.at, expires=row.expires, seq=row.seq, spent=spent)
