"""How many requests Microsoft 365 is asked, against the fewest that Graph allows: the figures of docs/performance.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sandbox.microsoft.state import tenant_of
from sync.matters.order import MatterOrder
from tests.campaign.drive import Stage, _stage, make_keys
from tests.campaign.microsoft import MicrosoftTheatre, _holdable

ROSTER = 6
"""Tenant, subscriptions, people, deleted people, groups, and whether labels are shown to an application here: once each."""
ALLOWED = 1.2


def asked(stage: Stage) -> int:
    """The Graph requests of one look."""
    before = len(stage.world.exchanges)
    stage.look()
    found = Counter(one.operation for one in stage.world.exchanges[before:] if one.surface == "graph")
    return sum(found.values())


def test_a_new_hold_and_then_nothing_to_do_ask_hardly_more_than_they_must(tmp_path: Path) -> None:
    theatre = MicrosoftTheatre()
    keys = make_keys(theatre, tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(theatre, 7, keys, tmp_path / "run") as stage:
        theatre.prepare(stage.world)
        state = tenant_of(stage.world)
        able = [address for one in stage.world.people if _holdable(state, address := f"{one.local_part}@{stage.world.domain}")]
        others = len(state.cases)
        order = {"alias": "figures", "ordered_by": "counsel", "people": [{"address": one} for one in able]}
        stage.order(MatterOrder.model_validate(order))
        # To look at what is there: cases, and holds with two lists of sources in each; then an address per drive, a POST per place, one read-back each.
        opening = ROSTER + 1 + others + 2 * others + len(able) + 2 + 2 * len(able) + 1 + 3
        assert len(able) > 5
        assert asked(stage) <= ALLOWED * opening
        assert stage.rest()
        cases, holds = len(state.cases), len(state.holds)
        assert asked(stage) <= ALLOWED * (ROSTER + 1 + cases + 2 * holds)
