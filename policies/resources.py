"""What a tenant holds and what it should hold, in vendor-neutral words: normal forms that compare by ``==``.

A resource is its kind, its fields in *normal form* and its members. Normal form: order, letter case of addresses, null against empty,
ids against names, midnight GMT and server defaults are already settled by the connector, so that two equal things are equal here.

Fields by kind (the only names that connectors, simulator and diff use):

- ``m365.label``: ``period`` (days as int, or ``"forever"``), ``trigger`` (created, modified, labelled, event:NAME), ``action`` (keep,
  keep_and_delete, delete, review), ``behaviour`` (retain, record, regulatory), ``description``.
  Only where there are any: ``reviewers`` (tuple of ``STAGE: ADDRESS, ADDRESS``), and of the file plan ``authority category subcategory citation
  department reference``; ``file_plan`` (the vendor's text) where what a label says of it cannot be understood.
- ``m365.adaptive_scope``: ``location`` (user, group, site), ``query``, ``units`` (tuple), ``description``.
- ``m365.event_type``: ``description``; its name is what a label's trigger ``event:NAME`` names.
- ``m365.label_policy``, ``m365.retention_policy``: ``enabled``, ``description``, ``exceptions`` (tuple of members), ``locked``; members
  ``exchange:ADDRESS``, ``onedrive:URL``, ``sharepoint:URL``, ``group:ADDRESS``, ``chat:ADDRESS``, ``channel:...``, or ``exchange:All`` and so on.
  Only where there are any: ``applications`` (tuple of ``user:exchange`` and so on: what of a location is meant), and with members ``scope:NAME``
  ``scopes`` (tuple of ``NAME (user|group|site): QUERY``).
- ``m365.label_rule``: ``publishes`` (name of the label). Its parent is the label policy.
- ``m365.retention_rule``: ``period``, ``trigger``, ``action``, ``query`` (text or ``""``). Its parent is the retention policy.
- ``m365.case``: ``state`` (open, closed), ``description``. ``m365.hold``: ``enabled``, ``query``, ``description``; members
  ``mail:ADDRESS``, ``site:URL``; its parent is the case.
- ``m365.mailbox``: no fields; members ``mail:ADDRESS``, the mailboxes on litigation hold without an end. One object, the platform's own.
- ``google.matter``: ``state`` (open, closed, deleted), ``description``. ``google.hold``: ``corpus`` (MAIL, DRIVE, ...), ``scope``
  (accounts, org_unit), ``org_unit`` (its id without ``id:``), ``terms``, ``start``, ``end``, ``options`` (sorted tuple of texts);
  members ``account:ID``; its parent is the matter.
- ``google.group_archive``: ``group`` (id), ``archived``, ``frozen``; its name is the group's address and it carries no mark.
  ``google.drive_label``: ``state`` (draft, published, published_draft, disabled), ``period``, ``trigger``, ``description``, ``copies`` (always,
  never, if_appliable), ``locked``; members (of ours) who may apply it: ``applier:ADDRESS``, ``applier:All``.
  ``google.setting``: ``setting`` (``chat.chat_history`` ...), ``org_unit``, ``group``, ``by_administrator``,
  ``order``, ``narrowed`` (bool), ``value`` (tuple of ``name=value``); never written. Three sorts are none of the Policy API's:
  ``privileges.retention``, ``privileges.holds`` and so on with ``accounts`` (who may do that in Vault),
  ``alert.accelerated_deletion`` with ``action``, ``service``,
  ``matter``, ``request``, and ``chat.spaces_without_history`` with ``count``, ``spaces`` (ids), ``largest`` (names), or ``unread`` (why).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from policies.kinds import TRAITS, Kind

Value: TypeAlias = "str | int | bool | tuple[Value, ...] | None"
Fields: TypeAlias = Mapping[str, Value]


FILED: Final = frozenset({"authority", "category", "subcategory", "citation", "department", "reference"})
"""What a label says of the file plan: it sorts and explains, keeps and deletes nothing, and is spelled as the tenant first spelled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What we write into an object so that it can be found again: ``[rw:DISTRICT:KEY:gN]``, last thing in its comment or name."""

    district: str
    key: str
    generation: int

    def __str__(self) -> str:
        return f"[rw:{self.district}:{self.key}:g{self.generation}]"


MARK = re.compile(r"\[rw:(?P<district>[a-z0-9]{8}):(?P<key>[a-z0-9-]{1,40}):g(?P<generation>[1-9][0-9]*)\]")


def find_mark(text: str | None) -> Mark | None:
    """The last mark in ``text``, or None."""
    found = list(MARK.finditer(text or ""))
    if not found:
        return None
    last = found[-1]
    return Mark(district=last["district"], key=last["key"], generation=int(last["generation"]))


def without_mark(text: str | None) -> str:
    """``text`` with every mark taken out and the space around it folded."""
    return MARK.sub("", text or "").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why we want something: the line of the policy, or the matter (by its alias)."""

    line: str | None = None
    series: str | None = None
    matter: str | None = None
    file: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A live object by the vendor's own id; ``parent_id`` for what lives inside another object (a hold in a case)."""

    tenant: str
    kind: Kind
    vendor_id: str
    name: str
    mark: Mark | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One object as the policy or a matter wants it. ``key`` is ours and stable for ever; ``depends_on`` and ``parent`` are keys."""

    kind: Kind
    key: str
    name: str
    fields: Fields
    members: frozenset[str] = frozenset()
    generation: int = 1
    parent: str | None = None
    depends_on: tuple[str, ...] = ()
    because: Because = Because()
    people: int = 0
    whole: bool = False
    """This surface takes the object whole: it is born with its members, and until it has been distributed nobody may touch it again."""

    settles: int = 0
    """Seconds that the platform may take to bring it into force beyond what everything takes here."""
    fixed: frozenset[str] = frozenset()
    """Fields that this very object keeps as it was born, beside those that its kind's traits name."""
    at_birth: frozenset[str] = frozenset()
    """Fields that this surface takes when the object is made and never after: what of them an object lacks is no reason for a change, or another."""

    @property
    def lasting(self) -> Fields:
        """The fields that an object which is there can be brought to."""
        return {name: value for name, value in self.fields.items() if name not in self.at_birth}

    @property
    def born_with(self) -> frozenset[str]:
        """The members that its create carries; the others are added to it afterwards."""
        return self.members if self.at_once else frozenset()

    @property
    def at_once(self) -> bool:
        """Whether fields and members go in one call: where the platform locks what it distributes, a second call would wait for the first (M§2.7)."""
        return self.whole or TRAITS[self.kind].create_with_members


