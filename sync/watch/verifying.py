"""How a control stands in a tenant by what its settings show. Pure.

``verified`` only where everything that the control wants was read whole and shown as wanted for everybody whom it is about; ``gap`` where a
setting was seen to be otherwise, with the place and the value; anything that could not be read, or that can be read in two ways, is ``unknown``
with its reason. Reasons name units, never people: they stand in the journal as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from policies import controls
from policies.controls import ControlDuty, Wish, kind_of
from policies.duties import People, Selector, StandingValue
from policies.kinds import Kind, Platform, Workload
from policies.populations import ResolvedPopulation, resolve
from policies.reach import ancestors
from policies.resources import ReadState, Snapshot
from policies.roster import Identity, Roster
from sync.assess import Standing, weakest
from sync.watch.alarms import requests
from sync.watch.effective import Settings
from sync.watch.settings import HOLDERS, VAULT_PRIVILEGES, accounts_of
from sync.watch.wishes import READINGS, Reading

KEPT: Final = frozenset({Workload.MAIL, Workload.DRIVE, Workload.CHAT})
"""What a licence has to keep under hold for everybody (contract, *Sources left out*); the rest is held where it is licensed."""
_MOST: Final = 5
"""Places that one reason names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check came to. ``without`` are the vendor ids of the people for whom it is not as wanted; None: nobody can say for whom."""

    standing: StandingValue
    code: str | None = None
    said: str | None = None
    without: frozenset[str] | None = frozenset()


_SHOWN: Final = Finding(standing=StandingValue.VERIFIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """One tenant as it was seen, and the people and units (lower case) that one control is about."""

    snapshot: Snapshot
    roster: Roster
    settings: Settings
    people: tuple[Identity, ...]
    units: tuple[str, ...]

    @property
    def read(self) -> bool:
        """Whether settings and units were both read whole, so that what is not there may be believed."""
        units = any(one.kind is Kind.GOOGLE_ORG_UNIT and one.state is ReadState.COMPLETE for one in self.roster.reads)
        return units and self.snapshot.complete(Kind.GOOGLE_SETTING)


def verify(duties: Iterable[ControlDuty], platform: Platform, snapshot: Snapshot, roster: Roster) -> tuple[Standing, ...]:
    """One standing for each control that speaks of this tenant; a control that wants nothing read in this cloud is ``unknown`` there."""
    settings = Settings(snapshot, roster)
    return tuple(_standing(duty, platform, snapshot, roster, settings) for duty in duties if duty.about(platform))


def asked_kinds(duties: Iterable[ControlDuty], platform: Platform) -> frozenset[Kind]:
    """The kinds that some control wants read in a tenant of this platform."""
    return frozenset(kind_of(check) for duty in duties if duty.about(platform) for check in duty.asks(platform))


def _standing(duty: ControlDuty, platform: Platform, snapshot: Snapshot, roster: Roster, settings: Settings) -> Standing:
    asked = duty.asks(platform)
    selector = Selector(all_users=True) if duty.population is None else duty.population.selectors[platform]
    found = resolve(selector, roster)
    scene = _Scene(snapshot=snapshot, roster=roster, settings=settings, people=found.identities, units=_units(selector, found, roster))
    findings = [_unasked(found, check) or _checked(check, wish, scene) for check, wish in asked.items()] or [_NOTHING]
    worst = weakest(*(one.standing for one in findings))
    return Standing(
        tenant=snapshot.tenant,
        line=duty.line,
        series=None,
        population=duty.population.id if duty.population else None,
        workload=None,
        standing=worst,
        reason=_reason([one for one in findings if one.standing is worst]),
        people=_counted(findings, worst, found),
    )


_NOTHING: Final = Finding(standing=StandingValue.UNKNOWN, code="control.nothing_to_read", without=None)


_WHOLE_TENANT: Final = frozenset({controls.RETENTION_PRIVILEGES, controls.VAULT_PRIVILEGES, controls.ACCELERATED_DELETION})
"""Checks that are about a tenant and not about anybody's place in it."""


