"""How many requests Microsoft 365 is asked, against the fewest that its surface allows: the figures of docs/performance.md."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.following import KeptPeople
from policies.resources import find_mark
from sandbox import microsoft
from sandbox.microsoft.objects import Drive, Hold, Mailbox
from sandbox.microsoft.seed import drive_url
from sandbox.microsoft.state import stable_id, tenant_of
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.drive import Stage, _stage, make_keys
from tests.campaign.microsoft import _TEAMS, CmdletTheatre, MicrosoftTheatre, _holdable
from tests.campaign.microsoft_rules import MicrosoftRulesTheatre
from tests.unit.connectors.microsoft.support import Bench

ROSTER = 6 + len(_TEAMS)
"""Tenant, subscriptions, people, deleted people, groups, and whether labels are shown to an application here: once each; and who is in each group
that the theatre asks for by name."""
ALLOWED = 1.2
DRIVES_A_HOLD = 100
"""The limit that is met first (M§3.7): sites and OneDrives of one hold."""
PAGE = 999
"""People of one page."""


def asked(stage: Stage, surface: str = "graph") -> int:
    """The requests of one look to one surface."""
    before = len(stage.world.exchanges)
    stage.look()
    found = Counter(one.operation for one in stage.world.exchanges[before:] if one.surface == surface)
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


def crowd(world: World, number: int) -> list[str]:
    """Addresses of made-up accounts beside the district's own people, each with a mailbox, a OneDrive and a licence."""
    state = tenant_of(world)
    some = next(one for one in state.accounts.values() if one.tier == "faculty" and one.mailbox is not None and one.deleted is None)
    addresses = [f"crowd{one}@{world.domain}" for one in range(number)]
    for address in addresses:
        key = f"crowd/{address}"
        drive = Drive(site_id=stable_id(state.seed, f"{key}/drive"), url=drive_url(state, address))
        mailbox = Mailbox(guid=stable_id(state.seed, f"{key}/mailbox"), changed=some.created)
        state.enter(
            replace(some, id=stable_id(state.seed, key), upn=address, aliases=[], family=address, employee_id=key, drive=drive, mailbox=mailbox)
        )
    return addresses


def ours(stage: Stage) -> list[Hold]:
    """The holds with our mark, as the tenant has them."""
    return [hold for hold in tenant_of(stage.world).holds.values() if find_mark(hold.comment) is not None]


def placed(holds: list[Hold]) -> dict[str, str]:
    """The name of the hold that each place is in; a place that is in two of them fails."""
    found = {source.place.lower(): hold.name for hold in holds for source in hold.sources}
    assert len(found) == sum(len(hold.sources) for hold in holds), "a place is held twice"
    return found


