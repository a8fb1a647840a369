from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.journal import Journal
from sync.store import Store
from tests.unit.sync.provable import VirtualClock, opened


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store as first use leaves it: migrating once is enough."""
    folder = tmp_path_factory.mktemp("migrated")
    opened(folder).close()
    return folder


@pytest.fixture
def store(migrated: Path, tmp_path: Path, clock: VirtualClock) -> Iterator[Store]:
    shutil.copytree(migrated / "state", tmp_path / "state")
    store = opened(tmp_path, clock)
    yield store
    store.close()


@pytest.fixture
def journal(store: Store, clock: VirtualClock) -> Journal:
    return Journal(store, clock, run_id="run-1", drill=True)
