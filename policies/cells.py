"""Which kinds of item a change can touch: one representative of each class that the effects cannot tell apart.

A *cell* is a workload, a class of places that the same scopes reach, a label (none, newly put on, or already carried) and a set of queries that
the item matches. Only cells that the difference between two worlds can touch are visited, and cells on which the same effects work are
visited once, so that a district of ten thousand people is as quick to judge as the number of ways in which its effects overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from policies.effects import Effect, Mechanism, Scope
from policies.kinds import Platform, Workload
from policies.precedence import Contribution, combine, contribution
from policies.protection import Order, Protection, compare
from policies.reach import PlaceClass, Reaches, classes

MOST_QUERIES = 6
"""Queries that may differ at once: every combination of them is looked at."""
_NOWHERE = Scope(workloads=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One class of item that is treated differently afterwards, and how."""

    platform: Platform
    workload: Workload
    place: str | None
    org_unit: str | None
    label: str | None
    applied: bool
    terms: frozenset[str]
    places: frozenset[str]
    others: bool
    before: Protection
    after: Protection
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Worlds:
    """The effects in force before and after, and those that only one of the two has."""

    before: tuple[Effect, ...]
    after: tuple[Effect, ...]
    gone: tuple[Effect, ...]
    came: tuple[Effect, ...]

    @classmethod
    def of(cls, before: Iterable[Effect], after: Iterable[Effect]) -> Worlds:
        """The two worlds without what is not in force."""
        was, will = tuple(e for e in before if e.in_force), tuple(e for e in after if e.in_force)
        had, has = Counter(was), Counter(will)
        return cls(before=was, after=will, gone=tuple(had - has), came=tuple(has - had))

    @property
    def differing(self) -> tuple[Effect, ...]:
        """The effects that only one world has."""
        return (*self.gone, *self.came)

    @property
    def too_many_queries(self) -> bool:
        """Whether more queries change than can be told apart."""
        return len({effect.terms for effect in self.differing if effect.terms is not None}) > MOST_QUERIES


def cells_between(worlds: Worlds, homes: Mapping[str, str]) -> Iterator[Cell]:
    """Every cell whose protection differs between the two worlds."""
    touched = {(effect.platform, workload) for effect in worlds.differing for workload in effect.scope.workloads}
    for platform, workload in sorted(touched):
        yield from _Field.of(platform, workload, worlds).cells(homes)


class _Side:
    """One world's effects on one workload, as numbered contributions by numbered scope."""

    def __init__(self, effects: Iterable[Effect], workload: Workload, numbers: _Numbers) -> None:
        self.base: dict[int, set[int]] = {}
        self.labels: dict[str, list[tuple[int, int, bool]]] = {}
        for effect in effects:
            scope, part = numbers.scope(effect.scope), numbers.part(contribution(effect, workload))
            if effect.label is None:
                self.base.setdefault(scope, set()).add(part)
            else:
                self.labels.setdefault(effect.label, []).append((scope, part, effect.mechanism is Mechanism.LABEL))

    def reached(self, mask: int) -> frozenset[int]:
        """The contributions without a label that reach a place of ``mask``."""
        return frozenset(part for scope, parts in self.base.items() if mask >> scope & 1 for part in parts)

    def carried(self, label: str, mask: int, *, applied: bool) -> frozenset[int]:
        """What ``label`` brings to an item of a place of ``mask`` that carries it."""
        return frozenset(part for scope, part, sticks in self.labels.get(label, ()) if (applied and sticks) or mask >> scope & 1)

    def shape(self, label: str) -> tuple[tuple[int, int, bool], ...]:
        """What ``label`` does and where, without its name."""
        return tuple(sorted(self.labels.get(label, ())))


