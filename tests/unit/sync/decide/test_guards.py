"""What stops a change, in which order, and what never may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Lane
from connectors.examination import WriteCapability
from policies.district import Mode, Thresholds
from policies.kinds import Kind, Platform, Workload
from policies.protection import Direction
from policies.resources import ReadState
from sync.guards import guard, runnable, takes_away
from sync.plan import Change, Operation, Refusal
from sync.project import Verdict
from sync.reach import Reach
from tests.unit.sync.decide.build import can, change, codes, guards, read

LABEL = Kind.M365_LABEL
WEAKER = change(direction=Direction.WEAKENS)
STRONGER = change()


def refused(one: Change, **more: Any) -> list[str]:
    (judged,) = guard([one], guards(**more))
    return codes(judged)


def test_a_strengthening_change_runs_unattended_under_enforce() -> None:
    assert refused(STRONGER) == []
    assert refused(replace(STRONGER, direction=Direction.NEUTRAL)) == []


@pytest.mark.parametrize(
    ("one", "more", "expected"),
    [
        (STRONGER, {"mode": Mode.OBSERVE}, ["mode.observe"]),
        (STRONGER, {"mode": Mode.OBSERVE, "approvals": {STRONGER.id: 2}}, ["mode.observe"]),
        (STRONGER, {"mode": None}, ["mode.observe"]),
        (STRONGER, {"mode": Mode.PROPOSE}, ["mode.propose"]),
        (STRONGER, {"mode": Mode.PROPOSE, "approvals": {STRONGER.id: 1}}, []),
        (STRONGER, {"mode": Mode.PROPOSE, "attended": True}, ["approval.missing"]),
        (WEAKER, {}, ["direction.weakens"]),
        (WEAKER, {"approvals": {WEAKER.id: 1}}, ["direction.weakens"]),
        (WEAKER, {"approvals": {WEAKER.id: 2}}, []),
        (WEAKER, {"mode": Mode.PROPOSE, "approvals": {WEAKER.id: 1}}, ["direction.weakens"]),
        (WEAKER, {"attended": True, "approvals": {WEAKER.id: 1}}, ["approval.missing"]),
        (STRONGER, {"same_tenant": False}, ["tenant.identity_changed"]),
        (STRONGER, {"same_tenant": None}, ["tenant.identity_changed"]),
        (STRONGER, {"capabilities": {}}, ["capability.unproven"]),
        (STRONGER, {"capabilities": can(LABEL, write=WriteCapability.UNPROVEN)}, ["capability.unproven"]),
        (STRONGER, {"capabilities": can(LABEL, write=WriteCapability.MISSING)}, ["capability.missing"]),
        (STRONGER, {"capabilities": can(LABEL, write=WriteCapability.NONE)}, ["capability.missing"]),
        (STRONGER, {"capabilities": can(LABEL, write=WriteCapability.ATTEST_ONLY)}, ["capability.missing"]),
    ],
)
def test_sync_lane(one: Change, more: dict[str, Any], expected: list[str]) -> None:
    assert refused(one, **more) == expected


LOCKING = change(operation=Operation.CREATE, after={"behaviour": "record", "action": "keep", "period": 730, "trigger": "created"})


@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.PROPOSE])
@pytest.mark.parametrize(("given", "attended", "expected"), [
    (0, False, ["approval.locking"]), (1, False, ["approval.locking"]), (2, False, []),
    (1, True, ["approval.missing"]), (2, True, []),
])
@pytest.mark.parametrize("direction", [Direction.STRENGTHENS, Direction.NEUTRAL])
def test_what_locks_waits_for_two_officers_in_every_mode(mode: Mode, given: int, *, attended: bool, expected: list[str], direction: Direction) -> None:
    one = replace(LOCKING, direction=direction)
    (judged,) = guard([one], guards(mode=mode, approvals={one.id: given}, attended=attended))
    assert codes(judged) == expected
    assert all("nobody can take back" in refusal.message and "two officers" in refusal.allowed_by for refusal in judged.refusals)


def test_a_record_label_that_stands_is_changed_like_any_other() -> None:
    longer = change(operation=Operation.SET, before={"behaviour": "record", "period": 730}, after={"behaviour": "record", "period": 900})
    assert refused(longer) == []


def test_what_publishes_a_label_waits_with_it() -> None:
    policy = change(kind=Kind.M365_LABEL_RULE, key="pubr", operation=Operation.CREATE)
    checked = guard([LOCKING, policy], guards(rests_on={policy.key: (LOCKING.key,)}))
    assert [codes(one) for one in checked] == [["approval.locking"], ["approval.locking"]]


def test_refusals_come_in_order_and_each_says_what_would_allow_it() -> None:
    (judged,) = guard(
        [replace(WEAKER, refusals=(Refusal(code="mark.duplicate", message="m", allowed_by="a"),))],
        guards(same_tenant=False, capabilities={}, reads={}, open_matter_places=None),
    )
    assert codes(judged) == [
        "mark.duplicate", "tenant.identity_changed", "capability.unproven", "kind.unknown", "matter.open", "direction.weakens",
    ]
    assert all(one.message and one.allowed_by for one in judged.refusals)


@pytest.mark.parametrize(("state", "code"), [(ReadState.PARTIAL, "kind.partial"), (ReadState.FAILED, "kind.unknown"), (ReadState.UNPROVEN, "kind.unknown")])
def test_nothing_is_made_or_shrunk_in_a_kind_that_was_not_completely_read(state: ReadState, code: str) -> None:
    reads = {LABEL: read(LABEL, state)}
    create = replace(STRONGER, operation=Operation.CREATE)
    assert refused(create, reads=reads) == [code]
    assert refused(WEAKER, reads=reads, approvals={WEAKER.id: 2}) == [code]
    assert refused(STRONGER, reads=reads) == []
    assert refused(replace(create, refusals=(Refusal(code=code, message="m", allowed_by="a"),)), reads=reads) == [code], "said once"


def test_while_a_matter_is_open_nothing_brings_a_deletion_forward_for_its_people() -> None:
    approved = {"approvals": {WEAKER.id: 2}}
    places = frozenset({"A@d.example"})
    reach = Reach(platform=Platform.MICROSOFT365, workload=Workload.MAIL, places=frozenset({"a@d.example"}), others=False, named=frozenset())
    reached = Verdict(direction=Direction.WEAKENS, reach=(reach,))
    beside = Verdict(direction=Direction.WEAKENS, reach=(replace(reach, places=frozenset({"b@d.example"})),))
    anybody = Verdict(direction=Direction.WEAKENS, reach=None)
    for verdicts, expected in (({}, ["matter.open"]), ({WEAKER.id: reached}, ["matter.open"]), ({WEAKER.id: anybody}, ["matter.open"]), ({WEAKER.id: beside}, [])):
        assert refused(WEAKER, open_matter_places=places, verdicts=verdicts, **approved) == expected
    assert refused(WEAKER, open_matter_places=None, **approved) == ["matter.open"]
    assert refused(STRONGER, open_matter_places=places) == []


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (Thresholds(changes=2, people=10), []),
        (Thresholds(changes=1, people=10), ["threshold.changes"]),
        (Thresholds(changes=0, people=10), ["threshold.changes"]),
        (Thresholds(changes=2, people=9), ["threshold.people"]),
        (Thresholds(changes=2, people=0), ["threshold.people"]),
        (None, ["threshold.changes"]),
    ],
)
def test_beyond_a_threshold_nothing_of_the_sync_lane_runs(thresholds: Thresholds | None, expected: list[str]) -> None:
    both = [change(key="a", people=4), change(key="b", people=6)]
    assert [codes(one) for one in guard(both, guards(thresholds=thresholds))] == [expected, expected]


def test_zero_is_a_limit() -> None:
    assert refused(change(people=0), thresholds=Thresholds(changes=1, people=0)) == []
    assert refused(change(people=1), thresholds=Thresholds(changes=1, people=0)) == ["threshold.people"]


def test_approved_changes_do_not_count_and_wait_with_the_rest() -> None:
    approved, plain = change(key="a"), change(key="b")
    within = guard([approved, plain], guards(thresholds=Thresholds(changes=1), approvals={approved.id: 1}))
    assert [codes(one) for one in within] == [[], []]
    beyond = guard([approved, plain], guards(thresholds=Thresholds(changes=0), approvals={approved.id: 1}))
    assert [codes(one) for one in beyond] == [["threshold.changes"], ["threshold.changes"]]


def test_refused_changes_do_not_count_and_are_refused_once() -> None:
    judged = guard([WEAKER, change(key="a"), change(key="b")], guards(thresholds=Thresholds(changes=1)))
    assert [codes(one) for one in judged] == [["direction.weakens"], ["threshold.changes"], ["threshold.changes"]]


def test_an_attended_run_has_no_thresholds() -> None:
    assert refused(change(people=10_000), attended=True, thresholds=Thresholds(changes=0, people=0)) == []


def test_what_rests_on_something_refused_is_refused_for_the_same_reason() -> None:
    policy = change(Kind.M365_RETENTION_POLICY, "keep", Operation.CREATE, direction=Direction.WEAKENS)
    rule = change(Kind.M365_RETENTION_RULE, "keepr", Operation.CREATE, parent="keep")
    further = change(LABEL, "further", Operation.CREATE)
    filled = change(Kind.M365_RETENTION_POLICY, "keep", Operation.ADD)
    free = change(LABEL, "free", Operation.CREATE)
    judged = guard([policy, rule, further, filled, free], guards(rests_on={"further": ("keepr",)}))
    assert [codes(one) for one in judged] == [["direction.weakens"]] * 4 + [[]]
    assert "rests on keep" in judged[1].refusals[0].message


def test_a_set_that_is_refused_does_not_stop_what_rests_on_its_object() -> None:
    judged = guard([change(key="a", direction=Direction.WEAKENS), change(key="b", parent="a")], guards())
    assert [codes(one) for one in judged] == [["direction.weakens"], []]


HOLD_LANE: list[dict[str, Any]] = [
    {"mode": Mode.OBSERVE},
    {"mode": None},
    {"thresholds": Thresholds(changes=0, people=0)},
    {"thresholds": None},
    {"reads": {}},
    {"capabilities": {}},
    {"capabilities": can(Kind.M365_HOLD, write=WriteCapability.UNPROVEN)},
    {"same_tenant": None},
    {"open_matter_places": frozenset({"a@d.example"})},
    {"open_matter_places": None},
]


@pytest.mark.parametrize("more", HOLD_LANE)
@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.ADD, Operation.RETRY])
def test_the_hold_lane_is_not_refused(more: dict[str, Any], operation: Operation) -> None:
    one = change(Kind.M365_HOLD, "m-1", operation, lane=Lane.HOLD, direction=Direction.WEAKENS, people=9_999)
    assert refused(one, **{"lane": Lane.HOLD, **more}) == []


def test_the_hold_lane_stops_for_another_tenant_a_missing_right_and_a_loss_without_two_officers() -> None:
    one = change(Kind.M365_HOLD, "m-1", Operation.SET, lane=Lane.HOLD, direction=Direction.WEAKENS)
    assert refused(replace(one, direction=Direction.STRENGTHENS), lane=Lane.HOLD) == []
    assert refused(one, lane=Lane.HOLD) == ["direction.weakens"]
    assert refused(one, lane=Lane.HOLD, approvals={one.id: 2}) == []
    create = replace(one, operation=Operation.CREATE)
    assert refused(create, lane=Lane.HOLD, same_tenant=False) == ["tenant.identity_changed"]
    assert refused(create, lane=Lane.HOLD, capabilities=can(Kind.M365_HOLD, write=WriteCapability.MISSING)) == ["capability.missing"]
    assert takes_away(one)
    assert not takes_away(create)
    on = replace(one, before={"enabled": False, "query": ""}, after={"enabled": True, "query": ""}, add=frozenset({"mail:a@d.example"}))
    assert not takes_away(on), "who is to be held does not wait because something about the hold could not be judged"
    assert takes_away(replace(on, after={"enabled": True, "query": "budget"}))
    assert takes_away(replace(on, before={"enabled": True}, after={"enabled": False}))


def test_runnable_is_what_nothing_stands_against() -> None:
    assert runnable(guard([WEAKER, STRONGER], guards())) == (STRONGER,)
