"""The people that a group, a school or a role stands for on the day it is asked, and the place that a group itself is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.duties import Population
from policies.kinds import Kind, Platform
from policies.populations import resolve
from policies.reach import ancestors
from policies.resources import ReadState
from policies.roster import AccountState, Group, Identity, Roster
from policies.units import UnitTree
from sync.matters.model import Line
from sync.matters.order import LineKind, PersonLine

_GROUPS = {Kind.M365_GROUP, Kind.GOOGLE_GROUP}
_UNITS = {Kind.GOOGLE_ORG_UNIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """Who a line means today. Not ``complete``: those named are sure, others may be missing. ``rivals``: two groups answer to the name."""

    identities: tuple[Identity, ...] = ()
    groups: tuple[Group, ...] = ()
    found: bool = False
    complete: bool = True
    rivals: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    """The id of the unit that the line means, by tenant."""


@dataclass(slots=True)
class _Gathered:
    identities: dict[tuple[str, str], Identity] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    complete: bool = True
    found: bool = False
    rivals: list[str] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)


def expand(line: PersonLine, rosters: Mapping[str, Roster], populations: Mapping[str, Population], platforms: Mapping[str, Platform],
           kept: Line) -> Expansion:
    """The accounts that ``line`` names in every tenant of ``platforms``; a tenant that was not read makes the answer incomplete, never smaller.

    ``kept``: what the matter remembers of the line.
    """
    gathered = _Gathered()
    for tenant, platform in platforms.items():
        roster = rosters.get(tenant)
        if roster is None:
            gathered.complete = False
        elif line.kind is LineKind.ROLE:
            _role(line.text, roster, populations, platform, gathered)
        elif line.kind is LineKind.OU:
            _unit(line.text, kept.units.get(tenant), roster, platform, gathered)
        else:
            _named(line, roster, gathered, both=kept.both)
    if gathered.rivals:
        return Expansion(found=True, complete=False, rivals=tuple(gathered.rivals))
    return Expansion(
        identities=tuple(gathered.identities.values()), groups=tuple(gathered.groups), found=gathered.found, complete=gathered.complete,
        units=gathered.units,
    )


def _named(line: PersonLine, roster: Roster, gathered: _Gathered, *, both: bool) -> None:
    """A group by address, id or name; for a school also the org unit of that name, with its children."""
    groups = [group for group in roster.groups if _answers(group, line)]
    if len(groups) > 1 and not both:
        gathered.rivals.extend(f"{roster.tenant}:{group.address or group.name}" for group in groups)
        return
    people = {one.vendor_id: one for one in roster.identities if one.state is not AccountState.DELETED}
    for group in groups:
        gathered.found = True
        gathered.groups.append(group)
        gathered.complete &= group.complete
        _take(gathered, [people[member] for member in group.members if member in people])
    if line.kind is LineKind.SCHOOL:
        for path in [unit.path for unit in roster.org_units if _is_school(unit.path, line.text)]:
            gathered.found = True
            _take(gathered, [one for one in people.values() if one.org_unit and (one.org_unit == path or one.org_unit.startswith(f"{path}/"))])
        gathered.complete &= _read(roster, _UNITS)
    gathered.complete &= _read(roster, _GROUPS)


def _role(text: str, roster: Roster, populations: Mapping[str, Population], platform: Platform, gathered: _Gathered) -> None:
    population = populations.get(text)
    if population is None:
        return
    gathered.found = True
    selector = population.selectors.get(platform)
    if selector is None:
        return
    answer = resolve(selector, roster)
    gathered.complete &= answer.unknown_reason is None
    _take(gathered, answer.identities)


def _unit(path: str, known: str | None, roster: Roster, platform: Platform, gathered: _Gathered) -> None:
    """Everybody in a unit of Google's and below it, wherever it lies now. Microsoft has none: there, these people are held by their accounts."""
    if platform is not Platform.GOOGLE_WORKSPACE:
        return
    tree = UnitTree(roster)
    unit = tree.meant(path, known)
    gathered.found |= unit is not None
    if unit is not None and tree.whole:  # in a half-read list another unit may stand at the path of one that has moved
        gathered.units[roster.tenant] = unit.vendor_id
    wanted = (unit.path if unit else path).strip().rstrip("/").lower()
    people = [one for one in roster.identities if one.state is not AccountState.DELETED]
    _take(gathered, [one for one in people if one.org_unit and wanted in ancestors(one.org_unit.lower())])
    gathered.complete &= _read(roster, _UNITS | {Kind.GOOGLE_USER})


def _take(gathered: _Gathered, identities: tuple[Identity, ...] | list[Identity]) -> None:
    gathered.identities.update({(one.tenant, one.vendor_id): one for one in identities})


def _answers(group: Group, line: PersonLine) -> bool:
    text = line.text.lower().removeprefix("name:").strip()
    return text in {group.address.lower(), group.vendor_id.lower(), group.name.lower()}


def _is_school(path: str, name: str) -> bool:
    return path.lower() == name.lower() or path.rsplit("/", 1)[-1].lower() == name.lower()


def _read(roster: Roster, kinds: set[Kind]) -> bool:
    """Whether the kinds in question that this tenant has were read whole; one that it does not have is no gap."""
    return all(read.state is ReadState.COMPLETE for read in roster.reads if read.kind in kinds)
