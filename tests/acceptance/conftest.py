"""One sandbox and one prepared district for all acceptance tests; each test works on a copy of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.rehearsal import District, Sandbox, make_district, make_keys, prepare, start_sandbox


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of the officers' keys, and their public halves."""
    folder = tmp_path_factory.mktemp("keys")
    return folder, make_keys(folder)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that every test of this worker shares."""
    served = start_sandbox(tmp_path_factory.mktemp("sandbox"))
    yield served
    served.end()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, keys: tuple[Path, dict[str, str]]) -> District:
    """A district whose officers have done what comes before the first run; not to be changed by tests."""
    district = make_district(tmp_path_factory.mktemp("prepared") / "place", sandbox, *keys)
    prepare(district)
    return district


@pytest.fixture
def district(prepared: District, tmp_path: Path) -> District:
    """A copy of the prepared district. The tenants behind it are shared: what one test left there, another finds."""
    return prepared.copy(tmp_path / "place")


@pytest.fixture
def fresh(keys: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Callable[[], District]]:
    """Makes a prepared district with a sandbox of its own, for tests that need tenants that nobody has touched."""
    started: list[Sandbox] = []

    def make() -> District:
        served = start_sandbox(tmp_path / f"sandbox-{len(started)}")
        started.append(served)
        made = make_district(tmp_path / f"place-{len(started)}", served, *keys)
        prepare(made)
        return made

    yield make
    for one in started:
        one.end()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, keys: tuple[Path, dict[str, str]]) -> Iterator[Callable[[], District]]:
    """Makes a prepared district of two dozen people with a sandbox of its own, for modules that leave their tenants changed."""
    started: list[Sandbox] = []

    def make() -> District:
        place = tmp_path_factory.mktemp("tiny")
        served = start_sandbox(place / "sandbox", "tiny")
        started.append(served)
        made = make_district(place / "place", served, *keys)
        prepare(made)
        return made

    yield make
    for one in started:
        one.end()
