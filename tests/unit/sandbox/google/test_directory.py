from __future__ import annotations

import pytest

from sandbox.world import World
from tests.unit.sandbox.clients import Door, Google, address

ME = {"customer": "my_customer"}


def test_everybody_is_listed_in_pages_with_both_service_accounts(client: Google, world: World) -> None:
    first = client.call("directory", "users.list", **ME, maxResults=10)
    assert (len(first["users"]), first["kind"]) == (10, "admin#directory#users")
    listed = client.every("directory", "users.list", "users", **ME, maxResults=10)
    expected = {address(world, person.number) for person in world.people} | {f"it.director@{world.domain}", f"records.bot@{world.domain}"}
    assert {user["primaryEmail"] for user in listed} == expected
    assert len(listed) == len(expected)


def test_an_employee_has_a_number_an_alias_and_a_unit(client: Google, world: World) -> None:
    user = client.call("directory", "users.get", userKey=address(world, 1))
    person = world.people[1]
    assert user["externalIds"] == [{"value": person.employee_id, "type": "organization"}]
    assert user["orgUnitPath"] == "/Staff"
    assert client.call("directory", "users.get", userKey=user["aliases"][0])["id"] == user["id"]
    assert client.call("directory", "users.get", userKey=user["id"], projection="full")["primaryEmail"] == address(world, 1)


@pytest.mark.parametrize(
    ("query", "count"), [("orgUnitPath=/Board", 3), ("orgUnitPath='/Students'", 9), ("orgUnitPath=/", 26), ("isSuspended=true", 0), ("isAdmin=true", 1)]
)
def test_queries_reach_into_units_below(client: Google, query: str, count: int) -> None:
    assert len(client.every("directory", "users.list", "users", **ME, query=query)) == count


@pytest.mark.parametrize("query", ["orgUnitPth=/Board", "nonsense", "orgUnitPath=/Board and more"])
def test_a_query_that_is_not_understood_is_refused_and_not_ignored(client: Google, query: str) -> None:
    status, error = client.refused("directory", "users.list", **ME, query=query)
    assert (status, error["errors"][0]["reason"]) == (400, "invalid")


def test_the_deleted_are_listed_apart_for_twenty_days(client: Google, door: Door, world: World) -> None:
    gone = door.console("delete_user", email=address(world, 0))
    assert client.every("directory", "users.list", "users", **ME, query=f"email={address(world, 0)}") == []
    deleted = client.every("directory", "users.list", "users", **ME, showDeleted="true")
    assert [(user["id"], user["deletionTime"]) for user in deleted] == [(gone["id"], "2026-10-05T14:30:00.000Z")]
    assert client.refused("directory", "users.get", userKey=address(world, 0))[1]["errors"][0]["reason"] == "notFound"
    door.console("undelete_user", id=gone["id"])
    assert client.call("directory", "users.get", userKey=address(world, 0))["id"] == gone["id"]
    door.console("delete_user", email=address(world, 0))
    world.clock.advance(20 * 86_400)
    assert client.every("directory", "users.list", "users", **ME, showDeleted="true") == []


def test_somebody_on_hold_cannot_be_deleted_by_name_or_by_unit(client: Google, door: Door, world: World) -> None:
    door.console("create_matter", name="m")
    door.console("create_hold", matter="m", name="by name", emails=[address(world, 1)])
    assert "by name" in door.refused("delete_user", email=address(world, 1))
    door.console("delete_hold", matter="m", hold="by name")
    door.console("create_hold", matter="m", name="by unit", org_unit="/Staff")
    assert "by unit" in door.refused("delete_user", email=address(world, 1))
    door.console("move_user", email=address(world, 1), org_unit="/Board")
    door.console("delete_user", email=address(world, 1))


def test_what_an_administrator_does_to_an_account_shows_with_its_time(client: Google, door: Door, world: World) -> None:
    door.console("suspend_user", email=address(world, 0))
    suspended = client.call("directory", "users.get", userKey=address(world, 0))
    assert (suspended["suspended"], suspended["suspensionTime"]) == (True, "2026-10-05T14:30:00.000Z")
    door.console("archive_user", email=address(world, 1))
    assert client.call("directory", "users.get", userKey=address(world, 1))["archivalTime"] == "2026-10-05T14:30:00.000Z"
    new = f"married.name@{world.domain}"
    ident = client.call("directory", "users.get", userKey=address(world, 2))["id"]
    door.console("rename_user", email=address(world, 2), new_email=new)
    renamed = client.call("directory", "users.get", userKey=address(world, 2))
    assert (renamed["id"], renamed["primaryEmail"], address(world, 2) in renamed["aliases"]) == (ident, new, True)


