"""Microsoft's own host names, for clients that nobody can point elsewhere: which surface a request to one of them is meant for."""

from __future__ import annotations

from starlette.requests import Request

from sandbox.microsoft.state import ACTIVITY, COMPLIANCE, EXCHANGE, GRAPH

_PREFIXES = {
    "login.microsoftonline.com": "",
    "graph.microsoft.com": f"/{GRAPH}",
    "outlook.office365.com": f"/{EXCHANGE}",
    "ps.compliance.protection.outlook.com": f"/{COMPLIANCE}",
    "manage.office.com": f"/{ACTIVITY}",
}


def names() -> tuple[str, ...]:
    """Every host name that is answered."""
    return tuple(sorted(_PREFIXES))


def path_at(host: str, path: str, _query: str) -> str | None:
    """The sandbox's path for a request to ``host``, or ``None`` when that is none of these names."""
    return f"{_PREFIXES[host]}{path}" if host in _PREFIXES else None


def outer(request: Request) -> str:
    """What the surface's addresses begin with for this client: one of Microsoft's hosts, or the sandbox's own with the surface's prefix."""
    base = f"{request.url.scheme}://{request.url.netloc}"
    return base if request.url.hostname in _PREFIXES else f"{base}{request.scope.get('root_path', '')}"
