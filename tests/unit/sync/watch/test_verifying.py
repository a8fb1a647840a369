"""Controls against settings: verified only where everything was read whole and shown as wanted for everybody; unread and unclear are unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from policies.controls import ControlDuty, Wish
from policies.duties import Population, Selector, StandingValue
from policies.kinds import Kind, Platform, Workload
from policies.resources import KindRead, Live, ReadState, Snapshot
from policies.roster import Group, Identity, OrgUnit, Roster
from sync.assess import Standing
from sync.watch.settings import VAULT_PRIVILEGES
from sync.watch.verifying import asked_kinds, verify
from tests.unit.sync.provable import START

UNITS = {"/": "top", "/Staff": "staff", "/Staff/Office": "office", "/Board": "board", "/Students": "students"}
KEPT = frozenset({Workload.MAIL, Workload.DRIVE, Workload.CHAT})
SOUND: dict[str, dict[str, object]] = {
    "chat.chat_history": {"historyOnByDefault": "true", "allowUserModification": "false"},
    "chat.space_history": {"historyState": "HISTORY_ALWAYS_ON"},
    "gmail.comprehensive_mail_storage": {"ruleId": "r1"},
    "gmail.rule_states": {"ruleStates": [{"ruleId": "r1", "enabled": True}]},
    "vault.service_status": {"serviceState": "ENABLED"},
    "takeout.service_status": {"serviceState": "DISABLED"},
    "chat.third_party_archiving": {"enabled": "false"},
}
WISHES: dict[str, Wish] = {
    "google.chat_history": "always_on",
    "google.space_history": "always_on",
    "google.mail_storage": "comprehensive",
    "google.vault_service": "enabled",
    "google.takeout": "disabled",
    "google.third_party_archiving": "disabled",
}


def policy(setting: str, value: dict[str, object], unit: str | None = "/", **fields: Any) -> Live:
    values = tuple(f"{name}={json.dumps(one, sort_keys=True) if isinstance(one, list) else one}" for name, one in value.items())
    place = UNITS.get(unit, unit) if unit is not None else None
    body = {"setting": setting, "org_unit": place, "group": None, "by_administrator": True, "order": "1", "narrowed": False, "value": values, **fields}
    return Live(kind=Kind.GOOGLE_SETTING, vendor_id=f"policies/{setting}/{place}/{fields}", name=setting, fields=body)


def sound(**instead: Iterable[Live]) -> tuple[Live, ...]:
    """Every setting at the top as wanted; ``instead`` puts others in the place of one, by its last word."""
    found: list[Live] = []
    for setting, value in SOUND.items():
        found += instead.get(setting.rpartition(".")[2], [policy(setting, value)])
    return tuple(found)


def snapshot(*lives: Live, state: ReadState = ReadState.COMPLETE) -> Snapshot:
    reason = None if state is ReadState.COMPLETE else "google.permission_denied: policies.list: somebody@d.example may not"
    read = KindRead(kind=Kind.GOOGLE_SETTING, state=state, count=len(lives), reason=reason)
    return Snapshot(tenant="google", at=START, reads={Kind.GOOGLE_SETTING: read}, resources=lives)


def person(number: int, unit: str | None = "/Staff", **fields: Any) -> Identity:
    return Identity(
        tenant="google", vendor_id=f"u{number}", address=f"p{number}@d.example", org_unit=unit, **{"licensed_for_hold": KEPT, **fields}
    )


def roster(*people: Identity, groups: tuple[Group, ...] = (), **states: ReadState) -> Roster:
    kinds = (Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT, Kind.GOOGLE_LICENCE)
    return Roster(
        tenant="google", at=START, identities=people, groups=groups,
        org_units=tuple(OrgUnit(tenant="google", vendor_id=id_, path=path) for path, id_ in UNITS.items()),
        reads=tuple(KindRead(kind=kind, state=states.get(kind.value.partition(".")[2], ReadState.COMPLETE), count=1, reason="x.y") for kind in kinds),
    )


PEOPLE = (person(1), person(2, "/Staff/Office"), person(3, "/Board"), person(4, "/Students"))
EMPLOYEES = Selector(org_units=("/Staff", "/Board"))


def stands(snapshot_: Snapshot, wishes: dict[str, Wish], selector: Selector | None = EMPLOYEES, people: Roster | None = None) -> Standing:
    population = None if selector is None else Population(id="p", selectors={Platform.GOOGLE_WORKSPACE: selector})
    duty = ControlDuty(line="C1", population=population, wishes=wishes)
    (found,) = verify((duty,), Platform.GOOGLE_WORKSPACE, snapshot_, people or roster(*PEOPLE))
    return found


def counts(found: Standing) -> tuple[int | None, int | None, int | None]:
    return found.people.covered, found.people.not_covered, found.people.unknown


def test_everything_as_wanted_is_verified_for_everybody() -> None:
    found = stands(snapshot(*sound()), {**WISHES, "google.licences": "kept_under_hold", "google.accelerated_deletion": "none"})
    assert (found.standing, found.reason, counts(found)) == (StandingValue.VERIFIED, None, (3, 0, 0))
    assert (found.series, found.population, found.workload) == (None, "p", None)


@pytest.mark.parametrize(
    ("check", "setting", "value", "standing"),
    [
        ("google.chat_history", "chat.chat_history", {"historyOnByDefault": "true", "allowUserModification": "true"}, StandingValue.GAP),
        ("google.chat_history", "chat.chat_history", {"historyOnByDefault": "false", "allowUserModification": "false"}, StandingValue.GAP),
        ("google.chat_history", "chat.chat_history", {"historyOnByDefault": "true"}, StandingValue.GAP),
        ("google.space_history", "chat.space_history", {"historyState": "DEFAULT_HISTORY_ON"}, StandingValue.GAP),
        ("google.space_history", "chat.space_history", {"historyState": "NEW_WORD"}, StandingValue.UNKNOWN),
        ("google.mail_storage", "gmail.comprehensive_mail_storage", {"ruleId": "r2"}, StandingValue.UNKNOWN),
        ("google.mail_storage", "gmail.rule_states", {"ruleStates": [{"ruleId": "r1", "enabled": False}]}, StandingValue.GAP),
        ("google.mail_storage", "gmail.rule_states", {"ruleStates": ["r1"]}, StandingValue.UNKNOWN),
        ("google.vault_service", "vault.service_status", {"serviceState": "DISABLED"}, StandingValue.GAP),
        ("google.vault_service", "vault.service_status", {"serviceState": "SOMETIMES"}, StandingValue.UNKNOWN),
        ("google.takeout", "takeout.service_status", {"serviceState": "ENABLED"}, StandingValue.GAP),
        ("google.third_party_archiving", "chat.third_party_archiving", {"enabled": "true"}, StandingValue.GAP),
    ],
)
def test_another_value_is_a_gap_and_a_word_that_nobody_knows_is_unknown(check: str, setting: str, value: dict[str, object], standing: StandingValue) -> None:
    found = stands(snapshot(*sound(**{setting.rpartition(".")[2]: [policy(setting, value)]})), {check: WISHES[check]})
    assert found.standing is standing
    assert found.reason is not None
    assert found.reason.startswith("setting.differs: " if standing is StandingValue.GAP else "setting.unclear: ")


@pytest.mark.parametrize(
    ("check", "standing"),
    [
        ("google.chat_history", StandingValue.GAP),  # documented: off by default, people may choose
        ("google.mail_storage", StandingValue.GAP),  # there is no rule
        ("google.vault_service", StandingValue.GAP),  # documented: no state, no service
        ("google.space_history", StandingValue.UNKNOWN),
        ("google.takeout", StandingValue.UNKNOWN),
        ("google.third_party_archiving", StandingValue.UNKNOWN),
    ],
)
def test_what_nobody_set_is_the_default_only_where_it_is_documented(check: str, standing: StandingValue) -> None:
    assert stands(snapshot(), {check: WISHES[check]}).standing is standing


def test_on_by_default_may_be_enough() -> None:
    free = policy("chat.chat_history", {"historyOnByDefault": "true", "allowUserModification": "true"})
    spaces = policy("chat.space_history", {"historyState": "DEFAULT_HISTORY_ON"})
    wishes: dict[str, Wish] = {"google.chat_history": "on_by_default", "google.space_history": "on_by_default"}
    assert stands(snapshot(free, spaces), wishes).standing is StandingValue.VERIFIED


def test_a_unit_of_the_population_that_differs_is_named_with_its_value() -> None:
    off = policy("takeout.service_status", {"serviceState": "ENABLED"}, "/Staff", order="5")
    found = stands(snapshot(*sound(), off), {"google.takeout": "disabled"})
    assert found.standing is StandingValue.GAP
    assert found.reason == "setting.differs: Takeout: /Staff serviceState ENABLED", "the unit below only inherits"
    assert counts(found) == (1, 2, 0)


def test_a_unit_outside_the_population_does_not_count() -> None:
    off = policy("takeout.service_status", {"serviceState": "ENABLED"}, "/Students", order="5")
    assert stands(snapshot(*sound(), off), {"google.takeout": "disabled"}).standing is StandingValue.VERIFIED
    assert stands(snapshot(*sound(), off), {"google.takeout": "disabled"}, None).standing is StandingValue.GAP, "without a population it is about everybody"


def test_a_unit_in_which_nobody_lives_counts_too() -> None:
    off = policy("takeout.service_status", {"serviceState": "ENABLED"}, "/Staff/Office", order="5")
    people = roster(person(1), person(3, "/Board"))
    assert stands(snapshot(*sound(), off), {"google.takeout": "disabled"}, people=people).standing is StandingValue.GAP


def test_an_exception_leaves_its_unit_out() -> None:
    off = policy("takeout.service_status", {"serviceState": "ENABLED"}, "/Staff/Office", order="5")
    spared = Selector(org_units=("/Staff",), except_=Selector(org_units=("/Staff/Office",)))
    assert stands(snapshot(*sound(), off), {"google.takeout": "disabled"}, spared).standing is StandingValue.VERIFIED


def test_two_policies_of_which_nobody_can_say_which_holds_are_unclear() -> None:
    """A unit's own policy, and one with a higher order above it."""
    top = policy("takeout.service_status", {"serviceState": "ENABLED"}, "/", order="9")
    own = policy("takeout.service_status", {"serviceState": "DISABLED"}, "/Staff", order="5")
    board = policy("takeout.service_status", {"serviceState": "DISABLED"}, "/Board", order="10")
    found = stands(snapshot(*sound(service_status=[]), top, own, board), {"google.takeout": "disabled"})
    assert (found.standing, counts(found)) == (StandingValue.UNKNOWN, (None, None, 3))
    assert found.reason == "setting.unclear: Takeout (/Staff, /Staff/Office)"


