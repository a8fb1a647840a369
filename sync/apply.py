"""Act on one change: write the intent down, send it, read the world back, write the outcome down. Never more than one change at a time.

The one exception is a creation whose members are added right after: the object is read once, with them in it, and that settles both intents.

Nothing is decided here. A create is never repeated: when its answer is lost the intent stays open, and only reading for our mark settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.base import Reader, Receipt, Writer
from connectors.errors import ConnectorError, LockedError, UnknownOutcomeError
from policies.kinds import TRAITS
from policies.protection import Direction
from policies.resources import FILED, Force, Live, Mark, Ref, Wanted
from sync.bindings import Binding, BindingState
from sync.desk import Desk
from sync.equality import differing
from sync.journal import OutcomeResult
from sync.lease import Lease
from sync.ledger import Progress
from sync.plan import Change, ChangeStatus, Operation
from sync.project import differing_fields
from sync.record import Record, outcome_of
from sync.store import Session
from sync.store.bindings import Bindings


@dataclass(slots=True, kw_only=True)
class Hands:
    """What acting on one tenant needs. ``wanted`` and ``live`` are looked up by key."""

    tenant: str
    reader: Reader
    writer: Writer
    lease: Lease
    wanted: Mapping[str, Wanted]
    bindings: Mapping[str, Binding]
    live: dict[str, Live] = field(default_factory=dict)
    told: Callable[[Progress], None] = lambda progress: None  # noqa: ARG005  # nobody listens unless a lane does
    harmless: Callable[[Change, Sequence[Change]], bool] = lambda change, done: True  # noqa: ARG005  # holds only add; a sync lane asks
    """Whether a change may still run when of the steps before it only the given ones were done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unseen:
    """A creation that the platform accepted, to be read back together with the addition that comes right after it."""

    progress: Progress
    wanted: Wanted
    intent: int
    receipt: Receipt
    sent: Live
    """As it was sent: enough to add to, and nothing that an outcome rests on."""


