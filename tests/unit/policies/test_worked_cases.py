"""Worked cases of both vendors' rules of precedence, each with the page that says so. An item goes in, its protection comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from policies.effects import FOREVER, Clock, Effect, RemovableBy
from policies.kinds import Workload
from policies.protection import Deletion, Guarantee, Protection
from policies.simulator import Item, Simulation
from tests.unit.policies.worked import (
    ANN,
    ANNS,
    BOB,
    CUSTOM,
    DEFAULT,
    GANN,
    GOOGLE,
    HOLD,
    LABEL,
    POLICY,
    PURVIEW,
    VAULT,
    gone,
    kept,
    ms,
    reach,
    vault,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    source: str
    effects: tuple[Effect, ...]
    item: Item
    kept: tuple[Guarantee, ...] = ()
    gone: tuple[Deletion, ...] = ()


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
