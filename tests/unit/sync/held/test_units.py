"""Units of Google's on hold while administrators rename, move and empty them: over HTTPS, with the real connector and engine."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import google
from sandbox.google.state import GoogleState, Hold, state_of
from sandbox.tenant import ConsoleError
from sync.matters.order import MatterOrder
from sync.run import Engine
from tests.campaign.drive import Stage

UNIT = "/Board"


def act(stage: Stage, name: str, /, **given: object) -> Any:
    with stage.world.lock:
        return google.console_acts(stage.world)[name](given)


def state(stage: Stage) -> GoogleState:
    return state_of(stage.world)


def held_by_unit(stage: Stage) -> None:
    """An order for the unit, its mail alone, sent, seen and seen again."""
    body = {"alias": "minutes", "ordered_by": "counsel", "people": [{"ou": UNIT}], "sources": ["mail"]}
    stage.order(MatterOrder.model_validate(body))
    looks(stage, 3)


def looks(stage: Stage, number: int = 2) -> None:
    for _ in range(number):
        Engine(stage.desk, stage.lane).hold()
        stage.world.clock.advance(3600)


def matter(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.lane.status("minutes")
    return found


def standing(stage: Stage) -> set[tuple[str, str]]:
    return {(one["person"], one["state"]) for one in matter(stage)["sources"]}


def users(stage: Stage, path: str) -> list[str]:
    return sorted(user.email for user in state(stage).users.values() if user.org_unit == path)


def ours(stage: Stage) -> list[Hold]:
    return [hold for one in state(stage).matters.values() for hold in one.holds.values() if "[rw:" in hold.name and hold.corpus == "MAIL"]


MOVES = [("rename_unit", {"new_name": "Trustees"}, "/Trustees"), ("move_unit", {"parent": "/Staff"}, "/Staff/Board")]


@pytest.mark.parametrize(("name", "given", "path"), MOVES)
def test_a_unit_that_is_renamed_or_moved_stays_the_unit_that_is_held(stage: Stage, name: str, given: dict[str, str], path: str) -> None:
    people = users(stage, UNIT)
    joiner, leaver = users(stage, "/Staff")[0], people[0]
    held_by_unit(stage)
    assert standing(stage) == {(one, "verified") for one in people}
    act(stage, name, org_unit=UNIT, **given)
    looks(stage)
    assert users(stage, path) == people
    assert (matter(stage)["gaps"], standing(stage)) == ([], {(one, "verified") for one in people})
    assert [(hold.org_unit != "", len(hold.accounts)) for hold in ours(stage)] == [(True, 0)], "no account is held by itself"

    act(stage, "move_user", email=joiner, org_unit=path)
    looks(stage)
    assert (joiner, "verified") in standing(stage), "whoever joins it under its new path is held"
    assert matter(stage)["gaps"] == []
    act(stage, "move_user", email=leaver, org_unit="/Students")
    looks(stage, 3)
    assert [gap["source"]["person"] for gap in matter(stage)["gaps"]] == [leaver], "who is outside of where it lies now has left"
    assert (leaver, "verified") in standing(stage)
    assert sorted(len(hold.accounts) for hold in ours(stage)) == [0, 1]


def test_a_unit_that_is_emptied_and_removed_holds_nobody_and_another_at_its_path_is_held_in_its_place(stage: Stage) -> None:
    people = users(stage, UNIT)
    held_by_unit(stage)
    with pytest.raises(ConsoleError, match="accounts in it"):
        act(stage, "remove_unit", org_unit=UNIT)
    for one in people:
        act(stage, "move_user", email=one, org_unit="/Staff")
    act(stage, "remove_unit", org_unit=UNIT)
    looks(stage, 3)
    assert standing(stage) == {(one, "verified") for one in people}
    assert sorted(gap["source"]["person"] for gap in matter(stage)["gaps"]) == people
    act(stage, "rename_unit", org_unit="/Students", new_name="Board")
    looks(stage, 3)
    assert {person for person, _ in standing(stage)} >= set(users(stage, UNIT)), "the order's words mean the unit that lies there now"
