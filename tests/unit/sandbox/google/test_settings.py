"""The smaller APIs: licences, group settings, policies, alerts; and what the overlay tells a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import google
from sandbox.google.state import state_of
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.unit.sandbox.clients import Door, Google, address, keys_of


def test_licences_are_listed_by_product_in_pages_under_todays_address(client: Google, door: Door, world: World) -> None:
    listed = client.every("licensing", "licenseAssignments.listForProduct", "items", productId="101031", customerId=world.domain, maxResults=7)
    assert len(listed) == 26
    skus = {item["userId"]: item["skuId"] for item in listed}
    assert (skus[address(world, 0)], skus[address(world, 20)]) == ("1010310006", "1010310007")
    door.console("remove_licence", email=address(world, 0))
    door.console("rename_user", email=address(world, 1), new_email=f"new.name@{world.domain}")
    users = {i["userId"] for i in client.every("licensing", "licenseAssignments.listForProduct", "items", productId="101031", customerId="my_customer")}
    assert address(world, 0) not in users
    assert f"new.name@{world.domain}" in users
    status, error = client.refused("licensing", "licenseAssignments.listForProduct", productId="nothing", customerId="my_customer")
    assert (status, error["errors"][0]["reason"]) == (400, "invalid")
    status, _ = client.refused("licensing", "licenseAssignments.get", productId="101031", skuId="1010310006", userId=address(world, 0))
    assert status == 404


@pytest.mark.parametrize(("edition", "product", "sku"), [("Fundamentals", "Google-Apps", "1010070001"), ("Plus", "101031", "1010310009")])
def test_every_edition_brings_vault(tmp_path: Path, edition: str, product: str, sku: str) -> None:
    world = make_world("tiny")
    world.switches["google.edition"] = edition
    google.install(world, tmp_path)
    user = state_of(world).user(address(world, 0))
    assert user is not None
    assert (user.skus, user.vault_licensed) == ({sku}, True)
    assert sku in google.licensing.PRODUCTS[product][1]


def test_a_groups_archive_is_switched_on_with_a_text_and_logged(client: Google, world: World) -> None:
    group = f"all-adults@{world.domain}"
    assert client.call("groupssettings", "groups.get", groupUniqueId=group)["isArchived"] == "false"
    changed = client.call("groupssettings", "groups.patch", groupUniqueId=group, body={"isArchived": "true"})
    assert (changed["isArchived"], changed["archiveOnly"]) == ("true", "false")
    world.clock.advance(400)
    (item,) = client.every("reports", "activities.list", "items", userKey="all", applicationName="admin", eventName="CHANGE_GROUP_SETTING")
    parameters = {parameter["name"]: parameter["value"] for parameter in item["events"][0]["parameters"]}
    assert parameters == {"GROUP_EMAIL": group, "SETTING_NAME": "isArchived", "OLD_VALUE": "false", "NEW_VALUE": "true"}
    assert "applicationInfo" in item["actor"]
    assert client.refused("groupssettings", "groups.get", groupUniqueId=f"nothing@{world.domain}")[0] == 404


def test_a_group_without_archive_keeps_nothing_even_under_a_hold(client: Google, door: Door, world: World) -> None:
    """G§1.5: the hold stays, and reads as in force; what is missing can only be seen in the group's setting."""
    board = f"board@{world.domain}"
    door.console("create_matter", name="m")
    door.console("create_hold", matter="m", name="h", corpus="GROUPS", emails=[board])
    world.clock.advance(600)
    door.console("change_group_setting", group=board, setting="isArchived", value="false")
    world.clock.advance(3600)
    client.call("groupssettings", "groups.patch", groupUniqueId=board, body={"isArchived": "true"})
    (group,) = [found for found in door.ask("GET", "state")[1]["google"]["groups"] if found["email"] == board]
    assert group["unkept"] == [{"since": "2026-10-05T14:40:00.000Z", "until": "2026-10-05T15:40:00.000Z"}]
    (matter,) = [found for found in client.call("vault", "matters.list")["matters"] if found["name"] == "m"]
    (hold,) = client.call("vault", "matters.holds.list", matterId=matter["matterId"])["holds"]
    assert "holdTime" in hold["accounts"][0]


