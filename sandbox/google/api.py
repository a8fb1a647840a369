"""What every Google method goes through before its own work: bearer token, scopes, body schema, quota; and how answers are written."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from sandbox.google import errors
from sandbox.google.assertions import NotAssertedError, check_times, verified
from sandbox.google.discovery import Method, document, legacy_errors, starlette_path
from sandbox.google.errors import ApiError, error_response
from sandbox.google.live_discovery import discovery_route
from sandbox.google.mask import masked
from sandbox.google.quota import COSTS
from sandbox.google.state import GoogleState, ServiceAccount, User, settle, state_of
from sandbox.routing import Handler, SandboxRoute, json_of, json_response
from sandbox.validate.schema import body_problems, without_nulls
from sandbox.world import World

Item = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated call: who (``None`` is the service account itself, without a subject), what was sent, and the tenant."""

    world: World
    state: GoogleState
    method: Method
    service: ServiceAccount
    user: User | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Item

    @property
    def now(self) -> datetime:
        """The sandbox's instant."""
        return self.world.clock.now()

    @property
    def actor(self) -> str:
        """The address under which the log will know the caller."""
        return self.user.email if self.user else self.service.email

    @property
    def principal(self) -> str:
        """The id of whoever acts: the impersonated account's, or the service account's own, which can hold roles too (G§6.2)."""
        return self.user.id if self.user else self.service.client_id

    @property
    def is_admin(self) -> bool:
        """Whether whoever acts has some administrator's role."""
        return self.state.is_admin(self.principal)

    def need_admin(self) -> None:
        """Refuse with 403 unless whoever acts has some administrator's role (G§6.2)."""
        if not self.is_admin:
            raise errors.forbidden("Not Authorized to access this resource/api")

    def may(self, service: str, privilege: str) -> bool:
        """Whether the subject's roles hold that privilege; a super administrator's hold all."""
        return (self.user is not None and self.user.super_admin) or (service, privilege) in self.state.privileges(self.principal)

    def page(self, items: Sequence[Item], size: str, default: int, limit: int) -> tuple[list[Item], str]:
        """The page that this call asks for and the token of the next one (``""`` at the end); 400 for a size or token it cannot use."""
        text = self.query.get(size, "") or "0"
        if not text.isdigit():
            raise errors.invalid(f"Invalid value for {size}: {text}")
        wanted = min(int(text) or default, limit, int(self.world.switches.get("google.page_size", limit)))
        start = _offset(self.query.get("pageToken", ""))
        chosen = list(items[start : start + wanted])
        more = start + wanted < len(items)
        return chosen, page_token(start + wanted) if more else ""


Operation = Callable[[Call], object]
"""A method's own work: returns the answer's JSON, or ``None`` for 204."""


