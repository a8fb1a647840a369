"""A sandbox with the Google tenant of a tiny district, at a fixed instant; keys are made once per session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import google
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.unit.sandbox.clients import Door, Google

START = "2026-10-05T14:30:00Z"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    google.install(make_world("tiny"), folder)
    return folder


@pytest.fixture
def world(tmp_path: Path) -> World:
    clock = tmp_path / "clock"
    clock.write_text(START, encoding="utf-8")
    return make_world("tiny", seed=11, clock_file=clock)


@pytest.fixture
def server(world: World, keys: Path, tmp_path: Path) -> Iterator[SandboxServer]:
    """Serves with schema judging on: leaving it raises when Google's documents found an untruth."""
    folder = tmp_path / "state"
    shutil.copytree(keys, folder)
    world.switches["validate"] = "on"
    with SandboxServer(world, (google,), folder) as running:
        yield running


@pytest.fixture
def client(server: SandboxServer) -> Iterator[Google]:
    made = Google(server)
    yield made
    made.close()


@pytest.fixture
def door(server: SandboxServer) -> Door:
    return Door(server)
