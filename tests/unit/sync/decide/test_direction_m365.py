"""Which way a change goes, read off objects as the platform itself shows them: what a policy and its rule, or a hold and its members, share."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.microsoft365.holds import case_from, hold_from
from connectors.microsoft365.policies import family
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Fields, Force, Live, Snapshot
from sync.drift.judging import Scene
from sync.drift.ours import as_applied
from sync.plan import Operation
from sync.project import judge_between, judge_plan
from tests.unit.sync.decide.build import DISTRICT, TENANT, binding, change, effects_of, live, snapshot

POLICY_ID, RULE_ID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
CASE_ID, HOLD_ID = "33333333-3333-3333-3333-333333333333", "44444444-4444-4444-4444-444444444444"
PUBLISHES = "publishes"
POLICIES = (Kind.M365_RETENTION_POLICY, Kind.M365_LABEL_POLICY)


def retention(action: str = "Keep", *, enabled: bool = True, status: str = "Success", **rule: Any) -> Snapshot:
    """A tenant with one policy over a mailbox, by the reader's own words; ``action`` ``publishes``: of a label that keeps and then deletes."""
    row = {
        "Name": "P", "Guid": POLICY_ID, "Enabled": enabled, "Mode": "Enforce", "DistributionStatus": status, "RetentionRuleTypes": [],
        "Comment": f"[rw:{DISTRICT}:keep-x-1:g1]", "ExchangeLocation": [{"Name": "a@d.example", "ImmutableIdentity": ""}],
        "SharePointLocation": [], "OneDriveLocation": [], "ModernGroupLocation": [], "WhenCreatedUTC": "2026-10-01T00:00:00Z",
    }  # fmt: skip
    said = {"RetentionDuration": "731", "RetentionComplianceAction": action, "ExpirationDateOption": "CreationAgeInDays", "ContentMatchQuery": ""}
    own = {"PublishComplianceTag": "Transitory"} if action == PUBLISHES else said
    rules = [{"Name": "R", "Guid": RULE_ID, "Policy": POLICY_ID, "Disabled": False, "Mode": "Enforce", **own, **rule}]
    found = family([row], rules, DISTRICT, lambda _row: True)
    assert found.flaw is None
    labels = [live(Kind.M365_LABEL, "L1", name="Transitory", period=30, action="keep_and_delete")] if action == PUBLISHES else []
    return snapshot(*found.policies, *found.rules, *labels)


def policy_in(seen: Snapshot) -> Live:
    (found,) = (one for kind in POLICIES for one in seen.of(kind))
    return found


def repaired(seen: Snapshot, operation: Operation = Operation.SET, after: Fields | None = None) -> Direction:
    """What ``operation`` on the policy alone is judged to do."""
    policy = policy_in(seen)
    before = {name: policy.fields[name] for name in after or {}}
    one = change(policy.kind, "keep-x-1", operation, vendor_id=policy.vendor_id, before=before, after=after)
    (judged,) = judge_plan([one], seen, effects_of)
    return judged.direction


def drifted(was: Snapshot, now: Snapshot) -> Direction:
    """What the difference in the policy alone is judged to have done."""
    scene = Scene(tenant=TENANT, snapshot=now, effects_of=effects_of)
    old = policy_in(was)
    return scene.since_changed(as_applied(binding(old, "keep-x-1")), policy_in(now))


ACTIONS = [("Keep", Direction.STRENGTHENS), ("Delete", Direction.WEAKENS), (PUBLISHES, Direction.WEAKENS)]


@pytest.mark.parametrize(("action", "on_again"), ACTIONS)
def test_switching_a_policy_on_does_what_its_rule_says(action: str, on_again: Direction) -> None:
    off, on = retention(action, enabled=False), retention(action)
    assert repaired(off, after={"enabled": True}) is on_again
    assert judge_between(policy_in(on).kind, off, on, effects_of).direction is on_again


def test_a_policy_that_somebody_switched_off_kept_until_then() -> None:
    assert drifted(retention(), retention(enabled=False)) is Direction.WEAKENS
    assert drifted(retention(), retention(status="PendingDeletion")) is Direction.WEAKENS
    assert drifted(retention("Delete"), retention("Delete", enabled=False)) is Direction.STRENGTHENS


@pytest.mark.parametrize(("action", "arriving"), ACTIONS)
def test_what_could_not_be_distributed_comes_into_force_with_its_rule(action: str, arriving: Direction) -> None:
    failed = retention(action, status="Error")
    assert repaired(failed, Operation.RETRY) is arriving


@pytest.mark.parametrize("rule", [{"Disabled": True}, {"Mode": "TestWithoutNotifications"}])
@pytest.mark.parametrize("action", ["Keep", "Delete"])
def test_a_rule_that_is_itself_off_keeps_and_deletes_nothing_under_a_policy_that_is_on(action: str, rule: dict[str, Any]) -> None:
    assert repaired(retention(action, enabled=False, **rule), after={"enabled": True}) is Direction.NEUTRAL
    (own,) = retention(action, **rule).of(Kind.M365_RETENTION_RULE)
    assert own.force is Force.OFF


@pytest.mark.parametrize(
    ("enabled", "status", "own"),
    [(True, "Success", Force.APPLIED), (True, "Pending", Force.PENDING), (False, "Success", Force.UNKNOWN), (True, "Error", Force.UNKNOWN)],
)
def test_of_a_rule_the_platform_tells_no_more_than_how_far_its_policy_has_come(*, enabled: bool, status: str, own: Force) -> None:
    (rule,) = retention(enabled=enabled, status=status).of(Kind.M365_RETENTION_RULE)
    assert rule.force is own


def held(*, enabled: bool = True, case: str = "active", status: str = "applied") -> Snapshot:
    """A tenant with one case and its hold of one mailbox, as Graph shows them."""
    row = {"id": HOLD_ID, "displayName": "H", "isEnabled": enabled, "errors": [], "contentQuery": ""}
    users: list[dict[str, object]] = [{"id": "u1", "email": "a@d.example", "displayName": "A", "holdStatus": status if enabled else "notApplied"}]
    hold = hold_from(row, users, [], case_id=CASE_ID, made_by_us=True)
    around = case_from({"id": CASE_ID, "displayName": "C", "status": case}, made_by_us=True)
    assert hold is not None
    assert around is not None
    return snapshot(around, hold)


def on_again(seen: Snapshot, *, reopening: bool) -> list[Direction]:
    case = change(Kind.M365_CASE, "m-1", vendor_id=CASE_ID, before={"state": "closed"}, after={"state": "open"})
    hold = change(Kind.M365_HOLD, "m-1-1", vendor_id=HOLD_ID, parent="m-1", before={"enabled": False}, after={"enabled": True})
    return [one.direction for one in judge_plan([case, hold] if reopening else [hold], seen, effects_of)]


def test_a_hold_that_is_switched_on_again_holds_its_members() -> None:
    assert on_again(held(enabled=False), reopening=False) == [Direction.STRENGTHENS]


def test_in_a_reopened_case_it_is_the_hold_that_is_switched_on_that_holds() -> None:
    assert on_again(held(enabled=False, case="closed"), reopening=True) == [Direction.NEUTRAL, Direction.STRENGTHENS]


def test_a_member_on_its_way_out_is_not_brought_back_by_a_text() -> None:
    text = change(Kind.M365_HOLD, vendor_id=HOLD_ID, before={"description": ""}, after={"description": "x"})
    (judged,) = judge_plan([text], held(status="removing"), effects_of)
    assert judged.direction is Direction.NEUTRAL


