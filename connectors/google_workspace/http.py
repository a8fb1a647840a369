"""One tenant as a place to send requests to: counted, authorised, retried where that is safe, and refused in our words.

Reads are tried again with growing pauses; a write is sent exactly once on a fresh connection, and where its answer was not seen
``UnknownOutcomeError`` says so (design §1.4: no platform here has idempotency keys).
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import httplib2
from googleapiclient.errors import HttpError

from connectors.base import Charge, Context
from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.google_workspace.auth import Keyring
from connectors.google_workspace.budgets import QUOTAS
from connectors.google_workspace.errors import read_refusal, refusal
from connectors.google_workspace.link import Links, LostError, Reply
from connectors.google_workspace.operations import Operation, Surface, scope_of
from connectors.google_workspace.paging import every_page
from connectors.google_workspace.services import Services
from connectors.google_workspace.wire import Json, objects
from connectors.redact import redact
from policies.district import Tenant

T = TypeVar("T")
R = TypeVar("R")

WORKERS: Final = 8
"""Threads at once (design §7); Google's quotas are met long before more would help."""
_QUOTA_TRIES: Final = 7
"""1 + 2 + 4 + ... + 32 seconds: a per-minute quota has passed by then."""
_TRIES: Final = 4
_VITAL: Final = frozenset({Surface.VAULT, Surface.DIRECTORY})
"""What a hold rests on: only these, and the main subject's tokens, can make a tenant unreachable."""
_OF_THE_HOST: Final = ("network.", "tls.", "endpoint.")
"""Codes of a connection that did not come about."""
_LONGEST_PAUSE: Final = 32.0
"""Seconds; Google advises truncated exponential backoff up to 32-64 (G§1.8)."""
_LONGEST_WAIT: Final = 120.0
"""Seconds of a Retry-After that we are willing to wait out within one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer: its JSON object, that object's text without credentials, and the vendor's time from the Date header."""

    body: Json
    raw: str
    date: datetime | None


