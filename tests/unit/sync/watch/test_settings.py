"""What settings mean for keeping: each finding by its value, absent is the default, unread is unknown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from policies.kinds import Kind
from policies.problems import Severity
from policies.resources import KindRead, Live, ReadState, Snapshot
from policies.roster import Group, OrgUnit, Roster
from sync.watch.settings import SPACES, in_force, setting_problems

AT = datetime(2026, 10, 5, tzinfo=UTC)
SOUND = (
    ("chat.chat_history", {"historyOnByDefault": "true", "allowUserModification": "false"}),
    ("chat.space_history", {"historyState": "HISTORY_ALWAYS_ON"}),
    ("gmail.comprehensive_mail_storage", {"ruleId": "r"}),
    ("vault.service_status", {"serviceState": "ENABLED"}),
)


def setting(name: str, value: dict[str, str], **fields: Any) -> Live:
    values = tuple(f"{key}={one}" for key, one in value.items())
    body = {"setting": name, "org_unit": "ou1", "group": None, "by_administrator": True, "order": "1", "value": values, **fields}
    return Live(kind=Kind.GOOGLE_SETTING, vendor_id=f"policies/{name}{fields}", name=name, fields=body)


def snapshot(*lives: Live, state: ReadState = ReadState.COMPLETE, reason: str | None = None) -> Snapshot:
    read = KindRead(kind=Kind.GOOGLE_SETTING, state=state, count=len(lives), reason=reason)
    return Snapshot(tenant="google", at=AT, reads={Kind.GOOGLE_SETTING: read}, resources=lives)


def sound(**instead: dict[str, str]) -> tuple[Live, ...]:
    return tuple(setting(name, instead.get(name.replace(".", "_"), value)) for name, value in SOUND)


def codes(*lives: Live, **more: Any) -> list[str]:
    return [one.code for one in setting_problems(snapshot(*lives), **more)]


def test_sound_settings_say_nothing() -> None:
    assert codes(*sound()) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("chat_chat_history", {"historyOnByDefault": "false", "allowUserModification": "false"}, "setting.chat_history_off"),
        ("chat_chat_history", {"historyOnByDefault": "true", "allowUserModification": "true"}, "setting.chat_history_optional"),
        ("chat_chat_history", {}, "setting.chat_history_off"),
        ("chat_space_history", {"historyState": "DEFAULT_HISTORY_ON"}, "setting.space_history_optional"),
        ("chat_space_history", {"historyState": "HISTORY_ALWAYS_OFF"}, "setting.space_history_optional"),
        ("vault_service_status", {"serviceState": "DISABLED"}, "setting.vault_off"),
        ("vault_service_status", {"serviceState": "NEW_WORD"}, "setting.vault_off"),
    ],
)
def test_each_unsound_value_is_found(name: str, value: dict[str, str], code: str) -> None:
    assert codes(*sound(**{name: value})) == [code]


def test_further_settings_are_told() -> None:
    archive, takeout = setting("chat.third_party_archiving", {"enabled": "true"}), setting("takeout.service_status", {"serviceState": "ENABLED"})
    found = {one.code: one.severity for one in setting_problems(snapshot(*sound(), archive, takeout))}
    assert found == {"setting.third_party_archiving": Severity.WARNING, "setting.takeout_on": Severity.INFO}


def test_places_are_told_by_name_and_one_space_is_one() -> None:
    units = (OrgUnit(tenant="google", vendor_id="id:03ph8a2z", path="/"), OrgUnit(tenant="google", vendor_id="id:ou2", path="/Staff"))
    group = Group(tenant="google", vendor_id="g1", address="board@d.example", name="Board", members=frozenset())
    everybody = Roster(tenant="google", at=AT, identities=(), groups=(group,), org_units=units, reads=())
    off = {"historyOnByDefault": "false", "allowUserModification": "false"}
    for where, told in (({"org_unit": "03ph8a2z"}, "/"), ({"org_unit": "ou2"}, "/Staff"), ({"org_unit": None, "group": "g1"}, "board@d.example")):
        (found,) = setting_problems(snapshot(*sound()[1:], setting("chat.chat_history", off, **where)), roster=everybody)
        assert found.message.endswith(f"(for {told}).")
    (found,) = setting_problems(snapshot(*sound(chat_chat_history=off)), roster=everybody)
    assert found.message.endswith("(for ou1)."), "of a unit that nobody knows the id is said"
    fields: dict[str, Any] = {"setting": SPACES, "count": 1, "spaces": ("spaces/a",), "largest": ("Snow days (40 people)",)}
    (found,) = setting_problems(snapshot(*sound(), Live(kind=Kind.GOOGLE_SETTING, vendor_id=SPACES, name=SPACES, fields=fields)))
    assert found.message.startswith("1 Chat space has its history off: ")


@pytest.mark.parametrize(
    ("reason", "subject"),
    [
        ("google.delegation_missing: the client may not act as bot@d.example with the scope https://www.googleapis.com/auth/apps.alerts: no", False),
        ("google.permission_denied: policies.list: The caller does not have permission", True),
        ("google.delegation_missing: the scope https://www.googleapis.com/auth/cloud-identity.policies.readonly", True),
    ],
)
def test_only_who_lacks_the_policies_is_sent_to_their_subject(reason: str, subject: bool) -> None:  # noqa: FBT001  # a parameter of the table
    (unread,) = [one for one in setting_problems(snapshot(*sound(), state=ReadState.PARTIAL, reason=reason)) if one.code == "setting.unknown"]
    assert ("subjects.cloudidentity" in unread.next_step) is subject
    assert "doctor" in unread.next_step


def test_what_nobody_set_has_its_default_only_where_everything_was_read() -> None:
    assert codes(*sound()[3:]) == ["setting.chat_history_default", "setting.comprehensive_mail_storage_off", "setting.space_history_default"]
    (unread,) = setting_problems(snapshot(state=ReadState.FAILED, reason="google.permission_denied"))
    assert (unread.code, unread.severity) == ("setting.unknown", Severity.WARNING)
    assert "google.permission_denied" in unread.message
    assert setting_problems(Snapshot(tenant="google", at=AT, reads={}, resources=())) == ()


def test_the_highest_order_of_a_unit_is_in_force() -> None:
    low = setting("chat.chat_history", {"historyOnByDefault": "true"}, order="1")
    high = setting("chat.chat_history", {"historyOnByDefault": "false"}, order="10")
    other = setting("chat.chat_history", {"historyOnByDefault": "true"}, order="0", org_unit="ou2")
    assert {(live.vendor_id, live.fields["value"]) for live in in_force((high, low, other))} == {
        (high.vendor_id, ("historyOnByDefault=false",)),
        (other.vendor_id, ("historyOnByDefault=true",)),
    }


def test_policies_that_set_one_field_each_are_one_setting() -> None:
    """Google may tell the two switches of chat history as two policies of one unit (G§2.1: some settings merge)."""
    on, kept = setting("chat.chat_history", {"historyOnByDefault": "true"}, order="1"), setting("chat.chat_history", {"allowUserModification": "false"}, order="2")
    assert codes(*sound()[1:], on, kept) == []


def test_a_rule_that_is_off_stores_nothing_more() -> None:
    def states(*, on: bool) -> Live:
        return setting("gmail.rule_states", {"ruleStates": json.dumps([{"ruleId": "r", "enabled": on}])})

    assert codes(*sound(), states(on=True)) == []
    assert codes(*sound(), states(on=False)) == ["setting.comprehensive_mail_storage_off"]


def test_a_vault_service_that_nobody_switched_on_is_off() -> None:
    assert codes(*(one for one in sound() if one.name != "vault.service_status")) == ["setting.vault_off"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("youtube.user_takeout", {"takeoutStatus": "DISABLED"}, []),
        ("youtube.user_takeout", {"takeoutStatus": "ENABLED"}, ["setting.takeout_on"]),
        ("photos.user_takeout", {}, ["setting.takeout_on"]),
        ("multi_party_approval.require_approvals", {"multiPartyApprovalState": "ENABLED"}, []),
        ("multi_party_approval.require_approvals", {"multiPartyApprovalState": "DISABLED"}, ["setting.multi_party_approval_off"]),
    ],
)
def test_what_is_merely_told(name: str, value: dict[str, str], expected: list[str]) -> None:
    told = setting_problems(snapshot(*sound(), setting(name, value)))
    assert [(one.code, one.severity) for one in told] == [(code, Severity.INFO) for code in expected]


def test_who_can_change_retention_is_compared_with_who_should() -> None:
    fields: dict[str, Any] = {"setting": "privileges.retention", "accounts": ("boss@d.example", "stranger@d.example")}
    holders = Live(kind=Kind.GOOGLE_SETTING, vendor_id="h", name="h", fields=fields)
    (told,) = setting_problems(snapshot(*sound(), holders))
    assert (told.code, told.severity) == ("setting.retention_privileges", Severity.INFO)
    (found,) = setting_problems(snapshot(*sound(), holders), frozenset({"Boss@d.example"}))
    assert (found.code, found.subject) == ("setting.retention_privilege_unexpected", "stranger@d.example")
