"""JSON Web Tokens: what the tenant's sign-in issues, and the client assertions that it checks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

Claims = dict[str, object]


class BadTokenError(ValueError):
    """A text that is no JWT, or whose signature does not fit."""


def thumbprint(certificate: bytes, algorithm: str) -> str:
    """The thumbprint of a DER certificate as base64url without padding: SHA-256 for PS256, SHA-1 for the older RS256 header."""
    digest = hashlib.sha256(certificate) if algorithm == "PS256" else hashlib.sha1(certificate)  # noqa: S324 - what x5t is defined as
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def big(number: int) -> str:
    """A big number of a key as base64url without padding."""
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def sign(key: RSAPrivateKey, claims: Mapping[str, object], kid: str) -> str:
    """A compact JWT signed with RS256."""
    header = {"typ": "JWT", "alg": "RS256", "kid": kid, "x5t": kid}
    signed = f"{_encode(header)}.{_encode(claims)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def read(token: str) -> tuple[Claims, Claims]:
    """Header and claims of a JWT, unchecked; raises ``BadTokenError``."""
    parts = token.split(".")
    if len(parts) != 3:
        raise BadTokenError("a token has three parts")
    return _decode(parts[0]), _decode(parts[1])


def check(token: str, key: RSAPublicKey) -> tuple[Claims, Claims]:
    """Header and claims of a JWT whose RS256 or PS256 signature fits ``key``; raises ``BadTokenError``."""
    header, claims = read(token)
    signed, _, signature = token.rpartition(".")
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
    scheme = {"RS256": padding.PKCS1v15(), "PS256": pss}.get(str(header.get("alg")))
    if scheme is None:
        raise BadTokenError(f"algorithm {header.get('alg')!r} is not accepted")
    try:
        key.verify(_bytes(signature), signed.encode(), scheme, hashes.SHA256())
    except InvalidSignature:
        raise BadTokenError("the signature does not fit") from None
    return header, claims


def _encode(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    # MSAL pads x5t#S256 with "=", other libraries do not: both are in the field (K§1).
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        raise BadTokenError("not base64url") from None


def _decode(text: str) -> Claims:
    try:
        value = json.loads(_bytes(text))
    except ValueError:
        raise BadTokenError("not JSON") from None
    if not isinstance(value, dict):
        raise BadTokenError("not a JSON object")
    return value
