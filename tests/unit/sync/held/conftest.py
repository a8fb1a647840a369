"""The keys of one sandbox, made once; every test gets a tenant and a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.drive import Stage, _stage, make_keys
from tests.campaign.google import GoogleTheatre
from tests.unit.sync.held.stage import Theatre


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(Theatre(), tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def google_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(GoogleTheatre(), tmp_path_factory.mktemp("google-keys"))


@pytest.fixture
def stage(google_keys: Path, tmp_path: Path) -> Iterator[Stage]:
    with _stage(GoogleTheatre(), 7, google_keys, tmp_path) as made:
        made.world.switches["google.quota"] = "off"
        yield made
