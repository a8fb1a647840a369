"""A whole tenant in memory, true to life: what is ordered is pending until the clock has moved, logs come late, and people work behind our back.

The world is what reader and writer look at and act on; ``Console`` is another identity's hands on it, and ``Troubles`` is what can go wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from connectors.audit_log import AuditEvent
from connectors.base import Clock
from connectors.examination import ReadCapability, WriteCapability
from policies.kinds import Kind, Platform
from policies.resources import Fields, Force, Live, Mark, MemberState, Value, find_mark
from policies.roster import Roster

US: Final = "recordwarden"
"""Who the log names for what our own client did."""

DISTRIBUTED: Final = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_POLICY, Kind.M365_HOLD, Kind.GOOGLE_HOLD})
"""Kinds that the platform accepts first and brings into force later (M§2.7, M§3.7)."""
LOCKED_WHILE_PENDING: Final = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_POLICY})
"""Kinds that refuse the next change until the last one is deployed (M§2.7)."""
CONTAINED: Final[Mapping[Kind, Kind]] = {
    Kind.M365_LABEL_RULE: Kind.M365_LABEL_POLICY,
    Kind.M365_RETENTION_RULE: Kind.M365_RETENTION_POLICY,
    Kind.M365_HOLD: Kind.M365_CASE,
    Kind.GOOGLE_HOLD: Kind.GOOGLE_MATTER,
}
"""What lives inside what."""


@dataclass(slots=True, kw_only=True)
class Thing:
    """One object of the world. ``members`` gives when each was ordered; ``failed`` members are those that the platform could not bring in."""

    kind: Kind
    vendor_id: str
    name: str
    fields: dict[str, Value]
    members: dict[str, datetime]
    made_by: str
    created_at: datetime
    changed_at: datetime
    mark: Mark | None = None
    parent_id: str | None = None
    failed: dict[str, str] = field(default_factory=dict)
    broken: bool = False


@dataclass(slots=True, kw_only=True)
class Troubles:
    """What goes wrong in this tenant, until it is taken back.

    ``failed`` kinds cannot be read at all and ``partial`` ones only without ``hidden`` objects, each with its reason; a kind in ``roleless``
    answers with an empty list and no error, as both vendors do to an identity without the role. ``lost`` is where the next write breaks off:
    "before" the commit or "after" it. ``refused_members`` cannot be added, with the vendor's reason. ``no_log`` is why the log does not answer;
    ``blind_log``: it answers, and shows nothing. ``no_old_log``: why it refuses what is older than half a year; ``log_left``: so often it answers.
    ``late``: so many seconds pass until a new object of that kind is shown at all (M§10).
    """

    failed: dict[Kind, str] = field(default_factory=dict)
    partial: dict[Kind, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    roleless: set[Kind] = field(default_factory=set)
    unreachable: str | None = None
    lost: str | None = None
    refused_members: dict[str, str] = field(default_factory=dict)
    no_log: str | None = None
    blind_log: bool = False
    no_old_log: str | None = None
    log_left: int | None = None
    late: dict[Kind, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class MemoryTenant:
    """The state of one tenant, shared by everybody who looks at it. Times in seconds."""

    platform: Platform
    vendor_id: str
    domain: str
    clock: Clock
    roster: Roster
    distribution_seconds: int = 3600
    log_seconds: int = 900
    licences: dict[str, int] = field(default_factory=dict)
    rights: dict[Kind, WriteCapability] = field(default_factory=dict)
    sight: dict[Kind, ReadCapability] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=Troubles)
    things: dict[str, Thing] = field(default_factory=dict)
    log: list[AuditEvent] = field(default_factory=list)
    counter: int = 0

    def make(  # noqa: PLR0913  # an object has this many sides
        self,
        kind: Kind,
        name: str,
        fields: Fields,
        members: Iterable[str] = (),
        *,
        by: str,
        mark: Mark | None = None,
        parent_id: str | None = None,
    ) -> Thing:
        """Commit a new object. Nothing here is idempotent: asked twice, the world has two."""
        self.counter += 1
        now = self.clock.now()
        thing = Thing(
            kind=kind,
            vendor_id=f"{kind.value.rpartition('.')[2]}-{self.counter:04d}",
            name=name,
            fields=dict(fields),
            members=dict.fromkeys(members, now),
            made_by=by,
            created_at=now,
            changed_at=now,
            mark=mark,
            parent_id=parent_id,
        )
        self.things[thing.vendor_id] = thing
        self.note(thing, "create", by)
        return thing

    def alter(self, thing: Thing, fields: Fields, *, by: str) -> None:
        """Commit new values of some fields; what is distributed starts over. Closing a case switches its holds off and nothing switches them on."""
        was_open = thing.fields.get("state") == "open"
        thing.fields.update(fields)
        thing.changed_at = self.clock.now()
        if was_open and thing.fields.get("state") == "closed":
            for child in self.children(thing):
                if child.kind is Kind.M365_HOLD:
                    child.fields["enabled"] = False
        self.note(thing, "update", by)

    def join(self, thing: Thing, members: Iterable[str], *, by: str) -> None:
        """Commit new members, pending from now on."""
        now = self.clock.now()
        thing.members.update(dict.fromkeys(members, now))
        thing.changed_at = now
        self.note(thing, "add", by)

    def drop(self, thing: Thing, *, by: str) -> None:
        """Take an object and what lives in it out of the world."""
        for child in self.children(thing):
            self.drop(child, by=by)
        del self.things[thing.vendor_id]
        self.note(thing, "delete", by)

    def children(self, thing: Thing) -> list[Thing]:
        """What lives inside ``thing``."""
        return [other for other in self.things.values() if other.parent_id == thing.vendor_id]

    def note(self, thing: Thing, operation: str, by: str) -> None:
        """Write the vendor's log."""
        self.log.append(
            AuditEvent(
                id=f"event-{len(self.log) + 1:04d}",
                at=self.clock.now(),
                actor=by,
                operation=operation,
                kind=thing.kind,
                vendor_id=thing.vendor_id,
                name=thing.name,
                ours=by == US,
            )
        )

    def show(self, thing: Thing) -> Live:
        """The object as the platform shows it now, in normal form."""
        states = {member: self._member_state(thing, member, ordered) for member, ordered in thing.members.items()}
        distributed = thing.kind in DISTRIBUTED
        return Live(
            kind=thing.kind,
            vendor_id=thing.vendor_id,
            name=thing.name,
            fields=dict(thing.fields),
            members=frozenset(thing.members),
            member_states=states if distributed else {},
            mark=thing.mark,
            parent_id=thing.parent_id,
            force=self._force(thing, states) if distributed else Force.APPLIED,
            created_at=thing.created_at,
            changed_at=thing.changed_at,
            made_by_us=thing.made_by == US,
            raw=json.dumps({"id": thing.vendor_id, "name": thing.name, "fields": thing.fields, "members": sorted(thing.members)}, sort_keys=True),
        )

    def _member_state(self, thing: Thing, member: str, ordered: datetime) -> MemberState:
        if member in thing.failed:
            return MemberState(force=Force.ERROR, error=thing.failed[member])
        if thing.fields.get("enabled") is False:
            return MemberState(force=Force.OFF)
        due = ordered + timedelta(seconds=self.distribution_seconds)
        return MemberState(force=Force.PENDING) if self.clock.now() < due else MemberState(force=Force.APPLIED, since=due)

    def _force(self, thing: Thing, states: Mapping[str, MemberState]) -> Force:
        if thing.broken or any(state.force is Force.ERROR for state in states.values()):
            return Force.ERROR
        if thing.fields.get("enabled") is False:
            return Force.OFF
        started = thing.changed_at + timedelta(seconds=self.distribution_seconds)
        pending = self.clock.now() < started or any(state.force is Force.PENDING for state in states.values())
        return Force.PENDING if pending else Force.APPLIED


