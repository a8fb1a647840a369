"""What live objects say of records, object by object."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.effects import google_effects, m365_effects
from connectors.places import UnknownSettingError
from policies.effects import FOREVER, Clock, Effect, Mechanism, RemovableBy
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, MemberState, Snapshot
from policies.roster import OrgUnit, Roster

NOW = datetime(2026, 11, 2, tzinfo=UTC)
ROSTER = Roster(tenant="t", at=NOW, identities=(), org_units=(OrgUnit(tenant="t", vendor_id="ou1", path="/Staff"),))
MEMBER = "exchange:a@d.example"


def live(kind: Kind, vendor_id: str, *members: str, parent: str | None = None, force: Force = Force.APPLIED, **fields: Any) -> Live:
    return Live(kind=kind, vendor_id=vendor_id, name=vendor_id, fields=fields, members=frozenset(members), parent_id=parent, force=force)


def tenant(*lives: Live) -> Snapshot:
    return Snapshot(tenant="t", at=NOW, reads={}, resources=lives)


def m365(*lives: Live) -> tuple[Effect, ...]:
    return m365_effects(tenant(*lives), ROSTER)


def google(*lives: Live) -> tuple[Effect, ...]:
    return google_effects(tenant(*lives), ROSTER)


def policy(*members: str, force: Force = Force.APPLIED, **fields: Any) -> Live:
    return live(Kind.M365_RETENTION_POLICY, "P", *members, force=force, **{"enabled": True, "exceptions": (), **fields})


def rule(force: Force = Force.APPLIED, **fields: Any) -> Live:
    return live(Kind.M365_RETENTION_RULE, "R", parent="P", force=force, **{"period": 365, "trigger": "created", "action": "keep", "query": "", **fields})


@pytest.mark.parametrize(
    ("action", "keep", "delete"), [("keep", 365, None), ("review", 365, None), ("keep_and_delete", 365, 365), ("delete", None, 365)]
)
def test_what_an_action_keeps_and_deletes(action: str, keep: int | None, delete: int | None) -> None:
    (effect,) = m365(policy(MEMBER), rule(action=action))
    assert (effect.mechanism, effect.keep, effect.delete, effect.in_force) == (Mechanism.RETENTION_POLICY, keep, delete, True)
    assert effect.scope.include == {"a@d.example"}
    assert effect.scope.workloads == {Workload.MAIL, Workload.ARCHIVE, Workload.CALENDAR}


def test_for_ever_is_never_deleted() -> None:
    (effect,) = m365(policy(MEMBER), rule(action="keep_and_delete", period="forever"))
    assert (effect.keep, effect.delete) == (FOREVER, None)


def test_every_location_has_its_own_reach() -> None:
    reached = m365(policy("exchange:All", "onedrive:https://d/personal/a", "chat:a@d.example", exceptions=("exchange:b@d.example",)), rule())
    assert {effect.ref: (effect.scope.everyone, effect.scope.include, effect.scope.exclude) for effect in reached} == {
        "P/R/chat": (False, {"a@d.example"}, frozenset()),
        "P/R/exchange": (True, frozenset(), {"b@d.example"}),
        "P/R/onedrive": (False, {"https://d/personal/a"}, frozenset()),
    }
    (odd,) = m365(policy(MEMBER, exceptions="exchange:x"), rule())
    assert odd.scope.exclude == frozenset(), "only a tuple is a list of exceptions in normal form"


@pytest.mark.parametrize("force", [Force.PENDING, Force.ERROR, Force.OFF, Force.UNKNOWN])
def test_what_the_platform_does_not_call_applied_is_not_in_force(force: Force) -> None:
    assert not m365(policy(MEMBER, force=force), rule())[0].in_force
    assert m365(policy(MEMBER), rule(force=force))[0].in_force is (force is Force.UNKNOWN)


def test_switched_off_locked_and_narrowed_by_a_query() -> None:
    assert not m365(policy(MEMBER, enabled=False), rule())[0].in_force
    assert m365(policy(MEMBER, locked=True), rule())[0].removable_by is RemovableBy.NOBODY
    assert m365(policy(MEMBER), rule(query="budget"))[0].terms == "budget"
    assert m365(policy(MEMBER)) == (), "a policy without a rule does nothing"


@pytest.mark.parametrize(
    ("trigger", "clock", "event"),
    [("created", Clock.CREATED, None), ("modified", Clock.MODIFIED, None), ("labelled", Clock.LABELLED, None), ("event:left", Clock.EVENT, "left")],
)
def test_clocks(trigger: str, clock: Clock, event: str | None) -> None:
    (effect,) = m365(policy(MEMBER), rule(trigger=trigger))
    assert (effect.clock, effect.event) == (clock, event)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"action": "relabel"}, "action"), ({"trigger": "moon"}, "trigger"), ({"trigger": 7}, "trigger"), ({"period": "long"}, "period"), ({"period": -1}, "period"), ({"period": True}, "period")],
)
def test_an_unknown_word_is_not_dropped_in_silence(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(UnknownSettingError) as caught:
        m365(policy(MEMBER), rule(**fields))
    assert caught.value.field == field


def test_an_unknown_place_is_not_dropped_in_silence() -> None:
    with pytest.raises(UnknownSettingError, match="members"):
        m365(policy("fax:1"), rule())


def label(**fields: Any) -> Live:
    return live(Kind.M365_LABEL, "L", **{"period": 730, "trigger": "created", "action": "keep", "behaviour": "retain", **fields})


def publishing(*members: str, force: Force = Force.APPLIED, name: str = "L", rule_force: Force = Force.APPLIED, **fields: Any) -> tuple[Live, Live]:
    above = live(Kind.M365_LABEL_POLICY, "LP", *members, force=force, **{"enabled": True, **fields})
    return above, live(Kind.M365_LABEL_RULE, "LR", parent="LP", force=rule_force, publishes=name)


def offered(*lives: Live) -> set[str]:
    return {place for effect in m365(*lives) for place in effect.scope.include}


def test_a_label_reaches_where_it_is_published_and_rules_what_carries_it() -> None:
    effects = m365(label(), *publishing(MEMBER, name="l"))
    assert [effect.ref for effect in effects] == ["L", "L/LP/exchange"]
    assert all((effect.mechanism, effect.label, effect.in_force) == (Mechanism.LABEL, "L", True) for effect in effects)
    assert offered(label(), *publishing(MEMBER)) == {"a@d.example"}


@pytest.mark.parametrize(("query", "terms"), [("", None), ("subject:invoice", "subject:invoice")])
def test_a_label_that_the_platform_puts_on_rules_those_places_by_itself(query: str, terms: str | None) -> None:
    above, below = publishing(MEMBER)
    applied = live(Kind.M365_LABEL_RULE, "LR", parent="LP", publishes="L", applies=True, query=query)
    assert below.fields == {"publishes": "L"}
    (over,) = [effect for effect in m365(label(action="delete"), above, applied) if effect.mechanism is Mechanism.RETENTION_POLICY]
    assert (over.label, over.delete, over.terms, over.scope.include) == (None, 730, terms, frozenset({"a@d.example"}))
    assert over.ref == "L/LP/LR/exchange"


@pytest.mark.parametrize(
    "lives",
    [
        (),
        publishing(MEMBER, enabled=False),
        publishing(MEMBER, force=Force.PENDING),
        publishing(MEMBER, rule_force=Force.OFF),
        publishing(MEMBER, name="Other"),
        publishing(MEMBER)[:1],
        publishing(MEMBER)[1:],
    ],
)
def test_a_label_that_is_not_published_reaches_nobody(lives: tuple[Live, ...]) -> None:
    assert offered(label(), *lives) == set()


@pytest.mark.parametrize(("behaviour", "hand"), [("retain", RemovableBy.PERSON), ("record", RemovableBy.ADMINISTRATOR), ("regulatory", RemovableBy.NOBODY)])
def test_whose_hand_can_take_a_label_off(behaviour: str, hand: RemovableBy) -> None:
    assert m365(label(behaviour=behaviour))[0].removable_by is hand


def test_a_label_behaving_in_unknown_ways_is_said() -> None:
    with pytest.raises(UnknownSettingError, match="behaviour"):
        m365(label(behaviour=None))
    assert not m365(replace(label(), force=Force.OFF))[0].in_force


def hold(*members: str, force: Force = Force.APPLIED, states: dict[str, Force] | None = None, **fields: Any) -> Live:
    base = live(Kind.M365_HOLD, "H", *members, parent="C", force=force, **{"enabled": True, "query": "", **fields})
    return replace(base, member_states={member: MemberState(force=state) for member, state in (states or {}).items()})


def test_a_case_hold_keeps_for_ever_whom_it_really_holds() -> None:
    mail, site, late = "mail:a@d.example", "site:https://d/personal/a", "mail:b@d.example"
    effects = m365(hold(mail, site, late, states={late: Force.PENDING}))
    assert {effect.ref: (effect.keep, effect.scope.include) for effect in effects} == {
        "H/mail": (FOREVER, frozenset({"a@d.example"})),
        "H/site": (FOREVER, frozenset({"https://d/personal/a"})),
    }
    assert m365(hold(mail, force=Force.PENDING)) == ()
    assert [effect.scope.include for effect in m365(hold(mail, force=Force.PENDING, states={mail: Force.APPLIED}))] == [{"a@d.example"}]


@pytest.mark.parametrize(
    ("one", "case", "on"),
    [
        (hold("mail:a@d"), None, True),
        (hold("mail:a@d"), live(Kind.M365_CASE, "C", state="open"), True),
        (hold("mail:a@d"), live(Kind.M365_CASE, "C", state="closed"), False),
        (hold("mail:a@d", enabled=False), None, False),
        (hold("mail:a@d", force=Force.OFF, states={"mail:a@d": Force.APPLIED}), None, False),
    ],
)
def test_a_hold_is_in_force_in_an_open_case(one: Live, case: Live | None, *, on: bool) -> None:
    (effect,) = m365(one, *([case] if case else []))
    assert effect.in_force is on


def vault(*members: str, force: Force = Force.APPLIED, **fields: Any) -> Live:
    return live(Kind.GOOGLE_HOLD, "VH", *members, parent="M", force=force, **{"corpus": "MAIL", "scope": "accounts", "org_unit": None, "terms": "", **fields})


def test_a_vault_hold_on_accounts() -> None:
    (effect,) = google(vault("account:1", "account:2"))
    assert (effect.mechanism, effect.keep, effect.terms, effect.in_force) == (Mechanism.HOLD, FOREVER, None, True)
    assert (effect.scope.include, effect.scope.org_units, effect.scope.workloads) == (frozenset({"1", "2"}), frozenset(), frozenset({Workload.MAIL}))
    assert not google(vault("account:1"), live(Kind.GOOGLE_MATTER, "M", state="closed"))[0].in_force


def test_a_vault_hold_on_an_org_unit() -> None:
    (effect,) = google(vault(scope="org_unit", org_unit="ou1"))
    assert (effect.scope.org_units, effect.scope.include, effect.in_force) == (frozenset({"/Staff"}), frozenset(), True)
    assert not google(vault(scope="org_unit", org_unit="/Board", force=Force.PENDING))[0].in_force
    assert google(vault(scope="org_unit", org_unit=None))[0].scope.org_units == frozenset()


def test_terms_and_dates_narrow_a_vault_hold() -> None:
    assert google(vault(terms="budget", start="2026-01-01", end=None))[0].terms == "budget [2026-01-01..]"
    assert google(vault(end="2026-01-01"))[0].terms == "[..2026-01-01]"


def test_shared_drives_are_held_only_when_the_option_says_so() -> None:
    assert google(vault(corpus="DRIVE", options=("includeSharedDriveFiles",)))[0].scope.workloads == {Workload.DRIVE, Workload.SHARED_DRIVE}
    assert google(vault(corpus="DRIVE", options=()))[0].scope.workloads == {Workload.DRIVE}
    with pytest.raises(UnknownSettingError, match="corpus"):
        google(vault(corpus="KEEP"))


def vault_rule(force: Force = Force.APPLIED, **fields: Any) -> Live:
    base = {"service": "MAIL", "default": False, "org_unit": "/Staff", "period": 365, "trigger": "created", "action": "keep", "terms": ""}
    return live(Kind.GOOGLE_VAULT_RULE, "VR", force=force, **{**base, **fields})


@pytest.mark.parametrize(
    ("action", "delete", "purge_all"), [("keep", 365, False), ("purge_all", 365, True), ("purge_deleted", 365, False)]
)
def test_a_vault_rule_keeps_and_then_purges(action: str, delete: int | None, *, purge_all: bool) -> None:
    (effect,) = google(vault_rule(action=action))
    assert (effect.mechanism, effect.keep, effect.delete, effect.purge_all) == (Mechanism.VAULT_CUSTOM, 365, delete, purge_all)
    assert (effect.scope.everyone, effect.scope.org_units) == (False, frozenset({"/Staff"}))


def test_a_vault_default_is_everybodys_and_indefinite_purges_nothing() -> None:
    (effect,) = google(vault_rule(default=True, period="forever", action="purge_all"))
    assert (effect.mechanism, effect.scope.everyone, effect.scope.org_units, effect.delete) == (Mechanism.VAULT_DEFAULT, True, frozenset(), None)
    assert google(vault_rule(org_unit=None))[0].scope.everyone
    assert not google(vault_rule(force=Force.OFF))[0].in_force


@pytest.mark.parametrize(("fields", "field"), [({"service": "KEEP"}, "service"), ({"action": "shred"}, "action")])
def test_an_unknown_vault_rule_is_said(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(UnknownSettingError, match=field):
        google(vault_rule(**fields))
