"""Sources of a matter in one tenant: which there are, how a connector is asked for them, and which hold carries each. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from connectors.hold_orders import HoldOrder, Ordered, OrderedSource
from policies.kinds import Kind, Platform, Workload
from policies.roster import Identity, Roster
from sync.matters.model import Matter, PersonCode, PersonOnHold, Place, Source, SourceState
from sync.matters.order import LineKind
from sync.matters.sources import spots

NO_RIGHT = "capability.missing"
UNPROVEN = "capability.unproven"
REFUSED = "hold.member_refused"
ASK_AGAIN = timedelta(hours=1)
_NOT_SENT = frozenset({SourceState.REQUESTED, SourceState.FAILED})
_CAN_CURE = frozenset({NO_RIGHT, UNPROVEN})
_SHOWN = frozenset({PersonCode.DELETED.value, PersonCode.GROUP_DELETED.value})
"""What a read showed of a source that was held: that nothing can be ordered for it now says less, and would be said anew at each look."""
_PLACELESS = frozenset({PersonCode.NO_CONTAINER.value, PersonCode.PLACE_UNKNOWN.value})


def placed(matter: Matter, platform: Platform, roster: Roster, now: datetime) -> Matter:
    """``matter`` with a source for everything of everybody that this tenant holds; what was there before stays, also when its account is gone."""
    sources = {source.id: source for source in matter.sources}
    accounts = {identity.vendor_id: identity for identity in roster.identities}
    for person in matter.held:
        if person.place:
            known = frozenset(one.identity for one in matter.sources_of(person.id) if one.tenant == roster.tenant and one.identity)
            found = of_place(person, platform, roster, known)
        else:
            found = _of_person(person, matter, platform, roster.tenant, accounts)
        for identity, workload, place in found:
            key = source_id(person.id, roster.tenant, identity, workload)
            old = sources.get(key) or Source(
                id=key, person=person.id, tenant=roster.tenant, workload=workload, identity=identity, place=place, requested=now,
            )
            sources[key] = _with_place(old, place)
    return replace(matter, sources=tuple(sources.values()))


def source_id(person: str, tenant: str, identity: str | None, workload: Workload) -> str:
    """12 hex digits, stable for one source of one person; ``person`` is a random id, so that the name cannot be guessed from it."""
    return hashlib.sha256(f"{person}|{tenant}|{identity}|{workload.value}".encode()).hexdigest()[:12]


def asked(matter: Matter, tenant: str) -> tuple[HoldOrder, Mapping[OrderedSource, str]]:
    """What the tenant's connector is asked to hold, with the id of the source behind each line. Only the random alias leaves."""
    units = {person.id: unit_of(person, matter, tenant) for person in matter.held}
    index = {
        OrderedSource(
            person=matter.person(source.person).address, workload=source.workload, identity_id=source.identity, address=source.place.address,
            container=source.place.container, unit=units[source.person][0], unit_id=units[source.person][1],
        ): source.id
        for source in matter.followed
        if source.tenant == tenant and source.place.container is not None
    }
    order = HoldOrder(
        alias=matter.tenant_alias, tenant_alias=matter.tenant_alias, sources=tuple(index), terms=matter.details.terms,
        range_from=_day(matter.details.range_from), range_to=_day(matter.details.range_to),
    )
    return order, index


def unit_of(person: PersonOnHold, matter: Matter, tenant: str) -> tuple[str | None, str | None]:
    """Path and id of the unit by which the order names somebody; no id while no look at ``tenant`` found it."""
    kind, _, path = (person.line or "").partition(":")
    if kind != LineKind.OU.value:
        return None, None
    return path, next((line.units.get(tenant) for line in matter.lines if line.text == person.line), None)


def carried(matter: Matter, ordered: Ordered, index: Mapping[OrderedSource, str], missing: Mapping[Kind, str]) -> Matter:
    """``matter`` with the hold and member that carry each source; what cannot be carried is ``failed`` with the reason.

    ``missing``: kinds that we may not write in this tenant, with the code that says why; what rests on one is not sent, and waits for a person.
    """
    sources = {source.id: source for source in matter.sources}
    kinds = {one.key: one for one in ordered.resources}
    for line, (resource, member) in ordered.carried.items():
        source = sources[index[line]]
        if (source.resource, source.place.member) != (resource, member):
            source = replace(source, resource=resource, place=replace(source.place, member=member))
        shut = [missing[kind] for key in (resource, kinds[resource].parent) if key is not None and (kind := kinds[key].kind) in missing]
        if source.state in _NOT_SENT and shut:
            source = replace(source, state=SourceState.FAILED, code=shut[0], error=None)
        elif source.state is SourceState.FAILED and source.code in _CAN_CURE:
            source = replace(source, state=SourceState.REQUESTED, code=None)
        sources[source.id] = source
    for line, reason in ordered.refused.items():
        source = sources[index[line]]
        if source.state in _NOT_SENT and source.code not in _SHOWN:
            sources[source.id] = replace(source, state=SourceState.FAILED, code=reason.split(":", 1)[0].strip(), error=None)
    return replace(matter, sources=tuple(sources.values()))


