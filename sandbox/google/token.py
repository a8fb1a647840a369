"""The token endpoint: a service account's signed assertion for an access token of the account that it impersonates (G§6.3)."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from starlette.requests import Request
from starlette.responses import Response

from sandbox.google.state import GoogleState, Token, state_of
from sandbox.routing import SandboxRoute, body_of, json_response
from sandbox.world import World

AUDIENCE = "https://oauth2.googleapis.com/token"
"""The one audience, whatever address the client was told to ask (G§6.3, K§3)."""

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 3_599
_LEEWAY = 300
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
    claims = _verified(state, form.get("assertion", ""))
    _check_times(world, claims)
    if claims.get("aud") != AUDIENCE:
        raise _RefusedError("invalid_grant", "Invalid JWT: Failed audience check.")
    scopes = frozenset(str(claims.get("scope", "")).split())
    if not scopes:
        raise _RefusedError("invalid_scope", "Empty or missing scope not allowed.")
    subject = str(claims.get("sub", ""))
    user = state.user(subject) if subject else None
    request.state.caller = subject or state.service_account.email
    if subject:
        if user is None or user.suspended_at is not None:
            raise _RefusedError("invalid_grant", "Invalid email or User ID")
        # One scope that was not granted fails the whole token (G§6.1).
        if not scopes <= state.grants:
            raise _RefusedError("unauthorized_client", _UNAUTHORIZED, 401)
    value = f"ya29.{secrets.token_urlsafe(48)}"
    state.tokens[value] = Token(user=user.id if user else "", scopes=scopes, ends=world.clock.wall() + timedelta(seconds=_LIFE))
    return {"access_token": value, "expires_in": _LIFE, "token_type": "Bearer"}


def _verified(state: GoogleState, assertion: str) -> Mapping[str, object]:
    parts = assertion.split(".")
    if len(parts) != 3:
        raise _RefusedError("invalid_grant", "Invalid JWT: the assertion must have three parts.")
    header, claims = _decoded(parts[0]), _decoded(parts[1])
    account = state.service_account
    if claims.get("iss") != account.email:
        raise _RefusedError("invalid_grant", "Invalid grant: account not found")
    if header.get("alg") != "RS256" or header.get("kid", account.key_id) != account.key_id:
        raise _RefusedError("invalid_grant", "Invalid JWT Signature.")
    try:
        account.public_key.verify(_bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise _RefusedError("invalid_grant", "Invalid JWT Signature.") from error
    return claims


def _check_times(world: World, claims: Mapping[str, object]) -> None:
    """Times of assertions are the system's: the library that signs them knows no other clock."""
    now = world.clock.wall().timestamp()
    begins, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        raise _RefusedError("invalid_grant", "Invalid JWT: iat and exp are required.")
    if ends - begins > 3_600 or begins > now + _LEEWAY or ends < now - _LEEWAY:
        message = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        raise _RefusedError("invalid_grant", f"{message} Check your iat and exp values in the JWT claim.")


def _decoded(part: str) -> Mapping[str, object]:
    try:
        value = json.loads(_bytes(part))
    except ValueError as error:
        raise _RefusedError("invalid_grant", "Invalid JWT: not base64url JSON.") from error
    if not isinstance(value, dict):
        raise _RefusedError("invalid_grant", "Invalid JWT: not a JSON object.")
    return value


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise _RefusedError("invalid_grant", "Invalid JWT: not base64url.") from error
