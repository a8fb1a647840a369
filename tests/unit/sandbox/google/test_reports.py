from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import World
from tests.unit.sandbox.clients import Door, Google, address


def events(client: Google, application: str = "vault", **more: Any) -> list[dict[str, Any]]:
    return client.every("reports", "activities.list", "items", **{"userKey": "all", **more}, applicationName=application)


def names(found: list[dict[str, Any]]) -> list[str]:
    return [event["name"] for item in found for event in item["events"]]


def values(item: dict[str, Any]) -> dict[str, str]:
    return {parameter["name"]: parameter["value"] for parameter in item["events"][0]["parameters"]}


def test_an_event_is_not_there_at_once(client: Google, door: Door, world: World) -> None:
    before = len(events(client))
    door.console("create_matter", name="m")
    assert len(events(client)) == before
    world.clock.advance(179)
    assert len(events(client)) == before
    world.clock.advance(122)
    found = events(client)
    assert names(found)[:2] == ["create_investigation_end", "create_investigation_begin"]


def test_events_come_out_of_order_so_that_a_poll_must_overlap(client: Google, door: Door, world: World) -> None:
    for number in range(12):
        door.console("create_matter", name=f"m{number}")
        world.clock.advance(5)
    seen: list[str] = []
    for _ in range(40):
        world.clock.advance(10)
        new = [item["id"]["uniqueQualifier"] for item in reversed(events(client)) if item["id"]["uniqueQualifier"] not in seen]
        seen += new
    order = [item["id"]["uniqueQualifier"] for item in reversed(events(client))]
    assert sorted(seen) == sorted(order)
    assert seen != order


def test_the_log_tells_a_persons_act_from_an_applications(client: Google, door: Door, world: World) -> None:
    made = client.call("vault", "matters.create", body={"name": "by us"})
    body = {"name": "our hold", "corpus": "MAIL", "accounts": [{"email": address(world, 0)}]}
    hold = client.call("vault", "matters.holds.create", matterId=made["matterId"], body=body)
    world.clock.advance(60)
    door.console("delete_hold", matter=made["matterId"], hold=hold["holdId"])
    world.clock.advance(600)
    ours = next(item for item in events(client, eventName="add_preservation_rule_end"))
    theirs = next(item for item in events(client, eventName="delete_preservation_rule_end"))
    assert ours["actor"]["email"] == f"records.bot@{world.domain}"
    assert ours["actor"]["applicationInfo"]["impersonation"] is True
    assert theirs["actor"]["email"] == f"it.director@{world.domain}"
    assert "applicationInfo" not in theirs["actor"]
    assert (values(theirs)["matter_id"], values(theirs)["resource_name"]) == (made["matterId"], "our hold")
    assert theirs["id"]["time"].startswith("2026-10-05T14:31:00")


@pytest.mark.parametrize(
    ("act", "given", "name"),
    [
        ("add_rule", {"service": "DRIVE", "org_unit": "/Staff", "duration": "730 days", "action": "purge_deleted"}, "add_retention_rule"),
        ("set_default", {"service": "MAIL", "duration": "365 days"}, "modify_default_retention_period"),
    ],
)
def test_a_retention_rule_lives_at_the_console_and_leaves_a_pair_of_events(
    client: Google, door: Door, world: World, act: str, given: dict[str, str], name: str
) -> None:
    made = door.console(act, **given)
    world.clock.advance(400)
    assert {f"{name}_begin", f"{name}_end"} <= set(names(events(client)))
    assert f"Retention period: {made['duration']}" in values(events(client, eventName=f"{name}_end")[0])["additional_details"]
    assert made in door.ask("GET", "state")[1]["google"]["rules"]


