from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.board import BoardReport
from tests.unit.reports.world import AFTER_MARCH, Month, again, month


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """March 2027, seen in April: lived through once, copied for every test that works in it."""
    with month(tmp_path_factory.mktemp("march")) as made:
        made.until(AFTER_MARCH)
        yield made


@pytest.fixture(scope="module")
def march(lived: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """A copy for a module whose tests only read."""
    with again(lived, tmp_path_factory.mktemp("read")) as made:
        yield made


@pytest.fixture
def april(lived: Month, tmp_path: Path) -> Iterator[Month]:
    """A copy for one test to work in."""
    with again(lived, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def public(march: Month) -> BoardReport:
    return march.report(restate=True)


@pytest.fixture(scope="module")
def counsel(march: Month) -> BoardReport:
    return march.report(edition="counsel", restate=True)