class Applier:
    """Applies changes of one tenant under a lease, in the order given; a failed one leaves those that rest on it undone.

    Once a step has failed, a later one that nobody approved runs only if it is harmless without it.
    """

    def __init__(self, desk: Desk, hands: Hands) -> None:
        self.desk = desk
        self.hands = hands
        self.bindings = Bindings(desk.store)
        self.record = Record(desk, hands.lease, hands.writer)
        self.failed_keys: set[str] = set()
        self.waiting: set[str] = set()
        self.done: list[Change] = []
        self._unseen: _Unseen | None = None
        self._progress: dict[str, Progress] = {}

    def run(self, changes: tuple[Change, ...]) -> tuple[Progress, ...]:
        """Every change's progress, in order. Raises ``Stopped`` or ``LeaseLostError`` between two changes, never inside one."""
        for change, following in zip(changes, (*changes[1:], None), strict=True):
            filling = self._unseen
            self._progress[change.id] = self._one(change, following)
            if filling is not None and self._unseen is filling:  # the addition was not read, or never sent
                self._see(filling)
        return tuple(self._progress[change.id] for change in changes)

    def _one(self, change: Change, following: Change | None) -> Progress:
        wanted = self.hands.wanted[change.key]
        if self._rests_on_failed(wanted) or self._never_made(change, wanted):
            why = "Something that this change rests on could not be done in this run."
            return self._left_undone(change, "change.rests_on_failed", why, failed=bool(self._ground_of(wanted) & self.failed_keys))
        lacking = self.failed_keys or self.waiting
        if lacking and change.direction is not Direction.WEAKENS and not self.hands.harmless(change, self.done):
            why = "Without the change before it, which was not done, records could be deleted sooner."
            return self._left_undone(change, "change.uncovered", why, failed=bool(self.failed_keys))
        self.hands.lease.check(need_seconds=self.desk.district.timeouts.request)
        intent, progress = self.record.intend(change)
        progress = self._send(progress, wanted, intent, following)
        waits_to_be_seen = self._unseen is not None and self._unseen.intent == intent
        return progress if waits_to_be_seen else self._ended(progress)

    def _ended(self, progress: Progress) -> Progress:
        if progress.status is ChangeStatus.FAILED:
            self.failed_keys.add(progress.change.key)
        elif progress.waits:
            self.waiting.add(progress.change.key)
        else:
            self.done.append(progress.change)
        self.hands.told(progress)
        return progress

    def _left_undone(self, change: Change, code: str, why: str, *, failed: bool) -> Progress:
        """Where nothing that it rests on ``failed``, that only waits, and so does it."""
        if not failed:
            self.waiting.add(change.key)
            return Progress(change=change, status=ChangeStatus.PLANNED, error_code=code, error=why)
        self.failed_keys.add(change.key)
        return Progress(change=change, status=ChangeStatus.FAILED, error_code=code, error=why)

    @staticmethod
    def _ground_of(wanted: Wanted) -> frozenset[str]:
        """The keys that a change of ``wanted`` stands on, its own too: it may have been made earlier in this run."""
        return frozenset(key for key in (wanted.key, wanted.parent, *wanted.depends_on) if key)

    def _rests_on_failed(self, wanted: Wanted) -> bool:
        return any(key in self.failed_keys for key in (wanted.parent, *wanted.depends_on) if key)

    def _never_made(self, change: Change, wanted: Wanted) -> bool:
        """Whether the change is to an object whose own creation, earlier in this run, was not seen to work, or in one that waits to be made."""
        waits = wanted.parent in self.waiting and wanted.parent not in self.hands.live
        return waits or (change.operation is not Operation.CREATE and change.key not in self.hands.live)

    def _send(self, progress: Progress, wanted: Wanted, intent: int, following: Change | None) -> Progress:
        change = progress.change
        try:
            receipt = self._call(change, wanted)
        except UnknownOutcomeError as error:
            return self._unknown(progress, wanted, intent, error)
        except LockedError as error:
            # Not refused: the platform takes it once it is through with what came before, so that the next look asks again.
            return self._outcome(replace(progress, status=ChangeStatus.PLANNED, error=error.message, error_code=error.code), intent, None)
        except ConnectorError as error:
            return self._outcome(replace(progress, status=ChangeStatus.FAILED, error=error.message, error_code=error.code), intent, None)
        self.desk.crash("call.after")
        progress = replace(
            progress,
            status=ChangeStatus.ACCEPTED,
            accepted=receipt.accepted_at,
            vendor_id=receipt.vendor_id,
            vendor_name=receipt.name,
            member_errors={outcome.member: outcome.error for outcome in receipt.members if outcome.error},
        )
        if filled_by(change, following):
            sent = self._as_sent(change, wanted, receipt)
            self._unseen = _Unseen(progress=progress, wanted=wanted, intent=intent, receipt=receipt, sent=sent)
            self.hands.live[change.key] = sent
            return progress
        return self._read_back(progress, wanted, intent, receipt)

    def _as_sent(self, change: Change, wanted: Wanted, receipt: Receipt) -> Live:
        mark, parent = Mark(district=self.desk.district.id, key=change.key, generation=change.generation), self._parent(wanted)
        parent_id = parent.vendor_id if parent else None
        return Live(kind=change.kind, vendor_id=receipt.vendor_id, name=receipt.name, fields=wanted.fields, mark=mark, parent_id=parent_id)

    def _see(self, made: _Unseen, live: Live | None = None) -> None:
        """Settle a creation that was not read back yet: by ``live``, read after its members were added, else by reading it for itself."""
        self._unseen, key = None, made.progress.change.key
        if self.hands.live.get(key) is made.sent:
            del self.hands.live[key]
        if live is None:
            progress = self._read_back(made.progress, made.wanted, made.intent, made.receipt)
        else:
            progress = self._judged(made.progress, made.wanted, made.intent, made.receipt, live)
        self._progress[made.progress.change.id] = self._ended(progress)

    def _call(self, change: Change, wanted: Wanted) -> Receipt:
        mark = Mark(district=self.desk.district.id, key=change.key, generation=change.generation)
        if change.operation is Operation.CREATE:
            return self.hands.writer.create(self._born(change, wanted), mark, self._parent(wanted))
        live = self.hands.live[change.key]
        ref = live.ref(self.hands.tenant)
        if change.operation is Operation.SET:
            return self.hands.writer.set(ref, replace(wanted, members=change.add), mark, differing_fields(change))
        if change.operation is Operation.ADD:
            return self.hands.writer.add(ref, change.add, live)
        if change.operation is Operation.RETRY:
            return self.hands.writer.retry(ref)
        raise ConnectorError("change.not_built", f"{change.operation.value} is not something this program does.")

    @staticmethod
    def _born(change: Change, wanted: Wanted) -> Wanted:
        return replace(wanted, name=change.name, generation=change.generation, members=wanted.born_with)

    def _parent(self, wanted: Wanted) -> Ref | None:
        if wanted.parent is None:
            return None
        parent = self.hands.live.get(wanted.parent)
        if parent is None:
            raise ConnectorError("change.parent_missing", f"The object that {wanted.key} belongs to is not there yet.")
        return parent.ref(self.hands.tenant)

    def _unknown(self, progress: Progress, wanted: Wanted, intent: int, error: UnknownOutcomeError) -> Progress:
        """Look for our mark once; an object found there was made, anything else stays open until a later run can tell."""
        live = self._seek(progress.change, wanted)
        if live is None:
            return self._left_open(progress, intent, error.message)
        accepted = replace(progress, status=ChangeStatus.ACCEPTED, accepted=self.desk.clock.now(), vendor_id=live.vendor_id, vendor_name=live.name)
        return self._settle(accepted, wanted, intent, live)

    def _left_open(self, progress: Progress, intent: int, why: str) -> Progress:
        """The intent stays without an outcome: a later run settles it by the mark, and until then nothing is made a second time."""
        return self.record.left_open(progress, intent, why)

    def _seek(self, change: Change, wanted: Wanted) -> Live | None:
        try:
            snapshot = self.hands.reader.snapshot(frozenset({change.kind}))
        except ConnectorError:
            return None  # cannot tell: the intent stays open, which is the only honest answer
        for live in snapshot.of(change.kind):
            ours = live.mark is not None and (live.mark.district, live.mark.key) == (self.desk.district.id, change.key)
            if (ours or live.vendor_id == change.vendor_id) and taken(change, wanted, live):
                return live
        return None

    def _read_back(self, progress: Progress, wanted: Wanted, intent: int, receipt: Receipt) -> Progress:
        parent = self.hands.live.get(wanted.parent) if wanted.parent else None
        ref = Ref(
            tenant=self.hands.tenant, kind=wanted.kind, vendor_id=receipt.vendor_id, name=receipt.name, parent_id=parent.vendor_id if parent else None
        )
        try:
            live = self.hands.reader.read_back(ref)
        except ConnectorError as error:
            if progress.change.operation is Operation.CREATE:
                return self._left_open(progress, intent, error.message)
            return self._outcome(replace(progress, error=error.message, error_code="read_back.failed"), intent, None)
        if live is not None and self._unseen is not None and self._unseen.progress.change.key == progress.change.key:
            self._see(self._unseen, live)
        return self._judged(progress, wanted, intent, receipt, live)

    def _judged(self, progress: Progress, wanted: Wanted, intent: int, receipt: Receipt, live: Live | None) -> Progress:  # one read-back's parts
        if live is None and progress.change.operation is Operation.CREATE:
            # Lists may lag behind (M§10): what was accepted under this id is neither bound unseen nor called failed.
            return self._left_open(progress, intent, f"The platform accepted {receipt.name} and does not show it yet.")
        if live is None or not taken(progress.change, wanted, live, set(progress.member_errors), receipt.later.keys()):
            return self._outcome(
                replace(
                    progress,
                    status=ChangeStatus.FAILED,
                    error_code="read_back.differs",
                    error="The platform answered yes, and reading it again showed that nothing had changed.",
                ),
                intent,
                live,
            )
        if receipt.later:
            code, message = next(iter(receipt.later.values()))
            # Done as far as it went: what is missing is a difference that the next look finds.
            return self._outcome(replace(progress, error_code=code, error=message), intent, live)
        return self._settle(progress, wanted, intent, live)

    def _settle(self, progress: Progress, wanted: Wanted, intent: int, live: Live) -> Progress:
        if live.force is Force.APPLIED and wanted.members <= live.members:
            progress = replace(progress, status=ChangeStatus.EFFECTIVE, effective=self.desk.clock.now())
        return self._outcome(progress, intent, live)

    def _outcome(self, progress: Progress, intent: int, live: Live | None) -> Progress:
        def bound(session: Session) -> None:
            if live is not None and outcome_of(progress) is OutcomeResult.DONE:
                self.bindings.put(session, bind(progress, live, self.hands.bindings.get(progress.change.key), self.desk.clock.now()))

        self.record.outcome(progress, intent, bound)
        if live is not None:
            self.hands.live[progress.change.key] = live
        return progress


