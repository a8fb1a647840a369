"""What the hold stamps of a mailbox and of the organisation say, decoded (M§3.1). Pure.

A mailbox carries a stamp for every case hold and every retention policy that names it. Policies over everybody are stamped on the
organisation alone, and a mailbox that is left out of one carries its stamp with a minus in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.microsoft365 import wire
from policies.effects import FOREVER, Term

_STAMP = re.compile(
    r"(?P<minus>-)?(?P<sort>UniH|mbx|skp|grp|cld)?(?P<guid>[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?::(?P<action>\d))?",
    re.IGNORECASE,
)
_NO_ARCHIVE = "00000000-0000-0000-0000-000000000000"
_DAYS = re.compile(r"(?P<days>\d+)(?:\.\d\d:\d\d:\d\d)?")


class Sort(StrEnum):
    """What a stamp stands for."""

    CASE_HOLD = "case_hold"
    POLICY = "policy"
    """A retention policy on the mailbox or on the chats inside it: only the policy itself tells which."""
    SKYPE = "skype"
    GROUP = "group"
    LEGACY = "legacy"
    UNKNOWN = "unknown"


class Does(StrEnum):
    """What the policy behind a stamp does, by the stamp's last digit."""

    DELETE = "delete"
    KEEP = "keep"
    KEEP_AND_DELETE = "keep_and_delete"
    UNSAID = "unsaid"


_SORTS = {"unih": Sort.CASE_HOLD, "mbx": Sort.POLICY, "skp": Sort.SKYPE, "grp": Sort.GROUP, "cld": Sort.LEGACY, "": Sort.LEGACY}
_DOES = {"1": Does.DELETE, "2": Does.KEEP, "3": Does.KEEP_AND_DELETE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One entry of ``InPlaceHolds``. ``guid`` in the form 8-4-4-4-12, lower case; None where the entry is of no known shape."""

    raw: str
    sort: Sort
    guid: str | None
    does: Does = Does.UNSAID
    excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """What the Exchange host says of one mailbox about holds. ``litigation`` is the length of a litigation hold, None without one."""

    object_id: str | None
    exchange_guid: str | None
    address: str
    archive: bool
    inactive: bool
    stamps: tuple[Stamp, ...]
    litigation: Term | None
    litigation_since: datetime | None
    labelled: bool
    """Somebody put a retaining label on an item once: such items are kept, the rest of the mailbox is not."""
    delayed: bool
    delayed_elsewhere: bool
    """A hold was taken away less than 30 days ago: for mail, and for what Teams and other apps keep in the mailbox."""
    processing_off: bool


def stamp(text: str) -> Stamp:
    """One entry decoded; what has no known shape is ``unknown`` and counts as neither protection nor its absence."""
    found = _STAMP.fullmatch(text.strip())
    if found is None:
        return Stamp(raw=text, sort=Sort.UNKNOWN, guid=None)
    digits = found["guid"].replace("-", "").lower()
    return Stamp(
        raw=text,
        sort=_SORTS[(found["sort"] or "").lower()],
        guid=f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}",
        does=_DOES.get(found["action"] or "", Does.UNSAID),
        excluded=found["minus"] is not None,
    )


def stamps(texts: Iterable[str]) -> tuple[Stamp, ...]:
    """Every entry that says something."""
    return tuple(stamp(text) for text in texts if text.strip())


def holding(own: Iterable[Stamp], organisation: Iterable[Stamp]) -> tuple[Stamp, ...]:
    """The stamps that reach a mailbox: its own, and the organisation's without those it is left out of."""
    mine = tuple(own)
    out = {one.guid for one in mine if one.excluded}
    return (*(one for one in mine if not one.excluded), *(one for one in organisation if not one.excluded and one.guid not in out))


def mailbox_from(row: wire.JsonObject) -> Mailbox | None:
    """A row of ``Get-Mailbox``; None when it lacks the address or a property without which it says nothing about holds."""
    address = wire.filled(row, "PrimarySmtpAddress")
    if address is None or "InPlaceHolds" not in row or "LitigationHoldEnabled" not in row:
        return None
    archive = (wire.filled(row, "ArchiveGuid") or _NO_ARCHIVE).lower()
    object_id, exchange_guid = wire.filled(row, "ExternalDirectoryObjectId"), wire.filled(row, "ExchangeGuid")
    return Mailbox(
        object_id=object_id.lower() if object_id else None,
        exchange_guid=exchange_guid.lower() if exchange_guid else None,
        address=address.lower(),
        archive=archive != _NO_ARCHIVE or (wire.text(row, "ArchiveStatus") or "").lower() == "active",
        inactive=wire.flag(row, "IsInactiveMailbox") is True,
        stamps=stamps(wire.texts(row, "InPlaceHolds")),
        litigation=_litigation(row),
        litigation_since=wire.moment(row, "LitigationHoldDate"),
        labelled=wire.flag(row, "ComplianceTagHoldApplied") is True,
        delayed=wire.flag(row, "DelayHoldApplied") is True,
        delayed_elsewhere=wire.flag(row, "DelayReleaseHoldApplied") is True,
        processing_off=wire.flag(row, "ElcProcessingDisabled") is True,
    )


def _litigation(row: wire.JsonObject) -> Term | None:
    """For ever where no length of days can be read: the hold itself is a fact, and for ever is what the cmdlet gives by default (M§3.1)."""
    if wire.flag(row, "LitigationHoldEnabled") is not True:
        return None
    number = wire.number(row, "LitigationHoldDuration")
    if number is not None:
        return number
    found = _DAYS.fullmatch((wire.text(row, "LitigationHoldDuration") or "").strip())
    return int(found["days"]) if found else FOREVER
