"""The door keeps moments: both tenants, the time, what was switched on and what was to go wrong, to return to as often as one likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.tenants import both
from tests.unit.sandbox.clients import Door

FAULT = {"surface": "graph", "operation": "*", "kind": "status", "status": 503, "when": "before"}


def standing(door: Door) -> tuple[Any, ...]:
    _, state = door.ask("GET", "state")
    _, switches = door.ask("GET", "switches")
    _, faults = door.ask("GET", "faults")
    return state["m365"]["labels"], state["google"]["matters"], switches, faults


def changed(door: Door) -> None:
    assert door.ask("POST", "console/m365/create_label", {"name": "Made later", "days": 400})[0] == 200
    door.console("create_matter", name="made later", by="it.director@harbormill.example")
    door.ask("POST", "switches", {"m365.licence": "A3"})
    door.ask("POST", "faults", FAULT)
    door.ask("POST", "clock/advance", {"seconds": 86_400})


@pytest.mark.parametrize("times", [1, 2])
def test_everything_is_as_it_was_and_the_moment_can_be_returned_to_again(tmp_path: Path, times: int) -> None:
    world = make_world("tiny")
    with SandboxServer(world, both(), tmp_path) as server:
        door = Door(server)
        before, moved = standing(door), world.clock.offset
        _, kept = door.ask("POST", "moments")
        for _ in range(times):
            changed(door)
            assert all(now != then for now, then in zip(standing(door), before, strict=True))
            assert door.ask("POST", f"moments/{kept['moment']}")[0] == 200
            assert standing(door) == before
            assert world.clock.offset == moved


def test_a_moment_that_was_never_kept_is_told(tmp_path: Path) -> None:
    with SandboxServer(make_world("tiny"), both(), tmp_path) as server:
        assert Door(server).ask("POST", "moments/3") == (404, {"error": "no such moment", "moments": 0})
