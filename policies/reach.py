"""Whom a scope reaches: by name, by org unit and its parents, or everyone less the exceptions; and classes of places that are reached alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from policies.effects import Scope


def ancestors(path: str) -> tuple[str, ...]:
    """The org unit itself and every unit above it, the root ``/`` last."""
    parts = [part for part in path.split("/") if part]
    return (*("/" + "/".join(parts[:depth]) for depth in range(len(parts), 0, -1)), "/")


def reaches(scope: Scope, place: str | None, org_unit: str | None) -> bool:
    """Whether ``scope`` takes in an item of ``place`` that lives in ``org_unit``; an exception beats every inclusion."""
    units = ancestors(org_unit) if org_unit else ()
    if place in scope.exclude or any(unit in scope.exclude for unit in units):
        return False
    if scope.everyone or place in scope.include:
        return True
    return any(unit in scope.org_units or unit in scope.include for unit in units)


@dataclass(frozen=True)
class Reaches:
    """Answers, as a number with one bit per scope, which of ``scopes`` reach a place."""

    scopes: Sequence[Scope]

    @cached_property
    def named_units(self) -> frozenset[str]:
        """The org-unit paths that some scope names."""
        listed = (name for scope in self.scopes for name in (*scope.include, *scope.exclude) if name.startswith("/"))
        return frozenset(listed).union(*(scope.org_units for scope in self.scopes))

    @cached_property
    def named_places(self) -> frozenset[str]:
        """The people and places that some scope names."""
        empty: frozenset[str] = frozenset()
        return empty.union(*(scope.include for scope in self.scopes), *(scope.exclude for scope in self.scopes)) - self.named_units

    @cached_property
    def everyone(self) -> int:
        """The scopes that reach everyone."""
        return sum(1 << index for index, scope in enumerate(self.scopes) if scope.everyone)

    def by_place(self, places: frozenset[str]) -> dict[str, tuple[int, int]]:
        """For each of ``places`` the scopes that name it and those that except it."""
        found = dict.fromkeys(places, (0, 0))
        for index, scope in enumerate(self.scopes):
            bit = 1 << index
            for place in places & scope.include:
                found[place] = (found[place][0] | bit, found[place][1])
            for place in places & scope.exclude:
                found[place] = (found[place][0], found[place][1] | bit)
        return found

    def by_unit(self, unit: str | None) -> tuple[int, int]:
        """The scopes that take in ``unit`` or a unit above it, and those that except it."""
        if unit is None:
            return 0, 0
        path = ancestors(unit)
        taken = excepted = 0
        for index, scope in enumerate(self.scopes):
            bit = 1 << index
            if any(step in scope.org_units or step in scope.include for step in path):
                taken |= bit
            if any(step in scope.exclude for step in path):
                excepted |= bit
        return taken, excepted


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceClass:
    """Places that the same scopes reach. ``others`` says that places which no scope names belong to it."""

    mask: int
    place: str | None
    org_unit: str | None
    places: frozenset[str]
    others: bool


def classes(reach: Reaches, places: frozenset[str], *, others: bool, homes: Mapping[str, str]) -> list[PlaceClass]:
    """``places`` (and, if ``others``, somebody whom no scope names) sorted into classes; a place without a home may live in any unit."""
    grouped: dict[tuple[int, int, str | None, bool], set[str]] = {}
    for place, (taken, excepted) in reach.by_place(places).items():
        grouped.setdefault((taken, excepted, homes.get(place), place in homes), set()).add(place)
    if others:
        grouped.setdefault((0, 0, None, False), set())
    anywhere: tuple[str | None, ...] = (None, *sorted(reach.named_units))
    units: dict[str | None, tuple[int, int]] = {}
    found = []
    for (taken, excepted, home, housed), members in grouped.items():
        for unit in (home,) if housed else anywhere:
            if unit not in units:
                units[unit] = reach.by_unit(unit)
            mask = (reach.everyone | taken | units[unit][0]) & ~(excepted | units[unit][1])
            unnamed = others and (taken, excepted, housed) == (0, 0, False)
            found.append(PlaceClass(mask=mask, place=min(members, default=None), org_unit=unit, places=frozenset(members), others=unnamed))
    return found
