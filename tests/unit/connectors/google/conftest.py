"""The Google connector against the sandbox, over TLS, with Google's own documents judging every exchange."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import google
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.unit.connectors.google.support import Bench


@pytest.fixture(scope="session")
def google_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("google-keys")
    google.install(make_world("tiny"), folder)
    return folder


@pytest.fixture
def world(tmp_path: Path) -> World:
    clock = tmp_path / "clock"
    clock.write_text("2026-10-05T14:30:00Z", encoding="utf-8")
    return make_world("tiny", seed=11, clock_file=clock)


@pytest.fixture
def bench(world: World, google_keys: Path, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "state"
    shutil.copytree(google_keys, folder)
    world.switches["validate"] = "on"
    with SandboxServer(world, (google,), folder) as running:
        made = Bench(running)
        yield made
        made.close()
