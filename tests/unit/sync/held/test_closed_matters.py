"""A closed matter of somebody else's shows no holds any more (G§1.6), so what it held is told from what we saw before; over HTTPS, by Vault's own answers."""

from __future__ import annotations

from typing import Any

import pytest

from policies.kinds import Kind
from policies.protection import Direction
from sandbox import google
from sync.drift import Drift, DriftClass
from sync.run import Engine
from tests.campaign.drive import Stage

ADMIN = "it.director@harbormill.example"


def act(stage: Stage, name: str, /, **given: object) -> Any:
    """Something an administrator does in the Vault console."""
    with stage.world.lock:
        return google.console_acts(stage.world)[name]({"by": ADMIN, **given})


def drifts(stage: Stage) -> dict[str, Drift]:
    """What a look by a fresh process says of Vault's objects, by id; an hour passes after it."""
    (tenant,) = Engine(stage.desk, stage.lane).drift().tenants
    stage.world.clock.advance(3600)
    return {str(one.vendor_id): one for one in tenant.drift if one.kind in {Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD}}


@pytest.mark.parametrize("holds", ["keep", "release"])
def test_what_a_closed_matter_held_is_told_until_it_is_open_again(stage: Stage, holds: str) -> None:
    person = f"{stage.world.people[0].local_part}@{stage.world.domain}"
    matter = act(stage, "create_matter", name="Somebody else's")["matterId"]
    named = act(stage, "create_hold", matter=matter, name="one person", corpus="MAIL", emails=[person])["holdId"]
    unit = act(stage, "create_hold", matter=matter, name="whole unit", corpus="DRIVE", org_unit="/Staff")["holdId"]
    assert drifts(stage) == {}, "what was there before the first look is nobody's change"

    before = len(stage.world.exchanges)
    act(stage, "close_matter", matter=matter, holds=holds)
    for _ in range(2):
        found = drifts(stage)
        assert set(found) == {matter}, "one difference: the matter with all that was in it"
        told = found[matter]
        assert (told.drift, told.direction) == (DriftClass.UNMANAGED, Direction.WEAKENS)
        assert told.applied is not None
        held = told.applied["held"]
        assert isinstance(held, tuple)
        assert sorted(str(line).partition(":")[0] for line in held) == ["one person (MAIL)", "whole unit (DRIVE)"]
        assert told.live is not None
        assert (told.applied["state"], told.live["state"], told.live["held"]) == ("open", "closed", None)
    answers = {one.status for one in stage.world.exchanges[before:] if f"/{matter}/holds" in one.path}
    assert answers <= {400}, "Vault itself shows nothing of it: what is told comes from what was seen before"

    act(stage, "reopen_matter", matter=matter)
    again = drifts(stage)
    if holds == "keep":
        assert again == {}, "opened again it shows them again"
    else:
        assert set(again) == {named, unit}, "open, and its holds are gone"
        assert {one.direction for one in again.values()} == {Direction.WEAKENS}