def test_voice_licences_are_a_product_of_their_own_and_products_never_bought_are_empty(client: Google, door: Door, world: World) -> None:
    assert client.call("licensing", "licenseAssignments.listForProduct", productId="101033", customerId="my_customer").get("items", []) == []
    door.console("assign_licence", email=address(world, 0), sku="1010330004")
    (item,) = client.call("licensing", "licenseAssignments.listForProduct", productId="101033", customerId="my_customer")["items"]
    assert (item["userId"], item["productName"]) == (address(world, 0), "Google Voice")


def test_policies_are_for_super_administrators_alone(client: Google) -> None:
    status, error = client.refused("cloudidentity", "policies.list")
    assert (status, error["status"]) == (403, "PERMISSION_DENIED")
    assert "policies" not in client.call("cloudidentity", "policies.list", "it.director")


def test_a_page_of_policies_can_be_empty_and_go_on(client: Google, world: World) -> None:
    service = client.service("cloudidentity", "it.director").policies()
    request = service.list(pageSize=4)
    sizes, found = [], []
    while request is not None:
        answer = request.execute(num_retries=0)
        world.clock.advance(1)
        sizes.append(len(answer.get("policies", [])))
        found += answer.get("policies", [])
        request = service.list_next(request, answer)
    assert sizes == [0, 4, 4, 4, 3]
    assert {policy["setting"]["type"] for policy in found} > {"settings/vault.service_status", "settings/chat.chat_history"}
    assert client.call("cloudidentity", "policies.get", "it.director", name=found[0]["name"]) == found[0]


def test_nobody_signs_in_through_another_provider(client: Google, world: World) -> None:
    state_of(world).grants.add("https://www.googleapis.com/auth/cloud-identity.inboundsso.readonly")
    service = client.service("cloudidentity", "it.director", ["cloud-identity.inboundsso.readonly"])
    assert service.inboundSsoAssignments().list().execute() == {}


def test_policies_are_read_once_a_second_at_most(client: Google, world: World) -> None:
    client.call("cloudidentity", "policies.list", "it.director")
    status, error = client.refused("cloudidentity", "policies.list", "it.director")
    assert (status, error["status"]) == (429, "RESOURCE_EXHAUSTED")
    world.clock.advance(1)
    client.call("cloudidentity", "policies.list", "it.director")
    world.switches["google.quota"] = "off"
    client.call("cloudidentity", "policies.list", "it.director")


def test_a_setting_changed_at_the_console_is_a_policy_and_an_event(client: Google, door: Door, world: World) -> None:
    world.switches |= {"google.quota": "off", "google.empty_pages": "off"}

    def told(kind: str) -> list[Any]:
        shown = client.call("cloudidentity", "policies.list", "it.director", filter=f"setting.type == 'settings/{kind}'")
        return [policy["setting"]["value"] for policy in shown.get("policies", [])]

    assert told("chat.third_party_archiving") == []
    door.console("change_setting", setting="chat.third_party_archiving", value={"enabled": True, "archival_frequency": "24h"})
    assert told("chat.third_party_archiving") == [{"enabled": True, "archival_frequency": "24h"}]
    door.console("change_setting", setting="vault.service_status", org_unit="/Students", value={"serviceState": "DISABLED"})
    assert told("vault.service_status") == [{"serviceState": "ENABLED"}, {"serviceState": "DISABLED"}]
    door.console("clear_setting", setting="chat.chat_history")
    assert told("chat.chat_history") == []
    assert "does not set" in door.refused("clear_setting", setting="chat.chat_history")
    world.clock.advance(400)
    events = {
        item["events"][0]["name"] for item in client.every("reports", "activities.list", "items", userKey="all", applicationName="admin")
    }
    assert events == {"CHANGE_CHAT_SETTING", "TOGGLE_SERVICE_ENABLED"}


