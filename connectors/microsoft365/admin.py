"""The admin endpoint ``InvokeCommand``: undocumented and unsupported by Microsoft, kept to this one module, and shut until an officer accepts it.

Both hosts speak alike: Exchange Online and Security & Compliance. Facts: docs/wire/admin-endpoint.md and M§2.5.
"""

from __future__ import annotations

import json
import re
import uuid
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, Stopped, TransientError
from connectors.microsoft365 import wire
from connectors.microsoft365.auth import Bearer
from connectors.microsoft365.budgets import charged
from connectors.microsoft365.channel import unreachable
from connectors.microsoft365.clouds import Endpoint, address_of, inside
from connectors.microsoft365.errors import Answer, admin_error, lost, parsed
from policies.district import Tenant

_SYSTEM_MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
"""The fixed mailbox that requests are routed by; the same in all tenants (M§2.5)."""

_TRIES = 3
_PATIENCE = 5.0
"""Seconds before another try after a 429 without Retry-After (M§2.5)."""
_SLOW_READ = 120.0
"""``-DistributionDetail`` takes 10 to 60 s for tens of policies."""
_LONGEST_WAIT = 300.0

_NEVER = frozenset(
    {
        "restrictiveretention", "prioritycleanup", "retaincloudattachment", "regulatory", "isrecordlabel", "forcedeletion",
        "deletedresources", "issimulation", "startsimulation", "whatif", "enforcesimulationpolicy", "skipprioritycleanupconfirmation",
    }
)  # fmt: skip
"""Parameters that are irreversible, delete content, or lie (``-WhatIf`` is executed, M§2.2): no caller can send them with a true value."""

