"""The Office 365 Management Activity API: subscriptions, lists of blobs, blobs (docs/wire/activity.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError
from connectors.microsoft365 import wire
from connectors.microsoft365.auth import Bearer
from connectors.microsoft365.channel import Ask, Channel, at
from connectors.microsoft365.clouds import Endpoint, inside
from connectors.microsoft365.errors import Answer, activity_code, activity_error, parsed_rows
from policies.district import Tenant
from policies.kinds import Kind

_TOGETHER = 16
"""Blobs under way at once; the pipe sends fewer."""
_ALREADY = "AF20024"

Read = TypeVar("Read")


class Content(StrEnum):
    """The lists that are read. Directory objects and files have lists of their own, which nothing here asks about."""

    GENERAL = "Audit.General"
    """Labels, policies, holds, cases."""
    EXCHANGE = "Audit.Exchange"
    """Litigation hold, amid everything that happens in every mailbox."""


MAILBOXES = frozenset({Kind.M365_MAILBOX, Kind.M365_ORG_HOLD})
"""The kinds that ``Audit.Exchange`` tells of; everything else is in ``Audit.General``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A part of the log: where it is, and when it was made. No act in it is younger."""

    id: str
    url: str
    made: datetime


class ActivityClient:
    """The feed of one tenant under one identity. Opens nothing until first used.

    Every method raises ConnectorError and ``Stopped``. That the feed is out of reach says nothing of the tenant: whoever asks goes on without it.
    """

    def __init__(self, tenant: Tenant, context: Context, tokens: Bearer) -> None:
        self._tenant = tenant
        self._channel = Channel(tenant, context, tokens, Endpoint.ACTIVITY, activity_error)

    @property
    def base(self) -> str:
        """The feed's address. Raises PermanentError (``endpoint.not_given``, ``activity.no_feed``)."""
        return self._channel.base

    def subscriptions(self) -> Mapping[str, bool]:
        """Content type to whether it is switched on for our application."""
        rows, _following = self._send(self._ask("GET", "/subscriptions/list"), _page)
        return {name: (wire.text(row, "status") or "").lower() == "enabled" for row in rows if (name := wire.filled(row, "contentType"))}

    def start(self, content: Content) -> None:
        """Switch ``content`` on; that it was on already is as good. Changes a setting of the tenant."""
        ask = self._ask("POST", "/subscriptions/start", contentType=content.value, writing=True)
        self._send(ask, lambda answer: None, fine=_ALREADY)  # noqa: ARG005  # its echo says nothing new

    def blobs(self, content: Content, begin: datetime, end: datetime) -> tuple[Blob, ...]:
        """Everything that was made from ``begin`` to before ``end``, at most 24 hours apart; not a part of it."""
        ask = self._ask("GET", "/subscriptions/content", contentType=content.value, startTime=_stamp(begin), endTime=_stamp(end))
        found: list[Blob] = []
        seen = {ask.url}
        while True:
            rows, following = self._send(ask, _page)
            found += [self._blob(row) for row in rows]
            if following is None:
                return tuple(found)
            self._within(following)
            if following in seen:
                raise PermanentError("wire.unexpected", f"{ask.what}: the list's pages go round in a circle.", "Report this answer.")
            seen.add(following)
            ask = at(ask, following)

    def records(self, blobs: Sequence[Blob]) -> list[list[wire.JsonObject] | ConnectorError]:
        """What stands in each blob, in order; one that could not be had stands as its error."""
        results: list[list[wire.JsonObject] | ConnectorError] = []
        for start in range(0, len(blobs), _TOGETHER):
            asks = [self._ask("GET", "/audit", url=_published(blob.url, self._tenant.tenant_id)) for blob in blobs[start : start + _TOGETHER]]
            results += self._several(asks)
        return results

    def close(self) -> None:
        """Close connections; the next request opens them again."""
        self._channel.close()

    def _several(self, asks: Sequence[Ask]) -> list[list[wire.JsonObject] | ConnectorError]:
        results: list[list[wire.JsonObject] | ConnectorError] = []
        try:
            futures = [self._channel.start(ask) for ask in asks]
        except ConnectorError as error:
            return [error] * len(asks)
        for ask, future in zip(asks, futures, strict=True):
            try:
                results.append(self._channel.settle(ask, future, parsed_rows))
            except ConnectorError as error:
                results.append(error)
        return results

    def _send(self, ask: Ask, read: Callable[[Answer], Read], *, fine: str | None = None) -> Read:
        """What ``read`` makes of the answer; ``fine`` is the feed's code that is as good as success."""
        return self._channel.settle(ask, self._channel.start(ask), read, fine=lambda answer: fine is not None and activity_code(answer) == fine)

    def _ask(self, method: str, path: str, *, writing: bool = False, url: str | None = None, **query: str) -> Ask:
        tenant = self._tenant.tenant_id
        if not tenant:
            raise PermanentError("tenant.incomplete", f"Tenant {self._tenant.id} lacks tenant_id.", "Write it into district.yaml or the overlay.")
        words = urlencode({**query, "PublisherIdentifier": tenant}, safe=":")
        address = url or f"{self.base}/api/v1.0/{tenant}/activity/feed{path}?{words}"
        return Ask(what=f"{method} {path}", method=method, url=address, writing=writing)

    def _blob(self, row: wire.JsonObject) -> Blob:
        url, made = wire.filled(row, "contentUri"), wire.moment(row, "contentCreated")
        if url is None or made is None:
            raise PermanentError("wire.missing_property", "A blob of the activity feed has no address or no time.", "Report this answer.")
        self._within(url)
        return Blob(id=wire.filled(row, "contentId") or url, url=url, made=made)

    def _within(self, url: str) -> None:
        if not inside(url, self.base):
            raise PermanentError("wire.foreign_link", f"An address of the feed lies outside {self.base}; it is not followed.", "Report this answer.")


def _page(answer: Answer) -> tuple[list[wire.JsonObject], str | None]:
    """The rows of a page, and the next one's address; Microsoft's pages name the header in two ways."""
    return parsed_rows(answer), answer.headers.get("nextpageuri") or answer.headers.get("nextpageurl") or None


def _published(url: str, tenant: str | None) -> str:
    return f"{url}{'&' if '?' in url else '?'}PublisherIdentifier={tenant}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
