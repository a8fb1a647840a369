"""The direction of a change is read off its effect. Each case says in words what happens to records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from connectors.effects import google_effects
from connectors.places import EVERYBODY, UnknownSettingError
from policies.effects import Effect
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Fields, Force, Live, ReadState, Snapshot
from sync.plan import Change, Operation
from sync.project import judge_between, judge_plan, project, synthetic_id, walk
from sync.views import NotComputableError, computable, readings, settled
from tests.unit.sync.decide.build import HOLD, POLICY, ROSTER, RULE, change, effects_of, held, live, snapshot

A = "exchange:a@d.example"
B = "exchange:b@d.example"


def keeping(period: object = 365, action: str = "keep", members: Iterable[str] = (A,), force: Force = Force.APPLIED, **policy: Any) -> tuple[Live, Live]:
    """A retention policy over ``members`` with its rule."""
    return (
        live(Kind.M365_RETENTION_POLICY, "P1", members=members, force=force, **policy),
        live(Kind.M365_RETENTION_RULE, "R1", parent_id="P1", period=period, action=action),
    )


def published(members: Iterable[str] = (A,), **label: Any) -> tuple[Live, Live, Live]:
    """A label with the policy and rule that offer it."""
    return (
        live(Kind.M365_LABEL, "L1", name="Routine", **label),
        live(Kind.M365_LABEL_POLICY, "LP1", members=members),
        live(Kind.M365_LABEL_RULE, "LR1", parent_id="LP1"),
    )


def setting(kind: Kind, vendor_id: str, before: Fields, after: Fields) -> Change:
    return change(kind, vendor_id=vendor_id, before=before, after=after)


def direction(one: Change, *lives: Live, states: dict[Kind, ReadState] | None = None) -> Direction:
    (judged,) = judge_plan([one], snapshot(*lives, states=states), effects_of)
    return judged.direction


RULE_, LABEL_ = Kind.M365_RETENTION_RULE, Kind.M365_LABEL


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (365, 730, Direction.STRENGTHENS),
        (730, 365, Direction.WEAKENS),
        (365, "forever", Direction.STRENGTHENS),
        ("forever", 36500, Direction.WEAKENS),
        (365, 365, Direction.NEUTRAL),
    ],
)
def test_a_keeping_rule_is_as_strong_as_it_is_long(before: object, after: object, expected: Direction) -> None:
    assert direction(setting(RULE_, "R1", {"period": before}, {"period": after}), *keeping(before)) is expected  # type: ignore[dict-item]


def test_shortening_a_policy_that_is_still_on_its_way_weakens() -> None:
    pending = keeping(2555, force=Force.PENDING)
    assert direction(setting(RULE_, "R1", {"period": 2555}, {"period": 1825}), *pending) is Direction.WEAKENS


def test_lengthening_a_policy_that_is_still_on_its_way_strengthens() -> None:
    assert direction(setting(RULE_, "R1", {"period": 365}, {"period": 730}), *keeping(365, force=Force.PENDING)) is Direction.STRENGTHENS


def test_switching_a_delete_policy_back_on_weakens() -> None:
    off = keeping(730, "delete", enabled=False, force=Force.OFF)
    assert direction(setting(Kind.M365_RETENTION_POLICY, "P1", {"enabled": False}, {"enabled": True}), *off) is Direction.WEAKENS


def test_switching_a_keeping_policy_back_on_strengthens() -> None:
    off = keeping(730, enabled=False, force=Force.OFF)
    assert direction(setting(Kind.M365_RETENTION_POLICY, "P1", {"enabled": False}, {"enabled": True}), *off) is Direction.STRENGTHENS


def test_postponing_a_deletion_strengthens_and_bringing_it_forward_weakens() -> None:
    deleting = keeping(730, "delete")
    assert direction(setting(RULE_, "R1", {"period": 730}, {"period": 1000}), *deleting) is Direction.STRENGTHENS
    assert direction(setting(RULE_, "R1", {"period": 730}, {"period": 100}), *deleting) is Direction.WEAKENS


def test_a_text_and_a_longer_shadow_change_nothing() -> None:
    assert direction(setting(Kind.M365_RETENTION_POLICY, "P1", {"description": ""}, {"description": "x"}), *keeping()) is Direction.NEUTRAL
    longer = (live(Kind.M365_RETENTION_POLICY, "P2", members=[A]), live(RULE_, "R2", parent_id="P2", period=3650))
    assert direction(setting(RULE_, "R1", {"period": 365}, {"period": 100}), *keeping(), *longer) is Direction.NEUTRAL


def test_adding_people_to_a_keeping_policy_strengthens_and_to_a_deleting_one_weakens() -> None:
    add = change(Kind.M365_RETENTION_POLICY, operation=Operation.ADD, vendor_id="P1", add=frozenset({B}))
    assert direction(add, *keeping()) is Direction.STRENGTHENS
    assert direction(add, *keeping(action="delete")) is Direction.WEAKENS
    assert direction(add, *keeping(action="keep_and_delete")) is Direction.WEAKENS


def test_taking_people_out_and_releasing_weakens() -> None:
    remove = change(Kind.M365_RETENTION_POLICY, operation=Operation.REMOVE, vendor_id="P1", remove=frozenset({A}))
    assert direction(remove, *keeping(members=[A, B])) is Direction.WEAKENS
    release = change(Kind.M365_RETENTION_POLICY, operation=Operation.RELEASE, vendor_id="P1")
    assert direction(release, *keeping()) is Direction.WEAKENS


def test_asking_again_for_a_keeping_policy_strengthens_and_for_a_deleting_one_weakens() -> None:
    retry = change(Kind.M365_RETENTION_POLICY, operation=Operation.RETRY, vendor_id="P1")
    assert direction(retry, *keeping(force=Force.ERROR)) is Direction.STRENGTHENS
    assert direction(retry, *keeping(action="delete", force=Force.ERROR)) is Direction.WEAKENS


def test_empty_containers_are_neutral_and_the_step_that_fills_them_strengthens() -> None:
    plan = [
        change(Kind.M365_CASE, "m", Operation.CREATE, vendor_id=None, after={"state": "open", "description": ""}),
        change(Kind.M365_HOLD, "m-1", Operation.CREATE, vendor_id=None, parent="m", after=HOLD),
        change(Kind.M365_HOLD, "m-1", Operation.ADD, vendor_id=None, add=frozenset({"mail:a@d.example", "site:https://d/sites/x"})),
    ]
    assert [c.direction for c in judge_plan(plan, snapshot(), effects_of)] == [Direction.NEUTRAL, Direction.NEUTRAL, Direction.STRENGTHENS]


def test_a_policy_and_its_rule_are_judged_step_by_step() -> None:
    plan = [
        change(Kind.M365_RETENTION_POLICY, "keep", Operation.CREATE, vendor_id=None, after=POLICY, add=frozenset({A})),
        change(RULE_, "keepr", Operation.CREATE, vendor_id=None, parent="keep", after=RULE),
        change(RULE_, "keepr", Operation.SET, vendor_id=None, before={"period": 365}, after={"period": 100}),
    ]
    assert [c.direction for c in judge_plan(plan, snapshot(), effects_of)] == [Direction.NEUTRAL, Direction.STRENGTHENS, Direction.WEAKENS]


def test_a_new_rule_finds_the_parent_that_is_there_already() -> None:
    policy = live(Kind.M365_RETENTION_POLICY, "P1", key="keep", members=[A])
    rule = change(RULE_, "keepr", Operation.CREATE, vendor_id=None, parent="keep", after=RULE)
    assert direction(rule, policy) is Direction.STRENGTHENS
    unmarked = replace(policy, mark=None)
    assert direction(rule, unmarked) is Direction.WEAKENS, "without id or mark the parent is not known, so nothing can be computed"
    (found,) = judge_plan([rule], snapshot(unmarked), effects_of, {"keep": "P1"})
    assert found.direction is Direction.STRENGTHENS


def test_publishing_a_keeping_label_strengthens_and_a_deleting_one_weakens() -> None:
    publish = change(Kind.M365_LABEL_RULE, "pubr", Operation.CREATE, vendor_id=None, parent="pub", after={"publishes": "Routine"})
    policy = live(Kind.M365_LABEL_POLICY, "LP1", key="pub", members=[A])
    assert direction(publish, policy, live(LABEL_, "L1", name="Routine")) is Direction.STRENGTHENS
    assert direction(publish, policy, live(LABEL_, "L1", name="Routine", action="delete")) is Direction.WEAKENS


def test_shortening_a_label_weakens_even_where_it_is_published_to_nobody() -> None:
    shorten = setting(LABEL_, "L1", {"period": 730}, {"period": 365})
    assert direction(shorten, *published()) is Direction.WEAKENS
    assert direction(shorten, live(LABEL_, "L1", name="Routine")) is Direction.WEAKENS, "items may carry it already"
    assert direction(setting(LABEL_, "L1", {"period": 730}, {"period": 999}), live(LABEL_, "L1")) is Direction.STRENGTHENS


@pytest.mark.parametrize("unread", [Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE])
def test_where_part_of_what_carries_a_label_was_not_read_nothing_is_computable(unread: Kind) -> None:
    one = setting(LABEL_, "L1", {"description": ""}, {"description": "x"})
    assert direction(one, *published()) is Direction.NEUTRAL
    assert direction(one, *published(), states={unread: ReadState.PARTIAL}) is Direction.WEAKENS


def test_a_label_that_is_born_is_in_no_rule_seen_or_unseen() -> None:
    """Over unread policies only the birth of a label can be judged, and only where all labels were read: rules name labels that are there."""
    unseen = {Kind.M365_LABEL_POLICY: ReadState.FAILED, Kind.M365_LABEL_RULE: ReadState.FAILED}
    fields = {"period": 730, "trigger": "created", "action": "keep", "behaviour": "retain", "description": ""}
    born = change(LABEL_, operation=Operation.CREATE, name="Born today", after=fields)
    assert direction(born, states=unseen) is not Direction.WEAKENS
    assert direction(born, states={**unseen, LABEL_: ReadState.PARTIAL}) is Direction.WEAKENS
    deleting = change(LABEL_, operation=Operation.CREATE, name="Born today", after={**fields, "action": "delete"})
    assert direction(deleting, states=unseen) is Direction.WEAKENS
    rule = change(RULE_, operation=Operation.CREATE, name="Rule", after={"period": 730, "trigger": "created", "action": "keep", "query": ""})
    unread = {Kind.M365_RETENTION_POLICY: ReadState.FAILED}
    assert direction(rule, live(Kind.M365_RETENTION_POLICY, "P1", key="p"), states=unread) is Direction.WEAKENS, "of a label alone this is so"
    longer = setting(LABEL_, "L1", {"period": 730}, {"period": 900})
    assert direction(longer, live(LABEL_, "L1"), states=unseen) is Direction.WEAKENS, "one that is there may be in a rule that nobody saw"


def test_a_hold_is_computable_by_itself() -> None:
    hold = live(Kind.M365_HOLD, "H1", members=["mail:a@d.example"])
    add = change(Kind.M365_HOLD, operation=Operation.ADD, vendor_id="H1", add=frozenset({"mail:b@d.example"}))
    assert direction(add, hold, states={Kind.M365_HOLD: ReadState.FAILED, Kind.M365_CASE: ReadState.FAILED}) is Direction.STRENGTHENS


def test_narrowing_and_switching_off_a_hold_weakens_reopening_its_case_strengthens() -> None:
    member = "mail:a@d.example"
    hold = live(Kind.M365_HOLD, "H1", members=[member], member_states=held(member), parent_id="C1")
    case = live(Kind.M365_CASE, "C1")
    assert direction(setting(Kind.M365_HOLD, "H1", {"query": ""}, {"query": "budget"}), hold, case) is Direction.WEAKENS
    assert direction(setting(Kind.M365_HOLD, "H1", {"enabled": True}, {"enabled": False}), hold, case) is Direction.WEAKENS
    closed = replace(case, fields={"state": "closed", "description": ""})
    assert direction(setting(Kind.M365_CASE, "C1", {"state": "closed"}, {"state": "open"}), hold, closed) is Direction.STRENGTHENS


def test_a_member_still_on_its_way_counts_as_it_is_and_as_it_will_be() -> None:
    member = "mail:a@d.example"
    hold = live(Kind.M365_HOLD, "H1", members=[member], member_states=held(member, Force.PENDING), force=Force.PENDING)
    remove = change(Kind.M365_HOLD, operation=Operation.REMOVE, vendor_id="H1", remove=frozenset({member}))
    assert direction(remove, hold) is Direction.WEAKENS


def test_what_is_not_modelled_not_seen_or_not_projected_weakens() -> None:
    (judged, verdict), = walk([change(Kind.M365_ORG_HOLD, operation=Operation.CREATE, vendor_id=None, after={})], snapshot(), effects_of)
    assert judged.direction is Direction.WEAKENS
    assert verdict.touches("anybody@d.example")
    assert "not modelled" in (verdict.reason or "")
    assert direction(setting(LABEL_, "L404", {"period": 1}, {"period": 2})) is Direction.WEAKENS
    assert direction(change(Kind.M365_RETENTION_POLICY, operation=Operation.MOVE, vendor_id="P1"), *keeping()) is Direction.WEAKENS


def test_a_preservation_lock_is_never_harmless() -> None:
    assert direction(setting(Kind.M365_RETENTION_POLICY, "P1", {"locked": False}, {"locked": True}), *keeping()) is Direction.WEAKENS


@pytest.mark.parametrize(
    "strange", [{"action": "relabel"}, {"trigger": "moon"}, {"trigger": None}, {"period": -1}, {"period": True}, {"period": "long"}, {"behaviour": "odd"}]
)
def test_a_label_in_unknown_words_makes_its_own_changes_incomputable_and_leaves_others_judged(strange: dict[str, Any]) -> None:
    odd = live(LABEL_, "L9", name="Odd", **strange)
    assert direction(setting(LABEL_, "L9", {"description": ""}, {"description": "x"}), odd) is Direction.WEAKENS
    assert direction(setting(LABEL_, "L1", {"period": 730}, {"period": 999}), *published(), odd) is Direction.STRENGTHENS
    assert direction(setting(LABEL_, "L1", {"period": 730}, {"period": 700}), *published(), odd) is Direction.WEAKENS


def test_an_object_in_unknown_words_is_read_both_ways() -> None:
    odd = live(LABEL_, "L9", action="relabel")
    kindly, unkindly = readings(snapshot(odd))
    assert (kindly.resources[0].fields["action"], kindly.resources[0].fields["period"]) == ("keep", "forever")
    assert (unkindly.resources[0].fields["action"], unkindly.resources[0].fields["period"]) == ("delete", 0)
    rule = live(Kind.GOOGLE_VAULT_RULE, "V1", service="MAIL", action="shred", period=1, trigger="created")
    assert [one.resources[0].fields["action"] for one in readings(snapshot(rule))] == ["keep", "purge_all"]
    known = snapshot(live(LABEL_, "L1", trigger="event:graduation"))
    assert readings(known) == (known,)


def test_what_effects_cannot_read_in_an_untouched_object_is_not_computable() -> None:
    strange_hold = live(Kind.M365_HOLD, "H1", members=["fax:1"])
    assert direction(setting(RULE_, "R1", {"period": 365}, {"period": 730}), *keeping(), strange_hold) is Direction.WEAKENS


def test_an_object_that_became_unreadable_between_two_looks_weakens() -> None:
    was, now = snapshot(live(LABEL_, "L1")), snapshot(live(LABEL_, "L1", action="relabel"))
    assert judge_between(LABEL_, was, now, effects_of).direction is Direction.WEAKENS


def test_settled_leaves_a_settled_tenant_alone() -> None:
    still = snapshot(*keeping())
    assert settled(still) is still
    moving = settled(snapshot(*keeping(force=Force.UNKNOWN), live(Kind.M365_HOLD, "H", force=Force.ERROR)))
    assert [one.force for one in moving.resources] == [Force.APPLIED, Force.APPLIED, Force.ERROR]


def test_projection_says_what_it_cannot_project() -> None:
    with pytest.raises(NotComputableError, match="was not seen"):
        project(snapshot(), change(vendor_id=None))
    made = project(snapshot(), change(operation=Operation.CREATE, vendor_id=None, after=None))
    assert made.resources[0].vendor_id == synthetic_id("cor-02")
    assert computable(Kind.GOOGLE_SETTING, snapshot()) == "what google.setting does to records is not modelled"


def test_a_custom_vault_rule_shorter_than_the_default_weakens_through_precedence() -> None:
    def google(state: Snapshot) -> tuple[Effect, ...]:
        return google_effects(state, ROSTER)

    default = live(Kind.GOOGLE_VAULT_RULE, "V0", service="MAIL", default=True, period=3650, trigger="created", action="keep")
    shorter = change(
        Kind.GOOGLE_VAULT_RULE, "v1", Operation.CREATE, vendor_id=None,
        after={"service": "MAIL", "default": False, "org_unit": "/Staff", "period": 365, "trigger": "created", "action": "keep"},
    )
    assert judge_plan([shorter], snapshot(default), google)[0].direction is Direction.WEAKENS
    assert judge_plan([shorter], snapshot(), google)[0].direction is Direction.STRENGTHENS


def test_who_is_reached_is_told_by_name() -> None:
    remove = change(Kind.M365_RETENTION_POLICY, operation=Operation.REMOVE, vendor_id="P1", remove=frozenset({B}))
    (_, verdict), = walk([remove], snapshot(*keeping(members=[A, B])), effects_of)
    assert verdict.touches("b@d.example")
    assert not verdict.touches("a@d.example")


def test_a_person_on_hold_is_not_reached_by_what_the_hold_outlasts() -> None:
    hold = live(Kind.M365_HOLD, "H1", members=["mail:a@d.example"])
    shorten = setting(LABEL_, "L1", {"period": 730}, {"period": 365})
    (_, verdict), = walk([shorten], snapshot(*published(members=["exchange:All"]), hold), effects_of)
    assert verdict.direction is Direction.WEAKENS
    assert not verdict.touches("a@d.example"), "the hold keeps it either way"
    assert verdict.touches("b@d.example")


def test_a_person_held_in_one_workload_is_reached_in_another() -> None:
    chats = change(Kind.M365_RETENTION_POLICY, operation=Operation.REMOVE, vendor_id="P1", remove=frozenset({"chat:All"}))
    kept = keeping(members=["chat:All"])
    mail = live(Kind.M365_RETENTION_POLICY, "P2", members=["exchange:a@d.example"])
    rule = live(RULE_, "R2", parent_id="P2", period="forever")
    (_, verdict), = walk([chats], snapshot(*kept, mail, rule), effects_of)
    assert verdict.touches("a@d.example"), "a policy over the mailbox says nothing of chats"
    assert not verdict.touches("https://d/personal/a"), "files are not chats"
    hold = live(Kind.M365_HOLD, "H1", members=["mail:a@d.example"])
    (_, verdict), = walk([chats], snapshot(*kept, hold), effects_of)
    assert not verdict.touches("a@d.example"), "a mailbox on hold keeps its chats"


def test_in_google_everything_is_at_the_account() -> None:
    def google(state: Snapshot) -> tuple[Effect, ...]:
        return google_effects(state, ROSTER)

    default = live(Kind.GOOGLE_VAULT_RULE, "V0", service="DRIVE", default=True, period=3650, trigger="created", action="keep")
    shorten = change(Kind.GOOGLE_VAULT_RULE, vendor_id="V0", before={"period": 3650}, after={"period": 30})
    hold = live(Kind.GOOGLE_HOLD, "H1", members=["account:1"], corpus="MAIL", scope="accounts")
    (_, verdict), = walk([shorten], snapshot(default, hold), google)
    assert verdict.touches("1"), "a hold on mail says nothing of files"
    drive = live(Kind.GOOGLE_HOLD, "H2", members=["account:1"], corpus="DRIVE", scope="accounts")
    (_, verdict), = walk([shorten], snapshot(default, drive), google)
    assert not verdict.touches("1")
    assert verdict.touches("2")


def test_steps_on_what_was_not_seen_do_not_stop_the_judging_of_the_rest() -> None:
    unseen = change(Kind.M365_HOLD, "m-1", Operation.ADD, vendor_id="H404", add=frozenset({"mail:a@d.example"}))
    again = replace(unseen, add=frozenset({"mail:b@d.example"}))
    plan = [setting(RULE_, "R1", {"period": 365}, {"period": 730}), unseen, again]
    assert [c.direction for c in judge_plan(plan, snapshot(*keeping()), effects_of)] == [Direction.STRENGTHENS, Direction.WEAKENS, Direction.WEAKENS]


def test_effects_raise_for_what_has_no_word() -> None:
    with pytest.raises(UnknownSettingError) as caught:
        effects_of(snapshot(live(LABEL_, "L1", behaviour="odd")))
    assert (caught.value.ref, caught.value.field) == ("L1", "behaviour")


SCOPED = ("scope:Leavers",)
OTHERS = (
    live(Kind.M365_RETENTION_POLICY, "OTHER", members=("public_folder:All", "skype:a@d.example", *SCOPED)),
    live(Kind.M365_RETENTION_RULE, "OTHER-R", parent_id="OTHER", action="delete", period=30),
)


def test_somebody_elses_adaptive_policy_does_not_make_every_gain_a_loss() -> None:
    """Lengthening a policy of ours gains for whom it reaches and for whom it does not."""
    step = setting(RULE_, "R1", {"period": 365}, {"period": 730})
    assert direction(step, *keeping(365), *OTHERS) is Direction.STRENGTHENS


def test_shortening_under_an_adaptive_policy_that_may_not_reach_these_people_weakens() -> None:
    keeps = (live(Kind.M365_RETENTION_POLICY, "OTHER", members=SCOPED), live(Kind.M365_RETENTION_RULE, "OTHER-R", parent_id="OTHER", period="forever"))
    step = setting(RULE_, "R1", {"period": 730}, {"period": 365})
    assert direction(step, *keeping(730), *keeps) is Direction.WEAKENS


def test_switching_an_adaptive_delete_policy_on_weakens_for_whoever_may_be_in_it() -> None:
    off = (replace(OTHERS[0], fields={**OTHERS[0].fields, "enabled": False}, force=Force.OFF), OTHERS[1])
    assert direction(setting(Kind.M365_RETENTION_POLICY, "OTHER", {"enabled": False}, {"enabled": True}), *keeping(730), *off) is Direction.WEAKENS


def test_a_closed_case_is_reopened_whatever_others_rules_say() -> None:
    """No rule of somebody else's for which there is no word here stands in a hold's way (promise 3)."""
    strange = (
        live(Kind.M365_RETENTION_POLICY, "OTHER", members=("mars:All",)),
        live(Kind.M365_RETENTION_RULE, "OTHER-R", parent_id="OTHER", action="obliterate"),
    )
    closed = (live(Kind.M365_CASE, "C1", state="closed"), live(Kind.M365_HOLD, "H1", parent_id="C1", members=("mail:a@d.example",)))
    step = setting(Kind.M365_CASE, "C1", {"state": "closed"}, {"state": "open"})
    assert direction(step, *closed, *strange) is Direction.STRENGTHENS


def scoped(period: int = 500, action: str = "delete", query: str = "Title -eq 'x'") -> tuple[Live, Live]:
    """Somebody else's policy over an adaptive scope: whom it reaches, only the platform knows."""
    return (
        live(Kind.M365_RETENTION_POLICY, "P9", members=["scope:S"], applications=("user:exchange",), scopes=(f"S (user): {query}",)),
        live(Kind.M365_RETENTION_RULE, "R9", parent_id="P9", period=period, action=action),
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(365, 730, Direction.STRENGTHENS), (730, 365, Direction.WEAKENS), (730, 600, Direction.WEAKENS), (365, 365, Direction.NEUTRAL)],
)
def test_beside_a_deletion_over_some_of_everybody_our_own_changes_can_still_be_judged(before: int, after: int, expected: Direction) -> None:
    one = setting(RULE_, "R1", {"period": before}, {"period": after})
    assert direction(one, *keeping(before), *scoped()) is expected


