"""The order of protections: a partial order, sound against an oracle that knows dates, and fragile enough that mutants are caught."""

from __future__ import annotations

import math
import re
import types
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from policies import protection as real
from policies.effects import FOREVER, Clock, RemovableBy, Term
from policies.protection import Deletion, Guarantee, Order, Protection, compare

TERMS: st.SearchStrategy[Term] = st.one_of(st.integers(0, 4), st.just("forever"))
CLOCKS = st.sampled_from(list(Clock))
EVENTS = st.sampled_from([None, "leaves", "expires"])
GUARANTEES = st.builds(
    Guarantee, term=TERMS, clock=CLOCKS, event=EVENTS, removable_by=st.sampled_from(list(RemovableBy)), terms=st.sampled_from([None, "x", "y"])
)
DELETIONS = st.builds(Deletion, term=TERMS, clock=CLOCKS, event=EVENTS, purges_undeleted=st.booleans())
PROTECTIONS = st.builds(Protection, guarantees=st.frozensets(GUARANTEES, max_size=2), deletions=st.frozensets(DELETIONS, max_size=2))


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Protection, Protection]:
    """Two protections that differ in one field of one guarantee or deletion, where an order is most easily wrong."""
    keep, delete = draw(GUARANTEES), draw(DELETIONS)
    near, twin = {
        "term": lambda: (replace(keep, term=draw(TERMS)), replace(delete, term=draw(TERMS))),
        "clock": lambda: (replace(keep, clock=draw(CLOCKS)), replace(delete, clock=draw(CLOCKS))),
        "event": lambda: (replace(keep, event=draw(EVENTS)), replace(delete, event=draw(EVENTS))),
        "hand": lambda: (replace(keep, removable_by=draw(st.sampled_from(list(RemovableBy)))), delete),
        "terms": lambda: (replace(keep, terms=draw(st.sampled_from([None, "x", "y"]))), delete),
    }[draw(st.sampled_from(["term", "clock", "event", "hand", "terms"]))]()
    if draw(st.booleans()):
        return Protection(guarantees=frozenset({keep})), Protection(guarantees=frozenset({near}))
    return (
        Protection(guarantees=frozenset({keep}), deletions=frozenset({delete})),
        Protection(guarantees=frozenset({near}), deletions=frozenset({twin})),
    )


PAIRS = st.one_of(neighbours(), st.tuples(PROTECTIONS, PROTECTIONS))
DATES = st.fixed_dictionaries(
    {
        "modified": st.integers(0, 9),
        "labelled": st.integers(0, 9),
        None: st.integers(-9, 9),
        "leaves": st.integers(-9, 9),
        "expires": st.integers(-9, 9),
    }
)
Module = types.ModuleType
checked = settings(derandomize=True, max_examples=150, deadline=None, database=None, phases=(Phase.generate,))


def order_of(module: Module, left: Protection, right: Protection) -> str:
    return str(module.compare(left, right).value)


def holds_or_better(module: Module, left: Protection, right: Protection) -> bool:
    return order_of(module, left, right) in {"stronger", "equal"}


# --- the oracle: it knows the item's dates and nothing about orders -----------------------------------------------------------------------


def at(term: Term, clock: Clock, event: str | None, dates: dict[str | None, int]) -> float:
    if term == FOREVER:
        return math.inf
    start = 0 if clock is Clock.CREATED else dates[event] if clock is Clock.EVENT else dates[clock.value]
    return start + term


def survives_its_user(protection: Protection, dates: dict[str | None, int]) -> float:
    return max((at(g.term, g.clock, g.event, dates) for g in protection.guarantees), default=-math.inf)


def deleted_by_platform(protection: Protection, dates: dict[str | None, int]) -> float:
    kept = survives_its_user(protection, dates)
    return min((max(kept, at(d.term, d.clock, d.event, dates)) for d in protection.deletions if d.purges_undeleted), default=math.inf)


# --- the laws, each a function of a module so that mutants can be held against them ---------------------------------------------------------


def law_reflexive(module: Module) -> None:
    @checked
    @given(PROTECTIONS)
    def law(one: Protection) -> None:
        assert order_of(module, one, one) == "equal"
        assert order_of(module, one, one.normal()) == "equal"

    law()


