"""Settings, privileges and early deletions as a tenant shows them: raw policies, one kind, unread is unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies.duties import StandingValue
from policies.folder import load_folder
from policies.kinds import Kind, Platform
from policies.problems import Severity
from policies.resources import Live, ReadState, Snapshot
from sync.watch.alarms import alarm_problems, alarms
from sync.watch.settings import SPACES, setting_problems
from sync.watch.verifying import verify
from tests.unit.connectors.google.support import Bench

ROOT = Path(__file__).parents[4]
SETTINGS = frozenset({Kind.GOOGLE_SETTING})


def looked(bench: Bench, **changes: object) -> Snapshot:
    reader = bench.reader(**changes)
    reader.examine()
    reader.roster()
    return reader.snapshot(SETTINGS)


def of(snapshot: Snapshot, setting: str) -> list[Live]:
    return [live for live in snapshot.resources if live.fields["setting"] == setting]


def test_settings_of_every_unit_are_read_over_all_pages(bench: Bench) -> None:
    bench.console("change_setting", setting="chat.chat_history", org_unit="/Staff", value={"historyOnByDefault": False, "allowUserModification": True})
    snapshot = looked(bench)
    assert snapshot.reads[Kind.GOOGLE_SETTING].state is ReadState.COMPLETE
    staff = bench.state.unit("/Staff")
    assert staff is not None
    unit = staff.id.removeprefix("id:")
    (found,) = [live for live in of(snapshot, "chat.chat_history") if live.fields["org_unit"] == unit]
    assert found.fields["by_administrator"] is True
    value = found.fields["value"]
    assert isinstance(value, tuple)
    assert "allowUserModification=true" in value
    assert "setting.chat_history_off" in {one.code for one in setting_problems(snapshot)}
    assert bench.seen("cloudidentity.policies.list") <= 3


def test_without_a_super_administrator_settings_are_unknown_and_the_rest_is_read(bench: Bench) -> None:
    snapshot = looked(bench, subjects={})
    read = snapshot.reads[Kind.GOOGLE_SETTING]
    assert read.state is ReadState.PARTIAL
    assert (read.reason or "").startswith("google.permission_denied")
    assert of(snapshot, "privileges.retention")
    assert "setting.unknown" in {one.code for one in setting_problems(snapshot)}
    assert not [one for one in setting_problems(snapshot) if one.code.endswith("_default")], "unread is not unset"


def test_who_can_change_retention_is_named(bench: Bench) -> None:
    (holders,) = of(looked(bench), "privileges.retention")
    supers = {user.email for user in bench.state.users.values() if user.super_admin}
    accounts = holders.fields["accounts"]
    assert isinstance(accounts, tuple)
    assert supers <= set(accounts)
    assert bench.tenant().credential_for(writing=False).subject not in accounts  # type: ignore[union-attr]  # the sandbox gives one


def test_early_deletion_is_an_alarm(bench: Bench) -> None:
    matter = bench.console("create_matter", name="Heron")
    assert not of(looked(bench), "alert.accelerated_deletion")
    bench.console("request_accelerated_deletion", matter=matter["matterId"])
    snapshot = looked(bench)
    (alarm,) = of(snapshot, "alert.accelerated_deletion")
    assert (alarm.fields["action"], alarm.fields["service"], alarm.fields["matter"]) == ("create", "gmail", matter["matterId"])
    (told,) = alarm_problems(alarms(snapshot, (), (), frozenset()))
    assert (told.code, told.severity, told.subject) == ("alert.accelerated_deletion", Severity.ERROR, alarm.vendor_id)


def test_spaces_whose_history_is_off_are_found_whatever_the_setting_says(bench: Bench) -> None:
    assert "setting.spaces_without_history" not in {one.code for one in setting_problems(looked(bench))}
    assert bench.seen("chat.spaces.search") == 1, "the probe's page serves the read"
    names = [space.name for space in bench.state.spaces.values()]
    for space in (names[0], "Snow days"):
        bench.console("set_space_history", space=space, on=False)
    bench.world.switches["google.page_size"] = "1"
    snapshot = looked(bench)
    (found,) = of(snapshot, SPACES)
    assert found.fields["count"] == 2
    (told,) = [one for one in setting_problems(snapshot) if one.code == "setting.spaces_without_history"]
    assert told.severity is Severity.WARNING
    assert told.message.startswith("2 Chat spaces have their history off")
    assert told.message.endswith(f"The largest: Snow days (60000 people), {names[0]} (40 people).")


def test_a_space_in_an_unknown_form_leaves_the_spaces_unread_and_costs_nothing_else(bench: Bench) -> None:
    body = json.dumps({"results": [{"space": {"displayName": "Nameless", "spaceHistoryState": "HISTORY_OFF"}}]}).encode()
    bench.fault("chat", "chat.spaces.search", "status", status=200, body=body, headers={"content-type": "application/json"}, times=9)
    snapshot = looked(bench)
    (found,) = of(snapshot, SPACES)
    assert str(found.fields["unread"]).startswith("wire.unexpected: ")
    assert len(snapshot.resources) > 1
    assert [one.code for one in setting_problems(snapshot) if "spaces" in one.code] == ["setting.spaces_unread"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("surface", "operation"), [
    ("cloudidentity", "cloudidentity.policies.list"), ("chat", "chat.spaces.search"), ("alertcenter", "alertcenter.alerts.list"),
])
def test_a_list_that_announces_one_page_for_ever_is_not_whole(bench: Bench, surface: str, operation: str) -> None:
    bench.fault(surface, operation, "status", status=200, body=b'{"nextPageToken": "again"}', headers={"content-type": "application/json"}, times=10**6)
    reader = bench.reader()
    reader.roster()
    snapshot = reader.snapshot(SETTINGS)
    said = [snapshot.reads[Kind.GOOGLE_SETTING].reason or "", *(str(one.fields.get("unread", "")) for one in snapshot.of(Kind.GOOGLE_SETTING))]
    assert [one.partition(":")[0] for one in said if one] == ["wire.page_loop"]
    assert bench.seen(operation) == 2


@pytest.mark.parametrize("how", ["scope", "privilege"])
def test_spaces_that_may_not_be_searched_are_unread_and_cost_nothing_else(bench: Bench, how: str) -> None:
    if how == "scope":
        bench.console("revoke_scope", scope="https://www.googleapis.com/auth/chat.admin.spaces.readonly")
    else:
        bench.console("remove_privilege", role="Records retention service", service="chat", privilege="MANAGE_SPACES")
    snapshot = looked(bench)
    assert snapshot.reads[Kind.GOOGLE_SETTING].state is ReadState.COMPLETE
    (found,) = of(snapshot, SPACES)
    assert "count" not in found.fields
    assert [one.code for one in setting_problems(snapshot) if "spaces" in one.code] == ["setting.spaces_unread"]


def test_alerts_are_asked_for_once_a_look_and_only_those_of_the_last_months(bench: Bench) -> None:
    matter = bench.console("create_matter", name="Heron")
    bench.console("request_accelerated_deletion", matter=matter["matterId"])
    bench.world.clock.advance(170 * 86_400)
    bench.console("request_accelerated_deletion", matter=matter["matterId"])
    assert len(of(looked(bench), "alert.accelerated_deletion")) == 2
    assert bench.seen("alertcenter.alerts.list") == 1, "the probe's page serves the read"
    bench.world.clock.advance(20 * 86_400)
    assert len(of(looked(bench), "alert.accelerated_deletion")) == 1


def test_controls_stand_as_the_tenant_s_settings_show_them(bench: Bench) -> None:
    """What the demonstration's policy wants read, over the wire: all of it is so at first, and each act in the console is seen where it was done."""
    policy = load_folder(ROOT / "examples" / "demo").policy
    everything = next(duty for duty in policy.control_duties() if duty.line == "CT.RET.4v1")
    only = next(duty for duty in policy.control_duties() if duty.line == "CT.GOV.4v1")

    def stands(**changes: object) -> list[tuple[StandingValue, str | None]]:
        reader = bench.reader(**changes)
        reader.examine()
        roster = reader.roster()
        found = verify((everything, only), Platform.GOOGLE_WORKSPACE, reader.snapshot(SETTINGS), roster)
        return [(one.standing, one.reason) for one in found]

    assert stands() == [(StandingValue.VERIFIED, None)] * 2
    assert [one[0] for one in stands(subjects={})] == [StandingValue.UNKNOWN] * 2, "without a super administrator nothing is verified"
    bench.console("change_setting", setting="chat.space_history", org_unit="/Board", value={"historyState": "HISTORY_ALWAYS_OFF"})
    assert stands()[0] == (StandingValue.GAP, "setting.differs: history of Chat spaces: /Board historyState HISTORY_ALWAYS_OFF")
    bench.console("clear_setting", setting="chat.space_history", org_unit="/Board")
    bench.console("change_setting", setting="gmail.rule_states", value={"ruleStates": [{"ruleId": "comprehensive-mail-storage", "enabled": False}]})
    assert stands()[0][0] is StandingValue.GAP
    bench.console("clear_setting", setting="gmail.rule_states")
    assert stands()[0][0] is StandingValue.UNKNOWN, "a rule of which nobody says whether it is on"
    bench.console("assign_role", email=bench.address(1), role="_SEED_ADMIN_ROLE")
    assert stands()[1][0] is StandingValue.GAP