def _unasked(found: ResolvedPopulation, check: str) -> Finding | None:
    """Why nobody can be asked about: the people could not be read, there are none, or nobody knows where somebody belongs."""
    if check in _WHOLE_TENANT:
        return None
    if found.unknown_reason is not None:
        return Finding(standing=StandingValue.UNKNOWN, code=found.unknown_reason.partition(":")[0], without=None)
    if found.empty:
        return Finding(standing=StandingValue.GAP, code="population.empty")
    if check in READINGS and not all(one.org_unit for one in found.identities):
        return Finding(standing=StandingValue.UNKNOWN, code="setting.unclear", said="accounts without a unit", without=None)
    return None


def _checked(check: str, wish: Wish, scene: _Scene) -> Finding:
    """A check made. What was not read whole can show a difference, and nothing else."""
    finding = _made(check, wish, scene)
    read = scene.snapshot.reads.get(kind_of(check)) or next((one for one in scene.roster.reads if one.kind is kind_of(check)), None)
    if finding.standing is StandingValue.GAP or (read is not None and read.state is ReadState.COMPLETE):
        return finding
    # Of the vendor's own text only the code goes on: standings are written into the journal as they are.
    code = read.reason.partition(":")[0] if read is not None and read.reason else "kind.unknown"
    return Finding(standing=StandingValue.UNKNOWN, code=code, without=None)


def _made(check: str, wish: Wish, scene: _Scene) -> Finding:
    if check == controls.LICENCES:
        return _licences(scene)
    if check == controls.RETENTION_PRIVILEGES:
        return _privileges(wish, scene, (HOLDERS,), "setting.retention_privilege_unexpected")
    if check == controls.VAULT_PRIVILEGES:
        return _privileges(wish, scene, VAULT_PRIVILEGES, "setting.vault_privilege_unexpected")
    if check == controls.ACCELERATED_DELETION:
        return _accelerated(scene)
    return _setting(READINGS[check], str(wish), scene)


def _setting(reading: Reading, wish: str, scene: _Scene) -> Finding:
    """A setting in every unit of the people, and in every group of theirs that has a policy of its own."""
    differs: dict[str, str] = {}
    unclear: list[str] = []
    for unit in scene.units:
        ways = list(product(*(scene.settings.readings(setting, unit) for setting in reading.settings)))
        if not scene.read and not all(all(one) for one in ways):
            continue  # nothing was read for it: that is neither the default nor a value
        verdicts = {reading.judge(wish, way) for way in ways}
        if verdicts == {False}:
            differs[unit] = reading.said(ways[0])
        elif verdicts != {True}:
            unclear.append(unit)
    without = frozenset(one.vendor_id for one in scene.people if (one.org_unit or "").lower() in differs)
    for group, said, members in _groups(reading, wish, scene):
        inside = members & {one.vendor_id for one in scene.people} if members is not None else None
        if inside is None:
            unclear.append(f"group {group}")
        elif inside:
            differs[f"group {group}"] = said
            without |= inside
    names = {unit.path.lower(): unit.path for unit in scene.roster.org_units}
    if differs:
        return Finding(standing=StandingValue.GAP, code="setting.differs", said=_listed(reading, differs, names), without=without)
    if unclear or not scene.read or any(scene.settings.homeless(setting) for setting in reading.settings):
        where = ", ".join(names.get(unit, unit) for unit in unclear[:_MOST]) or "a unit that is not in the list of units"
        return Finding(standing=StandingValue.UNKNOWN, code="setting.unclear", said=f"{reading.name} ({where})", without=None)
    return _SHOWN


def _groups(reading: Reading, wish: str, scene: _Scene) -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """The policies for groups that do not show what is wanted; where two settings belong together, a group's own word on one of them is unclear."""
    for setting in reading.settings:
        for said in scene.settings.of_groups(setting):
            alone = len(reading.settings) == 1
            if not alone or reading.judge(wish, (said.values,)) is not True:
                yield said.group, reading.said((said.values,)), said.members if alone else None


