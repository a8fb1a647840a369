"""What the platforms would do to an item, and whether a change brings any deletion forward.

``Simulation`` answers for one item; ``judge`` compares two worlds over every class of item that the difference between them can touch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policies.cells import Cell, Worlds, cells_between
from policies.effects import Effect, Mechanism
from policies.kinds import Platform, Workload
from policies.precedence import combine, contribution
from policies.protection import Direction, Order, Protection
from policies.reach import reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record: where it is, whose it is, which label it carries and which queries it matches.

    ``place`` is an account, address, site or shared drive as the effects name it. ``applied`` says that the label was put on earlier, so that it
    stays whether or not it is still published; without it the label must be published here for the item to carry it.
    """

    platform: Platform
    workload: Workload
    place: str | None = None
    org_unit: str | None = None
    label: str | None = None
    applied: bool = False
    terms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Simulation:
    """A tenant's effects, asked about one item at a time. ``homes`` gives the org unit of a place whose item does not say it."""

    effects: Sequence[Effect]
    homes: Mapping[str, str] = field(default_factory=dict)

    def applying(self, item: Item) -> tuple[Effect, ...]:
        """The effects that reach ``item``."""
        unit = item.org_unit if item.org_unit is not None else self.homes.get(item.place or "")
        return tuple(effect for effect in self.effects if _applies(effect, item, unit))

    def protection(self, item: Item) -> Protection:
        """How ``item`` is protected, in normal form."""
        return combine(item.platform, (contribution(effect, item.workload) for effect in self.applying(item)))


def _applies(effect: Effect, item: Item, unit: str | None) -> bool:
    if not effect.in_force or effect.platform is not item.platform or item.workload not in effect.scope.workloads:
        return False
    if effect.label is not None and effect.label != item.label:
        return False
    if effect.terms is not None and effect.terms not in item.terms:
        return False
    return (item.applied and effect.mechanism is Mechanism.LABEL) or reaches(effect.scope, item.place, unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The item that decides a judgement: how it was protected and how it would be."""

    item: Item
    before: Protection
    after: Protection
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a change does to protection, and to whose.

    ``places`` are the people and places named by some effect whose items are protected differently afterwards; ``others`` says that people and
    places whom no effect names are affected too. ``reason`` is given where the effect could not be computed, which counts as weakening.
    """

    direction: Direction
    places: frozenset[str] = frozenset()
    others: bool = False
    example: Example | None = None
    reason: str | None = None


def judge(before: Sequence[Effect], after: Sequence[Effect], *, homes: Mapping[str, str] | None = None) -> Judgement:
    """The direction of the step from ``before`` to ``after``: the worst of all items that the difference can touch decides.

    Every item at least as well protected and some better: strengthens; every item as before: neutral; else weakens. ``homes`` maps places to their
    org unit; a place that is not in it may live in any.
    """
    worlds = Worlds.of(before, after)
    if worlds.too_many_queries:
        return Judgement(direction=Direction.WEAKENS, others=True, reason="more queries change at once than can be told apart")
    places: set[str] = set()
    others = False
    worst: Example | None = None
    better: Example | None = None
    for cell in cells_between(worlds, homes or {}):
        places.update(cell.places)
        others = others or cell.others
        if cell.order is Order.STRONGER:
            better = better or _example(cell)
        elif worst is None or (worst.order is Order.INCOMPARABLE and cell.order is Order.WEAKER):
            worst = _example(cell)
    direction = Direction.WEAKENS if worst else Direction.STRENGTHENS if better else Direction.NEUTRAL
    return Judgement(direction=direction, places=frozenset(places), others=others, example=worst or better)


def _example(cell: Cell) -> Example:
    item = Item(
        platform=cell.platform,
        workload=cell.workload,
        place=cell.place,
        org_unit=cell.org_unit,
        label=cell.label,
        applied=cell.applied,
        terms=cell.terms,
    )
    return Example(item=item, before=cell.before, after=cell.after, order=cell.order)