class Force(StrEnum):
    """What the platform itself says of an object or of one member of it."""

    PENDING = "pending"
    APPLIED = "applied"
    ERROR = "error"
    OFF = "off"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberState:
    """One member of a live object (a mailbox in a hold): in force or not, since when, and the vendor's error if any."""

    force: Force
    since: datetime | None = None
    vendor_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One object as a tenant shows it, in normal form, with the raw answer kept for evidence (JSON text)."""

    kind: Kind
    vendor_id: str
    name: str
    fields: Fields
    members: frozenset[str] = frozenset()
    member_states: Mapping[str, MemberState] = field(default_factory=dict)
    mark: Mark | None = None
    parent_id: str | None = None
    force: Force = Force.UNKNOWN
    created_at: datetime | None = None
    changed_at: datetime | None = None
    made_by_us: bool | None = None
    in_use: bool | None = None
    """Whether the platform says that something offers or applies it to people (a label); None where it does not say."""
    raw: str = "{}"

    def ref(self, tenant: str) -> Ref:
        """The object's reference within ``tenant``."""
        return Ref(tenant=tenant, kind=self.kind, vendor_id=self.vendor_id, name=self.name, mark=self.mark, parent_id=self.parent_id)


class ReadState(StrEnum):
    """How much of a kind was seen. Only ``complete`` lets anyone conclude that something is absent."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRead:
    """How the read of one kind ended; ``reason`` is a dotted code with an optional sentence, never empty unless complete."""

    kind: Kind
    state: ReadState
    count: int | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Live state of a tenant at one time: resources *plus what could not be read*."""

    tenant: str
    at: datetime
    reads: Mapping[Kind, KindRead]
    resources: tuple[Live, ...]

    def complete(self, kind: Kind) -> bool:
        """Whether absence of an object of ``kind`` may be believed."""
        read = self.reads.get(kind)
        return read is not None and read.state is ReadState.COMPLETE

    def of(self, *kinds: Kind) -> tuple[Live, ...]:
        """The live objects of the given kinds."""
        return tuple(live for live in self.resources if live.kind in kinds)
