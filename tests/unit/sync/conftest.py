from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.journal import Journal
from sync.store import Store
from tests.unit.sync.provable import VirtualClock, opened


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(tmp_path: Path, clock: VirtualClock) -> Iterator[Store]:
    store = opened(tmp_path, clock)
    yield store
    store.close()


@pytest.fixture
def journal(store: Store, clock: VirtualClock) -> Journal:
    return Journal(store, clock, run_id="run-1", drill=True)
