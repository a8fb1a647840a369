"""What the account that we act as may do in Vault and the Directory, by its admin roles (G§4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.errors import ConnectorError, TenantUnreachableError
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import ROLE_ASSIGNMENTS_LIST, ROLES_LIST
from connectors.google_workspace.wire import objects, text, truth

VIEW_ALL_MATTERS: Final = "ACCESS_ALL_MATTERS"
MANAGE_MATTERS: Final = "ADMIN_MATTER"
MANAGE_HOLDS: Final = "REMOVE_HOLD"

CONSOLE_NAMES: Final[Mapping[str, str]] = {VIEW_ALL_MATTERS: "View All Matters", MANAGE_MATTERS: "Manage Matters", MANAGE_HOLDS: "Manage Holds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Privileges:
    """Names of the privileges held; ``unknown`` says why they could not be read, and then none may be called missing."""

    names: frozenset[str] = frozenset()
    super_admin: bool = False
    unknown: str | None = None

    def has(self, name: str) -> bool | None:
        """Whether ``name`` is held; None where that could not be read."""
        if self.unknown is not None:
            return None
        # G§1.9: a super administrator has every Vault privilege but does not see every export; matters and holds are all that is asked for.
        return self.super_admin or name in self.names


def read_privileges(session: Session, customer: str, account: str) -> Privileges:
    """The privileges of ``account`` (address or id), indirect assignments too. Unreadable roles are unknown, not absent."""
    try:
        roles = {
            text(role, "roleId"): role for role in session.pages(ROLES_LIST, "items", customer=customer, maxResults=100) if text(role, "roleId")
        }
        assigned = session.pages(
            ROLE_ASSIGNMENTS_LIST, "items", customer=customer, userKey=account, includeIndirectRoleAssignments=True, maxResults=200
        )
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return Privileges(unknown=f"{error.code}: {error.message}")
    mine = [roles[text(one, "roleId")] for one in assigned if text(one, "roleId") in roles]
    names = frozenset(text(privilege, "privilegeName") for role in mine for privilege in objects(role, "rolePrivileges", "role"))
    return Privileges(names=names, super_admin=any(truth(role, "isSuperAdminRole") for role in mine))
