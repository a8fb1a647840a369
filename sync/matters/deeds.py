"""What a person has to do so that the sources of a matter that are not held are held: deeds for the connector to put into words. Pure.

The connector says what carries each source, exactly as it does when the program sends it, so that what was done by hand is found by its mark and
adopted: the same case, the same pieces, the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from connectors.base import Circumstances, Connector
from connectors.hold_orders import UNIT, HoldOrder, Ordered, OrderedSource
from connectors.instructions import Deed
from policies.district import Tenant
from policies.kinds import Kind, Workload
from policies.resources import Mark, Wanted, without_mark
from policies.roster import Group, Identity, OrgUnit, Roster
from sync.bindings import Binding
from sync.matters.model import TAKEN, Matter, PersonCode, PersonOnHold, Presence, Source, SourceState
from sync.matters.placing import asked, has_such, unit_of
from sync.matters.sources import PLACES, spots

_NOTHING_TO_DO = frozenset({PersonCode.NO_CONTAINER.value, PersonCode.NOT_LICENSED.value})
_OFF, _GONE, _FAILED, _KEEPS_NOTHING = "hold.off", "hold.missing", "hold.platform_error", PersonCode.ARCHIVE_OFF.value
_WAITING = frozenset({None, _OFF})
"""Of a hold on a unit that is there: nothing is known to be wrong with it, or its matter is closed, which is a deed of its own."""
_GROUPS = (Kind.M365_GROUP, Kind.GOOGLE_GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """One tenant, the connector that has words for it (None where it was not opened), and what of ours is there."""

    tenant: Tenant
    connector: Connector | None
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    unreachable: bool = False
    """It was asked now and did not answer: what is said of it is what was known before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What is not held in one tenant: sources we know, people of whom nobody could look up what they have there, and places that are named."""

    tools: Tools
    sources: tuple[Source, ...]
    people: tuple[PersonOnHold, ...]
    places: tuple[PersonOnHold, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The people's addresses in this tenant: those of their accounts where some are known, else all that the order gives."""
        return tuple(sorted({address for one in self.people for address in self.known(one) or (one.address, *one.also)}))

    @property
    def strangers(self) -> tuple[str, ...]:
        """The addresses of those of whom nobody could say whether they have an account here."""
        return tuple(sorted({address for one in self.people if not self.known(one) for address in (one.address, *one.also)}))

    def known(self, person: PersonOnHold) -> tuple[str, ...]:
        """The addresses of somebody's accounts here, as they were joined."""
        return tuple(account.address for account in person.accounts if account.tenant == self.tools.tenant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handwork:
    """``deeds`` in order. ``sought`` are places to be looked up first; ``refused`` what the platform's interface cannot hold, with why."""

    deeds: tuple[Deed, ...] = ()
    sought: tuple[tuple[Workload, str], ...] = ()
    refused: tuple[tuple[Workload, str, str], ...] = ()


def missing(matter: Matter, tools: Tools) -> Missing:
    """What of ``matter`` is not held in a tenant and a person could do something about."""
    tenant = tools.tenant.id
    sources = tuple(source for source in matter.followed if source.tenant == tenant and is_open(source))
    lacking = [one for one in matter.held if tenant in one.where(Presence.UNREAD) or _unsought(one, tenant) or _unplaced(one, matter, tenant)]
    people = tuple(one for one in lacking if one.place is None)
    places = tuple(one for one in lacking if one.place is not None and has_such(one.place, tools.tenant.platform) and not _has(one, matter, tenant))
    return Missing(tools=tools, sources=sources, people=people, places=places)


def is_open(source: Source) -> bool:
    """Whether a person could do something about it: a missing licence or a place that does not exist is nothing to order."""
    return source.state not in TAKEN and source.state is not SourceState.RELEASED and source.code not in _NOTHING_TO_DO


def handwork(matter: Matter, lacking: Missing, connector: Connector, district: str) -> Handwork:
    """The deeds for exactly what is missing. Whoever is held already is in none of them."""
    tools, tenant = lacking.tools, lacking.tools.tenant
    order, index = _as_carried(matter, *asked(matter, tenant.id))
    unread = _unread(matter, lacking)
    known = tuple(line for line in unread if line.container is not None)
    ordered = connector.realise_hold(replace(order, sources=(*order.sources, *known)), _circumstances(matter, tools))
    open_ones = {source.id: source for source in lacking.sources}
    lines = {line: open_ones.get(index.get(line, "")) for line in (*order.sources, *known) if line in known or index[line] in open_ones}
    return Handwork(
        deeds=tuple(_deeds(ordered, lines, tools, district)),
        sought=(
            *((source.workload, source.place.address) for source in lacking.sources if source.place.container is None),
            *((line.workload, line.address) for line in unread if line.container is None),
            *((one.place, one.address) for one in lacking.places if one.place is not None),
        ),
        refused=tuple((line.workload, line.address, why) for line, why in ordered.refused.items() if line in lines),
    )


def _as_carried(matter: Matter, order: HoldOrder, index: Mapping[OrderedSource, str]) -> tuple[HoldOrder, Mapping[OrderedSource, str]]:
    """The order without its unit for whoever was seen outside of it: a sheet reads no directory, and goes by what carries each source already."""
    members = {source.id: source.place.member for source in matter.sources}
    left = {line for line, source in index.items() if not (members[source] or UNIT).startswith(UNIT)}
    known = {replace(line, unit=None, unit_id=None) if line in left else line: source for line, source in index.items()}
    return replace(order, sources=tuple(known)), known


def _deeds(ordered: Ordered, lines: Mapping[OrderedSource, Source | None], tools: Tools, district: str) -> Iterable[Deed]:
    """Containers first, each hold with what it lacks, and beside them what a hold rests on (a group's archive)."""
    inside: dict[str, dict[str, Source | None]] = {}
    people: dict[str, str] = {}
    for line, source in lines.items():
        if line in ordered.carried:
            key, member = ordered.carried[line]
            inside.setdefault(key, {})[member] = source
            # A unit's hold names nobody, so what stands for its people is the unit, as the order calls it.
            people[member] = line.unit or line.address if member.startswith(UNIT) else line.address
    containers = {one.parent for one in ordered.resources if one.parent is not None and one.key in inside}
    codes = {source.code for held in inside.values() for source in held.values() if source is not None}
    names = {one.key: one.name for one in ordered.resources} | {key: binding.name for key, binding in tools.bindings.items()}
    for one in ordered.resources:
        binding = tools.bindings.get(one.key)
        deed = _deed(one, binding, district, names)
        if one.key in containers:
            yield from _container(deed, bound=binding is not None, codes=codes)
        elif one.key in inside:
            yield from _hold(deed, inside[one.key], people, bound=binding is not None)
        elif one.parent is None and not one.members and _resting(one, binding, lines):
            yield replace(deed, vendor_id=None)


def _resting(one: Wanted, binding: Binding | None, lines: Mapping[OrderedSource, Source | None]) -> bool:
    """Whether what a hold rests on is still to be done: it never was, or it was undone since."""
    undone = {source.identity for source in lines.values() if source is not None and source.code == _KEEPS_NOTHING}
    return one.fields.get("group") in undone or (binding is None and any(line.workload is Workload.GROUP for line in lines))


def _deed(one: Wanted, binding: Binding | None, district: str, names: Mapping[str, str]) -> Deed:
    mark = Mark(district=district, key=one.key, generation=binding.generation if binding else one.generation)
    return Deed(
        operation="create", kind=one.kind, name=names[one.key], key=one.key, mark=mark, vendor_id=binding.vendor_id if binding else None,
        parent=names.get(one.parent) if one.parent else None, fields=one.fields,
    )


def _container(deed: Deed, *, bound: bool, codes: set[str | None]) -> Iterable[Deed]:
    if not bound:
        yield deed
    elif _OFF in codes:
        yield replace(deed, operation="set", fields={"state": "open"})


def _hold(deed: Deed, inside: Mapping[str, Source | None], people: Mapping[str, str], *, bound: bool) -> Iterable[Deed]:
    codes = {member: source.code if source else None for member, source in inside.items()}
    if bound and _GONE not in codes.values() and all(member.startswith(UNIT) for member in inside):
        yield from _second(deed, inside, people) if set(codes.values()) - _WAITING else ()
        return
    if not bound or _GONE in codes.values():
        yield replace(deed, vendor_id=None)
        yield _adding(deed, frozenset(inside), people)
        return
    if _FAILED in codes.values():
        yield replace(deed, operation="retry", fields={})
    absent = frozenset(member for member, code in codes.items() if code not in {_FAILED, _OFF, _KEEPS_NOTHING})
    if absent:
        yield _adding(deed, absent, people)


def _second(deed: Deed, inside: Mapping[str, Source | None], people: Mapping[str, str]) -> Iterable[Deed]:
    """A hold on a unit takes nobody and is not put back to what it was, for that may let go of others: the next generation stands beside it."""
    generation = deed.mark.generation + 1
    again = replace(deed, vendor_id=None, name=f"{without_mark(deed.name)} g{generation}", mark=replace(deed.mark, generation=generation))
    yield again
    yield _adding(again, frozenset(inside), people)


def _adding(deed: Deed, members: frozenset[str], people: Mapping[str, str]) -> Deed:
    return replace(deed, operation="add", fields={}, members=members, people={member: people[member] for member in members})


def _unread(matter: Matter, lacking: Missing) -> tuple[OrderedSource, ...]:
    """What people have whom nobody could look up: their mailbox by its address, and what has to be found out first without a place."""
    tenant = lacking.tools.tenant
    named = tuple(one for one in matter.named if one not in PLACES)
    units = {address: unit_of(one, matter, tenant.id) for one in lacking.people for address in lacking.known(one) or (one.address, *one.also)}
    return tuple(
        OrderedSource(
            person=address, workload=spot.workload, identity_id=address, address=address, container=spot.container, unit=units[address][0],
            unit_id=units[address][1],
        )
        for address in lacking.addresses
        for spot in spots(Identity(tenant=tenant.id, vendor_id=address, address=address), tenant.platform, named, second_belt=matter.second_belt)
    )


def _circumstances(matter: Matter, tools: Tools) -> Circumstances:
    """What is remembered of the tenant: the pieces that exist, their names, the groups on hold, and the units that the order names."""
    groups = tuple(
        Group(tenant=tools.tenant.id, vendor_id=source.identity, address=source.place.address, name=source.place.address, members=frozenset())
        for source in matter.sources if source.tenant == tools.tenant.id and source.workload is Workload.GROUP and source.identity
    )
    units = tuple(
        OrgUnit(tenant=tools.tenant.id, vendor_id=line.units[tools.tenant.id], path=line.text.partition(":")[2])
        for line in matter.lines if tools.tenant.id in line.units
    )
    return Circumstances(
        tenant=tools.tenant, capabilities=(), licences={},
        roster=Roster(tenant=tools.tenant.id, at=matter.opened, identities=(), groups=groups, org_units=units),
        pieces={key: sorted(binding.members) for key, binding in tools.bindings.items()},
        names={key: binding.name for key, binding in tools.bindings.items()},
    )


def _unplaced(person: PersonOnHold, matter: Matter, tenant: str) -> bool:
    """Whether somebody has an account there of which nobody has looked up the places yet: the tenant answered once, and then no more."""
    answer = person.answers.get(tenant)
    found = answer is not None and answer.presence is Presence.FOUND and not answer.codes
    return found and not person.candidates and not _has(person, matter, tenant)


def _has(person: PersonOnHold, matter: Matter, tenant: str) -> bool:
    return any(source.tenant == tenant for source in matter.sources_of(person.id))


def _unsought(person: PersonOnHold, tenant: str) -> bool:
    return not person.candidates and tenant not in person.answers
