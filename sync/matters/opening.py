"""From an order to a matter: a new one, or what an order adds to one that is open. Pure. An order never takes anything away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time

from policies.kinds import Workload
from sync.matters.letting_go import addresses, held_again
from sync.matters.model import Details, Line, Matter, MatterState, Paper, PersonOnHold, Times
from sync.matters.order import LineKind, MatterOrder, PersonLine
from sync.store.columns import rfc3339

Token = Callable[[], str]
"""Eight random characters ``[a-z0-9]``, the first a letter; different each time."""

_FIXED = ("terms", "range_from", "range_to")
"""What narrows a hold: a later order cannot change it."""


def new(order: MatterOrder, token: Token, now: datetime) -> Matter:
    """A matter with nothing in it yet but its names, its times and the order's confidential half."""
    return Matter(
        alias=order.alias or f"matter-{token()}", tenant_alias=token(), report_alias=token(), state=MatterState.OPEN, opened=now,
        details=details(order),
        times=Times(
            ordered=instant(order.ordered_on) or now, triggered=instant(order.triggered_on), received=instant(order.received_on),
            passed_to_counsel=instant(order.passed_to_counsel_on),
        ),
        workloads=_workloads(order.workloads, second_belt=order.litigation_hold),
    )


def with_order(matter: Matter, order: MatterOrder, token: Token, *, both: bool) -> Matter:
    """``matter`` with everybody and everything that ``order`` names and it had not; a line for a group is to be expanded again."""
    people = {person.address: person for person in matter.people if person.place is None}
    for line in order.people:
        if line.kind is LineKind.ADDRESS:
            people[line.text.lower()] = _person(people.get(line.text.lower()), line, token, both=both)
    places = [person for person in matter.people if person.place is not None]
    known = {(person.place, person.address) for person in places}
    places += [
        PersonOnHold(id=token(), address=place.text.lower(), place=place.place)
        for place in order.places if (place.place, place.text.lower()) not in known
    ]
    return replace(
        matter, people=(*people.values(), *places), lines=_lines(matter, order, token, both=both), paper=_paper(matter, order, token),
        details=_details(matter.details, details(order)), times=_times(matter.times, order),
        workloads=_workloads((*matter.named, *order.workloads) if matter.named else (), second_belt=matter.second_belt or order.litigation_hold),
    )


def _workloads(named: tuple[Workload, ...], *, second_belt: bool) -> tuple[Workload, ...]:
    return tuple(dict.fromkeys((*named, Workload.LITIGATION_HOLD) if second_belt else named))


def again(matter: Matter, order: MatterOrder, now: datetime) -> Matter:
    """``matter`` with everybody whom ``order`` names and a release let go, in part or whole: they are to be held again, from now on."""
    named = _named(order)
    return held_again(matter, frozenset(one.id for one in matter.people if named & addresses(one)), now)


def overrules(before: Matter, order: MatterOrder) -> bool:
    """Whether a new order does not go with the release that is under way: to hold is stronger than to let go.

    A matter that is to go whole takes no order at all. One that names people of a release ends it, and so does a line for several people, of which
    only a look can tell whom it means.
    """
    release = before.release
    if release is None or not (order.people or order.places):
        return False
    lines = any(line.kind is not LineKind.ADDRESS for line in order.people)
    named = _named(order)
    return not release.people or lines or any(named & addresses(one) for one in before.people if one.id in release.people)


def _named(order: MatterOrder) -> set[str]:
    return {address.lower() for line in order.people for address in (line.text, *line.also)} | {place.text.lower() for place in order.places}


def with_both(matter: Matter) -> Matter:
    """``matter`` with every open question answered: all candidates are meant."""
    people = tuple(replace(person, both=True) if person.candidates else person for person in matter.people)
    return replace(matter, people=people, lines=tuple(replace(line, both=True) if line.candidates else line for line in matter.lines))


