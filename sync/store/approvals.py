"""Signed yes and no to changes, while they are still valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from sync.approvals import Approval
from sync.store import Store
from sync.store.tables.engine import ApprovalRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptApproval:
    """One officer's verdict (``yes`` or ``no``) on one change."""

    change: str
    officer: str
    verdict: str
    at: datetime
    expires: datetime
    seq: int


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
        return tuple(_kept(row) for row in rows)

    def of(self, changes: Sequence[str]) -> Mapping[str, tuple[KeptApproval, ...]]:
        """Every verdict on the given changes."""
        wanted = set(changes)
        found: dict[str, list[KeptApproval]] = {change: [] for change in changes}
        for approval in self.all():
            if approval.change in wanted:
                found[approval.change].append(approval)
        return {change: tuple(verdicts) for change, verdicts in found.items()}

    def standing(self, now: datetime) -> Mapping[str, tuple[Approval, ...]]:
        """By change, every unexpired yes, oldest first; one no takes every yes away."""
        yes: dict[str, list[Approval]] = {}
        refused: set[str] = set()
        for verdict in self.all():
            if verdict.verdict == "no":
                refused.add(verdict.change)
            elif verdict.at <= now < verdict.expires:
                yes.setdefault(verdict.change, []).append(Approval(change=verdict.change, officer=verdict.officer, at=verdict.at))
        return {change: tuple(given) for change, given in yes.items() if change not in refused}


def _kept(row: ApprovalRow) -> KeptApproval:
    return KeptApproval(change=row.change, officer=row.officer, verdict=row.verdict, at=row.at, expires=row.expires, seq=row.seq)
