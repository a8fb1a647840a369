"""The journal's values: who acted, what is sealed, what an entry says, and what verification found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from policies.problems import ToldError
from sync.store.words import EntryKind


class JournalError(ToldError):
    """The journal cannot take or give what was asked."""


class ActorKind(StrEnum):
    """Who can act: the program by itself, an officer who signed, a person whom only the operating system knows."""

    PROGRAM = "program"
    OFFICER = "officer"
    OS = "os"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who stands behind an entry. ``key`` and ``sig`` are filled in when the entry is signed."""

    kind: ActorKind
    id: str
    key: str | None = None
    sig: str | None = None


PROGRAM = Actor(kind=ActorKind.PROGRAM, id="recordwarden")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A confidential value inside a body: the chain will hold only its salted hash. Any JSON value."""

    value: object = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a chain: what leaves the machine daily, so that the one who owns the disk cannot rewrite it unseen."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as read back; sealed values in ``body`` stand as ``{"sealed": hash}``."""

    seq: int
    at: datetime
    vendor_at: datetime | None
    clock: str
    actor: Actor
    run: str
    kind: EntryKind
    tenant: str | None
    subject: str
    body: Mapping[str, object]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIntent:
    """An intent whose outcome is not known yet."""

    seq: int
    at: datetime
    tenant: str | None
    subject: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCount:
    """Of the values that the chain commits to: opened and matching, not handed over, erased."""

    shown: int
    withheld: int
    erased: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstBad:
    """The first entry that does not hold, and why."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a chain proves: all of it, or where it first fails."""

    ok: bool
    entries: int
    head: str
    seq: int
    sealed: SealedCount
    first_bad: FirstBad | None
    open_intents: tuple[int, ...]
    signatures: int
    """Signatures that were checked and hold."""
