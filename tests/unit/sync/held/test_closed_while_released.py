"""A release of a Vault matter that meets somebody who closed it, or refusals: what is out of sight is not gone (G§1.6), what is gone is not made anew."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import google
from sandbox.google.state import Matter, state_of
from sandbox.world import Fault
from sync.matters.order import MatterOrder
from sync.result import RunResult
from sync.run import Engine
from tests.campaign.drive import Stage
from tests.campaign.google import _holdable
from tests.campaign.releasing import Parting, part

ADMIN = "it.director@harbormill.example"
PAUSE = 4_000.0


def act(stage: Stage, name: str, /, **given: object) -> Any:
    """Something an administrator does in the Vault console."""
    with stage.world.lock:
        return google.console_acts(stage.world)[name]({"by": ADMIN, **given})


def people(stage: Stage, count: int) -> list[str]:
    found = (f"{one.local_part}@{stage.world.domain}" for one in stage.world.people)
    return [address for address in found if _holdable(stage.world, state_of(stage.world), address)][:count]


def ours(stage: Stage) -> Matter:
    (found,) = [one for one in state_of(stage.world).matters.values() if "[rw:" in one.description]
    return found


def due(stage: Stage, *leaving: str, held: int = 2) -> list[str]:
    """A matter of some people in force, and its release (of those ``leaving``, or whole) signed and waited for."""
    addresses = people(stage, held)
    body = {"alias": "roof", "ordered_by": "counsel", "people": [{"address": one} for one in addresses], "sources": ["mail", "drive"]}
    parting = Parting(alias="roof", people=tuple(leaving), order=MatterOrder.model_validate(body))
    part(stage, parting)
    return addresses


def sync(stage: Stage) -> RunResult:
    """One run of a process of its own; an hour or so passes after it."""
    result = Engine(stage.desk, stage.lane).sync()
    stage.world.clock.advance(PAUSE)
    return result


def status(stage: Stage) -> Any:
    """The matter as ``hold status`` shows it."""
    return stage.lane.status("roof")


def state(stage: Stage) -> str:
    return str(status(stage)["matter"]["state"])


def made(stage: Stage) -> int:
    """Holds that were ever made by us."""
    return sum(one.operation == "vault.matters.holds.create" and one.status == 200 for one in stage.world.exchanges)


def over(stage: Stage, matter: Matter) -> bool:
    return (state(stage), matter.state, len(matter.holds)) == ("released", "CLOSED", 0)


def test_a_release_of_the_whole_opens_the_matter_again_and_ends_its_holds(stage: Stage) -> None:
    due(stage)
    matter, before = ours(stage), made(stage)
    act(stage, "close_matter", matter=matter.id, holds="keep")
    (tenant,) = sync(stage).tenants
    assert "release.matter_closed" in {one.code for one in tenant.problems}
    assert (state(stage), matter.state, len(matter.holds)) == ("releasing", "OPEN", 2), "not over, and in sight again"
    sync(stage)
    assert over(stage, matter)
    assert made(stage) == before
    sync(stage)
    assert over(stage, matter), "nobody opens it again"
    assert status(stage)["gaps"], "from the closing to the opening nobody was held, as far as anybody knows"


def test_a_release_goes_on_where_closing_let_the_holds_go(stage: Stage) -> None:
    due(stage)
    matter, before = ours(stage), made(stage)
    act(stage, "close_matter", matter=matter.id, holds="release")
    sync(stage)
    sync(stage)
    assert over(stage, matter)
    assert made(stage) == before, "nothing is made anew for a release that is due"


@pytest.mark.parametrize(("status", "when"), [(403, "before"), (504, "before"), (504, "after")])
def test_a_release_that_was_carried_out_in_part_goes_on(stage: Stage, status: int, when: str) -> None:
    """Also where an answer was lost, so that nobody would have put back what was told to go."""
    due(stage)
    matter, before = ours(stage), made(stage)
    fault = Fault(surface="vault", operation="vault.matters.holds.delete", kind="status", when=when, status=status, nth=2, times=9)  # type: ignore[arg-type]
    stage.world.faults.append(fault)
    sync(stage)
    stage.world.faults.clear()
    if matter.state == "OPEN":
        act(stage, "close_matter", matter=matter.id, holds="keep")
    sync(stage)
    sync(stage)
    assert over(stage, matter)
    assert made(stage) == before


def test_somebody_who_is_to_go_is_let_go_of_a_hold_that_is_seen(stage: Stage) -> None:
    leaver, stayer = people(stage, 2)
    due(stage, leaver)
    matter = ours(stage)
    act(stage, "close_matter", matter=matter.id, holds="keep")
    sync(stage)
    assert "released" not in {one["state"] for one in status(stage)["sources"]}
    sync(stage)
    sync(stage)
    by_person = {(one["person"], one["state"]) for one in status(stage)["sources"]}
    assert by_person == {(leaver, "released"), (stayer, "verified")}
    account = state_of(stage.world).addresses[stayer]
    assert [set(hold.accounts) for hold in matter.holds.values()] == [{account}] * 2


def test_a_matter_that_was_closed_when_all_was_done_needs_nobody_to_open_it(stage: Stage) -> None:
    due(stage)
    matter = ours(stage)
    stage.world.faults.append(Fault(surface="vault", operation="vault.matters.close", kind="status", when="before", status=403, times=9))
    sync(stage)
    assert (state(stage), matter.state, len(matter.holds)) == ("releasing", "OPEN", 0)
    act(stage, "close_matter", matter=matter.id)
    sync(stage)
    assert over(stage, matter)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hold_that_went_although_the_platform_said_not_now_is_gone_and_is_not_made_anew(stage: Stage, when: str) -> None:
    due(stage)
    matter, before = ours(stage), made(stage)
    fault = Fault(surface="vault", operation="vault.matters.holds.delete", kind="status", when=when, status=429, times=2)  # type: ignore[arg-type]
    stage.world.faults.append(fault)
    sync(stage)
    sync(stage)
    assert over(stage, matter)
    assert made(stage) == before
