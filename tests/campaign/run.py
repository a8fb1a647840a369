"""``make campaign``: every square of each theatre's matrix, in as many seeded runs as asked; prints the matrix and every wrong, and says how it went."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.campaign.cells import Cell, Matrix, cells, dealt
from tests.campaign.drive import make_keys, run
from tests.campaign.google import GoogleTheatre
from tests.campaign.google_keyless import KeylessTheatre
from tests.campaign.google_rules import GoogleRulesTheatre
from tests.campaign.microsoft import CmdletTheatre, MicrosoftTheatre
from tests.campaign.microsoft_belts import BeltTheatre
from tests.campaign.microsoft_people import PeopleTheatre
from tests.campaign.microsoft_rules import MicrosoftRulesTheatre
from tests.campaign.microsoft_scopes import ScopeTheatre
from tests.campaign.microsoft_signed import SignedTheatre
from tests.campaign.theatre import Theatre

THEATRES: Mapping[tuple[str, str], Callable[[], Theatre]] = {
    ("google", "holds"): GoogleTheatre,
    ("google", "rules"): GoogleRulesTheatre,
    ("google", "keyless"): KeylessTheatre,
    ("microsoft", "holds"): MicrosoftTheatre,
    ("microsoft", "cmdlets"): CmdletTheatre,
    ("microsoft", "belts"): BeltTheatre,
    ("microsoft", "people"): PeopleTheatre,
    ("microsoft", "rules"): MicrosoftRulesTheatre,
    ("microsoft", "scopes"): ScopeTheatre,
    ("microsoft", "signed-in"): SignedTheatre,
}
"""By cloud, and by what is done there: holds are the hold lane's (cmdlets: where Graph lets no application hold), rules (labels, their publishing,
retention policies) the sync lane's."""
MORE = 6
"""Runs that are added at most for what the last ones planted and nothing ran into."""


def campaign(make: Callable[[], Theatre], runs: int, seed: int, folder: Path, told: Callable[[str], None]) -> tuple[Matrix, list[str]]:
    """The matrix of ``runs`` runs, and every wrong with the seed that shows it."""
    theatre = make()
    squares = cells(theatre.methods, theatre.strikes)
    matrix, wrongs = Matrix(squares), []
    keys = make_keys(theatre, folder / "keys")
    missed: tuple[Cell, ...] = ()
    for number, chosen in enumerate((*dealt(squares, runs, seed), *[()] * MORE)):
        if number >= runs and not missed:
            break
        place = folder / f"run-{number}"
        place.mkdir()
        path = (*missed, *chosen)
        ending = run(make(), seed + number, path, keys, place)
        for cell, times in ending.hits:
            matrix.hit(cell, times)
        missed = tuple(cell for cell, _times in ending.hits if not matrix.hits[cell])  # planted and never run into: dealt again at once
        words = ", ".join(f"{cell.strike.words} at {cell.method.words}" for cell in path)
        wrongs += [f"seed {seed + number} ({words}): {wrong}" for wrong in ending.wrongs]
        told(f"run {number + 1} of {max(runs, number + 1)}: {ending.looks} looks, {len(ending.wrongs)} wrongs")
        for wrong in ending.wrongs:
            told(f"  {words}: {wrong}")
    return matrix, wrongs


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="runs of each theatre (200); fewer leave squares empty")
    parser.add_argument("--seed", type=int, default=1000, help="the first run's seed (1000); the others follow it")
    parser.add_argument("--cloud", choices=sorted({cloud for cloud, _theatre in THEATRES}), action="append", help="may be repeated; default: all")
    parser.add_argument("--theatre", choices=sorted({theatre for _cloud, theatre in THEATRES}), action="append", help="may be repeated; default: all")
    asked = parser.parse_args()
    bad = False
    for (cloud, theatre), make in THEATRES.items():
        if cloud in (asked.cloud or [cloud]) and theatre in (asked.theatre or [theatre]):
            bad = _played(f"{cloud}, {theatre}", make, asked.runs, asked.seed) or bad
    return 1 if bad else 0


def _played(name: str, make: Callable[[], Theatre], runs: int, seed: int) -> bool:
    """One theatre's campaign, printed; whether a square stayed empty or a run ended wrong."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        matrix, wrongs = campaign(make, runs, seed, Path(folder), _tell)
    lines = [
        f"{name}: {runs} runs from seed {seed}; how many requests ran into each fault",
        matrix.table(),
        f"empty squares: {len(matrix.empty())}; wrongs: {len(wrongs)}; processor seconds: {time.process_time() - began:.0f}",
        *wrongs,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return bool(wrongs) or bool(matrix.empty())


if __name__ == "__main__":
    sys.exit(main())
