"""Who may say yes, and for how long it counts."""

from __future__ import annotations

from typing import Any

import pytest

from policies.district import Mode, Officer, Role
from policies.protection import Direction
from sync.approvals import Approval, admissible, counted, needed
from sync.plan import Change
from tests.unit.sync.decide.build import DAY, NOW, change, officer

ANN, BOB = officer("ann"), officer("bob", Role.COUNSEL)
KEY = "ed25519:" + "A" * 43 + "="


ONE = change()


def code(one: Change = ONE, approver: Officer = ANN, **more: Any) -> str | None:
    words: dict[str, Any] = {"proposer": None, "officers": [ANN, BOB], "approvals": [], "now": NOW, "on_hold": frozenset()}
    refusal = admissible(one, approver, **{**words, **more})
    return refusal.code if refusal is not None else None


def test_an_officer_may_approve() -> None:
    assert code() is None


def test_nobody_approves_what_they_proposed() -> None:
    assert code(proposer="ann") == "approval.own_proposal"
    assert code(proposer="bob") is None
    assert code(proposer="somebody gone") is None


def test_two_offices_of_one_human_are_not_two_people() -> None:
    twin = officer("ann2", Role.BOARD_CHAIR, email="ANN@d.example")
    same_key, keyed = officer("cid", key=KEY), officer("cyd", key=KEY)
    assert code(approver=twin, officers=[ANN, twin], proposer="ann") == "approval.own_proposal"
    assert code(approver=keyed, officers=[same_key, keyed], proposer="cid") == "approval.own_proposal"
    one = change()
    assert code(one, twin, officers=[ANN, twin], approvals=[Approval(change=one.id, officer="ann", at=NOW)]) == "approval.twice"


@pytest.mark.parametrize(("roles", "expected"), [((Role.IT_DIRECTOR,), "approval.role"), ((Role.IT_DIRECTOR, Role.DEPUTY_CUSTODIAN), None)])
def test_the_it_director_may_not(roles: tuple[Role, ...], expected: str | None) -> None:
    director = officer("dan", *roles)
    assert code(approver=director, officers=[director]) == expected


def test_a_stranger_may_not() -> None:
    assert code(approver=officer("eve")) == "approval.role"


def test_touching_oneself() -> None:
    touched = change(identities_touched=frozenset({"Ann@d.example", "x@d.example"}))
    many = change(identities_touched=frozenset({"ann@d.example", *(f"p{n}@d.example" for n in range(9))}))
    nine = change(identities_touched=frozenset({"ann@d.example", *(f"p{n}@d.example" for n in range(8))}))
    assert code(touched) == "approval.touches_self"
    assert code(touched, BOB) is None
    assert code(nine) == "approval.touches_self"
    assert code(many) is None, "one of ten or more is not touching"
    assert code(on_hold=frozenset({"ANN@d.example"})) == "approval.touches_self"
    assert code(many, on_hold=frozenset({"ann@d.example"})) == "approval.touches_self"


def test_twice_and_stale() -> None:
    one = change()
    fresh = Approval(change=one.id, officer="ann", at=NOW - 14 * DAY)
    old = Approval(change=one.id, officer="ann", at=NOW - 14 * DAY - DAY / 24)
    assert code(one, approvals=[fresh]) == "approval.twice"
    assert code(one, approvals=[old]) is None, "an expired yes may be given again"
    assert code(one, approvals=[Approval(change="other", officer="ann", at=NOW)]) is None
    assert code(one, proposed_at=NOW - 15 * DAY) == "approval.stale"
    assert code(one, proposed_at=NOW - 14 * DAY) is None
    assert counted(one.id, [fresh, old, Approval(change=one.id, officer="bob", at=NOW + DAY)], NOW) == {"ann"}


@pytest.mark.parametrize(
    ("direction", "mode", "expected"),
    [
        (Direction.WEAKENS, Mode.ENFORCE, 2),
        (Direction.WEAKENS, Mode.PROPOSE, 2),
        (Direction.STRENGTHENS, Mode.PROPOSE, 1),
        (Direction.NEUTRAL, Mode.PROPOSE, 1),
        (Direction.STRENGTHENS, Mode.ENFORCE, 0),
        (Direction.NEUTRAL, Mode.ENFORCE, 0),
        (Direction.NEUTRAL, Mode.OBSERVE, 1),
        (Direction.NEUTRAL, None, 1),
    ],
)
def test_needed(direction: Direction, mode: Mode | None, expected: int) -> None:
    assert needed(direction, mode) == expected
