"""The sandbox as a server: HTTPS on loopback with certificates of its own, in a thread for tests or as a process for drills."""

from __future__ import annotations

import asyncio
import contextlib
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

from sandbox.dispatch import TRANSPORT, Dispatcher, VendorPath, endpoints_of, surfaces_of
from sandbox.door import door_routes
from sandbox.people import make_world
from sandbox.tenant import Tenant
from sandbox.tls import make_certificates, write_private
from sandbox.world import World

_KEEP_ALIVE = 240
"""Seconds that an idle connection stays open, about as long as the vendors' front ends keep theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorHosts:
    """Host names of the vendors that this sandbox also answers to, for clients that cannot be pointed elsewhere (through a proxy)."""

    names: Sequence[str]
    path: VendorPath


def build_app(world: World, tenants: Sequence[Tenant], door_token: str, hosts: VendorHosts | None = None) -> Dispatcher:
    """The ASGI application that serves ``tenants`` (already installed in ``world``) and the door."""
    return Dispatcher(world, surfaces_of(world, tenants, door_routes(world, tenants, door_token)), hosts.path if hosts else None)


class SandboxServer:
    """Serves ``tenants`` over TLS on 127.0.0.1 while the ``with`` block lasts; ``folder`` gets credentials, overlay.yaml and sandbox.json.

    Leaving the block without an error raises ``AssertionError`` when schema judging was on (switch ``validate``) and found something,
    or when a handler broke.
    """

    def __init__(self, world: World, tenants: Sequence[Tenant], folder: Path, port: int = 0, hosts: VendorHosts | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.world = world
        self.folder = folder
        self.door_token = secrets.token_urlsafe(24)
        self._tenants = tuple(tenants)
        for tenant in self._tenants:
            if tenant.TENANT_ID not in world.state:
                tenant.install(world, folder)
        self._tls = make_certificates(folder, hosts.names if hosts else ())
        self._app = build_app(world, self._tenants, self.door_token, hosts)
        self._socket = _listen(port)
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
        found: dict[str, dict[str, str]] = {tenant.TENANT_ID: {} for tenant in self._tenants}
        for surface in self._app.surfaces:
            if surface.tenant is not None:
                found[surface.tenant.TENANT_ID] |= endpoints_of([surface.name], self.base_url)
        return found

    def start(self) -> None:
        """Serve from now on in a thread of its own; returns when the first request can come."""
        config = uvicorn.Config(
            self._app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            date_header=False,  # the sandbox's own clock tells the date (dispatch)
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
            running.server.end()
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


def _listen(port: int) -> socket.socket:
    # The protocol is named so that asyncio switches Nagle's algorithm off (it looks at `proto`): 40 ms per request otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(256)
    return listener


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens and ends when it is told, without looking ten times a second: tests start hundreds."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def end(self) -> None:
        """Ask from another thread for the end of serving."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        tick = 0
        while not self.should_exit:
            await self.on_tick(tick)
            tick += 10
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        for found in sockets or []:
            found.close()
        # Clients keep connections alive; nobody waits for them to finish with a sandbox.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for _ in range(4):  # the loop's turns that a closed TLS connection takes to be told so
            await asyncio.sleep(0)


class _Protocol(H11Protocol):
    """HTTP/1.1 that leaves its connection in the scope, so that a fault can close it without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.app = _with_transport(self.config.loaded_app, transport)


def _with_transport(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {**scope.get("extensions", {}), TRANSPORT: transport}}, receive, send)

    return wrapped
