"""The way of one request through the sandbox: which surface, which operation, faults before and after, the record of it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from sandbox import faults
from sandbox.routing import SandboxRoute
from sandbox.tenant import Tenant
from sandbox.world import Exchange, World

TRANSPORT = "sandbox.transport"
"""The ASGI extension under which the server leaves the connection, so that a fault can close it without an answer."""

DOOR = "_door"
_AT_ROOT = ("token", "authority")
"""Surfaces whose routes begin at the root: the token endpoint is one address, and sign-in addresses begin with the tenant's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One vendor endpoint: its prefix on the sandbox's port, its routes, and the tenant that it belongs to (none for the door)."""

    name: str
    prefix: str
    routes: Sequence[SandboxRoute]
    tenant: Tenant | None


def prefix_of(surface: str) -> str:
    """The path that the surface's addresses begin with: empty or ``/graph``."""
    return "" if surface in _AT_ROOT else f"/{surface}"


def surfaces_of(world: World, tenants: Sequence[Tenant], door: Sequence[SandboxRoute]) -> list[Surface]:
    """Every surface, the longest prefix first, so that the root ones catch only what nobody else answers."""
    found = [Surface(name=DOOR, prefix=f"/{DOOR}", routes=door, tenant=None)]
    for tenant in tenants:
        found += [Surface(name=name, prefix=prefix_of(name), routes=routes, tenant=tenant) for name, routes in tenant.routes(world).items()]
    return sorted(found, key=lambda surface: (-len(surface.prefix), _AT_ROOT.index(surface.name) if surface.name in _AT_ROOT else -1))


VendorPath = Callable[[str, str, str], str | None]
"""Our path for a vendor's host name, path and query; ``None`` where the name is not one of theirs."""


class Dispatcher:
    """The ASGI application. Handlers run one at a time in a worker thread under ``world.lock``.

    With ``vendor_path``, requests that name a vendor's own host reach the surface that they mean.
    """

    def __init__(self, world: World, surfaces: Sequence[Surface], vendor_path: VendorPath | None = None) -> None:
        self._world = world
        self._vendor_path = vendor_path
        self.surfaces = tuple(surfaces)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI asks."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks HTTP, not {scope['type']}")
        send = self._dated(send)
        body = await _read(receive)
        surface, route, request = self._find(self._addressed(scope), body)
        if surface is None or route is None:
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)
            return
        if surface.name == DOOR:
            response = await run_in_threadpool(self._run, route, request)
            await response(scope, receive, send)
            return
        await self._exchange(surface, route, request, receive, send)

    def _dated(self, send: Send) -> Send:
        """The same way out, with the ``Date`` of the sandbox's clock: for a client it is the vendor's own time."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                stamp = format_datetime(self._world.clock.now(), usegmt=True).encode()
                kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() != b"date"]
                message = {**message, "headers": [*kept, (b"date", stamp)]}
            await send(message)

        return dated

    def _addressed(self, scope: Scope) -> Scope:
        if self._vendor_path is None:
            return scope
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").partition(":")[0].lower()
        path = self._vendor_path(host, scope["path"], scope["query_string"].decode("latin-1"))
        return scope if path is None else {**scope, "path": path, "raw_path": path.encode()}

    def _find(self, scope: Scope, body: bytes) -> tuple[Surface | None, SandboxRoute | None, Request]:
        path = scope["path"]
        for surface in self.surfaces:
            if surface.prefix and path != surface.prefix and not path.startswith(surface.prefix + "/"):
                continue
            child = {**scope, "root_path": surface.prefix, "state": {"body": body, "operation": "", "caller": ""}}
            for route in surface.routes:
                match, found = route.matches(child)
                if match is Match.FULL:
                    return surface, route, Request({**child, **found})
            if surface.prefix:
                return surface, None, Request(child)
        return None, None, Request(dict(scope))

    async def _exchange(self, surface: Surface, route: SandboxRoute, request: Request, receive: Receive, send: Send) -> None:
        world, state = self._world, request.state
        state.operation = route.name_of(request)
        response: Response | None = None
        cut = False
        fault = faults.strike(world, surface.name, request, "before")
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            fault = None
        if fault is None:
            response = await run_in_threadpool(self._judged, surface, route, request)
            fault = faults.strike(world, surface.name, request, "after")
            if fault is not None and fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
                fault = None
        if fault is not None:
            struck = faults.answer(fault, surface.name, response)
            response, cut = struck.response, struck.cut
        world.exchanges.append(_record(world, surface.name, request, response))
        if response is None or cut:
            await _break_off(request.scope, response, receive, send)
        else:
            await response(request.scope, receive, send)

    def _judged(self, surface: Surface, route: SandboxRoute, request: Request) -> Response:
        world = self._world
        response = self._run(route, request)
        if world.switches.get("validate") == "on" and surface.tenant is not None:
            exchange = _record(world, surface.name, request, response)
            found = surface.tenant.judge(world, exchange)
            world.violations += [f"{exchange.method} {exchange.path} ({exchange.status}): {sentence}" for sentence in found]
        return response

    def _run(self, route: SandboxRoute, request: Request) -> Response:
        with self._world.lock:
            try:
                return route.handler(request)
            except Exception:
                # Not swallowed: the server answers 500 and logs it. Kept as well, so that a test cannot pass over a broken emulator.
                self._world.violations.append(f"handler of {request.method} {request.url.path} broke:\n{traceback.format_exc()}")
                raise


def _record(world: World, surface: str, request: Request, response: Response | None) -> Exchange:
    query = request.url.query
    return Exchange(
        at=world.clock.now(),
        surface=surface,
        method=request.method,
        path=request.url.path + (f"?{query}" if query else ""),
        operation=request.state.operation,
        caller=request.state.caller,
        status=0 if response is None else response.status_code,
        request=request.state.body,
        response=b"" if response is None else bytes(response.body),
    )


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(parts)


async def _break_off(scope: Scope, response: Response | None, receive: Receive, send: Send) -> None:
    """Close the connection: without a word, or after half of the body that the headers promised."""
    transport = scope["extensions"][TRANSPORT]
    if response is not None:
        body = bytes(response.body)
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def endpoints_of(surfaces: Iterable[str], base_url: str) -> dict[str, str]:
    """The address of each surface as a client's settings name it."""
    return {name: base_url + ("/token" if name == "token" else prefix_of(name)) for name in surfaces}
