"""A few seeded runs of every theatre's campaign: whatever goes wrong on the way, all that is wanted stands once, nothing of others is touched, the journal holds.

Every strike is among them. All two hundred runs of each, and the whole matrix, are ``make campaign``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors import microsoft365
from connectors.google_workspace.operations import READS, RELEASES, WRITES, Surface
from tests.campaign.cells import AT_LEAST, LOST_AFTER_COMMIT, Cell, Method, cells, dealt, sample
from tests.campaign.drive import _stage, make_keys, run
from tests.campaign.run import THEATRES

SEED = 7
Run = tuple[str, str, int, tuple[Cell, ...]]
"""Cloud, theatre, number and squares."""


def _runs() -> list[Run]:
    found: list[Run] = []
    for (cloud, theatre), make in THEATRES.items():
        squares = cells(make().methods, make().strikes)
        strikes = len({cell.strike for cell in squares})
        chosen = sample(squares, strikes, SEED)
        pairs = [chosen[number : number + AT_LEAST] for number in range(0, strikes, AT_LEAST)]
        found += [(cloud, theatre, number, pair) for number, pair in enumerate(pairs)]
    return found


RUNS = _runs()

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A connection that the other side tore down is closed when it is collected, whenever that is; what a strike breaks is judged by how the run ends."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {cloud: tmp_path_factory.mktemp(cloud) / "keys" for cloud, _theatre in THEATRES}
    return {cloud: make_keys(make(), folders[cloud]) for (cloud, _theatre), make in THEATRES.items()}


@pytest.mark.parametrize("place", THEATRES, ids="-".join)
def test_the_runs_here_leave_no_strike_out(place: tuple[str, str]) -> None:
    squares = cells(THEATRES[place]().methods, THEATRES[place]().strikes)
    assert {cell.strike for _cloud, _theatre, _number, chosen in RUNS if (_cloud, _theatre) == place for cell in chosen} == {one.strike for one in squares}


@pytest.mark.parametrize("place", THEATRES, ids="-".join)
def test_200_runs_go_through_every_square_and_no_square_is_missing(place: tuple[str, str]) -> None:
    theatre = THEATRES[place]()
    squares = cells(theatre.methods, theatre.strikes)
    assert {cell for chosen in dealt(squares, 200, SEED) for cell in chosen} == set(squares)
    absent = {(method, strike) for method in theatre.methods for strike in theatre.strikes} - {(cell.method, cell.strike) for cell in squares}
    for method, strike in absent:  # each for one of the two reasons that there are
        assert (strike.further and not method.pages) or (strike.only and method.operation not in strike.only)
    writes = {method for method in theatre.methods if method.writes}
    assert {(cell.method, cell.strike) for cell in squares} >= {(method, strike) for method in writes for strike in LOST_AFTER_COMMIT}


def test_no_operation_that_a_run_of_googles_uses_is_left_out() -> None:
    ids = {Surface.DIRECTORY: "directory", Surface.GROUP_SETTINGS: "groupsSettings"}
    used = {f"{ids.get(one.surface, one.surface.value)}.{one.method}" for one in (*READS, *WRITES, *RELEASES)}
    methods = [method for (cloud, _theatre), make in THEATRES.items() if cloud == "google" for method in make().methods]
    assert used - {method.operation for method in methods} == set()
    writes = {f"{ids.get(one.surface, one.surface.value)}.{one.method}" for one in (*WRITES, *RELEASES)}
    assert {method.operation for method in methods if method.writes} == writes
    surfaces = {"token" if one is Surface.TOKEN else one.value for one in Surface}
    assert surfaces - {method.surface for method in methods} == set(), "who signs in without a key of Google's asks two more"


_OUTSIDE_RUNS = frozenset({"Get-OrganizationConfig", "Get-RoleGroupMember", "Get-eDiscoveryCaseAdmin"})
"""Cmdlets of inventory, explain and doctor, which read, write nothing and end: what fails in them is printed, and nothing rests on it later."""
_OUTSIDE_RUNS_TOO = frozenset({"transitiveMemberOf", "microsoft.graph.group", "list", "start"})
"""Words of addresses of explain, and of doctor and its proof that switches the activity feed on."""


def test_no_cmdlet_and_no_address_in_microsofts_connector_is_left_out() -> None:
    """Read off the connector's own text, for a run sends no more than it was made to need."""
    rows = [method for (cloud, _theatre), make in THEATRES.items() if cloud == "microsoft" for method in make().methods]
    files = [file.read_text(encoding="utf-8") for file in Path(microsoft365.__path__[0]).glob("*.py") if file.name != "by_hand.py"]
    cmdlets = {name for text in files for name in re.findall(r'"((?:Get|New|Set)-[A-Za-z]+)"', text)}
    assert cmdlets - {row.operation for row in rows} == _OUTSIDE_RUNS
    addresses = [found for text in files for found in re.findall(r'"((?:\{[^"\n]*\})?/[A-Za-z][^"\s:?]*)"', text) if "adminapi" not in found.lower()]
    words = {word for found in addresses for word in re.sub(r"\{[^}]*\}+", "", found).split("/") if word}
    known = {word for row in rows for word in re.split(r"[ /]", row.operation)}
    assert words - known - {"v1.0"} == _OUTSIDE_RUNS_TOO


def test_only_lists_that_go_on_can_be_read_half() -> None:
    alone, listed = (Method(surface="s", operation=name, writes=False, pages=name == "list") for name in ("get", "list"))
    strikes = THEATRES["google", "holds"]().strikes
    further = {cell.method.operation for cell in cells((alone, listed), strikes) if cell.strike.further}
    assert further == {"list"}


@pytest.mark.slow
@pytest.mark.parametrize("chosen", RUNS, ids=lambda one: f"{one[0]}-{one[1]}-" + "+".join(f"{c.method.words}-{c.strike.words}" for c in one[3]))
def test_it_ends_as_wanted(chosen: Run, keys: dict[str, Path], tmp_path: Path) -> None:
    cloud, theatre, number, squares = chosen
    ending = run(THEATRES[cloud, theatre](), 500 + number, squares, keys[cloud], tmp_path)
    assert ending.wrongs == ()
    assert [cell for cell, hits in ending.hits if not hits] == [], "a strike that nothing ran into shows nothing"


@pytest.mark.slow
@pytest.mark.timeout(300)  # as above
@pytest.mark.parametrize("theatre", [theatre for cloud, theatre in THEATRES if cloud == "microsoft"])
def test_no_request_of_a_run_is_left_out_of_the_matrix(theatre: str, keys: dict[str, Path], tmp_path: Path) -> None:
    """What a theatre sends, when each of its writes is needed once, are rows of one of its cloud's."""
    played = THEATRES["microsoft", theatre]()
    with _stage(played, SEED, keys["microsoft"], tmp_path) as stage:
        played.prepare(stage.world)
        before = len(stage.world.exchanges)  # a person who signed in had a browser of their own
        stage.order(played.orders(stage.world, stage.rng))
        stage.look()
        for method in played.methods:
            if method.writes:
                stage.order(played.provoke(stage.world, method, stage.rng))
                stage.look()
        sent = {(one.surface, one.operation) for one in stage.world.exchanges[before:]}
    makes = [make for (cloud, _theatre), make in THEATRES.items() if cloud == "microsoft"]
    rows = {(method.surface, method.operation) for make in makes for method in make().methods}
    assert sent <= rows, sorted(sent - rows)
