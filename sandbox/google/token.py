"""The token endpoint: a service account's signed assertion for an access token of the account that it impersonates (G§6.3)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from sandbox.google.assertions import NotAssertedError, check_times, verified
from sandbox.google.state import Token, state_of
from sandbox.routing import SandboxRoute, body_of, json_response
from sandbox.world import World

AUDIENCE = "https://oauth2.googleapis.com/token"
"""The one audience, whatever address the client was told to ask (G§6.3, K§3)."""

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 3_599
_UNAUTHORIZED = (
    "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."
)


class _RefusedError(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def token_routes(world: World) -> list[SandboxRoute]:
    """``POST /token``."""

    def handler(request: Request) -> Response:
        try:
            return json_response(_exchange(world, request))
        except _RefusedError as refusal:
            return json_response({"error": refusal.error, "error_description": refusal.description}, refusal.status)

    return [SandboxRoute("/token", handler, methods=["POST"], operation="oauth2.token")]


def _exchange(world: World, request: Request) -> dict[str, object]:
    state = state_of(world)
    form = {name: values[-1] for name, values in parse_qs(body_of(request).decode("utf-8")).items()}
    if form.get("grant_type") != _GRANT:
        raise _RefusedError("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    try:
        account, claims = verified(state, form.get("assertion", ""))
        check_times(world.clock.wall(), claims)
    except NotAssertedError as refusal:
        raise _RefusedError("invalid_grant", str(refusal)) from refusal
    if claims.get("aud") != AUDIENCE:
        raise _RefusedError("invalid_grant", "Invalid JWT: Failed audience check.")
    scopes = frozenset(str(claims.get("scope", "")).split())
    if not scopes:
        raise _RefusedError("invalid_scope", "Empty or missing scope not allowed.")
    subject = str(claims.get("sub", ""))
    user = state.user(subject) if subject else None
    request.state.caller = subject or account.email
    if subject:
        if user is None or user.suspended_at is not None:
            raise _RefusedError("invalid_grant", "Invalid email or User ID")
        # One scope that was not granted fails the whole token (G§6.1).
        if account is not state.service_account or not scopes <= state.grants:
            raise _RefusedError("unauthorized_client", _UNAUTHORIZED, 401)
    value = f"ya29.{secrets.token_urlsafe(48)}"
    ends = world.clock.wall() + timedelta(seconds=_LIFE)
    state.tokens[value] = Token(account=account.email, user=user.id if user else "", scopes=scopes, ends=ends)
    return {"access_token": value, "expires_in": _LIFE, "token_type": "Bearer"}
