"""Twelve seeded runs of Google's campaign: whatever goes wrong on the way, everybody ordered is held once, nothing of others is touched, the journal holds.

All two hundred, and the whole matrix, are ``make campaign``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign.cells import cells, sample
from tests.campaign.drive import make_keys, run
from tests.campaign.google import GoogleTheatre

RUNS = 12
SEED = 7
_SQUARES = cells(GoogleTheatre.methods, GoogleTheatre.strikes)
SUBSET = tuple((cell,) for cell in sample(_SQUARES, RUNS, SEED))

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A connection that the other side tore down is closed when it is collected, whenever that is; what a strike breaks is judged by how the run ends."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(GoogleTheatre(), tmp_path_factory.mktemp("campaign") / "keys")


def test_the_subset_leaves_no_strike_out() -> None:
    chosen = [cell for run_ in SUBSET for cell in run_]
    assert {cell.strike for cell in chosen} == {cell.strike for cell in _SQUARES}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(RUNS), ids=lambda number: "+".join(f"{c.method.operation}-{c.strike.words}" for c in SUBSET[number]))
def test_it_ends_as_ordered(number: int, keys: Path, tmp_path: Path) -> None:
    ending = run(GoogleTheatre(), 100 + number, SUBSET[number], keys, tmp_path)
    assert ending.wrongs == ()
    assert [cell for cell, hits in ending.hits if not hits] == [], "a strike that nothing ran into shows nothing"
