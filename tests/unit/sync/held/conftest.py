"""One set of certificates for all these tests: making them costs a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign.drive import make_keys
from tests.unit.sync.held.stage import Theatre


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(Theatre(), tmp_path_factory.mktemp("keys"))