def test_rules_change_and_go_and_looking_at_them_is_logged_once(client: Google, door: Door, world: World) -> None:
    rule = door.console("add_rule", service="MAIL", org_unit="/Staff", duration="90 days", action="purge_all")
    door.console("update_rule", id=rule["id"], duration="30 days")
    shown = door.console("view_rules")["rules"]
    assert [found["duration"] for found in shown if found["id"] == rule["id"]] == ["30 days"]
    door.console("delete_rule", id=rule["id"])
    assert "neither indefinite nor" in door.refused("add_rule", duration="7 years")
    assert "no unit" in door.refused("add_rule", org_unit="/Nowhere")
    default = next(found for found in shown if found["default"])
    assert "default" in door.refused("delete_rule", id=default["id"])
    world.clock.advance(400)
    found = names(events(client))
    assert found.count("view_retention_policy") == 1
    assert {"update_retention_rule_begin", "update_retention_rule_end", "delete_retention_rule_begin", "delete_retention_rule_end"} <= set(found)


@pytest.mark.parametrize(
    ("act", "given", "name", "expected"),
    [
        ("suspend_user", {}, "SUSPEND_USER", {}),
        ("move_user", {"org_unit": "/Board"}, "MOVE_USER_TO_ORG_UNIT", {"NEW_VALUE": "/Board"}),
        ("delete_user", {}, "DELETE_USER", {}),
        ("remove_licence", {}, "USER_LICENSE_REVOKE", {"OLD_VALUE": "1010310006"}),
    ],
)
def test_the_admin_log_has_the_rest(
    client: Google, door: Door, world: World, act: str, given: dict[str, str], name: str, expected: dict[str, str]
) -> None:
    door.console(act, email=address(world, 1), by=address(world, 1) if act == "nothing" else f"it.director@{world.domain}", **given)
    world.clock.advance(400)
    (item,) = events(client, "admin", eventName=name)
    assert item["actor"]["email"] == f"it.director@{world.domain}"
    assert values(item).items() >= {"USER_EMAIL": address(world, 1), **expected}.items()


def test_filters_windows_and_people(client: Google, door: Door, world: World) -> None:
    first = door.console("create_matter", name="one")["matterId"]
    world.clock.advance(3_600)
    door.console("create_matter", name="two", by=f"records.bot@{world.domain}")
    world.clock.advance(3_600)
    assert len(events(client, filters=f"matter_id=={first}")) == 2
    assert len(events(client, startTime="2026-10-05T14:30:00Z", endTime="2026-10-05T14:31:00Z")) == 2
    assert {item["actor"]["email"] for item in events(client, userKey=f"records.bot@{world.domain}")} == {f"records.bot@{world.domain}"}
    assert len(client.call("reports", "activities.list", userKey="all", applicationName="vault", maxResults=3)["items"]) == 3
    backwards = {"startTime": "2026-10-05T14:31:00Z", "endTime": "2026-10-05T14:30:00Z"}
    for bad in ({"startTime": "2030-01-01T00:00:00Z"}, backwards):
        assert client.refused("reports", "activities.list", userKey="all", applicationName="vault", **bad)[0] == 400


def test_an_old_start_without_an_end_tells_only_the_last_half_year(client: Google, world: World) -> None:
    world.clock.advance(170 * 86_400)
    old = {"startTime": "2026-01-01T00:00:00Z"}
    assert "modify_default_retention_period_end" not in names(events(client, **old))
    assert "modify_default_retention_period_end" in names(events(client, **old, endTime="2026-12-31T00:00:00Z"))


def test_whether_vaults_old_history_is_served_nobody_knows_so_a_switch_says(client: Google, world: World) -> None:
    """G§12g. Other logs than Vault's end after half a year whatever the switch says."""
    world.clock.advance(170 * 86_400)
    window = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-12-31T00:00:00Z"}
    assert "modify_default_retention_period_end" in names(events(client, **window))
    world.switches["google.vault_history"] = "180 days"
    assert "modify_default_retention_period_end" not in names(events(client, **window))
    assert "add_preservation_rule_end" not in names(events(client, **window))
    world.switches["google.vault_history"] = "refused"
    assert client.refused("reports", "activities.list", userKey="all", applicationName="vault", **window)[0] == 400
    lately = {"startTime": (world.clock.now() - timedelta(days=179)).isoformat(), "endTime": world.clock.now().isoformat()}
    assert events(client, **lately) == events(client)