def test_what_is_kept_for_some_of_everybody_excuses_no_loss() -> None:
    shorter = setting(RULE_, "R1", {"period": 730}, {"period": 365})
    assert direction(shorter, *keeping(730), *scoped(3650, "keep")) is Direction.WEAKENS
    longer = (live(Kind.M365_RETENTION_POLICY, "P2", members=[A]), live(RULE_, "R2", parent_id="P2", period=3650))
    assert direction(shorter, *keeping(730), *longer) is Direction.NEUTRAL


def test_a_deletion_that_names_its_places_goes_before_one_over_everything_and_a_scope_names_its_own() -> None:
    everything = (live(Kind.M365_RETENTION_POLICY, "P3", members=["exchange:All"]), live(RULE_, "R3", parent_id="P3", period=30, action="delete"))
    # Bringing the general deletion forward harms whom the scope does not reach, for it rules them.
    earlier = setting(RULE_, "R3", {"period": 30}, {"period": 10})
    assert direction(earlier, *everything, *scoped(500)) is Direction.WEAKENS
    # Whom it does reach, it deletes by its own later day: releasing the scope's policy would let the earlier one through.
    gone = change(Kind.M365_RETENTION_POLICY, operation=Operation.RELEASE, vendor_id="P9")
    assert direction(gone, *everything, *scoped(500)) is Direction.WEAKENS


