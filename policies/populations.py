"""Who a population names in one tenant: the contract's selectors, resolved over a roster. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from policies.duties import Selector
from policies.kinds import Kind
from policies.resources import ReadState
from policies.roster import AccountState, Group, Identity, Roster

AMBIGUOUS: Final = "population.ambiguous"
UNREAD: Final = "population.roster_unread"
INCOMPLETE_GROUP: Final = "population.group_incomplete"

_NAME_PREFIX: Final = "name:"
_PEOPLE: Final = (Kind.M365_USER, Kind.GOOGLE_USER)
_GROUPS: Final = (Kind.M365_GROUP, Kind.GOOGLE_GROUP)
_ORG_UNITS: Final = (Kind.GOOGLE_ORG_UNIT,)
_SITES: Final = (Kind.M365_SITE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPopulation:
    """The accounts and places that a selector names. With an ``unknown_reason`` they are only those that are sure, and nobody may be counted out.

    ``missing`` lists the selectors (as written) that a complete read showed to match nothing.
    """

    identities: tuple[Identity, ...]
    unknown_reason: str | None
    sites: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it surely names nobody and no place."""
        return self.unknown_reason is None and not self.identities and not self.sites


@dataclass(slots=True)
class _Found:
    """What has been gathered while one selector is walked."""

    ids: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def resolve(selector: Selector, roster: Roster) -> ResolvedPopulation:
    """The accounts (deleted ones left out; suspended and archived ones kept, for their records are) and sites that ``selector`` names.

    A group is named by address, by the vendor's id, or by ``name:DISPLAY NAME``; a name that two groups answer to is
    ``population.ambiguous``. An organisational unit reaches its children. What could not be read makes the answer unknown, never smaller.
    """
    living = {identity.vendor_id: identity for identity in roster.identities if identity.state is not AccountState.DELETED}
    found = _walk(selector, roster, living)
    taken_out = _walk(selector.except_, roster, living) if selector.except_ is not None else _Found()
    # An exception that could not be resolved leaves open who is excepted.
    unknown = [*found.unknown, *taken_out.unknown]
    ids = found.ids - taken_out.ids
    return ResolvedPopulation(
        identities=tuple(identity for vendor_id, identity in living.items() if vendor_id in ids),
        unknown_reason=unknown[0] if unknown else None,
        sites=tuple(sorted(found.sites - taken_out.sites)),
        missing=() if unknown else (*found.missing, *taken_out.missing),
    )


def _walk(selector: Selector, roster: Roster, living: dict[str, Identity]) -> _Found:
    found = _Found()
    if selector.all_users or selector.org_units or selector.users or selector.groups:
        _note_unread(roster, _PEOPLE, found)
    if selector.all_users:
        found.ids.update(living)
    _users(selector.users, living, found)
    if selector.org_units:
        _note_unread(roster, _ORG_UNITS, found)
        _org_units(selector.org_units, roster, living, found)
    if selector.groups:
        _note_unread(roster, _GROUPS, found)
        for name in selector.groups:
            _group(name, roster, living, found)
    if selector.sites:
        _note_unread(roster, _SITES, found)
        _sites(selector.sites, roster, found)
    return found


def _note_unread(roster: Roster, kinds: Iterable[Kind], found: _Found) -> None:
    """Remember the first read of ``kinds`` that did not end complete; a roster that does not say is as good as unread."""
    reads = [read for read in roster.reads if read.kind in kinds]
    if not reads:
        found.unknown.append(UNREAD)
    for read in reads:
        if read.state is not ReadState.COMPLETE:
            found.unknown.append(f"{UNREAD}: {read.kind.value} {read.reason or read.state.value}")
            return


def _users(addresses: Iterable[str], living: dict[str, Identity], found: _Found) -> None:
    by_address = {address: vendor_id for vendor_id, identity in living.items() for address in identity.addresses}
    for address in addresses:
        vendor_id = by_address.get(address.lower())
        if vendor_id is None:
            found.missing.append(address)
        else:
            found.ids.add(vendor_id)


def _org_units(paths: Iterable[str], roster: Roster, living: dict[str, Identity], found: _Found) -> None:
    known = {unit.path.lower() for unit in roster.org_units}
    for path in paths:
        wanted = path.rstrip("/").lower()
        inside = [vendor_id for vendor_id, identity in living.items() if _within(identity.org_unit, wanted)]
        found.ids.update(inside)
        if not inside and (wanted or "/") not in known:
            found.missing.append(path)


def _within(org_unit: str | None, path: str) -> bool:
    """Whether ``org_unit`` is ``path`` (lower case, no trailing slash; empty for the root) or one of its children."""
    return org_unit is not None and (org_unit.lower() == path or org_unit.lower().startswith(path + "/"))


def _group(name: str, roster: Roster, living: dict[str, Identity], found: _Found) -> None:
    matches = [group for group in roster.groups if answers_to(group, name)]
    if not matches:
        found.missing.append(name)
        return
    if len({group.vendor_id for group in matches}) > 1:
        found.unknown.append(AMBIGUOUS)
        return
    group = matches[0]
    if not group.complete:
        found.unknown.append(f"{INCOMPLETE_GROUP}: {group.address or group.name}")
    found.ids.update(vendor_id for vendor_id in group.members if vendor_id in living)


def answers_to(group: Group, name: str) -> bool:
    """Whether a selector's word for a group (address, the vendor's id, ``name:DISPLAY NAME``) means this one."""
    if name.startswith(_NAME_PREFIX):
        return group.name == name.removeprefix(_NAME_PREFIX).strip()
    return name.lower() in {group.address.lower(), group.vendor_id.lower()}


def _sites(urls: Iterable[str], roster: Roster, found: _Found) -> None:
    known = {site.url.rstrip("/").lower(): site.url for site in roster.sites}
    for url in urls:
        site = known.get(url.rstrip("/").lower())
        if site is None:
            found.missing.append(url)
        else:
            found.sites.add(site)
