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
from connectors.errors import ConnectorError, LockedError, PermanentError, Stopped, TransientError
from connectors.microsoft365 import wire
from connectors.microsoft365.auth import Bearer
from connectors.microsoft365.budgets import charged
from connectors.microsoft365.channel import unreachable
from connectors.microsoft365.clouds import Endpoint, address_of, inside
from connectors.microsoft365.errors import LONGEST_WAIT, PATIENCE, Answer, admin_error, lost, parsed
from connectors.unsupported import ADMIN_ENDPOINT
from policies.district import Tenant

_SYSTEM_MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
"""The fixed mailbox that requests are routed by; the same in all tenants (M§2.5)."""

_TRIES = 3
_SLOW_READ = 120.0
"""``-DistributionDetail`` takes 10 to 60 s for tens of policies."""

PAGE = 1000
"""Rows to a page that are asked for."""
MOST_PAGES = 1000
"""Pages of one cmdlet that are read: a tenant holds 10,000 policies, and a mailbox list of a million is none of a district."""
_REFUSED = (401, 403, 404)
"""What a host answers that does not serve us these cmdlets; nothing was done."""
_TELLING = frozenset({"get-retentioncompliancepolicy", "get-compliancetag"})
"""Cmdlets of Security & Compliance alone: a host that exports one serves it."""