class _Numbers:
    """Small numbers for scopes and contributions, so that sets of them compare fast."""

    def __init__(self) -> None:
        self.scopes: dict[Scope, int] = {}
        self.parts: dict[Contribution, int] = {}

    def scope(self, scope: Scope) -> int:
        return self.scopes.setdefault(replace(scope, workloads=_NOWHERE.workloads), len(self.scopes))

    def part(self, part: Contribution) -> int:
        return self.parts.setdefault(part, len(self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """A label to try, or none."""

    name: str | None = None
    applied: bool = False


class _Field:
    """One workload of one platform in both worlds."""

    def __init__(self, platform: Platform, workload: Workload, before: _Side, after: _Side, numbers: _Numbers) -> None:
        self.platform, self.workload = platform, workload
        self.sides = (before, after)
        self.reach = Reaches(tuple(numbers.scopes))
        self.parts = tuple(numbers.parts)
        self.touched: frozenset[str] = frozenset()
        self.others = False
        self.queries: frozenset[str] = frozenset()
        self.protections: dict[frozenset[int], Protection] = {}
        self.orders: dict[tuple[frozenset[int], frozenset[int]], Order] = {}

    @classmethod
    def of(cls, platform: Platform, workload: Workload, worlds: Worlds) -> _Field:
        def here(effects: Iterable[Effect]) -> list[Effect]:
            return [effect for effect in effects if effect.platform is platform and workload in effect.scope.workloads]

        numbers = _Numbers()
        before, after = (_Side(here(effects), workload, numbers) for effects in (worlds.before, worlds.after))
        found = cls(platform, workload, before, after, numbers)
        gone, came = here(worlds.gone), here(worlds.came)
        found.touched, found.others = _touched(gone, came, found.reach, frozenset(before.labels))
        found.queries = frozenset(effect.terms for effect in (*gone, *came) if effect.terms is not None)
        return found

    def cells(self, homes: Mapping[str, str]) -> Iterator[Cell]:
        """Every cell here whose protection differs."""
        labels = self._labels()
        told = 0
        for scope in {use[0] for side in self.sides for label in labels for use in side.labels.get(label, ())}:
            told |= 1 << scope
        alike: dict[tuple[frozenset[int], frozenset[int], int], list[PlaceClass]] = {}
        for place in classes(self.reach, self.touched, others=self.others, homes=homes):
            key = (self.sides[0].reached(place.mask), self.sides[1].reached(place.mask), place.mask & told)
            alike.setdefault(key, []).append(place)
        for (before, after, _), places in alike.items():
            yield from self._cells_of(_merged(places), before, after, labels)

    def _cells_of(self, place: PlaceClass, before: frozenset[int], after: frozenset[int], labels: Sequence[str]) -> Iterator[Cell]:
        for labelled in self._labelled(place.mask, labels):
            sets = before, after
            if labelled.name is not None:
                sets = (
                    before | self.sides[0].carried(labelled.name, place.mask, applied=labelled.applied),
                    after | self.sides[1].carried(labelled.name, place.mask, applied=labelled.applied),
                )
            yield from self._by_query(place, labelled, *sets)

    def _by_query(self, place: PlaceClass, labelled: _Labelled, before: frozenset[int], after: frozenset[int]) -> Iterator[Cell]:
        for matched in self._matches(before | after):
            was, will = self._matching(before, matched), self._matching(after, matched)
            order = self._order(was, will)
            if order is not Order.EQUAL:
                yield Cell(
                    platform=self.platform,
                    workload=self.workload,
                    place=place.place,
                    org_unit=place.org_unit,
                    label=labelled.name,
                    applied=labelled.applied,
                    terms=matched,
                    places=place.places,
                    others=place.others,
                    before=self._protection(was),
                    after=self._protection(will),
                    order=order,
                )

    def _labels(self) -> tuple[str, ...]:
        """The labels worth trying, one of each sort: those that do the same in the same places need not be tried twice.

        In Microsoft 365 a label that does not change adds the same guarantee to both sides and puts the same deletion in the place of both sides',
        so the item without it already tells the worst. In Vault a rule on a label switches the default off, so every label counts.
        """
        sorts: dict[tuple[object, object], str] = {}
        for label in sorted({*self.sides[0].labels, *self.sides[1].labels}):
            shapes = self.sides[0].shape(label), self.sides[1].shape(label)
            if self.platform is Platform.GOOGLE_WORKSPACE or shapes[0] != shapes[1]:
                sorts.setdefault(shapes, label)
        return tuple(sorts.values())

    def _labelled(self, mask: int, labels: Sequence[str]) -> Iterator[_Labelled]:
        """No label; each that can be put on here now or afterwards; each that may have been put on earlier."""
        yield _Labelled()
        for label in labels:
            uses = [use for side in self.sides for use in side.labels.get(label, ())]
            if any(not sticks or mask >> scope & 1 for scope, _, sticks in uses):
                yield _Labelled(name=label)
            if any(sticks for _, _, sticks in self.sides[0].labels.get(label, ())):
                yield _Labelled(name=label, applied=True)

    def _matches(self, parts: frozenset[int]) -> Iterator[frozenset[str]]:
        """Sets of queries to try: all combinations of those that change, beside none, one or all of those that stay.

        Pairs are enough for what stays: more matching rules only add to both sides. In Microsoft 365 a query that stays and only keeps adds the
        same guarantee to both sides, so the item that does not match it tells the worst.
        """
        changing, staying = set[str](), set[str]()
        for contributed in (self.parts[part] for part in parts):
            if contributed.terms in self.queries:
                changing.add(contributed.terms)
            elif contributed.terms is not None and (self.platform is Platform.GOOGLE_WORKSPACE or contributed.deletion is not None):
                staying.add(contributed.terms)
        beside = {frozenset[str](), frozenset(staying), *(frozenset({one}) for one in staying)}
        for size in range(len(changing) + 1):
            for chosen in combinations(sorted(changing), size):
                for rest in sorted(beside, key=sorted):
                    yield rest.union(chosen)

    def _matching(self, parts: frozenset[int], matched: frozenset[str]) -> frozenset[int]:
        return frozenset(part for part in parts if self.parts[part].terms is None or self.parts[part].terms in matched)

    def _protection(self, parts: frozenset[int]) -> Protection:
        if parts not in self.protections:
            self.protections[parts] = combine(self.platform, (self.parts[part] for part in parts))
        return self.protections[parts]

    def _order(self, before: frozenset[int], after: frozenset[int]) -> Order:
        if before == after:
            return Order.EQUAL
        if (before, after) not in self.orders:
            self.orders[before, after] = compare(self._protection(after), self._protection(before))
        return self.orders[before, after]


def _merged(places: Sequence[PlaceClass]) -> PlaceClass:
    """One class for places on which the same effects work; a named place stands for it if there is one."""
    named = next((place for place in places if place.place is not None), places[0])
    empty: frozenset[str] = frozenset()
    return replace(named, places=empty.union(*(place.places for place in places)), others=any(place.others for place in places))


def _touched(gone: Sequence[Effect], came: Sequence[Effect], reach: Reaches, carried: frozenset[str]) -> tuple[frozenset[str], bool]:
    """The named people and places whose items the difference can touch, and whether it touches people whom no effect names.

    Where an object only gained or lost members, only those are touched. A label that may be carried already (``carried``) and changes or goes
    touches what carries it, anywhere.
    """
    places: set[str] = set()
    lost, found = _by_deed(gone), _by_deed(came)
    for deed in {**lost, **found}:
        was, will = lost.get(deed, []), found.get(deed, [])
        if len(was) == len(will) == 1 and _members_only(was[0], will[0]):
            places |= (was[0].include ^ will[0].include) | (was[0].exclude ^ will[0].exclude)
            continue
        sticks = deed.mechanism is Mechanism.LABEL and deed.label in carried
        if sticks or any(scope.everyone or scope.org_units for scope in (*was, *will)):
            return reach.named_places, True
        places.update(*(scope.include for scope in (*was, *will)))
    if any(place in reach.named_units for place in places):
        return reach.named_places, True
    return frozenset(places), False


def _by_deed(effects: Iterable[Effect]) -> dict[Effect, list[Scope]]:
    """The scopes of effects that are otherwise the same."""
    found: dict[Effect, list[Scope]] = {}
    for effect in effects:
        found.setdefault(replace(effect, scope=_NOWHERE), []).append(effect.scope)
    return found


def _members_only(first: Scope, second: Scope) -> bool:
    """Whether two scopes differ in named members alone."""
    return (first.workloads, first.everyone, first.org_units) == (second.workloads, second.everyone, second.org_units)
