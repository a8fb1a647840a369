"""A place that nobody could look up is unknown, and unknown is not absent: it counts, it is said, and a person is told to look."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordwarden.cli.holding import ending
from recordwarden.cli.running import Running
from recordwarden.exits import Exit
from tests.unit.sync.held.stage import Held, held

DRIVE = "GET /users/{user}/drive"
UNKNOWN = "failed:person.place_unknown"


def exit_of(here: Held) -> Exit:
    class Run:
        lane = here.stage.lane

    run: Running = Run()  # type: ignore[assignment]  # what an ending looks at
    return ending(run, "roof", None)[0]


@pytest.mark.parametrize("status", [403, 423, 429, 503])
def test_a_drive_that_nobody_would_show_is_not_one_that_is_not_there(keys: Path, tmp_path: Path, status: int) -> None:
    with held(keys, tmp_path) as here:
        person = here.people[0]
        here.fault("graph", DRIVE, status=status, times=9999)
        here.order(person)
        here.until_in_force()
        assert here.sources() == {(person, "mail"): "verified", (person, "archive"): "verified", (person, "drive"): UNKNOWN}
        assert here.standing() == {person: ("partly", "person.place_unknown")}
        assert here.matter()["matter"]["state"] == "partly_held"
        facts = here.lane.facts("roof")
        assert (facts.ordered, facts.failed, facts.unplaced) == (3, 1, 1)
        assert exit_of(here) is Exit.UNKNOWN
        assert f"[ ] OneDrive of {person}" in here.matter()["by_hand"]
        here.world.faults.clear()
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}
        assert (here.standing(), here.matter()["by_hand"], exit_of(here)) == ({person: ("held", None)}, None, Exit.DONE)


def test_without_the_right_to_see_drives_none_is_called_missing(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        here.switch(missing_roles="Sites.Read.All,Files.Read.All")
        here.order(here.people[0])
        here.until_in_force()
        assert here.sources()[here.people[0], "drive"] == UNKNOWN


def test_a_drive_that_the_platform_says_was_never_made_counts_for_nothing(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        person = here.people[0]
        account = here.state.account_at(person)
        assert account is not None
        account.drive = None
        here.order(person)
        here.until_in_force()
        assert here.sources()[person, "drive"] == "failed:person.no_container"
        assert here.standing() == {person: ("held", "person.no_container")}
        # Its word is a day old, and asked again it will not say.
        here.fault("graph", DRIVE, status=403, times=9999)
        here.world.clock.advance(86_400)
        here.look()
        assert here.sources()[person, "drive"] == UNKNOWN
        assert here.standing()[person][0] == "partly"
