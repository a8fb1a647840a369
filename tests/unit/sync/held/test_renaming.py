"""Somebody on hold gets another address: the account is the same, so nothing is lost, nothing is sent, and no record says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.kinds import Kind
from sync.store.bindings import Bindings
from tests.unit.sync.held.stage import Held, held


def writes(here: Held, since: int) -> list[str]:
    return [one.operation for one in here.asked("graph", since) if one.method != "GET"]


@pytest.mark.parametrize("shown", ["old", "new"])
def test_a_verified_hold_stays_verified_whichever_address_the_platform_shows(keys: Path, tmp_path: Path, shown: str) -> None:
    with held(keys, tmp_path) as here:
        person, other = here.people[:2]
        here.order(person, other)
        here.until_in_force()
        here.act("rename_user", user=person, to=f"renamed@{here.world.domain}")
        if shown == "new":
            for source in (one for hold in here.state.holds.values() for one in hold.sources if one.place == person):
                source.place = f"renamed@{here.world.domain}"
        asked = len(here.world.exchanges)
        results = [here.look(), here.look()]
        assert set(here.sources().values()) == {"verified"}
        assert here.matter()["gaps"] == []
        assert here.standing()[person] == ("held", "person.renamed")
        assert writes(here, asked) == []
        assert [drift for result in results for tenant in result.tenants for drift in tenant.drift] == []
        [hold] = [one for one in Bindings(here.stage.store).of("m365").values() if one.kind is Kind.M365_HOLD]
        assert f"mail:renamed@{here.world.domain}" in hold.members
        assert f"mail:{person}" not in hold.members


def test_somebody_else_with_the_old_address_is_not_taken_for_the_one_on_hold(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        person, other = here.people[:2]
        here.order(person)
        here.until_in_force()
        here.act("rename_user", user=person, to=f"renamed@{here.world.domain}")
        account = here.state.account_at(f"renamed@{here.world.domain}")
        assert account is not None
        account.aliases.remove(person)
        here.state.enter(account)
        here.act("rename_user", user=other, to=person)
        here.look()
        assert {source["identity"] for source in here.matter()["sources"]} == {f"renamed@{here.world.domain}"}
        assert here.matter()["gaps"] == []
