"""Microsoft Graph as blocking calls: counted, retried where that is safe, paged by our own loop, v1.0 first and beta where v1.0 does not serve."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError
from connectors.microsoft365 import wire
from connectors.microsoft365.auth import Bearer
from connectors.microsoft365.channel import Ask, Channel
from connectors.microsoft365.clouds import Endpoint, inside
from connectors.microsoft365.errors import Answer, graph_error, graph_text, no_segment, parsed
from policies.district import Tenant

MOST_PAGES = 5000
"""Pages of one list that are read: five million accounts. A service that goes on handing out fresh links beyond that is not believed."""

V1, BETA = "v1.0", "beta"

_TAKEN_OUT = re.compile(r"/security/cases/ediscoveryCases/[^/]+/legalHolds/[^/]+/(?:userSources|siteSources)/[^/]+")
"""All that can be deleted over Graph from here, by whomever: one source of one hold."""


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
    """The rows of a list. ``partial`` says why some are missing, None when the last page was seen; ``delta`` leads to what changes after it."""

    rows: tuple[wire.JsonObject, ...]
    partial: str | None = None
    delta: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A successful answer: its object (empty for an empty body) and the raw answer."""

    value: wire.JsonObject
    answer: Answer


def segment(value: str) -> str:
    """``value`` as one path segment."""
    return quote(value, safe="")


class GraphClient:
    """Graph for one tenant. Opens nothing until first used; every wait and every count happens in the caller's thread.

    ``versions`` is where the API version that served each family of paths is written down; clients that share it need not find it again.
    """

    def __init__(self, tenant: Tenant, context: Context, tokens: Bearer, versions: dict[str, str] | None = None) -> None:
        self._channel = Channel(tenant, context, tokens, Endpoint.GRAPH, graph_error)
        self._versions = {} if versions is None else versions

    @property
    def base(self) -> str:
        """Graph's address for this tenant. Raises PermanentError (``endpoint.not_given``)."""
        return self._channel.base

    def version(self, family: str) -> str | None:
        """The API version that serves ``family`` here; None before any of its paths has answered."""
        return self._versions.get(family)

    def call(self, call: Call) -> Reply:
        """The answer to ``call``. Raises ConnectorError; for a write whose fate was not seen, ``UnknownOutcomeError``."""
        return self._settle(call, self._start(call))

    def call_all(self, calls: Sequence[Call]) -> list[Reply | ConnectorError]:
        """The answers in order, some at the same time; what failed stands as its error. Raises only ``TenantUnreachableError`` and ``Stopped``."""
        results: list[Reply | ConnectorError] = []
        for start in range(0, len(calls), 16):
            batch = calls[start : start + 16]
            futures = [self._try_start(call) for call in batch]
            for call, future in zip(batch, futures, strict=True):
                if isinstance(future, ConnectorError):
                    results.append(future)
                    continue
                try:
                    results.append(self._settle(call, future))
                except TenantUnreachableError:
                    raise
                except ConnectorError as error:
                    results.append(error)
        return results

    def rows(self, call: Call, *, link: str | None = None) -> Listing:
        """All rows of a list, following links that stay within the endpoint; an empty page with a link is followed too (K§2).

        ``link``, which the caller has found to lie within the endpoint, is where to begin. Raises ConnectorError when not even the first page could
        be read.
        """
        first = self.call(call) if link is None else self._settle(call, self._channel.start(self._ask(call, link)), url=link)
        return self._pages(call, first)

    def rows_all(self, calls: Sequence[Call]) -> list[Listing | ConnectorError]:
        """Several lists, first pages at the same time, in order."""
        return [
            reply if isinstance(reply, ConnectorError) else self._try_pages(call, reply)
            for call, reply in zip(calls, self.call_all(calls), strict=True)
        ]

    def close(self) -> None:
        """Close connections; the next call opens them again."""
        self._channel.close()

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
                return Listing(rows=tuple(found), delta=wire.filled(reply.value, "@odata.deltaLink"))
            if not inside(link, self.base):
                return Listing(rows=tuple(found), partial="wire.foreign_link: a further page lies outside the endpoint and was not followed")
            if len(seen) >= MOST_PAGES - 1:
                return Listing(rows=tuple(found), partial=f"wire.too_many_pages: the list goes on after {MOST_PAGES} pages and was left there")
            if link in seen:
                return Listing(rows=tuple(found), partial="wire.unexpected: the list's pages go round in a circle")
            seen.add(link)
            try:
                reply = self._settle(call, self._channel.start(self._ask(call, link)), url=link)
            except (TenantUnreachableError, Stopped):
                raise
            except ConnectorError as error:
                return Listing(rows=tuple(found), partial=f"{error.code}: {error.message}")

    def _ask(self, call: Call, url: str | None = None) -> Ask:
        if call.method == "DELETE" and not _TAKEN_OUT.fullmatch(call.path):
            raise ValueError(f"{call.path} is never deleted")
        return Ask(
            what=f"{call.method} {call.path}",
            method=call.method,
            url=url or self._url(call),
            body=None if call.body is None else json.dumps(call.body).encode(),
            headers=call.headers,
            slow=call.slow,
            once=call.once,
            writing=call.writing,
        )

    def _try_start(self, call: Call) -> Future[Answer] | ConnectorError:
        """The request under way, or why it was not sent: a person's sign-in may be over."""
        try:
            return self._start(call)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            return error

    def _url(self, call: Call) -> str:
        version = call.version or self._versions.get(call.family or "", V1)
        query = f"?{urlencode(call.query, quote_via=quote, safe='$,()/:')}" if call.query else ""
        return f"{self.base}/{version}{call.path}{query}"

    def _start(self, call: Call) -> Future[Answer]:
        return self._channel.start(self._ask(call))

    def _settle(self, call: Call, future: Future[Answer], *, url: str | None = None) -> Reply:
        """The reply to a request already under way; where v1.0 lacks its path, beta's."""

        def read(answer: Answer) -> Reply:
            if call.family and call.version is None:
                self._versions.setdefault(call.family, V1)
            return Reply(value=parsed(answer, writing=call.writing), answer=answer)

        def instead(answer: Answer) -> Ask | None:
            family = call.family
            if family and url is None and call.version is None and self._versions.get(family, V1) == V1 and _old_version(call, answer):
                self._versions[family] = BETA
                return self._ask(call)
            return None

        return self._channel.settle(self._ask(call, url), future, read, instead=instead)


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
