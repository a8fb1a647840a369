"""People of a matter and the accounts they have: lines are expanded, accounts joined, nobody is ever taken out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from policies.duties import Population
from policies.kinds import Kind, Platform, Workload
from policies.resources import ReadState
from policies.roster import Group
from sync.matters.expand import Expansion, expand
from sync.matters.letting_go import held_again
from sync.matters.model import Account, Answer, Line, Matter, PersonCode, PersonOnHold, Presence
from sync.matters.opening import Token, line_of
from sync.matters.order import LineKind
from sync.matters.placing import has_such, of_place
from sync.matters.resolve import Asked, Directory, Found, find

_GROUPS = frozenset({Kind.M365_GROUP, Kind.GOOGLE_GROUP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What joining looks at: the rosters read now, the policy's populations, and the district's tenants."""

    directory: Directory
    platforms: Mapping[str, Platform]
    populations: Mapping[str, Population]
    unreachable: frozenset[str] = frozenset()
    """Tenants that were asked now and could not be read."""


def joined(matter: Matter, asking: Asking, token: Token, now: datetime) -> Matter:
    """``matter`` with its lines expanded as far as they could be, and everybody's accounts as far as they are known.

    Whom a line of a new order means is held again, also where a release let them go before.
    """
    people = {person.id: person for person in matter.people}
    people |= {person.id: _joined(person, asking) if person.place is None else _sought(person, matter, asking) for person in matter.held}
    taken = {(account.tenant, account.vendor_id): person.id for person in people.values() for account in person.accounts}
    lines: list[Line] = []
    back: set[str] = set()
    for line in matter.lines:
        # Whoever joins a unit is held with it from then on, so it is looked up at each look; the members of a group are those of the day.
        expansion = _expand(line, asking) if line.expanded is None or line.text.startswith(f"{LineKind.OU.value}:") else None
        lines.append(line if expansion is None else _line(line, expansion, now))
        for identity in expansion.identities if expansion else ():
            known = taken.get((identity.tenant, identity.vendor_id))
            if known is None:
                person = _joined(PersonOnHold(id=token(), address=identity.address.lower(), line=line.text), asking)
                people[person.id] = person
                taken |= {(account.tenant, account.vendor_id): person.id for account in person.accounts}
            elif line.expanded is None:
                back.add(known)
        if expansion is not None and line.text.startswith("group:"):
            people |= {one.id: one for one in _places(matter, expansion, tuple(people.values()), asking, token)}
    return held_again(replace(matter, people=tuple(people.values()), lines=tuple(lines)), frozenset(back), now)


def unasked(matter: Matter, tenants: frozenset[str]) -> bool:
    """Whether somebody in the matter was never looked for in one of ``tenants``, or a line still waits for one."""
    waiting = any(not tenants <= person.answers.keys() for person in matter.held)
    return waiting or any(line.expanded is None and not line.candidates for line in matter.lines)


def _expand(line: Line, asking: Asking) -> Expansion:
    return expand(line_of(line.text), asking.directory.fresh, asking.populations, asking.platforms, line)


def _joined(person: PersonOnHold, asking: Asking) -> PersonOnHold:
    found = find(Asked(address=person.address, also=person.also, accounts=person.accounts, both=person.both), asking.directory)
    answers = {**person.answers, **found.answers}
    for tenant in asking.unreachable:
        answers.setdefault(tenant, Answer(presence=Presence.UNREAD))
    accounts, questions = _accounts(person, found), found.candidates if found.question else ()
    if (answers, accounts, questions) != (person.answers, person.accounts, person.candidates):
        person = replace(person, answers=answers, accounts=accounts, candidates=questions)
    unmatched = _unmatched(person, asking)
    return person if unmatched == person.unmatched else replace(person, unmatched=unmatched)


def _unmatched(person: PersonOnHold, asking: Asking) -> tuple[str, ...]:
    """The named addresses that surely nobody has; as before while some tenant cannot say. Somebody with one address is found or not found whole."""
    seen = asking.directory
    if not person.also or not all(seen.knows_everybody(tenant) and seen.knows_the_gone(tenant) for tenant in asking.platforms):
        return person.unmatched
    known = {account.address for account in person.accounts}
    named = [address for address in (person.address, *person.also) if address not in known] if person.accounts else []
    return tuple(one for one in named if not any(asking.directory.by_address(tenant, [one]) for tenant in asking.platforms))


def _sought(place: PersonOnHold, matter: Matter, asking: Asking) -> PersonOnHold:
    """A place that the order names, and what each tenant read now says of it: a group that was held and is gone is deleted."""
    answers = dict(place.answers)
    held = {source.tenant: source.identity for source in matter.sources_of(place.id)}
    for tenant, roster in asking.directory.fresh.items():
        before = frozenset(one for one in (held.get(tenant),) if one is not None)
        there = bool(list(of_place(place, asking.platforms[tenant], roster, before)))
        possible = place.place is not None and has_such(place.place, asking.platforms[tenant])
        whole = not possible or all(read.state is ReadState.COMPLETE for read in roster.reads if read.kind in _GROUPS)
        if there:
            answers[tenant] = Answer(presence=Presence.FOUND)
        elif whole and held.get(tenant) is not None:
            answers[tenant] = Answer(presence=Presence.FOUND, codes=(PersonCode.GROUP_DELETED,))
        else:
            answers[tenant] = Answer(presence=Presence.ABSENT if whole else Presence.UNREAD)
    return replace(place, answers=answers)


def _accounts(person: PersonOnHold, found: Found) -> tuple[Account, ...]:
    """The accounts known before and those found now; the first memory of an account stays, so that a new name or place shows."""
    known = {(account.tenant, account.vendor_id): account for account in person.accounts}
    for one in found.identities:
        known.setdefault((one.tenant, one.vendor_id), Account(
            tenant=one.tenant, vendor_id=one.vendor_id, address=one.address.lower(), org_unit=one.org_unit, employee_id=one.employee_id,
        ))
    return tuple(known.values())


def _line(line: Line, expansion: Expansion, now: datetime) -> Line:
    if expansion.rivals:
        return replace(line, candidates=expansion.rivals, code=PersonCode.AMBIGUOUS)
    line = replace(line, units={**line.units, **expansion.units})
    if not expansion.complete:
        return replace(line, candidates=(), code=None)
    return replace(line, candidates=(), expanded=line.expanded or now, code=None if expansion.found else PersonCode.NOT_FOUND)


def _places(  # a line's groups, and what there is already
    matter: Matter, expansion: Expansion, people: tuple[PersonOnHold, ...], asking: Asking, token: Token
) -> tuple[PersonOnHold, ...]:
    """The group's own mailbox or archive where the order names ``group``, its site where it names ``site``, and where it may have one."""
    known = {(person.place, person.address) for person in people}
    wanted = [workload for workload in (Workload.GROUP, Workload.SITE) if workload in matter.workloads]
    named = {
        (workload, _address(group)): None for group in expansion.groups for workload in wanted
        if workload not in group.without and has_such(workload, asking.platforms[group.tenant])
    }
    return tuple(PersonOnHold(id=token(), address=address, place=workload) for workload, address in named if (workload, address) not in known)


def _address(group: Group) -> str:
    return (group.address or group.name).lower()
