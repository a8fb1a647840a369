"""What runs is judged as it will run: without the steps that a guard took away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.effects import google_effects
from policies.effects import Effect
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import ReadState, Snapshot
from sync.plan import Operation, Refusal
from sync.weigh import still_harmless, weigh
from tests.unit.sync.decide.build import FIELDS, ROSTER, can, change, codes, effects_of, guards, live, snapshot

RULE = Kind.GOOGLE_VAULT_RULE


def google(state: Snapshot) -> tuple[Effect, ...]:
    return google_effects(state, ROSTER)


def rule(period: int, **more: Any) -> dict[str, Any]:
    return {"service": "MAIL", "default": False, "org_unit": "/Staff", "period": period, "trigger": "created", "action": "keep", **more}


def test_what_an_earlier_step_gives_must_be_in_force_before_something_else_is_taken_for_it() -> None:
    """A custom rule of one year is harmless beside a custom rule of twenty, and beats the default of ten years without it (G§2.3)."""
    default = live(RULE, "V0", **{**rule(3650), "default": True})
    long = change(RULE, "long", Operation.CREATE, vendor_id=None, after=rule(7300))
    short = change(RULE, "short", Operation.CREATE, vendor_id=None, after=rule(365))
    both = weigh([long, short], snapshot(default), google, guards(capabilities=can(RULE)))
    assert [(c.direction, codes(c)) for c in both] == [(Direction.STRENGTHENS, []), (Direction.WEAKENS, ["direction.weakens"])]
    there = live(RULE, "V1", **rule(7300))
    later = weigh([short], snapshot(default, there), google, guards(capabilities=can(RULE)))
    assert [(c.direction, codes(c)) for c in later] == [(Direction.NEUTRAL, [])]


EXPLICIT = (
    live(Kind.M365_RETENTION_POLICY, "E", members=["exchange:a@d.example"]),
    live(Kind.M365_RETENTION_RULE, "ER", parent_id="E", period=1825, action="delete"),
)
IMPLICIT = (
    change(Kind.M365_RETENTION_POLICY, "imp", Operation.CREATE, vendor_id=None, after=FIELDS[Kind.M365_RETENTION_POLICY], add=frozenset({"exchange:All"})),
    change(
        Kind.M365_RETENTION_RULE, "impr", Operation.CREATE, vendor_id=None, parent="imp",
        after={**FIELDS[Kind.M365_RETENTION_RULE], "period": 365, "action": "delete"},
    ),
)
KEEPING = change(
    Kind.M365_RETENTION_RULE, "keepr", Operation.CREATE, vendor_id=None, parent="keep", after={**FIELDS[Kind.M365_RETENTION_RULE], "period": 1825}
)
OFF = change(Kind.M365_RETENTION_POLICY, "e", vendor_id="E", before={"enabled": True}, after={"enabled": False})


def test_a_step_that_is_harmless_only_after_another_is_refused_with_it() -> None:
    """Switching off the explicit deletion lets the tenant-wide one through (Purview, third principle), unless something keeps the place meanwhile."""
    keep = change(
        Kind.M365_RETENTION_POLICY, "keep", Operation.CREATE, vendor_id=None, after=FIELDS[Kind.M365_RETENTION_POLICY],
        add=frozenset({"exchange:a@d.example"}),
    )
    plan = [*IMPLICIT, keep, KEEPING, OFF]
    shown = weigh(plan, snapshot(*EXPLICIT), effects_of, guards())
    assert [c.direction.value for c in shown] == ["neutral", "weakens", "neutral", "strengthens", "strengthens"]
    approved = guards(approvals={shown[1].id: 2})
    assert [codes(c) for c in weigh(plan, snapshot(*EXPLICIT), effects_of, approved)] == [[], [], [], [], []]
    stopped = [*IMPLICIT, keep, replace(KEEPING, refusals=(Refusal(code="mark.duplicate", message="m", allowed_by="a"),)), OFF]
    uncovered = weigh(stopped, snapshot(*EXPLICIT), effects_of, approved)
    assert [codes(c) for c in uncovered] == [[], [], [], ["mark.duplicate"], ["direction.weakens"]]
    assert "only after another change" in uncovered[4].refusals[0].message
    assert uncovered[4].direction is Direction.STRENGTHENS, "its id stays that of the plan in which it was shown"


def test_once_a_step_has_failed_the_next_is_asked_again() -> None:
    assert still_harmless(OFF, [], snapshot(*EXPLICIT), effects_of)
    assert not still_harmless(OFF, IMPLICIT, snapshot(*EXPLICIT), effects_of)


def test_weighing_tells_the_guards_whom_each_change_reaches() -> None:
    hold = live(Kind.M365_HOLD, "H1", members=["mail:held@d.example"])
    label = live(Kind.M365_LABEL, "L1", name="Routine")
    shorten = change(Kind.M365_LABEL, vendor_id="L1", before={"period": 730}, after={"period": 365})
    approvals = {weigh([shorten], snapshot(label, hold), effects_of, guards())[0].id: 2}
    places = frozenset({"held@d.example"})
    kept = weigh([shorten], snapshot(label, hold), effects_of, guards(approvals=approvals, open_matter_places=places))
    assert codes(kept[0]) == [], "the hold keeps what the label lets go"
    lost = weigh([shorten], snapshot(label), effects_of, guards(approvals=approvals, open_matter_places=places))
    assert codes(lost[0]) == ["matter.open"]


def test_what_cannot_be_computed_is_refused_unattended() -> None:
    label = live(Kind.M365_LABEL, "L1")
    text = change(Kind.M365_LABEL, vendor_id="L1", before={"description": ""}, after={"description": "x"})
    blind = snapshot(label, states={Kind.M365_LABEL_RULE: ReadState.FAILED})
    assert codes(weigh([text], snapshot(label), effects_of, guards())[0]) == []
    assert codes(weigh([text], blind, effects_of, guards())[0]) == ["direction.weakens"]
