"""A sandbox under Microsoft's own host names, with schema judging on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import microsoft
from sandbox.microsoft import hosts
from sandbox.people import make_world
from sandbox.server import SandboxServer, VendorHosts
from tests.acceptance.third_party.microsoft.tools import Bench, needs_cli
from tests.acceptance.third_party.proxy import Proxy


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Leaving it fails when the client asked for a host that is not Microsoft's, or when the Graph SDK's models found an untruth."""
    needs_cli()
    world = make_world("tiny", seed=11)
    world.switches["validate"] = "on"
    world.switches["m365.device_interval"] = "1"
    home = tmp_path / "home"
    home.mkdir()
    with SandboxServer(world, (microsoft,), tmp_path / "sandbox", hosts=VendorHosts(names=hosts.names(), path=hosts.path_at)) as server:
        with Proxy(hosts.names(), server.port) as proxy:
            found = Bench(server=server, proxy=proxy, home=home)
            found.quiet()
            yield found
        assert proxy.refused == []
