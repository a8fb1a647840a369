"""A line is as strong as its weakest part, and nothing counts as protected that is only offered, on its way or unread."""

from __future__ import annotations

from typing import Any

import pytest

from policies.duties import Carriage, Desired, People, StandingValue
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, MemberState, ReadState, Snapshot, Wanted
from sync.assess import AssessInput, Standing, assess, weakest
from sync.difference import InFlight
from tests.unit.sync.decide.build import DISTRICT, HOUR, NOW, TENANT, live, snapshot, wanted

POLICY, RULE, LABEL = Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE, Kind.M365_LABEL
S = StandingValue
A, B = "exchange:a@d.example", "exchange:b@d.example"
WANTED = (wanted(POLICY, "keep", members=[A, B]), wanted(RULE, "keepr", parent="keep"))


def carriage(standing: S = S.ENFORCED, carriers: tuple[str, ...] = ("keep", "keepr"), people: People | None = None, reason: str | None = None) -> Carriage:
    return Carriage(
        tenant=TENANT, line="R1", series="COR-02", population="staff", workload=Workload.MAIL, standing=standing, reason=reason,
        carriers=carriers, people=people if people is not None else People(covered=2, not_covered=1),
    )


def stand(*lives: Live, one: Carriage | None = None, resources: tuple[Wanted, ...] = WANTED, states: dict[Kind, ReadState] | None = None, **more: Any) -> Standing:
    seen: Snapshot = snapshot(*lives, states=states)
    given = AssessInput(snapshot=seen, bindings={}, district=DISTRICT, **more)
    (standing,) = assess(Desired(tenant=TENANT, resources=resources, carriages=(one or carriage(),)), given)
    return standing


def policy(force: Force = Force.APPLIED, members: tuple[str, ...] = (A, B), **more: Any) -> Live:
    return live(POLICY, "P1", key="keep", members=members, force=force, **more)


def rule(**more: Any) -> Live:
    return live(RULE, "R1", key="keepr", parent_id="P1", **more)


def test_everything_in_force_is_enforced() -> None:
    standing = stand(policy(), rule(), evidence={"keep": (7, 3), "COR-02": (5,), "other": (9,)}, stated=(11,))
    assert (standing.standing, standing.reason, standing.people) == (S.ENFORCED, None, People(covered=2, not_covered=1))
    assert standing.evidence == (3, 5, 7)


@pytest.mark.parametrize(
    ("lives", "expected", "reason"),
    [
        ((policy(),), S.GAP, "carrier.missing"),
        ((policy(Force.ERROR), rule()), S.GAP, "carrier.error"),
        ((policy(Force.OFF), rule()), S.GAP, "carrier.off"),
        ((policy(Force.PENDING, changed_at=NOW), rule()), S.PENDING, "carrier.pending"),
        ((policy(Force.UNKNOWN), rule()), S.UNKNOWN, "carrier.force_unknown"),
        ((policy(enabled=False), rule()), S.GAP, "carrier.differs"),
        ((policy(), rule(period=100)), S.GAP, "carrier.differs"),
        ((policy(), rule(period=None)), S.GAP, "carrier.differs"),
        ((policy(), rule(period=999)), S.ENFORCED, "carrier.longer"),
        ((policy(), rule(period="forever")), S.ENFORCED, "carrier.longer"),
        ((policy(), rule(period=999, action="delete")), S.GAP, "carrier.differs"),
        ((policy(description="other"), rule()), S.ENFORCED, None),
        ((policy(members=(A,)), rule()), S.GAP, "carrier.members"),
    ],
)
def test_the_weakest_part_decides(lives: tuple[Live, ...], expected: S, reason: str | None) -> None:
    standing = stand(*lives)
    assert (standing.standing, standing.reason) == (expected, reason)


def test_an_unread_kind_is_unknown_and_counts_nobody() -> None:
    standing = stand(policy(), states={RULE: ReadState.FAILED})
    assert (standing.standing, standing.reason, standing.people) == (S.UNKNOWN, "wire.broken", People(unknown=3))
    assert stand(one=carriage(carriers=("scope",)), resources=(wanted(Kind.M365_ORG_HOLD, "scope"),)).reason == "kind.unknown"
    nobody_knows = stand(policy(), states={RULE: ReadState.FAILED}, one=carriage(people=People()))
    assert nobody_knows.people == People()


def test_in_flight_is_pending_and_overdue_a_gap() -> None:
    flight = InFlight(key="keep", kind=POLICY, vendor_id="P1", since=NOW - HOUR)
    pending = stand(policy(Force.PENDING), rule(), in_flight={"keep": flight})
    assert (pending.standing, pending.reason, pending.since, pending.people) == (
        S.PENDING, "carrier.in_flight", NOW - HOUR, People(covered=0, not_covered=3),
    )
    late = InFlight(key="keep", kind=POLICY, vendor_id="P1", since=NOW - HOUR, overdue=True)
    assert stand(policy(Force.PENDING), rule(), in_flight={"keep": late}).reason == "carrier.overdue"


def test_what_stops_a_change_is_the_reason_of_its_gap() -> None:
    assert stand(policy(), stopped={"keepr": "capability.unproven"}).reason == "capability.unproven"
    assert stand(policy(), rule(period=1), stopped={"keepr": "mode.propose"}).reason == "mode.propose"


def test_a_label_that_is_offered_protects_nobody() -> None:
    label = live(LABEL, "L1", key="cor-02")
    offered = stand(label, one=carriage(S.AVAILABLE, ("cor-02",), reason="label.must_be_applied"), resources=(wanted(LABEL, "cor-02"),))
    assert (offered.standing, offered.reason, offered.people) == (S.AVAILABLE, "label.must_be_applied", People(covered=0, not_covered=3))
    partly = stand(
        policy(members=(A,)), one=carriage(S.AVAILABLE, ("keep",), People(covered=5, not_covered=0)), resources=WANTED
    )
    assert partly.people == People(covered=0, not_covered=5)


def test_members_left_out_are_taken_from_those_covered() -> None:
    members = {A: MemberState(force=Force.APPLIED), B: MemberState(force=Force.ERROR)}
    partly = stand(policy(member_states=members), rule(), one=carriage(people=People(covered=2, not_covered=0)))
    assert (partly.standing, partly.reason, partly.people) == (S.GAP, "carrier.members", People(covered=1, not_covered=1))
    on_its_way = stand(policy(member_states={**members, B: MemberState(force=Force.PENDING)}), rule(), one=carriage(people=People(covered=2, not_covered=0)))
    assert on_its_way.standing is S.PENDING
    uncounted = stand(policy(members=(A,)), rule(), one=carriage(people=People(covered=2)))
    assert uncounted.people == People(covered=0)


def test_a_line_that_cannot_be_carried_stays_what_the_mapping_said() -> None:
    standing = stand(one=carriage(S.NOT_ENFORCEABLE, (), People(), "vault_rules.no_api"))
    assert (standing.standing, standing.reason, standing.people) == (S.NOT_ENFORCEABLE, "vault_rules.no_api", People(covered=0))


def test_a_carrier_that_nobody_wants_made_is_a_gap() -> None:
    assert stand(policy(), rule(), one=carriage(carriers=("keep", "ghost"))).reason == "carrier.missing"


def test_every_standing_has_its_place_from_weakest_to_strongest() -> None:
    assert weakest(*StandingValue) is S.GAP
    assert [weakest(S.ENFORCED, one) is one for one in StandingValue] == [True] * len(StandingValue)
    assert weakest(S.AVAILABLE, S.PENDING) is S.PENDING
