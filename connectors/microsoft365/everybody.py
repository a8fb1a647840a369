"""Everybody who is in a tenant: read whole, or brought up to date from what was kept, by Graph's delta (docs/wire/graph-directory-audit.md §3.1).

Delta only ever spares requests. Whatever is odd about it (a token that is good no more, a page that is lost, a link that leads away) leads to the
whole list, and nobody is taken out of a roster because a round could not be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.following import KeptPeople, Trail
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.clouds import inside
from connectors.microsoft365.graph import Call, segment, select

PROPERTIES = (
    "id", "displayName", "userPrincipalName", "mail", "proxyAddresses", "accountEnabled", "assignedLicenses", "assignedPlans",
    "employeeId", "userType",
)  # fmt: skip
"""What a roster needs to know of an account. A change of this list makes every kept cursor useless, for it tells other properties."""
_EVERY_ACCOUNT_HAS = ("userPrincipalName", "displayName", "accountEnabled", "assignedPlans")
"""A row of a round that lacks one of these may lack what did not change, and is no whole row."""

PAGE = 999
"""Rows of a page of the whole list; a tenant that fits into one gains nothing by delta."""
USERS = Call(method="GET", path="/users", query=(select(*PROPERTIES), ("$top", "999")))
_DELTA = "/users/delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class Everybody:
    """``rows`` are everybody, or with ``kept`` only who changed since; ``gone`` says of each id why it is out of the list.

    ``trail`` is where the next look can go on from, ``partial`` why some are missing.
    """

    rows: tuple[wire.JsonObject, ...]
    kept: KeptPeople | None = None
    gone: Mapping[str, str] = field(default_factory=dict)
    trail: Trail | None = None
    partial: str | None = None


def everybody(access: Access) -> Everybody:
    """The accounts that are not deleted. Raises ConnectorError, TenantUnreachableError and ``Stopped``."""
    kept = access.kept
    large = kept is not None and kept.count > PAGE
    if large and kept is not None and kept.trail is not None:
        followed = _followed(access, kept, kept.trail)
        if followed is not None:
            return followed
    began = access.context.clock.now()
    # The cursor comes first, so that what changes while the list is read is told by the next round.
    cursor = _from_now_on(access) if large else None
    listing = access.graph.rows(USERS)
    trail = Trail(cursor=cursor, whole_at=began) if cursor is not None and listing.partial is None else None
    return Everybody(rows=listing.rows, trail=trail, partial=listing.partial)


def _from_now_on(access: Access) -> str | None:
    """A cursor that tells what changes from now on; None where the service gives none: then the next look reads everybody again."""
    query = (select(*PROPERTIES), ("$deltatoken", "latest"))
    try:
        return _cursor(access, access.graph.rows(Call(method="GET", path=_DELTA, query=query)).delta)
    except TenantUnreachableError:
        raise
    except ConnectorError:
        return None


def _followed(access: Access, kept: KeptPeople, trail: Trail) -> Everybody | None:
    """Who changed since ``trail`` was left; None where that cannot be had whole."""
    link = _link(access, trail.cursor)
    if link is None:
        return None
    try:
        told = access.graph.rows(Call(method="GET", path=_DELTA), link=link)
        cursor = _cursor(access, told.delta)
        if told.partial is not None or cursor is None:
            return None
        latest = {row_id: row for row in told.rows if (row_id := wire.filled(row, "id"))}
        gone = {row_id: wire.filled(wire.child(row, "@removed"), "reason") or "changed" for row_id, row in latest.items() if "@removed" in row}
        there = {row_id: row for row_id, row in latest.items() if row_id not in gone}
        halves = [row_id for row_id, row in there.items() if any(name not in row for name in _EVERY_ACCOUNT_HAS)]
        if len(latest) < len({wire.filled(row, "id") for row in told.rows}) or len(halves) > kept.count // PAGE:
            return None  # a row without an id tells nothing; and many half rows cost more than the whole list
        there |= _read_again(access, halves)
    except TenantUnreachableError:
        raise
    except ConnectorError:
        return None
    return Everybody(rows=tuple(there.values()), kept=kept, gone=gone, trail=Trail(cursor=cursor, whole_at=trail.whole_at))


def _read_again(access: Access, ids: Sequence[str]) -> dict[str, wire.JsonObject]:
    """The accounts of ``ids``, one by one. Raises ConnectorError for the first that would not be shown."""
    calls = [Call(method="GET", path=f"/users/{segment(one)}", query=(select(*PROPERTIES),)) for one in ids]
    found: dict[str, wire.JsonObject] = {}
    for one, reply in zip(ids, access.graph.call_all(calls), strict=True):
        if isinstance(reply, ConnectorError):
            raise reply
        if wire.filled(reply.value, "id") != one:
            raise PermanentError("wire.unexpected", f"GET /users/{one}: another account was shown.", "Report this answer.")
        found[one] = reply.value
    return found


def _cursor(access: Access, link: str | None) -> str | None:
    """What is kept of a round's end; None without a link, or with one that leads away."""
    return wire.compact({"tells": PROPERTIES, "link": link}) if link is not None and inside(link, access.graph.base) else None


def _link(access: Access, cursor: str) -> str | None:
    """The link in a kept cursor, if it still tells what a roster needs and lies within the endpoint."""
    try:
        kept = json.loads(cursor)
    except ValueError:
        return None
    if not isinstance(kept, dict) or kept.get("tells") != list(PROPERTIES):
        return None
    link = wire.filled(kept, "link")
    return link if link is not None and inside(link, access.graph.base) else None
