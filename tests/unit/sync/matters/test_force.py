"""Whether a source is held where the platform speaks of the whole hold alone, as it does by cmdlet. What goes for one source by itself: test_gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies.kinds import Kind, Workload
from policies.resources import Fields, Force, KindRead, Live, MemberState, ReadState, Snapshot
from policies.roster import Identity, OrgUnit, Roster
from sync.bindings import Binding, BindingState
from sync.matters.force import Held, Sight, advance
from sync.matters.model import Place, Source, SourceState

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
MEMBER = "mail:ann@d.example"
FIELDS: Fields = {"enabled": True, "query": "", "description": ""}


def hold(force: Force, *, vendor_id: str = "h1", **states: MemberState) -> Live:
    return Live(
        kind=Kind.M365_HOLD, vendor_id=vendor_id, name="amber 1", fields=FIELDS, members=frozenset({MEMBER, "mail:bob@d.example"}), force=force,
        parent_id="c1", member_states={MEMBER: states["own"]} if states else {},
    )


def source(state: SourceState, container: str | None = "h1") -> Source:
    place = Place(address="ann@d.example", container="ann@d.example", member=MEMBER)
    return Source(
        id="s1", person="p1", tenant="m365", workload=Workload.MAIL, identity=None, place=place, resource="m-amber-1", state=state,
        requested=NOW, vendor_container=container, first_seen_held=NOW - timedelta(days=1),
    )


def sight(live: Live) -> Sight:
    read = KindRead(kind=Kind.M365_HOLD, state=ReadState.COMPLETE, count=1)
    snapshot = Snapshot(tenant="m365", at=NOW, reads={Kind.M365_HOLD: read}, resources=(live,))
    bound = Binding(
        tenant="m365", kind=Kind.M365_HOLD, key="m-amber-1", vendor_id=live.vendor_id, name=live.name, generation=1, fields=FIELDS,
        members=live.members, parent_id="c1", accepted_at=NOW, effective_at=NOW, state=BindingState.IN_FORCE, mark=None,
    )
    return Sight(snapshot, {"m-amber-1": bound}, Roster(tenant="m365", at=NOW, identities=()))


@pytest.mark.parametrize(("force", "held"), [
    (Force.APPLIED, Held.YES), (Force.PENDING, Held.PENDING), (Force.OFF, Held.NO), (Force.ERROR, Held.UNKNOWN), (Force.UNKNOWN, Held.UNKNOWN),
])
def test_the_holds_own_word_goes_for_every_source_that_it_does_not_name(force: Force, held: Held) -> None:
    assert sight(hold(force)).of(source(SourceState.ACCEPTED)).held is held


def test_a_source_that_is_named_has_its_own() -> None:
    seen = sight(hold(Force.APPLIED, own=MemberState(force=Force.ERROR, error="MailboxNotFound"))).of(source(SourceState.ACCEPTED))
    assert (seen.held, seen.error) == (Held.FAILED, "MailboxNotFound")


@pytest.mark.parametrize("state", [SourceState.EFFECTIVE, SourceState.VERIFIED])
def test_a_hold_that_is_distributed_again_for_somebody_else_has_let_nobody_go(state: SourceState) -> None:
    before = source(state)
    step = advance(before, sight(hold(Force.PENDING)).of(before), NOW)
    assert (step.lost, step.source) == (False, before)


def test_one_whose_own_state_is_pending_again_was_let_go() -> None:
    before = source(SourceState.VERIFIED)
    step = advance(before, sight(hold(Force.PENDING, own=MemberState(force=Force.PENDING))).of(before), NOW)
    assert step.lost
    assert step.source.state is SourceState.DISTRIBUTING


def test_another_hold_in_the_place_of_the_old_one_says_nothing_for_it() -> None:
    before = source(SourceState.VERIFIED, container="h0")
    step = advance(before, sight(hold(Force.PENDING)).of(before), NOW)
    assert step.lost


def test_a_new_source_waits_with_its_hold() -> None:
    before = replace(source(SourceState.ACCEPTED), first_seen_held=None)
    step = advance(before, sight(hold(Force.PENDING)).of(before), NOW)
    assert (step.lost, step.source.state) == (False, SourceState.DISTRIBUTING)


IN_STAFF = Identity(tenant="google", vendor_id="1", address="ann@d.example", org_unit="/District Office/North")
ROSTER_OF_UNITS = Roster(
    tenant="google", at=NOW, identities=(replace(IN_STAFF, org_unit="/Board"),), reads=(KindRead(kind=Kind.GOOGLE_ORG_UNIT, state=ReadState.COMPLETE, count=3),),
    org_units=tuple(OrgUnit(tenant="google", vendor_id=id_, path=path) for id_, path in (
        ("staff", "/District Office"), ("north", "/District Office/North"), ("board", "/Board"),
    )),
)


@pytest.mark.parametrize(("scope", "state", "held"), [
    ("org_unit", SourceState.VERIFIED, Held.NO), ("org_unit", SourceState.ACCEPTED, Held.UNKNOWN), ("accounts", SourceState.VERIFIED, Held.UNKNOWN),
])
def test_whoever_left_a_held_unit_is_not_held_by_it_while_the_hold_on_the_account_is_not_made(scope: str, state: SourceState, held: Held) -> None:
    unit = Live(kind=Kind.GOOGLE_HOLD, vendor_id="h1", name="amber mail", fields={"scope": scope, "org_unit": "staff"}, force=Force.APPLIED)
    read = KindRead(kind=Kind.GOOGLE_HOLD, state=ReadState.COMPLETE, count=1)
    snapshot = Snapshot(tenant="google", at=NOW, reads={Kind.GOOGLE_HOLD: read}, resources=(unit,))
    moved = replace(source(state), tenant="google", identity="1", resource="m-amber-mail", place=Place(address="ann@d.example", member="account:1"))
    assert Sight(snapshot, {}, ROSTER_OF_UNITS).of(moved).held is held
    for roster in (replace(ROSTER_OF_UNITS, identities=(IN_STAFF,)), replace(ROSTER_OF_UNITS, org_units=(), reads=()), replace(ROSTER_OF_UNITS, identities=())):
        assert Sight(snapshot, {}, roster).of(moved).held is Held.UNKNOWN, "only an account that is shown outside has left"
