"""What a diff sends, and above all what it does not send."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import Lane
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Force, MemberState, ReadState, Wanted
from sync.bindings import BindingState
from sync.diff import diff
from sync.equality import apart, same
from sync.ordering import CircularError, ordered
from sync.plan import Operation
from sync.project import differing_fields
from tests.unit.sync.decide.build import DAY, HOUR, NOW, binding, codes, inputs, live, mark, snapshot, wanted

LABEL, POLICY, RULE, CASE, HOLD = Kind.M365_LABEL, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE, Kind.M365_CASE, Kind.M365_HOLD


def test_creates_what_a_complete_read_did_not_show_parents_first() -> None:
    rule = wanted(RULE, "keepr", parent="keep")
    policy = wanted(POLICY, "keep", members=["exchange:a@d.example"], people=1)
    result = diff(inputs([rule, policy], snapshot()))
    assert [(c.operation, c.key, c.parent) for c in result.changes] == [(Operation.CREATE, "keep", None), (Operation.CREATE, "keepr", "keep")]
    assert result.changes[0].add == {"exchange:a@d.example"}
    assert result.changes[0].before is None
    assert result.changes[0].after == policy.fields
    assert result.changes[0].identities_touched == {"a@d.example"}
    assert all(c.direction is Direction.WEAKENS for c in result.changes), "nobody has judged them yet"
    assert result.rests_on == {"keepr": ("keep",), "keep": ()}


def test_a_hold_is_born_empty_and_filled_afterwards() -> None:
    case, hold = wanted(CASE, "m-a"), wanted(HOLD, "m-a-1", parent="m-a", members=["mail:a@d.example", "mail:b@d.example"], people=2)
    result = diff(inputs([case, hold], snapshot(), lane=Lane.HOLD))
    assert [(c.operation, c.key, len(c.add), c.people) for c in result.changes] == [
        (Operation.CREATE, "m-a", 0, 0),
        (Operation.CREATE, "m-a-1", 0, 2),
        (Operation.ADD, "m-a-1", 2, 2),
    ]


def test_what_is_the_platforms_own_is_never_made_and_in_the_dark_only_the_new_go_in() -> None:
    asked = wanted(Kind.M365_MAILBOX, "m-a-litigation", members=["mail:a@d.example", "mail:b@d.example"], people=2)
    there = live(Kind.M365_MAILBOX, "m365.mailbox", members=["mail:a@d.example"])
    (added,) = diff(inputs([asked], snapshot(there), lane=Lane.HOLD)).changes
    assert (added.operation, added.vendor_id, added.add) == (Operation.ADD, "m365.mailbox", frozenset({"mail:b@d.example"}))
    dark = snapshot(replace(there, members=frozenset()), states={Kind.M365_MAILBOX: ReadState.PARTIAL})
    (blind,) = diff(inputs([asked], dark, binding(there, asked.key), lane=Lane.HOLD)).changes
    assert blind.add == {"mail:b@d.example"}, "the one that we put in before is not told again"
    unseen = diff(inputs([asked], snapshot(states={Kind.M365_MAILBOX: ReadState.FAILED}), lane=Lane.HOLD))
    assert (unseen.changes, unseen.unknown) == ((), (asked.key,))


def test_a_field_that_this_object_fixed_at_birth_makes_a_new_generation() -> None:
    there = live(LABEL, "v1", key="cor-02", period=30)
    for want, operations in ((wanted(LABEL, "cor-02"), [Operation.SET]), (replace(wanted(LABEL, "cor-02"), fixed=frozenset({"period"})), [Operation.CREATE])):
        result = diff(inputs([want], snapshot(there)))
        assert [(c.operation, c.generation) for c in result.changes] == [(operations[0], 1 if operations == [Operation.SET] else 2)]


def test_what_can_be_said_at_birth_alone_is_no_difference_later_and_goes_with_every_birth() -> None:
    said = replace(wanted(LABEL, "cor-02", citation="M1"), at_birth=frozenset({"citation"}))
    (born,) = diff(inputs([said], snapshot())).changes
    assert (born.operation, (born.after or {})["citation"]) == (Operation.CREATE, "M1")
    there = live(LABEL, "L1", key="cor-02")
    assert [one.operation for one in diff(inputs([replace(said, at_birth=frozenset())], snapshot(there))).changes] == [Operation.SET]
    assert diff(inputs([said], snapshot(there))).changes == ()
    (anew,) = diff(inputs([said], snapshot(live(LABEL, "L1", key="cor-02", action="keep_and_delete")))).changes
    assert (anew.operation, (anew.after or {})["citation"]) == (Operation.CREATE, "M1")


def whole(*members: str) -> Wanted:
    return replace(wanted(HOLD, "m-a-1", members=list(members)), whole=True)


def test_a_hold_that_its_surface_takes_whole_is_born_with_its_people() -> None:
    result = diff(inputs([whole("mail:a@d.example", "mail:b@d.example")], snapshot(), lane=Lane.HOLD))
    assert [(c.operation, len(c.add)) for c in result.changes] == [(Operation.CREATE, 2)]


@pytest.mark.parametrize(("force", "sent"), [(Force.PENDING, []), (Force.APPLIED, [Operation.ADD])])
def test_such_a_hold_is_left_alone_while_the_platform_distributes_it(force: Force, sent: list[Operation]) -> None:
    there = live(HOLD, "v1", key="m-a-1", members=["mail:a@d.example"], force=force, changed_at=NOW)
    empty_born = replace(whole("mail:a@d.example", "mail:b@d.example"), whole=False)
    for want, expected in ((replace(empty_born, whole=True), sent), (empty_born, [Operation.ADD])):
        result = diff(inputs([want], snapshot(there), lane=Lane.HOLD))
        assert [c.operation for c in result.changes] == expected
        assert bool(result.in_flight) is (force is Force.PENDING)


def test_one_that_is_distributed_for_longer_than_it_may_be_is_sent_what_it_lacks() -> None:
    there = live(HOLD, "v1", key="m-a-1", members=["mail:a@d.example"], force=Force.PENDING, changed_at=NOW - 2 * DAY)
    result = diff(inputs([whole("mail:a@d.example", "mail:b@d.example")], snapshot(there), lane=Lane.HOLD))
    assert [c.operation for c in result.changes] == [Operation.ADD]
    assert result.overdue


MORE = "exchange:b@d.example"


@pytest.mark.parametrize(("kind", "at_once"), [(POLICY, True), (Kind.M365_LABEL_POLICY, True), (HOLD, True), (HOLD, False)])
def test_fields_and_members_are_one_change_where_the_surface_takes_both(kind: Kind, *, at_once: bool) -> None:
    """A second call would meet the lock of the first (M§2.7); where members go one by one there is no lock."""
    there = live(kind, "v1", key="k", members=["exchange:a@d.example"], enabled=False)
    want = replace(wanted(kind, "k", members=["exchange:a@d.example", MORE], people=2), whole=kind is HOLD and at_once)
    found = diff(inputs([want], snapshot(there), lane=Lane.HOLD)).changes
    expected = [(Operation.SET, {"enabled"}, {MORE})] if at_once else [(Operation.SET, {"enabled"}, set()), (Operation.ADD, set(), {MORE})]
    assert [(c.operation, set(differing_fields(c)), set(c.add)) for c in found] == expected
    assert found[-1].identities_touched == {"b@d.example"}
    again = diff(inputs([want], snapshot(there), lane=Lane.HOLD)).changes
    assert [c.id for c in again] == [c.id for c in found], "what was approved is found again under its id"
    without = diff(inputs([replace(want, members=there.members)], snapshot(there), lane=Lane.HOLD)).changes
    assert not at_once or without[0].id != found[0].id, "an approval of one is none of the other"


def test_what_could_keep_less_follows_by_itself_so_that_nobody_new_waits_for_officers() -> None:
    policy = live(POLICY, "P1", key="k", members=["exchange:All"], enabled=False)
    want = wanted(POLICY, "k", members=["exchange:All", "onedrive:All"], exceptions=("exchange:x@d.example",))
    found = diff(inputs([want], snapshot(policy))).changes
    assert [(set(differing_fields(c)), set(c.add)) for c in found] == [({"enabled"}, {"onedrive:All"}), ({"exceptions"}, set())]
    titled = replace(policy, members=want.members, fields={**policy.fields, "enabled": True, "description": "Old"})
    assert [differing_fields(c) for c in diff(inputs([want], snapshot(titled))).changes] == [{"exceptions", "description"}], "one call says both"
    hold = live(HOLD, "H1", key="k", members=["mail:a@d.example"], query="budget")
    narrowed = replace(wanted(HOLD, "k", members=["mail:a@d.example", "mail:b@d.example"]), whole=True)
    assert [(c.operation, set(differing_fields(c))) for c in diff(inputs([narrowed], snapshot(hold), lane=Lane.HOLD)).changes] == [
        (Operation.ADD, set()),
        (Operation.SET, {"query"}),
    ]


@pytest.mark.parametrize(
    ("state", "code"), [(ReadState.PARTIAL, "kind.partial"), (ReadState.FAILED, "kind.unknown"), (ReadState.UNPROVEN, "kind.unknown")]
)
def test_an_incomplete_read_stops_a_create_in_the_sync_lane_and_only_warns_in_the_hold_lane(state: ReadState, code: str) -> None:
    blind = snapshot(states={CASE: state})
    sync = diff(inputs([wanted(CASE, "m-a")], blind))
    assert [codes(c) for c in sync.changes] == [[code]]
    assert "wire.broken" in sync.changes[0].refusals[0].message
    hold = diff(inputs([wanted(CASE, "m-a")], blind, lane=Lane.HOLD))
    assert [codes(c) for c in hold.changes] == [[]]
    assert [w.code for w in hold.warnings] == [code]


def test_a_kind_that_was_not_read_at_all_is_unknown() -> None:
    result = diff(inputs([wanted(Kind.M365_ORG_HOLD, "scope")], snapshot()))
    assert [codes(c) for c in result.changes] == [["kind.unknown"]]


def test_sets_only_mutable_fields_that_differ_and_says_what_identifies_the_object() -> None:
    seen = live(LABEL, "L1", key="cor-02", period=365, description=None)
    result = diff(inputs([wanted(LABEL, "cor-02", description="")], snapshot(seen), binding(seen, "cor-02")))
    (one,) = result.changes
    assert one.operation is Operation.SET
    assert one.before == {"trigger": "created", "action": "keep", "behaviour": "retain", "period": 365}
    assert one.after == {"trigger": "created", "action": "keep", "behaviour": "retain", "period": 730}
    assert differing_fields(one) == {"period"}
    assert one.name == "L1", "a name is frozen at birth and never compared"


def test_a_field_fixed_at_birth_makes_the_next_generation_beside_the_old() -> None:
    seen = live(LABEL, "L1", key="cor-02", action="keep_and_delete")
    result = diff(inputs([wanted(LABEL, "cor-02")], snapshot(seen), binding(seen, "cor-02")))
    (one,) = result.changes
    assert (one.operation, one.generation, one.name, one.vendor_id) == (Operation.CREATE, 2, "Wanted cor-02 g2", None)


def test_a_label_that_is_to_make_records_is_born_beside_the_old_one() -> None:
    for before, after, locks in (("retain", "record", True), ("record", "retain", False)):
        seen = live(LABEL, "L1", key="cor-02", behaviour=before)
        (made,) = diff(inputs([wanted(LABEL, "cor-02", behaviour=after)], snapshot(seen), binding(seen, "cor-02"))).changes
        assert (made.operation, made.generation, made.vendor_id, made.locks) == (Operation.CREATE, 2, None, locks)


@pytest.mark.parametrize(("lane", "expected"), [(Lane.SYNC, ["kind.partial"]), (Lane.HOLD, [])])
def test_a_replacement_is_not_made_in_the_dark(lane: Lane, expected: list[str]) -> None:
    seen = live(LABEL, "L1", key="cor-02", action="delete")
    blind = snapshot(seen, states={LABEL: ReadState.PARTIAL})
    assert [codes(c) for c in diff(inputs([wanted(LABEL, "cor-02")], blind, lane=lane)).changes] == [expected]


def test_the_old_generation_is_offered_for_release_once_the_new_one_is_in_force() -> None:
    old = live(LABEL, "L1", key="cor-02", action="delete")
    new = live(LABEL, "L2", mark=mark("cor-02", 2))
    want = wanted(LABEL, "cor-02")
    result = diff(inputs([want], snapshot(old, new), binding(new, "cor-02")))
    assert not result.changes
    assert [one.vendor_id for one in result.superseded] == ["L1"]
    unsettled = live(LABEL, "L2", mark=mark("cor-02", 2), period=1)
    assert not diff(inputs([want], snapshot(old, unsettled), binding(new, "cor-02"))).superseded


def test_a_newer_generation_made_before_its_binding_was_written_is_found_by_its_mark() -> None:
    old, new = live(LABEL, "L1", key="cor-02", action="delete"), live(LABEL, "L2", mark=mark("cor-02", 2))
    result = diff(inputs([wanted(LABEL, "cor-02")], snapshot(old, new), binding(old, "cor-02")))
    assert not result.changes
    assert [(key, one.vendor_id) for key, one in result.satisfied] == [("cor-02", "L2")]


def test_what_was_taken_over_without_a_mark_is_found_by_its_binding() -> None:
    seen = live(LABEL, "L1")
    result = diff(inputs([wanted(LABEL, "cor-02")], snapshot(seen), binding(seen, "cor-02", generation=3)))
    assert [key for key, _ in result.satisfied] == ["cor-02"]
    differs = diff(inputs([wanted(LABEL, "cor-02", action="delete")], snapshot(seen), binding(seen, "cor-02", generation=3)))
    assert differs.changes[0].generation == 4
    unmarked = diff(inputs([wanted(LABEL, "cor-02", period=5)], snapshot(seen), binding(live(LABEL, "L0"), "cor-02")))
    assert [c.operation for c in unmarked.changes] == [Operation.CREATE]


def test_adds_members_and_leaves_former_ones_and_others_where_they_are() -> None:
    before = live(POLICY, "P1", key="keep", members=["exchange:a@d.example", "exchange:gone@d.example"])
    seen = live(POLICY, "P1", key="keep", members=["exchange:a@d.example", "exchange:gone@d.example", "exchange:theirs@d.example"])
    want = wanted(POLICY, "keep", members=["exchange:a@d.example", "exchange:new@d.example"], people=2)
    result = diff(inputs([want], snapshot(seen), binding(before, "keep")))
    (one,) = result.changes
    assert (one.operation, one.add, one.remove, one.former) == (
        Operation.ADD,
        frozenset({"exchange:new@d.example"}),
        frozenset(),
        frozenset({"exchange:gone@d.example"}),
    )
    assert one.people == 1
    assert result.former == {"keep": frozenset({"exchange:gone@d.example"})}


def test_a_member_that_is_everybody_touches_everybody() -> None:
    seen = live(POLICY, "P1", key="keep", members=["exchange:a@d.example"])
    result = diff(inputs([wanted(POLICY, "keep", members=["exchange:All"], people=460)], snapshot(seen), binding(seen, "keep")))
    assert result.changes[0].people == 460
    assert result.changes[0].identities_touched == frozenset()


def test_the_account_behind_a_member_is_told_by_the_roster() -> None:
    seen = live(POLICY, "P1", key="keep")
    want = wanted(POLICY, "keep", members=["onedrive:https://d/personal/a@d", "exchange:B@d.example"])
    result = diff(inputs([want], snapshot(seen), binding(seen, "keep"), addresses={"onedrive:https://d/personal/a@d": "A@d.example"}))
    assert result.changes[0].identities_touched == {"a@d.example", "b@d.example"}


def test_in_flight_nothing_is_sent() -> None:
    seen = live(POLICY, "P1", key="keep", force=Force.PENDING)
    sent = binding(seen, "keep", state=BindingState.IN_FLIGHT, accepted=NOW - HOUR)
    result = diff(inputs([wanted(POLICY, "keep", members=["exchange:a@d.example"])], snapshot(seen), sent))
    assert not result.changes
    assert [(one.key, one.since, one.overdue) for one in result.in_flight] == [("keep", NOW - HOUR, False)]
    assert not result.satisfied


def test_silence_about_what_was_just_sent_is_not_yet_in_force() -> None:
    seen = live(POLICY, "P1", key="keep", force=Force.UNKNOWN)
    result = diff(inputs([wanted(POLICY, "keep")], snapshot(seen), binding(seen, "keep", state=BindingState.IN_FLIGHT, accepted=NOW)))
    assert [one.key for one in result.in_flight] == ["keep"]
    settled = diff(inputs([wanted(POLICY, "keep")], snapshot(seen), binding(seen, "keep")))
    assert [key for key, _ in settled.satisfied] == ["keep"]


def test_past_the_platforms_window_it_is_overdue_and_looked_at_again() -> None:
    seen = live(POLICY, "P1", key="keep", force=Force.PENDING)
    sent = binding(seen, "keep", state=BindingState.IN_FLIGHT, accepted=NOW - 2 * DAY)
    result = diff(inputs([wanted(POLICY, "keep", enabled=False)], snapshot(seen), sent))
    assert [one.key for one in result.overdue] == ["keep"]
    assert [c.operation for c in result.changes] == [Operation.SET]


PIECE = "exchange:a@d.example"


@pytest.mark.parametrize("kind", [POLICY, Kind.M365_LABEL_POLICY])
def test_what_somebody_else_changed_is_left_alone_while_the_platform_distributes_it(kind: Kind) -> None:
    """Every call until then would meet the lock (M§2.7). Past the platform's window it is asked for all the same."""
    seen = live(kind, "P1", key="keep", force=Force.PENDING, changed_at=NOW - HOUR)
    want = wanted(kind, "keep", members=[PIECE])
    waits = diff(inputs([want], snapshot(seen), binding(seen, "keep")))
    assert (waits.changes, [(one.key, one.since) for one in waits.in_flight]) == ((), [("keep", NOW - HOUR)])
    assert not waits.satisfied
    arrived = diff(inputs([want], snapshot(replace(seen, force=Force.APPLIED)), binding(seen, "keep")))
    assert [c.operation for c in arrived.changes] == [Operation.ADD]
    late = diff(inputs([want], snapshot(replace(seen, changed_at=NOW - 2 * DAY)), binding(seen, "keep")))
    assert ([c.operation for c in late.changes], [one.key for one in late.overdue]) == ([Operation.ADD], ["keep"])


