"""Graph's manners: error bodies, permissions, $select, $filter, pages with opaque links, headers (M§7)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sandbox.microsoft import throttle
from sandbox.microsoft.bearer import Caller, caller_of
from sandbox.microsoft.hosts import outer
from sandbox.microsoft.national import lacking
from sandbox.microsoft.objects import Made
from sandbox.microsoft.state import GRAPH, TenantState, listed, paged, switch, tenant_of, visible
from sandbox.routing import Handler, SandboxRoute, json_response
from sandbox.world import World

Entity = dict[str, object]
T = TypeVar("T")


class GraphError(Exception):
    """An answer that is an error: Graph's code and message, in the usual body."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None, *, spelling: str = "innerError"
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.spelling = status, code, message, spelling
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to Graph after its token was accepted."""

    world: World
    state: TenantState
    request: Request
    caller: Caller

    @property
    def version(self) -> str:
        """``v1.0`` or ``beta``."""
        return str(self.request.path_params.get("version", "v1.0"))

    @property
    def base(self) -> str:
        """The address that paths of this version begin with."""
        return f"{outer(self.request)}/{self.version}"

    def part(self, name: str) -> str:
        """A parameter of the path."""
        return str(self.request.path_params[name])

    def option(self, name: str) -> str:
        """A query option by its name with the dollar; empty when it was not given."""
        return self.request.query_params.get(name, "")

    def need(self, *roles: str, code: str = "Authorization_RequestDenied") -> None:
        """Refuse with 403 unless the token has one of ``roles``."""
        if not self.caller.roles.intersection(roles):
            raise GraphError(403, code, "Insufficient privileges to complete the operation.")


Answer = Callable[[Ask], Response]


def graph_routes(world: World, path: str, answers: Mapping[str, Answer]) -> list[SandboxRoute]:
    """Routes for one path below ``/{version}``, by method; the operation's name is the path template."""
    return [
        SandboxRoute("/{version:str}" + path, handler_of(world, answer), methods=[method], operation=f"{method} {path}")
        for method, answer in answers.items()
    ]


def handler_of(world: World, answer: Answer) -> Handler:
    """A handler that checks the version and the token, and turns a ``GraphError`` into its body."""

    def handler(request: Request) -> Response:
        state = tenant_of(world)
        identity = {"request-id": state.new_id("request")}
        echoed = request.headers.get("client-request-id")
        identity["client-request-id"] = echoed or identity["request-id"]
        try:
            response = answer(_ask(world, state, request))
        except GraphError as error:
            response = _error(world, error, identity)
        response = _bare(request, response)
        response.headers.update(identity)
        response.headers["x-ms-ags-diagnostic"] = '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1","ScaleUnit":"000"}}'
        return response

    return handler


def _bare(request: Request, response: Response) -> Response:
    """The answer without annotations, where the client asked for none; links stay (M§1.3)."""
    if "odata.metadata=none" not in request.headers.get("accept", "") or not bytes(response.body).startswith(b"{"):
        return response
    kept = {name: text for name, text in response.headers.items() if name not in {"content-length", "content-type"}}
    return json_response(_plain(json.loads(bytes(response.body))), response.status_code, kept)


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = ("@odata.nextLink", "@odata.deltaLink", "@odata.count")
    return {name: _plain(one) for name, one in value.items() if "@odata." not in name or name in kept}


def _ask(world: World, state: TenantState, request: Request) -> Ask:
    version = request.path_params.get("version")
    if version not in {"v1.0", "beta"}:
        raise GraphError(400, "BadRequest", f"Invalid version: {version}")
    caller = caller_of(state, request, GRAPH)
    if isinstance(caller, str):
        raise GraphError(
            401, "InvalidAuthenticationToken", caller, {"WWW-Authenticate": 'Bearer realm="", authorization_uri="", client_id=""'}
        )
    segment = lacking(world, request.url.path.partition(f"/{version}/")[2])
    if segment is not None:
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    delay = throttle.wait(world, "graph", 10)
    if delay:
        raise GraphError(429, "TooManyRequests", "Too many requests.", {"Retry-After": str(delay)})
    return Ask(world=world, state=state, request=request, caller=caller)


def _error(world: World, error: GraphError, identity: Mapping[str, str]) -> Response:
    inner = {"date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"), **identity}
    return json_response({"error": {"code": error.code, "message": error.message, error.spelling: inner}}, error.status, error.headers)


def context(ask: Ask, name: str) -> str:
    """``@odata.context`` for a collection or entity."""
    return f"{ask.base}/$metadata#{name}"


def entity(ask: Ask, name: str, value: Entity, status: int = 200) -> Response:
    """One object with its context, reduced to ``$select``."""
    return json_response({"@odata.context": context(ask, f"{name}/$entity"), **select(ask, [value])[0]}, status)


def select(ask: Ask, rows: Sequence[Entity]) -> list[Entity]:
    """Rows with the properties of ``$select`` only; 400 for one that the type does not have."""
    names = [name.strip() for name in ask.option("$select").split(",") if name.strip()]
    if not names or not rows:
        return list(rows)
    for name in names:
        if name not in rows[0]:
            message = f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.entity'."
            raise GraphError(400, "BadRequest", message)
    return [{name: row[name] for name in names} | _annotations(row) for row in rows]


