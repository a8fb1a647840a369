"""Google's APIs as its own client library builds them, from the discovery documents it ships, pointed at the endpoints that settings name.

The document's ``rootUrl`` is replaced rather than the client's ``api_endpoint``, because the latter forgets ``servicePath`` and lets batches
go to Google all the same (K§3). No document is fetched; no default credentials are looked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, Protocol, cast

from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc

from connectors.errors import PermanentError
from connectors.google_workspace.operations import Operation, Surface

_DOCUMENTS: Final[Mapping[Surface, tuple[str, str]]] = {
    Surface.VAULT: ("vault", "v1"),
    Surface.DIRECTORY: ("admin", "directory_v1"),
    Surface.REPORTS: ("admin", "reports_v1"),
    Surface.LICENSING: ("licensing", "v1"),
    Surface.GROUP_SETTINGS: ("groupssettings", "v1"),
    Surface.LABELS: ("drivelabels", "v2"),
    Surface.POLICIES: ("cloudidentity", "v1"),
    Surface.ALERTS: ("alertcenter", "v1beta1"),
    Surface.CHAT: ("chat", "v1"),
}


class Transport(Protocol):
    """What the client library needs of an http object: one exchange, without retries."""

    def request(self, uri: str, method: str = "GET", body: object = None, headers: Mapping[str, str] | None = None) -> object:
        """The vendor's answer as ``(response, content)``."""


class Request(Protocol):
    """A request that the client library built and checked against the discovery document."""

    def execute(self, http: Transport, num_retries: int = 0) -> object:
        """Send it through ``http`` and parse the answer."""


class _Unbound:
    """Stands where the library wants an http object while it only builds requests; it sends nothing."""

    credentials = None

    def request(self, uri: str, method: str = "GET", body: object = None, headers: Mapping[str, str] | None = None) -> object:
        raise AssertionError(f"a request was executed without a transport: {method} {uri} {bool(body or headers)}")


class Services:
    """Builds requests for one tenant's endpoints. Under drill an endpoint that is not given is off."""

    def __init__(self, endpoints: Mapping[str, str], *, drill: bool) -> None:
        self._endpoints = endpoints
        self._drill = drill

    def url(self, surface: Surface) -> str | None:
        """The root under which ``surface`` is asked, or None where it is off."""
        given = self._endpoints.get(surface.value)
        if given is not None:
            return given.rstrip("/") + "/"
        return None if self._drill else _own_root(surface)

    def request(self, operation: Operation, **parameters: object) -> Request:
        """A request for ``operation``. Raises ``PermanentError`` ``endpoint.not_given``, or TypeError for parameters the API does not have."""
        surface = operation.surface
        url = self.url(surface)
        if url is None:
            raise PermanentError(
                "endpoint.not_given", f"the endpoint {surface.value} is not given and this is a drill", f"Set endpoints.{surface.value}."
            )
        return cast("Request", _method(surface, operation.method, url)(**parameters))


# The library reads a document, and writes every method of a resource anew each time it is asked for one. Together that costs more than the request
# does, so what it made is kept; it knows an address and nothing of anybody's credential.
@lru_cache(maxsize=256)
def _method(surface: Surface, name: str, url: str) -> Callable[..., object]:
    resource = _service(surface, url)
    *path, method = name.split(".")
    for part in path:
        resource = getattr(resource, part)()
    return cast("Callable[..., object]", getattr(resource, method))


@lru_cache(maxsize=32)
def _service(surface: Surface, url: str) -> object:
    document = {name: value for name, value in _document(surface).items() if name != "mtlsRootUrl"}
    # The universe is pinned too: the library would otherwise take it, and with it every host, from the environment.
    return build_from_document({**document, "rootUrl": url}, http=_Unbound(), client_options={"universe_domain": "googleapis.com"})


@lru_cache(maxsize=len(Surface))
def _own_root(surface: Surface) -> str:
    return str(_document(surface)["rootUrl"])


def _document(surface: Surface) -> dict[str, object]:
    name, version = _DOCUMENTS[surface]
    return cast("dict[str, object]", json.loads(get_static_doc(name, version)))  # type: ignore[no-untyped-call]  # ships no types