def test_its_rule_is_left_alone_with_it_and_is_no_new_rule_meanwhile() -> None:
    label_policy, label_rule = Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE
    for outer, inner, other in ((POLICY, RULE, {"period": 999}), (label_policy, label_rule, {"publishes": "Another"})):
        policy = live(outer, "P1", key="keep", force=Force.PENDING, changed_at=NOW - HOUR)
        rule = live(inner, "R1", key="keepr", parent_id="P1", force=Force.PENDING, changed_at=NOW - 30 * DAY)
        want = [wanted(outer, "keep"), wanted(inner, "keepr", parent="keep", **other)]
        assert diff(inputs(want, snapshot(policy, rule), binding(policy, "keep"), binding(rule, "keepr"))).changes == ()
        there = (replace(policy, force=Force.APPLIED), replace(rule, force=Force.APPLIED))
        assert [c.key for c in diff(inputs(want, snapshot(*there), binding(policy, "keep"), binding(rule, "keepr"))).changes] == ["keepr"]


def test_a_policy_whose_scope_is_still_being_filled_is_not_locked() -> None:
    """It reads as pending until the platform has found whom the scope means, long after it was distributed."""
    seen = live(POLICY, "P1", key="keep", force=Force.PENDING, changed_at=NOW - HOUR)
    filling = replace(wanted(POLICY, "keep", enabled=False), settles=5 * 86400)
    assert [c.operation for c in diff(inputs([filling], snapshot(seen), binding(seen, "keep"))).changes] == [Operation.SET]