@pytest.mark.slow
def test_an_order_for_500_people_is_sent_in_hardly_more_requests_than_the_fewest(tmp_path: Path) -> None:
    number = 500
    theatre = MicrosoftTheatre()
    keys = make_keys(theatre, tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(theatre, 7, keys, tmp_path / "run") as stage:
        theatre.prepare(stage.world)
        addresses = crowd(stage.world, number)
        others = len(tenant_of(stage.world).cases)
        order = {"alias": "everybody", "ordered_by": "counsel", "people": [{"address": one} for one in addresses]}
        stage.order(MatterOrder.model_validate(order))
        holds = math.ceil(number / DRIVES_A_HOLD)
        # What a look asks; an address per drive; a case, its holds and every place once; then each object once again, a hold with two lists.
        fewest = ROSTER + 1 + others + 2 * (others - 1) + number + 1 + holds + 2 * number + 1 + 3 * holds
        sent = asked(stage)
        assert sent <= ALLOWED * fewest, (sent, fewest)
        assert stage.rest()
        assert len(placed(ours(stage))) == 2 * number
        assert len(ours(stage)) == holds
        assert stage.proofs() == ()
        idle = ROSTER + 1 + others + 1 + 2 * (others - 1 + holds)
        assert asked(stage) <= ALLOWED * idle


@pytest.mark.slow
def test_1200_people_in_one_matter_are_held_in_pieces_that_last(tmp_path: Path) -> None:
    number = 1200
    theatre = MicrosoftTheatre()
    keys = make_keys(theatre, tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(theatre, 7, keys, tmp_path / "run") as stage:
        theatre.prepare(stage.world)
        addresses = crowd(stage.world, number)
        first, late = addresses[:-2], addresses[-2:]
        stage.order(MatterOrder.model_validate({"alias": "everybody", "ordered_by": "counsel", "people": [{"address": one} for one in first]}))
        # As above: two pages of people, an address per drive, a case, twelve holds, every place once, and each object once again.
        holds, others, pages = math.ceil(number / DRIVES_A_HOLD), len(tenant_of(stage.world).cases), math.ceil(len(tenant_of(stage.world).alive()) / PAGE)
        fewest = ROSTER - 1 + pages + 1 + others + 2 * (others - 1) + len(first) + 1 + holds + 2 * len(first) + 1 + 3 * holds
        sent = asked(stage)
        assert sent <= ALLOWED * fewest, (sent, fewest)
        assert stage.rest(), stage.standing()
        before = placed(ours(stage))
        assert len(before) == 2 * len(first)
        pieces = ours(stage)
        assert len(pieces) == holds
        assert max(sum(source.kind == "site" for source in piece.sources) for piece in pieces) <= DRIVES_A_HOLD
        assert max(sum(source.kind == "mailbox" for source in piece.sources) for piece in pieces) <= 1000
        stage.order(MatterOrder.model_validate({"alias": "everybody", "ordered_by": "counsel", "people": [{"address": one} for one in [*late, *first]]}))
        assert stage.rest(), stage.standing()
        after = placed(ours(stage))
        assert len(after) == 2 * number
        assert {place: after[place] for place in before} == before, "somebody was moved to another piece"
        assert not any(hold.query or not hold.enabled for hold in ours(stage))
        assert stage.proofs() == ()


def test_by_cmdlet_a_hold_costs_the_same_for_one_person_and_for_everybody(tmp_path: Path) -> None:
    theatre = CmdletTheatre()
    keys = make_keys(theatre, tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(theatre, 7, keys, tmp_path / "run") as stage:
        theatre.prepare(stage.world)
        state = tenant_of(stage.world)
        able = [address for one in stage.world.people if _holdable(state, address := f"{one.local_part}@{stage.world.domain}")]
        stage.order(MatterOrder.model_validate({"alias": "figures", "ordered_by": "counsel", "people": [{"address": one} for one in able]}))
        # What we may call, two sorts of cases, holds, rules; then case, policy and rule made, the case and the hold with its rule read back.
        looking = 1 + 2 + 1 + 1
        assert len(able) > 5
        assert asked(stage, "compliance") == looking + 3 + 2 + 2
        assert stage.rest()
        assert asked(stage, "compliance") == looking


@pytest.mark.slow
def test_by_cmdlet_500_people_cost_four_cmdlets_for_each_of_five_holds(tmp_path: Path) -> None:
    number = 500
    theatre = CmdletTheatre()
    keys = make_keys(theatre, tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(theatre, 7, keys, tmp_path / "run") as stage:
        theatre.prepare(stage.world)
        addresses = crowd(stage.world, number)
        stage.order(MatterOrder.model_validate({"alias": "everybody", "ordered_by": "counsel", "people": [{"address": one} for one in addresses]}))
        holds = math.ceil(number / DRIVES_A_HOLD)
        # As above: a look; a case, and each hold with its rule; then the case and each hold with its rule read back.
        looking = 1 + 2 + 1 + 1
        assert asked(stage, "compliance") == looking + 1 + 2 * holds + 2 + 2 * holds
        assert stage.rest(), stage.standing()
        assert len(placed(ours(stage))) == 2 * number
        assert len(ours(stage)) == holds
        assert asked(stage, "compliance") == looking


def test_a_run_of_both_lanes_with_nothing_to_do_asks_for_each_list_once(tmp_path: Path) -> None:
    theatre = MicrosoftRulesTheatre()
    keys = make_keys(theatre, tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(theatre, 7, keys, tmp_path / "run") as stage:
        theatre.prepare(stage.world)
        stage.order(theatre.orders(stage.world, stage.rng))
        assert stage.rest(), stage.standing()
        before = len(stage.world.exchanges)
        assert stage.look()
        found = [one for one in stage.world.exchanges[before:] if one.surface in ("graph", "compliance", "exchange")]
        count = Counter(one.surface for one in found)
        cases, holds = len(tenant_of(stage.world).cases) - 1, len(tenant_of(stage.world).holds)  # the automatic case is not looked into
        # What we may call, labels, event types, and both families of policies with their rules; what we may call there, and inactive mailboxes.
        fewest = {"graph": ROSTER + 1 + cases + 2 * holds, "compliance": 1 + 1 + 1 + 2 * 2, "exchange": 1 + 1}
        assert count.keys() == fewest.keys()
        assert all(count[surface] <= ALLOWED * number for surface, number in fewest.items()), (count, fewest)
        assert max(Counter((one.surface, one.method, one.path, one.operation) for one in found if one.surface == "graph").values()) == 1
        assert max(Counter((one.surface, one.operation) for one in found if one.surface != "graph").values()) == 1
