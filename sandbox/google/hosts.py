"""Google's own host names, for clients that nobody can point elsewhere: which surface a request to one of them is meant for."""

from __future__ import annotations

import os.path
from functools import cache
from urllib.parse import parse_qs, urlsplit

from sandbox.google.discovery import SURFACES, document

TOKEN_HOST = "oauth2.googleapis.com"  # noqa: S105 - a host name
_SHARED = "www.googleapis.com"


@cache
def names() -> tuple[str, ...]:
    """Every host name that is answered."""
    return tuple(sorted({TOKEN_HOST, _SHARED}.union(*(_hosts(surface) for surface in SURFACES))))


def path_at(host: str, path: str, query: str) -> str | None:
    """The sandbox's path for a request to ``host``, or ``None`` when that is none of these names or has nothing there."""
    if host not in names():
        return None
    if host == TOKEN_HOST and path == "/token":
        return path
    if path.startswith("/discovery/"):
        return path
    for surface in (name for name in SURFACES if host in _hosts(name)):
        if path == "/$discovery/rest":
            if parse_qs(query).get("version", [""])[0] == document(surface).version:
                return f"/{surface}{path}"
        elif path.startswith(_common(surface)):
            return f"/{surface}{path}"
    return None


@cache
def _hosts(surface: str) -> frozenset[str]:
    """The host of the API's root, and the one of its own name, where its discovery document is fetched even if the root is shared."""
    return frozenset({urlsplit(document(surface).root).netloc, f"{document(surface).api}.googleapis.com"})


@cache
def _common(surface: str) -> str:
    """What all paths of the API begin with; tells APIs apart that share a host."""
    return os.path.commonprefix([method.path.partition("{")[0] for method in document(surface).methods.values()])  # noqa: RUF071 - "/admin/reports" and "/admin/reports_v1" alike