def test_a_policy_that_need_not_reach_everybody_in_its_unit_is_unclear() -> None:
    some = policy("takeout.service_status", {"serviceState": "ENABLED"}, "/Staff", order="5", narrowed=True)
    assert stands(snapshot(*sound(), some), {"google.takeout": "disabled"}).standing is StandingValue.UNKNOWN
    kind = policy("takeout.service_status", {"serviceState": "DISABLED"}, "/Staff", order="5", narrowed=True)
    assert stands(snapshot(*sound(), kind), {"google.takeout": "disabled"}).standing is StandingValue.VERIFIED


@pytest.mark.parametrize(
    ("members", "complete", "standing"),
    [({"u1"}, True, StandingValue.GAP), ({"u4"}, True, StandingValue.VERIFIED), ({"u4"}, False, StandingValue.UNKNOWN), (None, True, StandingValue.UNKNOWN)],
)
def test_a_group_s_own_policy_beats_the_units(members: set[str] | None, complete: bool, standing: StandingValue) -> None:  # noqa: FBT001  # a case
    off = policy("takeout.service_status", {"serviceState": "ENABLED"}, None, group="g1")
    groups = () if members is None else (Group(tenant="google", vendor_id="g1", address="g1@d.example", name="G", members=frozenset(members), complete=complete),)
    found = stands(snapshot(*sound(), off), {"google.takeout": "disabled"}, people=roster(*PEOPLE, groups=groups))
    assert found.standing is standing


