"""What a release meets on its way: orders, stops, other hands, other processes, lost answers and crashes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from policies.kinds import Kind, Workload
from policies.roster import Group
from sync.ledger import Progress
from sync.matters.lane import HoldLane
from sync.matters.model import Matter
from sync.matters.order import MatterOrder
from sync.matters.register import Event, Written
from sync.matters.releases import Due
from sync.officers import Signer
from sync.plan import Change, ChangeStatus
from sync.store.changes import Changes
from sync.store.drifts import Drifts
from tests.unit.sync.matters.releasing import ONE, THREE, TWO, WEEK, approve, ask, boxes, due, held, live_holds, people
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, google, m365, order, roster, scene
from tests.unit.sync.provable import KEYS

Settle = Callable[[Matter], Matter]


def test_whoever_was_added_meanwhile_makes_it_another_matter(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE)
        release = ask(here)
        approve(here, release, "counsel", "superintendent")
        opened = here.lane.add("roof", order(TWO))
        assert opened.overruled, "an order is stronger than a release that waits"
        here.until_in_force()
        here.clock.advance(2 * WEEK)
        here.engine.sync()
        assert set(here.sources("roof").values()) == {"verified"}


def test_a_lost_answer_about_one_person_is_settled_by_looking_again(tmp_path: Path) -> None:
    """The look that finds them gone finds the hold as it is wanted by now; the release is the one that was approved all the same."""
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        release = ask(here, ONE)
        approve(here, release, "counsel", "superintendent")
        here.clock.advance(WEEK)
        here.worlds["google"].troubles.lost = "after"
        here.engine.sync()
        assert {state for (person, _, _), state in here.sources("roof").items() if person == ONE} != {"released"}, "one answer was lost"
        here.later(HOUR)
        result = here.engine.end()
        assert not any(problem.code == "release.stale" for tenant in result.tenants for problem in tenant.problems)
        assert {state for (person, _, _), state in here.sources("roof").items() if person == ONE} == {"released"}
        assert {state for (person, _, _), state in here.sources("roof").items() if person == TWO} == {"verified"}
        assert here.lane.find("roof").release is None, "it is over"


def test_a_hold_that_has_to_be_made_anew_says_nothing_of_those_let_go_before(tmp_path: Path) -> None:
    """A create that fails concerns everybody in the hold, and they are in it no more."""
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        approve(here, ask(here, ONE), "counsel", "superintendent")
        here.clock.advance(WEEK)
        here.engine.sync()
        world = here.worlds["m365"]
        here.console("m365").delete(next(thing for thing in world.things.values() if thing.kind is Kind.M365_HOLD and thing.mark).vendor_id)
        world.troubles.lost = "before"
        here.hold()
        states = {(person, state) for (person, tenant, _), state in here.sources("roof").items() if tenant == "m365"}
        assert {state for person, state in states if person == ONE} == {"released"}
        assert {state for person, state in states if person == TWO} == {"failed"}, "it was not made"


def test_a_lost_answer_is_settled_by_looking_again(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        here.worlds["google"].troubles.lost = "after"
        here.engine.end()
        assert here.document("roof")["matter"]["state"] == "releasing"
        assert here.desk.journal.open_intents()
        here.engine.sync()
        assert here.document("roof")["matter"]["state"] == "released"
        assert not here.desk.journal.open_intents()
        assert not here.document("roof")["gaps"]


def test_what_somebody_took_away_by_hand_meanwhile_counts_as_done(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        for thing in [one for one in here.worlds["google"].things.values() if one.kind is Kind.GOOGLE_HOLD and one.mark]:
            here.console("google").delete(thing.vendor_id)
        here.engine.end()
        assert here.document("roof")["matter"]["state"] == "released"


def test_one_cloud_away_leaves_its_part_for_later(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        here.worlds["m365"].troubles.unreachable = "wire.unreachable"
        here.engine.end()
        assert here.document("roof")["matter"]["state"] == "releasing"
        assert {state for (_, tenant, _), state in here.sources("roof").items() if tenant == "google"} == {"released"}
        assert {state for (_, tenant, _), state in here.sources("roof").items() if tenant == "m365"} == {"verified"}
        here.worlds["m365"].troubles.unreachable = None
        here.engine.sync()
        assert here.document("roof")["matter"]["state"] == "released"


def test_a_stop_that_comes_while_it_is_carried_out_is_heard_before_the_next_object(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        releases, begin = here.lane.releases, here.lane.releases.begin

        def begun(due: Due, change: Change) -> None:
            begin(due, change)
            HoldLane(here.desk).releases.stop(here.lane.find("roof"), Signer(officer="chair", key=KEYS["chair"]))

        releases.begin = begun  # type: ignore[method-assign]  # another process, between two steps of this one
        before = live_holds(here)
        here.engine.end()
        assert live_holds(here) == before
        here.later(HOUR)
        assert set(here.sources("roof").values()) == {"verified"}
        assert not here.document("roof")["gaps"]


@pytest.mark.parametrize("people_let_go", [(), (ONE,)])
@pytest.mark.parametrize("how", ["add", "open anew", "a group"])
def test_whoever_is_ordered_while_a_release_waits_ends_it(tmp_path: Path, how: str, people_let_go: tuple[str, ...]) -> None:
    group = Group(tenant="m365", vendor_id="g-1", address="board@d.example", name="Board", members=frozenset({"m-001"}))
    with scene(tmp_path, roster("m365", m365(1), m365(2), groups=(group,)), roster("google", google(1), google(2))) as here:
        held(here, ONE, TWO)
        due(here, *people_let_go)
        if how == "add":
            opened = here.lane.add("roof", order(ONE), sha256="a" * 64)
        elif how == "open anew":
            opened = here.lane.open(order(ONE, TWO), sha256="b" * 64)
        else:
            opened = here.lane.add("roof", MatterOrder.model_validate({"people": [{"group": "board@d.example"}]}), sha256="c" * 64)
        assert opened.overruled
        before = live_holds(here)
        here.engine.sync()
        assert live_holds(here) == before
        here.until_in_force()
        assert set(here.sources("roof").values()) == {"verified"}


def test_what_a_stopped_release_had_let_go_is_held_again(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        before = live_holds(here)
        due(here)
        here.worlds["m365"].troubles.unreachable = "wire.unreachable"
        here.engine.end()
        assert len(live_holds(here)) == 1, "Google's are gone"
        here.worlds["m365"].troubles.unreachable = None
        here.lane.releases.stop(here.lane.find("roof"), CUSTODIAN)
        assert here.people("roof")[ONE][0] == "partly"
        here.until_in_force()
        here.until_in_force()
        assert {name: sorted(members) for name, members in live_holds(here).items()} == {name: sorted(members) for name, members in before.items()}
        assert set(here.sources("roof").values()) == {"verified"}
        assert boxes(here) == {"open"}


def test_a_look_that_began_before_the_end_does_not_bring_the_matter_back(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        slow = here.fresh_lane()
        slow.find("roof")
        before = slow.find("roof")
        here.engine.end()
        slow.register.keep(before, replace(before, workloads=(Workload.MAIL,)), Event(name="observed"), slow._settled)  # as a slow look does
        assert here.document("roof")["matter"]["state"] == "released"


def test_somebody_refused_by_the_platform_goes_at_the_next_look_and_nothing_is_stale(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2, 3)) as here:
        held(here, ONE, TWO, THREE)
        due(here, ONE, TWO)
        hold = next(thing for thing in here.worlds["google"].things.values() if thing.kind is Kind.GOOGLE_HOLD and thing.mark)
        here.console("google").remove(hold.vendor_id, "account:100001")  # one of the two went by another hand
        here.engine.end()
        assert {state for (person, _, _), state in here.sources("roof").items() if person != THREE} == {"released"}
        assert {state for (person, _, _), state in here.sources("roof").items() if person == THREE} == {"verified"}


def test_a_crash_after_the_last_outcome_is_caught_up_with(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        here.lane.releases.done = lambda alias: None  # type: ignore[method-assign]  # noqa: ARG005  # the process dies before the register is told
        here.engine.end()
        assert live_holds(here) == {}
        lane = here.fresh_lane()
        lane.releases.due("m365")
        assert here.document("roof")["matter"]["state"] == "released"
        assert not here.document("roof")["gaps"]


def test_while_a_release_waits_for_one_cloud_changes_to_those_who_stay_are_seen(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        due(here, ONE)
        here.worlds["google"].troubles.unreachable = "wire.unreachable"
        here.engine.end()
        hold = next(thing for thing in here.worlds["m365"].things.values() if thing.kind is Kind.M365_HOLD and thing.mark)
        here.console("m365").remove(hold.vendor_id, "mail:person2@d.example")
        here.engine.drift()
        assert [one.key for one in Drifts(here.desk.store).open("m365").values() if one.key] != []


def test_what_is_put_on_hold_while_a_release_waits_makes_it_stale(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        here.worlds["google"].troubles.unreachable = "wire.unreachable"
        held(here, ONE)
        due(here)
        here.worlds["google"].troubles.unreachable = None
        here.until_in_force()  # the other cloud answers during the wait
        before = live_holds(here)
        result = here.engine.end()
        assert live_holds(here) == before
        assert "release.stale" in {problem.code for tenant in result.tenants for problem in tenant.problems}
        assert here.document("roof")["matter"]["state"] != "released"
        here.lane.releases.stop(here.lane.find("roof"), CUSTODIAN)
        due(here)
        here.engine.end()
        assert here.document("roof")["matter"]["state"] == "released"
        assert live_holds(here) == {}


def test_an_order_that_meets_the_end_of_a_release_is_not_lost(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE)
        due(here)
        other = here.fresh_lane()
        keep = other.register.keep

        def late(before: Matter | None, after: Matter, event: Event, settle: Settle = lambda matter: matter) -> Written:
            here.engine.end()  # all of the release happens between the order's reading and its writing
            return keep(before, after, event, settle)

        other.register.keep = late  # type: ignore[method-assign]  # another process at the worst moment
        other.add("roof", order(ONE, TWO), sha256="d" * 64)
        here.until_in_force()
        here.until_in_force()
        assert set(here.sources("roof").values()) == {"verified"}
        assert {person for person, _, _ in here.sources("roof")} == {ONE, TWO}


def test_a_stop_with_an_old_copy_of_the_matter_puts_everybody_back(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        old = here.lane.find("roof")
        here.worlds["m365"].troubles.unreachable = "wire.unreachable"
        here.engine.end()
        here.worlds["m365"].troubles.unreachable = None
        here.lane.releases.stop(old, CUSTODIAN)
        here.until_in_force()
        here.until_in_force()
        assert set(here.sources("roof").values()) == {"verified"}


def test_a_refusal_after_a_lost_answer_leaves_nobody_unwatched(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        due(here)
        here.worlds["google"].troubles.lost = "after"
        here.engine.end()
        here.district.__dict__["officers"] = tuple(one for one in here.district.officers if one.id != "superintendent")
        here.engine.sync()
        here.until_in_force()
        here.until_in_force()
        google = {state for (_, tenant, _), state in here.sources("roof").items() if tenant == "google"}
        assert google <= {"verified", "released"}
        assert here.lane.find("roof").release is not None
        assert not here.lane.find("roof").release.going  # type: ignore[union-attr]  # said above


def test_a_stopped_release_hides_no_change_from_outside(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        held(here, ONE, TWO)
        due(here, ONE)
        release = here.lane.find("roof").release
        assert release is not None
        change = Changes(here.desk.store).find(release.changes)[0]
        with here.desk.store.write() as session:
            accepted = Progress(change=change.change, status=ChangeStatus.ACCEPTED, intent=here.clock.now(), accepted=here.clock.now())
            Changes(here.desk.store).put(session, accepted)
        here.lane.releases.begin(here.lane.releases.due(change.tenant)[0], change.change)
        assert here.lane.releases.let_go(change.tenant).going
        here.lane.releases.stop(here.lane.find("roof"), CUSTODIAN)
        assert not here.lane.releases.let_go(change.tenant).going
