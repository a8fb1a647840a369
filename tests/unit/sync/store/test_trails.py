"""Where the reading of everybody goes on: who is followed, for how long, and what has everybody read whole again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from connectors.following import Trail
from policies.kinds import Workload
from policies.roster import AccountState, Identity, Roster
from sync.naming import Names
from sync.store import Store
from sync.store.forgetting import forget
from sync.store.rosters import WHOLE, Rosters
from tests.unit.sync.provable import VirtualClock

HOUR = timedelta(hours=1)


def person(number: int, **more: object) -> Identity:
    body: dict[str, object] = {
        "tenant": "m365", "vendor_id": f"u{number}", "address": f"p{number}@d.example", "aliases": frozenset({f"q{number}@d.example"}),
        "name": f"Person {number}", "employee_id": f"E{number}", "licences": frozenset({"A5"}),
        "licensed_for_hold": frozenset({Workload.MAIL, Workload.DRIVE}), "containers": {Workload.MAIL: f"p{number}@d.example"},
    }
    return Identity(**{**body, **more})  # type: ignore[arg-type]  # a builder of test values


def roster(at: datetime, *people: Identity) -> Roster:
    return Roster(tenant="m365", at=at, identities=people)


def trail(at: datetime, cursor: str = "c1") -> Trail:
    return Trail(cursor=cursor, whole_at=at)


def test_who_is_followed_is_exactly_who_was_there(store: Store, clock: VirtualClock) -> None:
    now, rosters = clock.now(), Rosters(store)
    assert rosters.kept("m365", now).trail is None
    gone = person(3, state=AccountState.DELETED, deleted_at=now)
    everybody = (person(1), person(2, name="", employee_id=None, containers={}), gone)
    rosters.keep(roster(now, *everybody), trail(now))
    kept = rosters.kept("m365", now + HOUR)
    assert sorted(kept.people, key=lambda one: one.vendor_id) == list(everybody)
    assert (kept.count, kept.trail) == (3, trail(now))
    rosters.keep(roster(now + HOUR, person(1, name="Other"), person(4)), trail(now, "c2"))
    kept = rosters.kept("m365", now + HOUR)
    assert {one.vendor_id: one.name for one in kept.people} == {"u1": "Other", "u4": "Person 4"}
    assert kept.trail == trail(now, "c2")
    assert {one.vendor_id for one in rosters.identities("m365")} == {"u1", "u2", "u3", "u4"}, "who is gone is still known"
    rosters.keep(roster(now + HOUR, person(1), person(2)), trail(now, "c3"))
    assert {one.vendor_id for one in rosters.kept("m365", now + HOUR).people} == {"u1", "u2"}, "who came back is not followed"
    assert rosters.kept("other", now).count == 0


def test_a_drive_that_is_known_is_kept_with_who_is_followed(store: Store, clock: VirtualClock) -> None:
    now, rosters = clock.now(), Rosters(store)
    rosters.keep(roster(now, person(1)), trail(now))
    rosters.place("m365", {"u1": "https://d/personal/1"}, now)
    (kept,) = rosters.kept("m365", now).people
    assert kept.containers[Workload.DRIVE] == "https://d/personal/1"
    rosters.keep(roster(now, replace(kept, name="Other")), trail(now, "c2"))
    (kept,) = rosters.kept("m365", now).people
    assert (kept.name, kept.containers[Workload.DRIVE]) == ("Other", "https://d/personal/1")


def test_after_a_day_everybody_is_read_whole(store: Store, clock: VirtualClock) -> None:
    now, rosters = clock.now(), Rosters(store)
    rosters.keep(roster(now, person(1), person(2)), trail(now))
    assert rosters.kept("m365", now + WHOLE - HOUR).trail is not None
    rosters.keep(roster(now + WHOLE - HOUR, person(1), person(2)), trail(now, "c2"))
    late = rosters.kept("m365", now + WHOLE)
    assert (late.trail, late.people, late.count) == (None, (), 2), "following on made a whole read younger"
    assert rosters.kept("m365", now - HOUR).trail is None, "a clock that went back"


def test_a_roster_that_was_not_read_whole_leaves_the_trail_as_it_was(store: Store, clock: VirtualClock) -> None:
    now, rosters = clock.now(), Rosters(store)
    rosters.keep(roster(now, person(1), person(2)), trail(now))
    rosters.keep(roster(now + HOUR, person(1, name="Other")))
    kept = rosters.kept("m365", now + HOUR)
    assert kept.trail == trail(now)
    assert {one.vendor_id: one.name for one in kept.people} == {"u1": "Other", "u2": "Person 2"}


def test_a_look_that_began_before_somebody_was_put_on_hold_does_not_count(store: Store, clock: VirtualClock) -> None:
    now, rosters = clock.now(), Rosters(store)
    rosters.keep(roster(now, person(1)), trail(now))
    with store.write() as session:
        rosters.read_whole_next(session, ["m365", "google"], now + HOUR)
    assert rosters.kept("m365", now + HOUR).trail is None
    rosters.keep(roster(now + HOUR, person(1)), trail(now, "from before"))
    assert rosters.kept("m365", now + HOUR).trail is None, "a look from before left a trail"
    rosters.keep(roster(now + HOUR, person(1)), trail(now + HOUR, "whole"))
    assert rosters.kept("m365", now + HOUR).trail == trail(now + HOUR, "whole")


def test_who_was_forgotten_and_is_alive_is_seen_again(store: Store, clock: VirtualClock) -> None:
    now, rosters = clock.now(), Rosters(store)
    rosters.keep(roster(now, person(1), person(2)), trail(now))
    with store.write() as session:
        forget(session, store, Names(frozenset({"p1@d.example"})))
    assert rosters.kept("m365", now).trail is None