def filled_by(change: Change, following: Change | None) -> bool:
    """Whether ``following`` adds the members of what ``change`` makes empty, so that reading it after that shows both."""
    if following is None or change.operation is not Operation.CREATE or following.operation is not Operation.ADD:
        return False
    return TRAITS[change.kind].filled_at_once and (following.key, following.generation) == (change.key, change.generation)


def taken(
    change: Change, wanted: Wanted, live: Live, excused: frozenset[str] | set[str] = frozenset(), later: Collection[str] = ()
) -> bool:
    """Whether the live object shows what the change asked for.

    ``excused`` members were refused by the platform, one by one; ``later`` are fields that it did not take with the rest.
    """
    if change.operation is Operation.CREATE:
        # What the file plan says beside it is no reason to call an object that is there not made; the next look sends it.
        return differing(wanted.fields, live.fields) <= FILED | set(later) and wanted.born_with - excused <= live.members
    if change.operation in {Operation.SET, Operation.ADD}:
        return differing(change.after or {}, live.fields) <= set(later) and change.add - excused <= live.members
    return True


def bind(progress: Progress, live: Live, old: Binding | None, now: datetime) -> Binding:
    """The binding after an accepted change: the form read back, only the members that we put there, and whether the platform says it is in force."""
    change = progress.change
    born = live.members if change.operation is Operation.CREATE else frozenset()
    ours = (old.members if old else frozenset()) | born | (change.add - frozenset(progress.member_errors))
    return Binding(
        tenant=change.tenant,
        kind=live.kind,
        key=change.key,
        vendor_id=live.vendor_id,
        name=live.name,
        generation=change.generation,
        fields=dict(live.fields),
        members=ours & live.members,
        parent_id=live.parent_id,
        accepted_at=progress.accepted or now,
        effective_at=progress.effective,
        state=BindingState.IN_FORCE if progress.effective else BindingState.IN_FLIGHT,
        mark=live.mark,
        verified_at=now,
    )


__all__ = ["Applier", "Hands", "bind", "taken"]
