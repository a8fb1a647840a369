"""Worked cases of both vendors' rules of precedence, each with the page that says so. An item goes in, its protection comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from policies.effects import FOREVER, Clock, Effect, Mechanism, RemovableBy, Scope, Term
from policies.kinds import Platform, Workload
from policies.protection import Deletion, Guarantee, Protection
from policies.simulator import Item, Simulation, judge

MS, GOOGLE = Platform.MICROSOFT365, Platform.GOOGLE_WORKSPACE
HOLD, POLICY, LABEL, DEFAULT, CUSTOM = (
    Mechanism.HOLD,
    Mechanism.RETENTION_POLICY,
    Mechanism.LABEL,
    Mechanism.VAULT_DEFAULT,
    Mechanism.VAULT_CUSTOM,
)
ANN, BOB = "ann@d.example", "bob@d.example"


def reach(
    *names: str,
    everyone: bool = False,
    exclude: tuple[str, ...] = (),
    units: tuple[str, ...] = (),
    workload: Workload = Workload.MAIL,
) -> Scope:
    return Scope(workloads=frozenset({workload}), everyone=everyone, include=frozenset(names), exclude=frozenset(exclude), org_units=frozenset(units))


ALL = reach(everyone=True)


def ms(mechanism: Mechanism, scope: Scope = ALL, **more: Any) -> Effect:
    return Effect(ref=more.pop("ref", f"ms-{mechanism.value}-{sorted(more.items())!r}"), platform=MS, mechanism=mechanism, scope=scope, **more)


def vault(mechanism: Mechanism, term: Term, scope: Scope = ALL, *, purge_all: bool = True, **more: Any) -> Effect:
    """A Vault rule: keeps for ``term``, then purges everything or only what people deleted."""
    delete = None if term == FOREVER else term
    return Effect(
        ref=more.pop("ref", f"{mechanism.value}-{term}"),
        platform=GOOGLE,
        mechanism=mechanism,
        scope=scope,
        keep=term,
        delete=delete,
        purge_all=purge_all,
        **more,
    )


def kept(term: Term, clock: Clock = Clock.CREATED, by: RemovableBy = RemovableBy.ADMINISTRATOR, terms: str | None = None) -> Guarantee:
    return Guarantee(term=term, clock=clock, removable_by=by, terms=terms)


def gone(term: Term, clock: Clock = Clock.CREATED) -> Deletion:
    return Deletion(term=term, clock=clock)


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    source: str
    effects: tuple[Effect, ...]
    item: Item
    kept: tuple[Guarantee, ...] = ()
    gone: tuple[Deletion, ...] = ()


ANNS = Item(platform=MS, workload=Workload.MAIL, place=ANN)
GANN = Item(platform=GOOGLE, workload=Workload.MAIL, place=ANN, org_unit="/Staff")
PURVIEW = "learn.microsoft.com/purview/retention, 'The principles of retention'"
VAULT = "support.google.com/vault/answer/2990828, G§2.3"

CASES = [
    Case(name="nothing keeps and nothing deletes", source=PURVIEW, effects=(), item=ANNS),
    # --- Microsoft ---------------------------------------------------------------------------------------------------------------------------
    Case(
        name="retention beats deletion",
        source=PURVIEW + ": first principle; L§3.3",
        effects=(ms(POLICY, delete=365), ms(POLICY, keep=1096)),
        item=ANNS,
        kept=(kept(1096),),
        gone=(gone(1096),),
    ),
    Case(
        name="the longest retention wins",
        source=PURVIEW + ": second principle; L§3.3",
        effects=(ms(POLICY, keep=731), ms(POLICY, reach(ANN), keep=1827)),
        item=ANNS,
        kept=(kept(1827),),
    ),
    Case(
        name="of deletions of one rank the shortest wins",
        source=PURVIEW + ": fourth principle",
        effects=(ms(POLICY, delete=731), ms(POLICY, delete=365)),
        item=ANNS,
        gone=(gone(365),),
    ),
    Case(
        name="an explicit deletion beats an implicit one though it is later",
        source=PURVIEW + ": third principle, scoped inclusion over org-wide",
        effects=(ms(POLICY, delete=365), ms(POLICY, reach(ANN), delete=1827)),
        item=ANNS,
        gone=(gone(1827),),
    ),
    Case(
        name="a person whom the explicit policy does not name keeps the implicit deletion",
        source=PURVIEW + ": third principle",
        effects=(ms(POLICY, delete=365), ms(POLICY, reach(ANN), delete=1827)),
        item=replace(ANNS, place=BOB),
        gone=(gone(365),),
    ),
    Case(
        name="the deletion of a label beats a policy's, explicit or not",
        source=PURVIEW + ": third principle, labels first",
        effects=(ms(POLICY, reach(ANN), delete=365), ms(LABEL, label="six", delete=2192)),
        item=replace(ANNS, label="six"),
        gone=(gone(2192),),
    ),
    Case(
        name="label and policy: the label keeps longer, the policy still keeps what the label's person lets go",
        source=PURVIEW + ": second principle; a person can take a label off (M§1.1)",
        effects=(ms(POLICY, keep=731), ms(LABEL, label="six", keep=2192, removable_by=RemovableBy.PERSON)),
        item=replace(ANNS, label="six"),
        kept=(kept(731), kept(2192, by=RemovableBy.PERSON)),
    ),
    Case(
        name="a label that only keeps does not stop a policy's deletion, it puts it off",
        source=PURVIEW + ": first principle",
        effects=(ms(POLICY, delete=1827), ms(LABEL, label="seven", keep=2557)),
        item=replace(ANNS, label="seven"),
        kept=(kept(2557),),
        gone=(gone(2557),),
    ),
    Case(
        name="a label does nothing to an item that does not carry it",
        source="M§1.1: a label does nothing until it is applied",
        effects=(ms(LABEL, label="six", keep=2192),),
        item=ANNS,
    ),
    Case(
        name="an unpublished label can be carried by nobody new",
        source="M§1.1: a label does nothing until published",
        effects=(ms(LABEL, reach(), label="six", keep=2192),),
        item=replace(ANNS, label="six"),
    ),
    Case(
        name="a label put on earlier stays when it is no longer published",
        source="M§1.1; learn.microsoft.com/purview/retention, 'Removing a label policy'",
        effects=(ms(LABEL, reach(), label="six", keep=2192),),
        item=replace(ANNS, label="six", applied=True),
        kept=(kept(2192),),
    ),
    Case(
        name="hold over all",
        source="M§3; holds keep whatever a policy or label would delete",
        effects=(ms(POLICY, delete=365), ms(LABEL, label="short", delete=30), ms(HOLD, reach(ANN), keep=FOREVER)),
        item=replace(ANNS, label="short"),
        kept=(kept(FOREVER),),
    ),
    Case(
        name="an exclusion from an org-wide policy",
        source="M§2.2: *LocationException",
        effects=(ms(POLICY, reach(everyone=True, exclude=(ANN,)), keep=731),),
        item=ANNS,
    ),
    Case(
        name="the others are not excluded",
        source="M§2.2: *LocationException",
        effects=(ms(POLICY, reach(everyone=True, exclude=(ANN,)), keep=731),),
        item=replace(ANNS, place=BOB),
        kept=(kept(731),),
    ),
    Case(
        name="label-date and modified clocks are both kept, for neither is always the later",
        source="M§2.3: TaggedAgeInDays, ModificationAgeInDays",
        effects=(
            ms(POLICY, keep=731, clock=Clock.MODIFIED),
            ms(LABEL, label="six", keep=731, clock=Clock.LABELLED),
            ms(POLICY, keep=365, clock=Clock.CREATED),
        ),
        item=replace(ANNS, label="six"),
        kept=(kept(731, Clock.MODIFIED), kept(731, Clock.LABELLED)),
    ),
    Case(
        name="a hold with a query keeps what matches it",
        source="M§3.5: contentQuery",
        effects=(ms(HOLD, reach(ANN), keep=FOREVER, terms="budget"),),
        item=replace(ANNS, terms=frozenset({"budget"})),
        kept=(kept(FOREVER, terms="budget"),),
    ),
    Case(
        name="a hold with a query keeps nothing else",
        source="M§3.5: contentQuery",
        effects=(ms(HOLD, reach(ANN), keep=FOREVER, terms="budget"),),
        item=ANNS,
    ),
    Case(
        name="what is not in force does nothing",
        source="M§2.2: -Enabled, distribution",
        effects=(ms(POLICY, keep=731, in_force=False),),
        item=ANNS,
    ),
    Case(
        name="mail's policy does nothing to a drive",
        source="M§2.2: locations",
        effects=(ms(POLICY, keep=731),),
        item=replace(ANNS, workload=Workload.DRIVE),
    ),
    Case(
        name="Google's effects do nothing in Microsoft's cloud",
        source="two tenants",
        effects=(vault(DEFAULT, 365),),
        item=ANNS,
    ),
    # --- Google ------------------------------------------------------------------------------------------------------------------------------
    Case(
        name="the default rule",
        source=VAULT,
        effects=(vault(DEFAULT, 1825),),
        item=GANN,
        kept=(kept(1825),),
        gone=(gone(1825),),
    ),
    Case(
        name="custom beats a longer default",
        source=VAULT + ": the default is ignored even when it is longer",
        effects=(vault(DEFAULT, 3650), vault(CUSTOM, 365, reach(units=("/Staff",)))),
        item=GANN,
        kept=(kept(365),),
        gone=(gone(365),),
    ),
    Case(
        name="two customs: the one that expires last wins",
        source=VAULT,
        effects=(vault(CUSTOM, 365), vault(CUSTOM, 1825)),
        item=GANN,
        kept=(kept(1825),),
        gone=(gone(1825),),
    ),
    Case(
        name="two customs: the last one's choice of what is purged counts",
        source=VAULT,
        effects=(vault(CUSTOM, 365), vault(CUSTOM, 1825, purge_all=False)),
        item=GANN,
        kept=(kept(1825),),
    ),
    Case(
        name="two customs that end together: the harsher purge counts",
        source=VAULT + "; ties are not documented, so the worse is assumed",
        effects=(vault(CUSTOM, 365, ref="a"), vault(CUSTOM, 365, purge_all=False, ref="b")),
        item=GANN,
        kept=(kept(365),),
        gone=(gone(365),),
    ),
    Case(
        name="two customs on clocks that cannot be compared: both keep, and the purge waits for both",
        source="G§2.3: created, last modified",
        effects=(vault(CUSTOM, 3650), vault(CUSTOM, 365, clock=Clock.MODIFIED)),
        item=GANN,
        kept=(kept(3650), kept(365, Clock.MODIFIED)),
        gone=(gone(3650), gone(365, Clock.MODIFIED)),
    ),
    Case(
        name="an indefinite custom rule deletes nothing",
        source=VAULT,
        effects=(vault(DEFAULT, 30), vault(CUSTOM, FOREVER)),
        item=GANN,
        kept=(kept(FOREVER),),
    ),
    Case(
        name="hold over all",
        source=VAULT + ": hold, custom, default",
        effects=(vault(DEFAULT, 30), vault(CUSTOM, 90), Effect(ref="h", platform=GOOGLE, mechanism=HOLD, scope=reach(ANN), keep=FOREVER)),
        item=GANN,
        kept=(kept(FOREVER),),
    ),
    Case(
        name="purging only what people deleted takes nothing from anybody",
        source="G§2.3: options when the period ends",
        effects=(vault(CUSTOM, 365, purge_all=False),),
        item=GANN,
        kept=(kept(365),),
    ),
    Case(
        name="an OU rule reaches its child",
        source="G§2.3: OU (includes sub-OUs)",
        effects=(vault(CUSTOM, 365, reach(units=("/Staff",))),),
        item=replace(GANN, org_unit="/Staff/High School"),
        kept=(kept(365),),
        gone=(gone(365),),
    ),
    Case(
        name="an OU rule does not reach a namesake",
        source="G§2.3: OU (includes sub-OUs)",
        effects=(vault(CUSTOM, 365, reach(units=("/Staff",))),),
        item=replace(GANN, org_unit="/Staffing"),
    ),
    Case(
        name="a child's rule and its parent's: both are custom, the longer wins",
        source=VAULT,
        effects=(vault(CUSTOM, 365, reach(units=("/Staff",))), vault(CUSTOM, 90, reach(units=("/Staff/High School",)))),
        item=replace(GANN, org_unit="/Staff/High School"),
        kept=(kept(365),),
        gone=(gone(365),),
    ),
    Case(
        name="shared drives only by their own rules",
        source="G§2.3: shared-drive files are purged only by shared-drive rules",
        effects=(vault(CUSTOM, 365, reach(everyone=True, workload=Workload.DRIVE)),),
        item=Item(platform=GOOGLE, workload=Workload.SHARED_DRIVE, place="0AB"),
    ),
    Case(
        name="an OU's Drive rule that includes shared drives extends and never purges",
        source="G§2.3: 'include items from shared drives' can only extend, never purge",
        effects=(vault(CUSTOM, 365, reach(units=("/Staff",), workload=Workload.SHARED_DRIVE)),),
        item=Item(platform=GOOGLE, workload=Workload.SHARED_DRIVE, place="0AB", org_unit="/Staff"),
        kept=(kept(365),),
    ),
    Case(
        name="a Drive rule on a label's date reaches what carries the label",
        source="support.google.com/vault/answer/7657465: label date field as clock",
        effects=(vault(DEFAULT, 3650), vault(CUSTOM, 731, label="Contract", clock=Clock.LABELLED)),
        item=replace(GANN, label="Contract"),
        kept=(kept(731, Clock.LABELLED),),
        gone=(gone(731, Clock.LABELLED),),
    ),
    Case(
        name="a Drive rule on a label leaves the rest to the default",
        source="support.google.com/vault/answer/7657465",
        effects=(vault(DEFAULT, 3650), vault(CUSTOM, 731, label="Contract", clock=Clock.LABELLED)),
        item=GANN,
        kept=(kept(3650),),
        gone=(gone(3650),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_worked_case(case: Case) -> None:
    expected = Protection(guarantees=frozenset(case.kept), deletions=frozenset(case.gone))
    assert Simulation(case.effects).protection(case.item) == expected, case.source


def test_the_home_of_a_place_stands_in_where_the_item_does_not_say_it() -> None:
    rule = vault(CUSTOM, 365, reach(units=("/Staff",)))
    item = Item(platform=GOOGLE, workload=Workload.MAIL, place=ANN)
    assert Simulation((rule,), {ANN: "/Staff/Office"}).protection(item).guarantees == {kept(365)}
    assert Simulation((rule,)).protection(item) == Protection()


# --- steps -----------------------------------------------------------------------------------------------------------------------------------


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