_READS = ("Get-",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a cmdlet returned, annotations stripped. ``partial`` says why some rows are missing; ``warnings`` are the vendor's own."""

    rows: tuple[wire.JsonObject, ...]
    partial: str | None
    warnings: tuple[str, ...]
    answer: Answer


class AdminClient:
    """Cmdlets of one tenant over HTTPS. Unless ``accepted``, nothing leaves: every call raises ``admin_endpoint.not_accepted``."""

    def __init__(self, tenant: Tenant, context: Context, tokens: Bearer, *, accepted: bool, initial_domain: Callable[[], str]) -> None:
        self._tenant = tenant
        self._context = context
        self._tokens = tokens
        self._accepted = accepted
        self._initial_domain = initial_domain
        self._client: httpx.Client | None = None
        self._regional: str | None = None
        self._allowed: dict[Endpoint, frozenset[str]] = {}

    def read(  # a cmdlet, what it is sent with, where, and how often
        self, cmdlet: str, parameters: Mapping[str, object] | None = None, *, endpoint: Endpoint = Endpoint.COMPLIANCE, patient: bool = True
    ) -> Rows:
        """All rows that a ``Get-`` cmdlet shows us. Raises ConnectorError when not even the first page could be read.

        Not ``patient``: what fails is not asked again, for who calls has another way; being throttled is no failing.
        An empty answer proves nothing: an identity without the role gets one too (M§0.1.7).
        """
        forbidden = _forbidden(parameters or {})
        if forbidden or not cmdlet.startswith(_READS):
            raise ValueError(f"{cmdlet} does not read, or is never sent with {forbidden}")
        body = _body(cmdlet, parameters or {})
        url = self._command_url(endpoint)
        reply, answer = self._repeat(lambda: self._post(endpoint, cmdlet, url, body, writing=False), patient=patient)
        found, warnings, partial = _rows(reply), list(wire.texts(reply, "@adminapi.warnings")), None
        link = wire.filled(reply, "@odata.nextLink")
        followed: set[str] = set()
        while link is not None and partial is None:
            if not inside(link, self._base(endpoint)):
                partial = "wire.foreign_link: a further page lies outside the endpoint and was not followed"
            elif link in followed:
                partial = "wire.unexpected: the pages go round in a circle"
            else:
                followed.add(link)
                try:
                    # The skip token is bound to one backend and expires: one try per link, and failing means incomplete (M§2.5).
                    reply, answer = self._post(endpoint, cmdlet, link, body, writing=False)
                except (PermanentError, TransientError) as error:
                    partial = f"wire.page_lost: {error.message}"
                else:
                    found += _rows(reply)
                    warnings += wire.texts(reply, "@adminapi.warnings")
                    link = wire.filled(reply, "@odata.nextLink")
        if partial is None and not followed and any("more results available" in warning for warning in warnings):
            partial = "admin.truncated: the platform says that there are more results than it showed"
        return Rows(rows=tuple(found), partial=partial, warnings=tuple(warnings), answer=answer)

    def write(self, cmdlet: str, parameters: Mapping[str, object], *, endpoint: Endpoint = Endpoint.COMPLIANCE) -> Rows:
        """What a write cmdlet answered. Sent once; raises ConnectorError, ``UnknownOutcomeError`` when only reading can tell.

        Take nothing from the rows but a hint: the answer of a write is not documented.
        """
        forbidden = _forbidden(parameters)
        if forbidden or cmdlet.startswith(_READS):
            raise ValueError(f"{cmdlet} is never sent with {forbidden}")
        url = self._command_url(endpoint)
        body = _body(cmdlet, {name: value for name, value in parameters.items() if value is not None})
        try:
            reply, answer = self._post(endpoint, cmdlet, url, body, writing=True)
        except TransientError as error:
            # A 429 says that nothing was done: the one refusal after which a write may be sent again.
            # But never a create: a second one would be a second object, so who creates looks first.
            if error.code != "wire.throttled" or (error.retry_after or 0.0) > _LONGEST_WAIT or cmdlet.startswith("New-"):
                raise
            self._wait(error, 1)
            reply, answer = self._post(endpoint, cmdlet, url, body, writing=True)
        return Rows(rows=tuple(_rows(reply)), partial=None, warnings=wire.texts(reply, "@adminapi.warnings"), answer=answer)

    def cmdlets(self, endpoint: Endpoint) -> frozenset[str]:
        """The cmdlets that our roles let us call on ``endpoint``, lower case; asked once. Raises ConnectorError."""
        if endpoint not in self._allowed:
            path = f"/adminapi/v1.0/{self._tenant.tenant_id}/EXOModuleFile?Version=3.9.2"
            base = self._base(endpoint)
            reply, _answer = self._repeat(lambda: self._exchange(endpoint, "EXOModuleFile", "GET", base + path, None, {"CommandName": "*"}))
            names = [name.strip() for row in wire.rows(reply, "value") for name in (wire.text(row, "exportedCmdlets") or "").split(",")]
            self._allowed[endpoint] = frozenset(name.lower() for name in names if name)
        return self._allowed[endpoint]

    def address(self, endpoint: Endpoint) -> str:
        """The address that settings give ``endpoint``. Raises PermanentError when it is shut or not given."""
        if not self._accepted:
            raise PermanentError(
                "admin_endpoint.not_accepted",
                f"Tenant {self._tenant.id}: Microsoft's admin endpoint is undocumented and stays off until an officer accepts it.",
                f"An officer runs: recordwarden attest admin-endpoint/{self._tenant.id} --until DATE",
            )
        return address_of(self._tenant, endpoint, self._context)

    def close(self) -> None:
        """Close connections; the next call opens them again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _base(self, endpoint: Endpoint) -> str:
        front = self.address(endpoint)
        if endpoint is not Endpoint.COMPLIANCE:
            return front
        discover = self._tenant.region_discovery
        if not (discover if discover is not None else Endpoint.COMPLIANCE.value not in self._tenant.endpoints):
            return front
        if self._regional is None:
            self._regional = self._discover(front)
        return self._regional

    def _discover(self, front: str) -> str:
        """The regional host's address. The redirect itself is never followed; only its first label is taken (M§2.5)."""
        url = f"{front}/AdminApi/v1.0/{self._tenant.tenant_id}/EXOModuleFile"
        answer = self._send(Endpoint.COMPLIANCE, "EXOModuleFile", "GET", url, None, {}, writing=False)
        target = urlsplit(answer.headers.get("location", "")) if 300 <= answer.status < 400 else None
        label = (target.hostname or "").split(".")[0] if target else ""
        if not re.fullmatch(r"[a-z0-9-]{1,63}", label):
            return front
        parts = urlsplit(front)
        return f"{parts.scheme}://{label}.{parts.netloc}{parts.path}"

    def _command_url(self, endpoint: Endpoint) -> str:
        return f"{self._base(endpoint)}/adminapi/beta/{self._tenant.tenant_id}/InvokeCommand"

    def _post(self, endpoint: Endpoint, cmdlet: str, url: str, body: bytes, *, writing: bool) -> tuple[wire.JsonObject, Answer]:
        return self._exchange(endpoint, cmdlet, "POST", url, body, {"X-CmdletName": cmdlet}, writing=writing)

    def _exchange(  # noqa: PLR0913  # one HTTP request has this many parts
        self, endpoint: Endpoint, name: str, method: str, url: str, body: bytes | None, extra: Mapping[str, str], *, writing: bool = False
    ) -> tuple[wire.JsonObject, Answer]:
        answer = self._send(endpoint, name, method, url, body, extra, writing=writing)
        if not answer.ok:
            raise admin_error(answer, name, self._tokens.scrub, writing=writing)
        return parsed(answer, writing=writing), answer

    def _send(  # noqa: PLR0913  # as above
        self, endpoint: Endpoint, name: str, method: str, url: str, body: bytes | None, extra: Mapping[str, str], *, writing: bool
    ) -> Answer:
        if self._context.stop.is_set():
            raise Stopped
        headers = {**self._headers(endpoint), **extra}
        timeout = self._context.timeout if writing else max(self._context.timeout, _SLOW_READ)
        client = self._open()
        self._context.meter.spend(endpoint.value, name, charged(self._tenant, endpoint.value))
        try:
            response = client.request(method, url, content=body, headers=headers, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            failure = unreachable(error, f"{self._tenant.id} at {url}")
            # One surface that is down does not make the tenant unreachable, and nothing was sent.
            raise TransientError(failure.code, failure.message, failure.next_step) from error
        except httpx.TransportError as error:
            raise lost("network.lost", self._tokens.scrub(f"{name}: the connection broke: {error!r}"), writing=writing) from error
        return Answer(
            status=response.status_code,
            headers={key.lower(): value for key, value in response.headers.items()},
            body=response.content,
        )

    def _headers(self, endpoint: Endpoint) -> dict[str, str]:
        if endpoint is Endpoint.EXCHANGE:
            anchor = f"APP:{_SYSTEM_MAILBOX}@{self._tenant.tenant_id}"
        else:
            anchor = f"UPN:{_SYSTEM_MAILBOX}@{self._initial_domain()}"
        return {
            "Authorization": f"Bearer {self._tokens.token(endpoint)}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-AnchorMailbox": anchor,
            "X-ResponseFormat": "json",
            "X-SerializationLevel": "Partial",
            "Prefer": "odata.maxpagesize=1000",
            "client-request-id": str(uuid.uuid4()),
        }

    def _open(self) -> httpx.Client:
        if self._client is None:
            from connectors.microsoft365.sdk import tls_context  # deferred with the SDK

            self._client = httpx.Client(
                verify=tls_context(self._tenant), http2=False, trust_env=False, follow_redirects=False, proxy=self._tenant.proxy
            )
            weakref.finalize(self, self._client.close)
        return self._client

    def _repeat(self, once: Callable[[], tuple[wire.JsonObject, Answer]], *, patient: bool = True) -> tuple[wire.JsonObject, Answer]:
        """Up to three tries of a read; where not ``patient``, only after being throttled."""
        for attempt in range(1, _TRIES):
            try:
                return once()
            except TransientError as error:
                if not patient and error.code != "wire.throttled":
                    raise
                if error.code in ("admin.pending_lock", "tls.certificate") or (error.retry_after or 0.0) > _LONGEST_WAIT:
                    raise
                self._wait(error, attempt)
        return once()

    def _wait(self, error: ConnectorError, attempt: int) -> None:
        after = error.retry_after if isinstance(error, TransientError) else None
        self._context.clock.sleep(after if after is not None else _PATIENCE * attempt)
        if self._context.stop.is_set():
            raise Stopped


def _forbidden(parameters: Mapping[str, object]) -> list[str]:
    """The parameters that no cmdlet, reading or writing, is sent with."""
    return sorted(name for name, value in parameters.items() if name.lower() in _NEVER and value not in (False, None))


def _body(cmdlet: str, parameters: Mapping[str, object]) -> bytes:
    return json.dumps({"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}).encode()


def _rows(reply: wire.JsonObject) -> list[wire.JsonObject]:
    stripped = wire.without_annotations(reply)
    return wire.rows(stripped, "value") if isinstance(stripped, dict) else []
