"""What examining a tenant tells: who answers, what may be read and written there, and what was watched while looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from policies.kinds import Kind


class ReadCapability(StrEnum):
    """How much of a kind this identity can read."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    UNKNOWN = "unknown"


class WriteCapability(StrEnum):
    """Whether this identity can write a kind: proven by a marked dummy, allowed but unproven, not granted, only attestable, or impossible."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    MISSING = "missing"
    ATTEST_ONLY = "attest_only"
    NONE = "none"


NOT_PROVEN: Final = "capability.unproven: no proof has been made here"
"""Why a kind that could be written is not: nobody has shown it on this tenant yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What this tenant allows for a kind, and why not."""

    kind: Kind
    read: ReadCapability
    write: WriteCapability
    surface: str | None = None
    reason: str | None = None
    proven_at: datetime | None = None
    next_step: str | None = None
    account: str | None = None
    """The signed-in person as whom it would be written; None: as ourselves."""
    version: str | None = None
    """The version of the vendor's interface that served the kind, where there are several and one has answered."""

    @property
    def barred(self) -> bool:
        """Whether it cannot be written here: a right or a licence is missing, or the interface is not there."""
        return self.write in {WriteCapability.MISSING, WriteCapability.NONE, WriteCapability.ATTEST_ONLY}

    @property
    def cannot_be_tried(self) -> bool:
        """Whether not even a hold is sent: a right is missing, or the interface is not there.

        That nobody seems to have the licence is our own conclusion from counts: there a hold is sent, and the platform has the last word.
        """
        return self.barred and not (self.reason or "").startswith("licence.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who answered: the tenant's own id and domain, the identity we are there, and the vendor's clock minus ours in seconds."""

    vendor_id: str
    domain: str
    domains: tuple[str, ...]
    actor: str
    skew_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An application of ours as the tenant's directory knows it: its own id and its object's, None where no token has told."""

    writes: bool
    application_id: str | None
    object_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One endpoint as doctor found it. ``next_step``: what a person has to do about something that it lacks, also where it answers."""

    name: str
    url: str | None
    ok: bool
    detail: str
    next_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The feed that a tenant's log comes by: the endpoint, and the parts of it that are not switched on for us (None: nobody would say)."""

    surface: Surface
    off: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibilityCheck:
    """Whether the district's named object of a kind was seen, and whether we made it ourselves (then it proves nothing)."""

    kind: Kind
    name: str | None
    seen: bool | None
    made_by_us: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSignedIn:
    """The administrator who is signed in beside our own identity: until when it goes on unused, whether it is kept, and what it may do."""

    account: str
    until: datetime | None
    kept: bool
    scopes: tuple[str, ...] | None
    trouble: str | None = None
    """The code and sentence of what is wrong with it; None while nothing is."""
    next_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A permission that is asked for on its own and was refused: its name at the vendor, why, and who gives it where."""

    permission: str
    reason: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What ``doctor`` learns without writing anything."""

    identity: Identity
    surfaces: tuple[Surface, ...]
    licences: Mapping[str, int]
    """Name of the plan or SKU to the number of assigned seats."""
    capabilities: tuple[Capability, ...]
    signed_in: PersonSignedIn | None = None
    refused: tuple[Refused, ...] = ()
    """Permissions that were asked for one by one and not given; empty too where a platform grants them all in one token."""
    wanting: tuple[Refused, ...] = ()
    """Optional permissions that are not given: nothing is wrong without them, and less is told or sent."""
    principals: tuple[Principal, ...] = ()
    """Our applications there, the one that writes first; empty on platforms that register none."""
