"""Who may touch holds, labels and policies beside us: members of Purview's role groups, which no part of Graph shows.

Facts: M§6, docs/wire/admin-endpoint.md §2.8.
"""

from __future__ import annotations

from typing import Final

from connectors.base import Holders
from connectors.errors import ConnectorError, TenantUnreachableError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access

ROLE_GROUPS: Final = ("eDiscoveryManager", "ComplianceAdministrator", "OrganizationManagement", "RecordsManagement")
ADMINISTRATORS: Final = "eDiscovery Administrators"
"""The few who see and change every case, also other people's."""


def read_holders(access: Access) -> tuple[Holders, ...]:
    """One per role group. What could not be read says why; an empty list proves nothing (M§0.1.7). Raises ``TenantUnreachableError``, ``Stopped``."""
    asked = [(name, "Get-RoleGroupMember", {"Identity": name, "ResultSize": "Unlimited"}) for name in ROLE_GROUPS]
    return tuple(_read(access, name, cmdlet, given) for name, cmdlet, given in (*asked, (ADMINISTRATORS, "Get-eDiscoveryCaseAdmin", {})))


def _read(access: Access, name: str, cmdlet: str, given: dict[str, str]) -> Holders:
    try:
        found = access.admin.read(cmdlet, given)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return Holders(group=name, accounts=None, reason=f"{error.code}: {error.message}")
    accounts: list[str] = []
    ours: list[str] = []
    for row in found.rows:
        named = wire.filled(row, "PrimarySmtpAddress") or wire.filled(row, "DisplayName") or wire.filled(row, "Name")
        if named is None:
            return Holders(group=name, accounts=None, reason="wire.missing_property: a member has neither address nor name")
        names = (named, wire.filled(row, "ExternalDirectoryObjectId"), wire.filled(row, "Name"))
        (ours if any(one and one.lower() in access.own_names for one in names) else accounts).append(named.lower())
    if not found.rows:
        return Holders(group=name, accounts=None, reason="kind.empty: an empty list proves nothing")
    return Holders(group=name, accounts=tuple(sorted(accounts)), ours=tuple(sorted(ours)), reason=found.partial)