def law_antisymmetric(module: Module) -> None:
    @checked
    @given(PAIRS)
    def law(pair: tuple[Protection, Protection]) -> None:
        one, other = pair
        equal = order_of(module, one, other) == "equal"
        assert equal == (module_normal(module, one) == module_normal(module, other))
        turned = {"stronger": "weaker", "weaker": "stronger"}
        there = order_of(module, one, other)
        assert order_of(module, other, one) == turned.get(there, there)

    law()


def law_transitive(module: Module) -> None:
    @checked
    @given(PAIRS, PROTECTIONS)
    def law(pair: tuple[Protection, Protection], three: Protection) -> None:
        one, two = pair
        if holds_or_better(module, one, two) and holds_or_better(module, two, three):
            assert holds_or_better(module, one, three)

    law()


def law_sound(module: Module) -> None:
    """What is called at least as strong is gone no earlier, whatever the dates: by its user's hand or by the platform's."""

    @checked
    @given(PAIRS, DATES)
    def law(pair: tuple[Protection, Protection], dates: dict[str | None, int]) -> None:
        one, other = pair
        if holds_or_better(module, one, other):
            assert survives_its_user(one, dates) >= survives_its_user(other, dates)
            assert deleted_by_platform(one, dates) >= deleted_by_platform(other, dates)

    law()


def law_monotone(module: Module) -> None:
    """A further guarantee never weakens; a hand that is harder to stay, a term that is longer, never weaken."""

    @checked
    @given(PROTECTIONS, GUARANTEES)
    def law(one: Protection, more: Guarantee) -> None:
        bigger = Protection(guarantees=one.guarantees | {more}, deletions=one.deletions)
        assert holds_or_better(module, bigger, one)

    law()


STARTS = [(Clock.CREATED, None), (Clock.MODIFIED, None), (Clock.LABELLED, None), (Clock.EVENT, "leaves"), (Clock.EVENT, "expires")]
SMALL_GUARANTEES = [
    Protection(guarantees=frozenset({Guarantee(term=term, clock=clock, event=event, removable_by=by, terms=terms)}))
    for term in (1, 2, FOREVER)
    for clock, event in STARTS
    for by in (RemovableBy.PERSON, RemovableBy.ADMINISTRATOR)
    for terms in (None, "x")
]
SMALL_DELETIONS = [
    Protection(guarantees=frozenset(kept), deletions=frozenset(deleted))
    for kept in ((), (Guarantee(term=2),), (Guarantee(term=2, clock=Clock.MODIFIED),))
    for deleted in ((), *((Deletion(term=term, clock=clock, event=event),) for term in (1, 2, 3) for clock, event in STARTS))
]
SMALL_DATES: list[dict[str | None, int]] = [
    {"modified": modified, "labelled": labelled, "leaves": leaves, "expires": expires, None: 0}
    for modified, labelled, leaves, expires in product((0, 5), (0, 5), (-5, 5), (-5, 5))
]


def law_small_world(module: Module) -> None:
    """Every pair of a small world: the order says "at least as strong" only where no dates contradict it, "equal" only for equal normal forms."""
    for world in (SMALL_GUARANTEES, SMALL_DELETIONS):
        for one, other in product(world, world):
            order = order_of(module, one, other)
            if order in {"stronger", "equal"}:
                assert all(survives_its_user(one, dates) >= survives_its_user(other, dates) for dates in SMALL_DATES)
                assert all(deleted_by_platform(one, dates) >= deleted_by_platform(other, dates) for dates in SMALL_DATES)
            assert (order == "equal") == (module_normal(module, one) == module_normal(module, other))


def law_complete_for_single_guarantees(module: Module) -> None:
    """Where no dates, no hand and no terms contradict it, the order does say "at least as strong": it is not merely timid."""
    hands = list(RemovableBy)
    for one, other in product(SMALL_GUARANTEES, SMALL_GUARANTEES):
        (mine,), (theirs,) = one.guarantees, other.guarantees
        if hands.index(mine.removable_by) >= hands.index(theirs.removable_by) and mine.terms in {None, theirs.terms}:
            outlives = all(survives_its_user(one, dates) >= survives_its_user(other, dates) for dates in SMALL_DATES)
            assert holds_or_better(module, one, other) == outlives


