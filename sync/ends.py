"""Ends that runs propose by themselves: of a second hold with one mark, and of a label that a newer one replaced. Two officers approve each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from policies.kinds import Kind
from policies.resources import Live, Snapshot
from sync.matching import switched_off
from sync.plan import Change, Operation

DOUBLE: Final = "duplicate"
SUPERSEDED: Final = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The changes that would end something and, by vendor id, why others are not proposed."""

    changes: tuple[Change, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


def line_of(why: str, kept: Live, other: Live) -> str:
    """What such a change goes by: which object ends, and which one stays and is the reason that it may."""
    return f"{why}/{other.vendor_id}/{kept.vendor_id}"


def is_double(change: Change) -> bool:
    """Whether the change ends a second hold with one mark, and so takes nobody's protection away."""
    return _goes_by(change, DOUBLE)


def is_superseded(change: Change) -> bool:
    """Whether the change disables a label that a newer one replaced."""
    return _goes_by(change, SUPERSEDED)


def is_end(change: Change) -> bool:
    """Whether the change ends what it names without a release."""
    return is_double(change) or is_superseded(change)


def is_line(line: object) -> bool:
    """Whether the line that a change goes by, as its intent has it, is that of such an end."""
    return isinstance(line, str) and line.startswith((f"{DOUBLE}/", f"{SUPERSEDED}/"))


def ended(live: Live) -> bool:
    """Whether it is there and over: a hold that is switched off, a label that nobody can put on a file any more."""
    return switched_off(live) or (live.kind is Kind.GOOGLE_DRIVE_LABEL and live.fields.get("state") == "disabled")


def over(kind: Kind, vendor_id: object, snapshot: Snapshot) -> bool:
    """Whether a look shows it gone, switched off or disabled. False where it cannot tell."""
    found = next((one for one in snapshot.of(kind) if one.vendor_id == vendor_id), None)
    return snapshot.complete(kind) if found is None else ended(found)


def _goes_by(change: Change, why: str) -> bool:
    return change.operation is Operation.RELEASE and (change.because.line or "").startswith(f"{why}/")