@dataclass(frozen=True, slots=True)
class Console:
    """Somebody else at work in the tenant's own console, under an account that the log will name."""

    world: MemoryTenant
    account: str = "admin@district.example"

    def make(self, kind: Kind, name: str, fields: Fields, members: Iterable[str] = (), *, parent_id: str | None = None) -> str:
        """Make an object; its vendor id."""
        return self.world.make(kind, name, fields, members, by=self.account, mark=find_mark(name), parent_id=parent_id).vendor_id

    def set(self, vendor_id: str, **fields: Value) -> None:
        """Change fields of an object."""
        self.world.alter(self.world.things[vendor_id], fields, by=self.account)

    def add(self, vendor_id: str, *members: str) -> None:
        """Add members to an object."""
        self.world.join(self.world.things[vendor_id], members, by=self.account)

    def remove(self, vendor_id: str, *members: str) -> None:
        """Take members out of an object."""
        thing = self.world.things[vendor_id]
        for member in members:
            del thing.members[member]
        thing.changed_at = self.world.clock.now()
        self.world.note(thing, "remove", self.account)

    def delete(self, vendor_id: str) -> None:
        """Delete an object with what lives in it."""
        self.world.drop(self.world.things[vendor_id], by=self.account)

    def copy(self, vendor_id: str) -> str:
        """Make a second object like this one, mark and all; its vendor id."""
        thing = self.world.things[vendor_id]
        twin = self.world.make(thing.kind, thing.name, thing.fields, thing.members, by=self.account, mark=thing.mark, parent_id=thing.parent_id)
        return twin.vendor_id

    def break_distribution(self, vendor_id: str) -> None:
        """Let the platform fail to bring an object into force."""
        thing = self.world.things[vendor_id]
        thing.broken = True


