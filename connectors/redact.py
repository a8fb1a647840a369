"""Taking credentials out of text that came from a vendor, before anyone shows, logs or stores it (contract, *Vendors' error text*)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

REMOVED: Final = "[removed]"

_SHORTEST_SECRET: Final = 4
"""A shorter value would blank ordinary words; no vendor hands out a credential that short."""

_SHAPES: Final = (
    # A PEM block, also one whose end was cut off, and one whose line ends were escaped by JSON.
    re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL),
    # Three dotted base64url parts that begin like a JSON object: a JWT, signed or not.
    re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?=*"),
    # Google's opaque access tokens.
    re.compile(r"\bya29\.[A-Za-z0-9._-]+"),
    # Microsoft's refresh tokens and authorisation codes ("0.AXEA...", "1.AXEA...") and device codes ("CAQABAAEAAAD..."), opaque and long.
    re.compile(r"\b[01]\.A[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_.~!*-]*)?"),
    re.compile(r"\b[A-F]AQABAAEAAA[A-Za-z0-9_-]{8,}"),
    # Google's refresh tokens.
    re.compile(r"\b1//[A-Za-z0-9_-]{20,}"),
)

_NAMED: Final = re.compile(
    r"(?P<name>\b(?:client_secret|client_assertion|assertion|access_token|refresh_token|id_token|device_code|code_verifier|client_info"
    r"|private_key|passphrase|password)"
    r"[\"']?\s*[=:]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s\"'&,;}]+)",
    re.IGNORECASE,
)
_CACHED: Final = re.compile(r"(?P<name>\"secret\"\s*:\s*)\"[^\"]*\"")
"""How the sign-in library's own cache writes each token down."""
_BEARER: Final = re.compile(r"(?P<name>\bBearer\s+)(?!\[removed\])[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` with each of ``secrets`` and everything shaped like a token, a key or a named secret replaced by ``[removed]``."""
    for secret in sorted({item for item in secrets if len(item) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, REMOVED)
    for shape in _SHAPES:
        text = shape.sub(REMOVED, text)
    text = _NAMED.sub(lambda found: f"{found['name']}{REMOVED}", text)
    text = _CACHED.sub(lambda found: f"{found['name']}{REMOVED}", text)
    return _BEARER.sub(lambda found: f"{found['name']}{REMOVED}", text)
