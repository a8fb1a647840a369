"""The sheet of an order for a unit that could not be sent: it asks for the hold on the unit, and what was made by it is found and followed."""

from __future__ import annotations

import re

import pytest

from sandbox.world import Fault
from tests.campaign.drive import Stage
from tests.unit.sync.held.test_units import UNIT, act, held_by_unit, looks, matter, ours, standing, state, users

MARKED = re.compile(r"Holds > Create\. Name, copied whole: (.*\])$")


@pytest.fixture
def unsent(stage: Stage) -> Stage:
    """Nothing can be made in Vault by the program."""
    stage.world.faults.append(Fault(surface="vault", operation="vault.matters.*create", kind="status", when="before", status=403, times=9999))
    return stage


def lines(stage: Stage) -> list[str]:
    return [line.strip() for line in str(matter(stage)["by_hand"] or "").splitlines()]


def typed(stage: Stage) -> None:
    """The sheet's matter and hold, made as they stand there."""
    said = lines(stage)
    (made,) = [re.search(r"Create\. Name: (.*?)\. Description, copied whole: (.*)$", line) for line in said if "Description, copied whole" in line]
    assert made is not None
    found = act(stage, "create_matter", name=made[1], description=made[2])
    (hold,) = [name[1] for line in said if (name := MARKED.search(line))]
    act(stage, "create_hold", matter=found["matterId"], name=hold, corpus="MAIL", org_unit=UNIT)


def test_the_sheet_asks_for_the_hold_on_the_unit_and_what_was_made_by_it_is_adopted(unsent: Stage) -> None:
    held_by_unit(unsent)
    unit = state(unsent).unit(UNIT)
    assert unit is not None
    text = "\n".join(lines(unsent))
    assert f"Organizational unit: {UNIT}, as the order calls it (its id is {unit.id.removeprefix('id:')}), and never the topmost one" in text
    assert "Specific accounts" not in text
    assert "[ ]" not in text, "nobody is named one by one"
    typed(unsent)
    looks(unsent, 4)
    assert standing(unsent) == {(one, "verified") for one in users(unsent, UNIT)}
    assert matter(unsent)["by_hand"] is None
    joiner = users(unsent, "/Staff")[0]
    act(unsent, "move_user", email=joiner, org_unit=UNIT)
    looks(unsent)
    assert (joiner, "verified") in standing(unsent)
    assert len(ours(unsent)) == 1


def test_who_has_left_the_unit_stands_on_the_sheet_by_the_account(unsent: Stage) -> None:
    held_by_unit(unsent)
    typed(unsent)
    looks(unsent, 4)
    leaver = users(unsent, UNIT)[0]
    act(unsent, "move_user", email=leaver, org_unit="/Staff")
    looks(unsent)
    said = lines(unsent)
    assert any("Specific accounts" in line for line in said)
    assert [line for line in said if line.startswith("[ ]")] == [f"[ ] {leaver}"]
    assert not any("Organizational unit" in line for line in said), "the unit's own hold is there"


def test_a_hold_that_was_put_on_another_unit_is_made_a_second_time_by_hand(unsent: Stage) -> None:
    held_by_unit(unsent)
    typed(unsent)
    looks(unsent, 4)
    (hold,) = ours(unsent)
    (place,) = [one for one in state(unsent).matters.values() if hold.id in one.holds]
    act(unsent, "change_hold_unit", matter=place.id, hold=hold.id, org_unit="/Staff/Administration")
    looks(unsent)
    (name,) = [found[1] for line in lines(unsent) if (found := MARKED.search(line))]
    assert name.endswith(":g2]")
    assert not any("Edit. Add" in line for line in lines(unsent)), "a hold on a unit takes no accounts"
    act(unsent, "create_hold", matter=place.id, name=name, corpus="MAIL", org_unit=UNIT)
    looks(unsent, 4)
    assert standing(unsent) == {(one, "verified") for one in users(unsent, UNIT)}
    assert len(ours(unsent)) == 2


def test_where_no_look_has_found_the_unit_nobody_is_told_to_hold_accounts(stage: Stage) -> None:
    stage.world.faults.append(Fault(surface="directory", operation="directory.orgunits.list", kind="status", when="before", status=403, times=9999))
    held_by_unit(stage)
    text = "\n".join(lines(stage))
    assert "Specific accounts" not in text
    assert "hold.unit_unknown" in text
