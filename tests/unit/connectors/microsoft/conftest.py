"""The Microsoft connector against the sandbox, over TLS, with the Graph SDK's own models judging what they know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import microsoft
from sandbox.people import make_world
from sandbox.server import SandboxServer
from tests.unit.connectors.microsoft.support import Bench


@pytest.fixture(scope="session")
def microsoft_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and certificates as a first start leaves them: making them takes longer than most tests."""
    folder = tmp_path_factory.mktemp("microsoft-keys")
    with SandboxServer(make_world("tiny", seed=11), (microsoft,), folder):
        return folder


@pytest.fixture
def bench(microsoft_keys: Path, tmp_path: Path) -> Iterator[Bench]:
    clock = tmp_path / "clock"
    clock.write_text("2026-10-05T14:30:00Z", encoding="utf-8")
    world = make_world("tiny", seed=11, clock_file=clock)
    world.switches["validate"] = "on"
    shutil.copytree(microsoft_keys, tmp_path / "state")
    with SandboxServer(world, (microsoft,), tmp_path / "state") as running:
        made = Bench(running)
        yield made
        made.close()
