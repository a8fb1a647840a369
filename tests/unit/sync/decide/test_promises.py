"""The design's promises 1, 2, 3 and 5 as properties, on tenants in which we, others and time have been at work."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.base import Lane
from connectors.examination import Capability, ReadCapability, WriteCapability
from policies.district import Mode, Thresholds
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import KindRead, Live, ReadState, Snapshot, Wanted
from sync.diff import DiffResult, diff
from sync.drift import DriftClass, find_drift, watch
from sync.guards import GuardInput, guard, runnable
from sync.plan import Change, Operation
from sync.weigh import still_harmless, weigh
from tests.unit.sync.decide.build import DISTRICT, NOW, effects_of, inputs, live, wanted
from tests.unit.sync.decide.oracle import losses
from tests.unit.sync.decide.world import KINDS, PLACES, Place, places

# Shrinking a whole tenant takes minutes and says little more than the example that was found.
SETTINGS = settings(
    max_examples=80, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
BOTH = tuple(PLACES)


def guards_of(place: Place, **more: object) -> GuardInput:
    base = GuardInput(
        mode=Mode.ENFORCE, thresholds=Thresholds(changes=1000, people=100_000), capabilities=place.capabilities(), reads=place.read().reads,
        approvals={}, open_matter_places=frozenset(), attended=False, lane=Lane.SYNC,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # the sides of a GuardInput, by name


def planned(place: Place, desired: tuple[Wanted, ...], seen: Snapshot) -> DiffResult:
    return diff(replace(inputs(desired, seen, *place.bindings.values()), now=place.clock.now()))


def test_promise_1_no_unattended_run_ever_weakens() -> None:
    """The world in which we ran, once everything has arrived, against the same world in which we did not; and many of the plans do try to weaken."""
    tally: Counter[str] = Counter()

    @SETTINGS
    @given(places())
    def no_run_weakens(case: tuple[Place, tuple[Wanted, ...]]) -> None:
        place, desired = case
        seen = place.read()
        result = planned(place, desired, seen)
        weighed = weigh(result.changes, seen, effects_of, guards_of(place, rests_on=result.rests_on), result.vendor_ids)
        wants = {want.key: want for want in desired}
        untouched = place.later().read()

        reckless = copy.deepcopy(place)
        reckless.run(result.changes, wants, result)
        tally["tried"] += bool(losses(untouched, reckless.later().read(), BOTH))

        careful = copy.deepcopy(place)
        sent = careful.run(runnable(weighed), wants, result)
        assert not losses(untouched, careful.later().read(), BOTH)
        tally["cases"] += 1
        tally["acted"] += bool(sent)
        tally["refused"] += any(change.direction is Direction.WEAKENS for change in weighed)

    no_run_weakens()
    assert tally["tried"] * 10 >= tally["cases"], tally
    assert tally["acted"] * 4 >= tally["cases"], tally
    assert tally["refused"] * 10 >= tally["cases"], tally


def test_promise_1_holds_when_any_step_fails_and_the_rest_is_asked_again() -> None:
    tally: Counter[str] = Counter()

    @SETTINGS
    @given(places(), st.integers(0, 6))
    def no_half_run_weakens(case: tuple[Place, tuple[Wanted, ...]], breaks: int) -> None:
        place, desired = case
        seen = place.read()
        result = planned(place, desired, seen)
        steps = runnable(weigh(result.changes, seen, effects_of, guards_of(place, rests_on=result.rests_on), result.vendor_ids))
        done: list[Change] = []
        for index, step in enumerate(steps):
            rests = {step.key, *result.rests_on.get(step.key, ())}
            broken = index == breaks or any(other.key in rests and other not in done for other in steps[:index])
            if not broken and still_harmless(step, done, seen, effects_of, result.vendor_ids):
                done.append(step)
        careful = copy.deepcopy(place)
        careful.run(tuple(done), {want.key: want for want in desired}, result)
        assert not losses(place.later().read(), careful.later().read(), BOTH)
        tally["cases"] += 1
        tally["half"] += len(done) < len(steps)

    no_half_run_weakens()
    assert tally["half"] * 6 >= tally["cases"], tally


INCOMPLETE = st.sampled_from([ReadState.PARTIAL, ReadState.FAILED, ReadState.UNPROVEN])


@st.composite
def dimmed(draw: st.DrawFn, seen: Snapshot) -> Snapshot:
    """The same tenant through worse eyes: some kinds not completely read, some of their objects not in the answer."""
    kinds = draw(st.frozensets(st.sampled_from(sorted(KINDS)), min_size=1))
    reads = dict(seen.reads)
    for kind in kinds:
        state = draw(INCOMPLETE)
        reads[kind] = KindRead(kind=kind, state=state, count=None, reason=f"test.{state.value}")
    left = tuple(one for one in seen.resources if one.kind not in kinds or draw(st.booleans()))
    return replace(seen, reads=reads, resources=left)


def test_promise_2_unknown_is_not_absent() -> None:
    tally: Counter[str] = Counter()

    @SETTINGS
    @given(places(), st.data())
    def nothing_follows_from_not_seeing(case: tuple[Place, tuple[Wanted, ...]], data: st.DataObject) -> None:
        place, desired = case
        seen = data.draw(dimmed(place.read()))
        for key in data.draw(st.frozensets(st.sampled_from(sorted(place.bindings)))):
            del place.bindings[key]  # an older store was restored, or an intent is still open
        unread = {kind for kind in KINDS if not seen.complete(kind)}
        result = planned(place, desired, seen)
        weighed = weigh(result.changes, seen, effects_of, guards_of(place, reads=seen.reads, rests_on=result.rests_on), result.vendor_ids)
        for change in runnable(weighed):
            assert not (change.operation is Operation.CREATE and change.kind in unread)
            assert not (change.direction is Direction.WEAKENS and change.kind in unread)
        drifts = find_drift("m365", seen, place.bindings, watch(place.read(), place.bindings, DISTRICT), effects_of, district=DISTRICT)
        assert not [one for one in drifts if one.drift is DriftClass.MISSING and one.kind in unread]
        assert not [one for one in drifts if one.drift is DriftClass.UNMANAGED and one.live is None and one.kind in unread]
        tally["cases"] += 1
        tally["hidden"] += any(one not in seen.resources for one in place.read().resources if one.mark is not None)
        tally["stopped"] += any(change.operation is Operation.CREATE and change.kind in unread for change in weighed)

    nothing_follows_from_not_seeing()
    assert tally["hidden"] * 4 >= tally["cases"], tally
    assert tally["stopped"] * 20 >= tally["cases"], tally


RIGHTS = st.sampled_from([WriteCapability.PROVEN, WriteCapability.UNPROVEN, None])
MAILBOXES = st.frozensets(st.sampled_from([f"mail:{name}@d.example" for name in "abcdef"]))


@st.composite
def matters(draw: st.DrawFn) -> tuple[tuple[Wanted, ...], tuple[Live, ...], frozenset[str]]:
    """What a matter wants, what of it is live (and some look-alikes), and who was ordered before."""
    before = draw(MAILBOXES)
    members = before | draw(MAILBOXES)
    desired = (wanted(Kind.M365_CASE, "m-x"), wanted(Kind.M365_HOLD, "m-x-1", parent="m-x", members=members, people=len(members)))
    lives: list[Live] = []
    if draw(st.booleans()):
        lives.append(live(Kind.M365_CASE, "C1", key="m-x", state=draw(st.sampled_from(["open", "closed"]))))
        if draw(st.booleans()):
            enabled = draw(st.booleans())
            lives.append(live(Kind.M365_HOLD, "H1", key="m-x-1", members=before, parent_id="C1", enabled=enabled))
    if draw(st.booleans()):
        lives.append(live(Kind.M365_CASE, "C9", key="m-x", created_at=None))
    return desired, tuple(lives), before


def test_promise_3_the_hold_lane_is_never_refused() -> None:
    """Whatever was read, proven, allowed or counted: what a hold order still lacks goes out, and nothing else."""
    tally: Counter[str] = Counter()

    @SETTINGS
    @given(
        matters(), st.dictionaries(st.sampled_from([Kind.M365_CASE, Kind.M365_HOLD]), INCOMPLETE), RIGHTS,
        st.sampled_from([None, *Mode]), st.sampled_from([None, Thresholds(changes=0, people=0)]), st.sampled_from([None, frozenset({"a@d.example"})]),
    )
    def nothing_stops_a_hold(
        matter: tuple[tuple[Wanted, ...], tuple[Live, ...], frozenset[str]], unread: dict[Kind, ReadState], right: WriteCapability | None,
        mode: Mode | None, thresholds: Thresholds | None, held: frozenset[str] | None,
    ) -> None:
        desired, lives, _ = matter
        reads = {
            kind: KindRead(kind=kind, state=unread.get(kind, ReadState.COMPLETE), count=None, reason="test.unread" if kind in unread else None)
            for kind in (Kind.M365_CASE, Kind.M365_HOLD)
        }
        seen = Snapshot(tenant="m365", at=NOW, reads=reads, resources=lives)
        result = diff(inputs(desired, seen, lane=Lane.HOLD))
        capabilities = {} if right is None else {kind: Capability(kind=kind, read=ReadCapability.UNKNOWN, write=right) for kind in reads}
        given_ = GuardInput(
            mode=mode, thresholds=thresholds, capabilities=capabilities, reads=reads, approvals={}, open_matter_places=held, attended=False,
            lane=Lane.HOLD, same_tenant=None,
        )
        judged = weigh(result.changes, seen, effects_of, given_, result.vendor_ids)
        assert [change for change in judged if change.refusals] == []
        assert [change for change in guard(result.changes, given_) if change.refusals and change.operation is not Operation.SET] == []
        _everybody_goes_out(desired, lives, result)
        tally["cases"] += 1
        tally["unread"] += bool(unread)
        tally["sent"] += bool(result.changes)

    nothing_stops_a_hold()
    assert tally["unread"] * 4 >= tally["cases"], tally
    assert tally["sent"] * 2 >= tally["cases"], tally


def _everybody_goes_out(desired: tuple[Wanted, ...], lives: tuple[Live, ...], result: DiffResult) -> None:
    hold = desired[1]
    ordered = frozenset[str]().union(*(change.add for change in result.changes if change.key == hold.key))
    there = next((one for one in lives if one.kind is Kind.M365_HOLD), None)
    if there is not None:
        assert ordered == hold.members - there.members
    elif hold.key not in result.waiting:
        assert ordered == hold.members


def test_promise_5_unattended_runs_only_add_and_nobody_is_dropped() -> None:
    tally: Counter[str] = Counter()

    @SETTINGS
    @given(places())
    def members_stay(case: tuple[Place, tuple[Wanted, ...]]) -> None:
        place, desired = case
        seen = place.read()
        result = planned(place, desired, seen)
        assert all(change.operation in {Operation.CREATE, Operation.SET, Operation.ADD, Operation.RETRY} for change in result.changes)
        assert all(not change.remove for change in result.changes)
        before = {one.vendor_id: one for one in seen.resources}
        run = runnable(weigh(result.changes, seen, effects_of, guards_of(place, rests_on=result.rests_on), result.vendor_ids))
        place.run(run, {want.key: want for want in desired}, result)
        after = {one.vendor_id: one for one in place.read().resources}
        assert set(before) <= set(after), "nothing was deleted"
        for vendor_id, was in before.items():
            assert was.members <= after[vendor_id].members
            tally["grew"] += was.members < after[vendor_id].members
        leavers = {key: former for key, former in result.former.items() if former}
        for key, former in leavers.items():
            want = next(one for one in desired if one.key == key)
            assert former.isdisjoint(want.members)
            assert former <= place.bindings[key].members
        tally["cases"] += 1
        tally["leavers"] += bool(leavers)

    members_stay()
    assert tally["grew"] * 6 >= tally["cases"], tally
    assert tally["leavers"] * 10 >= tally["cases"], tally


def test_a_second_run_right_after_the_first_sends_nothing_more_for_what_went_through() -> None:
    @SETTINGS
    @given(places())
    def runs_settle(case: tuple[Place, tuple[Wanted, ...]]) -> None:
        place, desired = case
        wants = {want.key: want for want in desired}
        for _ in range(4):
            place = place.later()
            seen = place.read()
            result = planned(place, desired, seen)
            run = runnable(weigh(result.changes, seen, effects_of, guards_of(place, rests_on=result.rests_on), result.vendor_ids))
            if not place.run(run, wants, result):
                return
            place.bindings = {key: one for key, one in place.bindings.items() if one.vendor_id in place.world.things}
        raise AssertionError("four runs in a row found something to do")

    runs_settle()
