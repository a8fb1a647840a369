"""Releases: asked for by one officer, approved by two others, waited for, carried out as approved, and never a moment or a person more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from policies.kinds import Kind
from sync.matters.model import MatterError
from sync.officers import Signer
from sync.plan import ChangeStatus
from sync.store.changes import Changes
from sync.store.drifts import Drifts
from tests.unit.sync.matters.releasing import FILE, ONE, THREE, TWO, WEEK, approve, ask, ask_again, boxes, due, held, live_holds, people
from tests.unit.sync.matters.world import HOUR, order, scene
from tests.unit.sync.provable import KEYS


def test_a_matter_is_let_go_after_two_approvals_and_the_wait_and_not_before(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        before = live_holds(here)
        assert len(before) == 4, "Microsoft's one hold and Google's three"
        release = ask(here)
        assert len(release.changes) == 6, "four holds, a case and a matter"
        here.clock.advance(2 * WEEK)
        here.engine.sync()
        assert live_holds(here) == before, "nobody approved it"
        approve(here, ask_again(here), "counsel", "superintendent")
        document = here.document("roof")
        assert document["matter"]["state"] == "releasing"
        here.clock.advance(WEEK - 1)
        here.engine.sync()
        here.engine.end()
        assert live_holds(here) == before, "the wait is not over"
        assert boxes(here) == {"open"}
        here.clock.advance(1)
        here.engine.sync()
        assert live_holds(here) == {}
        assert boxes(here) == {"closed"}
        document = here.document("roof")
        assert document["matter"]["state"] == "released"
        assert {one["state"] for one in document["sources"]} == {"released"}
        assert all(one["times"]["released"] for one in document["sources"])
        assert document["gaps"] == [], "what two officers let go is no gap"
        hour = here.lane.first_hour("roof")
        assert dict(hour.people) == {"released": 2}
        assert any("is over" in step for step in hour.next_steps)
        assert not any("stop" in step for step in hour.next_steps)
        here.later(HOUR)
        here.engine.sync()
        assert live_holds(here) == {}, "nothing puts it back"
        assert not any(Drifts(here.desk.store).open(tenant) for tenant in ("m365", "google")), "nor is it a change from outside"
        assert not here.lane.find("roof").gaps


def test_the_one_who_asks_is_none_of_the_two_and_people_on_hold_are_not_either(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE, "counsel@d.example")
        release = ask(here)
        approve(here, release, "custodian", "superintendent", "counsel")
        assert here.lane.find("roof").release == release, "the custodian asked, counsel is on hold: one yes counts"
        approve(here, release, "chair")
        assert here.lane.find("roof").release != release


def test_some_people_are_let_go_and_the_others_stay(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        before = set(live_holds(here))
        release = ask(here, ONE)
        approve(here, release, "counsel", "superintendent")
        assert here.document("roof")["matter"]["state"] == "held", "the others are held as before"
        here.clock.advance(WEEK)
        here.engine.sync()
        left = live_holds(here)
        assert set(left) == before
        assert all(members for members in left.values())
        assert not {member for members in left.values() for member in members if "person1" in member or "100001" in member}
        states = here.sources("roof")
        assert {state for (person, _, _), state in states.items() if person == ONE} == {"released"}
        assert {state for (person, _, _), state in states.items() if person == TWO} == {"verified"}
        assert boxes(here) == {"open"}
        here.later(HOUR)
        assert {state for (person, _, _), state in here.sources("roof").items() if person == TWO} == {"verified"}
        assert here.document("roof")["matter"]["state"] == "held"


def test_a_stopped_release_never_runs_and_its_approvals_say_nothing_for_the_next(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        before = live_holds(here)
        first = ask(here)
        approve(here, first, "counsel", "superintendent")
        here.lane.releases.stop(here.lane.find("roof"), Signer(officer="chair", key=KEYS["chair"]))
        assert here.document("roof")["matter"]["state"] == "held"
        second = ask(here)
        assert not set(first.changes) & set(second.changes)
        here.clock.advance(2 * WEEK)
        here.engine.sync()
        assert live_holds(here) == before
        assert {one.status for one in Changes(here.desk.store).find(first.changes)} == {ChangeStatus.SUPERSEDED}


def test_without_counsel_a_day_is_the_least_wait(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        here.district.__dict__["timeouts"] = here.district.timeouts.model_copy(update={"release_wait": 60})
        release = ask(here)
        approve(here, release, "superintendent", "chair")
        found = here.lane.find("roof").release
        assert found is not None
        assert found.approved is not None
        assert found.due == found.approved + timedelta(days=1)


def test_a_matter_that_nothing_holds_yet_is_released_on_paper(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        here.lane.open(order(ONE))
        release = ask(here)
        assert len(release.changes) == 1
        approve(here, release, "counsel", "superintendent")
        here.clock.advance(WEEK)
        here.engine.sync()
        assert here.document("roof")["matter"]["state"] == "released"


def test_somebody_let_go_is_held_again_only_by_a_new_order(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        due(here, ONE)
        here.engine.sync()
        here.lane.open(order(ONE, TWO), sha256=FILE)
        here.until_in_force()
        assert {state for (person, _, _), state in here.sources("roof").items() if person == ONE} == {"released"}, "the old order again is no new one"
        here.lane.add("roof", order(ONE))
        here.until_in_force()
        assert set(here.sources("roof").values()) == {"verified"}


@pytest.mark.parametrize("address", ["nobody@d.example", THREE])
def test_nobody_can_be_let_go_who_is_not_on_hold(tmp_path: Path, address: str) -> None:
    with scene(tmp_path, *people(1, 2, 3)) as here:
        held(here, ONE, TWO)
        with pytest.raises(MatterError) as refused:
            ask(here, ONE, address)
        assert refused.value.code == "matter.person_unknown"
        assert here.lane.find("roof").release is None


def test_there_is_one_release_of_a_matter_at_a_time(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        ask(here, ONE)
        with pytest.raises(MatterError) as refused:
            ask(here)
        assert refused.value.code == "release.open"


def test_a_yes_of_somebody_who_left_office_does_not_carry_a_release(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        before = live_holds(here)
        here.district.__dict__["officers"] = tuple(one for one in here.district.officers if one.id != "superintendent")
        result = here.engine.end()
        assert live_holds(here) == before
        assert "release.unapproved" in {problem.code for tenant in result.tenants for problem in tenant.problems}


def test_half_a_list_lets_nobody_go(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        before = live_holds(here)
        here.worlds["m365"].troubles.partial[Kind.M365_HOLD] = "read.cut_short"
        result = here.engine.end()
        assert "kind.unknown" in {problem.code for tenant in result.tenants for problem in tenant.problems}
        assert [name for name in before if name.endswith(" 1")] == list(live_holds(here))
        assert {state for (_, tenant, _), state in here.sources("roof").items() if tenant == "m365"} == {"verified"}, "they are followed as before"


def test_a_hold_with_somebody_else_in_it_stays_and_its_case_with_it(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE)
        release = ask(here)
        approve(here, release, "counsel", "superintendent")
        hold = next(thing for thing in here.worlds["m365"].things.values() if thing.kind is Kind.M365_HOLD and thing.mark)
        here.console("m365").add(hold.vendor_id, "mail:person2@d.example")
        here.clock.advance(WEEK)
        result = here.engine.end()
        codes = {problem.code for tenant in result.tenants for problem in tenant.problems}
        assert {"release.others", "release.holds_left"} <= codes
        assert list(live_holds(here)) == [hold.name], "Google's are gone, Microsoft's stands"
        assert here.document("roof")["matter"]["state"] == "releasing"
        here.console("m365").remove(hold.vendor_id, "mail:person2@d.example")
        here.engine.end()
        assert live_holds(here) == {}
        assert here.document("roof")["matter"]["state"] == "released"
