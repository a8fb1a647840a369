"""Who is calling: the bearer token of a request, checked against the audience of the surface that it came to."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from sandbox.microsoft import jose
from sandbox.microsoft.national import AUDIENCES
from sandbox.microsoft.objects import Actor
from sandbox.microsoft.state import TenantState
from sandbox.world import SandboxClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The app or the person behind a good token, and its permissions: application ones, or delegated ones."""

    actor: Actor
    roles: frozenset[str]
    tenant_id: str
    delegated: bool = False
    officer: bool = False
    """Whether the person may manage records and cases in this tenant; apps get that from switches."""


def caller_of(state: TenantState, request: Request, audience: str) -> Caller | str:
    """The caller, or why the token is no good; notes the app id in the request's record."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return "Access token is empty."
    try:
        _, claims = jose.check(token, state.signing_key.public_key())
    except jose.BadTokenError:
        return "CompactToken parsing failed or its signature is not valid."
    request.state.caller = str(claims.get("appid", ""))
    if AUDIENCES.get(str(claims.get("aud", "")).rstrip("/")) != audience:
        return "Access token validation failure. Invalid audience."
    expires = claims.get("exp")
    if not isinstance(expires, int) or SandboxClock.wall().timestamp() >= expires:
        return "Lifetime validation failed, the token is expired."
    if claims.get("idtyp") == "user":
        return _person(state, claims)
    roles = claims.get("roles")
    assert isinstance(roles, list)
    actor = Actor(name=str(claims["app_displayname"]), object_id=str(claims["oid"]), app_id=str(claims["appid"]))
    return Caller(actor=actor, roles=frozenset(str(role) for role in roles), tenant_id=str(claims["tid"]))


def _person(state: TenantState, claims: jose.Claims) -> Caller | str:
    account = state.accounts.get(str(claims["oid"]))
    if account is None or account.deleted is not None or not account.enabled:
        return "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: AccountDisabled"
    actor = Actor(name=account.display_name, object_id=account.id, upn=account.upn)
    scopes = frozenset(str(claims["scp"]).split())
    return Caller(actor=actor, roles=scopes, tenant_id=str(claims["tid"]), delegated=True, officer=account.id in state.officers)
