"""Seeded runs of Microsoft's campaign: whatever goes wrong on the way, everybody ordered is held once, nothing of others is touched, the journal holds.

Twelve runs here, with every strike among them; all two hundred, and the whole matrix, are ``python -m tests.campaign.run --cloud microsoft``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign.cells import cells, sample
from tests.campaign.drive import make_keys, run
from tests.campaign.microsoft import MicrosoftTheatre

SQUARES = cells(MicrosoftTheatre.methods, MicrosoftTheatre.strikes)
SUBSET = sample(SQUARES, 12, 7)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A connection that the other side tore down is closed when it is collected, whenever that is; what a strike breaks is judged by how the run ends."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(MicrosoftTheatre(), tmp_path_factory.mktemp("campaign") / "keys")


def test_the_subset_leaves_no_strike_out() -> None:
    assert set(SUBSET) <= set(SQUARES)
    assert {cell.strike for cell in SUBSET} == {cell.strike for cell in SQUARES}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SUBSET)), ids=lambda number: f"{SUBSET[number].method.operation}-{SUBSET[number].strike.words}")
def test_it_ends_as_ordered(number: int, keys: Path, tmp_path: Path) -> None:
    ending = run(MicrosoftTheatre(), 500 + number, (SUBSET[number],), keys, tmp_path)
    assert ending.wrongs == ()
    assert [cell for cell, hits in ending.hits if not hits] == [], "a strike that nothing ran into shows nothing"
