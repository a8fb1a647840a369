"""One run, in the order of docs/one-run.md: look, settle, find drift, decide, keep evidence, act, look at what came of it, assess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from connectors.base import Lane
from policies.problems import Problem, Severity
from policies.resources import Live
from sync.apply import Applier, Hands
from sync.concluding import Concluder, caught_up
from sync.consider import Considered, Considering, Matters
from sync.decide import Decision, everybody
from sync.desk import Desk, TenantDoor
from sync.ending import Ender
from sync.ending import Hands as EndingHands
from sync.lease import Lease, LeaseHeldError, LeaseLost, kept_alive
from sync.ledger import Progress
from sync.look import Look
from sync.patience import Patience
from sync.plan import LETTING_GO, Change, ChangeStatus, Plan
from sync.result import RunResult, TenantResult
from sync.store.changes import Changes
from sync.summing import Summing
from sync.watch.done import Doers
from sync.weigh import still_harmless


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What went out to one tenant, and what was read back under each key."""

    progress: tuple[Progress, ...] = ()
    live: dict[str, Live] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def joined(self, later: Sent) -> Sent:
        """Two lanes, or two parts of one, as one."""
        return Sent(progress=self.progress + later.progress, live={**self.live, **later.live}, problems=self.problems + later.problems)


class Engine:
    """Runs of one district. Every public method ends by itself and sends nothing that its name does not say."""

    def __init__(self, desk: Desk, matters: Matters) -> None:
        self.desk = desk
        self.matters = matters
        self.considering = Considering(desk, matters)
        self.summing = Summing(desk)
        self.doers = Doers(desk)
        self._looked: dict[str, Look] = {}

    def plan(self, tenants: tuple[str, ...] = (), proposer: str | None = None) -> RunResult:
        """What a run would do, kept under its digest. Sends no request that changes a tenant."""
        seen = tuple(self._known(self.considering.full(door, {}), proposer) for door in self._doors(tenants))
        return self._named(RunResult(tenants=tuple(self._result(one) for one in seen), digest=self._planned(seen, proposer).digest))

    def drift(self, tenants: tuple[str, ...] = ()) -> RunResult:
        """What was changed outside Recordwarden, with evidence kept. Sends no request that changes a tenant."""
        seen = tuple(self.considering.full(door, {}) for door in self._doors(tenants))
        return self._named(RunResult(tenants=tuple(replace(self._result(one), changes=()) for one in seen)))

    def sync(self, tenants: tuple[str, ...] = (), *, wait: float = 0, proposer: str | None = None) -> RunResult:
        """Do what may run unattended or is approved, holds first; then, for up to ``wait`` seconds, follow it until it is in force."""

        def act() -> RunResult:
            return self._act(tenants, runs, proposer)

        return self._follow(act, wait)

    def apply(self, digest: str, tenants: tuple[str, ...] = (), *, wait: float = 0) -> RunResult:
        """Run exactly the plan that begins with ``digest``, or none of it. Raises ``UnknownPlanError``, ``LeaseHeldError``."""
        ids = frozenset(Changes(self.desk.store).plan(digest))
        return replace(self._follow(lambda: self._exactly(ids, tenants), wait), digest=digest)

    def hold(self, tenants: tuple[str, ...] = ()) -> RunResult:
        """The hold lane alone, in every mode: order what open matters want held, and look at what became of it."""
        return self._named(RunResult(tenants=tuple(self._guarded(door, self._hold_one) for door in self._doors(tenants)), acted=True))

    def end(self, tenants: tuple[str, ...] = (), *, alias: str | None = None) -> RunResult:
        """What releases that are due (of one matter, or all) consist of, and nothing else."""
        return RunResult(tenants=tuple(self._ended(tenants, alias).values()), acted=True)

    def refresh(self, tenants: tuple[str, ...] = ()) -> RunResult:
        """Look at what open matters hold and store what was seen. Sends no request that changes a tenant."""
        return self._named(RunResult(tenants=tuple(self._result(self.considering.holds(door, {})) for door in self._doors(tenants))))

    def _doors(self, tenants: tuple[str, ...]) -> tuple[TenantDoor, ...]:
        return tuple(door for door in self.desk.doors if not tenants or door.tenant.id in tenants)

    @contextmanager
    def _lease(self, door: TenantDoor, lane: Lane) -> Iterator[Lease]:
        """The tenant's lease of a lane, renewed for as long as the block lasts: a look may take longer than a lease."""
        name, seconds = f"{door.tenant.id}/{lane.value}", self.desk.district.timeouts.lease
        with self.desk.leases.acquire(name, seconds=seconds, wait=self.desk.lock_wait, stop=self.desk.stop) as lease, kept_alive(lease):
            yield lease

    def _guarded(self, door: TenantDoor, act: Callable[[TenantDoor], TenantResult]) -> TenantResult:
        """One tenant's part; that another run holds its lease, or has taken it over, stops this tenant and not the next."""
        try:
            return act(door)
        except (LeaseHeldError, LeaseLost) as error:
            return TenantResult(tenant=door.tenant.id, error=error.problem(door.tenant.id), requests=door.requests())

    def _hold_one(self, door: TenantDoor) -> TenantResult:
        with self._lease(door, Lane.HOLD) as lease:
            seen = self._known(self.considering.holds(door, {Lane.HOLD: lease}))
            return self._result(seen, self._send(seen, Lane.HOLD, lease, adds))

    def _act(self, tenants: tuple[str, ...], may: Callable[[Change], bool], proposer: str | None) -> RunResult:
        """Every tenant is looked at and its holds are ordered before any waits for the sync lane; then that lane, tenant by tenant."""
        ended = self._ended(tenants)
        considered: dict[str, Considered] = {}
        first: dict[str, TenantResult] = {}
        for door in self._doors(tenants):
            first[door.tenant.id] = self._guarded(door, lambda one: self._holds_first(one, considered, may, proposer))
        results = []
        for door in self._doors(tenants):
            seen = considered.get(door.tenant.id)
            if seen is None or first[door.tenant.id].error is not None or not self._has_work(seen, may):
                results.append(first[door.tenant.id])
                continue
            second = self._guarded(door, lambda one: self._sync_one(one, considered, may, proposer))
            results.append(joined(first[door.tenant.id], second))
        results = [joined(ended[one.tenant], one) if one.tenant in ended else one for one in results]
        return self._named(RunResult(tenants=tuple(results), digest=self._planned(tuple(considered.values()), proposer).digest, acted=True))

    def _holds_first(self, door: TenantDoor, considered: dict[str, Considered], may: Callable[[Change], bool], proposer: str | None) -> TenantResult:
        """Look at everything without a lease; holds are then looked at again under their own, so that nothing is ordered twice."""
        seen = self._known(self.considering.full(door, {}), proposer)
        considered[door.tenant.id] = seen
        wanted = seen.decision is not None and any(may(change) for change in seen.decision.changes if change.lane is Lane.HOLD)
        if not wanted and not self._interrupted(door, Lane.HOLD):
            return self._result(seen)
        with self._lease(door, Lane.HOLD) as lease:
            again = self._known(self.considering.holds(door, {Lane.HOLD: lease}))
            return self._result(seen, self._send(again, Lane.HOLD, lease, may))

    def _ended(self, tenants: tuple[str, ...], alias: str | None = None) -> dict[str, TenantResult]:
        """Releases that are due are carried out before anything else is looked at: what follows sees the tenant without them."""
        due = [door for door in self._doors(tenants) if self.matters.releases.due(door.tenant.id, alias)]
        return {door.tenant.id: self._guarded(door, lambda one: self._end_one(one, alias)) for door in due}

    def _end_one(self, door: TenantDoor, alias: str | None) -> TenantResult:
        with self._lease(door, Lane.HOLD) as lease:
            seen = self._known(self.considering.holds(door, {Lane.HOLD: lease}))
            if seen.decision is None or seen.look.reader is None:
                return self._result(seen)
            releases, hands = self.matters.releases, EndingHands(reader=seen.look.reader, releaser=door.releaser())
            ended = Ender(self.desk, lease, seen, hands, releases).run(releases.due(door.tenant.id, alias))
            return self._result(seen, Sent(progress=ended.progress, live=ended.live, problems=ended.problems))

    def _sync_one(self, door: TenantDoor, considered: dict[str, Considered], may: Callable[[Change], bool], proposer: str | None) -> TenantResult:
        """The sync lane, looked at again under its lease: what was seen before it was taken may be old."""
        with self._lease(door, Lane.SYNC) as lease:
            seen = self._known(self.considering.full(door, {Lane.SYNC: lease}), proposer)
            considered[door.tenant.id] = seen
            return self._result(seen, self._send(seen, Lane.SYNC, lease, may))

    def _has_work(self, seen: Considered, may: Callable[[Change], bool]) -> bool:
        """Whether the sync lane has anything to send or to settle."""
        if seen.decision is None:
            return False
        door = self.desk.door(seen.look.tenant.id)
        return self._interrupted(door, Lane.SYNC) or any(may(change) for change in seen.decision.changes if change.lane is Lane.SYNC)

    def _interrupted(self, door: TenantDoor, lane: Lane) -> bool:
        """Whether a crash left an intent of the lane without an outcome."""
        return any(one.tenant == door.tenant.id and one.body.get("lane") == lane.value for one in self.desk.journal.open_intents())

    def _exactly(self, ids: frozenset[str], tenants: tuple[str, ...]) -> RunResult:
        """The changes of a plan, all of them or none: looked at and judged under the leases of every tenant before the first is sent."""
        with ExitStack() as stack:
            doors = self._doors(tenants)
            leases = {door.tenant.id: stack.enter_context(self._lease(door, Lane.SYNC)) for door in doors}
            seen = [self._known(self.considering.full(door, {Lane.SYNC: leases[door.tenant.id]}, attended=True)) for door in doors]
            current = {change.id: change for one in seen if one.decision for change in one.decision.changes}
            kept = Changes(self.desk.store).find(ids)
            settled = {one.id for one in kept if one.status in {ChangeStatus.ACCEPTED, ChangeStatus.EFFECTIVE}}
            stale = tuple(one for one in sorted(ids) if one not in current and one not in settled)
            refused = any(current[one].refusals for one in ids if one in current)
            if stale or refused:
                results = tuple(only(self._result(one), ids) for one in seen)
                return RunResult(tenants=results, acted=True, stale=stale, problems=tuple(_stale(one) for one in stale))
            results = tuple(self._result(one, self._both(door, one, leases[door.tenant.id], ids)) for door, one in zip(doors, seen, strict=True))
            return RunResult(tenants=results, acted=True)

    def _both(self, door: TenantDoor, seen: Considered, lease: Lease, ids: frozenset[str]) -> Sent:
        def may(change: Change) -> bool:
            return change.id in ids and runs(change)

        holds = Sent()
        if seen.decision is not None and any(may(change) for change in seen.decision.changes if change.lane is Lane.HOLD):
            with self._lease(door, Lane.HOLD) as hold:
                holds = self._send(self._known(self.considering.holds(door, {Lane.HOLD: hold})), Lane.HOLD, hold, may)
        return holds.joined(self._send(seen, Lane.SYNC, lease, may))

    def _send(self, seen: Considered, lane: Lane, lease: Lease, may: Callable[[Change], bool]) -> Sent:
        if seen.decision is None or seen.look.reader is None:
            return Sent()
        changes = tuple(change for change in seen.decision.changes if change.lane is lane and may(change))
        if not changes:
            return Sent()
        tenant, reader = seen.look.tenant.id, seen.look.reader
        self.desk.notice(f"{tenant}: sending {len(changes)} change{'s' if len(changes) > 1 else ''}")
        sent = self._added(seen, lane, lease, tuple(change for change in changes if adds(change)))
        ending = tuple(change for change in changes if not adds(change))
        if not ending:
            return sent
        ending_hands = EndingHands(reader=reader, releaser=self.desk.door(tenant).releaser())
        ended = Concluder(self.desk, lease, seen, ending_hands, self.matters.on_hold).run(ending)
        return sent.joined(Sent(progress=ended.progress, live=ended.live, problems=ended.problems))

    def _added(self, seen: Considered, lane: Lane, lease: Lease, changes: tuple[Change, ...]) -> Sent:
        if not changes:
            return Sent()
        assert seen.decision is not None
        assert seen.look.reader is not None
        tenant = seen.look.tenant.id
        hands = Hands(
            tenant=tenant,
            reader=seen.look.reader,
            writer=self.desk.door(tenant).writer(lane),
            lease=lease,
            wanted=seen.decision.wanted,
            bindings=dict(seen.decision.bindings),
            live=dict(seen.live),
            told=lambda progress: self.matters.sent(tenant, progress) if lane is Lane.HOLD else None,
            harmless=harmless(seen, seen.decision, lane),
        )
        progress = Applier(self.desk, hands).run(changes)
        return Sent(progress=progress, live=hands.live)

    def _named(self, result: RunResult) -> RunResult:
        """Who endangered people on hold is asked last, when everything has gone out: it may take a minute, and no hold waits for it."""
        tenants = tuple(
            replace(one, problems=(*one.problems, *self.doers.look(look))) if (look := self._looked.pop(one.tenant, None)) else one
            for one in result.tenants
        )
        return replace(result, tenants=tenants)

    def _result(self, seen: Considered, sent: Sent | None = None) -> TenantResult:
        if seen.decision is not None:
            self._looked[seen.look.tenant.id] = seen.look
        sent = sent or Sent()
        result = self.summing.result(seen, sent.progress, sent.live)
        return replace(result, problems=(*result.problems, *sent.problems))

    def _known(self, seen: Considered, proposer: str | None = None) -> Considered:
        """``seen``, with its changes in the store: a change is known before it is intended, and one that is not found any more is overtaken."""
        if seen.decision is not None:
            changes, now = Changes(self.desk.store), self.desk.clock.now()
            asked, over = self.matters.releases.asked(), overtaken(seen)
            with self.desk.store.write() as session:
                changes.keep_changes(session, seen.decision.changes, now, proposer)
                lanes = (lane.value for lane in seen.lanes)
                caught_up(session, self.desk, seen)
                changes.supersede(session, seen.look.tenant.id, lanes, lambda key, change: change not in asked and over(key, change), now)
        return seen

    def _planned(self, seen: Iterable[Considered], proposer: str | None) -> Plan:
        """The plan that was shown, kept under its digest."""
        changes = tuple(change for one in seen if one.decision for change in one.decision.changes)
        plan = Plan(district=self.desk.district.id, policy_digest=self.desk.policy_digest, changes=changes)
        with self.desk.store.write() as session:
            Changes(self.desk.store).keep_plan(session, plan, self.desk.clock.now(), proposer)
        return plan

    def _follow(self, act: Callable[[], RunResult], wait: float) -> RunResult:
        """Run ``act``, and again until nothing is on its way or ``wait`` seconds have passed on the district's clock or on the machine's."""
        patience, result = Patience(self.desk.clock, wait), act()
        while wait > 0 and any(tenant.in_flight for tenant in result.tenants):
            if not patience.rest():
                return replace(result, timed_out=True)
            result = merged(result, act())
        return result


