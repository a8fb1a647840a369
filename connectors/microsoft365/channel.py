"""One endpoint as blocking calls over the SDK's pipe: counted, and tried again where nothing can have been done twice."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import httpx

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError, TransientError
from connectors.microsoft365.auth import Bearer
from connectors.microsoft365.budgets import charged
from connectors.microsoft365.clouds import Endpoint, address_of
from connectors.microsoft365.errors import LONGEST_WAIT, Answer, Scrub, lost, old_token
from connectors.unreached import reason, untrusted
from policies.district import Tenant

if TYPE_CHECKING:
    from connectors.microsoft365.sdk import Pipe, Request

_TRIES = 4
_SLOW = 60.0

_REPEATABLE = frozenset({"graph.unavailable", "graph.gateway_refused", "activity.unavailable", "network.lost", "wire.truncated", "wire.not_json"})
"""What a request that changes nothing is sent again after."""

Read = TypeVar("Read")


class Judge(Protocol):
    """What an answer without success means on this surface."""

    def __call__(self, answer: Answer, what: str, scrub: Scrub, *, writing: bool) -> ConnectorError:
        """The error that ``answer`` stands for; ``what`` names the request for people."""


def _only_success(answer: Answer) -> bool:  # noqa: ARG001  # no refusal is fine
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to an absolute address within the endpoint; ``what`` names it for people. ``slow`` ones get a minute at least.

    ``once``: never sent again by itself, whatever the answer. ``writing``: it may change the tenant, so a lost answer leaves its fate open.
    """

    what: str
    method: str
    url: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    slow: bool = False
    once: bool = False
    writing: bool = False


def _nothing_else(answer: Answer) -> Ask | None:  # noqa: ARG001  # what was asked is what is wanted
    return None


Instead = Callable[[Answer], Ask | None]
Fine = Callable[[Answer], bool]


class Channel:
    """One endpoint of one tenant. Opens nothing until first used; every wait and every count happens in the caller's thread."""

    def __init__(self, tenant: Tenant, context: Context, tokens: Bearer, endpoint: Endpoint, judge: Judge) -> None:
        self._tenant = tenant
        self._context = context
        self.tokens = tokens
        self._endpoint = endpoint
        self._judge = judge
        self._pipe: Pipe | None = None

    @property
    def base(self) -> str:
        """The endpoint's address for this tenant. Raises PermanentError (``endpoint.not_given``, ``endpoint.none``)."""
        return address_of(self._tenant, self._endpoint, self._context)

    def start(self, ask: Ask, *, claims: str | None = None, fresh: bool = False) -> Future[Answer]:
        """The request, on its way. Raises ``Stopped`` and what the token's absence means."""
        from connectors.microsoft365.sdk import Pipe, Request  # deferred: importing the SDK costs a tenth of a second

        if self._context.stop.is_set():
            raise Stopped
        token = self.tokens.token(self._endpoint, claims_challenge=claims, fresh=fresh)
        if self._pipe is None:
            self._pipe = Pipe(self._tenant, self.base)
        headers = [("Accept", "application/json"), ("client-request-id", str(uuid.uuid4())), *ask.headers]
        if ask.body is not None:
            headers.append(("Content-Type", "application/json"))
        timeout = max(self._context.timeout, _SLOW) if ask.slow else self._context.timeout
        request: Request = Request(method=ask.method, url=ask.url, token=token, headers=tuple(headers), body=ask.body, timeout=timeout)
        self._context.meter.spend(self._endpoint.value, ask.method, charged(self._tenant, self._endpoint.value))
        return self._pipe.submit(request)

    def settle(
        self, ask: Ask, future: Future[Answer], read: Callable[[Answer], Read], *, instead: Instead = _nothing_else, fine: Fine = _only_success
    ) -> Read:
        """What ``read`` makes of a successful answer to a request already under way.

        ``instead`` may name another request where an answer shows that nothing was done and something else has to be asked; ``fine`` says which
        refusal is as good as success. Raises ConnectorError; for a write whose fate was not seen ``UnknownOutcomeError``.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._outcome(ask, future)
                if old_token(answer) and attempt == 1:
                    future = self.start(ask, fresh=True)
                    continue
                other = instead(answer)
                if other is not None:
                    ask, future = other, self.start(other)
                    continue
                if answer.ok or fine(answer):
                    return read(answer)
                refused = self._judge(answer, ask.what, self.tokens.scrub, writing=ask.writing)
                refused.next_step = self.tokens.named(refused.next_step)
                raise refused
            except _Challenged as challenge:
                future = self.start(ask, claims=challenge.claims)
            except ConnectorError as error:
                if attempt == _TRIES or not _again(ask, error):
                    raise
                self._wait(error, attempt)
                future = self.start(ask)
        raise PermanentError("graph.token_refused", f"{ask.what}: every new token was refused.", "Check the application's consent.")

    def close(self) -> None:
        """Close connections; the next request opens them again."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _wait(self, error: ConnectorError, attempt: int) -> None:
        after = error.retry_after if isinstance(error, TransientError) else None
        self._context.clock.sleep(after if after is not None else float(2**attempt))
        if self._context.stop.is_set():
            raise Stopped

    def _outcome(self, ask: Ask, future: Future[Answer]) -> Answer:
        from connectors.microsoft365.sdk import ClaimsChallengeError

        try:
            return future.result()
        except ClaimsChallengeError as challenge:
            raise _Challenged(challenge.claims) from challenge
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise unreachable(error, f"{self._tenant.id} at {self.base}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise lost("network.lost", f"{ask.what}: no answer in time.", writing=ask.writing) from error
        except httpx.TransportError as error:
            raise lost("network.lost", self.tokens.scrub(f"{ask.what}: the connection broke: {error}"), writing=ask.writing) from error


class _Challenged(Exception):  # noqa: N818  # an answer to act on, no error
    def __init__(self, claims: str) -> None:
        super().__init__("claims challenge")
        self.claims = claims


def _again(ask: Ask, error: ConnectorError) -> bool:
    if ask.once or (isinstance(error, TransientError) and (error.retry_after or 0.0) > LONGEST_WAIT):
        return False
    if error.code == "wire.throttled":
        return True  # a 429 says that nothing was done, so a write may be sent again too
    return not ask.writing and error.code in _REPEATABLE


def at(ask: Ask, url: str) -> Ask:
    """The same request to another address: a further page, followed as it stands."""
    return replace(ask, url=url)


def unreachable(error: Exception, where: str) -> TenantUnreachableError:
    """The error for a connection that never came to be: nothing was sent."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return untrusted(where)
        cause = cause.__cause__ or cause.__context__
    step = "Check the network, the proxy and the endpoint."
    return TenantUnreachableError("network.unreachable", f"{where} cannot be reached: {reason(error)}.", step)