def test_other_logs_end_after_half_a_year(client: Google, door: Door, world: World) -> None:
    door.console("suspend_user", email=address(world, 1))
    window = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-12-31T00:00:00Z"}
    world.clock.advance(100 * 86_400)
    assert names(events(client, "admin", **window)) == ["SUSPEND_USER"]
    world.clock.advance(81 * 86_400)
    assert events(client, "admin", **window) == []


def test_single_events_come_hours_late_or_never(client: Google, door: Door, world: World) -> None:
    world.switches["google.audit_late"] = "update_retention_rule_*=14400"
    world.switches["google.audit_lost"] = "delete_retention_rule_*"
    rule = door.console("add_rule", duration="90 days")["id"]
    door.console("update_rule", id=rule, duration="30 days")
    door.console("delete_rule", id=rule)
    world.clock.advance(3_600)
    assert {name for name in names(events(client)) if "retention_rule" in name} == {"add_retention_rule_begin", "add_retention_rule_end"}
    world.clock.advance(8 * 3_600)
    late = {name for name in names(events(client)) if "retention_rule" in name}
    assert late >= {"update_retention_rule_begin", "update_retention_rule_end"}
    assert not any("delete_retention_rule" in name for name in late)
    item = next(item for item in events(client, eventName="update_retention_rule_end"))
    assert item["id"]["time"].startswith("2026-10-05T14:30:00")


def test_admin_events_can_have_the_names_that_google_gives_them_next(client: Google, door: Door, world: World) -> None:
    door.console("suspend_user", email=address(world, 1))
    world.switches["google.audit_rename"] = "SUSPEND_USER=user_suspended,MOVE_USER_TO_ORG_UNIT=user_moved"
    door.console("suspend_user", email=address(world, 2))
    world.clock.advance(400)
    assert sorted(names(events(client, "admin"))) == ["SUSPEND_USER", "user_suspended"]


@pytest.mark.parametrize("act", ["add_rule", "update_rule", "delete_rule"])
def test_an_act_that_breaks_off_leaves_a_beginning_without_an_end_and_changes_nothing(
    client: Google, door: Door, world: World, act: str
) -> None:
    rule = door.console("add_rule", duration="90 days")
    before = door.ask("GET", "state")[1]["google"]["rules"]
    given = {"id": rule["id"]} if act != "add_rule" else {}
    door.console(act, **given, duration="1 days", breaks_off=True)
    assert door.ask("GET", "state")[1]["google"]["rules"] == before
    world.clock.advance(400)
    name = {"add_rule": "add_retention_rule", "update_rule": "update_retention_rule", "delete_rule": "delete_retention_rule"}[act]
    found = names(events(client))
    assert found.count(f"{name}_begin") - found.count(f"{name}_end") == 1


def test_details_say_what_the_page_said(client: Google, door: Door, world: World) -> None:
    rule = door.console("add_rule", service="DRIVE", org_unit="/Staff", duration="2557 days", action="purge_all", terms="label:COR-02", **{"from": "modified"})
    world.clock.advance(400)
    found = values(events(client, eventName="add_retention_rule_end")[0])
    assert found["additional_details"] == (
        f"Service: DRIVE, Retention period: 2557 days, Starts: modified, Action: purge_all, Rule: {rule['id']}, Terms: label:COR-02"
    )
    assert found["organizational_unit_name"] == "/Staff"


def test_settings_beside_the_rules_and_names_that_no_list_has_are_logged_once(client: Google, door: Door, world: World) -> None:
    door.console("change_retention_settings", service="MEET", on=True)
    door.console("view_retention_settings")
    door.console("vault_event", event="merge_retention_rules", details="anything")
    assert "no retention setting" in door.refused("change_retention_settings", service="MAIL", on=True)
    world.clock.advance(400)
    assert sorted(names(events(client))[:3]) == ["merge_retention_rules", "update_retention_settings", "view_retention_settings"]


def test_over_quota_this_api_answers_503(client: Google, world: World) -> None:
    for _ in range(250):
        client.call("reports", "activities.list", userKey="all", applicationName="vault", eventName="x")
    status, error = client.refused("reports", "activities.list", userKey="all", applicationName="vault", eventName="x")
    assert (status, error["errors"][0]["reason"]) == (503, "quotaExceeded")
    events(client)