def overtaken(seen: Considered) -> Callable[[str, str], bool]:
    """Whether a change, by its key and id, was not found again by a look that could tell: its key is as wanted, wanted otherwise, or not at all.

    Nothing is said of a key that is on its way, blocked or unseen; nor of keys that nobody wants while people could not all be read.
    """
    decision, roster = seen.decision, seen.look.roster
    assert decision is not None
    assert roster is not None
    found = {change.id for change in decision.changes}
    told = {change.key for change in decision.changes} | {key for result in decision.results.values() for key, _ in result.satisfied}
    whole = everybody(roster)

    def over(key: str, change: str) -> bool:
        return change not in found and (key in told or (whole and key not in decision.wanted))

    return over


def harmless(seen: Considered, decision: Decision, lane: Lane) -> Callable[[Change, Sequence[Change]], bool]:
    """What apply asks once a step of the lane has failed. The hold lane only adds: nothing there depends on a cover."""
    snapshot, roster, connector = seen.look.snapshot, seen.look.roster, seen.look.connector
    if lane is Lane.HOLD or snapshot is None or roster is None:
        return lambda change, done: True  # noqa: ARG005  # see above

    def still(change: Change, done: Sequence[Change]) -> bool:
        return still_harmless(change, done, snapshot, lambda state: connector.effects(state, roster), decision.results[lane].vendor_ids)

    return still