def law_table(module: Module) -> None:
    for left, right, order in TABLE:
        assert order_of(module, left, right) == order.value, (left, right)


def module_normal(module: Module, one: Protection) -> object:
    return rebuild(module, one).normal()


def rebuild(module: Module, one: Protection) -> Protection:
    made: Protection = module.Protection(
        guarantees=frozenset(
            module.Guarantee(term=g.term, clock=g.clock, event=g.event, removable_by=g.removable_by, terms=g.terms) for g in one.guarantees
        ),
        deletions=frozenset(module.Deletion(term=d.term, clock=d.clock, event=d.event, purges_undeleted=d.purges_undeleted) for d in one.deletions),
    )
    return made


def keeps(*terms: Term, clock: Clock = Clock.CREATED, by: RemovableBy = RemovableBy.ADMINISTRATOR) -> Protection:
    return Protection(guarantees=frozenset(Guarantee(term=term, clock=clock, removable_by=by) for term in terms))


def deletes(term: Term, *, kept: Term | None = None, clock: Clock = Clock.CREATED, undeleted: bool = True) -> Protection:
    return Protection(
        guarantees=frozenset() if kept is None else frozenset({Guarantee(term=kept, clock=clock)}),
        deletions=frozenset({Deletion(term=term, clock=clock, purges_undeleted=undeleted)}),
    )


