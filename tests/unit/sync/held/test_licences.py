"""What nobody read of the licences, or nobody knows of a plan, is no reason to call a source in force unprotected."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.microsoft import plans
from sandbox.microsoft.plans import Plan, Product
from tests.unit.sync.held.stage import held


@pytest.fixture
def other_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant whose plans have ids of their own, as those of the government cloud have: only the subscriptions say what they are."""
    for key, product in plans._PRODUCTS.items():
        found = tuple(Plan(name=one.name, id=one.id[::-1].replace("-", "")[:8] + one.id[8:], service=one.service) for one in product.plans)
        monkeypatch.setitem(plans._PRODUCTS, key, Product(part=product.part, id=product.id, plans=found))


@pytest.mark.usefixtures("other_ids")
def test_subscriptions_that_could_not_be_read_open_no_gap(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        here.order(*here.people[:2])
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}
        here.fault("graph", "GET /subscribedSkus", status=503, times=9999)
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}
        assert here.matter()["gaps"] == []
        assert {code for _state, code in here.standing().values()} == {None}


@pytest.mark.usefixtures("other_ids")
def test_an_order_meanwhile_follows_the_platforms_own_word(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        here.fault("graph", "GET /subscribedSkus", status=403, times=9999)
        here.order(here.people[0])
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}


def test_a_licence_that_was_taken_away_is_seen_where_all_was_read(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        person = here.people[0]
        here.order(person)
        here.until_in_force()
        here.act("remove_licence", user=person)
        here.look()
        assert set(here.sources().values()) == {"failed:person.not_licensed"}
        assert len(here.matter()["gaps"]) == 3
