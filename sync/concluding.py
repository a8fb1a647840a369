"""End what runs proposed and two officers approved: second holds, while the one that is followed holds all that they do, and replaced labels.

Both are read once more right before the call: what was read before the first change may be minutes old, and nobody calls back a hold that is gone.
Asking twice does no harm, so a lost answer is settled by the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeAlias

from connectors.errors import ConnectorError, LockedError, UnknownOutcomeError
from policies.problems import Problem, Severity
from policies.protection import Direction
from policies.resources import Live, Ref
from sync import doubles, superseding
from sync.approvals import needed
from sync.consent import consenting
from sync.consider import Considered
from sync.desk import Desk
from sync.ending import Ended, Hands
from sync.ends import ended, is_end, is_superseded, over
from sync.lease import Lease
from sync.ledger import Progress
from sync.matters.letting_go import CONTAINERS
from sync.plan import Change, ChangeStatus, Refusal
from sync.record import Record
from sync.store import Session
from sync.store.changes import Changes

_Why: TypeAlias = tuple[str, str, str]
"""Code, message and next step."""
_NEXT_LOOK = "Nothing was sent. The next run looks again."
_UNSETTLED = (ChangeStatus.SENT, ChangeStatus.ACCEPTED, ChangeStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Two:
    """The one that stays and the one that goes, as they are at this moment; ``other`` None where it is gone, ``known`` as the run's look saw it."""

    known: Live
    kept: Live | None
    other: Live | None
    around: tuple[Live, ...] = ()


