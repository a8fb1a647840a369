"""What Google shows of the person cannot be cured by asking for the hold again: nothing is sent, and nothing written down, at each further look."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from sandbox import google
from sync.matters.order import MatterOrder
from tests.campaign.drive import Stage, _stage
from tests.campaign.google import _GROUP, GoogleTheatre


def looks(stage: Stage, times: int = 1) -> None:
    for _ in range(times):
        stage.engine.hold()
        stage.world.clock.advance(4_000)


def on_hold(stage: Stage, *addresses: str) -> None:
    """Everybody and a group, in two matters, in force."""
    lines = [*({"address": one} for one in addresses), {"group": _GROUP}]
    for alias in ("roof", "bus"):
        order = {"alias": alias, "ordered_by": "counsel", "people": lines, "sources": ["mail", "drive", "chat", "group"]}
        stage.order(MatterOrder.model_validate(order))
    looks(stage, 3)


def acts(stage: Stage, name: str, **given: object) -> None:
    with stage.world.lock:
        google.console_acts(stage.world)[name](given)


@pytest.mark.parametrize("happens", ["person.not_licensed", "person.deleted", "person.group_deleted", "person.not_licensed before"])
def test_a_fact_of_the_person_is_told_and_not_asked_for_again(google_keys: Path, tmp_path: Path, happens: str) -> None:
    with _stage(GoogleTheatre(), 7, google_keys, tmp_path) as stage:
        able = [f"{one.local_part}@{stage.world.domain}" for one in stage.world.people if one.role != "student"][:2]
        early, code = happens.endswith("before"), happens.partition(" ")[0]
        if early:
            acts(stage, "remove_licence", email=able[0])
        on_hold(stage, *able)
        if code == "person.deleted":
            acts(stage, "delete_user", email=able[0], override_hold=True)
        elif code == "person.group_deleted":
            acts(stage, "delete_group", group=_GROUP)
        elif not early:
            acts(stage, "remove_licence", email=able[0])
        looks(stage, 2)
        who = _GROUP if code == "person.group_deleted" else able[0]
        told = cast("list[dict[str, str]]", stage.lane.status("roof")["sources"])
        assert code in {one["code"] for one in told if one["person"] == who}
        for _ in range(2):
            exchanges, entries = len(stage.world.exchanges), len(list(stage.desk.journal.entries()))
            (result,) = stage.engine.hold().tenants
            assert (result.error, result.changes) == (None, ())
            sent = [one.operation for one in stage.world.exchanges[exchanges:] if one.surface == "vault"]
            assert set(sent) == {"vault.matters.list", "vault.matters.holds.list"}
            assert not list(stage.desk.journal.entries())[entries:]
            stage.world.clock.advance(4_000)
