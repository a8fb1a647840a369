"""A process that dies while a create is under way: the platform may still carry it out, so nobody makes a second one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.memory.world import US
from policies.district import Mode
from policies.kinds import Kind
from policies.resources import Mark
from sync.journal import EntryKind
from sync.matters.lane import HoldLane
from sync.run import Engine
from sync.settle import LIST_DELAY
from tests.unit.sync.matters.world import Scene, google, m365, order, roster, scene
from tests.unit.sync.provable import DISTRICT

TENANT = "google"


class Killed(BaseException):
    """The process is gone: nothing after this point runs."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    people = roster("m365", m365(1)), roster(TENANT, google(1))
    with scene(tmp_path, *people, mode=Mode.ENFORCE) as made:
        made.lane.open(order("person1@d.example"))
        yield made


def killed_at(here: Scene, point: str) -> None:
    """A run of the hold lane in Google alone that dies at its first passing of ``point``."""

    def die(passed: str) -> None:
        if passed == point:
            raise Killed

    desk = replace(here.desk, crash=die)
    with pytest.raises(Killed):
        Engine(desk, HoldLane(desk)).hold((TENANT,))


def matter(here: Scene) -> list[str]:
    """Vendor ids of the matters that carry our mark."""
    return [thing.vendor_id for thing in here.worlds[TENANT].things.values() if thing.kind is Kind.GOOGLE_MATTER and thing.mark is not None]


def comes_late(here: Scene) -> None:
    """The platform carries out the create that was under way."""
    (intent,) = here.desk.journal.open_intents()
    mark = Mark(district=DISTRICT, key=intent.subject, generation=1)
    here.worlds[TENANT].make(Kind.GOOGLE_MATTER, f"late [{mark}]", {"state": "open", "description": ""}, by=US, mark=mark)


def outcomes(here: Scene) -> list[object]:
    return [entry.body["result"] for entry in here.desk.journal.entries() if entry.kind is EntryKind.OUTCOME]


def test_a_create_that_is_still_under_way_is_not_made_again(here: Scene) -> None:
    killed_at(here, "intent.after")
    (blocked,) = here.engine.hold((TENANT,)).tenants
    assert [one.key for one in blocked.blocked] == [here.desk.journal.open_intents()[0].subject]
    assert (matter(here), outcomes(here)) == ([], []), "nobody can say yet that it was not done"
    assert blocked.changes == (), "what lives in it waits for it"
    here.clock.advance(20)
    comes_late(here)
    (settled,) = here.engine.hold((TENANT,)).tenants
    assert settled.blocked == ()
    assert len(matter(here)) == 1
    assert set(outcomes(here)) == {"done"}
    assert set(here.sources("roof").values()) >= {"accepted"}


def test_one_that_did_not_come_is_made_once_its_time_is_over(here: Scene) -> None:
    killed_at(here, "intent.after")
    here.clock.advance(here.district.timeouts.request + LIST_DELAY - 1)
    assert here.engine.hold((TENANT,)).tenants[0].blocked
    here.clock.advance(1)
    (settled,) = here.engine.hold((TENANT,)).tenants
    assert settled.blocked == ()
    assert len(matter(here)) == 1
    assert outcomes(here)[0] == "not_done"
    assert here.desk.journal.open_intents() == []


def test_what_is_there_is_settled_at_once(here: Scene) -> None:
    killed_at(here, "call.after")
    assert here.engine.hold((TENANT,)).tenants[0].blocked == ()
    assert len(matter(here)) == 1


def test_only_what_rests_on_it_waits_with_it(here: Scene) -> None:
    """Another matter in the same tenant, and the other tenant, are held meanwhile."""
    killed_at(here, "intent.after")
    here.lane.open(order("person1@d.example", alias="other"))
    here.engine.hold()
    states = here.sources("other")
    assert set(states.values()) <= {"accepted", "distributing"}, states
    assert {tenant for (_, tenant, _), state in here.sources("roof").items() if state in {"accepted", "distributing"}} == {"m365"}