def only(result: TenantResult, ids: frozenset[str]) -> TenantResult:
    """The result with no other changes than those of a plan."""
    return replace(result, changes=tuple(one for one in result.changes if one.change.id in ids))


def joined(first: TenantResult, second: TenantResult) -> TenantResult:
    """One tenant's result over both lanes: what the later look shows, and the holds that the earlier one sent."""
    if second.error is not None:
        return replace(first, error=second.error, requests=second.requests)
    later = {one.change.id for one in second.changes}
    sent = tuple(one for one in first.changes if one.change.lane is Lane.HOLD and one.sent is not None and one.change.id not in later)
    return replace(second, changes=(*sent, *second.changes), problems=tuple(dict.fromkeys((*first.problems, *second.problems))))


def runs(change: Change) -> bool:
    """Whether nothing refuses the change."""
    return not change.refusals


def adds(change: Change) -> bool:
    """Whether nothing refuses the change and it lets go of nothing: all that a run of the hold lane alone carries out."""
    return runs(change) and change.operation not in LETTING_GO


def merged(earlier: RunResult, later: RunResult) -> RunResult:
    """Two looks of one run as one: the later state, and what the earlier one sent."""
    tenants = []
    for tenant in later.tenants:
        old = next(one for one in earlier.tenants if one.tenant == tenant.tenant)
        progress = {one.change.id: one for one in old.changes} | {one.change.id: one for one in tenant.changes}
        if not tenant.in_flight and tenant.error is None:
            found = {one.change.id for one in tenant.changes}
            progress = {key: _arrived(one) if key in found or not one.waits else _overtaken(one) for key, one in progress.items()}
        tenants.append(replace(tenant, changes=tuple(progress.values())))
    return replace(later, tenants=tuple(tenants), digest=earlier.digest)


def _arrived(progress: Progress) -> Progress:
    return replace(progress, status=ChangeStatus.EFFECTIVE) if progress.status is ChangeStatus.ACCEPTED else progress


def _overtaken(progress: Progress) -> Progress:
    """What waited and is not found any more: it came to be so without it."""
    return replace(progress, status=ChangeStatus.SUPERSEDED, error=None, error_code=None)


def _stale(change: str) -> Problem:
    return Problem(
        code="approval.stale",
        severity=Severity.ERROR,
        subject=change,
        message=f"Change {change} of this plan no longer stands for anything: its object, its policy line or its effect is another now.",
        next_step="Make a new plan, look at it, and approve that one.",
    )