_NEVER = frozenset(
    {
        "restrictiveretention", "prioritycleanup", "retaincloudattachment", "regulatory", "isrecordlabel", "forcedeletion",
        "deletedresources", "issimulation", "startsimulation", "whatif", "enforcesimulationpolicy", "skipprioritycleanupconfirmation",
        "removedelayholdapplied", "removedelayreleaseholdapplied", "recalculateinactivemailbox", "excludefromorgholds", "excludefromallorgholds",
    }
)  # fmt: skip
"""Parameters that are irreversible, delete content, or lie (``-WhatIf`` is executed, M§2.2): no caller can send them with a true value.

The last row ends delay holds early, or what the organisation's policies keep in a mailbox (M§3.1): not even a release does that.
"""
_AT_BIRTH = frozenset({("new-compliancetag", "isrecordlabel")})
"""The one exception: a label that two officers let be born as a record label. No other cmdlet takes that word."""

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
        self._regional: dict[Endpoint, str] = {}
        self._house: Endpoint | None = None
        self._allowed: dict[Endpoint, frozenset[str]] = {}

    def read(  # a cmdlet, what it is sent with, where, and how often
        self, cmdlet: str, parameters: Mapping[str, object] | None = None, *, endpoint: Endpoint = Endpoint.COMPLIANCE, patient: bool = True
    ) -> Rows:
        """All rows that a ``Get-`` cmdlet shows us. Raises ConnectorError when not even the first page could be read.

        Not ``patient``: what fails is not asked again, for who calls has another way; being throttled is no failing.
        An empty answer proves nothing: an identity without the role gets one too (M§0.1.7).
        """
        return self._housed(endpoint, lambda host: self._read(cmdlet, parameters, host, patient=patient))

    def _read(self, cmdlet: str, parameters: Mapping[str, object] | None, endpoint: Endpoint, *, patient: bool) -> Rows:
        forbidden = _forbidden(cmdlet, parameters or {})
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
            elif len(followed) >= MOST_PAGES - 1:
                partial = f"wire.too_many_pages: the pages go on after {MOST_PAGES} and were left there"
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
        return self._housed(endpoint, lambda host: self._write(cmdlet, parameters, host))

    def _write(self, cmdlet: str, parameters: Mapping[str, object], endpoint: Endpoint) -> Rows:
        forbidden = _forbidden(cmdlet, parameters)
        if forbidden or cmdlet.startswith(_READS):
            raise ValueError(f"{cmdlet} is never sent with {forbidden}")
        url = self._command_url(endpoint)
        body = _body(cmdlet, {name: value for name, value in parameters.items() if value is not None})
        try:
            reply, answer = self._post(endpoint, cmdlet, url, body, writing=True)
        except TransientError as error:
            # A 429 says that nothing was done: the one refusal after which a write may be sent again.
            # But never a create: a second one would be a second object, so who creates looks first.
            if error.code != "wire.throttled" or (error.retry_after or 0.0) > LONGEST_WAIT or cmdlet.startswith("New-"):
                raise
            self._wait(error, 1)
            reply, answer = self._post(endpoint, cmdlet, url, body, writing=True)
        return Rows(rows=tuple(_rows(reply)), partial=None, warnings=wire.texts(reply, "@adminapi.warnings"), answer=answer)

    def cmdlets(self, endpoint: Endpoint) -> frozenset[str]:
        """The cmdlets that our roles let us call on ``endpoint``, lower case; asked once. Raises ConnectorError.

        Where the S&C host refuses us, the Exchange host is asked whether it serves S&C cmdlets (M§2.5a); then it does for good.
        """
        if endpoint is not Endpoint.COMPLIANCE:
            return self._exported(endpoint)
        try:
            return self._exported(self._house or endpoint)
        except PermanentError as error:
            if self._house is not None or error.status not in _REFUSED or not self._moved():
                raise
        return self._exported(Endpoint.EXCHANGE)

    @property
    def house(self) -> Endpoint:
        """The host that S&C cmdlets go to, as far as is known by now."""
        return self._house or Endpoint.COMPLIANCE

    def _moved(self) -> bool:
        """Whether the Exchange host serves S&C cmdlets in the S&C host's place; asked once, and remembered."""
        if self._house is None:
            try:
                served = bool(_TELLING & self._exported(Endpoint.EXCHANGE))
            except PermanentError:
                served = False
            self._house = Endpoint.EXCHANGE if served else Endpoint.COMPLIANCE
        return self._house is Endpoint.EXCHANGE

    def _housed(self, endpoint: Endpoint, act: Callable[[Endpoint], Rows]) -> Rows:
        """What ``act`` brings from the host that serves it. A host that refuses has done nothing, so the other may be asked for the same."""
        if endpoint is not Endpoint.COMPLIANCE:
            return act(endpoint)
        try:
            return act(self.house)
        except PermanentError as error:
            if self._house is not None or error.status not in _REFUSED or not self._moved():
                raise
        return act(Endpoint.EXCHANGE)

    def _exported(self, endpoint: Endpoint) -> frozenset[str]:
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
                f"{ADMIN_ENDPOINT}; for tenant {self._tenant.id} it stays off until an officer accepts that.",
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
        discover = self._tenant.region_discovery
        if not (discover if discover is not None else endpoint.value not in self._tenant.endpoints):
            return front
        if endpoint in self._regional:
            return self._regional[endpoint]
        found, sure = self._discover(endpoint, front)
        if sure:
            self._regional[endpoint] = found
        return found

    def _discover(self, endpoint: Endpoint, front: str) -> tuple[str, bool]:
        """The regional host's address, and whether that was really said. Raises TransientError where nobody would say.

        The redirect itself is never followed; only its first label is taken (M§2.5). A 200 says that the front door serves; a refusal says
        nothing about places, so the front door is used and asked again next time; a 429 or 5xx is no answer at all.
        """
        url = f"{front}/AdminApi/v1.0/{self._tenant.tenant_id}/EXOModuleFile"
        answer = self._answered(endpoint, url)
        target = urlsplit(answer.headers.get("location", "")) if 300 <= answer.status < 400 else None
        label = (target.hostname or "").split(".")[0] if target else ""
        if not re.fullmatch(r"[a-z0-9-]{1,63}", label):
            return front, answer.ok
        parts = urlsplit(front)
        return f"{parts.scheme}://{label}.{parts.netloc}{parts.path}", True

    def _answered(self, endpoint: Endpoint, url: str) -> Answer:
        """What the front door says, asked up to three times while it is busy or failing."""

        def once() -> tuple[wire.JsonObject, Answer]:
            answer = self._send(endpoint, "EXOModuleFile", "GET", url, None, {}, writing=False)
            if answer.status == 429 or answer.status >= 500:
                raise admin_error(answer, "EXOModuleFile", self._tokens.scrub, writing=False)
            return {}, answer

        return self._repeat(once)[1]

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
            "Prefer": f"odata.maxpagesize={PAGE}",
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
                if isinstance(error, LockedError) or error.code == "tls.certificate" or (error.retry_after or 0.0) > LONGEST_WAIT:
                    raise
                self._wait(error, attempt)
        return once()

    def _wait(self, error: ConnectorError, attempt: int) -> None:
        after = error.retry_after if isinstance(error, TransientError) else None
        self._context.clock.sleep(after if after is not None else PATIENCE * attempt)
        if self._context.stop.is_set():
            raise Stopped


def _forbidden(cmdlet: str, parameters: Mapping[str, object]) -> list[str]:
    """The parameters that the cmdlet, reading or writing, is never sent with."""
    said = (name for name, value in parameters.items() if name.lower() in _NEVER and value not in (False, None))
    return sorted(name for name in said if (cmdlet.lower(), name.lower()) not in _AT_BIRTH)


def _body(cmdlet: str, parameters: Mapping[str, object]) -> bytes:
    return json.dumps({"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}).encode()


def _rows(reply: wire.JsonObject) -> list[wire.JsonObject]:
    stripped = wire.without_annotations(reply)
    return wire.rows(stripped, "value") if isinstance(stripped, dict) else []