def test_groups_and_their_members_nested_ones_on_request(client: Google, world: World) -> None:
    emails = {group["email"].partition("@")[0] for group in client.every("directory", "groups.list", "groups", **ME)}
    assert {"staff", "board", "all-adults", "staff-mill-river-middle"} <= emails
    staff = client.every("directory", "members.list", "members", groupKey=f"staff@{world.domain}", maxResults=5)
    assert (len(staff), {member["type"] for member in staff}) == (12, {"USER"})
    direct = client.every("directory", "members.list", "members", groupKey=f"all-adults@{world.domain}")
    assert {member["type"] for member in direct} == {"GROUP"}
    derived = client.every("directory", "members.list", "members", groupKey=f"all-adults@{world.domain}", includeDerivedMembership=True)
    assert len([member for member in derived if member["type"] == "USER"]) == 15
    has = client.call("directory", "members.hasMember", groupKey=f"all-adults@{world.domain}", memberKey=address(world, 1))
    assert has == {"isMember": True}
    assert client.refused("directory", "members.list", groupKey=f"nothing@{world.domain}")[0] == 404


def test_members_come_and_go_at_the_console(client: Google, door: Door, world: World) -> None:
    board = {"groupKey": f"board@{world.domain}"}
    before = len(client.every("directory", "members.list", "members", **board))
    door.console("add_group_member", group=board["groupKey"], email=address(world, 0))
    assert len(client.every("directory", "members.list", "members", **board)) == before + 1
    door.console("remove_group_member", group=board["groupKey"], email=address(world, 0))
    assert len(client.every("directory", "members.list", "members", **board)) == before
    assert "not a member" in door.refused("remove_group_member", group=board["groupKey"], email=address(world, 0))


def test_units_are_listed_without_pages_and_the_root_only_on_request(client: Google, world: World) -> None:
    def paths(**more: str) -> list[str]:
        answer = client.call("directory", "orgunits.list", customerId="my_customer", **more)
        return [unit["orgUnitPath"] for unit in answer["organizationUnits"]]

    assert paths() == ["/Board", "/Staff", "/Students"]
    assert paths(type="all") == ["/Board", "/Staff", "/Staff/Administration", "/Students", *sorted(f"/Students/{s}" for s in world.schools)]
    assert paths(type="allIncludingParent", orgUnitPath="/Staff") == ["/Staff", "/Staff/Administration"]
    one = client.call("directory", "orgunits.get", customerId="my_customer", orgUnitPath=f"Students/{world.schools[0]}")
    assert (one["name"], one["parentOrgUnitPath"]) == (world.schools[0], "/Students")


def test_the_bot_has_its_own_role_and_is_no_super_administrator(client: Google, world: World) -> None:
    roles = {role["roleId"]: role for role in client.every("directory", "roles.list", "items", **ME)}
    held = client.every("directory", "roleAssignments.list", "items", **ME, userKey=f"records.bot@{world.domain}")
    (role,) = [roles[assignment["roleId"]] for assignment in held]
    assert (role["roleName"], role["isSuperAdminRole"]) == ("Records retention service", False)
    vault = {privilege["privilegeName"] for privilege in role["rolePrivileges"] if privilege["serviceId"] == "vault"}
    assert vault == {"ADMIN_MATTER", "REMOVE_HOLD", "ACCESS_ALL_MATTERS"}


def test_the_customer_and_its_domain(client: Google, world: World) -> None:
    customer = client.call("directory", "customers.get", customerKey="my_customer")
    assert customer["customerDomain"] == world.domain
    domains = client.call("directory", "domains.list", customer=customer["id"])["domains"]
    assert [(domain["domainName"], domain["isPrimary"], domain["verified"]) for domain in domains] == [(world.domain, True, True)]
    assert client.refused("directory", "users.list", customer="C0other")[0] == 404


def test_an_ordinary_account_may_read_nothing(client: Google, world: World) -> None:
    plain = world.people[5].local_part
    status, error = client.refused("directory", "users.list", plain, **ME)
    assert (status, error["errors"][0]["reason"], error["message"]) == (403, "forbidden", "Not Authorized to access this resource/api")
    assert client.refused("reports", "activities.list", plain, userKey="all", applicationName="vault")[0] == 401  # not 403: the log's own words
