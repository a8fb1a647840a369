"""``judge`` against an oracle that tries every item of a small district one by one, and against the clock for a large one."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from types import FrameType
from typing import Self

import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from policies.effects import FOREVER, Clock, Effect, Mechanism, RemovableBy, Scope, Term
from policies.kinds import Platform, Workload
from policies.protection import Order, compare
from policies.reach import ancestors, reaches
from policies.simulator import Item, Simulation, judge

PEOPLE = ("ann", "bob", "cem")
UNITS = ("/Staff", "/Staff/Office", "/Board")
LABELS = ("one", "two")
QUERIES = ("x", "y")
WORKLOADS = (Workload.MAIL, Workload.SHARED_DRIVE)
TERMS: st.SearchStrategy[Term | None] = st.sampled_from([None, 1, 2, 3, "forever"])


def some(values: Sequence[str], most: int) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=most)


SCOPES = st.builds(
    Scope,
    workloads=st.sampled_from([frozenset({w}) for w in WORKLOADS] + [frozenset(WORKLOADS)]),
    everyone=st.booleans(),
    include=some((*PEOPLE, "/Board"), 2),
    exclude=some((*PEOPLE, "/Staff/Office"), 1),
    org_units=some(UNITS, 1),
)
MECHANISMS = {
    Platform.MICROSOFT365: [Mechanism.HOLD, Mechanism.RETENTION_POLICY, Mechanism.LABEL],
    Platform.GOOGLE_WORKSPACE: [Mechanism.HOLD, Mechanism.VAULT_DEFAULT, Mechanism.VAULT_CUSTOM],
}


@st.composite
def effects(draw: st.DrawFn, platform: Platform) -> Effect:
    mechanism = draw(st.sampled_from(MECHANISMS[platform]))
    labelled = mechanism is Mechanism.LABEL or (mechanism is Mechanism.VAULT_CUSTOM and draw(st.booleans()))
    scope = draw(SCOPES)
    if platform is Platform.MICROSOFT365:
        scope = replace(scope, org_units=frozenset(), include=scope.include - {"/Board"}, exclude=scope.exclude - {"/Staff/Office"})
    keep = draw(TERMS)
    return Effect(
        ref=draw(st.sampled_from("pqrs")),
        platform=platform,
        mechanism=mechanism,
        scope=scope,
        clock=draw(st.sampled_from([Clock.CREATED, Clock.CREATED, Clock.MODIFIED, Clock.EVENT])),
        keep="forever" if mechanism is Mechanism.HOLD else keep,
        delete=None if mechanism is Mechanism.HOLD else keep if platform is Platform.GOOGLE_WORKSPACE else draw(TERMS),
        purge_all=draw(st.booleans()),
        label=draw(st.sampled_from(LABELS)) if labelled else None,
        terms=draw(st.sampled_from([None, None, *QUERIES])),
        removable_by=RemovableBy.PERSON if mechanism is Mechanism.LABEL else RemovableBy.ADMINISTRATOR,
        in_force=draw(st.sampled_from([True, True, True, False])),
    )


@st.composite
def steps(draw: st.DrawFn) -> tuple[list[Effect], list[Effect]]:
    """Two worlds that differ in one to three effects: one gone, one come, one changed in one field."""
    platform = draw(st.sampled_from(list(Platform)))
    world = draw(st.lists(effects(platform), max_size=4))
    after = list(world)
    for _ in range(draw(st.integers(1, 2))):
        how = draw(st.sampled_from(["add", "drop", "change"]))
        if how == "add" or not after:
            after.append(draw(effects(platform)))
        else:
            chosen = draw(st.integers(0, len(after) - 1))
            old = after.pop(chosen)
            if how == "change":
                field = draw(st.sampled_from(["scope", "keep", "delete", "clock", "in_force", "terms"]))
                after.append(replace(old, **{field: getattr(draw(effects(platform)), field)}))
    return world, after


def items(before: Sequence[Effect], after: Sequence[Effect], platform: Platform) -> Iterator[Item]:
    """Every item of the small district: a person whom nothing names lives there too."""
    queries = [frozenset(chosen) for size in range(3) for chosen in combinations(QUERIES, size)]
    units = (None, *UNITS, "/Elsewhere") if platform is Platform.GOOGLE_WORKSPACE else (None,)
    for workload in WORKLOADS:
        for place in (*PEOPLE, "stranger"):
            for unit in units:
                for terms in queries:
                    plain = Item(platform=platform, workload=workload, place=place, org_unit=unit, terms=terms)
                    yield plain
                    for label in LABELS:
                        yield from labelled(replace(plain, label=label), before, after)


def labelled(item: Item, before: Sequence[Effect], after: Sequence[Effect]) -> Iterator[Item]:
    live = [e for e in (*before, *after) if e.in_force and e.label == item.label and item.workload in e.scope.workloads]
    if any(e.mechanism is not Mechanism.LABEL or reaches(e.scope, item.place, item.org_unit) for e in live):
        yield item
    if any(e.in_force and e.label == item.label and e.mechanism is Mechanism.LABEL and item.workload in e.scope.workloads for e in before):
        yield replace(item, applied=True)


@settings(derandomize=True, max_examples=300, deadline=None, database=None, phases=(Phase.generate,))
@given(steps())
def test_the_judge_agrees_with_trying_everything(step: tuple[list[Effect], list[Effect]]) -> None:
    before, after = step
    platforms = {effect.platform for effect in (*before, *after)}
    was, will = Simulation(before), Simulation(after)
    orders = {item: compare(will.protection(item), was.protection(item)) for platform in platforms for item in items(before, after, platform)}
    worse = [item for item, order in orders.items() if order in {Order.WEAKER, Order.INCOMPARABLE}]
    better = [item for item, order in orders.items() if order is Order.STRONGER]
    expected = "weakens" if worse else "strengthens" if better else "neutral"
    event(expected)

    found = judge(before, after)

    assert found.direction.value == expected, (worse[:1], found.example)
    touched = {item.place for item in (*worse, *better)}
    assert touched <= found.places or found.others, "whoever is not named by an effect of that workload is one of the others"
    if found.example:
        assert was.protection(found.example.item) == found.example.before
        assert will.protection(found.example.item) == found.example.after


def test_a_known_home_spares_people_of_other_units() -> None:
    hold = Effect(
        ref="h",
        platform=Platform.GOOGLE_WORKSPACE,
        mechanism=Mechanism.HOLD,
        scope=Scope(workloads=frozenset({Workload.MAIL}), include=frozenset({"ann", "bob"})),
        keep=FOREVER,
        terms="x",
    )
    rule = Effect(
        ref="r",
        platform=Platform.GOOGLE_WORKSPACE,
        mechanism=Mechanism.VAULT_CUSTOM,
        scope=Scope(workloads=frozenset({Workload.MAIL}), org_units=frozenset({"/Staff"})),
        keep=365,
    )
    homes = {"ann": "/Staff/Office", "bob": "/Board"}
    assert judge((hold,), (hold, rule), homes=homes).places == {"ann"}
    assert judge((hold,), (hold, rule)).places == {"ann", "bob"}, "without homes either may live there"


@pytest.mark.parametrize(("path", "steps"), [("/", ("/",)), ("/a", ("/a", "/")), ("/a/b", ("/a/b", "/a", "/"))])
def test_a_unit_and_those_above_it(path: str, steps: tuple[str, ...]) -> None:
    assert ancestors(path) == steps


# --- a large district -------------------------------------------------------------------------------------------------------------------------


def large_world() -> list[Effect]:
    """10,000 people, 200 labels published to overlapping crowds, 100 policies and holds with 100 to 10,000 members: about 300 effects."""
    chance = random.Random(7)
    people = [f"person{number}@d.example" for number in range(10_000)]
    crowds = [frozenset(people[start : start + size]) for start, size in ((0, 10_000), (0, 1_300), (1_300, 8_700), (0, 7))]
    mail = frozenset({Workload.MAIL, Workload.DRIVE})
    labels = [
        Effect(
            ref=f"label{number}",
            platform=Platform.MICROSOFT365,
            mechanism=Mechanism.LABEL,
            scope=Scope(workloads=mail, include=crowds[number % 4]),
            label=f"label{number}",
            keep=365 + number,
            removable_by=RemovableBy.PERSON,
        )
        for number in range(200)
    ]
    holds = [
        Effect(
            ref=f"hold{number}",
            platform=Platform.MICROSOFT365,
            mechanism=Mechanism.HOLD,
            scope=Scope(workloads=mail, include=frozenset(chance.sample(people, 100))),
            keep=FOREVER,
            terms=f"query {number}" if number % 10 == 0 else None,
        )
        for number in range(80)
    ]
    policies = [
        Effect(
            ref=f"policy{number}",
            platform=Platform.MICROSOFT365,
            mechanism=Mechanism.RETENTION_POLICY,
            scope=Scope(workloads=mail, include=frozenset(people[number * 500 : number * 500 + 500])),
            keep=731 + number % 3,
        )
        for number in range(20)
    ]
    return [*labels, *holds, *policies]


CHANGES = {
    "a policy for everyone appears": lambda world: [
        *world,
        Effect(
            ref="new",
            platform=Platform.MICROSOFT365,
            mechanism=Mechanism.RETENTION_POLICY,
            scope=Scope(workloads=frozenset({Workload.MAIL}), everyone=True),
            keep=3650,
        ),
    ],
    "a label is shortened": lambda world: [replace(world[0], keep=10), *world[1:]],
    "a member joins a hold": lambda world: [
        *world[:210],
        replace(world[210], scope=replace(world[210].scope, include=world[210].scope.include | {"new@d.example"})),
        *world[211:],
    ],
    "a policy is shortened": lambda world: [*world[:-1], replace(world[-1], keep=30)],
}


class Steps:
    """Counts the Python functions that are called, which no other process on the machine has a say in."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        sys.setprofile(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _called(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.count += event == "call"


@pytest.mark.parametrize("name", CHANGES)
def test_a_large_district_is_judged_without_comparing_everything_with_everything(name: str) -> None:
    world = large_world()
    assert len(world) == 300
    with Steps() as steps:
        found = judge(world, CHANGES[name](world))
    assert found.direction.value == {"a policy for everyone appears": "strengthens", "a member joins a hold": "strengthens"}.get(name, "weakens")
    assert steps.count < 250_000, "twice what the hardest of them takes"
