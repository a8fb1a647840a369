"""Security Token Service: a workload's token from its own identity provider for an access token of Google's (RFC 8693; G§6.3).

The district's workload identity pool has one provider, with the keys of its issuer uploaded. Whoever it lets in is the machine of
``iamcredentials``: it holds Service Account Token Creator on the application's account and nothing else.
Parameters, the checks of a subject's token and the answer are those of the discovery document (sts.v1) as google-auth sends them; the words of
refusals are shortened.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from starlette.requests import Request
from starlette.responses import Response

from sandbox.google.assertions import signed
from sandbox.google.state import GoogleState, Token, state_of
from sandbox.routing import SandboxRoute, body_of, json_response
from sandbox.tls import write_private
from sandbox.world import World

AUDIENCE: Final = "//iam.googleapis.com/projects/104527318830/locations/global/workloadIdentityPools/district/providers/servers"
ISSUER: Final = "https://identity.district.example"
SUBJECT: Final = "records-server"
WORKLOAD_FILE: Final = "google-workload.json"
OPERATION: Final = "sts.v1.token"

_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS = "urn:ietf:params:oauth:token-type:access_token"
_SUBJECT_TYPES = frozenset({"urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"})
_CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_IAM = "https://www.googleapis.com/auth/iam"
_LIFE = 3_599
_OLDEST = 86_400
"""Seconds since a subject's token was issued after which it is refused (discovery document)."""


class _RefusedError(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


def sts_routes(world: World) -> list[SandboxRoute]:
    """``POST /v1/token``."""

    def handler(request: Request) -> Response:
        try:
            return json_response(_exchange(world, request))
        except _RefusedError as refusal:
            return json_response({"error": refusal.error, "error_description": str(refusal)}, 400)

    return [SandboxRoute("/v1/token", handler, methods=["POST"], operation=OPERATION)]


def write_workload(state: GoogleState, folder: Path, now: float, **claims: object) -> Path:
    """What lies on a server that signs in this way: the pool's configuration, and beside it the token that its provider renews."""
    token = {"iss": ISSUER, "sub": SUBJECT, "aud": f"https:{AUDIENCE}", "iat": int(now), "exp": int(now) + 3_600, **claims}
    write_private(folder / "google-workload.jwt", signed(state.machine, json.dumps(token)).encode("ascii"))
    content = {
        "type": "external_account",
        "audience": AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(folder / "google-workload.jwt"), "format": {"type": "text"}},
        "universe_domain": "googleapis.com",
    }
    write_private(folder / WORKLOAD_FILE, json.dumps(content, indent=1).encode("utf-8"))
    return folder / WORKLOAD_FILE


def _exchange(world: World, request: Request) -> dict[str, object]:
    state = state_of(world)
    form = {name: values[-1] for name, values in parse_qs(body_of(request).decode("utf-8")).items()}
    if form.get("grant_type") != _GRANT:
        raise _RefusedError("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    for name in ("audience", "scope", "requested_token_type", "subject_token", "subject_token_type"):
        if not form.get(name):
            raise _RefusedError("invalid_request", f"Missing required parameter: {name}")
    if form["requested_token_type"] != _ACCESS or form["subject_token_type"] not in _SUBJECT_TYPES:
        raise _RefusedError("invalid_request", "Invalid value for requested_token_type or subject_token_type.")
    if form["audience"] != AUDIENCE:
        raise _RefusedError("invalid_target", 'The target service indicated by the "audience" parameters is invalid.')
    scopes = frozenset(form["scope"].split())
    if not scopes <= {_CLOUD, _IAM}:
        raise _RefusedError("invalid_scope", "Some requested scopes are invalid for an external identity.")
    claims = _claims(state, form["subject_token"])
    _check(claims, world.clock.wall().timestamp())
    request.state.caller = f"principal:{AUDIENCE.rpartition('/providers/')[0]}/subject/{claims['sub']}"
    value = f"ya29.d.{secrets.token_urlsafe(48)}"
    ends = world.clock.wall() + timedelta(seconds=_LIFE)
    state.tokens[value] = Token(account=state.machine.email, user="", scopes=scopes, ends=ends)
    return {"access_token": value, "issued_token_type": _ACCESS, "token_type": "Bearer", "expires_in": _LIFE}


def _claims(state: GoogleState, token: str) -> Mapping[str, object]:
    """The claims of a token that the provider's key signed."""
    head, _, signature = token.rpartition(".")
    try:
        header, claims = (json.loads(_bytes(part)) for part in head.split("."))
        state.machine.private_key.public_key().verify(_bytes(signature), head.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, binascii.Error) as error:
        raise _RefusedError("invalid_grant", "Unable to parse the ID Token.") from error
    except InvalidSignature as error:
        raise _RefusedError("invalid_grant", "Invalid ID Token signature.") from error
    if not isinstance(header, dict) or header.get("alg") != "RS256" or header.get("kid") != state.machine.key_id or not isinstance(claims, dict):
        raise _RefusedError("invalid_grant", "Invalid ID Token header.")
    return claims


def _check(claims: Mapping[str, object], now: float) -> None:
    """Who issued it, for whom, and when."""
    if claims.get("iss") != ISSUER:
        raise _RefusedError("invalid_grant", f"The issuer in ID Token {claims.get('iss')} does not match the expected ones.")
    if claims.get("aud") not in {AUDIENCE, f"https:{AUDIENCE}"}:
        raise _RefusedError("invalid_grant", f"The audience in ID Token [{claims.get('aud')}] does not match the expected audience.")
    issued, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(ends, int) or not claims.get("sub"):
        raise _RefusedError("invalid_grant", "The ID Token lacks iat, exp or sub.")
    if issued > now + 1 or issued < now - _OLDEST or ends <= now:
        raise _RefusedError("invalid_grant", f"ID Token issued at {issued} is stale to sign-in.")


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
