"""JWTs that service accounts sign: who signed, whether it holds, and signing one for whom may ask (G§6.3)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from sandbox.google.state import GoogleState, ServiceAccount

_LEEWAY = 300


class NotAssertedError(Exception):
    """The JWT proves nothing; the text is Google's."""


def verified(state: GoogleState, assertion: str) -> tuple[ServiceAccount, Mapping[str, object]]:
    """The service account that signed, and its claims; raises ``NotAssertedError``."""
    parts = assertion.split(".")
    if len(parts) != 3:
        raise NotAssertedError("Invalid JWT: the assertion must have three parts.")
    header, claims = _decoded(parts[0]), _decoded(parts[1])
    account = state.service(str(claims.get("iss")))
    if account is None:
        raise NotAssertedError("Invalid grant: account not found")
    if header.get("alg") != "RS256" or header.get("kid", account.key_id) != account.key_id:
        raise NotAssertedError("Invalid JWT Signature.")
    key = account.private_key.public_key()
    try:
        key.verify(_bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise NotAssertedError("Invalid JWT Signature.") from error
    return account, claims


def check_times(wall: datetime, claims: Mapping[str, object]) -> None:
    """Times of assertions are the system's (``wall``): the library that signs them knows no other clock. Raises ``NotAssertedError``."""
    now = wall.timestamp()
    begins, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        raise NotAssertedError("Invalid JWT: iat and exp are required.")
    if ends - begins > 3_600 or begins > now + _LEEWAY or ends < now - _LEEWAY:
        message = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        raise NotAssertedError(f"{message} Check your iat and exp values in the JWT claim.")


def signed(account: ServiceAccount, payload: str) -> str:
    """A JWT of that payload (JSON text, taken as it is) under the account's key."""
    header = json.dumps({"alg": "RS256", "kid": account.key_id, "typ": "JWT"}, separators=(",", ":"))
    content = f"{_text(header.encode())}.{_text(payload.encode())}"
    return f"{content}.{_text(account.private_key.sign(content.encode('ascii'), padding.PKCS1v15(), hashes.SHA256()))}"


def _decoded(part: str) -> Mapping[str, object]:
    try:
        value = json.loads(_bytes(part))
    except ValueError as error:
        raise NotAssertedError("Invalid JWT: not base64url JSON.") from error
    if not isinstance(value, dict):
        raise NotAssertedError("Invalid JWT: not a JSON object.")
    return value


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise NotAssertedError("Invalid JWT: not base64url.") from error


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode("ascii").rstrip("=")
