"""The sandbox as a server: HTTPS on loopback with certificates of its own, in a thread for tests or as a process for drills."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from ruamel.yaml import YAML
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.dispatch import TRANSPORT, Dispatcher, Surface, endpoints_of, surfaces_of
from sandbox.door import door_routes
from sandbox.people import make_world
from sandbox.tenant import Tenant
from sandbox.tls import make_certificates, write_private
from sandbox.world import World

_KEEP_ALIVE = 240
"""Seconds that an idle connection stays open, about as long as the vendors' front ends keep theirs."""


def build_app(world: World, tenants: Sequence[Tenant], door_token: str) -> Dispatcher:
    """The ASGI application that serves ``tenants`` (already installed in ``world``) and the door."""
    return Dispatcher(world, _surfaces(world, tenants, door_token))


class SandboxServer:
    """Serves ``tenants`` over TLS on 127.0.0.1 while the ``with`` block lasts; ``folder`` gets credentials, overlay.yaml and sandbox.json.

    Leaving the block without an error raises ``AssertionError`` when schema judging was on (switch ``validate``) and found something,
    or when a handler broke.
    """

    def __init__(self, world: World, tenants: Sequence[Tenant], folder: Path, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.world = world
        self.folder = folder
        self.door_token = secrets.token_urlsafe(24)
        self._tenants = tuple(tenants)
        for tenant in self._tenants:
            if tenant.TENANT_ID not in world.state:
                tenant.install(world, folder)
        self._tls = make_certificates(folder)
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"https://127.0.0.1:{self.port}"
        self._running: _Running | None = None

    @property
    def ca(self) -> Path:
        """The PEM file that clients have to trust."""
        return self._tls.ca

    @property
    def overlay(self) -> Path:
        """The overlay file that points a district's folder at this sandbox."""
        return self.folder / "overlay.yaml"

    def endpoints(self) -> dict[str, dict[str, str]]:
        """Addresses by tenant id and surface."""
        return {tenant.TENANT_ID: endpoints_of(tenant.routes(self.world), self.base_url) for tenant in self._tenants}

    def start(self) -> None:
        """Serve from now on in a thread of its own; returns when the first request can come."""
        config = uvicorn.Config(
            build_app(self.world, self._tenants, self.door_token),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE,
            ssl_certfile=str(self._tls.certificate),
            ssl_keyfile=str(self._tls.key),
        )
        server = _Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [self._socket]}, name="sandbox", daemon=True)
        self._running = _Running(server=server, thread=thread)
        thread.start()
        if not server.ready.wait(timeout=20):
            raise RuntimeError("the sandbox did not start within 20 seconds")
        self._describe()

    def stop(self) -> None:
        """End serving and close every connection; harmless when it never started."""
        running, self._running = self._running, None
        if running is not None:
            running.server.should_exit = True
            running.server.force_exit = True
            running.thread.join(timeout=20)
        self._socket.close()
        (self.folder / "sandbox.json").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        if kind is None and self.world.violations:
            raise AssertionError("the sandbox saw:\n" + "\n".join(self.world.violations))

    def _describe(self) -> None:
        tenants = {tenant.TENANT_ID: tenant.overlay(self.world, self.base_url) for tenant in self._tenants}
        with self.overlay.open("w", encoding="utf-8") as file:
            file.write("# Made by the sandbox: made-up data, loopback addresses, keys that open nothing else.\n")
            YAML().dump({"drill": True, "tenants": tenants}, file)
        content: dict[str, object] = {
            "pid": os.getpid(),
            "port": self.port,
            "base_url": self.base_url,
            "door_url": f"{self.base_url}/_door",
            "door_token": self.door_token,
            "ca": self._tls.ca.name,
            "overlay": self.overlay.name,
            "profile": self.world.profile,
            "seed": self.world.seed,
            "domain": self.world.domain,
            "endpoints": self.endpoints(),
        }
        write_private(self.folder / "sandbox.json", json.dumps(content, indent=1).encode("utf-8"))


def serve(state_dir: Path, profile: str, seed: int = 7, port: int = 0, clock_file: Path | None = None) -> int:
    """Serve both tenants as this process until SIGTERM or SIGINT; one line on stdout says that the sandbox is ready. Returns 0."""
    from sandbox.tenants import both  # here, so that importing the server loads no tenant

    done = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        done.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with SandboxServer(make_world(profile, seed, clock_file), both(), state_dir, port) as server:
        sys.stdout.write(f"sandbox ready {server.base_url}\n")
        sys.stdout.flush()
        done.wait()
    return 0


@dataclass(slots=True, kw_only=True)
class _Running:
    server: _Server
    thread: threading.Thread


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens, instead of being asked."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


class _Protocol(H11Protocol):
    """HTTP/1.1 that leaves its connection in the scope, so that a fault can close it without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.app = _with_transport(self.config.loaded_app, transport)


def _with_transport(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {**scope.get("extensions", {}), TRANSPORT: transport}}, receive, send)

    return wrapped


def _surfaces(world: World, tenants: Sequence[Tenant], door_token: str) -> list[Surface]:
    return surfaces_of(world, tenants, door_routes(world, tenants, door_token))
