"""Every method of the smaller APIs asks for its own privilege and refuses in its own words; one privilege more or less changes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.google import alertcenter, directory, directory_groups, directory_units, groupssettings, licensing, reports
from sandbox.google.privileges import ANY_ROLE, NEEDED, PARENTS
from sandbox.world import World
from tests.unit.sandbox.clients import Door, Google

ROLE = "Records retention service"
APIS = (directory, directory_groups, directory_units, reports, licensing, groupssettings, alertcenter)
SURFACES = {"groupsSettings": "groupssettings"}
DENIED = "Not Authorized to access this resource/api"


def asked(world: World, ident: str) -> Mapping[str, Any]:
    """What each method is called with."""
    group, user = f"staff@{world.domain}", f"it.director@{world.domain}"
    table: Mapping[str, Mapping[str, Any]] = {
        "directory.users.list": {"customer": "my_customer"},
        "directory.users.get": {"userKey": user},
        "directory.groups.list": {"customer": "my_customer"},
        "directory.groups.get": {"groupKey": group},
        "directory.members.list": {"groupKey": group},
        "directory.members.get": {"groupKey": group, "memberKey": f"{world.people[0].local_part}@{world.domain}"},
        "directory.members.hasMember": {"groupKey": group, "memberKey": user},
        "directory.orgunits.list": {"customerId": "my_customer"},
        "directory.orgunits.get": {"customerId": "my_customer", "orgUnitPath": "Staff"},
        "directory.customers.get": {"customerKey": "my_customer"},
        "directory.domains.list": {"customer": "my_customer"},
        "reports.activities.list": {"userKey": "all", "applicationName": "vault"},
        "licensing.licenseAssignments.listForProduct": {"productId": "101031", "customerId": "my_customer"},
        "licensing.licenseAssignments.listForProductAndSku": {"productId": "101031", "skuId": "1010310006", "customerId": "my_customer"},
        "licensing.licenseAssignments.get": {"productId": "101031", "skuId": "1010310006", "userId": user},
        "groupsSettings.groups.get": {"groupUniqueId": group},
        "groupsSettings.groups.patch": {"groupUniqueId": group, "body": {"isArchived": "true"}},
        "groupsSettings.groups.update": {"groupUniqueId": group, "body": {"isArchived": "true"}},
        "alertcenter.alerts.list": {},
        "alertcenter.alerts.get": {"alertId": "none"},
    }
    return table[ident]


def test_no_method_is_without_its_privilege() -> None:
    assert {ident for api in APIS for ident in api.operations()} == set(NEEDED)


@pytest.mark.parametrize("ident", sorted(ident for ident, privilege in NEEDED.items() if privilege != ANY_ROLE))
def test_each_method_needs_its_own_privilege_or_the_one_above(client: Google, door: Door, world: World, ident: str) -> None:
    api, _, method = ident.partition(".")
    surface, privilege, given = SURFACES.get(api, api), NEEDED[ident], asked(world, ident)
    absent = ident == "alertcenter.alerts.get"

    def answered() -> None:
        if absent:
            assert client.refused(surface, method, **given)[0] == 404
        else:
            client.call(surface, method, **given)

    answered()
    door.console("remove_privilege", role=ROLE, service="admin", privilege=privilege)
    status, error = client.refused(surface, method, **given)
    if api == "reports":
        assert (status, error["errors"][0]["reason"]) == (401, "authError")
        assert error["message"] == "Access denied. You are not authorized to read activity records."
    elif api == "alertcenter":
        assert (status, error["status"], "errors" in error) == (403, "PERMISSION_DENIED", False)
    else:
        assert (status, error["errors"][0]["reason"], error["message"]) == (403, "forbidden", DENIED)
    if privilege in PARENTS:
        door.console("add_privilege", role=ROLE, service="admin", privilege=PARENTS[privilege])
        answered()


def test_a_group_that_may_be_read_and_not_changed_stays_as_it_is(client: Google, door: Door, world: World) -> None:
    group = f"staff@{world.domain}"
    before = client.call("groupssettings", "groups.get", groupUniqueId=group)
    door.console("remove_privilege", role=ROLE, service="admin", privilege="GROUPS_UPDATE")
    flipped = "false" if before["isArchived"] == "true" else "true"
    assert client.refused("groupssettings", "groups.patch", groupUniqueId=group, body={"isArchived": flipped})[0] == 403
    assert client.call("groupssettings", "groups.get", groupUniqueId=group) == before
