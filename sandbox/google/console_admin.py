"""What an administrator does in the Admin console: people, groups, licences, roles, grants (G§4.2), and what the admin log says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.google.api import Item
from sandbox.google.audit import log_admin, person
from sandbox.google.console_vault import administrator
from sandbox.google.groupssettings import change
from sandbox.google.state import GoogleState, Group, Member, OrgUnit, Role, User, state_of
from sandbox.tenant import ConsoleAct, ConsoleError
from sandbox.world import World

Given = Mapping[str, object]


def acts(world: World) -> Mapping[str, ConsoleAct]:
    """Acts by name; people by ``email``, groups by ``group``, the acting administrator by ``by``."""
    console = _Admin(world=world, state=state_of(world))
    return {
        "suspend_user": console.suspend_user,
        "unsuspend_user": console.unsuspend_user,
        "archive_user": console.archive_user,
        "delete_user": console.delete_user,
        "undelete_user": console.undelete_user,
        "move_user": console.move_user,
        "rename_unit": console.rename_unit,
        "move_unit": console.move_unit,
        "remove_unit": console.remove_unit,
        "rename_user": console.rename_user,
        "remove_licence": console.remove_licence,
        "assign_licence": console.assign_licence,
        "add_group_member": console.add_group_member,
        "remove_group_member": console.remove_group_member,
        "delete_group": console.delete_group,
        "change_group_setting": console.change_group_setting,
        "assign_role": console.assign_role,
        "unassign_role": console.unassign_role,
        "add_privilege": console.add_privilege,
        "remove_privilege": console.remove_privilege,
        "grant_scope": console.grant_scope,
        "revoke_scope": console.revoke_scope,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Admin:
    world: World
    state: GoogleState

    def suspend_user(self, given: Given) -> Item:
        """Suspend: data stays, holds keep working."""
        user = self._user(given)
        user.suspended_at = self.world.clock.now()
        return self._about_user(given, "SUSPEND_USER", user)

    def unsuspend_user(self, given: Given) -> Item:
        """Let a suspended account in again."""
        user = self._user(given)
        user.suspended_at = None
        return self._about_user(given, "UNSUSPEND_USER", user)

    def archive_user(self, given: Given) -> Item:
        """Archive: the archived-user licence takes the place of the others."""
        user = self._user(given)
        user.archived_at = self.world.clock.now()
        user.skus = {"1010340007"}
        return self._about_user(given, "ARCHIVE_USER", user)

    def delete_user(self, given: Given) -> Item:
        """Delete; blocked while a hold names the account or its unit, unless ``override_hold`` (as when the hold was released and lost)."""
        user = self._user(given)
        blocking = [hold.name for _, hold in self.state.holds_on(user)]
        if blocking and not given.get("override_hold"):
            raise ConsoleError(f"{user.email} is on hold ({', '.join(blocking)}) and cannot be deleted")
        user.deleted_at = self.world.clock.now()
        for address in (user.email, *user.aliases):
            self.state.addresses.pop(address, None)
        for group in self.state.groups.values():
            group.members.pop(user.id, None)
        return self._about_user(given, "DELETE_USER", user)

    def undelete_user(self, given: Given) -> Item:
        """Bring back an account within twenty days; ``id`` because its address may be taken."""
        user = self.state.users.get(str(given["id"]))
        if user is None or user.deleted_at is None:
            raise ConsoleError("there is no such deleted account")
        user.deleted_at = None
        for address in (user.email, *user.aliases):
            self.state.addresses.setdefault(address, user.id)
        return self._about_user(given, "UNDELETE_USER", user)

    def move_user(self, given: Given) -> Item:
        """Move to another unit (``org_unit``, a path); holds on units follow at once."""
        user, unit = self._user(given), self.state.unit(str(given["org_unit"]))
        if unit is None:
            raise ConsoleError(f"there is no unit {given['org_unit']}")
        old, user.org_unit = user.org_unit, unit.path
        return self._about_user(given, "MOVE_USER_TO_ORG_UNIT", user, ORG_UNIT_NAME=old, NEW_VALUE=unit.path)

    def rename_unit(self, given: Given) -> Item:
        """Give the unit at ``org_unit`` another name (``new_name``); its id, its people and the holds on it stay."""
        unit = self._unit(given)
        above = "" if unit.parent == "/" else unit.parent
        return self._relocated(given, unit, f"{above}/{given['new_name']}", "EDIT_ORG_UNIT_NAME")

    def move_unit(self, given: Given) -> Item:
        """Put the unit at ``org_unit`` under another (``parent``, a path), with everything in it."""
        unit, parent = self._unit(given), self.state.unit(str(given["parent"]))
        if parent is None or (parent.path + "/").startswith(unit.path + "/"):
            raise ConsoleError(f"{unit.path} cannot be put under {given['parent']}")
        return self._relocated(given, unit, f"{parent.path.rstrip('/')}/{unit.name}", "MOVE_ORG_UNIT")

    def remove_unit(self, given: Given) -> Item:
        """Delete the unit at ``org_unit``, in which no account and no unit may be any more; what holds it had hold nobody."""
        unit = self._unit(given)
        if any(one.parent == unit.path and one is not unit for one in self.state.org_units.values()):
            raise ConsoleError(f"{unit.path} has units below it")
        if any(user.org_unit == unit.path and user.deleted_at is None for user in self.state.users.values()):
            raise ConsoleError(f"{unit.path} has accounts in it")
        del self.state.org_units[unit.id]
        self._log(given, "ORG_SETTINGS", "REMOVE_ORG_UNIT", {"ORG_UNIT_NAME": unit.path})
        return {"id": unit.id, "path": unit.path}

    def _unit(self, given: Given) -> OrgUnit:
        unit = self.state.unit(str(given["org_unit"]))
        if unit is None or unit.path == "/":
            raise ConsoleError(f"there is no unit {given['org_unit']} below the top")
        return unit

    def _relocated(self, given: Given, unit: OrgUnit, path: str, event: str) -> Item:
        """Everything that goes by the path follows at once; Vault's holds and the Policy API go by the id."""
        if self.state.unit(path) is not None:
            raise ConsoleError(f"there is a unit {path} already")
        old = unit.path

        def follow(where: str) -> str:
            return path + where.removeprefix(old) if (where + "/").startswith(old + "/") else where

        for one in self.state.org_units.values():
            one.path = follow(one.path)
        for user in self.state.users.values():
            user.org_unit = follow(user.org_unit)
        for rule in self.state.rules.values():
            rule.org_unit = follow(rule.org_unit)
        self._log(given, "ORG_SETTINGS", event, {"ORG_UNIT_NAME": old, "NEW_VALUE": path})
        return {"id": unit.id, "path": path}

    def rename_user(self, given: Given) -> Item:
        """Give another primary address (``new_email``); the old one stays as an alias, the id stays."""
        user, new = self._user(given), str(given["new_email"]).lower()
        if self.state.addresses.get(new, user.id) != user.id:
            raise ConsoleError(f"{new} is taken")
        old = user.email
        user.aliases = [*(alias for alias in user.aliases if alias != new), old]
        user.email = new
        self.state.addresses[new] = user.id
        return self._about_user(given, "RENAME_USER", user, USER_EMAIL=old, NEW_VALUE=new)

    def remove_licence(self, given: Given) -> Item:
        """Take away the licence ``sku``, or all."""
        user = self._user(given)
        gone = {str(given["sku"])} if "sku" in given else set(user.skus)
        user.skus -= gone
        return self._licence(given, "USER_LICENSE_REVOKE", user, OLD_VALUE=", ".join(sorted(gone)))

    def assign_licence(self, given: Given) -> Item:
        """Give the licence ``sku``."""
        user = self._user(given)
        user.skus.add(str(given["sku"]))
        return self._licence(given, "USER_LICENSE_ASSIGNMENT", user, NEW_VALUE=str(given["sku"]))

    def add_group_member(self, given: Given) -> Item:
        """Add an account to a group."""
        group, user = self._group(given), self._user(given)
        group.members[user.id] = Member(id=user.id, role="MEMBER", type="USER")
        return self._about_group(given, "ADD_GROUP_MEMBER", group, USER_EMAIL=user.email)

    def remove_group_member(self, given: Given) -> Item:
        """Take an account out of a group."""
        group, user = self._group(given), self._user(given)
        if group.members.pop(user.id, None) is None:
            raise ConsoleError(f"{user.email} is not a member of {group.email}")
        return self._about_group(given, "REMOVE_GROUP_MEMBER", group, USER_EMAIL=user.email)

    def delete_group(self, given: Given) -> Item:
        """Delete a group: its archive goes, held or not (G§4.2)."""
        group = self._group(given)
        del self.state.groups[group.id]
        self.state.addresses.pop(group.email, None)
        for other in self.state.groups.values():
            other.members.pop(group.id, None)
        return self._about_group(given, "DELETE_GROUP", group)

    def change_group_setting(self, given: Given) -> Item:
        """Set ``setting`` of a group to ``value`` (texts, also for booleans)."""
        group, name, value = self._group(given), str(given["setting"]), str(given["value"])
        old = group.settings.get(name, "")
        change(group, name, value, self.world.clock.now())
        return self._about_group(given, "CHANGE_GROUP_SETTING", group, SETTING_NAME=name, OLD_VALUE=old, NEW_VALUE=value)

    def assign_role(self, given: Given) -> Item:
        """Give ``role`` (its name) to an account or service account (``email``); no service account can be super administrator (G§6.2)."""
        role, holder = self._role(given), self._holder(given)
        if role.super_admin and self.state.service(str(given["email"])) is not None:
            raise ConsoleError("a service account cannot be super administrator")
        self.state.assignments.append((self.state.number(17), role.id, holder))
        return self._about_role(given, "ASSIGN_ROLE", role, USER_EMAIL=str(given["email"]))

    def unassign_role(self, given: Given) -> Item:
        """Take ``role`` from ``email``."""
        role, holder = self._role(given), self._holder(given)
        kept = [held for held in self.state.assignments if held[1:] != (role.id, holder)]
        if len(kept) == len(self.state.assignments):
            raise ConsoleError(f"{given['email']} does not have {role.name}")
        self.state.assignments[:] = kept
        return self._about_role(given, "UNASSIGN_ROLE", role, USER_EMAIL=str(given["email"]))

    def add_privilege(self, given: Given) -> Item:
        """Give ``role`` (its name) the ``privilege`` of ``service`` (``vault`` unless given)."""
        role, privilege = self._privilege(given)
        role.privileges.add(privilege)
        return self._about_role(given, "ADD_PRIVILEGE", role, PRIVILEGE_NAME=privilege[1])

    def remove_privilege(self, given: Given) -> Item:
        """Take a privilege from a role: what is no longer visible looks gone (G§11.9)."""
        role, privilege = self._privilege(given)
        role.privileges.discard(privilege)
        return self._about_role(given, "REMOVE_PRIVILEGE", role, PRIVILEGE_NAME=privilege[1])

    def grant_scope(self, given: Given) -> Item:
        """Add ``scope`` to the delegation of the application."""
        self.state.grants.add(str(given["scope"]))
        return self._about_grant(given, "AUTHORIZE_API_CLIENT_ACCESS")

    def revoke_scope(self, given: Given) -> Item:
        """Remove ``scope`` from the delegation; tokens already given out live to their end."""
        self.state.grants.discard(str(given["scope"]))
        return self._about_grant(given, "REMOVE_API_CLIENT_ACCESS")

    def _user(self, given: Given) -> User:
        user = self.state.user(str(given["email"]))
        if user is None:
            raise ConsoleError(f"there is no account {given['email']}")
        return user

    def _group(self, given: Given) -> Group:
        group = self.state.group(str(given["group"]))
        if group is None:
            raise ConsoleError(f"there is no group {given['group']}")
        return group

    def _role(self, given: Given) -> Role:
        role = next((role for role in self.state.roles.values() if role.name == given["role"]), None)
        if role is None:
            raise ConsoleError(f"there is no role {given['role']}")
        return role

    def _holder(self, given: Given) -> str:
        service = self.state.service(str(given["email"]))
        return service.client_id if service is not None else self._user(given).id

    def _privilege(self, given: Given) -> tuple[Role, tuple[str, str]]:
        return self._role(given), (str(given.get("service", "vault")), str(given["privilege"]))

    def _log(self, given: Given, kind: str, name: str, values: Mapping[str, str]) -> None:
        log_admin(self.world, person(administrator(self.state, given)), kind, name, values)

    def _about_user(self, given: Given, name: str, user: User, **values: str) -> Item:
        self._log(given, "USER_SETTINGS", name, {"USER_EMAIL": user.email, **values})
        return {"id": user.id, "email": user.email, "org_unit": user.org_unit}

    def _licence(self, given: Given, name: str, user: User, **values: str) -> Item:
        self._log(given, "LICENSES_SETTINGS", name, {"USER_EMAIL": user.email, "PRODUCT_NAME": "Google Workspace", **values})
        return {"id": user.id, "email": user.email, "skus": sorted(user.skus)}

    def _about_group(self, given: Given, name: str, group: Group, **values: str) -> Item:
        self._log(given, "GROUP_SETTINGS", name, {"GROUP_EMAIL": group.email, **values})
        return {"id": group.id, "email": group.email, "members": len(group.members)}

    def _about_role(self, given: Given, name: str, role: Role, **values: str) -> Item:
        self._log(given, "DELEGATED_ADMIN_SETTINGS", name, {"ROLE_NAME": role.name, "ROLE_ID": role.id, **values})
        return {"role": role.name, "privileges": sorted(privilege for _, privilege in role.privileges)}

    def _about_grant(self, given: Given, name: str) -> Item:
        values = {"API_CLIENT_NAME": self.state.service_account.client_id, "API_SCOPES": str(given["scope"])}
        self._log(given, "DOMAIN_SETTINGS", name, values)
        return {"grants": sorted(self.state.grants)}
