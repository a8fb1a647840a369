"""A whole district in one matter: within Vault's quotas on the sandbox's clock, and with each thing asked once by a look with nothing to do."""

from __future__ import annotations

from collections import Counter

import pytest

from policies.kinds import Kind
from policies.resources import Live
from sandbox.google.state import User
from tests.unit.connectors.google.support import VAULT, Bench, hold_wanted, make_hold, make_matter, mark, matter_wanted, read

CORPORA = ("MAIL", "DRIVE", "HANGOUTS_CHAT")


def crowd(bench: Bench, number: int) -> list[str]:
    """Made-up accounts beside the district's own people, each with a licence."""
    some = next(iter(bench.state.users.values()))
    for one in range(number):
        user = User(
            id=f"2{one:020}", email=f"crowd{one}@{bench.world.domain}", given="C", family=str(one), employee_id=f"C{one}", org_unit="/Staff",
            created=some.created, skus=set(some.skus),
        )  # fmt: skip
        bench.state.users[user.id] = user
        bench.state.addresses[user.email] = user.id
    return [f"account:2{one:020}" for one in range(number)]


def order(bench: Bench, people: list[str]) -> dict[str, Live]:
    """A matter with a hold per corpus on everybody, as the hold lane sends it: made, filled, read back."""
    writer, reader = bench.writer(), bench.reader()
    matter = make_matter(bench, writer)
    found = {}
    for corpus in CORPORA:
        hold = make_hold(writer, matter, hold_wanted(key=f"m-heron-{corpus.lower()}", corpus=corpus))
        empty = read(reader, hold)
        receipt = writer.add(hold, frozenset(people), empty)
        assert not [one for one in receipt.members if one.error]
        found[corpus] = read(reader, hold)
    return found


@pytest.mark.slow
def test_1200_people_in_one_matter_stay_within_quota(bench: Bench) -> None:
    people = crowd(bench, 1200)
    begun = bench.clock.now()
    held = order(bench, people)
    assert {corpus: len(live.members) for corpus, live in held.items()} == dict.fromkeys(CORPORA, 1200)
    assert not [one for one in bench.world.exchanges if one.surface == "vault" and one.status == 429], "the sandbox keeps Vault's budgets of G§1.8"
    assert (bench.clock.now() - begun).total_seconds() < 120
    bench.world.clock.advance(120)
    snapshot = bench.reader().snapshot(VAULT)
    ours = [live for live in snapshot.of(Kind.GOOGLE_HOLD) if live.mark is not None]
    assert {state.force.value for live in ours for state in live.member_states.values()} == {"applied"}


def test_a_look_with_nothing_to_do_asks_each_thing_once(bench: Bench) -> None:
    writer = bench.writer()
    matters = [writer.create(matter_wanted(f"m-{number}"), mark(f"m-{number}"), None).vendor_id for number in range(3)]
    before = len(bench.world.exchanges)
    bench.reader().snapshot(VAULT)
    sent = Counter(one.operation for one in bench.world.exchanges[before:] if one.surface == "vault")
    open_ones = [matter for matter in bench.state.matters.values() if matter.state == "OPEN"]
    assert len(open_ones) >= len(matters)
    # One list of matters for up to a hundred of them, one list of holds for each open one: Vault has no list of holds across matters (G§1.2).
    assert sent == {"vault.matters.list": 1, "vault.matters.holds.list": len(open_ones)}, sent