def resting(matter: Matter, tenant: str, now: datetime) -> frozenset[tuple[str, str]]:
    """Hold and member of what the platform refused a short while ago: asked again each hour, not at each look.

    What it only could not do just then is no refusal, and is asked again at each look. A mailbox's own setting goes out one by one, so one that
    was told and did not follow is asked again each hour too.
    """
    lately = {
        (source.resource, source.place.member)
        for source in matter.sources
        if source.tenant == tenant and source.state is SourceState.FAILED and source.sent and now - source.sent < ASK_AGAIN and _rests(source)
    }
    return frozenset((resource, member) for resource, member in lately if resource is not None and member is not None)


def _rests(source: Source) -> bool:
    if source.code == REFUSED:
        return not _passing(source)
    return source.workload is Workload.LITIGATION_HOLD and source.code not in _CAN_CURE


def _passing(source: Source) -> bool:
    """Whether what the platform said of the source is that it could not do it just then."""
    return (source.error or "").partition(":")[0].rpartition(".")[2] in {"quota", "server_error"}


def _of_person(
    person: PersonOnHold, matter: Matter, platform: Platform, tenant: str, accounts: Mapping[str, Identity]
) -> Iterable[tuple[str | None, Workload, Place]]:
    for account in person.accounts:
        identity = accounts.get(account.vendor_id) if account.tenant == tenant else None
        for spot in spots(identity, platform, matter.named, second_belt=matter.second_belt) if identity else ():
            address = identity.address.lower() if identity else ""
            yield account.vendor_id, spot.workload, Place(address=address, container=spot.container, none=spot.none)


def of_place(
    person: PersonOnHold, platform: Platform, roster: Roster, known: frozenset[str] = frozenset()
) -> Iterable[tuple[str | None, Workload, Place]]:
    """A group where this tenant has it, a site on Microsoft 365, a shared drive on Google: each by the words of the order.

    ``known``: ids of groups that are held for it already, which stay the same under another name.
    """
    assert person.place is not None
    if not has_such(person.place, platform):
        return
    if person.place is Workload.SHARED_DRIVE:
        yield None, person.place, Place(address=person.address, container=person.address)
        return
    for group in roster.groups:
        if group.vendor_id in known or person.address in {group.address.lower(), group.name.lower(), group.vendor_id.lower()}:
            address, none = group.address.lower() or person.address, person.place in group.without
            container = group.containers.get(person.place, address if person.place is Workload.GROUP and not none else None)
            yield group.vendor_id, person.place, Place(address=address, container=container, none=none)
    if person.place is Workload.SITE and "://" in person.address:
        url = next((site.url for site in roster.sites if site.url.rstrip("/").lower() == person.address.rstrip("/")), person.address)
        yield None, person.place, Place(address=url, container=url)


def has_such(place: Workload, platform: Platform) -> bool:
    """Whether a cloud has places of that sort. What Google calls a site lies in Drive (G§1.4), and a group there has none of its own."""
    only = {Workload.SITE: Platform.MICROSOFT365, Workload.SHARED_DRIVE: Platform.GOOGLE_WORKSPACE}
    return only.get(place, platform) is platform


def _with_place(source: Source, place: Place) -> Source:
    """The source where it is today. One without a known place cannot be ordered; once it is known it is asked for again.

    That there is no such place is the platform's word; where nobody said so it is unknown, and the source counts as not held.
    """
    known = place.container or source.place.container
    if (place.address, known) == (source.place.address, source.place.container) and source.state is not SourceState.FAILED and known is not None:
        return source
    none = place.none and known is None
    moved = replace(source, place=replace(source.place, address=place.address, container=known, none=none))
    if known is None:
        code = PersonCode.NO_CONTAINER if none else PersonCode.PLACE_UNKNOWN
        return replace(moved, state=SourceState.FAILED, code=code.value, error=None) if source.state in _NOT_SENT else moved
    if source.state is SourceState.FAILED and source.code in _PLACELESS:
        return replace(moved, state=SourceState.REQUESTED, code=None)
    return moved


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
