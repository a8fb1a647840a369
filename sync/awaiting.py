"""Which changes wait for officers' signatures, how many each needs, and which officers could give one now."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from policies.district import Officer
from sync.approvals import Approval, admissible, needed
from sync.consent import consenting
from sync.desk import Desk
from sync.plan import ChangeStatus
from sync.store.approvals import Approvals, KeptApproval
from sync.store.changes import Changes, KeptChange
from sync.store.runs import Runs

WAITING: Final = (ChangeStatus.PLANNED, ChangeStatus.REFUSED, ChangeStatus.APPROVED)
FULL: Final = ("sync", "plan")
"""Commands whose runs look at everything and keep every change that they found."""
OnHold = Callable[[str], AbstractSet[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaiting:
    """A change that lacks signatures: how many it needs, who gave one that counts, and everything that was ever said to it."""

    kept: KeptChange
    needed: int
    given: frozenset[str]
    said: tuple[KeptApproval, ...]


def awaiting(desk: Desk, on_hold: OnHold) -> tuple[Awaiting, ...]:
    """Every change that waits for officers; ``on_hold`` gives the addresses of the people on hold in a matter."""
    standing = consenting(desk, on_hold)
    modes = {tenant.id: tenant.mode for tenant in desk.district.tenants}
    found = []
    waiting = Changes(desk.store).with_status(*WAITING)
    said = Approvals(desk.store).of([kept.id for kept in waiting])
    for kept in waiting:
        count = needed(kept.change.direction, modes.get(kept.tenant), locks=kept.change.locks)
        given = standing.get(kept.id, frozenset[str]())
        if len(given) < count:
            found.append(Awaiting(kept=kept, needed=count, given=given, said=said[kept.id]))
    return tuple(found)


def last_full(desk: Desk) -> datetime | None:
    """When the newest run that looked at everything, and is over, began: a change that it did not find stands for nothing any more."""
    ended = (Runs(desk.store).newest(command) for command in FULL)
    return max((run.started_at for run in ended if run is not None and run.exit is not None), default=None)


def could_sign(desk: Desk, one: Awaiting, officer: Officer, on_hold: OnHold) -> bool:
    """Whether this officer's yes is wanted now: nobody said no to the change, and it would be heard."""
    kept = one.kept
    if officer.key is None or any(said.verdict == "no" for said in one.said):
        return False
    matter = kept.change.because.matter
    refusal = admissible(
        kept.change,
        officer,
        proposer=kept.proposer,
        officers=desk.district.officers,
        approvals=[Approval(change=yes.change, officer=yes.officer, at=yes.at) for yes in one.said],
        now=desk.clock.now(),
        on_hold=on_hold(matter) if matter is not None else frozenset(),
        proposed_at=kept.proposed_at,
    )
    return refusal is None
