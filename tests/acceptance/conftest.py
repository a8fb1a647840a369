"""Two prepared districts and their sandboxes for all acceptance tests; each test finds tenants and store as if it were the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.rehearsal import District, Keys, Moment, Prepared, Sandbox, make_district, make_keys, prepare, serving, start_sandbox


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The folder of the officers' keys, and their public halves."""
    folder = tmp_path_factory.mktemp("keys")
    return folder, make_keys(folder)


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Sandbox]]:
    """Starts sandboxes of a profile, which serve until this worker's last test is over."""
    started: list[Sandbox] = []

    def start(profile: str) -> Sandbox:
        started.append(start_sandbox(tmp_path_factory.mktemp(f"sandbox-{profile}"), profile))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture(autouse=True)
def judged() -> Iterator[None]:
    """A request or answer that a vendor's schema forbids fails the test in which it happened; sandboxes of a test's own tell when they end."""
    yield
    for one in serving():
        one.judged()


@pytest.fixture(scope="session")
def untouched(sandboxes: Callable[[str], Sandbox]) -> tuple[Sandbox, Moment]:
    """The sandbox of the demo's district, and the moment before anybody had done anything in it."""
    served = sandboxes("demo")
    return served, served.moment()


@pytest.fixture(scope="session")
def untouched_tiny(sandboxes: Callable[[str], Sandbox]) -> tuple[Sandbox, Moment]:
    """Tenants with two dozen people that nobody has touched, and the moment to return to."""
    served = sandboxes("tiny")
    return served, served.moment()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, untouched: tuple[Sandbox, Moment], keys: Keys) -> Prepared:
    """The demo's district."""
    served, first = untouched
    served.return_to(first)
    return _prepared(tmp_path_factory, served, keys)


@pytest.fixture(scope="session")
def prepared_tiny(tmp_path_factory: pytest.TempPathFactory, untouched_tiny: tuple[Sandbox, Moment], keys: Keys) -> Prepared:
    """The same district with two dozen people."""
    served, first = untouched_tiny
    served.return_to(first)
    return _prepared(tmp_path_factory, served, keys)


def _prepared(tmp_path_factory: pytest.TempPathFactory, served: Sandbox, keys: Keys) -> Prepared:
    district = make_district(tmp_path_factory.mktemp("prepared") / "place", served, *keys)
    prepare(district)
    return Prepared(district=district, moment=served.moment())


@pytest.fixture
def district(prepared: Prepared, tmp_path: Path) -> District:
    """The demo's district before its first run."""
    return prepared.anew(tmp_path / "place")


@pytest.fixture
def tiny(prepared_tiny: Prepared, tmp_path: Path) -> District:
    """A district of two dozen people before its first run."""
    return prepared_tiny.anew(tmp_path / "tiny")
