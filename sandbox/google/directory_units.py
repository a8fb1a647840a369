"""Directory API: organisational units, roles, the customer and its domains (G§4.1, G§4.4)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.directory import check_customer
from sandbox.google.privileges import need
from sandbox.google.state import OrgUnit, Role


def operations() -> Mapping[str, Operation]:
    """Units, roles, customer and domains by method id."""
    return {
        "directory.orgunits.list": _units,
        "directory.orgunits.get": _unit,
        "directory.roles.list": _roles,
        "directory.roles.get": _role,
        "directory.roleAssignments.list": _assignments,
        "directory.customers.get": _customer,
        "directory.domains.list": _domains,
    }


def _units(call: Call) -> Item:
    """No paging (G§4.1); ``children`` unless ``type`` says otherwise, and the root only with ``allIncludingParent``."""
    need(call)
    check_customer(call, "customerId")
    base = call.state.unit(call.query.get("orgUnitPath") or "/")
    if base is None:
        raise errors.not_found("Org unit not found")
    # The enum is taken in its other spelling too: clients send `all_including_parent`.
    kind = (call.query.get("type") or "children").lower().replace("_", "")
    under = base.path.rstrip("/") + "/"
    found = [
        unit
        for unit in call.state.org_units.values()
        if (unit is base and kind == "allincludingparent")
        or (unit is not base and unit.path.startswith(under) and (kind != "children" or unit.parent == base.path))
    ]
    shown = [_unit_json(call, unit) for unit in sorted(found, key=lambda unit: unit.path)]
    return listing("organizationUnits", shown, "", kind="admin#directory#orgUnits", etag='"units"')


def _unit(call: Call) -> Item:
    need(call)
    check_customer(call, "customerId")
    unit = call.state.unit(call.path["orgUnitPath"])
    if unit is None:
        raise errors.not_found("Org unit not found")
    return _unit_json(call, unit)


def _unit_json(call: Call, unit: OrgUnit) -> Item:
    bare = call.world.switches.get("google.directory.unit_ids") == "bare"  # as the Policy API writes them (G§2.1)
    shown: Item = {
        "kind": "admin#directory#orgUnit",
        "etag": f'"{unit.id}"',
        "name": unit.name or call.state.domain,
        "description": unit.description,
        "orgUnitId": unit.id.removeprefix("id:") if bare else unit.id,
        "orgUnitPath": unit.path,
    }
    above = call.state.unit(unit.parent)
    if unit.path != "/" and above is not None:
        shown |= {"parentOrgUnitId": above.id.removeprefix("id:") if bare else above.id, "parentOrgUnitPath": above.path}
    return shown


def _roles(call: Call) -> Item:
    need(call)
    check_customer(call, "customer")
    page, token = call.page([_role_json(role) for role in call.state.roles.values()], "maxResults", 100, 100)
    return listing("items", page, token, kind="admin#directory#roles", etag='"roles"')


def _role(call: Call) -> Item:
    need(call)
    check_customer(call, "customer")
    role = call.state.roles.get(call.path["roleId"])
    if role is None:
        raise errors.not_found("Role not found")
    return _role_json(role)


def _role_json(role: Role) -> Item:
    privileges = [{"serviceId": service, "privilegeName": name} for service, name in sorted(role.privileges)]
    return {
        "kind": "admin#directory#role",
        "etag": f'"{role.id}"',
        "roleId": role.id,
        "roleName": role.name,
        "roleDescription": role.description,
        "rolePrivileges": privileges,
        "isSystemRole": role.system,
        "isSuperAdminRole": role.super_admin,
    }


def _assignments(call: Call) -> Item:
    need(call)
    check_customer(call, "customer")
    user = call.state.user(call.query["userKey"]) if "userKey" in call.query else None
    if "userKey" in call.query and user is None:
        raise errors.not_found("Resource Not Found: userKey")
    shown: list[Item] = [
        {
            "kind": "admin#directory#roleAssignment",
            "etag": f'"{ident}"',
            "roleAssignmentId": ident,
            "roleId": role,
            "assignedTo": account,
            "scopeType": "CUSTOMER",
        }
        | _assignee_type(call, account)
        for ident, role, account in call.state.assignments
        if (user is None or account == user.id) and call.query.get("roleId", role) == role
    ]
    page, token = call.page(shown, "maxResults", 200, 200)
    return listing("items", page, token, kind="admin#directory#roleAssignments", etag='"assignments"')


def _assignee_type(call: Call, account: str) -> Item:
    """``user`` or ``group`` (discovery document); a service account as a user [chosen]. ``google.directory.assignee_types=untold`` leaves it out."""
    if call.world.switches.get("google.directory.assignee_types") == "untold":
        return {}
    return {"assigneeType": "group" if account in call.state.groups else "user"}


def _customer(call: Call) -> Item:
    need(call)
    check_customer(call, "customerKey")
    return {
        "kind": "admin#directory#customer",
        "id": call.state.customer_id,
        "etag": '"customer"',
        "customerDomain": call.state.domain,
        "alternateEmail": f"it.director@{call.state.domain}",
        "language": "en",
    }


def _domains(call: Call) -> Item:
    need(call)
    check_customer(call, "customer")
    only = {"kind": "admin#directory#domain", "etag": '"domain"', "domainName": call.state.domain, "isPrimary": True, "verified": True}
    return listing("domains", [only], "", kind="admin#directory#domains", etag='"domains"')
