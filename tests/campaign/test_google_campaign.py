"""Forty seeded runs of Google's campaign: whatever goes wrong on the way, everybody ordered is held once, nothing of others is touched, the journal holds.

All two hundred, and the whole matrix, are ``make campaign``.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.campaign.cells import Cell, Method, Strike, cells, dealt
from tests.campaign.drive import make_keys, run
from tests.campaign.google import GoogleTheatre

RUNS = 40
SEED = 7
_SQUARES = cells(GoogleTheatre.methods, GoogleTheatre.strikes)


def _subset() -> tuple[tuple[Cell, ...], ...]:
    """One square a run: every method and every strike at least once, as many methods as there are runs for."""
    shuffled = [cell for chosen in dealt(_SQUARES, RUNS, SEED) for cell in chosen]
    picked: list[Cell] = []
    methods: defaultdict[Method, int] = defaultdict(int)
    strikes: defaultdict[Strike, int] = defaultdict(int)
    while len(picked) < RUNS:
        cell = min((one for one in shuffled if one not in picked), key=lambda one: (methods[one.method], strikes[one.strike]))
        picked.append(cell)
        methods[cell.method] += 1
        strikes[cell.strike] += 1
    return tuple((cell,) for cell in picked)


SUBSET = _subset()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(GoogleTheatre(), tmp_path_factory.mktemp("campaign") / "keys")


def test_the_subset_leaves_no_method_and_no_strike_out() -> None:
    chosen = [cell for run_ in SUBSET for cell in run_]
    assert {cell.method for cell in chosen} == {cell.method for cell in _SQUARES}
    assert {cell.strike for cell in chosen} == {cell.strike for cell in _SQUARES}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(RUNS), ids=lambda number: "+".join(f"{c.method.operation}-{c.strike.words}" for c in SUBSET[number]))
def test_it_ends_as_ordered(number: int, keys: Path, tmp_path: Path) -> None:
    ending = run(GoogleTheatre(), 100 + number, SUBSET[number], keys, tmp_path)
    assert ending.wrongs == ()
    assert [cell for cell, hits in ending.hits if not hits] == [], "a strike that nothing ran into shows nothing"
