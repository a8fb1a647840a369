"""How far people and a matter as a whole are held, from their sources: as far as the weakest part. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sync.matters.model import (
    IN_FORCE,
    Between,
    Matter,
    MatterState,
    PersonCode,
    PersonOnHold,
    PersonState,
    Presence,
    Source,
    SourceState,
    weightiest,
)

_CODES = frozenset(code.value for code in PersonCode)


def settled(matter: Matter, tenants: Sequence[str], secured: frozenset[str], now: datetime) -> Matter:
    """``matter`` with the state and code of each person and its own. ``secured``: ids of paper places that somebody vouches for."""
    by_person: dict[str, list[Source]] = {}
    for source in matter.sources:
        by_person.setdefault(source.person, []).append(source)
    looked = min(matter.looked.values(), default=None)
    people = tuple(_person(person, by_person.get(person.id, []), tenants, Between(earliest=looked, latest=now)) for person in matter.people)
    moved = replace(matter, people=people)
    return replace(moved, state=_state(moved, secured))


def _person(person: PersonOnHold, sources: Sequence[Source], tenants: Sequence[str], since: Between) -> PersonOnHold:
    state, code = state_of(person, sources, tenants), code_of(person, sources, tenants)
    if person.since is not None and (state, code) == (person.state, person.code):
        return person
    return replace(person, state=state, code=code, since=since)


def state_of(person: PersonOnHold, sources: Sequence[Source], tenants: Sequence[str]) -> PersonState:
    """Held when everything that exists is in force; partly when something is, or when a tenant could not be asked or was not asked yet."""
    wanted = [source for source in sources if source.counts or (source.state is SourceState.RELEASED and person.released is None)]
    held = [source for source in wanted if source.state in IN_FORCE]
    if person.candidates:
        return PersonState.QUESTION
    if not held:
        return PersonState.NOT_HELD
    whole = len(held) == len(wanted) and not person.unknown_in(tenants)
    return PersonState.HELD if whole else PersonState.PARTLY


def code_of(person: PersonOnHold, sources: Sequence[Source], tenants: Sequence[str]) -> PersonCode | None:
    """The weightiest of what there is to know."""
    codes = {code for answer in person.answers.values() for code in answer.codes}
    codes |= {PersonCode(source.code) for source in sources if source.code in _CODES}
    if person.candidates:
        codes.add(PersonCode.AMBIGUOUS)
    absent = set(person.where(Presence.ABSENT))
    if not person.candidates:
        if person.unmatched or (not person.accounts and not sources and absent >= set(tenants)):
            codes.add(PersonCode.NOT_FOUND)
        elif len({account.tenant for account in person.accounts}) == 1 and absent - {account.tenant for account in person.accounts}:
            codes.add(PersonCode.ONE_TENANT)
    return weightiest(frozenset(codes))


def _state(matter: Matter, secured: frozenset[str]) -> MatterState:
    if not matter.held and any(one.ended is not None and not one.people for one in matter.releases):
        return MatterState.RELEASED
    release = matter.release
    if release is not None and not release.people and release.approved is not None:
        return MatterState.RELEASING
    paper = [one.secured_on is not None or one.id in secured for one in matter.paper]
    lines = [line.expanded is not None and line.code is None for line in matter.lines]
    parts = [*(person.state is PersonState.HELD for person in matter.held), *paper, *lines]
    if parts and all(parts):
        return MatterState.HELD
    some = any(source.state in IN_FORCE for source in matter.sources) or any(paper)
    return MatterState.PARTLY_HELD if some else MatterState.OPEN
