from __future__ import annotations

from typing import Any

import httplib2
import pytest

from sandbox.world import Fault, World
from tests.unit.sandbox.clients import Door, Google, address


def create(client: Google, name: str = "Ashgrove v. district", **more: Any) -> Any:
    return client.call("vault", "matters.create", body={"name": name, "description": "told on 5 October", **more})


def user_id(client: Google, who: str) -> str:
    return str(client.call("directory", "users.get", userKey=who)["id"])


def test_a_new_matter_is_open_and_owned_by_the_impersonated_account_which_only_the_full_view_tells(client: Google, world: World) -> None:
    made = create(client, state="CLOSED", matterRegion="US")
    assert {name: made[name] for name in ("name", "description", "state", "matterRegion")} == {
        "name": "Ashgrove v. district",
        "description": "told on 5 October",
        "state": "OPEN",
        "matterRegion": "US",
    }
    assert "matterPermissions" not in client.call("vault", "matters.get", matterId=made["matterId"])
    full = client.call("vault", "matters.get", matterId=made["matterId"], view="FULL")
    assert full["matterPermissions"] == [{"accountId": user_id(client, f"records.bot@{world.domain}"), "role": "OWNER"}]


def test_names_are_not_keys(client: Google) -> None:
    first, second = create(client), create(client)
    assert first["matterId"] != second["matterId"]