def _annotations(row: Entity) -> Entity:
    return {name: value for name, value in row.items() if name.startswith("@")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """A collection to be handed out in pages: its things, how one becomes JSON, and its limits."""

    name: str
    items: Sequence[T]
    render: Callable[[T], Entity]
    size: int = 100
    most: int = 999
    counted: bool = False
    """Whether the answer counts although nobody asked."""


def page(ask: Ask, listing: Listing[T]) -> Response:
    """One page of the listing; the link to the next carries an opaque token and everything that was asked (M§7)."""
    size = paged(ask.world, _size(ask, listing.size, listing.most))
    offset = _offset(ask)
    items = [one for one in listing.items if not isinstance(one, Made) or visible(ask.world, one.created)]
    body: Entity = {"@odata.context": context(ask, listing.name)}
    if listing.counted or (ask.option("$count") == "true" and offset == 0 and _eventual(ask)):
        body["@odata.count"] = len(items)
    empty = listed(ask.world, "empty_page") & {"on", ask.request.url.path.rpartition("/")[2].lower()}
    empty_first = bool(empty) and "$skiptoken" not in ask.request.query_params and len(items) > 0
    chosen = [] if empty_first else items[offset : offset + size]
    after = 0 if empty_first else offset + size
    if empty_first or after < len(items):
        body["@odata.nextLink"] = _link(ask, after)
    body["value"] = select(ask, [listing.render(item) for item in chosen])
    return json_response(body)


def _eventual(ask: Ask) -> bool:
    return ask.request.headers.get("consistencylevel", "").lower() == "eventual"


def need_eventual(ask: Ask) -> None:
    """Refuse an advanced query without ``ConsistencyLevel: eventual`` and ``$count=true`` (M§5)."""
    if not _eventual(ask) or ask.option("$count") != "true":
        text = "Request with $search, $count or an OData cast needs ConsistencyLevel: eventual and $count=true."
        raise GraphError(400, "Request_UnsupportedQuery", text)


def _size(ask: Ask, default: int, most: int) -> int:
    text = ask.option("$top")
    if not text:
        return default
    if not text.isdigit() or not 0 < int(text) <= most:
        raise GraphError(400, "Request_UnsupportedQuery", f"Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive.")
    return int(text)


def _offset(ask: Ask) -> int:
    token = ask.option("$skiptoken")
    if not token:
        return 0
    path, offset = ask.state.links.get(token, ("", 0))
    if path != ask.request.url.path or switch(ask.world, "nextlink") == "expired":
        text = "The specified page token value has expired and can no longer be included in your request."
        raise GraphError(400, "Directory_ExpiredPageToken", text)
    return offset


def _link(ask: Ask, offset: int) -> str:
    token = "RFNwdAIAAQ" + base64.urlsafe_b64encode(ask.state.new_id("page").encode()).rstrip(b"=").decode()
    ask.state.links[token] = (ask.request.url.path, offset)
    url = ask.request.url.remove_query_params("$skiptoken").include_query_params(**{"$skiptoken": token})
    inside = f"{url.scheme}://{url.netloc}{ask.request.scope.get('root_path', '')}"
    return outer(ask.request) + str(url).removeprefix(inside)


_CLAUSE = re.compile(r"^(?P<name>[A-Za-z]+)\s+eq\s+(?P<value>'(?:[^']|'')*'|true|false)$")
_ANY = re.compile(r"^(?P<name>[A-Za-z]+)/any\((?P<var>\w+):\s*(?P=var)\s+eq\s+(?P<value>'(?:[^']|'')*')\)$")


def matches(ask: Ask, names: frozenset[str]) -> Callable[[Entity], bool]:
    """The test that ``$filter`` asks for: equality, ``any`` on a list, joined by ``or`` or ``and``; another form is 400."""
    text = ask.option("$filter").strip()
    if not text:
        return lambda _row: True
    joiner = " and " if " and " in text else " or "
    clauses = [_clause(part.strip(), names) for part in text.split(joiner)]
    combine = all if joiner == " and " else any
    return lambda row: combine(clause(row) for clause in clauses)


def _clause(text: str, names: frozenset[str]) -> Callable[[Entity], bool]:
    found = _CLAUSE.match(text) or _ANY.match(text)
    if found is None or found["name"] not in names:
        raise GraphError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause specified: '{text}'.")
    name, raw = found["name"], found["value"]
    if raw in {"true", "false"}:
        return lambda row: row.get(name) is (raw == "true")
    wanted = raw[1:-1].replace("''", "'").lower()
    if "any" in found.re.pattern and "var" in found.groupdict():
        return lambda row: wanted in [str(value).lower() for value in _list(row.get(name))]
    return lambda row: str(row.get(name) or "").lower() == wanted


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def unknown_segment(world: World) -> list[SandboxRoute]:
    """The last route: a path that Graph does not know is 400 with the word segment."""

    def answer(ask: Ask) -> Response:
        segment = ask.part("rest").rpartition("/")[2]
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")

    handler = handler_of(world, answer)
    return [SandboxRoute("/{version}/{rest:path}", handler, methods=["GET", "POST", "PUT", "PATCH", "DELETE"], operation="unknown segment")]
