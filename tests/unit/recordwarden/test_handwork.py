"""A plan in a person's hands: the deeds that its changes become, and what a look finds of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import Connector, Lane
from connectors.instructions import Deed, Instruction
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Because, Force, KindRead, Live, Mark, ReadState, Snapshot
from recordwarden.handwork import Found, by_tenant, check, instructions
from sync.plan import Change, Operation

DISTRICT = "hrbrml01"
MAKE = Change(
    tenant="m365", tenant_identity="t", lane=Lane.SYNC, kind=Kind.M365_RETENTION_POLICY, key="keep-r1-1", name="Staff mail",
    operation=Operation.CREATE, direction=Direction.STRENGTHENS, because=Because(line="R1"), after={"enabled": True},
    add=frozenset({"exchange:mia@d.example"}),
)  # fmt: skip
RULE = replace(MAKE, kind=Kind.M365_RETENTION_RULE, key="r-keep-r1-1", name="rule", parent="keep-r1-1", after={"period": 731}, add=frozenset())


class Sheets:
    """A connector that can only say what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Deed] = []

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...]:
        self.asked += deeds
        return tuple(Instruction(key=deed.key, title=deed.name) for deed in deeds)


def live(**more: object) -> Live:
    made = Live(
        kind=Kind.M365_RETENTION_POLICY, vendor_id="4a", name="Staff mail", fields={"enabled": True}, members=frozenset({"exchange:mia@d.example"}),
        mark=Mark(district=DISTRICT, key="keep-r1-1", generation=1), force=Force.APPLIED,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def seen(*lives: Live, state: ReadState = ReadState.COMPLETE) -> Snapshot:
    read = KindRead(kind=Kind.M365_RETENTION_POLICY, state=state, count=len(lives), reason=None if state is ReadState.COMPLETE else "wire.page_lost")
    return Snapshot(tenant="m365", at=datetime(2026, 3, 2, tzinfo=UTC), reads={read.kind: read}, resources=lives)


def asked(changes: Sequence[Change], names: dict[str, str] | None = None) -> tuple[list[Deed], tuple[Instruction, ...]]:
    sheets = Sheets()
    found = instructions(sheets, changes, DISTRICT, names or {})  # type: ignore[arg-type]
    return sheets.asked, found


def test_a_rule_is_told_the_name_of_the_policy_that_is_made_before_it() -> None:
    (_policy, rule), _found = asked([MAKE, RULE])
    assert (rule.parent, rule.mark) == ("Staff mail", Mark(district=DISTRICT, key="r-keep-r1-1", generation=1))
    (alone,), _found = asked([RULE], {"keep-r1-1": "An older name"})
    assert alone.parent == "An older name"


def test_only_what_differs_is_set() -> None:
    change = replace(MAKE, operation=Operation.SET, vendor_id="4a", before={"enabled": False, "locked": False}, after={"enabled": True, "locked": False})
    (deed,), _found = asked([replace(change, add=frozenset())])
    assert (deed.operation, deed.vendor_id, deed.fields) == ("set", "4a", {"enabled": True})


@pytest.mark.parametrize("operation", [Operation.REMOVE, Operation.MOVE, Operation.RELEASE])
def test_what_takes_away_stands_on_no_sheet(operation: Operation) -> None:
    deeds, found = asked([replace(MAKE, operation=operation)])
    assert (deeds, len(found), bool(found[0].refused)) == ([], 1, True)


def test_a_platform_without_a_sheet_says_so() -> None:
    class Mute:
        """No way by hand."""

    plain: Connector = Mute()  # type: ignore[assignment]
    (found,) = instructions(plain, [MAKE], DISTRICT, {})
    assert found.refused


def test_what_is_as_it_should_be_is_set_by_hand_or_ours() -> None:
    assert check(MAKE, seen(live()), None, DISTRICT, sent=False).found is Found.SET_BY_HAND
    assert check(MAKE, seen(live()), None, DISTRICT, sent=True).found is Found.OURS


def test_what_lacks_something_is_told_what() -> None:
    found = check(MAKE, seen(live(fields={"enabled": False}, members=frozenset())), None, DISTRICT, sent=False)
    assert (found.found, found.differs, found.missing) == (Found.DIFFERS, ("enabled",), ("exchange:mia@d.example",))


def test_absence_is_believed_only_after_a_complete_read() -> None:
    assert check(MAKE, seen(), None, DISTRICT, sent=False).found is Found.NOT_THERE
    unsure = check(MAKE, seen(state=ReadState.PARTIAL), None, DISTRICT, sent=False)
    assert (unsure.found, unsure.reason) == (Found.UNKNOWN, "wire.page_lost")


def test_an_older_generation_is_not_the_new_one() -> None:
    assert check(replace(MAKE, generation=2), seen(live()), None, DISTRICT, sent=False).found is Found.NOT_THERE


def test_changes_keep_their_order_within_a_tenant() -> None:
    other = replace(MAKE, tenant="google")
    assert {tenant: [one.key for one in some] for tenant, some in by_tenant([MAKE, other, RULE]).items()} == {
        "m365": ["keep-r1-1", "r-keep-r1-1"],
        "google": ["keep-r1-1"],
    }


@pytest.mark.parametrize(
    ("others", "state", "found"),
    [
        ((), ReadState.COMPLETE, Found.SET_BY_HAND),
        ((), ReadState.PARTIAL, Found.UNKNOWN),
        (({"enabled": False},), ReadState.PARTIAL, Found.SET_BY_HAND),
        (({"enabled": True},), ReadState.COMPLETE, Found.DIFFERS),
    ],
)
def test_the_end_of_a_second_hold_is_looked_for_by_its_own_id(others: tuple[dict[str, bool], ...], state: ReadState, found: Found) -> None:
    """Under its key stands the hold that stays, which says nothing about the other."""
    end = replace(
        MAKE, lane=Lane.HOLD, kind=Kind.M365_HOLD, key="m-abc", operation=Operation.RELEASE, vendor_id="4b", after=None, add=frozenset(),
        because=Because(line="duplicate/4b/4a", matter="blue-heron"),
    )
    stays = live(kind=Kind.M365_HOLD, mark=Mark(district=DISTRICT, key="m-abc", generation=1))
    holds = (stays, *(replace(stays, vendor_id="4b", fields=fields) for fields in others))
    read = KindRead(kind=Kind.M365_HOLD, state=state, count=len(holds), reason=None if state is ReadState.COMPLETE else "wire.page_lost")
    look = Snapshot(tenant="m365", at=datetime(2026, 3, 2, tzinfo=UTC), reads={read.kind: read}, resources=holds)
    assert check(end, look, None, DISTRICT, sent=False).found is found
    assert check(end, look, None, DISTRICT, sent=True).found is (Found.OURS if found is Found.SET_BY_HAND else found)
