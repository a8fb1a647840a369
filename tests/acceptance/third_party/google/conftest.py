"""A sandbox under Google's own host names, with schema judging on and quotas as Google publishes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import google
from sandbox.google import hosts
from sandbox.people import make_world
from sandbox.server import SandboxServer, VendorHosts
from tests.acceptance.third_party.google.tools import Bench
from tests.acceptance.third_party.proxy import Proxy


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Leaving it fails when the client asked for a host that is not Google's, or when Google's documents found an untruth."""
    world = make_world("tiny", seed=11)
    world.switches["validate"] = "on"
    home = tmp_path / "home"
    home.mkdir()
    with SandboxServer(world, (google,), tmp_path / "sandbox", hosts=VendorHosts(names=hosts.names(), path=hosts.path_at)) as server:
        with Proxy(hosts.names(), server.port) as proxy:
            yield Bench(server=server, proxy=proxy, home=home)
        assert proxy.refused == []
