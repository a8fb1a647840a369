"""People of a matter and the accounts they have: lines are expanded, accounts joined, nobody is ever taken out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from policies.duties import Population
from policies.kinds import Platform, Workload
from policies.roster import Group
from sync.matters.expand import Expansion, expand
from sync.matters.model import Account, Answer, Line, Matter, PersonCode, PersonOnHold, Presence
from sync.matters.opening import Token, line_of
from sync.matters.resolve import Asked, Directory, Found, find


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What joining looks at: the rosters read now, the policy's populations, and the district's tenants."""

    directory: Directory
    platforms: Mapping[str, Platform]
    populations: Mapping[str, Population]
    unreachable: frozenset[str] = frozenset()
    """Tenants that were asked now and could not be read."""


def joined(matter: Matter, asking: Asking, token: Token, now: datetime) -> Matter:
    """``matter`` with its lines expanded as far as they could be, and everybody's accounts as far as they are known."""
    people = {person.id: _joined(person, asking) if person.place is None else person for person in matter.people}
    taken = {(account.tenant, account.vendor_id) for person in people.values() for account in person.accounts}
    lines: list[Line] = []
    for line in matter.lines:
        expansion = _expand(line, asking) if line.expanded is None else None
        lines.append(line if expansion is None else _line(line, expansion, now))
        for identity in expansion.identities if expansion else ():
            if (identity.tenant, identity.vendor_id) not in taken:
                person = _joined(PersonOnHold(id=token(), address=identity.address.lower(), line=line.text), asking)
                people[person.id] = person
                taken.update((account.tenant, account.vendor_id) for account in person.accounts)
        people |= {one.id: one for one in _places(matter, expansion, tuple(people.values()), token)} if expansion else {}
    return replace(matter, people=tuple(people.values()), lines=tuple(lines))


def unasked(matter: Matter, tenants: frozenset[str]) -> bool:
    """Whether somebody in the matter was never looked for in one of ``tenants``, or a line still waits for one."""
    waiting = any(not tenants <= person.answers.keys() for person in matter.people if person.place is None)
    return waiting or any(line.expanded is None and not line.candidates for line in matter.lines)


def _expand(line: Line, asking: Asking) -> Expansion:
    return expand(line_of(line.text), asking.directory.fresh, asking.populations, asking.platforms, both=line.both)


def _joined(person: PersonOnHold, asking: Asking) -> PersonOnHold:
    found = find(Asked(address=person.address, also=person.also, accounts=person.accounts, both=person.both), asking.directory)
    answers = {**person.answers, **found.answers}
    for tenant in asking.unreachable:
        answers.setdefault(tenant, Answer(presence=Presence.UNREAD))
    return replace(person, answers=answers, candidates=found.candidates if found.question else (), accounts=_accounts(person, found))


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
    if not expansion.complete:
        return replace(line, candidates=(), code=None)
    return replace(line, candidates=(), expanded=now, code=None if expansion.found else PersonCode.NOT_FOUND)


def _places(matter: Matter, expansion: Expansion, people: tuple[PersonOnHold, ...], token: Token) -> tuple[PersonOnHold, ...]:
    """The group's own mailbox or archive where the order names ``group``, its site where it names ``site``."""
    known = {(person.place, person.address) for person in people}
    wanted = [workload for workload in (Workload.GROUP, Workload.SITE) if workload in matter.workloads]
    return tuple(
        PersonOnHold(id=token(), address=_address(group), place=workload)
        for group in expansion.groups for workload in wanted if (workload, _address(group)) not in known
    )


def _address(group: Group) -> str:
    return (group.address or group.name).lower()