def planted(world: MemoryTenant, kinds: Iterable[Kind], account: str = "admin@district.example") -> dict[Kind, str]:
    """Make one harmless object of each kind under another identity and give their names: the tenant's visibility checks."""
    console = Console(world, account)
    names: dict[Kind, str] = {}
    ids: dict[Kind, str] = {}
    for kind in sorted(kinds, key=lambda one: one in CONTAINED):
        names[kind] = f"Visible {kind.value}"
        ids[kind] = console.make(kind, names[kind], _HARMLESS[kind], _HARMLESS_MEMBERS.get(kind, ()), parent_id=ids.get(CONTAINED.get(kind, kind)))
    return names


_KEEP: Final[Fields] = {"period": 1, "trigger": "created", "action": "keep"}
_HARMLESS: Final[Mapping[Kind, Fields]] = {
    Kind.M365_LABEL: {**_KEEP, "behaviour": "retain", "description": ""},
    Kind.M365_LABEL_POLICY: {"enabled": True, "description": "", "exceptions": (), "locked": False},
    Kind.M365_LABEL_RULE: {"publishes": f"Visible {Kind.M365_LABEL.value}"},
    Kind.M365_RETENTION_POLICY: {"enabled": True, "description": "", "exceptions": (), "locked": False},
    Kind.M365_RETENTION_RULE: {**_KEEP, "query": ""},
    Kind.M365_CASE: {"state": "open", "description": ""},
    Kind.M365_HOLD: {"enabled": True, "query": "", "description": ""},
    Kind.GOOGLE_MATTER: {"state": "open", "description": ""},
    Kind.GOOGLE_HOLD: {"corpus": "MAIL", "scope": "accounts", "org_unit": None, "terms": "", "start": None, "end": None, "options": ()},
}
_HARMLESS_MEMBERS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.M365_LABEL_POLICY: ("exchange:visible@district.example",),
    Kind.M365_RETENTION_POLICY: ("exchange:visible@district.example",),
}

__all__ = ["CONTAINED", "DISTRIBUTED", "LOCKED_WHILE_PENDING", "US", "Console", "MemoryTenant", "Thing", "Troubles", "planted"]