def test_what_is_off_is_switched_on_whatever_is_on_its_way() -> None:
    seen = live(POLICY, "P1", key="keep", force=Force.OFF, enabled=False, changed_at=NOW - HOUR)
    assert [c.operation for c in diff(inputs([wanted(POLICY, "keep")], snapshot(seen), binding(seen, "keep"))).changes] == [Operation.SET]


def test_somebody_elses_edit_of_what_is_not_locked_is_repaired_at_once_and_awaited_when_it_fits() -> None:
    seen = live(LABEL, "L1", key="keep", force=Force.PENDING, changed_at=NOW - HOUR)
    assert [c.operation for c in diff(inputs([wanted(LABEL, "keep", period=900)], snapshot(seen), binding(seen, "keep"))).changes] == [Operation.SET]
    fits = diff(inputs([wanted(LABEL, "keep")], snapshot(seen), binding(seen, "keep")))
    assert [one.since for one in fits.in_flight] == [NOW - HOUR]
    assert not fits.satisfied


KEEP = (wanted(POLICY, "keep"), wanted(RULE, "keepr", parent="keep"))


def test_a_rule_is_on_its_way_since_its_policy_is() -> None:
    """It is distributed again with every change of its policy, and itself changes with none of them."""
    policy = live(POLICY, "P1", key="keep", force=Force.PENDING, changed_at=NOW - HOUR)
    rule = live(RULE, "R1", key="keepr", parent_id="P1", force=Force.PENDING, changed_at=NOW - 30 * DAY)
    sent = binding(policy, "keep", state=BindingState.IN_FLIGHT, accepted=NOW - HOUR)
    for ours in (sent, binding(policy, "keep")):
        result = diff(inputs(KEEP, snapshot(policy, rule), ours, binding(rule, "keepr")))
        assert [(one.key, one.since) for one in result.in_flight] == [("keep", NOW - HOUR), ("keepr", NOW - HOUR)]
        assert not result.overdue


