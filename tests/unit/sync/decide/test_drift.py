"""What was changed outside: ours, others', and what cannot be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.audit_log import AuditEvent, AuditRead, LogSource
from connectors.effects import google_effects
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Force, Live, ReadState, Snapshot
from sync.bindings import Binding, BindingState
from sync.drift import AttributionState, Deed, Drift, DriftClass, OwnWrite, Watched, attribute, find_drift, vendor_key, watch
from tests.unit.sync.decide.build import DAY, DISTRICT, HOUR, NOW, ROSTER, TENANT, binding, effects_of, live, mark, snapshot

LABEL, POLICY, RULE, CASE, HOLD = Kind.M365_LABEL, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE, Kind.M365_CASE, Kind.M365_HOLD
A, B = "exchange:a@d.example", "exchange:b@d.example"


def found(seen: Snapshot, *bindings: Binding, watched: dict[str, Watched] | None = None, **more: Any) -> tuple[Drift, ...]:
    return find_drift(TENANT, seen, {one.key: one for one in bindings}, watched or {}, effects_of, **more)


def test_nothing_changed_is_no_drift() -> None:
    label = live(LABEL, "L1", key="k", description=None)
    assert found(snapshot(replace(label, fields={**label.fields, "description": ""})), binding(label, "k")) == ()


@pytest.mark.parametrize(("period", "direction"), [(365, Direction.WEAKENS), (3650, Direction.STRENGTHENS)])
def test_a_changed_field_is_shown_as_it_was_and_as_it_is(period: int, direction: Direction) -> None:
    was = live(LABEL, "L1", key="k")
    now = live(LABEL, "L1", key="k", period=period)
    (drift,) = found(snapshot(now), binding(was, "k", verified_at=NOW - HOUR))
    assert (drift.drift, drift.key, drift.vendor_id, drift.fields) == (DriftClass.CHANGED, "k", "L1", ("period",))
    assert (drift.applied, drift.live, drift.direction) == ({"period": 730}, {"period": period}, direction)
    assert (drift.since.earliest, drift.since.latest) == (NOW - HOUR, NOW)
    assert drift.attribution.state is AttributionState.PENDING


def test_an_edit_still_on_its_way_is_judged_by_what_it_will_be() -> None:
    was = (live(POLICY, "P1", key="p", members=[A]), live(RULE, "R1", key="r", parent_id="P1"))
    now = (live(POLICY, "P1", key="p", members=[A], force=Force.PENDING), live(RULE, "R1", key="r", parent_id="P1", period=999))
    (drift,) = found(snapshot(*now), binding(was[0], "p"), binding(was[1], "r"))
    assert (drift.key, drift.direction) == ("r", Direction.STRENGTHENS)


def test_an_id_lasts_while_the_difference_does_and_tells_differences_apart() -> None:
    was = live(LABEL, "L1", key="k")
    ids = [
        found(snapshot(live(LABEL, "L1", key="k", **fields), at=at), binding(was, "k"))[0].id
        for fields, at in (({"period": 1}, NOW), ({"period": 2}, NOW + DAY), ({"description": "x"}, NOW))
    ]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 24


def test_members_that_left_are_drift_and_members_that_joined_are_not_unless_records_suffer() -> None:
    keep = live(RULE, "R1", key="r", parent_id="P1")
    was = live(POLICY, "P1", key="p", members=[A, B])
    left = live(POLICY, "P1", key="p", members=[A])
    (drift,) = found(snapshot(left, keep), binding(was, "p"), binding(keep, "r"))
    assert (drift.fields, drift.applied, drift.live) == (("members",), {"members": (A, B)}, {"members": (A,)})
    assert drift.direction is Direction.WEAKENS
    joined = live(POLICY, "P1", key="p", members=[A, B, "exchange:c@d.example"])
    assert found(snapshot(joined, keep), binding(was, "p"), binding(keep, "r")) == ()
    deleting = live(RULE, "R1", key="r", parent_id="P1", action="delete")
    (drift,) = found(snapshot(joined, deleting), binding(was, "p"), binding(deleting, "r"))
    assert (drift.key, drift.direction) == ("p", Direction.WEAKENS)


def test_in_what_is_the_platforms_own_only_what_we_put_in_is_ours_to_miss() -> None:
    ours, others = "mail:a@d.example", "mail:b@d.example"
    bound = binding(live(Kind.M365_MAILBOX, "m365.mailbox", members=[ours]), "m-a-litigation")
    assert found(snapshot(live(Kind.M365_MAILBOX, "m365.mailbox", members=[ours, others])), bound) == ()
    (drift,) = found(snapshot(live(Kind.M365_MAILBOX, "m365.mailbox", members=[others])), bound)
    assert (drift.applied, drift.live, drift.direction) == ({"members": (ours,)}, {"members": ()}, Direction.WEAKENS)


def test_what_the_platform_switched_off_is_drift_though_no_field_says_so() -> None:
    was = live(POLICY, "P1", key="p", members=[A])
    (drift,) = found(snapshot(replace(was, force=Force.OFF)), binding(was, "p"))
    assert (drift.fields, drift.applied, drift.live) == (("force",), {"force": "applied"}, {"force": "off"})
    assert found(snapshot(replace(was, force=Force.OFF)), binding(was, "p", state=BindingState.IN_FLIGHT)) == ()


def test_gone_is_said_only_after_a_complete_read() -> None:
    gone = live(HOLD, "H1", key="m-1", members=["mail:a@d.example"])
    (drift,) = found(snapshot(), binding(gone, "m-1", accepted=NOW - DAY, effective_at=NOW - HOUR))
    assert (drift.drift, drift.live, drift.direction) == (DriftClass.MISSING, None, Direction.WEAKENS)
    assert drift.applied == {**gone.fields, "members": ("mail:a@d.example",)}
    assert drift.since.earliest == NOW - HOUR
    (blind,) = found(snapshot(states={HOLD: ReadState.PARTIAL}), binding(gone, "m-1", effective_at=None))
    assert (blind.drift, blind.key, blind.kind, blind.direction) == (DriftClass.BLIND_SPOT, None, HOLD, Direction.WEAKENS)
    assert blind.since.earliest == NOW - 2 * DAY
    seen = found(snapshot(gone, states={HOLD: ReadState.PARTIAL}), binding(gone, "m-1"))
    assert seen == (), "what is seen is not hidden"


def test_a_second_object_with_our_mark_is_a_duplicate_and_an_unbound_one_an_orphan() -> None:
    bound, twin = live(CASE, "C1", key="m"), live(CASE, "C2", key="m")
    (drift,) = found(snapshot(bound, twin), binding(bound, "m"))
    assert (drift.drift, drift.vendor_id, drift.direction) == (DriftClass.DUPLICATE, "C2", Direction.NEUTRAL)
    unbound = found(snapshot(bound, twin))
    assert [one.drift for one in unbound] == [DriftClass.DUPLICATE, DriftClass.DUPLICATE]
    assert unbound[0].id != unbound[1].id
    (lost,) = found(snapshot(bound))
    assert (lost.drift, lost.key) == (DriftClass.ORPHANED, "m")


def test_generations_beside_each_other_are_on_purpose_and_a_newer_unbound_one_is_not() -> None:
    old, new = live(LABEL, "L1", key="k"), live(LABEL, "L2", mark=mark("k", 2))
    assert found(snapshot(old, new), binding(new, "k")) == ()
    assert [one.drift for one in found(snapshot(old, new), binding(old, "k"))] == [DriftClass.ORPHANED]


def test_a_replacement_for_a_bound_object_that_vanished_is_an_orphan() -> None:
    gone, other = live(CASE, "C1", key="m"), live(CASE, "C2", key="m")
    assert [one.drift for one in found(snapshot(other), binding(gone, "m"))] == [DriftClass.MISSING, DriftClass.ORPHANED]


def test_what_no_line_wants_any_more_is_an_orphan_holds_aside() -> None:
    label, hold = live(LABEL, "L1", key="old"), live(HOLD, "H1", key="m-1")
    both = [binding(label, "old"), binding(hold, "m-1")]
    assert [(one.drift, one.key) for one in found(snapshot(label, hold), *both, wanted=frozenset())] == [(DriftClass.ORPHANED, "old")]
    assert found(snapshot(label, hold), *both, wanted=frozenset({"old"})) == ()


def theirs(**fields: Any) -> tuple[Live, Live]:
    return live(POLICY, "X1", members=["exchange:All"]), live(RULE, "X2", parent_id="X1", **{"period": 900, "action": "delete", **fields})


def test_others_objects_are_watched_from_first_sight() -> None:
    seen = snapshot(*theirs(), live(LABEL, "L1", key="k"), live(Kind.M365_ORG_HOLD, "S1"), live(LABEL, "L2", mark=mark("k", district="zzzz9999")))
    watched = watch(seen, {}, DISTRICT)
    assert set(watched) == {vendor_key(POLICY, "X1"), vendor_key(RULE, "X2"), vendor_key(LABEL, "L2")}
    assert found(seen, watched={}, district=DISTRICT) == found(snapshot(live(LABEL, "L1", key="k")), district=DISTRICT), "first sight is no drift"
    taken_over = live(POLICY, "X1")
    assert vendor_key(POLICY, "X1") not in watch(seen, {"x": binding(taken_over, "x")})


@pytest.mark.parametrize(("period", "direction"), [(100, Direction.WEAKENS), (1900, Direction.STRENGTHENS)])
def test_a_change_to_somebody_elses_rule_is_reported_with_what_it_does(period: int, direction: Direction) -> None:
    watched = dict(watch(snapshot(*theirs(), at=NOW - DAY), {}))
    (drift,) = found(snapshot(*theirs(period=period)), watched=watched)
    assert (drift.drift, drift.key, drift.vendor_id, drift.fields, drift.direction) == (DriftClass.UNMANAGED, None, "X2", ("period",), direction)
    assert drift.since.earliest == NOW - DAY


def test_others_members_fields_and_disappearance() -> None:
    policy, rule = theirs()
    watched = dict(watch(snapshot(policy, rule), {}))
    (fewer,) = found(snapshot(replace(policy, members=frozenset({A})), rule), watched=watched)
    assert (fewer.fields, fewer.direction) == (("members",), Direction.STRENGTHENS), "fewer places are deleted from"
    gone = found(snapshot(policy), watched=watched)
    assert [(one.vendor_id, one.live, one.direction) for one in gone] == [("X2", None, Direction.STRENGTHENS)]
    assert found(snapshot(policy, states={RULE: ReadState.FAILED}), watched=watched) == ()
    assert found(snapshot(policy, rule), watched=watched) == ()


def test_what_went_together_is_judged_together() -> None:
    policy, rule = live(POLICY, "P1", members=[A]), live(RULE, "R1", parent_id="P1")
    watched = dict(watch(snapshot(policy, rule), {}))
    for gone in (found(snapshot(), watched=watched), found(snapshot(), binding(policy, "p"), binding(rule, "r"))):
        assert [(one.vendor_id, one.live, one.direction) for one in gone] == [("P1", None, Direction.WEAKENS), ("R1", None, Direction.WEAKENS)]
    (one,) = found(snapshot(states={RULE: ReadState.FAILED}), watched=watched)
    assert (one.vendor_id, one.applied) == ("P1", {**policy.fields, "members": (A,)})


MATTER, VAULT_HOLD = Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD


def in_vault(*lives: Live, ours: tuple[Binding, ...] = (), watched: dict[str, Watched] | None = None) -> tuple[Drift, ...]:
    seen = snapshot(*lives)
    return find_drift(TENANT, seen, {one.key: one for one in ours}, watched or {}, lambda state: google_effects(state, ROSTER))


def vault() -> tuple[Live, Live, Live]:
    matter = live(MATTER, "M1", state="open")
    query = {"corpus": "MAIL", "scope": "accounts", "org_unit": None, "terms": "", "start": None, "end": None, "options": ()}
    held = replace(live(VAULT_HOLD, "H1", members=["account:1"], parent_id="M1"), fields=query)
    on_unit = replace(live(VAULT_HOLD, "H2", parent_id="M1"), fields={**query, "scope": "org_unit", "org_unit": "u1"}, members=frozenset())
    return matter, held, on_unit


def test_a_matter_closed_over_its_holds_weakens_and_says_what_it_held() -> None:
    matter, *holds = vault()
    watched = dict(watch(snapshot(matter, *holds), {}))
    for state in ("closed", "deleted"):
        closed = replace(matter, fields={"state": state}, force=Force.OFF)
        (drift,) = in_vault(closed, watched=watched)
        assert (drift.vendor_id, drift.fields, drift.direction) == ("M1", ("held", "state"), Direction.WEAKENS)
        assert drift.applied == {"state": "open", "held": ("H1 (MAIL): account:1", "H2 (MAIL): unit u1")}
        assert drift.live == {"state": state, "held": None}
    assert in_vault(matter, *holds, watched=watched) == (), "opened again it shows them again"
    gone = in_vault(watched=watched)
    assert [(one.vendor_id, one.live, one.direction) for one in gone] == [(name, None, Direction.WEAKENS) for name in ("H1", "H2", "M1")]


def test_a_hold_taken_out_of_a_matter_that_stays_is_that_holds_drift_alone() -> None:
    matter, held, on_unit = vault()
    watched = dict(watch(snapshot(matter, held, on_unit), {}))
    (drift,) = in_vault(matter, on_unit, watched=watched)
    assert (drift.vendor_id, drift.direction, (drift.applied or {})["members"]) == ("H1", Direction.WEAKENS, ("account:1",))


def test_ours_that_vanished_with_its_closed_matter_weakens() -> None:
    matter, held, _ = vault()
    closed = replace(matter, fields={"state": "closed"}, force=Force.OFF)
    of_ours = in_vault(closed, ours=(binding(matter, "m"), binding(held, "m-1")))
    assert [(one.vendor_id, one.drift, one.direction) for one in of_ours] == [
        ("M1", DriftClass.CHANGED, Direction.WEAKENS),
        ("H1", DriftClass.MISSING, Direction.WEAKENS),
    ]


def test_a_new_object_of_others_is_drift_where_the_kind_was_known_before() -> None:
    policy, rule = theirs()
    watched = dict(watch(snapshot(policy), {}))
    assert found(snapshot(policy, rule), watched=watched) == ()
    (new,) = found(snapshot(policy, rule), watched=watched, baseline={POLICY: NOW - DAY, RULE: NOW - HOUR})
    assert (new.drift, new.applied, new.direction, new.since.earliest) == (DriftClass.UNMANAGED, None, Direction.WEAKENS, NOW - HOUR)


def test_what_was_taken_over_is_no_longer_watched() -> None:
    policy, rule = theirs()
    watched = dict(watch(snapshot(policy, rule), {}))
    changed = replace(rule, fields={**rule.fields, "period": 1})
    ours = [binding(policy, "p"), binding(changed, "r")]
    assert found(snapshot(policy, changed), *ours, watched=watched) == ()


def event(id: str, at: datetime, **more: Any) -> AuditEvent:
    base = AuditEvent(id=id, at=NOW, actor="jane@d.example", operation="Set-ComplianceTag", kind=LABEL, vendor_id="L1")
    return replace(base, at=at, **more)


def a_drift() -> Drift:
    was = live(LABEL, "L1", key="k")
    (drift,) = found(snapshot(live(LABEL, "L1", key="k", period=1)), binding(was, "k", verified_at=NOW - HOUR))
    return drift


def test_the_newest_event_about_the_object_that_is_not_ours_is_shown() -> None:
    events = (
        event("old", NOW - HOUR / 2),
        event("newest", NOW - HOUR / 4, actor="joe@d.example"),
        event("ours", NOW - HOUR / 6, ours=True),
        event("before", NOW - 2 * HOUR),
        event("after", NOW + HOUR),
        event("other object", NOW - HOUR / 8, vendor_id="L2"),
        event("other kind", NOW - HOUR / 8, kind=POLICY),
        event("no object", NOW - HOUR / 8, vendor_id=None),
    )
    shown = attribute(a_drift(), AuditRead(available=True, events=events), 86400, NOW)
    assert (shown.state, shown.actor, shown.at, shown.event) == (AttributionState.FOUND, "joe@d.example", NOW - HOUR / 4, "newest")


def test_our_own_write_under_a_persons_account_is_never_shown_as_theirs() -> None:
    """The log names the person for both; what may be ours is left out, and what the same person did later is shown."""
    deed = Deed(account="Jane@d.example", sent=NOW - HOUR, answered=NOW - HOUR + timedelta(seconds=30))
    ours = event("ours", NOW - HOUR + timedelta(seconds=10))
    theirs = event("theirs", NOW - HOUR / 2)
    another = event("another", NOW - HOUR, actor="joe@d.example")

    def shown(*events: AuditEvent, deed: Deed | None = deed) -> str | None:
        return attribute(a_drift(), AuditRead(available=True, events=events), 86400, NOW, deed=deed).event

    assert shown(ours, deed=None) == "ours", "what the log alone would say"
    assert shown(ours) is None
    assert shown(ours, theirs) == "theirs"
    assert shown(ours, another) == "another"
    assert attribute(a_drift(), AuditRead(available=True, events=(ours,)), 86400, NOW, deed=deed).state is AttributionState.PENDING


def test_an_event_may_name_the_object_and_leave_its_kind_open() -> None:
    events = (event("named", NOW - HOUR / 4, vendor_id=None, kind=None, name="L1"),)
    assert attribute(a_drift(), AuditRead(available=True, events=events), 86400, NOW).event == "named"


def test_no_event_is_pending_until_the_vendors_latency_has_passed() -> None:
    silent = AuditRead(available=True)
    assert attribute(a_drift(), silent, 3600, NOW + HOUR).state is AttributionState.PENDING
    assert attribute(a_drift(), silent, 3600, NOW + HOUR + timedelta(seconds=1)).state is AttributionState.NOT_FOUND
    shut = attribute(a_drift(), AuditRead(available=False, reason="role.missing"), 3600, NOW + DAY)
    assert (shut.state, shut.reason) == (AttributionState.UNAVAILABLE, "role.missing")


def test_a_difference_of_unknown_beginning_takes_any_earlier_event() -> None:
    drift = a_drift()
    open_ended = replace(drift, since=replace(drift.since, earliest=None))
    assert attribute(open_ended, AuditRead(available=True, events=(event("long ago", NOW - 90 * DAY),)), 3600, NOW).event == "long ago"


OWN = OwnWrite(vendor_id="L9", name="own label", at=NOW - 2 * DAY)
LATE = NOW + DAY + HOUR
"""A day and an hour after the drift was seen: whoever did it has to be in the log by now."""


def told(*events: AuditEvent, **more: object) -> AuditRead:
    """A log that can be read blind, as one source showed it at ``LATE``."""
    source = LogSource(**{"name": "queries", "until": LATE, "events": frozenset(one.id for one in events), **more})  # type: ignore[arg-type]  # its sides
    return AuditRead(available=True, events=events, sources=(source,), reason="audit.not_ready: the other one")


def own_event(**more: object) -> AuditEvent:
    return event("own", NOW - 2 * DAY + HOUR / 60, **{"vendor_id": "L9", "ours": True, **more})


def shown(audit: AuditRead, now: datetime = LATE, own: OwnWrite | None = OWN) -> tuple[AttributionState, str]:
    found = attribute(a_drift(), audit, 86400, now, own)
    return found.state, (found.reason or "").partition(":")[0]


def test_nobody_is_said_to_stand_in_the_log_only_where_it_shows_our_own_write() -> None:
    assert shown(told(own_event())) == (AttributionState.NOT_FOUND, "")
    assert shown(told(own_event(vendor_id=None, name="own label"))) == (AttributionState.NOT_FOUND, "")
    blind = (AttributionState.UNAVAILABLE, "audit.own_write_unseen")
    assert shown(told()) == blind
    assert shown(told(own_event(ours=False))) == blind, "somebody else's act proved our sight"
    assert shown(told(own_event(vendor_id="L8"))) == blind
    assert shown(told(replace(own_event(), at=NOW - 3 * DAY))) == blind, "an older write of ours proved that the newest is seen"
    assert shown(told(own_event()), own=None) == (AttributionState.UNAVAILABLE, "audit.no_own_write")


def test_our_own_write_under_a_persons_account_proves_our_sight_where_the_log_shows_that_person_at_its_time() -> None:
    own = replace(OWN, account="Person@oakridge.example")
    seen = own_event(ours=False)
    seen = replace(seen, actor="person@OAKRIDGE.example")
    assert shown(told(seen), own=own) == (AttributionState.NOT_FOUND, "")
    blind = (AttributionState.UNAVAILABLE, "audit.own_write_unseen")
    assert shown(told(replace(seen, actor="else@oakridge.example")), own=own) == blind
    assert shown(told(replace(seen, at=OWN.at + HOUR)), own=own) == blind, "a later act of theirs proved that our write is seen"
    assert shown(told(seen)) == blind, "a person's act was taken for ours"


def test_before_the_latency_has_passed_it_is_pending_whatever_the_log_shows_of_us() -> None:
    assert shown(told(), now=NOW + DAY)[0] is AttributionState.PENDING
    assert shown(told(own_event()), now=NOW + DAY)[0] is AttributionState.PENDING


def test_an_account_that_is_shown_is_shown_also_where_our_own_write_is_not() -> None:
    assert shown(told(event("e", NOW - HOUR / 4)))[0] is AttributionState.FOUND


def test_the_source_that_shows_our_write_must_be_the_one_that_covers_the_change() -> None:
    for short in ({"since": NOW - HOUR / 2}, {"until": NOW + HOUR}, {"kinds": frozenset({POLICY})}):
        assert shown(told(own_event(), **short)) == (AttributionState.UNAVAILABLE, "audit.out_of_reach"), short
    seeing = told(own_event(), since=NOW - HOUR / 2)
    blind = LogSource(name="other", until=LATE)
    assert shown(replace(seeing, sources=(*seeing.sources, blind))) == (AttributionState.UNAVAILABLE, "audit.own_write_unseen")
    both = LogSource(name="other", until=LATE, events=frozenset({"own"}))
    assert shown(replace(seeing, sources=(*seeing.sources, both))) == (AttributionState.NOT_FOUND, "")


def test_what_is_missing_from_the_log_is_said_beside_the_word() -> None:
    found = attribute(a_drift(), told(), 86400, LATE, OWN)
    assert (found.reason or "").endswith("audit.not_ready: the other one")
