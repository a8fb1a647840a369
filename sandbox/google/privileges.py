"""Which privilege of an admin role each method of the smaller APIs asks for, and how each API words its refusal.

Vault, Drive labels, Chat and the Policy API check their own (``vault``, ``drivelabels``, ``chat``, ``cloudidentity``).
Sources and how sure each row is: ``docs/wire/google-privileges.md``.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call
from sandbox.google.errors import ApiError

ANY_ROLE = ""
"""No privilege of that name could be found: some admin role is asked for."""

NEEDED: Mapping[str, str] = {
    "directory.users.list": "USERS_RETRIEVE",
    "directory.users.get": "USERS_RETRIEVE",
    "directory.groups.list": "GROUPS_RETRIEVE",
    "directory.groups.get": "GROUPS_RETRIEVE",
    "directory.members.list": "GROUPS_RETRIEVE",
    "directory.members.get": "GROUPS_RETRIEVE",
    "directory.members.hasMember": "GROUPS_RETRIEVE",
    "directory.orgunits.list": "ORGANIZATION_UNITS_RETRIEVE",
    "directory.orgunits.get": "ORGANIZATION_UNITS_RETRIEVE",
    "directory.roles.list": ANY_ROLE,
    "directory.roles.get": ANY_ROLE,
    "directory.roleAssignments.list": ANY_ROLE,
    "directory.customers.get": "ADMIN_DOMAIN_SETTINGS",
    "directory.domains.list": "DOMAIN_MANAGEMENT",
    "reports.activities.list": "REPORTS",
    "licensing.licenseAssignments.listForProduct": "LICENSING_READ",
    "licensing.licenseAssignments.listForProductAndSku": "LICENSING_READ",
    "licensing.licenseAssignments.get": "LICENSING_READ",
    "groupsSettings.groups.get": "GROUPS_RETRIEVE",
    "groupsSettings.groups.patch": "GROUPS_UPDATE",
    "groupsSettings.groups.update": "GROUPS_UPDATE",
    "alertcenter.alerts.list": "APPS_INCIDENTS_READONLY",
    "alertcenter.alerts.get": "APPS_INCIDENTS_READONLY",
}
"""The privilege by method id."""

PARENTS: Mapping[str, str] = {
    "USERS_RETRIEVE": "USERS_ALL",
    "GROUPS_RETRIEVE": "GROUPS_ALL",
    "GROUPS_UPDATE": "GROUPS_ALL",
    "ORGANIZATION_UNITS_RETRIEVE": "ORGANIZATION_UNITS_ALL",
    "LICENSING_READ": "LICENSING",
    "APPS_INCIDENTS_READONLY": "APPS_INCIDENTS_FULL_ACCESS",
}
"""Which privilege brings another one with it."""


def need(call: Call) -> None:
    """Refuse, in this API's words, unless whoever acts has a role with the privilege that the method asks for.

    Raises ``KeyError`` for a method whose privilege nobody wrote down.
    """
    wanted = NEEDED[call.method.id]
    enough = {wanted, PARENTS.get(wanted, wanted)}
    held = call.is_admin if wanted == ANY_ROLE else any(call.may("admin", privilege) for privilege in enough)
    if not held:
        raise _refusal(call.method.id.partition(".")[0])


def _refusal(api: str) -> ApiError:
    if api == "reports":
        # Not 403: the log answers as if the token were no good, although a new one would not help.
        return ApiError(401, "UNAUTHENTICATED", "authError", "Access denied. You are not authorized to read activity records.")
    if api == "alertcenter":
        return errors.forbidden()
    return errors.forbidden("Not Authorized to access this resource/api")