def test_policies_are_filtered_by_type_and_an_unknown_filter_is_refused(client: Google, world: World) -> None:
    world.switches |= {"google.empty_pages": "off", "google.quota": "off"}
    shown = client.call("cloudidentity", "policies.list", "it.director", filter="setting.type.matches('settings/chat\\..*')")
    assert {policy["setting"]["type"] for policy in shown["policies"]} == {
        "settings/chat.service_status",
        "settings/chat.chat_history",
        "settings/chat.space_history",
    }
    assert client.refused("cloudidentity", "policies.list", "it.director", filter="anything goes")[0] == 400


def test_a_request_to_destroy_mail_early_raises_an_alert(client: Google, door: Door) -> None:
    assert client.call("alertcenter", "alerts.list") == {}
    matter = door.console("create_matter", name="m")["matterId"]
    door.console("request_accelerated_deletion", matter="m")
    (alert,) = client.call("alertcenter", "alerts.list")["alerts"]
    assert alert["data"]["@type"].endswith("VaultAcceleratedDeletion")
    assert alert["data"]["matterId"] == matter
    assert client.call("alertcenter", "alerts.get", alertId=alert["alertId"]) == alert
    door.console("cancel_accelerated_deletion", matter="m", request=alert["data"]["deletionRequestId"])
    actions = [found["data"]["actionType"].rpartition("_")[2] for found in client.call("alertcenter", "alerts.list")["alerts"]]
    assert actions == ["CANCEL", "CREATE"]
    later = client.call("alertcenter", "alerts.list", filter='createTime > "2026-10-05T14:30:00Z" AND type = "Vault accelerated deletion"')
    assert later == {}
    assert len(client.call("alertcenter", "alerts.list", filter='createTime >= "2026-10-05T14:30:00Z"')["alerts"]) == 2
    for bad in ("anything", 'createTime > "yesterday"', 'state = "OPEN"'):
        assert client.refused("alertcenter", "alerts.list", filter=bad)[0] == 400


def test_the_overlay_names_what_is_served_and_whom_to_act_as(server: SandboxServer, world: World) -> None:
    overlay = YAML(typ="safe").load(server.overlay)
    assert overlay["drill"] is True
    tenant = overlay["tenants"]["google"]
    assert set(tenant["endpoints"]) == {
        "token_uri", "vault", "directory", "reports", "licensing", "groupssettings", "cloudidentity", "alertcenter", "drivelabels", "drive",
        "chat", "iam_credentials", "sts",
    }  # fmt: skip
    assert tenant["endpoints"]["token_uri"] == f"{server.base_url}/token"
    assert tenant["credential"] == {"service_account_file": "google-sa.json", "subject": f"records.bot@{world.domain}"}
    assert tenant["visibility_checks"]["google.matter"] == "District visibility check"
    assert tenant["visibility_checks"]["google.drive_label"] == "District visibility check label"
    assert {"google-sa.json", "sandbox.json", "server-key.pem"} <= set(keys_of(server.folder))


def test_what_must_be_seen_was_made_by_an_administrator_and_carries_no_mark(client: Google, world: World) -> None:
    (matter,) = [m for m in client.every("vault", "matters.list", "matters", view="FULL") if m["name"] == "District visibility check"]
    director = client.call("directory", "users.get", userKey=f"it.director@{world.domain}")["id"]
    assert matter["matterPermissions"] == [{"accountId": director, "role": "OWNER"}]
    (hold,) = client.call("vault", "matters.holds.list", matterId=matter["matterId"])["holds"]
    assert (hold["name"], "holdTime" in hold["accounts"][0]) == ("District visibility check hold", True)
    assert client.call("groupssettings", "groups.get", groupUniqueId=f"board@{world.domain}")["isArchived"] == "true"
    assert "[rw:" not in matter["description"] + hold["name"]


def test_two_worlds_of_one_seed_are_alike(tmp_path: Path) -> None:
    def dump() -> object:
        (tmp_path / "clock").write_text("2026-10-05T14:30:00Z", encoding="utf-8")
        world = make_world("tiny", seed=5, clock_file=tmp_path / "clock")
        google.install(world, tmp_path)
        return google.dump(world)

    assert dump() == dump()