def _listed(reading: Reading, differs: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The places and their values; a unit that only inherits from one that is named is not named again."""
    named = {place: said for place, said in differs.items() if not any(differs.get(above) == said for above in ancestors(place)[1:])}
    words = [f"{names.get(place, place)} {said}" for place, said in list(named.items())[:_MOST]]
    more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
    return f"{reading.name}: {'; '.join(words)}{more}"


def _licences(scene: _Scene) -> Finding:
    bare = [one for one in scene.people if not one.licensed_for_hold >= KEPT]
    without = frozenset(one.vendor_id for one in bare if not one.licences_unknown)
    if without:
        said = f"{len(without)} of {len(scene.people)} accounts"
        return Finding(standing=StandingValue.GAP, code="people.not_licensed", said=said, without=without)
    if bare:
        said = f"{len(bare)} of {len(scene.people)} accounts"
        return Finding(standing=StandingValue.UNKNOWN, code="people.licence_unknown", said=said, without=None)
    return _SHOWN


def _privileges(wish: Wish, scene: _Scene, asked: Sequence[str], code: str) -> Finding:
    """Whether nobody has one of the privileges but those whom the policy names; each of them has to have been read."""
    wanted = {str(one).lower() for one in wish}
    found = {setting: accounts_of(scene.snapshot, setting) for setting in asked}
    strangers = {setting: more for setting, named in found.items() if named is not None and (more := named - wanted)}
    if strangers:
        where = f" ({', '.join(setting.removeprefix('privileges.') for setting in strangers)})" if len(asked) > 1 else ""
        said = f"{len(frozenset[str]().union(*strangers.values()))} more than the policy names{where}"
        return Finding(standing=StandingValue.GAP, code=code, said=said, without=None)
    unread = next((setting for setting, named in found.items() if named is None), None)
    return _SHOWN if unread is None else Finding(standing=StandingValue.UNKNOWN, code="kind.partial", said=unread, without=None)


def _accelerated(scene: _Scene) -> Finding:
    standing = requests(scene.snapshot)
    if not standing:
        return _SHOWN
    return Finding(standing=StandingValue.GAP, code="alert.accelerated_deletion", said=f"requests that stand: {len(standing)}", without=None)


def _reason(worst: Sequence[Finding]) -> str | None:
    """The first reason with all that is said under its code."""
    code = next((one.code for one in worst if one.code is not None), None)
    said = "; ".join(one.said for one in worst if one.code == code and one.said)
    return None if code is None else f"{code}: {said}" if said else code


def _counted(findings: Sequence[Finding], worst: StandingValue, found: ResolvedPopulation) -> People:
    everybody = None if found.unknown_reason is not None else len(found.identities)
    if worst is StandingValue.VERIFIED:
        return People(covered=everybody, not_covered=0, unknown=0)
    known = [one.without for one in findings]
    if worst is StandingValue.UNKNOWN or everybody is None or None in known:
        return People(covered=None, not_covered=None, unknown=everybody)
    without = len(frozenset[str]().union(*(one for one in known if one is not None)))
    return People(covered=everybody - without, not_covered=without, unknown=0)


def _units(selector: Selector, found: ResolvedPopulation, roster: Roster) -> tuple[str, ...]:
    """Every unit that somebody of the population lives in, and every unit that it names, for people move into empty ones."""
    lived = {one.org_unit.lower() for one in found.identities if one.org_unit}
    named = {path.rstrip("/").lower() or "/" for path in selector.org_units}
    left = {path.rstrip("/").lower() or "/" for path in selector.except_.org_units} if selector.except_ else set()
    known = {unit.path.lower() for unit in roster.org_units}
    inside = {unit for unit in known if (selector.all_users or named & set(ancestors(unit))) and not left & set(ancestors(unit))}
    return tuple(sorted(lived | inside))
