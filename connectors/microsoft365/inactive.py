"""Mailboxes that are kept without their account: of deleted people, of people gone for good, of accounts without a licence (M§3.1, M§5).

Only the Exchange host shows them, in one list. A case hold addresses one with a period before its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connectors.errors import ConnectorError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.clouds import Endpoint
from policies.kinds import Workload
from policies.roster import AccountState, Identity

_IN_MAILBOX = frozenset({Workload.MAIL, Workload.ARCHIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One inactive mailbox. ``object_id`` None: the service no longer says whose account it was (docs/wire, admin endpoint 2.6)."""

    object_id: str | None
    exchange_guid: str | None
    address: str
    aliases: frozenset[str]
    name: str

    @property
    def place(self) -> str:
        """How a hold addresses it."""
        return f".{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inactive:
    """The inactive mailboxes. ``unread`` says why there may be others; None only after a whole list."""

    boxes: tuple[Box, ...] = ()
    unread: str | None = None


def read_inactive(access: Access) -> Inactive:
    """Every inactive mailbox, where the Exchange host may be asked. Raises only ``Stopped``: holds go over Graph, whatever becomes of this host."""
    if not access.allowed.admin:
        return Inactive(unread="admin_endpoint.not_accepted")
    try:
        found = access.admin.read("Get-Mailbox", {"InactiveMailboxOnly": True, "ResultSize": "Unlimited"}, endpoint=Endpoint.EXCHANGE)
    except ConnectorError as error:
        return Inactive(unread=f"{error.code}: {error.message}")
    boxes = [_box(row) for row in found.rows]
    flaw = "wire.missing_property: an inactive mailbox lacks its address" if None in boxes else None
    return Inactive(boxes=tuple(box for box in boxes if box is not None), unread=found.partial or flaw)


def with_inactive(people: Sequence[Identity], inactive: Inactive, tenant: str) -> tuple[Identity, ...]:
    """``people`` with the inactive mailboxes of accounts that have no other, and an account for each mailbox whose own is gone for good.

    That a deleted person has no mailbox left is said only after a whole list; before that it is unknown.
    """
    by_id = {box.object_id: box for box in inactive.boxes if box.object_id is not None}
    known = {one.vendor_id.lower() for one in people}
    placed = [_placed(one, by_id.get(one.vendor_id.lower()), whole=inactive.unread is None) for one in people]
    left = [_left(box, tenant) for box in inactive.boxes if box.object_id not in known]
    return (*placed, *(one for one in left if one is not None))


def _placed(one: Identity, box: Box | None, *, whole: bool) -> Identity:
    if Workload.MAIL in one.containers:
        return one  # a working mailbox: a hold on it takes in the inactive one of the same account by itself (docs/wire, graph-ediscovery 5)
    if box is not None:
        return replace(one, containers={**one.containers, Workload.MAIL: box.place})
    return replace(one, without=one.without | _IN_MAILBOX) if whole and one.state is AccountState.DELETED else one


def _left(box: Box, tenant: str) -> Identity | None:
    vendor_id = box.object_id or box.exchange_guid
    if vendor_id is None:
        return None
    return Identity(
        tenant=tenant,
        vendor_id=vendor_id,
        address=box.address,
        aliases=box.aliases - {box.address},
        name=box.name,
        state=AccountState.DELETED,
        containers={Workload.MAIL: box.place},
    )


def _box(row: wire.JsonObject) -> Box | None:
    address, object_id, guid = wire.filled(row, "PrimarySmtpAddress"), wire.filled(row, "ExternalDirectoryObjectId"), wire.filled(row, "ExchangeGuid")
    if address is None or (object_id is None and guid is None):
        return None
    return Box(
        object_id=object_id.lower() if object_id else None,
        exchange_guid=guid.lower() if guid else None,
        address=address.lower(),
        aliases=frozenset(_smtp(wire.texts(row, "EmailAddresses"))),
        name=wire.text(row, "DisplayName") or "",
    )


def _smtp(addresses: Iterable[str]) -> Iterable[str]:
    return (text[5:].lower() for text in addresses if text.lower().startswith("smtp:"))