def test_a_policy_is_on_its_way_since_its_rule_was_sent() -> None:
    policy = live(POLICY, "P1", key="keep", force=Force.PENDING, changed_at=NOW - 30 * DAY)
    rule = live(RULE, "R1", key="keepr", parent_id="P1", force=Force.PENDING, changed_at=NOW - HOUR)
    sent = binding(rule, "keepr", state=BindingState.IN_FLIGHT, accepted=NOW - HOUR)
    result = diff(inputs(KEEP, snapshot(policy, rule), binding(policy, "keep"), sent))
    assert [(one.key, one.since) for one in result.in_flight] == [("keep", NOW - HOUR), ("keepr", NOW - HOUR)]
    late = diff(inputs(KEEP, snapshot(policy, rule), binding(policy, "keep"), replace(sent, accepted_at=NOW - 2 * DAY)))
    assert [one.key for one in late.overdue] == ["keep", "keepr"], "no longer than the platform may take"


def test_in_the_hold_lane_new_people_go_out_while_the_hold_is_on_its_way() -> None:
    seen = live(HOLD, "H1", key="m-a-1", members=["mail:a@d.example"], force=Force.PENDING)
    sent = binding(seen, "m-a-1", state=BindingState.IN_FLIGHT, accepted=NOW - HOUR, members=frozenset({"mail:a@d.example", "mail:late@d.example"}))
    want = wanted(HOLD, "m-a-1", members=["mail:a@d.example", "mail:late@d.example", "mail:new@d.example"])
    result = diff(inputs([want], snapshot(seen), sent, lane=Lane.HOLD))
    assert [c.add for c in result.changes] == [frozenset({"mail:new@d.example"})], "what was accepted and is not shown yet is not sent twice"
    assert [one.key for one in result.in_flight] == ["m-a-1"]