@pytest.mark.parametrize("action", ["keep", "delete"])
def test_another_query_is_another_set_of_people_which_nobody_here_can_compare(action: str) -> None:
    was, now = scoped(365, action), scoped(365, action, query="Title -eq 'y'")
    verdict = judge_between(Kind.M365_RETENTION_POLICY, snapshot(*was), snapshot(*now), effects_of)
    assert verdict.direction is Direction.WEAKENS


def everybodys_scope(query: str) -> Live:
    return live(Kind.M365_ADAPTIVE_SCOPE, "S1", name="S", location="user", query=query)


def test_a_scope_is_judged_by_what_lies_over_it() -> None:
    """Its query is what the policies over it reach, however these were read; where they were not seen, nobody can say whom it loses."""
    lying = scoped(730, "keep", EVERYBODY)
    narrower = setting(Kind.M365_ADAPTIVE_SCOPE, "S1", {"query": EVERYBODY}, {"query": "Title -eq 'x'"})
    assert direction(narrower, everybodys_scope(EVERYBODY), *lying) is Direction.WEAKENS
    back = setting(Kind.M365_ADAPTIVE_SCOPE, "S1", {"query": "Title -eq 'x'"}, {"query": EVERYBODY})
    assert direction(back, everybodys_scope("Title -eq 'x'"), *lying) is Direction.STRENGTHENS
    unseen = {Kind.M365_RETENTION_POLICY: ReadState.PARTIAL}
    assert direction(narrower, everybodys_scope(EVERYBODY), states=unseen) is Direction.WEAKENS
    made = change(Kind.M365_ADAPTIVE_SCOPE, operation=Operation.CREATE, vendor_id=None, after={"location": "user", "query": EVERYBODY})
    assert direction(made, states=unseen) is Direction.NEUTRAL, "nothing lies over it yet"


def test_one_scope_in_the_place_of_another_is_a_loss_for_whom_only_the_first_reaches() -> None:
    """Nobody in both, or everybody in both, would look the same before and after."""
    policy, rule = scoped(365, "keep")
    moved = replace(policy, members=frozenset({"scope:T"}))
    verdict = judge_between(Kind.M365_RETENTION_POLICY, snapshot(policy, rule), snapshot(moved, rule), effects_of)
    assert verdict.direction is Direction.WEAKENS


def test_places_of_nobody_are_no_reason_to_be_afraid() -> None:
    public = (live(Kind.M365_RETENTION_POLICY, "P4", members=["public_folder:All"]), live(RULE_, "R4", parent_id="P4", period=30, action="delete"))
    assert direction(setting(RULE_, "R1", {"period": 365}, {"period": 730}), *keeping(), *public) is Direction.STRENGTHENS
