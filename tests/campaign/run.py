"""``make campaign``: every square of each vendor's matrix, in as many seeded runs as asked; prints the matrix and every wrong, and says how it went."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.campaign.cells import Matrix, cells, dealt
from tests.campaign.drive import Theatre, make_keys, run
from tests.campaign.google import GoogleTheatre
from tests.campaign.microsoft import MicrosoftTheatre

THEATRES: Mapping[str, Callable[[], Theatre]] = {"google": GoogleTheatre, "microsoft": MicrosoftTheatre}


def campaign(make: Callable[[], Theatre], runs: int, seed: int, folder: Path, told: Callable[[str], None]) -> tuple[Matrix, list[str]]:
    """The matrix of ``runs`` runs, and every wrong with the seed that shows it."""
    theatre = make()
    squares = cells(theatre.methods, theatre.strikes)
    matrix, wrongs = Matrix(squares), []
    keys = make_keys(theatre, folder / "keys")
    for number, chosen in enumerate(dealt(squares, runs, seed)):
        place = folder / f"run-{number}"
        place.mkdir()
        ending = run(make(), seed + number, chosen, keys, place)
        for cell, times in ending.hits:
            matrix.hit(cell, times)
        path = ", ".join(f"{cell.strike.words} at {cell.method.operation}" for cell in chosen)
        wrongs += [f"seed {seed + number} ({path}): {wrong}" for wrong in ending.wrongs]
        told(f"run {number + 1} of {runs}: {ending.looks} looks, {len(ending.wrongs)} wrongs")
    return matrix, wrongs


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--cloud", choices=sorted(THEATRES), action="append")
    asked = parser.parse_args()
    bad = False
    for cloud in asked.cloud or sorted(THEATRES):
        with tempfile.TemporaryDirectory() as folder:
            matrix, wrongs = campaign(THEATRES[cloud], asked.runs, asked.seed, Path(folder), _tell)
        lines = [
            f"{cloud}: {asked.runs} runs from seed {asked.seed}; how many requests ran into each fault",
            matrix.table(),
            f"empty squares: {len(matrix.empty())}; wrongs: {len(wrongs)}",
            *wrongs,
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        bad = bad or bool(wrongs) or bool(matrix.empty())
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
