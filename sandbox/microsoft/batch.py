"""Graph's $batch: up to twenty requests in one, answered one by one and without order (M§7, K§2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from sandbox.microsoft.odata import Answer, Ask, GraphError, graph_routes
from sandbox.routing import SandboxRoute, json_of, json_response
from sandbox.world import World

MOST = 20


def routes(world: World, others: Sequence[SandboxRoute]) -> list[SandboxRoute]:
    """The $batch route over the routes that it may reach."""

    def answer(ask: Ask) -> Response:
        return json_response({"responses": [_one(ask, part, others) for part in reversed(_parts(ask))]})

    answers: dict[str, Answer] = {"POST": answer}
    return graph_routes(world, "/$batch", answers)


def _parts(ask: Ask) -> list[dict[str, object]]:
    try:
        found = json_of(ask.request).get("requests")
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(part, dict) and {"id", "method", "url"} <= set(part) for part in found):
        raise GraphError(400, "BadRequest", "Invalid batch payload format.")
    if not 0 < len(found) <= MOST:
        raise GraphError(400, "BadRequest", f"Number of batch request steps exceeds the maximum value of {MOST}.")
    if len({part["id"] for part in found}) < len(found):
        raise GraphError(400, "BadRequest", "Request ids in a batch have to be unique.")
    return found


def _one(ask: Ask, part: dict[str, object], others: Sequence[SandboxRoute]) -> dict[str, object]:
    scope = _scope(ask, part)
    for route in others:
        match, found = route.matches(scope)
        if match is Match.FULL:
            response = route.handler(Request({**scope, **found}))
            return {"id": part["id"], "status": response.status_code, "headers": dict(response.headers)} | _body(response)
    return {"id": part["id"], "status": 405, "headers": {}}


def _body(response: Response) -> dict[str, object]:
    text = bytes(response.body)
    if not text:
        return {}
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return {"body": json.loads(text) if is_json else text.decode()}


def _scope(ask: Ask, part: dict[str, object]) -> Scope:
    outer = ask.request.scope
    url = urlsplit(str(part["url"]))
    root = outer.get("root_path", "")
    own = part.get("headers")
    sent = {name.lower(): str(value) for name, value in own.items()} if isinstance(own, dict) else {}
    kept = {name.decode(): value.decode() for name, value in outer["headers"] if name in {b"authorization", b"host"}}
    body = json.dumps(part["body"]).encode() if "body" in part else b""
    return {
        **outer,
        "method": str(part["method"]).upper(),
        "path": f"{root}/{ask.version}/{url.path.lstrip('/')}",
        "query_string": url.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in {**sent, **kept}.items()],
        "path_params": {},
        "state": {"body": body, "operation": "$batch", "caller": ""},
    }