class Concluder:
    """Ends second holds, or labels that were replaced, in one tenant that was just looked at, under the lease of their lane.

    ``on_hold``: addresses of people in a matter.
    """

    def __init__(self, desk: Desk, lease: Lease, seen: Considered, hands: Hands, on_hold: Callable[[str], AbstractSet[str]]) -> None:
        self.desk = desk
        self.lease = lease
        self.hands = hands
        self.on_hold = on_hold
        self.record = Record(desk, lease, hands.releaser)
        assert seen.decision is not None
        assert seen.look.snapshot is not None
        self._bound = seen.decision.bindings
        self._live = {(one.kind, one.vendor_id): one for one in seen.look.snapshot.resources}
        self._boxes = {one.vendor_id: one for one in seen.look.snapshot.of(*CONTAINERS)}
        self._problems: list[Problem] = []

    def run(self, changes: Iterable[Change]) -> Ended:
        """What came of each change. Raises ``Stopped`` or ``LeaseLost`` between two of them, never inside one."""
        progress = tuple(self._one(change) for change in changes)
        return Ended(progress=progress, problems=tuple(self._problems))

    def _one(self, change: Change) -> Progress:
        self.lease.check(need_seconds=self.desk.district.timeouts.request, shrinking=True)
        if len(consenting(self.desk, self.on_hold, [change.id]).get(change.id, ())) < needed(Direction.WEAKENS, None):
            return self._refused(change, ("direction.weakens", f"Fewer than two officers approve the end of {change.name} by now.", _NEXT_LOOK))
        try:
            two = self._looked_again(change)
        except ConnectorError as error:
            words = f"{change.name} and what stays could not be read again before it was to be ended: {error.message}"
            return self._refused(change, ("kind.unknown", words, _NEXT_LOOK))
        if two.other is None or ended(two.other):
            return self._seen_done(change)
        why = self._against(change, two, two.other)
        return self._refused(change, why) if why is not None else self._send(change, two.other)

    def _looked_again(self, change: Change) -> _Two:
        """The one that goes first and the one that stays last, so that it was seen a moment before the call. Raises ConnectorError."""
        known = self._live.get((change.kind, change.vendor_id or ""))
        binding = self._bound.get(change.key)
        if known is None or binding is None:
            raise ConnectorError("kind.unknown", "one of the two was not seen by this look")
        other = self._again(known.ref(change.tenant))
        around = {one for one in (known.parent_id, binding.parent_id) if one is not None}
        boxes = [self._again(box.ref(change.tenant)) for vendor_id, box in self._boxes.items() if vendor_id in around]
        tenant, parent = change.tenant, binding.parent_id
        kept = self._again(Ref(tenant=tenant, kind=binding.kind, vendor_id=binding.vendor_id, name=binding.name, mark=binding.mark, parent_id=parent))
        return _Two(known=known, kept=kept, other=other, around=tuple(one for one in boxes if one is not None))

    def _again(self, ref: Ref) -> Live | None:
        return self.hands.reader.read_back(ref)

    def _against(self, change: Change, two: _Two, other: Live) -> _Why | None:
        code = "label.needed" if is_superseded(change) else "duplicate.needed"
        if two.kept is None:
            return code, f"{change.name} was not ended: what was to stay is gone.", _NEXT_LOOK
        why = self._why_not(change, two, two.kept, other)
        if why is not None:
            return code, f"{change.name} was not ended: {why}.", _NEXT_LOOK
        rule = superseding if is_superseded(change) else doubles
        if not rule.as_approved(change, two.kept, other):
            return "approval.stale", f"{change.name} is not what the officers saw by now.", "Look at the new plan, and approve that."
        return None

    def _why_not(self, change: Change, two: _Two, kept: Live, other: Live) -> str | None:
        if not is_superseded(change):
            return doubles.why_not(kept, other, two.around, self.desk.district.id)
        if other.changed_at != two.known.changed_at:
            return "it was revised after this run looked at it"
        return superseding.why_not(kept, other, self.desk.district.id)

    def _refused(self, change: Change, why: _Why) -> Progress:
        """Left as it is and told; what the officers said stands until its own time is over, or until a look finds another change instead."""
        code, message, next_step = why
        self._problems.append(
            Problem(code=code, severity=Severity.ERROR, tenant=change.tenant, subject=change.key, message=message, next_step=next_step)
        )
        stopped = replace(change, refusals=(Refusal(code=code, message=message, allowed_by=next_step),))
        return Progress(change=stopped, status=ChangeStatus.REFUSED, vendor_id=change.vendor_id)

    def _seen_done(self, change: Change) -> Progress:
        now = self.desk.clock.now()
        done = Progress(change=change, status=ChangeStatus.EFFECTIVE, intent=now, effective=now, vendor_id=change.vendor_id)
        with self.desk.store.write() as session:
            self.lease.guard(session)
            self.record.changes.put(session, done)
        return done

    def _send(self, change: Change, other: Live) -> Progress:
        intent, progress = self.record.intend(change)
        try:
            receipt = self.hands.releaser.end(other.ref(change.tenant), other)
        except UnknownOutcomeError as error:
            return self.record.left_open(progress, intent, error.message)
        except LockedError as error:
            return self._outcome(replace(progress, status=ChangeStatus.PLANNED, error=error.message, error_code=error.code), intent)
        except ConnectorError as error:
            return self._outcome(replace(progress, status=ChangeStatus.FAILED, error=error.message, error_code=error.code), intent)
        self.desk.crash("call.after")
        return self._read_back(replace(progress, status=ChangeStatus.ACCEPTED, accepted=receipt.accepted_at), intent, other)

    def _read_back(self, progress: Progress, intent: int, before: Live) -> Progress:
        try:
            live = self._again(before.ref(progress.change.tenant))
        except ConnectorError as error:
            return self._outcome(replace(progress, error=error.message, error_code="read_back.failed"), intent)
        if live is not None and not ended(live):
            words = "The platform answered yes, and reading it again showed that it stands as before."
            return self._outcome(replace(progress, status=ChangeStatus.FAILED, error_code="read_back.differs", error=words), intent)
        return self._outcome(replace(progress, status=ChangeStatus.EFFECTIVE, effective=self.desk.clock.now()), intent)

    def _outcome(self, progress: Progress, intent: int) -> Progress:
        self.record.outcome(progress, intent)
        return progress


def caught_up(session: Session, desk: Desk, seen: Considered) -> None:
    """Note what was asked for and is over by now: what a crash, a lost answer or a late list kept from being noted."""
    snapshot = seen.look.snapshot
    if snapshot is None:
        return
    changes, now = Changes(desk.store), desk.clock.now()
    for kept in changes.with_status(*_UNSETTLED):
        change = kept.change
        if kept.tenant == snapshot.tenant and change.lane in seen.lanes and is_end(change) and over(change.kind, change.vendor_id, snapshot):
            done = Progress(change=change, status=ChangeStatus.EFFECTIVE, intent=now, effective=now, vendor_id=change.vendor_id)
            changes.put(session, done)


__all__ = ["Concluder", "caught_up"]
