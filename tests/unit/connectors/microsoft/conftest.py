"""The Microsoft connector against the sandbox, over TLS, with the Graph SDK's own models judging what they know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import microsoft
from sandbox.microsoft.state import tenant_of
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


@pytest.fixture(params=["graph", "compliance_admin", "graph_signed_in"])
def surface(bench: Bench, request: pytest.FixtureRequest) -> str:
    """The tenant as it is where holds go over that surface."""
    way = str(request.param)
    if way == "compliance_admin":
        bench.switch(licence="A3")
    if way == "graph_signed_in":
        bench.switch(licence="A3", ediscovery_manager="not_registered")
        from tests.unit.connectors.microsoft.test_delegated_holds import signed_in  # a test module, which imports this one's bench

        # Sees every case, and objects of another hand show that they do.
        signed_in(bench, tenant_of(bench.world).console.upn)
        state = tenant_of(bench.world)
        for one in (*state.cases.values(), *state.holds.values()):
            one.created_by = replace(one.created_by, name="Counsel", upn=f"counsel@{bench.tenant.domain}", object_id="counsel")
    return way