def routes_for(world: World, surface: str, table: Mapping[str, Operation]) -> list[SandboxRoute]:
    """Routes for the methods of ``table``, by method id, and one for the rest: 501 for what the API has, a page for what it has not.

    Raises ``KeyError`` for an id that the discovery document does not know.
    """
    api = document(surface)
    served = sorted((api.methods[ident] for ident in table), key=lambda method: ("{+" in method.path, -len(method.path)))
    found = [_MethodRoute(method, _handler(world, surface, method, table[method.id])) for method in served]
    return [discovery_route(surface), *found, SandboxRoute("/{rest:path}", _rest(world, surface), methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]


class _MethodRoute(SandboxRoute):
    """A method's route. Where templates alone cannot tell two methods apart (``v2/{+name}``), the document's patterns do."""

    def __init__(self, method: Method, handler: Handler) -> None:
        super().__init__(starlette_path(method), handler, methods=[method.verb], operation=method.id)
        self._pattern = method.pattern

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if match is Match.FULL and not self._pattern.fullmatch(scope["path"].removeprefix(scope["root_path"])):
            return Match.NONE, {}
        return match, found


def listing(name: str, items: Sequence[Item], token: str, **extra: object) -> Item:
    """A list answer: empty lists and tokens are left out, as Google leaves them out."""
    answer: Item = dict(extra)
    if items:
        answer[name] = list(items)
    if token:
        answer["nextPageToken"] = token
    return answer


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _handler(world: World, surface: str, method: Method, work: Operation) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        try:
            call = _call(world, surface, method, request)
            answer = masked(work(call), call.query.get("fields", ""))
        except ApiError as error:
            return error_response(surface, error)
        return Response(status_code=204) if answer is None else json_response(answer)

    return handler


def _call(world: World, surface: str, method: Method, request: Request) -> Call:
    state = state_of(world)
    service, user = _authenticated(world, state, surface, request)
    if method.scopes and not method.scopes & request.state.scopes:
        raise errors.scope_missing()
    settle(world)
    try:
        body: Item = without_nulls(json_of(request)) if method.request else {}
    except ValueError as error:
        raise errors.invalid(f"Invalid JSON payload received. {error}") from error
    if method.request and not legacy_errors(surface):
        problems = body_problems(document(surface), method.request, body)
        if problems:
            raise errors.invalid(f"Invalid JSON payload received. {problems[0]}")
    if world.switches.get("google.quota") != "off":
        over = state.ledger.charge(world.clock.now(), COSTS.get(method.id, {}))
        if over:
            raise errors.exhausted(f"Quota exceeded for quota metric '{over}' and limit '{over} per minute' of service '{surface}.googleapis.com'")
    return Call(
        world=world,
        state=state,
        method=method,
        service=service,
        user=user,
        path={name: str(value) for name, value in request.path_params.items()},
        query=dict(request.query_params),
        body=body,
    )


def _authenticated(world: World, state: GoogleState, surface: str, request: Request) -> tuple[ServiceAccount, User | None]:
    """Who calls: by an access token, or a service account as itself by a JWT that it signed for this very API."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind == "Bearer" and value.count(".") == 2 and not value.startswith("ya29."):
        return _self_signed(world, state, surface, value, request)
    token = state.tokens.get(value) if kind == "Bearer" else None
    service = state.service(token.account) if token else None
    if token is None or service is None or token.ends <= world.clock.wall():
        raise errors.unauthenticated()
    user = state.user(token.user) if token.user else None
    if token.user and user is None:
        raise errors.unauthenticated()
    request.state.caller = user.email if user else service.email
    request.state.scopes = token.scopes
    return service, user


def _self_signed(world: World, state: GoogleState, surface: str, value: str, request: Request) -> tuple[ServiceAccount, None]:
    """A service account without a subject, by its own signature: an audience reaches every method of that API (K§5, GAM's DASA)."""
    api = document(surface)
    try:
        service, claims = verified(state, value)
        check_times(world.clock.wall(), claims)
    except NotAssertedError as error:
        raise errors.unauthenticated() from error
    # The audience is the service's own name, also where its methods live on a host that many APIs share.
    if claims.get("sub") != service.email or claims.get("aud") not in {api.root, f"https://{api.api}.googleapis.com/"}:
        raise errors.unauthenticated()
    request.state.caller = service.email
    request.state.scopes = frozenset[str]().union(*(method.scopes for method in api.methods.values()))
    return service, None


def _rest(world: World, surface: str) -> Callable[[Request], Response]:
    def unserved(call: Call) -> object:
        raise errors.unserved(call.method.id)

    def handler(request: Request) -> Response:
        method = document(surface).find(request.method, "/" + str(request.path_params["rest"]))
        if method is not None:
            request.state.operation = method.id
            return _handler(world, surface, method, unserved)(request)
        # Google's front end answers a path that no API has with a page, not with JSON.
        return Response("<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>", status_code=404, media_type="text/html")

    return handler


def page_token(offset: int) -> str:
    """The opaque token of the page that begins at ``offset``."""
    return base64.urlsafe_b64encode(f"page {offset}".encode()).decode().rstrip("=")


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii").partition(" ")
    except (binascii.Error, UnicodeDecodeError):
        word, number = "", ""
    if word != "page" or not number.isdigit():
        raise errors.invalid("Invalid page token")
    return int(number)