def test_what_failed_is_asked_for_again() -> None:
    seen = live(POLICY, "P1", key="keep", force=Force.ERROR)
    assert [c.operation for c in diff(inputs([wanted(POLICY, "keep")], snapshot(seen), binding(seen, "keep"))).changes] == [Operation.RETRY]
    member = "mail:a@d.example"
    hold = live(HOLD, "H1", key="m", members=[member], member_states={member: MemberState(force=Force.ERROR)})
    result = diff(inputs([wanted(HOLD, "m", members=[member])], snapshot(hold), binding(hold, "m"), lane=Lane.HOLD))
    assert [c.operation for c in result.changes] == [Operation.RETRY]


def test_what_is_wrong_with_a_person_is_not_asked_for_again() -> None:
    mary, john = "account:1", "account:2"
    lacking = MemberState(force=Force.ERROR, since=NOW, error="person.not_licensed")
    for other, retried in ((MemberState(force=Force.APPLIED), False), (MemberState(force=Force.ERROR, error="5: backend"), True)):
        hold = live(HOLD, "H1", key="m", members=[mary, john], member_states={mary: lacking, john: other}, force=Force.ERROR)
        result = diff(inputs([wanted(HOLD, "m", members=[mary, john])], snapshot(hold), binding(hold, "m"), lane=Lane.HOLD))
        assert [c.operation for c in result.changes] == ([Operation.RETRY] if retried else [])


