"""Who may say yes to a change, and how many must. Pure; signatures are checked before anything comes here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies.district import Mode, Officer, Role
from policies.protection import Direction
from sync.plan import Change, Refusal

LIFETIME: Final = timedelta(days=14)
"""An approval, and a proposal nobody acted on, is stale after this long."""
POPULATION: Final = 10
"""From this many accounts on, being one of them is not touching oneself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One officer's signed yes to one change id."""

    change: str
    officer: str
    at: datetime

    def valid(self, now: datetime) -> bool:
        """Whether it still counts at ``now``; one from the future never does."""
        return timedelta(0) <= now - self.at <= LIFETIME


def needed(direction: Direction, mode: Mode | None, *, locks: bool = False) -> int:
    """How many approvals a change needs: two where it weakens or locks, one where the mode asks for it, none under ``enforce``.

    What locks strengthens, and is still not for a run to do by itself: nobody can take it back.
    """
    if locks or direction is Direction.WEAKENS:
        return 2
    return 0 if mode is Mode.ENFORCE else 1


def counted(change: str, approvals: Iterable[Approval], now: datetime) -> frozenset[str]:
    """The officers whose yes to ``change`` still counts."""
    return frozenset(one.officer for one in approvals if one.change == change and one.valid(now))


def admissible(  # noqa: PLR0913  # who, whose, what and when: each is one of the rules
    change: Change,
    approver: Officer,
    *,
    proposer: str | None,
    officers: Sequence[Officer],
    approvals: Sequence[Approval],
    now: datetime,
    on_hold: AbstractSet[str],
    proposed_at: datetime | None = None,
) -> Refusal | None:
    """Why ``approver`` may not approve ``change``, or None.

    ``officers`` are those in force; ``on_hold`` the addresses held in the change's matter; ``proposed_at`` when the plan was put forward.
    """
    if approver not in officers or set(approver.roles) <= {Role.IT_DIRECTOR}:
        return Refusal(
            code="approval.role",
            message=f"{approver.name} holds no office that may approve.",
            allowed_by="an officer of the district other than the IT director",
        )
    if proposer is not None and _one_person(approver, proposer, officers):
        return Refusal(code="approval.own_proposal", message="Nobody approves what they proposed.", allowed_by="another officer")
    if _touches(change, approver, on_hold):
        return Refusal(
            code="approval.touches_self",
            message=f"The change touches {approver.name}'s own account, or {approver.name} is on hold in this matter.",
            allowed_by="the next officer in order: deputy, counsel, chair",
        )
    if proposed_at is not None and now - proposed_at > LIFETIME:
        return Refusal(code="approval.stale", message="The plan is older than 14 days.", allowed_by="a new plan")
    if any(_one_person(approver, officer, officers) for officer in counted(change.id, approvals, now)):
        return Refusal(code="approval.twice", message=f"{approver.name} has approved this change already.", allowed_by="a second officer")
    return None


def _one_person(approver: Officer, officer_id: str, officers: Sequence[Officer]) -> bool:
    """Whether an officer's id stands for the same human: the same id, key or address. Two offices are not two people."""
    if approver.id == officer_id:
        return True
    other = next((officer for officer in officers if officer.id == officer_id), None)
    if other is None:
        return False
    same_key = approver.key is not None and approver.key == other.key
    return same_key or approver.email.lower() == other.email.lower()


def _touches(change: Change, approver: Officer, on_hold: AbstractSet[str]) -> bool:
    email = approver.email.lower()
    if email in {address.lower() for address in on_hold}:
        return True
    touched = {address.lower() for address in change.identities_touched}
    return email in touched and len(touched) < POPULATION
