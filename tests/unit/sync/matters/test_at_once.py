"""Two processes at work on one matter: what one wrote while the other looked is never undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from policies.kinds import Workload
from sync.matters.merging import merged, rebased
from sync.matters.model import Line, Matter, MatterState, PersonOnHold, PersonState, SourceState
from sync.matters.register import Event
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, google, m365, order, roster, scene

ONE, TWO, THREE = "person1@d.example", "person2@d.example", "person3@d.example"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    people = roster("m365", m365(1), m365(2), m365(3)), roster("google", google(1), google(2), google(3))
    with scene(tmp_path, *people) as made:
        made.lane.open(order(ONE, TWO))
        made.until_in_force()
        yield made


def meanwhile(here: Scene, act: Callable[[], object]) -> None:
    """``act`` by another process, just after this one has loaded the matter and before it writes what its look shows."""
    loaded = here.lane._load
    done: list[object] = []

    def load() -> None:
        loaded()
        if not done:
            done.append(True)
            act()

    here.lane._load = load  # type: ignore[method-assign]  # the moment in between


def loses_a_source(here: Scene) -> None:
    """Somebody takes a mailbox out of the hold, so that the next look has something to write about that person."""
    world = here.worlds["m365"]
    hold = next(thing for thing in world.things.values() if thing.mark is not None and f"mail:{ONE}" in thing.members)
    here.console("m365").remove(hold.vendor_id, f"mail:{ONE}")


def test_marking_former_during_a_look_is_not_undone_by_it(here: Scene) -> None:
    loses_a_source(here)
    here.clock.advance(HOUR)
    meanwhile(here, lambda: here.fresh_lane().former("roof", [ONE], CUSTODIAN))
    here.engine.refresh()
    person = next(one for one in here.document("roof")["people"] if one["person"] == ONE)
    assert (person["former"], person["state"]) == (True, "partly"), "the look wrote what it saw, and only that"
    assert here.document("roof")["gaps"]
    assert here.desk.journal.verify().ok


def test_somebody_added_during_a_look_stays_and_is_held(here: Scene) -> None:
    loses_a_source(here)
    here.clock.advance(HOUR)
    meanwhile(here, lambda: here.fresh_lane().add("roof", order(THREE)))
    here.hold()
    assert {one["person"] for one in here.document("roof")["people"]} == {ONE, TWO, THREE}
    here.until_in_force()
    assert here.people("roof")[THREE] == ("held", None)


def test_two_looks_at_one_loss_open_one_gap(here: Scene) -> None:
    loses_a_source(here)
    here.clock.advance(HOUR)

    def other() -> None:
        here.clock.advance(1)
        type(here.engine)(here.desk, here.fresh_lane()).refresh()

    meanwhile(here, other)
    here.engine.refresh()
    sources = [gap["source"]["source"] for gap in here.document("roof")["gaps"]]
    assert sorted(sources) == ["archive", "mail"], "one record for each source that was lost"


def test_a_look_that_began_earlier_does_not_set_back_when_something_was_last_seen(here: Scene) -> None:
    loses_a_source(here)
    here.clock.advance(HOUR)
    stale = here.lane.find("roof")
    here.clock.advance(HOUR)
    here.engine.refresh()
    fresh = here.lane.find("roof")
    late = replace(stale, sources=tuple(replace(one, code="x") for one in stale.sources))
    here.lane.register.keep(stale, late, Event(name="late"))
    now = here.lane.find("roof")
    assert [one.seen_held for one in now.sources] == [one.seen_held for one in fresh.sources]
    assert now.looked == fresh.looked


def test_what_each_changed_is_there_field_by_field(here: Scene) -> None:
    base = here.lane.find("roof")
    at = base.opened + timedelta(days=1)
    person = base.people[0]
    mine = _with(base, replace(person, answers={**person.answers, "m365": person.answers["google"]}, state=PersonState.PARTLY), issued=at)
    theirs = replace(_with(base, replace(person, former=True), triggered=at), version=base.version + 7, state=MatterState.RELEASING)
    both = rebased(base, mine, theirs)
    one = both.person(person.id)
    assert (one.former, one.state, one.answers["m365"]) == (True, PersonState.PARTLY, person.answers["google"])
    assert (both.times.issued, both.times.triggered) == (at, at)
    assert (both.state, both.version) == (MatterState.RELEASING, base.version + 7), "a state that somebody set is not overwritten by one that follows"


def _with(matter: Matter, person: PersonOnHold, **times: object) -> Matter:
    people = tuple(person if one.id == person.id else one for one in matter.people)
    return replace(matter, people=people, times=replace(matter.times, **times))  # type: ignore[arg-type]  # a builder of test values


def test_what_both_added_is_there_once(here: Scene) -> None:
    base = here.lane.find("roof")
    line = Line(id="a1", text="group:board@d.example")
    mine = replace(base, people=(*base.people, PersonOnHold(id="p9", address=THREE, also=("x@d.example",))), lines=(line,), workloads=(Workload.MAIL,))
    theirs = replace(
        base, people=(*base.people, PersonOnHold(id="q9", address=THREE)), lines=(replace(line, id="b1"),), workloads=(Workload.DRIVE,)
    )
    mine = replace(mine, sources=(*base.sources, replace(base.sources[0], id="s9", person="p9")))
    both = rebased(base, mine, theirs)
    assert [(one.id, one.also) for one in both.people if one.address == THREE] == [("q9", ("x@d.example",))]
    assert [one.id for one in both.lines] == ["b1"]
    assert set(both.workloads) == {Workload.MAIL, Workload.DRIVE}
    assert "s9" not in {one.id for one in both.sources}, "a source of nobody"


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "both"),
    [
        (1, 1, 2, 2),
        (1, 2, 1, 2),
        (1, 2, 3, 2),
        (("a",), ("a", "b"), ("a", "c"), ("a", "c", "b")),
        (("a",), (), ("a", "c"), ()),
        ({"x": 1, "y": 1}, {"x": 2, "y": 1}, {"x": 1, "y": 3, "z": 4}, {"x": 2, "y": 3, "z": 4}),
        (SourceState.REQUESTED, SourceState.REQUESTED, SourceState.ACCEPTED, SourceState.ACCEPTED),
    ],
)
def test_merging(base: object, mine: object, theirs: object, both: object) -> None:
    assert merged(base, mine, theirs) == both