class Session:
    """Talks to one tenant under its reading or writing identity; safe to share between threads. Opens nothing until first used."""

    def __init__(self, tenant: Tenant, context: Context, *, writing: bool) -> None:
        self.tenant = tenant
        self.context = context
        self.organisation = context.organisation or (tenant.customer_id if tenant.customer_id != "my_customer" else None)
        self._writing = writing
        self._links = Links(timeout=context.timeout, proxy=tenant.proxy, ca_bundle=tenant.ca_bundle)
        self._closing = weakref.finalize(self, self._links.close)
        self._services = Services(tenant.endpoints, drill=context.drill)
        credential = tenant.credential_for(writing=writing)
        if credential is not None:
            credential = credential.model_copy(update={"client_id": tenant.client_id_for(writing=writing)})
        self.keyring = Keyring(credential, tenant.endpoints, self._send_for_token, drill=context.drill)

    def url(self, surface: Surface) -> str | None:
        """The root under which ``surface`` is asked, or None where it is off."""
        return self._services.url(surface)

    def subject(self, surface: Surface) -> str:
        """The account we act as on ``surface``."""
        return self.tenant.subjects.get(surface.value) or self.keyring.subject

    def authorise(self, scope: str, surface: Surface) -> None:
        """Get a token that could write there. Raises ``PermanentError`` where the grant is missing."""
        try:
            self._token(scope, surface)
        except ConnectorError as error:
            raise self._clean(error) from None

    def close(self) -> None:
        """Close idle connections; the session can be used again."""
        self._links.close()

    def call(self, operation: Operation, **parameters: object) -> Answer:
        """The answer to ``operation``. Raises ``ConnectorError`` in the kind that says what may have happened, and ``Stopped``."""
        what = operation.method
        tries = 0
        while True:
            tries += 1
            try:
                return self._once(operation, parameters)
            except TransientError as error:
                pause = self._pause(error, tries)
                if operation.writes or pause is None:
                    raise self._clean(error) from None
                if error.code == "google.quota":
                    self.rest(pause)
                else:
                    self.context.clock.sleep(pause)
            except LostError as lost:
                if operation.writes:
                    message = f"{what}: {lost}; it may have been done"
                    raise UnknownOutcomeError("google.unknown_outcome", self._text(message), "The next look at the tenant tells.") from lost
                if tries >= _TRIES:
                    code = "wire.truncated" if lost.truncated else "network.lost"
                    raise TransientError(code, self._text(f"{what}: {lost}"), "Try again later.") from lost
                # A connection that had merely gone stale costs no pause.
                self.context.clock.sleep(0.0 if lost.reused else float(2 ** (tries - 1)))
            except ConnectorError as error:
                raise self._clean(_of_surface(error, operation.surface)) from None

    def pages(self, operation: Operation, key: str, **parameters: object) -> tuple[Json, ...]:
        """Every object under ``key`` over all pages; an empty page with a token is no end (G§2.1). Raises as ``call`` does."""
        return self.pages_after(None, operation, key, **parameters)

    def pages_after(self, first: Json | None, operation: Operation, key: str, **parameters: object) -> tuple[Json, ...]:
        """As ``pages``; ``first`` is the first page where that was read already."""
        return tuple(one for page in self.paged(operation, first, **parameters) for one in objects(page, key, operation.method))

    def paged(self, operation: Operation, first: Json | None, **parameters: object) -> Iterator[Json]:
        """The pages themselves, as ``every_page`` gives them."""
        return every_page(
            lambda token: self.call(operation, **parameters, **({"pageToken": token} if token else {})).body, operation.method, first
        )

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """``work`` done for every item, several at a time, results in order. The first error is raised once all have ended."""
        if len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(max_workers=min(WORKERS, len(items)), thread_name_prefix="google") as pool:
            return list(pool.map(work, items))

    def _once(self, operation: Operation, parameters: Mapping[str, object]) -> Answer:
        request = self._services.request(operation, **parameters)
        carrier = _Carrier(self, operation)
        try:
            body = request.execute(http=carrier, num_retries=0)
        except HttpError as error:
            reply = carrier.reply
            refused = read_refusal(int(error.resp.status), reply.headers if reply else {}, error.content, self.context.clock.now())
            raise refusal(refused, operation.method, writes=operation.writes) from None
        except (ValueError, UnicodeDecodeError) as error:
            raise self._unreadable(operation, carrier.reply) from error
        if not isinstance(body, Mapping):
            raise self._unreadable(operation, carrier.reply)
        date = _date(carrier.reply)
        return Answer(body=body, raw=self._text(json.dumps(body, ensure_ascii=False, sort_keys=True)), date=date)

    def _unreadable(self, operation: Operation, reply: Reply | None) -> ConnectorError:
        """A 2xx whose body is no JSON object: cut short where it begins like one, else something else's answer (a portal, a proxy)."""
        start = reply.body.lstrip()[:1] if reply else b""
        code, form = ("wire.truncated", "JSON that breaks off") if start in {b"{", b"["} else ("wire.not_json", "something that is no JSON")
        message = f"{operation.method}: the answer is {form}"
        if operation.writes:
            return UnknownOutcomeError(code, f"{message}; it may have been done", "The next look at the tenant tells.")
        if code == "wire.truncated":
            return TransientError(code, message, "Try again later.")
        return PermanentError(code, message, f"Check the endpoint {operation.surface.value} and any proxy or portal before it.")

    def authorised(self, operation: Operation, method: str, uri: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """The vendor's answer to one request with a token on it; a refused token is renewed once, for a 401 has done nothing."""
        scope = scope_of(operation, writing=self._writing)
        token = self._token(scope, operation.surface)
        reply = self._send(operation, method, uri, {**headers, "authorization": f"Bearer {token}"}, body)
        if reply.status == 401:
            token = self._token(scope, operation.surface, instead_of=token)
            reply = self._send(operation, method, uri, {**headers, "authorization": f"Bearer {token}"}, body)
        return reply

    def _token(self, scope: str, surface: Surface, *, instead_of: str | None = None) -> str:
        """A token for ``surface``. Raises ``PermanentError`` where it has a subject of its own that Google refuses: that is not the tenant's end."""
        subject = self.subject(surface)
        try:
            return self.keyring.token(scope, subject, instead_of=instead_of)
        except TenantUnreachableError as error:
            own = self.tenant.subjects.get(surface.value)
            if surface in _VITAL or own is None or own.lower() == self.keyring.subject.lower():
                raise
            step = f"Set subjects.{surface.value} to an account that exists and is not suspended."
            raise PermanentError(error.code, error.message, step if error.code == "google.credential_refused" else error.next_step) from error

    def _send(self, operation: Operation, method: str, uri: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        self._leave(operation.surface, method, self._charges(operation))
        with self._links.lend() as link:
            return link.send(method, uri, headers, body, fresh=operation.writes)

    def _send_for_token(self, surface: Surface, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """A token request; it changes nothing, so it is tried again like a read. Raises ``TenantUnreachableError`` when it stays unanswered."""
        problem = ""
        for attempt in range(_TRIES):
            if attempt:
                self.context.clock.sleep(float(2 ** (attempt - 1)))
            self._leave(surface, method)
            try:
                with self._links.lend() as link:
                    reply = link.send(method, url, headers, body, fresh=False)
            except LostError as lost:
                problem = str(lost)
                continue
            if reply.status < 500 and reply.status not in {408, 429}:
                return reply
            problem = f"HTTP {reply.status}"
        raise TenantUnreachableError("google.token_unavailable", self._text(f"no answer from {url}: {problem}"), "Try again later.")

    def _leave(self, surface: Surface, method: str, charges: Sequence[Charge] = ()) -> None:
        """Count a request that is about to leave; the meter may wait. Raises ``Stopped``."""
        if self.context.stop.is_set():
            raise Stopped
        self.context.meter.spend(surface.value, method, charges)

    def _charges(self, operation: Operation) -> tuple[Charge, ...]:
        """What the request costs, of the Cloud project that it is made from and of the organisation that it is made to (G§1.8)."""
        alone = f"tenant/{self.tenant.id}"
        project, organisation = self.keyring.project, self.organisation
        accounts = {
            False: f"project/{project}" if project else alone,
            True: f"organisation/{organisation}" if organisation else alone,
        }
        return tuple(
            Charge(account=accounts[name in QUOTAS and QUOTAS[name].organisation], quota=name, units=units) for name, units in operation.price.items()
        )

    def rest(self, seconds: float) -> None:
        """Wait until what is short now may have passed. Raises ``Stopped``.

        A drill's clock only naps, and what it rehearses against counts by the time that both share: until that, or the machine's, has moved so far.
        """
        clock = self.context.clock
        began, ticks = clock.now(), clock.monotonic()
        while (left := seconds - max((clock.now() - began).total_seconds(), clock.monotonic() - ticks)) > 0:
            if self.context.stop.is_set():
                raise Stopped
            clock.sleep(left)

    @staticmethod
    def _pause(error: TransientError, tries: int) -> float | None:
        """Seconds before the next try of a read, or None when there has been enough of them."""
        if tries >= (_QUOTA_TRIES if error.code == "google.quota" else _TRIES):
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= _LONGEST_WAIT else None
        return min(_LONGEST_PAUSE, float(2 ** (tries - 1)))

    def _text(self, words: str) -> str:
        return redact(words, self.keyring.secrets())

    def _clean(self, error: ConnectorError) -> ConnectorError:
        """The same error with every credential taken out of its text."""
        error.message = self._text(error.message)
        error.args = (error.message,)
        return error


def _of_surface(error: ConnectorError, surface: Surface) -> ConnectorError:
    """``error``; where no connection to a surface came about that no hold rests on, as that surface's own and not the tenant's."""
    if not isinstance(error, TenantUnreachableError) or surface in _VITAL or not error.code.startswith(_OF_THE_HOST):
        return error
    kind = TransientError if error.code.startswith("network.") else PermanentError
    return kind(error.code, error.message, error.next_step, status=error.status)


class _Carrier:
    """The http object of one request: what the client library executes through, and where the reply is kept."""

    credentials = None

    def __init__(self, session: Session, operation: Operation) -> None:
        self._session = session
        self._operation = operation
        self.reply: Reply | None = None

    def request(self, uri: str, method: str = "GET", body: object = None, headers: Mapping[str, str] | None = None) -> object:
        content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else None
        self.reply = self._session.authorised(self._operation, method, uri, headers or {}, content)
        response = httplib2.Response({**self.reply.headers, "status": str(self.reply.status)})  # type: ignore[no-untyped-call]  # ships no types
        return response, self.reply.body


def _date(reply: Reply | None) -> datetime | None:
    value = reply.headers.get("date") if reply else None
    if not value:
        return None
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None
