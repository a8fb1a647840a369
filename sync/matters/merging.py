"""A matter that two processes changed at once: what one of them changed, applied to what the other left. Pure.

Nothing that either wrote is lost: a field that one of them changed is as that one left it, lists grow by what both added, and nothing is taken away.
Where both changed the same field, the later writer looked later, so its word stands; the next look says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from sync.matters.model import Gap, Line, Matter, Paper, PersonOnHold, Source
from sync.matters.release import Release

_Value = TypeVar("_Value")
_Part = TypeVar("_Part", PersonOnHold, Source, Line, Paper, Gap, Release)


def rebased(before: Matter, after: Matter, current: Matter) -> Matter:
    """``current`` with everything in which ``after`` differs from ``before``. State and code of people and matter are to be settled anew."""
    people = tuple(_with_twin(one, after) for one in _parts(before.people, after.people, current.people, _name))
    ours = {person.id for person in people}
    sources = tuple(source for source in _parts(before.sources, after.sources, current.sources, lambda one: one.id) if source.person in ours)
    head = merged(_without_parts(before), _without_parts(after), _without_parts(current))
    return replace(
        head,
        state=current.state,
        people=people,
        sources=sources,
        lines=_parts(before.lines, after.lines, current.lines, lambda one: one.text.lower()),
        paper=_parts(before.paper, after.paper, current.paper, lambda one: (one.what, one.where)),
        gaps=_parts(before.gaps, after.gaps, current.gaps, lambda one: (one.source, one.restored is None)),
        releases=_parts(before.releases, after.releases, current.releases, lambda one: one.id),
        version=current.version,
    )


def merged(base: _Value, mine: _Value, theirs: _Value) -> _Value:
    """``theirs`` with what ``mine`` changed of ``base``, field by field."""
    if mine == base:
        return theirs
    if theirs == base:
        return mine
    if isinstance(base, tuple) and isinstance(mine, tuple) and isinstance(theirs, tuple):
        return cast("_Value", _grown(base, mine, theirs))
    if isinstance(base, Mapping) and isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        changed = {key: merged(base.get(key), value, theirs.get(key)) for key, value in mine.items()}
        return cast("_Value", {**theirs, **changed})
    if is_dataclass(theirs) and not isinstance(theirs, type) and type(base) is type(mine) is type(theirs):
        names = [one.name for one in fields(theirs)]
        return replace(theirs, **{name: merged(getattr(base, name), getattr(mine, name), getattr(theirs, name)) for name in names})
    return mine


def _name(person: PersonOnHold) -> object:
    return person.place, person.address


def _with_twin(person: PersonOnHold, after: Matter) -> PersonOnHold:
    """The person with the addresses that ``after`` gives them under another id: two orders named the same person at once."""
    twin = next((one for one in after.people if one.id != person.id and _name(one) == _name(person)), None)
    if twin is None:
        return person
    return replace(person, also=tuple(dict.fromkeys((*person.also, *twin.also))), both=person.both or twin.both)


def _grown(base: tuple[object, ...], mine: tuple[object, ...], theirs: tuple[object, ...]) -> tuple[object, ...]:
    """What both added, where neither took anything away; else ``mine``."""
    if all(one in mine and one in theirs for one in base):
        return (*theirs, *(one for one in mine if one not in theirs))
    return mine


def _parts(base: Sequence[_Part], mine: Sequence[_Part], theirs: Sequence[_Part], same: Callable[[_Part], object]) -> tuple[_Part, ...]:
    """The parts of both, by id. What both added at once is one part where ``same`` says so: the one that was written first."""
    old, changed = {one.id: one for one in base}, {one.id: one for one in mine}
    there, added = {one.id for one in theirs}, {same(one) for one in theirs if one.id not in old}
    kept: list[_Part] = [merged(old[one.id], changed[one.id], one) if one.id in old and one.id in changed else one for one in theirs]
    kept += [one for one in mine if one.id not in there and same(one) not in added]
    return tuple(kept)


def _without_parts(matter: Matter) -> Matter:
    return replace(matter, people=(), sources=(), lines=(), paper=(), gaps=(), releases=())


__all__ = ["merged", "rebased"]
