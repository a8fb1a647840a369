"""How many requests Microsoft 365 is asked, against the fewest that Graph allows: the figures of docs/performance.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from connectors.following import KeptPeople
from sandbox import microsoft
from sandbox.microsoft.state import tenant_of
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sync.matters.order import MatterOrder
from tests.campaign.drive import Stage, _stage, make_keys
from tests.campaign.microsoft import MicrosoftTheatre, _holdable
from tests.unit.connectors.microsoft.support import Bench

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


def test_ten_thousand_people_cost_their_pages_once_a_day_and_one_request_between(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("2026-10-05T14:30:00Z", encoding="utf-8")
    world = make_world("large", seed=11, clock_file=clock)
    with SandboxServer(world, (microsoft,), tmp_path / "state") as server:
        bench = Bench(server)
        groups = frozenset(f"{name}@{bench.tenant.domain}" for name in ("staff", "students", "board"))
        found: list[Counter[str]] = []
        kept = KeptPeople(count=0)
        for _ in range(3):
            before, reader = len(world.exchanges), bench.reader(groups=groups)
            reader.follow(kept)
            reader.examine()
            people, trail = reader.roster().identities, reader.trail()
            kept = KeptPeople(count=len(people), people=people, trail=trail)
            found.append(Counter(one.operation for one in world.exchanges[before:] if one.surface == "graph"))
        bench.close()
    assert kept.count > 10_000
    assert [sum(one.values()) for one in found] == [29, 30, 19]
    assert [(one["GET /users"], one["GET /users/delta"]) for one in found] == [(11, 0), (11, 1), (0, 1)]
    members = "GET /groups/{group}/transitiveMembers/microsoft.graph.user"
    assert {one[members] for one in found} == {12}, "members of groups are not told by delta on users"