def test_a_create_whose_answer_was_lost_was_made_and_the_library_makes_it_again(
    client: Google, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # httplib2 takes a connection that closes without an answer for a stale one and sends again, whatever RETRIES and num_retries say.
    monkeypatch.setattr(httplib2, "RETRIES", 1)
    world.faults.append(Fault(surface="vault", operation="vault.matters.create", kind="reset", when="after"))
    create(client)
    assert [exchange.status for exchange in world.exchanges if exchange.operation == "vault.matters.create"] == [0, 200]
    names = [matter["name"] for matter in client.every("vault", "matters.list", "matters")]
    assert names.count("Ashgrove v. district") == 2


def test_an_update_loses_a_description_that_is_not_sent_and_refuses_to_lose_the_name(client: Google) -> None:
    made = create(client)
    ident = made["matterId"]
    status, error = client.refused("vault", "matters.update", matterId=ident, body={"description": "new"})
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert client.call("vault", "matters.get", matterId=ident)["description"] == "told on 5 October"
    changed = client.call("vault", "matters.update", matterId=ident, body={"name": "Ashgrove", "state": "CLOSED"})
    assert (changed["name"], changed["state"], "description" in changed) == ("Ashgrove", "OPEN", False)


def test_the_way_of_a_matter_from_open_to_trash_and_back_and_who_wraps_it(client: Google) -> None:
    ident = create(client)["matterId"]
    assert client.refused("vault", "matters.delete", matterId=ident)[1]["status"] == "FAILED_PRECONDITION"
    assert client.refused("vault", "matters.reopen", matterId=ident)[1]["status"] == "FAILED_PRECONDITION"
    assert client.call("vault", "matters.close", matterId=ident, body={})["matter"]["state"] == "CLOSED"
    assert client.refused("vault", "matters.close", matterId=ident, body={})[1]["status"] == "FAILED_PRECONDITION"
    assert client.call("vault", "matters.delete", matterId=ident)["state"] == "DELETED"
    assert client.call("vault", "matters.undelete", matterId=ident, body={})["state"] == "CLOSED"
    assert client.call("vault", "matters.reopen", matterId=ident, body={})["matter"]["state"] == "OPEN"


def test_a_deleted_matter_is_gone_for_ever_after_thirty_days(client: Google, world: World) -> None:
    ident = create(client)["matterId"]
    client.call("vault", "matters.close", matterId=ident, body={})
    client.call("vault", "matters.delete", matterId=ident)
    world.clock.advance(29 * 86_400)
    assert [matter["matterId"] for matter in client.every("vault", "matters.list", "matters", state="DELETED")] == [ident]
    world.clock.advance(86_400)
    assert client.refused("vault", "matters.undelete", matterId=ident, body={})[0] == 404


@pytest.mark.parametrize(("switch", "status", "held_afterwards"), [("refuse", 400, 1), ("keep", 200, 1), ("release", 200, 0)])
def test_what_becomes_of_live_holds_at_closing_is_a_switch_because_google_does_not_say(
    client: Google, world: World, switch: str, status: int, held_afterwards: int
) -> None:
    ident = create(client)["matterId"]
    body = {"name": "h", "corpus": "MAIL", "accounts": [{"email": address(world, 0)}]}
    client.call("vault", "matters.holds.create", matterId=ident, body=body)
    world.switches["google.close_with_holds"] = switch
    if status == 400:
        assert client.refused("vault", "matters.close", matterId=ident, body={})[1]["status"] == "FAILED_PRECONDITION"
    else:
        client.call("vault", "matters.close", matterId=ident, body={})
        # The holds of a closed matter cannot be seen, so nobody can tell from outside (G§1.6).
        assert client.refused("vault", "matters.holds.list", matterId=ident)[1]["status"] == "FAILED_PRECONDITION"
        client.call("vault", "matters.reopen", matterId=ident, body={})
    assert len(client.call("vault", "matters.holds.list", matterId=ident).get("holds", [])) == held_afterwards


def test_lists_come_in_pages_and_by_state(client: Google) -> None:
    made = [create(client, f"matter {number}")["matterId"] for number in range(5)]
    client.call("vault", "matters.close", matterId=made[0], body={})
    first = client.call("vault", "matters.list", pageSize=2)
    assert (len(first["matters"]), bool(first["nextPageToken"])) == (2, True)
    listed = client.every("vault", "matters.list", "matters", pageSize=2)
    assert {matter["matterId"] for matter in listed} > set(made)
    assert len(listed) == 6
    assert len(client.every("vault", "matters.list", "matters", state="OPEN")) == 5
    assert [m["matterId"] for m in client.every("vault", "matters.list", "matters", state="CLOSED")] == [made[0]]
    assert client.refused("vault", "matters.list", pageToken="bogus")[1]["status"] == "INVALID_ARGUMENT"


def test_without_view_all_matters_only_own_and_shared_ones_are_seen_and_others_look_gone(client: Google, door: Door, world: World) -> None:
    others = door.console("create_matter", name="The director's own")["matterId"]
    own = create(client)["matterId"]
    assert len(client.every("vault", "matters.list", "matters")) == 3
    door.console("remove_privilege", role="Records retention service", privilege="ACCESS_ALL_MATTERS")
    assert [matter["matterId"] for matter in client.every("vault", "matters.list", "matters")] == [own]
    status, error = client.refused("vault", "matters.get", matterId=others)
    assert (status, error["status"]) == (404, "NOT_FOUND")
    assert client.refused("vault", "matters.holds.list", matterId=others)[0] == 404
    bot = user_id(client, f"records.bot@{world.domain}")
    client.call("vault", "matters.addPermissions", "it.director", matterId=others, body={"matterPermission": {"accountId": bot, "role": "COLLABORATOR"}})
    assert {matter["matterId"] for matter in client.every("vault", "matters.list", "matters")} == {own, others}
    client.call("vault", "matters.removePermissions", "it.director", matterId=others, body={"accountId": bot})
    assert client.refused("vault", "matters.get", matterId=others)[0] == 404


def test_ownership_cannot_be_granted_or_taken(client: Google, world: World) -> None:
    ident = create(client)["matterId"]
    bot, other = user_id(client, f"records.bot@{world.domain}"), user_id(client, address(world, 0))
    grant = {"matterPermission": {"accountId": other, "role": "OWNER"}}
    assert client.refused("vault", "matters.addPermissions", matterId=ident, body=grant)[1]["status"] == "INVALID_ARGUMENT"
    assert client.refused("vault", "matters.removePermissions", matterId=ident, body={"accountId": bot})[1]["status"] == "INVALID_ARGUMENT"
    assert client.refused("vault", "matters.removePermissions", matterId=ident, body={"accountId": other})[1]["status"] == "NOT_FOUND"


@pytest.mark.parametrize(("privilege", "method"), [("ADMIN_MATTER", "matters.create"), ("REMOVE_HOLD", "matters.holds.create")])
def test_each_kind_of_writing_needs_its_privilege(client: Google, door: Door, privilege: str, method: str) -> None:
    ident = create(client)["matterId"]
    door.console("remove_privilege", role="Records retention service", privilege=privilege)
    values: dict[str, Any] = {"body": {"name": "x", "corpus": "MAIL"}} | ({"matterId": ident} if "holds" in method else {})
    if method == "matters.create":
        values["body"].pop("corpus")
    status, error = client.refused("vault", method, **values)
    assert (status, error["status"]) == (403, "PERMISSION_DENIED")


def test_an_unknown_field_is_refused_by_its_name(client: Google) -> None:
    status, error = client.refused("vault", "matters.create", body={"nam": "x"})
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert "nam" in error["message"]


def test_methods_that_exist_and_are_not_served_say_so(client: Google) -> None:
    ident = create(client)["matterId"]
    status, error = client.refused("vault", "matters.savedQueries.list", matterId=ident)
    assert (status, error["status"]) == (501, "UNIMPLEMENTED")
    assert client.refused("drive", "files.list")[1]["errors"][0]["reason"] == "notImplemented"


def test_no_path_of_any_api_leads_to_retention_rules(door: Door, world: World) -> None:
    world.switches["validate"] = "off"  # the judge says the same of each of these requests
    for path in ("/vault/v1/retentionRules", "/vault/v1/matters/x/retentionPolicies", "/vault/v1/rules"):
        status, body, headers = door.send("GET", path)
        assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8"), body


def test_reading_matters_is_dear_and_over_budget_is_429_without_retry_after(client: Google, world: World) -> None:
    for _ in range(12):
        client.call("vault", "matters.list")
    status, error = client.refused("vault", "matters.list")
    assert (status, error["status"], error["details"][0]["reason"]) == (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")
    assert "Matter, export and saved query reads" in error["message"], "ten reads each, and a project has 120 a minute"
    world.clock.advance(61)
    client.call("vault", "matters.list")
    world.switches["google.quota"] = "off"
    for _ in range(13):
        client.call("vault", "matters.list")


def test_a_mask_keeps_what_it_names(client: Google) -> None:
    made = create(client)
    shown = client.call("vault", "matters.list", fields="matters(matterId,state)")
    assert {"matterId": made["matterId"], "state": "OPEN"} in shown["matters"]
    assert all(set(matter) == {"matterId", "state"} for matter in shown["matters"])
    assert client.call("vault", "matters.list", fields="nextPageToken,matters/name")["matters"][0] == {"name": "Ashgrove v. district"}
    assert client.refused("vault", "matters.list", fields="matters(name")[0] == 400
