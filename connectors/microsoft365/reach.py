"""Whose mailboxes, drives and places a duty names in this tenant, as members of a policy, with everybody counted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.base import Circumstances
from connectors.microsoft365.policies import member
from policies.duties import Duty, People, Selector
from policies.kinds import Platform, Workload
from policies.populations import ResolvedPopulation, resolve
from policies.roster import Identity

PREFIXES: Mapping[Workload, str] = {
    Workload.MAIL: "exchange",
    # The archive is a part of the mailbox, and an Exchange location covers both (M§2.2).
    Workload.ARCHIVE: "exchange",
    Workload.DRIVE: "onedrive",
    Workload.SITE: "sharepoint",
    Workload.GROUP: "group",
    Workload.CHAT: "chat",
}
"""The workloads that Microsoft 365 has, and the location that keeps each."""

_LICENCES = "licence.unknown"
_ALL = (Workload.MAIL, Workload.ARCHIVE, Workload.DRIVE, Workload.CHAT)
"""The workloads that ``{all: users}`` keeps as one ``All`` location, so that those who join are in it from the first day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The members that carry a duty, who is covered, and why nobody is (``blocked``) or may be (``unknown``)."""

    members: frozenset[str] = frozenset()
    exceptions: tuple[str, ...] = ()
    people: People = field(default_factory=People)
    identities: frozenset[str] = frozenset()
    everyone: bool = False
    adaptive: bool = False
    unknown: str | None = None
    blocked: str | None = None
    unlicensed: bool = False


def reach_of(duty: Duty, circumstances: Circumstances) -> Reach | None:
    """Whom ``duty`` reaches here; None when it does not speak of this platform at all."""
    selector = duty.population.selectors.get(Platform.MICROSOFT365)
    if selector is None or duty.workload not in PREFIXES:
        return None
    found = resolve(selector, circumstances.roster)
    if duty.workload is Workload.GROUP:
        return _groups(selector, found, circumstances)
    if duty.workload is Workload.SITE:
        return _sites(found)
    return _people(duty.workload, selector, found, circumstances)


def place_of(person: Identity, workload: Workload) -> str | None:
    """The person's mailbox address or OneDrive URL as a member; None where the roster knows of none."""
    prefix = PREFIXES[workload]
    if prefix == "onedrive":
        url = person.containers.get(Workload.DRIVE)
        return member(prefix, url) if url else None
    address = person.containers.get(Workload.MAIL)
    return member(prefix, address) if address else None


def _people(workload: Workload, selector: Selector, found: ResolvedPopulation, circumstances: Circumstances) -> Reach:
    if found.unknown_reason is None and not found.identities:
        return Reach(people=People(covered=0, not_covered=0, unknown=0), blocked="population.empty")
    licensed = [person for person in found.identities if person.kept(workload)]
    open_ = sum(person.kept(workload) is None for person in found.identities)
    placed = {person.vendor_id: place for person in licensed if (place := place_of(person, workload)) is not None}
    count, covered = len(found.identities), len(placed)
    people = People() if found.unknown_reason else People(covered=covered, not_covered=count - covered - open_, unknown=open_)
    if selector.all_users and workload in _ALL:
        return _everyone(workload, selector, found, circumstances, licensed)
    unknown = found.unknown_reason or (_LICENCES if open_ and not licensed else None)
    return Reach(
        members=frozenset(placed.values()),
        people=people,
        identities=frozenset(placed),
        unknown=unknown,
        blocked=None if placed or unknown else "people.no_container" if licensed else "people.not_licensed",
        unlicensed=not licensed and not open_,
    )


def _everyone(
    workload: Workload, selector: Selector, found: ResolvedPopulation, circumstances: Circumstances, licensed: list[Identity]
) -> Reach:
    """One ``All`` location. Excepted people are named; one whose place is unknown stays in, which only keeps more."""
    taken_out = resolve(selector.except_, circumstances.roster) if selector.except_ is not None else None
    places = [place_of(person, workload) for person in taken_out.identities] if taken_out else []
    count, covered = len(found.identities), len(licensed)
    open_ = sum(person.kept(workload) is None for person in found.identities)
    unknown = found.unknown_reason or (_LICENCES if open_ and not licensed else None)
    return Reach(
        members=frozenset({member(PREFIXES[workload], "All")}),
        exceptions=tuple(sorted({place for place in places if place is not None})),
        people=People() if unknown else People(covered=covered, not_covered=count - covered - open_, unknown=open_),
        identities=frozenset(person.vendor_id for person in licensed),
        everyone=True,
        adaptive=selector.adaptive,
        unknown=unknown,
        blocked=None if licensed or unknown else "people.not_licensed",
        unlicensed=not licensed and not open_,
    )


def _groups(selector: Selector, found: ResolvedPopulation, circumstances: Circumstances) -> Reach:
    wanted = {name.lower() for name in selector.groups}
    known = [group for group in circumstances.roster.groups if {group.vendor_id.lower(), group.address, f"name:{group.name.lower()}"} & wanted]
    members = frozenset(member("group", group.address) for group in known if group.address)
    # What is kept is the group's own mailbox, so the people in it are not counted as covered by it.
    return Reach(
        members=members,
        people=People(covered=0, not_covered=0, unknown=0),
        unknown=None if members else found.unknown_reason,
        blocked=None if members or found.unknown_reason else "population.empty",
    )


def _sites(found: ResolvedPopulation) -> Reach:
    return Reach(
        members=frozenset(member("sharepoint", url) for url in found.sites),
        people=People(covered=0, not_covered=0, unknown=0),
        unknown=found.unknown_reason,
        blocked=None if found.sites or found.unknown_reason else "population.empty",
    )


def union(left: Reach, right: Reach) -> Reach:
    """Both reaches in one policy."""
    return Reach(
        members=left.members | right.members,
        exceptions=tuple(sorted({*left.exceptions, *right.exceptions})),
        identities=left.identities | right.identities,
        everyone=left.everyone or right.everyone,
        adaptive=left.adaptive and right.adaptive,
        unknown=left.unknown or right.unknown,
    )


