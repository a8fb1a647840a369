"""A whole district on hold through the real engine: within Vault's quotas on the sandbox's clock, in hardly more requests than the fewest."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from connectors.google_workspace.held_accounts import BATCH
from sandbox.google.state import User, state_of
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.drive import _stage, make_keys
from tests.campaign.google import GoogleTheatre

CORPORA = 3
"""Mail, Drive and Chat."""


def crowd(world: World, number: int) -> list[str]:
    """Addresses of made-up accounts beside the district's own people, each with a licence."""
    state = state_of(world)
    some = next(user for user in state.users.values() if user.vault_licensed)
    for one in range(number):
        user = User(
            id=f"2{one:020}", email=f"crowd{one}@{world.domain}", given="C", family=str(one), employee_id=f"C{one}", org_unit="/Staff",
            created=some.created, skus=set(some.skus),
        )  # fmt: skip
        state.users[user.id] = user
        state.addresses[user.email] = user.id
    return [f"crowd{one}@{world.domain}" for one in range(number)]


@pytest.mark.slow
def test_an_order_for_500_people_is_sent_in_hardly_more_requests_than_the_fewest(tmp_path: Path) -> None:
    number = 500
    keys = make_keys(GoogleTheatre(), tmp_path / "keys")
    (tmp_path / "run").mkdir()
    with _stage(GoogleTheatre(), 1, keys, tmp_path / "run") as stage:
        assert stage.world.switches.get("google.quota") != "off"
        addresses = crowd(stage.world, number)
        lines = [{"address": address} for address in addresses]
        order = {"alias": "everybody", "ordered_by": "counsel", "people": lines, "sources": ["mail", "drive", "chat"]}
        stage.order(MatterOrder.model_validate(order))
        begun, others = stage.world.clock.now(), sum(1 for one in state_of(stage.world).matters.values() if one.state == "OPEN")
        stage.engine.hold()
        sent = Counter(one.operation for one in stage.world.exchanges if one.surface == "vault")
        took = (stage.world.clock.now() - begun).total_seconds()
        # One list of matters, one list of holds for each that is open; then each thing once, and a look at what came of it (promise 4): at the
        # matter, and at each hold with everybody in it.
        look, writes = 1 + others, 1 + CORPORA * (1 + math.ceil(number / BATCH))
        assert sum(sent.values()) == look + writes + 1 + CORPORA, sent
        assert sum(sent.values()) <= 1.2 * (look + writes + 1), "one list of the matter's holds would show what came of all"
        assert not [one for one in stage.world.exchanges if one.surface == "vault" and one.status == 429], "Vault's budgets of G§1.8 are kept"
        assert took < 120
        stage.look()
        stage.look()
        ours = [hold for matter in state_of(stage.world).matters.values() if "[rw:" in matter.description for hold in matter.holds.values()]
        assert [len(hold.accounts) for hold in ours] == [number] * CORPORA
        assert stage.proofs() == ()
        before = len(stage.world.exchanges)
        stage.look()
        idle = Counter(one.operation for one in stage.world.exchanges[before:] if one.surface == "vault")
        assert idle == {"vault.matters.list": 1, "vault.matters.holds.list": others + 1}, idle