def test_a_policy_for_a_unit_that_nobody_listed_is_unclear() -> None:
    lost = policy("takeout.service_status", {"serviceState": "DISABLED"}, "elsewhere")
    assert stands(snapshot(*sound(), lost), {"google.takeout": "disabled"}).standing is StandingValue.UNKNOWN


@pytest.mark.parametrize("state", [ReadState.PARTIAL, ReadState.FAILED])
def test_unread_is_unknown_with_the_code_alone_and_never_the_default(state: ReadState) -> None:
    found = stands(snapshot(state=state), WISHES)
    assert (found.standing, found.reason) == (StandingValue.UNKNOWN, "google.permission_denied")
    assert counts(found) == (None, None, 3)


def test_half_a_reading_never_verifies_and_still_shows_a_difference() -> None:
    assert stands(snapshot(*sound(), state=ReadState.PARTIAL), WISHES).standing is StandingValue.UNKNOWN
    off = policy("takeout.service_status", {"serviceState": "ENABLED"})
    assert stands(snapshot(off, state=ReadState.PARTIAL), {"google.takeout": "disabled"}).standing is StandingValue.GAP


@pytest.mark.parametrize("kind", ["user", "org_unit"])
def test_people_or_units_that_were_not_read_whole_verify_nothing(kind: str) -> None:
    states: dict[str, Any] = {kind: ReadState.PARTIAL}
    people = roster(*PEOPLE, **states)
    assert stands(snapshot(*sound()), WISHES, people=people).standing is StandingValue.UNKNOWN
    assert stands(snapshot(*sound()), WISHES, None, people=people).standing is StandingValue.UNKNOWN


def test_a_population_without_people_is_a_gap_of_its_own() -> None:
    found = stands(snapshot(*sound()), WISHES, Selector(org_units=("/Nowhere",)))
    assert (found.standing, found.reason) == (StandingValue.GAP, "population.empty")


