"""Tokens that the tenant's sign-in issues, for apps and for people, and the refusals of its token endpoint (K§1, docs/wire/delegated.md §3)."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

from starlette.requests import Request

from sandbox.microsoft import jose
from sandbox.microsoft.national import AUDIENCES, RESOURCES, cloud
from sandbox.microsoft.objects import Account
from sandbox.microsoft.state import DELEGATED, GRANTED, GRAPH, Registration, TenantState, listed, seconds, switch
from sandbox.world import SandboxClock, World

LIFE = 3599
"""Seconds that an access token lives on the system's clock, which is the one that clients' libraries know."""

OPENID = frozenset({"openid", "profile", "email", "offline_access"})


class RefusedError(Exception):
    """An answer of the token endpoint that is an error, with its AADSTS number."""

    def __init__(self, status: int, error: str, number: int, text: str, suberror: str = "") -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text, self.suberror = status, error, number, text, suberror


def resource_of(world: World, state: TenantState, name: str) -> str:
    """The resource as tokens name it; raises ``RefusedError`` for one that the tenant's cloud does not have."""
    resource = name.rstrip("/")
    if resource not in RESOURCES[cloud(world)]:
        text = f"The resource principal named {resource} was not found in the tenant named {state.name}."
        raise RefusedError(400, "invalid_resource", 500011, text)
    return resource


def for_app(world: World, state: TenantState, app: Registration, request: Request, resource: str) -> str:
    """An access token of the app itself, with its application permissions as ``roles``."""
    gone = listed(world, "missing_roles")
    claims: dict[str, object] = {
        **_times(seconds(world, "token", LIFE)),
        "aud": resource,
        "iss": issuer(state, request),
        "app_displayname": app.name,
        "appid": app.app_id,
        "appidacr": "2",
        "idtyp": "app",
        "oid": app.object_id,
        "sub": app.object_id,
        "tid": state.tenant_id,
        "ver": "1.0",
        "uti": state.new_id("token"),
        "roles": [role for role in _roles(world, app, AUDIENCES[resource]) if role.lower() not in gone],
    }
    return jose.sign(state.signing_key, claims, "sandbox")


def _roles(world: World, app: Registration, audience: str) -> list[str]:
    if app.roles is not None:
        return list(app.roles.get(audience, ()))
    more = switch(world, "more_roles") if audience == GRAPH else ""
    return [*GRANTED[audience], *(role.strip() for role in more.split(",") if role.strip())]


def scopes_of(world: World, state: TenantState, asked: str) -> tuple[str, list[str]]:
    """The one resource and the delegated permissions that ``asked`` names; raises ``RefusedError`` for two resources or one not consented to."""
    words = [word for word in asked.split() if word.lower() not in OPENID]
    split = [word.rpartition("/") if word.startswith("https://") else ("https://graph.microsoft.com", "/", word) for word in words]
    resources = {resource_of(world, state, resource) for resource, _, _ in split} or {"https://graph.microsoft.com"}
    if len(resources) > 1:
        text = "Provided value for the input parameter scope is not valid because it contains more than one resource."
        raise RefusedError(400, "invalid_request", 28000, text)
    (resource,) = resources
    gone = listed(world, "missing_scopes")
    consented = [scope for scope in DELEGATED[AUDIENCES[resource]] if scope.lower() not in gone]
    names = {name.lower() for _, _, name in split}
    missing = names - {".default"} - {scope.lower() for scope in consented}
    if missing:
        text = f"The user or administrator has not consented to use the application with ID '{state.app.app_id}' named '{state.app.name}'."
        raise RefusedError(400, "invalid_grant", 65001, text, "consent_required")
    return resource, consented if ".default" in names or not names else [scope for scope in consented if scope.lower() in names]


def for_person(world: World, state: TenantState, request: Request, account: Account, given: tuple[str, list[str]]) -> str:
    """An access token of somebody signed in: ``scp`` in place of ``roles``."""
    resource, scopes = given
    claims: dict[str, object] = {
        **_times(seconds(world, "token", LIFE)),
        "aud": resource,
        "iss": issuer(state, request),
        "app_displayname": state.app.name,
        "appid": state.app.app_id,
        "appidacr": "0",
        "idtyp": "user",
        "name": account.display_name,
        "oid": account.id,
        "scp": " ".join(scopes),
        "sub": account.id,
        "tid": state.tenant_id,
        "unique_name": account.upn,
        "upn": account.upn,
        "ver": "1.0",
        "uti": state.new_id("token"),
    }
    return jose.sign(state.signing_key, claims, "sandbox")


def identity(state: TenantState, request: Request, account: Account, nonce: str) -> str:
    """An id token, for libraries that file the account under it."""
    claims: dict[str, object] = {
        **_times(timedelta(seconds=LIFE)),
        "aud": state.app.app_id,
        "iss": issuer(state, request),
        "name": account.display_name,
        "oid": account.id,
        "preferred_username": account.upn,
        "sub": account.id,
        "tid": state.tenant_id,
        "ver": "2.0",
    }
    return jose.sign(state.signing_key, claims | ({"nonce": nonce} if nonce else {}), "sandbox")


def client_info(state: TenantState, account: Account) -> str:
    """Whom the tokens belong to, as libraries read it."""
    text = json.dumps({"uid": account.id, "utid": state.tenant_id}).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def issuer(state: TenantState, request: Request) -> str:
    """The ``iss`` of every token, equal to what discovery says for the tenant's id."""
    return f"{request.url.scheme}://{request.url.netloc}/{state.tenant_id}/v2.0"


def _times(life: timedelta) -> dict[str, object]:
    now = SandboxClock.wall()
    return {"iat": int(now.timestamp()), "nbf": int(now.timestamp()), "exp": int((now + life).timestamp())}