NOTHING = Protection()
MODIFIED, LABELLED, EVENT = Clock.MODIFIED, Clock.LABELLED, Clock.EVENT
TABLE = [
    (NOTHING, NOTHING, Order.EQUAL),
    (keeps(7), NOTHING, Order.STRONGER),
    (keeps(7), keeps(3), Order.STRONGER),
    (keeps(7, 3), keeps(7), Order.EQUAL),
    (keeps(FOREVER), keeps(36_500), Order.STRONGER),
    (keeps(7, clock=MODIFIED), keeps(7), Order.STRONGER),
    (keeps(7, clock=LABELLED), keeps(7), Order.STRONGER),
    (keeps(7, clock=LABELLED), keeps(7, clock=MODIFIED), Order.INCOMPARABLE),
    (keeps(9), keeps(7, clock=MODIFIED), Order.INCOMPARABLE),
    (keeps(7, clock=EVENT), keeps(7), Order.INCOMPARABLE),
    (keeps(FOREVER, clock=EVENT), keeps(FOREVER), Order.EQUAL),
    (keeps(7, by=RemovableBy.NOBODY), keeps(7), Order.STRONGER),
    (keeps(9, by=RemovableBy.PERSON), keeps(7), Order.INCOMPARABLE),
    (deletes(7), NOTHING, Order.WEAKER),
    (deletes(7), deletes(3), Order.STRONGER),
    (deletes(7, undeleted=False), NOTHING, Order.EQUAL),
    (deletes(7, kept=7), NOTHING, Order.INCOMPARABLE),
    (deletes(7, kept=7, undeleted=False), NOTHING, Order.STRONGER),
    (deletes(3, kept=7), deletes(7, kept=7), Order.EQUAL),
    (deletes(9, kept=7), deletes(7, kept=7), Order.STRONGER),
    (deletes(3, kept=FOREVER), keeps(FOREVER), Order.EQUAL),
    (deletes(FOREVER), NOTHING, Order.EQUAL),
]
LAWS: list[Callable[[Module], None]] = [
    law_table,
    law_small_world,
    law_complete_for_single_guarantees,
    law_reflexive,
    law_antisymmetric,
    law_transitive,
    law_sound,
    law_monotone,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_order_obeys(law: Callable[[Module], None]) -> None:
    law(real)


@pytest.mark.parametrize(("left", "right", "order"), TABLE)
def test_known_pairs(left: Protection, right: Protection, order: Order) -> None:
    assert compare(left, right) is order


def test_guarantees_under_terms_are_worth_less_and_differ_by_their_terms() -> None:
    full, narrow, other = (Protection(guarantees=frozenset({Guarantee(term=7, terms=terms)})) for terms in (None, "budget", "contract"))
    assert compare(full, narrow) is Order.STRONGER
    assert compare(narrow, other) is Order.INCOMPARABLE


def test_a_normal_form_is_its_own_normal_form() -> None:
    mixed = Protection(
        guarantees=frozenset({Guarantee(term=7), Guarantee(term=3), Guarantee(term=5, clock=MODIFIED)}),
        deletions=frozenset({Deletion(term=2), Deletion(term=20), Deletion(term=1, purges_undeleted=False)}),
    )
    normal = mixed.normal()
    assert normal == normal.normal()
    assert normal.guarantees == {Guarantee(term=7), Guarantee(term=5, clock=MODIFIED)}
    assert normal.deletions == {Deletion(term=7), Deletion(term=5, clock=MODIFIED)}, "deleted when the last guarantee has ended"


# --- mutants ---------------------------------------------------------------------------------------------------------------------------------

MUTANTS = {
    "term < becomes <=": ("if left.term < right.term:", "if left.term <= right.term:"),
    "term < becomes >": ("if left.term < right.term:", "if left.term > right.term:"),
    "hand < becomes <=": (
        "if _HANDS[left.removable_by] < _HANDS[right.removable_by]:",
        "if _HANDS[left.removable_by] <= _HANDS[right.removable_by]:",
    ),
    "the hand is dropped": ("if _HANDS[left.removable_by] < _HANDS[right.removable_by]:", "if False:"),
    "the clock is dropped": ("if left.clock not in _NOT_BEFORE[right.clock]:", "if False:"),
    "the event is dropped": ("return left.event == right.event", "return True"),
    "the terms are dropped": ("return left.terms is None or left.terms == right.terms", "return True"),
    "for ever is forgotten on the left": ("if left.term == FOREVER:\n        return True", "if left.term == FOREVER:\n        return False"),
    "for ever is forgotten on the right": ("if right.term == FOREVER:\n        return False", "if right.term == FOREVER:\n        return True"),
    "modified may run behind created": (
        "Clock.CREATED: frozenset({Clock.CREATED, Clock.MODIFIED, Clock.LABELLED})",
        "Clock.CREATED: frozenset({Clock.CREATED, Clock.LABELLED})",
    ),
    "created may run ahead of modified": (
        "Clock.MODIFIED: frozenset({Clock.MODIFIED})",
        "Clock.MODIFIED: frozenset({Clock.MODIFIED, Clock.CREATED})",
    ),
    "deletions are not looked at": ("for deletion in strong.deletions", "for deletion in ()"),
    "guarantees are not looked at": ("for theirs in weak.guarantees", "for theirs in ()"),
    "a guarantee lifts no deletion": ("any(at_least(end, at) for end in ends for at in due)", "False"),
    "what people deleted counts as the platform's deed": ("if deletion.purges_undeleted and", "if"),
    "a guarantee outlasts every deletion": ("or any(at_least(end, bound) for end in ends)", "or any(True for end in ends)"),
    "any guarantee will do": ("if not all(any(dominates(", "if not any(any(dominates("),
}


def mutant(old: str, new: str) -> Module:
    source = Path(real.__file__).read_text(encoding="utf-8")
    assert len(re.findall(re.escape(old), source)) == 1, f"{old!r} is not there exactly once"
    module = types.ModuleType("mutant_of_protection")
    module.__dict__["__name__"] = real.__name__  # dataclasses look their module up by name
    exec(compile(source.replace(old, new), "<mutant>", "exec"), module.__dict__)
    return module


def survives(module: Module, law: Callable[[Module], None]) -> bool:
    """Whether the mutant obeys the law; errors that it raises itself count as caught."""
    native = types.ModuleType("native")
    native.__dict__.update(module.__dict__)
    native.__dict__["compare"] = lambda left, right: module.compare(rebuild(module, left), rebuild(module, right))
    try:
        law(native)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_breaks_a_property(name: str) -> None:
    properties = [law for law in LAWS if law is not law_table]
    module = mutant(*MUTANTS[name])
    assert not all(survives(module, law) for law in properties), f"no property notices that {name}"


def test_the_unmutated_source_passes_the_same_way() -> None:
    module = mutant("if left.term < right.term:", "if left.term < right.term:")
    assert all(survives(module, law) for law in LAWS)
