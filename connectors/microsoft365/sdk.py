"""The one place that touches ``msgraph-sdk``: its request adapter over our own HTTP client, in a private asyncio loop behind a blocking call.

Everything the SDK would do by itself is off: HTTP/2 (K§2: GOAWAY kills it), retries (all methods, POST too), redirects, reading the environment.
Answers are taken raw, because typed models cost 3 ms each and drop unknown values in silence (K§2).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import weakref
from concurrent.futures import Future
from dataclasses import dataclass

import httpx
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator, BaseBearerTokenAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import (
    ParametersNameDecodingHandlerOption,
    RedirectHandlerOption,
    ResponseHandlerOption,
    RetryHandlerOption,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]  # ships no types

from connectors.errors import PermanentError
from connectors.microsoft365.clouds import inside
from connectors.microsoft365.errors import Answer
from policies.district import Tenant

_CONCURRENT = 4
"""Requests in flight at once; more on one httpx client makes it slower (K§2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to Graph: an absolute address, already judged to lie within the endpoint, and the token to send with it."""

    method: str
    url: str
    token: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    timeout: float = 30.0


class ClaimsChallengeError(Exception):
    """The vendor wants a new token that answers ``claims``; asked for outside the loop, where requests are counted."""

    def __init__(self, claims: str) -> None:
        super().__init__("claims challenge")
        self.claims = claims


def tls_context(tenant: Tenant) -> ssl.SSLContext | bool:
    """What httpx verifies servers with: the tenant's ``ca_bundle`` in place of the system's roots. Raises PermanentError for a bad file."""
    if tenant.ca_bundle is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(tenant.ca_bundle))
    except (OSError, ssl.SSLError) as error:
        raise PermanentError(
            "tls.bundle_unreadable", f"ca_bundle {tenant.ca_bundle.name} cannot be used.", "Name a PEM file of certificate authorities."
        ) from error


class Pipe:
    """Sends requests through the SDK's adapter. ``submit`` may be called from any thread; ``close`` ends the loop and its connections."""

    def __init__(self, tenant: Tenant, base: str) -> None:
        self._base = base
        self._loop = asyncio.new_event_loop()
        # Kept by name: the SDK wraps the transport in one of its own that never closes it.
        transport = httpx.AsyncHTTPTransport(verify=tls_context(tenant), http2=False, trust_env=False, proxy=tenant.proxy)
        self._client = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)
        GraphClientFactory.create_with_default_middleware(
            client=self._client,
            options={
                RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False),
                RedirectHandlerOption.get_key(): RedirectHandlerOption(max_redirect=0, should_redirect=False),
                # A nextLink is sent as it stands.
                ParametersNameDecodingHandlerOption.get_key(): ParametersNameDecodingHandlerOption(enable=False),
            },
        )
        self._gate = asyncio.Semaphore(_CONCURRENT)
        thread = threading.Thread(target=_serve, args=(self._loop, transport), name=f"graph-{tenant.id}", daemon=True)
        thread.start()
        # Loop and sockets must be closed even if nobody calls close(): an abandoned loop is a resource leak.
        self._finalizer = weakref.finalize(self, _shut, self._loop, thread)

    def submit(self, request: Request) -> Future[Answer]:
        """A future with the answer, whatever its status. It raises httpx's transport errors and ``ClaimsChallengeError``."""
        return asyncio.run_coroutine_threadsafe(_send(self._client, self._gate, self._base, request), self._loop)

    def close(self) -> None:
        """End the loop and close its connections; harmless when done before."""
        self._finalizer()


async def _send(client: httpx.AsyncClient, gate: asyncio.Semaphore, base: str, request: Request) -> Answer:
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(_HandedToken(request.token, base)), client=client)
    adapter.base_url = f"{base}/v1.0"
    info = RequestInformation()
    info.http_method = Method[request.method]
    info.url = request.url
    info.content = request.body
    for name, value in request.headers:
        info.headers.try_add(name, value)
    info.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
    async with gate, asyncio.timeout(request.timeout):
        response = await adapter.send_primitive_async(info, "bytes", None)
    if not isinstance(response, httpx.Response):
        raise TypeError("the SDK's adapter handed back something else than the native answer")
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=response.content,
    )


class _HandedToken(AccessTokenProvider):  # type: ignore[misc]  # the SDK is skipped by mypy, so its base classes are untyped
    """Gives the SDK the token that the caller already holds, for addresses within the endpoint only; silence would be a 401 (K§2), so it raises."""

    def __init__(self, token: str, base: str) -> None:
        self._token = token
        self._base = base

    async def get_authorization_token(self, uri: str, additional_authentication_context: dict[str, object] | None = None) -> str:
        """The token for ``uri``. Raises for a foreign address and for a claims challenge."""
        if not inside(uri, self._base):
            raise PermanentError("wire.foreign_link", f"A token was asked for an address outside {self._base}.", "Check endpoints.graph.")
        claims = (additional_authentication_context or {}).get("claims")
        if isinstance(claims, str) and claims:
            raise ClaimsChallengeError(claims)
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        """The SDK's own check, by host name; ours above is stricter."""
        return AllowedHostsValidator([httpx.URL(self._base).host])


def _serve(loop: asyncio.AbstractEventLoop, transport: httpx.AsyncHTTPTransport) -> None:
    """The loop's own thread: whoever ends the loop leaves closing to it, since nobody can wait for a loop from inside it."""
    loop.run_forever()
    loop.run_until_complete(transport.aclose())
    loop.close()


def _shut(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    with contextlib.suppress(RuntimeError):  # it has ended already
        loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():  # the garbage collector may come by in the loop's own thread
        thread.join(timeout=5)