def added(before: Matter | None, after: Matter) -> tuple[str, ...]:
    """The people, places, lines and papers that ``after`` has and ``before`` had not."""
    known = frozenset(_names(before)) if before else frozenset()
    return tuple(name for name in _names(after) if name not in known)


def missing(matter: Matter, order: MatterOrder) -> tuple[str, ...]:
    """What is on hold and ``order`` does not name: reported, and kept."""
    named = {line.text.lower() for line in order.people if line.kind is LineKind.ADDRESS} | {place.text.lower() for place in order.places}
    lines = {line.id for line in order.people}
    gone = [person.address for person in matter.held if person.line is None and not person.former and person.address not in named]
    return (*gone, *(line.text for line in matter.lines if line.text.lower() not in lines))


def line_of(text: str) -> PersonLine:
    """The line of people that a matter keeps as ``kind:text``."""
    kind, _, rest = text.partition(":")
    return PersonLine.model_validate({kind: rest})


def details(order: MatterOrder) -> Details:
    """The confidential half of an order."""
    issues = order.issues if isinstance(order.issues, str | None) else "; ".join(order.issues)
    return Details(
        name=order.name, kind=order.kind.value if order.kind else None, trigger=order.trigger, ordered_by=order.ordered_by, counsel=order.counsel,
        issues=issues, terms=order.terms, range_from=order.range.from_.isoformat() if order.range.from_ else None,
        range_to=order.range.to.isoformat() if order.range.to else None, silent_reason=order.silent.reason if order.silent else None,
    )


def _day_or_time(value: datetime | date | None) -> str | None:
    """A day as it was written, a time as RFC 3339 in UTC."""
    at = instant(value)
    return None if value is None or at is None else rfc3339(at) if isinstance(value, datetime) else value.isoformat()


def instant(value: datetime | date | None) -> datetime | None:
    """A day or a time of an order as an aware UTC instant; a day is its first moment, a time without a zone is taken as UTC."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _person(old: PersonOnHold | None, line: PersonLine, token: Token, *, both: bool) -> PersonOnHold:
    also = tuple(address.lower() for address in line.also)
    if old is None:
        return PersonOnHold(id=token(), address=line.text.lower(), also=also, both=both)
    return replace(old, also=tuple(dict.fromkeys((*old.also, *also))), both=old.both or (both and bool(old.candidates)))


def _lines(matter: Matter, order: MatterOrder, token: Token, *, both: bool) -> tuple[Line, ...]:
    lines = {line.text.lower(): line for line in matter.lines}
    for line in order.people:
        if line.kind is not LineKind.ADDRESS:
            old = lines.get(line.id) or Line(id=token(), text=f"{line.kind.value}:{line.text.strip()}")
            lines[line.id] = replace(old, expanded=None, both=old.both or both)
    return tuple(lines.values())


def _paper(matter: Matter, order: MatterOrder, token: Token) -> tuple[Paper, ...]:
    known = {(paper.what, paper.where): paper for paper in matter.paper}
    for line in order.paper:
        old = known.get((line.what, line.where)) or Paper(id=token(), what=line.what, where=line.where)
        secured = _day_or_time(line.secured_on) or old.secured_on
        known[line.what, line.where] = replace(old, responsible=line.responsible or old.responsible, secured_on=secured)
    return tuple(known.values())


def _details(old: Details, new_: Details) -> Details:
    given = {one.name: getattr(new_, one.name) for one in fields(Details) if one.name not in _FIXED and getattr(new_, one.name)}
    return replace(old, **given)


def _times(old: Times, order: MatterOrder) -> Times:
    return replace(
        old, triggered=instant(order.triggered_on) or old.triggered, received=instant(order.received_on) or old.received,
        passed_to_counsel=instant(order.passed_to_counsel_on) or old.passed_to_counsel,
    )


def _names(matter: Matter) -> tuple[str, ...]:
    return (
        *(person.address for person in matter.people if person.line is None), *(line.text for line in matter.lines),
        *(f"{paper.what}, {paper.where}" for paper in matter.paper),
    )