def test_bound_and_gone_is_made_again_under_its_key_and_generation() -> None:
    gone = live(LABEL, "L9", mark=mark("cor-02", 2))
    result = diff(inputs([wanted(LABEL, "cor-02")], snapshot(), binding(gone, "cor-02")))
    assert [(c.operation, c.generation) for c in result.changes] == [(Operation.CREATE, 2)]


def test_bound_and_unseen_is_unknown_and_only_new_people_are_added_in_the_dark() -> None:
    unseen = live(HOLD, "H1", key="m", members=["mail:a@d.example"])
    blind = snapshot(states={HOLD: ReadState.FAILED})
    want = wanted(HOLD, "m", members=["mail:a@d.example", "mail:b@d.example"])
    sync = diff(inputs([want], blind, binding(unseen, "m")))
    assert (sync.changes, sync.unknown) == ((), ("m",))
    hold = diff(inputs([want], blind, binding(unseen, "m"), lane=Lane.HOLD))
    assert [(c.operation, c.vendor_id, c.add) for c in hold.changes] == [(Operation.ADD, "H1", frozenset({"mail:b@d.example"}))]
    nothing_new = diff(inputs([wanted(HOLD, "m", members=["mail:a@d.example"])], blind, binding(unseen, "m"), lane=Lane.HOLD))
    assert not nothing_new.changes


