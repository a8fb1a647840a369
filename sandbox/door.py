"""The door for those who run a drill: time, faults, switches, what was asked, and what administrators do in the vendors' consoles.

It is no vendor surface: a product under test must never be given its token, and nothing that passes through it is recorded.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import fault_from
from sandbox.routing import Handler, SandboxRoute, body_of, json_of, json_response
from sandbox.tenant import ConsoleError, Tenant
from sandbox.world import Exchange, Fault, Moment, World


def door_routes(world: World, tenants: Sequence[Tenant], token: str) -> list[SandboxRoute]:
    """The routes below ``/_door``; each answers 401 without ``Authorization: Bearer`` and the token of sandbox.json."""
    door = _Door(world, tenants)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/clock", door.clock),
        ("POST", "/clock/advance", door.advance),
        ("GET", "/faults", door.faults),
        ("POST", "/faults", door.add_faults),
        ("DELETE", "/faults", door.clear_faults),
        ("GET", "/switches", door.switches),
        ("POST", "/switches", door.switch),
        ("GET", "/exchanges", door.exchanges),
        ("POST", "/exchanges/clear", door.clear_exchanges),
        ("GET", "/violations", door.violations),
        ("DELETE", "/violations", door.clear_violations),
        ("GET", "/state", door.state),
        ("GET", "/profile", door.profile),
        ("POST", "/console/{tenant}/{act}", door.console),
        ("POST", "/moments", door.keep_moment),
        ("POST", "/moments/{number}", door.return_to_moment),
    ]
    return [SandboxRoute(path, _guarded(handler, token), methods=[method]) for method, path, handler in table]


def _guarded(handler: Handler, token: str) -> Callable[[Request], Response]:
    expected = f"Bearer {token}".encode()

    def guarded(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return json_response({"error": "the door needs its token"}, 401)
        try:
            return handler(request)
        except ConsoleError as error:
            return json_response({"error": str(error)}, 409)
        except (ValueError, KeyError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, 400)

    return guarded


class _Door:
    def __init__(self, world: World, tenants: Sequence[Tenant]) -> None:
        self._world = world
        self._tenants = {tenant.TENANT_ID: tenant for tenant in tenants}
        self._moments: list[Moment] = []

    def clock(self, _request: Request) -> Response:
        return json_response({"now": _instant(self._world)})

    def advance(self, request: Request) -> Response:
        self._world.clock.advance(float(str(json_of(request)["seconds"])))
        return json_response({"now": _instant(self._world)})

    def faults(self, _request: Request) -> Response:
        return json_response([_fault_json(fault) for fault in self._world.faults])

    def add_faults(self, request: Request) -> Response:
        asked = json.loads(body_of(request))
        new = [fault_from(values) for values in (asked if isinstance(asked, list) else [asked])]
        self._world.faults += new
        return json_response({"added": len(new)})

    def clear_faults(self, _request: Request) -> Response:
        self._world.faults.clear()
        return json_response({})

    def switches(self, _request: Request) -> Response:
        return json_response(self._world.switches)

    def switch(self, request: Request) -> Response:
        for name, value in json_of(request).items():
            if value is None:
                self._world.switches.pop(name, None)
            else:
                self._world.switches[name] = str(value)
        return json_response(self._world.switches)

    def exchanges(self, request: Request) -> Response:
        since = int(request.query_params.get("since", "0"))
        found = self._world.exchanges[since:]
        return json_response({"next": since + len(found), "exchanges": [_exchange_json(exchange) for exchange in found]})

    def clear_exchanges(self, _request: Request) -> Response:
        self._world.exchanges.clear()
        return json_response({})

    def violations(self, _request: Request) -> Response:
        return json_response(self._world.violations)

    def clear_violations(self, _request: Request) -> Response:
        """Answers with what it forgets, so that nothing found in between is lost."""
        with self._world.lock:
            found = list(self._world.violations)
            self._world.violations.clear()
        return json_response(found)

    def state(self, _request: Request) -> Response:
        return json_response({name: tenant.dump(self._world) for name, tenant in self._tenants.items()})

    def profile(self, _request: Request) -> Response:
        world = self._world
        people = [
            {"number": p.number, "given": p.given, "family": p.family, "role": p.role, "school": p.school, "employee_id": p.employee_id}
            | {"local_part": p.local_part}
            for p in world.people
        ]
        return json_response(
            {"profile": world.profile, "seed": world.seed, "domain": world.domain, "schools": world.schools, "people": people}
        )

    def console(self, request: Request) -> Response:
        tenant = self._tenants[request.path_params["tenant"]]
        acts = tenant.console_acts(self._world)
        act = acts.get(request.path_params["act"])
        if act is None:
            return json_response({"error": "no such act", "acts": sorted(acts)}, 404)
        return json_response(act(json_of(request)))

    def keep_moment(self, _request: Request) -> Response:
        self._moments.append(self._world.moment())
        return json_response({"moment": len(self._moments) - 1})

    def return_to_moment(self, request: Request) -> Response:
        number = int(request.path_params["number"])
        if number >= len(self._moments):
            return json_response({"error": "no such moment", "moments": len(self._moments)}, 404)
        self._world.return_to(self._moments[number])
        return json_response({"now": _instant(self._world)})


def _instant(world: World) -> str:
    return world.clock.now().isoformat().replace("+00:00", "Z")


def _fault_json(fault: Fault) -> dict[str, object]:
    return {
        "surface": fault.surface,
        "operation": fault.operation,
        "kind": fault.kind,
        "when": fault.when,
        "nth": fault.nth,
        "query": fault.query,
        "sent": fault.sent,
        "times": fault.times,
        "status": fault.status,
        "seen": fault.seen,
    }


def _exchange_json(exchange: Exchange) -> dict[str, object]:
    return {
        "at": exchange.at.isoformat().replace("+00:00", "Z"),
        "surface": exchange.surface,
        "method": exchange.method,
        "path": exchange.path,
        "operation": exchange.operation,
        "caller": exchange.caller,
        "status": exchange.status,
        "request": _text(exchange.request),
        "response": _text(exchange.response),
    }


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(body).decode("ascii")
