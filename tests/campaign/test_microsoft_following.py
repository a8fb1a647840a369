"""The engine over days: everybody is read whole when that is due, and otherwise only what changed is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from policies.resources import ReadState
from sandbox.microsoft.state import tenant_of
from sync.matters.order import MatterOrder
from sync.store.rosters import Rosters
from tests.campaign.drive import Stage, _stage, make_keys
from tests.campaign.microsoft import MicrosoftTheatre, _holdable
from tests.campaign.theatre import PAUSE

WHOLE, DELTA = "GET /users", "GET /users/delta"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A tenant of more than one page, without the thousand people that this takes."""
    monkeypatch.setattr("connectors.microsoft365.everybody.PAGE", 10)
    theatre = MicrosoftTheatre()
    keys = make_keys(theatre, tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(theatre, 3, keys, tmp_path / "run") as made:
        theatre.prepare(made.world)
        yield made


def asked(stage: Stage) -> dict[str, int]:
    """How one look asked for everybody."""
    before = len(stage.world.exchanges)
    stage.look()
    found = Counter(one.operation for one in stage.world.exchanges[before:])
    return {name: found[name] for name in (WHOLE, DELTA) if found[name]}


def held(stage: Stage, address: str, alias: str) -> None:
    stage.order(MatterOrder.model_validate({"alias": alias, "ordered_by": "counsel", "people": [{"address": address}]}))


def test_a_quiet_day_asks_once_a_look_and_everybody_once_a_day(stage: Stage) -> None:
    assert asked(stage) == {WHOLE: 1}, "how many there are is not known before the first look"
    assert asked(stage) == {WHOLE: 1, DELTA: 1}
    quiet = [asked(stage) for _ in range(int(86_400 / PAUSE))]
    assert quiet == [{DELTA: 1}] * len(quiet)
    assert [asked(stage), asked(stage)] == [{WHOLE: 1, DELTA: 1}, {DELTA: 1}]


def test_whoever_is_put_on_hold_is_looked_for_among_everybody(stage: Stage) -> None:
    state = tenant_of(stage.world)
    first, second = [one for person in stage.world.people if _holdable(state, one := f"{person.local_part}@{stage.world.domain}")][:2]
    stage.look()
    stage.look()
    stage.world.switches["m365.delta_late"] = "9"  # a change that no round tells yet
    renamed = f"new.name@{stage.world.domain}"
    account = state.account_at(first)
    assert account is not None
    account.aliases, account.upn = [], renamed
    state.enter(account)
    assert asked(stage) == {DELTA: 1}
    assert renamed not in {one.address for one in Rosters(stage.store).identities("m365")}
    held(stage, renamed, "opened")
    assert asked(stage) == {WHOLE: 1, DELTA: 1}
    assert stage.rest()
    people = cast("list[dict[str, object]]", stage.lane.status("opened")["people"])
    assert [person["state"] for person in people] == ["held"]
    held(stage, second, "another")
    assert asked(stage)[WHOLE] == 1
    assert asked(stage) == {DELTA: 1}


def test_a_round_that_nobody_answers_makes_nobody_absent(stage: Stage) -> None:
    stage.look()
    stage.look()
    everybody = {one.vendor_id for one in Rosters(stage.store).kept("m365", stage.world.clock.now()).people}
    stage.world.switches["m365.delta"] = "gone"
    result = stage.engine.hold()
    (tenant,) = result.tenants
    assert {read.state for kind, read in tenant.kinds.items() if kind.value == "m365.user"} == {ReadState.COMPLETE}
    stage.world.switches["m365.delta"] = ""
    assert {one.vendor_id for one in Rosters(stage.store).kept("m365", stage.world.clock.now()).people} == everybody
