"""Microsoft Graph as blocking calls: counted, retried where that is safe, paged by our own loop, v1.0 first and beta where v1.0 does not serve."""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import httpx

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError, TransientError
from connectors.microsoft365 import wire
from connectors.microsoft365.auth import Tokens
from connectors.microsoft365.clouds import Endpoint, address_of, inside
from connectors.microsoft365.errors import Answer, graph_error, graph_text, lost, no_segment, parsed
from connectors.unreached import reason, untrusted
from policies.district import Tenant

if TYPE_CHECKING:
    from connectors.microsoft365.sdk import Pipe, Request

_TRIES = 4
_LONGEST_WAIT = 300.0
"""Seconds of a Retry-After that are still waited for inside one call."""

_REPEATABLE = frozenset({"wire.throttled", "graph.unavailable", "network.lost", "wire.truncated", "wire.not_json"})
V1, BETA = "v1.0", "beta"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing to ask of Graph. ``family`` names paths that v1.0 may not serve; ``slow`` ones get a minute at least (M§3.5)."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, object] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    family: str | None = None
    version: str | None = None
    slow: bool = False
    once: bool = False
    """Never sent again by itself, whatever the answer: a create, of which a second one would be a second object."""

    @property
    def writing(self) -> bool:
        """Whether it may change the tenant; audit queries are POSTs that read."""
        return self.method != "GET" and self.family != "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The rows of a list. ``partial`` says why some are missing, None when the last page was seen."""

    rows: tuple[wire.JsonObject, ...]
    partial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A successful answer: its object (empty for an empty body) and the raw answer."""

    value: wire.JsonObject
    answer: Answer


def segment(value: str) -> str:
    """``value`` as one path segment."""
    return quote(value, safe="")


class GraphClient:
    """Graph for one tenant. Opens nothing until first used; every wait and every count happens in the caller's thread."""

    def __init__(self, tenant: Tenant, context: Context, tokens: Tokens) -> None:
        self._tenant = tenant
        self._context = context
        self._tokens = tokens
        self._pipe: Pipe | None = None
        self._versions: dict[str, str] = {}

    @property
    def base(self) -> str:
        """Graph's address for this tenant. Raises PermanentError (``endpoint.not_given``)."""
        return address_of(self._tenant, Endpoint.GRAPH, self._context)

    def call(self, call: Call) -> Reply:
        """The answer to ``call``. Raises ConnectorError; for a write whose fate was not seen, ``UnknownOutcomeError``."""
        return self._settle(call, self._start(call))

    def call_all(self, calls: Sequence[Call]) -> list[Reply | ConnectorError]:
        """The answers in order, some at the same time; what failed stands as its error. Raises only ``TenantUnreachableError`` and ``Stopped``."""
        results: list[Reply | ConnectorError] = []
        for start in range(0, len(calls), 16):
            batch = calls[start : start + 16]
            futures = [self._start(call) for call in batch]
            for call, future in zip(batch, futures, strict=True):
                try:
                    results.append(self._settle(call, future))
                except TenantUnreachableError:
                    raise
                except ConnectorError as error:
                    results.append(error)
        return results

    def rows(self, call: Call) -> Listing:
        """All rows of a list, following links that stay within the endpoint; an empty page with a link is followed too (K§2).

        Raises ConnectorError when not even the first page could be read.
        """
        return self._pages(call, self.call(call))

    def rows_all(self, calls: Sequence[Call]) -> list[Listing | ConnectorError]:
        """Several lists, first pages at the same time, in order."""
        return [
            reply if isinstance(reply, ConnectorError) else self._try_pages(call, reply)
            for call, reply in zip(calls, self.call_all(calls), strict=True)
        ]

    def close(self) -> None:
        """Close connections; the next call opens them again."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _try_pages(self, call: Call, reply: Reply) -> Listing | ConnectorError:
        try:
            return self._pages(call, reply)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            return error

    def _pages(self, call: Call, reply: Reply) -> Listing:
        found: list[wire.JsonObject] = []
        seen: set[str] = set()
        while True:
            if not isinstance(reply.value.get("value"), list):
                raise PermanentError("wire.unexpected", f"{call.path}: the list has no 'value'.", "Report this answer.", status=reply.answer.status)
            found += wire.rows(reply.value, "value")
            link = wire.filled(reply.value, "@odata.nextLink")
            if link is None:
                return Listing(rows=tuple(found))
            if not inside(link, self.base):
                return Listing(rows=tuple(found), partial="wire.foreign_link: a further page lies outside the endpoint and was not followed")
            if link in seen:
                return Listing(rows=tuple(found), partial="wire.unexpected: the list's pages go round in a circle")
            seen.add(link)
            try:
                reply = self._settle(call, self._submit(call, link), url=link)
            except (TenantUnreachableError, Stopped):
                raise
            except ConnectorError as error:
                return Listing(rows=tuple(found), partial=f"{error.code}: {error.message}")

    def _start(self, call: Call) -> Future[Answer]:
        return self._submit(call, self._url(call))

    def _url(self, call: Call) -> str:
        version = call.version or self._versions.get(call.family or "", V1)
        query = f"?{urlencode(call.query, quote_via=quote, safe='$,()/:')}" if call.query else ""
        return f"{self.base}/{version}{call.path}{query}"

    def _submit(self, call: Call, url: str, *, claims: str | None = None, fresh: bool = False) -> Future[Answer]:
        from connectors.microsoft365.sdk import Pipe, Request  # deferred: importing the SDK costs a tenth of a second

        if self._context.stop.is_set():
            raise Stopped
        token = self._tokens.token(Endpoint.GRAPH, claims_challenge=claims, fresh=fresh)
        if self._pipe is None:
            self._pipe = Pipe(self._tenant, self.base)
        body = None if call.body is None else json.dumps(call.body).encode()
        headers = [("Accept", "application/json"), ("client-request-id", str(uuid.uuid4())), *call.headers]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        timeout = max(self._context.timeout, 60.0) if call.slow else self._context.timeout
        request: Request = Request(method=call.method, url=url, token=token, headers=tuple(headers), body=body, timeout=timeout)
        self._context.meter.spend(Endpoint.GRAPH.value, call.method)
        return self._pipe.submit(request)

    def _settle(self, call: Call, future: Future[Answer], *, url: str | None = None) -> Reply:
        """The reply to a request already under way, trying again where nothing can have been done twice."""
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._outcome(call, future)
                renewed = self._renewed(call, answer, url, attempt)
                if renewed is not None:
                    future = renewed
                    continue
                if answer.ok:
                    return Reply(value=parsed(answer, writing=call.writing), answer=answer)
                raise graph_error(answer, f"{call.method} {call.path}", self._tokens.scrub, writing=call.writing)
            except _Challenged as challenge:
                future = self._submit(call, url or self._url(call), claims=challenge.claims)
            except ConnectorError as error:
                if attempt == _TRIES or not self._again(call, error):
                    raise
                self._wait(error, attempt)
                future = self._submit(call, url or self._url(call))
        raise PermanentError("graph.token_refused", f"{call.method} {call.path}: every new token was refused.", "Check the application's consent.")

    def _renewed(self, call: Call, answer: Answer, url: str | None, attempt: int) -> Future[Answer] | None:
        """A second request where the first was refused without effect: by an old token (once) or by a version that lacks the path."""
        if answer.status == 401 and attempt == 1 and graph_text(answer)[0] == "InvalidAuthenticationToken":
            return self._submit(call, url or self._url(call), fresh=True)
        family = call.family
        if family and url is None and call.version is None and self._versions.get(family, V1) == V1 and _old_version(call, answer):
            self._versions[family] = BETA
            return self._start(call)
        return None

    def _again(self, call: Call, error: ConnectorError) -> bool:
        if call.once or (isinstance(error, TransientError) and (error.retry_after or 0.0) > _LONGEST_WAIT):
            return False
        if error.code == "wire.throttled":
            return True  # a 429 says that nothing was done, so a write may be sent again too
        return not call.writing and (error.code in _REPEATABLE or error.code == "graph.gateway_refused")

    def _wait(self, error: ConnectorError, attempt: int) -> None:
        after = error.retry_after if isinstance(error, TransientError) else None
        self._context.clock.sleep(after if after is not None else float(2**attempt))
        if self._context.stop.is_set():
            raise Stopped

    def _outcome(self, call: Call, future: Future[Answer]) -> Answer:
        from connectors.microsoft365.sdk import ClaimsChallengeError

        what = f"{call.method} {call.path}"
        try:
            return future.result()
        except ClaimsChallengeError as challenge:
            raise _Challenged(challenge.claims) from challenge
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise unreachable(error, f"{self._tenant.id} at {self.base}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise lost("network.lost", f"{what}: no answer in time.", writing=call.writing) from error
        except httpx.TransportError as error:
            raise lost("network.lost", self._tokens.scrub(f"{what}: the connection broke: {error}"), writing=call.writing) from error


class _Challenged(Exception):  # noqa: N818  # an answer to act on, no error
    def __init__(self, claims: str) -> None:
        super().__init__("claims challenge")
        self.claims = claims


def unreachable(error: Exception, where: str) -> TenantUnreachableError:
    """The error for a connection that never came to be: nothing was sent."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return untrusted(where)
        cause = cause.__cause__ or cause.__context__
    step = "Check the network, the proxy and the endpoint."
    return TenantUnreachableError("network.unreachable", f"{where} cannot be reached: {reason(error)}.", step)


def _old_version(call: Call, answer: Answer) -> bool:
    if no_segment(answer):
        return True
    # M§6: one tenant answered 404 UnknownError with an empty message to audit queries on v1.0.
    return call.family == "audit" and answer.status == 404 and graph_text(answer)[0] in ("UnknownError", "")


def select(*names: str) -> tuple[str, str]:
    """A ``$select`` of ``names``."""
    return ("$select", ",".join(names))


def calls(method: str, paths: Iterable[str], *, family: str | None = None, slow: bool = False) -> list[Call]:
    """One call per path."""
    return [Call(method=method, path=path, family=family, slow=slow) for path in paths]
