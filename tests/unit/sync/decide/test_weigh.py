"""What runs is judged as it will run: without the steps that a guard took away."""

from __future__ import annotations

from connectors.effects import google_effects
from policies.effects import Effect
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Fields, ReadState, Snapshot
from sync.plan import Operation, Refusal
from sync.weigh import weigh
from tests.unit.sync.decide.build import ROSTER, can, change, codes, effects_of, guards, live, snapshot

RULE = Kind.GOOGLE_VAULT_RULE


def google(state: Snapshot) -> tuple[Effect, ...]:
    return google_effects(state, ROSTER)


def rule(period: int, **more: object) -> Fields:
    base = {"service": "MAIL", "default": False, "org_unit": "/Staff", "period": period, "trigger": "created", "action": "keep", **more}
    return base  # type: ignore[return-value]  # the fields of a Vault rule


def test_a_step_that_was_harmless_only_after_another_is_refused_with_it() -> None:
    """A custom rule of one year is harmless beside a custom rule of twenty, and beats the default of ten years without it (G§2.3)."""
    default = live(RULE, "V0", **{**rule(3650), "default": True})
    long = change(RULE, "long", Operation.CREATE, vendor_id=None, after=rule(7300), people=1)
    short = change(RULE, "short", Operation.CREATE, vendor_id=None, after=rule(365), people=1)
    both = weigh([long, short], snapshot(default), google, guards(capabilities=can(RULE)))
    assert [(c.direction, codes(c)) for c in both] == [(Direction.STRENGTHENS, []), (Direction.NEUTRAL, [])]
    without_long = weigh([long, short], snapshot(default), google, guards(capabilities=can(RULE), rests_on={"long": ("gone",)}))
    assert [codes(c) for c in without_long] == [[], []]
    refused = change(RULE, "long", Operation.CREATE, vendor_id=None, after=rule(7300), refusals=(_refusal(),))
    uncovered = weigh([refused, short], snapshot(default), google, guards(capabilities=can(RULE)))
    assert [codes(c) for c in uncovered] == [["mark.duplicate"], ["direction.weakens"]]
    assert "only after another change" in uncovered[1].refusals[0].message
    assert uncovered[1].direction is Direction.NEUTRAL, "its id stays that of the plan in which it was shown"


def _refusal() -> Refusal:
    return Refusal(code="mark.duplicate", message="m", allowed_by="a")


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
