"""Vault's quotas with the budgets in force: a run waits where it would be refused, whoever spent the minute, and a refusal all the same is waited out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Context, Lane, Meter
from connectors.google_workspace.budgets import with_defaults
from connectors.google_workspace.reader import GoogleReader
from policies.kinds import Kind
from policies.resources import ReadState
from sync.budget import StoreMeter
from sync.store import Store
from tests.unit.connectors.google.support import VAULT, Bench
from tests.unit.sync.provable import opened

MATTERS = 25
"""Beside the one that the sandbox begins with."""


@pytest.fixture
def crowded(bench: Bench) -> Bench:
    """A tenant with as many open matters as a busy district has."""
    for number in range(MATTERS):
        bench.console("create_matter", name=f"Matter {number}")
    return bench


@pytest.fixture
def store(bench: Bench, tmp_path: Path) -> Iterator[Store]:
    made = opened(tmp_path, bench.clock)
    yield made
    made.close()


def meter(bench: Bench, store: Store, lane: Lane = Lane.SYNC) -> StoreMeter:
    return StoreMeter(store, bench.clock, "google", with_defaults({}), lane, bench.stop)


def looked(bench: Bench, counting: Meter) -> ReadState:
    """How the holds were read in one whole look."""
    context: Context = bench.context(meter=counting)
    reader = GoogleReader(bench.tenant(), context)
    reader.examine()
    reader.roster()
    snapshot = reader.snapshot(VAULT)
    reader.close()
    return snapshot.reads[Kind.GOOGLE_HOLD].state


def refused(bench: Bench) -> int:
    return sum(exchange.surface == "vault" and exchange.status == 429 for exchange in bench.world.exchanges)


def test_looks_in_one_minute_wait_for_each_other_and_none_is_refused(crowded: Bench, store: Store) -> None:
    begun = crowded.clock.now()
    assert [looked(crowded, meter(crowded, store)) for _ in range(4)] == [ReadState.COMPLETE] * 4
    assert refused(crowded) == 0
    # 26 lists of holds and one of matters are 36 reads of a project's 120 a minute, of which runs see half: each look but the first waits.
    assert (crowded.clock.now() - begun).total_seconds() > 120


def test_without_budgets_the_same_looks_are_refused(crowded: Bench) -> None:
    """What the budgets are for: the vendor answers 429, which is waited out, again and again."""
    for _ in range(4):
        looked(crowded, crowded.meter)
    assert refused(crowded) > 0


def test_a_refusal_is_waited_out_by_the_time_that_counts(crowded: Bench) -> None:
    """In a drill the clock only naps: the pause before the next try lasts until the shared time, or the machine's, has moved that far."""

    class Napping:
        """Sleeps a twentieth of a second, whatever it is asked; the machine's time goes on meanwhile."""

        def __init__(self) -> None:
            self.naps = 0

        def now(self) -> Any:
            return crowded.clock.now()

        def monotonic(self) -> float:
            return crowded.clock.monotonic()

        def sleep(self, seconds: float) -> None:
            self.naps += 1
            crowded.world.clock.advance(min(seconds, 0.05))

    clock = Napping()
    for _ in range(4):
        reader = GoogleReader(crowded.tenant(), crowded.context(clock=clock))
        reader.examine()
        reader.roster()
        assert reader.snapshot(VAULT).reads[Kind.GOOGLE_HOLD].state is ReadState.COMPLETE
        reader.close()
    assert refused(crowded) > 0
    assert clock.naps > 100


def test_holds_go_on_where_ordinary_looks_wait(crowded: Bench, store: Store) -> None:
    ordinary = meter(crowded, store)
    looked(crowded, ordinary)
    begun = crowded.clock.now()
    assert looked(crowded, meter(crowded, store, Lane.HOLD)) is ReadState.COMPLETE
    assert (crowded.clock.now() - begun).total_seconds() < 10
    assert refused(crowded) == 0


def test_another_tenant_of_the_same_project_is_waited_for(crowded: Bench, store: Store) -> None:
    """A second tenant whose service account is in the same Cloud project, whichever organisation it belongs to."""
    looked(crowded, meter(crowded, store))
    other = StoreMeter(store, crowded.clock, "elsewhere", with_defaults({}), Lane.SYNC, crowded.stop)
    begun = crowded.clock.now()
    assert looked(crowded, other) is ReadState.COMPLETE
    assert (crowded.clock.now() - begun).total_seconds() > 30
    assert refused(crowded) == 0