def test_a_closed_case_is_reopened_before_its_holds_are_judged() -> None:
    case = live(CASE, "C1", key="m", state="closed")
    hold = live(HOLD, "H1", key="m-1", parent_id="C1")
    result = diff(inputs([wanted(CASE, "m"), wanted(HOLD, "m-1", parent="m")], snapshot(case), binding(case, "m"), binding(hold, "m-1"), lane=Lane.HOLD))
    assert [(c.operation, c.key, c.after) for c in result.changes] == [(Operation.SET, "m", {"state": "open"})]
    assert result.waiting == ("m-1",)


def test_two_objects_with_one_mark_stop_the_sync_lane_and_the_elder_stands_in_the_hold_lane() -> None:
    elder = live(CASE, "C1", key="m", state="closed", created_at=NOW - 3 * DAY)
    younger = live(CASE, "C2", key="m", created_at=NOW - DAY)
    ageless = live(CASE, "C0", key="m", created_at=None)
    seen = snapshot(ageless, younger, elder)
    sync = diff(inputs([wanted(CASE, "m")], seen))
    assert [codes(c) for c in sync.changes] == [["mark.duplicate"]]
    hold = diff(inputs([wanted(CASE, "m")], seen, lane=Lane.HOLD))
    assert [(c.vendor_id, codes(c)) for c in hold.changes] == [("C1", [])]
    assert [one.vendor_id for one in hold.duplicates] == ["C2", "C0"]
    assert [w.code for w in hold.warnings] == ["mark.duplicate"]
    bound = diff(inputs([wanted(CASE, "m")], seen, binding(younger, "m"), lane=Lane.HOLD))
    assert [key for key, _ in bound.satisfied] == ["m"], "what is bound stays bound"


