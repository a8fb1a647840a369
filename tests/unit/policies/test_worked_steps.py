"""Worked steps: what a tenant does before and after, and the direction in which that moves protection."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from policies.effects import FOREVER, Clock, Effect, RemovableBy
from policies.protection import Protection
from policies.simulator import judge
from tests.unit.policies.worked import ALL, ANN, BOB, CUSTOM, DEFAULT, HOLD, LABEL, POLICY, kept, ms, reach, vault


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str
    before: tuple[Effect, ...]
    after: tuple[Effect, ...]
    direction: str


SIX = ms(LABEL, reach(), ref="six", label="six", keep=2192, removable_by=RemovableBy.PERSON)
PUBLISHED = replace(SIX, scope=reach(ANN))
SHORT = ms(LABEL, reach(), ref="short", label="short", delete=30)
KEEP = ms(POLICY, reach(ANN, BOB), ref="keep", keep=731)
PURGE = ms(POLICY, ref="purge", delete=365)
CASE_HOLD = ms(HOLD, reach(ANN), ref="hold", keep=FOREVER)
STAFF_YEAR = vault(CUSTOM, 365, reach(units=("/Staff",)), ref="staff")

STEPS = [
    Step(name="nothing changes", before=(KEEP,), after=(KEEP,), direction="neutral"),
    Step(name="a keep policy appears", before=(), after=(KEEP,), direction="strengthens"),
    Step(name="a keep policy goes", before=(KEEP,), after=(), direction="weakens"),
    Step(name="a keep policy goes out of force", before=(KEEP,), after=(replace(KEEP, in_force=False),), direction="weakens"),
    Step(name="a keep policy is lengthened", before=(KEEP,), after=(replace(KEEP, keep=1096),), direction="strengthens"),
    Step(name="a keep policy is shortened", before=(KEEP,), after=(replace(KEEP, keep=365),), direction="weakens"),
    Step(name="its clock moves to modified", before=(KEEP,), after=(replace(KEEP, clock=Clock.MODIFIED),), direction="strengthens"),
    Step(name="its clock moves to an event", before=(KEEP,), after=(replace(KEEP, clock=Clock.EVENT, event="left"),), direction="weakens"),
    Step(name="somebody joins", before=(KEEP,), after=(replace(KEEP, scope=reach(ANN, BOB, "c")),), direction="strengthens"),
    Step(name="somebody leaves", before=(KEEP,), after=(replace(KEEP, scope=reach(ANN)),), direction="weakens"),
    Step(name="one joins and one leaves", before=(KEEP,), after=(replace(KEEP, scope=reach(ANN, "c")),), direction="weakens"),
    Step(name="from a list to everyone", before=(KEEP,), after=(replace(KEEP, scope=ALL),), direction="strengthens"),
    Step(
        name="an exception appears",
        before=(replace(KEEP, scope=ALL),),
        after=(replace(KEEP, scope=reach(everyone=True, exclude=(ANN,))),),
        direction="weakens",
    ),
    Step(name="a delete policy is switched on", before=(replace(PURGE, in_force=False),), after=(PURGE,), direction="weakens"),
    Step(name="a delete policy is switched off", before=(PURGE,), after=(), direction="strengthens"),
    Step(name="an action becomes keep and delete", before=(KEEP,), after=(replace(KEEP, delete=731),), direction="weakens"),
    Step(
        name="an explicit later deletion shields from an implicit earlier one",
        before=(PURGE,),
        after=(PURGE, ms(POLICY, reach(ANN), ref="later", delete=1827)),
        direction="strengthens",
    ),
    Step(
        name="enabling our own rule takes that shield away from nobody but deletes where nothing did",
        before=(),
        after=(ms(POLICY, reach(ANN), ref="later", delete=1827),),
        direction="weakens",
    ),
    Step(name="a label is born unpublished", before=(), after=(SIX,), direction="neutral"),
    Step(name="a keep label is published", before=(SIX,), after=(PUBLISHED,), direction="strengthens"),
    Step(name="a keep label is withdrawn", before=(PUBLISHED,), after=(SIX,), direction="weakens"),
    Step(name="a keep label is deleted, published or not", before=(SIX,), after=(), direction="weakens"),
    Step(name="an unpublished label is shortened: it may still be carried", before=(SIX,), after=(replace(SIX, keep=365),), direction="weakens"),
    Step(name="a published label is lengthened", before=(PUBLISHED,), after=(replace(PUBLISHED, keep=3650),), direction="strengthens"),
    Step(name="a label that deletes is published", before=(SHORT,), after=(replace(SHORT, scope=reach(ANN)),), direction="weakens"),
    Step(name="a hold is opened", before=(KEEP,), after=(KEEP, CASE_HOLD), direction="strengthens"),
    Step(name="a hold is lost", before=(KEEP, CASE_HOLD), after=(KEEP,), direction="weakens"),
    Step(
        name="a hold gets a query",
        before=(CASE_HOLD,),
        after=(replace(CASE_HOLD, terms="budget"),),
        direction="weakens",
    ),
    Step(
        name="a second hold takes the first one's place",
        before=(CASE_HOLD,),
        after=(replace(CASE_HOLD, ref="hold-2"),),
        direction="neutral",
    ),
    # Google
    Step(name="a custom rule ends a longer default", before=(vault(DEFAULT, 3650),), after=(vault(DEFAULT, 3650), STAFF_YEAR), direction="weakens"),
    Step(
        name="a long custom rule goes and a shorter default is left",
        before=(vault(DEFAULT, 30), STAFF_YEAR),
        after=(vault(DEFAULT, 30),),
        direction="weakens",
    ),
    Step(
        name="a short custom rule goes and a longer default is left",
        before=(vault(DEFAULT, 3650), STAFF_YEAR),
        after=(vault(DEFAULT, 3650),),
        direction="strengthens",
    ),
    Step(
        name="the default grows where a custom rule covers everybody",
        before=(vault(DEFAULT, 30, ref="d"), vault(CUSTOM, 365)),
        after=(vault(DEFAULT, 3650, ref="d"), vault(CUSTOM, 365)),
        direction="neutral",
    ),
    Step(name="purge all becomes purge deleted", before=(STAFF_YEAR,), after=(replace(STAFF_YEAR, purge_all=False),), direction="strengthens"),
    Step(name="purge deleted becomes purge all", before=(replace(STAFF_YEAR, purge_all=False),), after=(STAFF_YEAR,), direction="weakens"),
    Step(
        name="a rule moves to a child unit",
        before=(replace(STAFF_YEAR, purge_all=False),),
        after=(replace(STAFF_YEAR, purge_all=False, scope=reach(units=("/Staff/Office",))),),
        direction="weakens",
    ),
    Step(
        name="a custom rule on some mail hides behind a longer one until that goes",
        before=(vault(DEFAULT, 30), vault(CUSTOM, 90, ref="a", terms="x"), vault(CUSTOM, 900, ref="b", terms="y")),
        after=(vault(DEFAULT, 30), vault(CUSTOM, 90, ref="a", terms="x")),
        direction="weakens",
    ),
    Step(
        name="removing a rule helps most items and harms those of a labelled rule",
        before=(vault(DEFAULT, FOREVER), vault(CUSTOM, 3650, ref="a"), vault(CUSTOM, 365, ref="b", label="L")),
        after=(vault(DEFAULT, FOREVER), vault(CUSTOM, 365, ref="b", label="L")),
        direction="weakens",
    ),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_direction_of_a_step(step: Step) -> None:
    found = judge(step.before, step.after)
    assert found.direction.value == step.direction, found.example
    assert (found.example is None) == (step.direction == "neutral")


def test_a_judgement_names_whom_it_touches_and_the_item_that_decides() -> None:
    found = judge((KEEP, CASE_HOLD), (replace(KEEP, scope=reach(ANN)), CASE_HOLD))
    assert found.direction.value == "weakens"
    assert found.places == {BOB}
    assert not found.others
    assert found.example is not None
    assert found.example.item.place == BOB
    assert found.example.before.guarantees == {kept(731)}
    assert found.example.after == Protection()


def test_everyone_includes_people_whom_nothing_names() -> None:
    found = judge((PURGE, CASE_HOLD), (CASE_HOLD,))
    assert found.others
    assert found.places == frozenset(), "Ann is on hold: for her nothing changes"


def test_more_queries_at_once_than_can_be_told_apart_count_as_weakening() -> None:
    many = tuple(ms(HOLD, reach(ANN), ref=f"h{number}", keep=FOREVER, terms=f"q{number}") for number in range(7))
    found = judge((), many)
    assert found.direction.value == "weakens"
    assert found.reason
