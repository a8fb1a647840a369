"""A matter as values: its people, sources, paper places and gap records, in the words of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from policies.kinds import Workload
from policies.problems import ToldError
from sync.matters.release import Release
from sync.store.matter_words import MatterState, PersonState, SourceState

IN_FORCE = frozenset({SourceState.EFFECTIVE, SourceState.VERIFIED})
TAKEN = frozenset({SourceState.ACCEPTED, SourceState.DISTRIBUTING, SourceState.EFFECTIVE, SourceState.VERIFIED})
"""States in which the platform has said yes to the source."""


class PersonCode(StrEnum):
    """What there is to know about a person on hold; the first that applies, in this order, is the one shown."""

    AMBIGUOUS = "person.ambiguous"
    NOT_FOUND = "person.not_found"
    DELETED = "person.deleted"
    GROUP_DELETED = "person.group_deleted"
    ARCHIVE_OFF = "group.archive_off"
    """A group that keeps no conversation: its hold holds nothing (G§1.5)."""
    NOT_LICENSED = "person.not_licensed"
    PLACE_UNKNOWN = "person.place_unknown"
    """Nobody could say where a source of the person is, or whether there is one."""
    NO_CONTAINER = "person.no_container"
    RENAMED = "person.renamed"
    MOVED = "person.moved"
    ARCHIVED = "person.archived"
    SUSPENDED = "person.suspended"
    ONE_TENANT = "person.one_tenant"


def weightiest(codes: frozenset[PersonCode]) -> PersonCode | None:
    """The code to show where several apply."""
    return next((code for code in PersonCode if code in codes), None)


class Presence(StrEnum):
    """What one tenant's list of people says of a person. Only a list that was read whole can say ``absent``."""

    FOUND = "found"
    ABSENT = "absent"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One tenant's answer about a person, and what there is to know of the accounts it has."""

    presence: Presence
    codes: tuple[PersonCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """The two moments between which something began; ``earliest`` is None when nobody had looked before."""

    earliest: datetime | None
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of a person on hold, remembered by the vendor's id so that a new name does not lose it."""

    tenant: str
    vendor_id: str
    address: str
    """As it was when the account was joined."""
    org_unit: str | None = None
    employee_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one source is and which member of which of our objects carries it. Names a person: sealed in the store."""

    address: str
    container: str | None = None
    member: str | None = None
    vendor_id: str | None = None
    """The vendor's own id of the source in the hold; Microsoft's may contain an address (M§3.5)."""
    none: bool = False
    """The platform says that there is no such place. Without ``container`` and without this, where it is remains unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of one person (or a place) in one tenant. ``resource`` is the key of the hold that carries it."""

    id: str
    person: str
    """Id of the person's row, not a name."""
    tenant: str
    workload: Workload
    identity: str | None
    place: Place
    state: SourceState = SourceState.REQUESTED
    resource: str | None = None
    vendor_container: str | None = None
    requested: datetime | None = None
    sent: datetime | None = None
    accepted: datetime | None = None
    effective: datetime | None = None
    verified: datetime | None = None
    seen_held: datetime | None = field(default=None, compare=False)
    """When a read of ours last showed it held. Having been seen again is no news: two sources that differ in nothing else are equal."""
    first_seen_held: datetime | None = None
    """When a read of ours first showed it held, without a break since."""
    released: datetime | None = None
    """When it was seen that nothing of ours holds it any more, after a release."""
    code: str | None = None
    error: str | None = None

    @property
    def counts(self) -> bool:
        """Whether there is something to hold: not released, and not a place that the tenant shows not to exist (a OneDrive never set up)."""
        return self.state is not SourceState.RELEASED and not (self.state is SourceState.FAILED and self.code == PersonCode.NO_CONTAINER.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOnHold:
    """One line of the order, or one member that a line stood for. ``address`` is what the order calls the person, lower case."""

    id: str
    address: str
    also: tuple[str, ...] = ()
    line: str | None = None
    """The group, school, role or list it came from."""
    place: Workload | None = None
    """Set for a group, site or shared drive that is on hold itself; then ``address`` is the place."""
    accounts: tuple[Account, ...] = ()
    former: bool = False
    released: datetime | None = None
    """When the last source of theirs was let go by a release; the row stays, for what was held is evidence."""
    both: bool = False
    """Somebody said that every candidate is meant."""
    state: PersonState = PersonState.NOT_HELD
    code: PersonCode | None = None
    candidates: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    """Addresses that the order names for this person and that no tenant knows, though the person was found by another."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By tenant; a tenant that never answered is missing."""
    since: Between | None = None
    """Between which two looks state and code became what they are."""

    def where(self, presence: Presence) -> tuple[str, ...]:
        """The tenants that answered so."""
        return tuple(tenant for tenant, answer in sorted(self.answers.items()) if answer.presence is presence)

    def unknown_in(self, tenants: Iterable[str]) -> tuple[str, ...]:
        """Of ``tenants`` those that could not say whether they know the person, and those that nobody asked yet."""
        answered = {tenant for tenant, answer in self.answers.items() if answer.presence is not Presence.UNREAD}
        return tuple(sorted(set(tenants) - answered))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A place on paper that somebody has to secure by hand. ``secured_on`` is the order's word; an attestation of ``paper/ID`` beats it."""

    id: str
    what: str
    where: str
    responsible: str | None = None
    secured_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A source that was in force and then was not. It stays open until a named officer records what was found."""

    id: str
    matter: str
    source: str
    tenant: str
    last_seen_held: datetime
    first_seen_not_held: datetime
    restored: datetime | None = None
    recoverable_until: datetime | None = None
    recoverable_reason: str = ""
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A matter's own times. ``issued`` is when its first request left for a tenant."""

    ordered: datetime
    triggered: datetime | None = None
    received: datetime | None = None
    passed_to_counsel: datetime | None = None
    issued: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the order that stands for several people. ``expanded`` is None while nobody could say for sure whom it means."""

    id: str
    text: str
    """``group:X``, ``school:X``, ``role:X`` or ``ou:PATH``."""
    expanded: datetime | None = None
    both: bool = False
    candidates: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    """For ``ou:PATH`` the unit's id by tenant, from the first look that found it: units are renamed and moved, and stay the units they are."""
    code: PersonCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What must not be shown without need: the confidential half of a matter."""

    name: str | None = None
    kind: str | None = None
    trigger: str | None = None
    ordered_by: str | None = None
    counsel: str | None = None
    issues: str | None = None
    terms: str | None = None
    range_from: str | None = None
    range_to: str | None = None
    silent_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A matter as the register has it. ``tenant_alias`` goes to tenants and logs, ``report_alias`` into reports; both are random."""

    alias: str
    tenant_alias: str
    report_alias: str
    state: MatterState
    opened: datetime
    times: Times
    details: Details
    workloads: tuple[Workload, ...] = ()
    """Sources the order names, and litigation hold where it asks for it."""
    people: tuple[PersonOnHold, ...] = ()
    sources: tuple[Source, ...] = ()
    paper: tuple[Paper, ...] = ()
    gaps: tuple[Gap, ...] = ()
    lines: tuple[Line, ...] = ()
    releases: tuple[Release, ...] = ()
    looked: Mapping[str, datetime] = field(default_factory=dict)
    """When each tenant was last looked at for it."""
    version: int = field(default=0, compare=False)
    """The number of the matter's newest journal entry when it was loaded; 0 for one that was never written."""

    @property
    def named(self) -> tuple[Workload, ...]:
        """The sources that the order names; empty means the usual ones of each cloud."""
        return tuple(one for one in self.workloads if one is not Workload.LITIGATION_HOLD)

    @property
    def second_belt(self) -> bool:
        """Whether mailboxes are to be on litigation hold too."""
        return Workload.LITIGATION_HOLD in self.workloads

    @property
    def release(self) -> Release | None:
        """The release that is asked for, waits or is being carried out; there is one at a time."""
        return next((one for one in self.releases if one.open), None)

    @property
    def held(self) -> tuple[PersonOnHold, ...]:
        """The people who are to be held: all but those whom a release let go."""
        return tuple(one for one in self.people if one.released is None)

    @property
    def followed(self) -> tuple[Source, ...]:
        """The sources that are to be held: not those that a release let go, nor those that it has asked for and not seen gone yet."""
        going = frozenset(self.release.going) if self.release is not None else frozenset[str]()
        held = {one.id for one in self.held}
        return tuple(one for one in self.sources if one.state is not SourceState.RELEASED and one.id not in going and one.person in held)

    def person(self, person_id: str) -> PersonOnHold:
        """The person of that row. Raises KeyError."""
        for person in self.people:
            if person.id == person_id:
                return person
        raise KeyError(person_id)

    def sources_of(self, person_id: str) -> tuple[Source, ...]:
        """The sources of that person."""
        return tuple(source for source in self.sources if source.person == person_id)


class MatterError(ToldError):
    """What was asked of a matter cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What opening or adding did: the matter, what was new in the order, and what the order no longer names (kept all the same)."""

    alias: str
    tenant_alias: str
    new: bool
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    overruled: bool = False
    """A release that was under way ended, because the order does not go with it."""
    unchanged: bool = False
    """The order held nothing new: nothing is sent for it."""


__all__ = [
    "IN_FORCE", "TAKEN", "Account", "Answer", "Between", "Details", "Gap", "Line", "Matter", "MatterError", "MatterState", "Opened", "Paper",
    "PersonCode", "PersonOnHold", "PersonState", "Place", "Presence", "Source", "SourceState", "Times", "weightiest",
]