def test_another_districts_mark_on_our_key_is_reported_and_not_touched() -> None:
    theirs = live(LABEL, "L1", mark=mark("cor-02", district="zzzz9999"))
    sync = diff(inputs([wanted(LABEL, "cor-02")], snapshot(theirs)))
    assert [(c.operation, codes(c)) for c in sync.changes] == [(Operation.CREATE, ["mark.other_district"])]
    hold = diff(inputs([wanted(LABEL, "cor-02")], snapshot(theirs), lane=Lane.HOLD))
    assert [codes(c) for c in hold.changes] == [[]]
    assert [w.code for w in hold.warnings] == ["mark.other_district"]


def test_orphans_are_the_lanes_own_bindings_that_nobody_wants() -> None:
    label, hold = live(LABEL, "L1", key="old"), live(HOLD, "H1", key="m-1")
    both = [binding(label, "old"), binding(hold, "m-1")]
    assert [one.key for one in diff(inputs([], snapshot(label, hold), *both)).orphans] == ["old"]
    assert [one.key for one in diff(inputs([], snapshot(label, hold), *both, lane=Lane.HOLD)).orphans] == ["m-1"]
    assert not diff(inputs([], snapshot(label, hold), *both)).changes


def test_objects_that_wait_for_each_other_are_a_fault() -> None:
    with pytest.raises(CircularError, match="a > b > a"):
        ordered([wanted(LABEL, "a", depends_on=("b",)), wanted(LABEL, "b", depends_on=("a",))])


def test_what_rests_on_something_that_this_run_does_not_want_stands_alone() -> None:
    assert [one.key for one in ordered([wanted(RULE, "r", parent="elsewhere"), wanted(LABEL, "l")])] == ["r", "l"]


def test_a_binding_gives_the_reference_under_which_its_object_is_found() -> None:
    hold = live(HOLD, "H1", key="m-1", parent_id="C1")
    ref = binding(hold, "m-1").ref()
    assert (ref.kind, ref.vendor_id, ref.parent_id, ref.mark) == (HOLD, "H1", "C1", hold.mark)


def test_vendor_ids_of_what_was_seen_beat_those_of_bindings() -> None:
    old, new = live(LABEL, "L1", key="k"), live(LABEL, "L2", mark=mark("k", 2))
    gone, unseen = live(LABEL, "L7"), live(CASE, "C7")
    seen = snapshot(old, new, states={CASE: ReadState.FAILED})
    result = diff(inputs([wanted(LABEL, "k")], seen, binding(old, "k"), binding(gone, "gone"), binding(unseen, "unseen")))
    assert result.vendor_ids == {"k": "L2", "unseen": "C7"}, "what a complete read shows to be gone is nobody's parent"


def test_nothing_said_equals_nothing_said() -> None:
    assert same(None, "")
    assert same((), None)
    assert not same(0, None)
    assert not same(False, "")
    assert apart({"a": 1, "b": None}, {"a": 1, "c": 2}) == {"c"}