def test_somebody_without_a_unit_is_unclear() -> None:
    assert stands(snapshot(*sound()), WISHES, None, people=roster(person(1, None))).standing is StandingValue.UNKNOWN


def test_licences_are_counted_and_an_unknown_one_is_no_want() -> None:
    wish: dict[str, Wish] = {"google.licences": "kept_under_hold"}
    bare = roster(person(1), person(2, licensed_for_hold=frozenset({Workload.MAIL})))
    found = stands(snapshot(), wish, people=bare)
    assert (found.standing, found.reason, counts(found)) == (StandingValue.GAP, "people.not_licensed: 1 of 2 accounts", (1, 1, 0))
    strange = roster(person(1), person(2, licensed_for_hold=frozenset(), licences_unknown=True))
    found = stands(snapshot(), wish, people=strange)
    assert (found.standing, found.reason) == (StandingValue.UNKNOWN, "people.licence_unknown: 1 of 2 accounts")
    unread = roster(person(1), licence=ReadState.PARTIAL)
    assert (stands(snapshot(), wish, people=unread).standing) is StandingValue.UNKNOWN


def test_who_may_change_retention_is_counted_and_never_named() -> None:
    def holders(*accounts: str) -> Live:
        fields: dict[str, Any] = {"setting": "privileges.retention", "accounts": accounts}
        return Live(kind=Kind.GOOGLE_SETTING, vendor_id="h", name="h", fields=fields)

    wish: dict[str, Wish] = {"google.retention_privileges": ("Boss@d.example",)}
    assert stands(snapshot(holders("boss@d.example")), wish).standing is StandingValue.VERIFIED
    found = stands(snapshot(holders("boss@d.example", "stranger@d.example")), wish)
    assert (found.standing, found.reason) == (StandingValue.GAP, "setting.retention_privilege_unexpected: 1 more than the policy names")
    assert stands(snapshot(), wish).standing is StandingValue.UNKNOWN


def test_each_of_vaults_privileges_is_measured_and_one_that_was_not_read_is_unknown() -> None:
    wish: dict[str, Wish] = {"google.vault_privileges": ("Boss@d.example",)}

    def holders(more: Mapping[str, tuple[str, ...]]) -> list[Live]:
        lives = []
        for setting in VAULT_PRIVILEGES:
            fields: dict[str, Any] = {"setting": setting, "accounts": ("boss@d.example", *more.get(setting, ()))}
            lives.append(Live(kind=Kind.GOOGLE_SETTING, vendor_id=setting, name=setting, fields=fields))
        return lives

    assert stands(snapshot(*holders({})), wish).standing is StandingValue.VERIFIED
    found = stands(snapshot(*holders({"privileges.exports": ("x@d.example", "y@d.example"), "privileges.holds": ("x@d.example",)})), wish)
    assert (found.standing, found.reason) == (
        StandingValue.GAP, "setting.vault_privilege_unexpected: 2 more than the policy names (holds, exports)",
    )  # fmt: skip
    found = stands(snapshot(*holders({})[1:]), wish)
    assert (found.standing, found.reason) == (StandingValue.UNKNOWN, "kind.partial: privileges.holds")


def test_a_request_to_delete_early_is_a_gap() -> None:
    fields: dict[str, Any] = {"setting": "alert.accelerated_deletion", "action": "create", "service": "gmail", "matter": "m", "request": "r"}
    asked = Live(kind=Kind.GOOGLE_SETTING, vendor_id="a1", name="x", fields=fields)
    found = stands(snapshot(asked), {"google.accelerated_deletion": "none"})
    assert (found.standing, found.reason) == (StandingValue.GAP, "alert.accelerated_deletion: requests that stand: 1")


def test_a_cloud_in_which_nothing_is_read_is_unknown_there() -> None:
    duty = ControlDuty(line="C1", population=None, wishes={"google.takeout": "disabled"})
    people = Roster(tenant="m365", at=START, identities=(), reads=())
    (found,) = verify((duty,), Platform.MICROSOFT365, Snapshot(tenant="m365", at=START, reads={}, resources=()), people)
    assert (found.standing, found.reason) == (StandingValue.UNKNOWN, "control.nothing_to_read")
    elsewhere = Population(id="p", selectors={Platform.GOOGLE_WORKSPACE: EMPLOYEES})
    one = ControlDuty(line="C1", population=elsewhere, wishes={"google.takeout": "disabled"})
    assert verify((one,), Platform.MICROSOFT365, snapshot(), people) == ()
    assert asked_kinds((one,), Platform.MICROSOFT365) == frozenset()
    assert asked_kinds((one,), Platform.GOOGLE_WORKSPACE) == {Kind.GOOGLE_SETTING}
