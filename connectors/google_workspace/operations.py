"""Every request that may leave for Google, in one table: which method, under which scope, what it costs, and whether it changes anything.

Scopes are G§6.1; what a request costs stands in ``budgets``.
What is not in this table cannot be sent; nothing in it searches, counts, previews, exports or deletes content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connectors.google_workspace.budgets import price

_AUTH: Final = "https://www.googleapis.com/auth/"
EDISCOVERY: Final = f"{_AUTH}ediscovery"
EDISCOVERY_READ: Final = f"{_AUTH}ediscovery.readonly"
USERS: Final = f"{_AUTH}admin.directory.user.readonly"
GROUPS: Final = f"{_AUTH}admin.directory.group.readonly"
MEMBERS: Final = f"{_AUTH}admin.directory.group.member.readonly"
ORG_UNITS: Final = f"{_AUTH}admin.directory.orgunit.readonly"
ROLES: Final = f"{_AUTH}admin.directory.rolemanagement.readonly"
CUSTOMER: Final = f"{_AUTH}admin.directory.customer.readonly"
DOMAINS: Final = f"{_AUTH}admin.directory.domain.readonly"
AUDIT: Final = f"{_AUTH}admin.reports.audit.readonly"
LICENSING: Final = f"{_AUTH}apps.licensing"
GROUP_SETTINGS: Final = f"{_AUTH}apps.groups.settings"
LABELS: Final = f"{_AUTH}drive.admin.labels"
LABELS_READ: Final = f"{_AUTH}drive.admin.labels.readonly"
POLICIES: Final = f"{_AUTH}cloud-identity.policies.readonly"
ALERTS: Final = f"{_AUTH}apps.alerts"
CHAT_SPACES: Final = f"{_AUTH}chat.admin.spaces.readonly"


class Surface(StrEnum):
    """The endpoints that this connector uses, by their names in ``endpoints`` (contract, *Endpoints*)."""

    TOKEN = "token_uri"  # noqa: S105 - the name of an endpoint
    VAULT = "vault"
    DIRECTORY = "directory"
    REPORTS = "reports"
    LICENSING = "licensing"
    IAM_CREDENTIALS = "iam_credentials"
    STS = "sts"
    GROUP_SETTINGS = "groupssettings"
    LABELS = "drivelabels"
    POLICIES = "cloudidentity"
    ALERTS = "alertcenter"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one API."""

    surface: Surface
    method: str
    scope: str
    writes: bool = False

    @property
    def price(self) -> Mapping[str, int]:
        """What one request costs, by the name of the quota."""
        return price(self.surface.value, self.method, writes=self.writes)


MATTERS_LIST: Final = Operation(surface=Surface.VAULT, method="matters.list", scope=EDISCOVERY_READ)
MATTERS_GET: Final = Operation(surface=Surface.VAULT, method="matters.get", scope=EDISCOVERY_READ)
MATTERS_CREATE: Final = Operation(surface=Surface.VAULT, method="matters.create", scope=EDISCOVERY, writes=True)
MATTERS_UPDATE: Final = Operation(surface=Surface.VAULT, method="matters.update", scope=EDISCOVERY, writes=True)
MATTERS_REOPEN: Final = Operation(surface=Surface.VAULT, method="matters.reopen", scope=EDISCOVERY, writes=True)
MATTERS_UNDELETE: Final = Operation(surface=Surface.VAULT, method="matters.undelete", scope=EDISCOVERY, writes=True)
HOLDS_LIST: Final = Operation(surface=Surface.VAULT, method="matters.holds.list", scope=EDISCOVERY_READ)
HOLDS_GET: Final = Operation(surface=Surface.VAULT, method="matters.holds.get", scope=EDISCOVERY_READ)
HOLDS_CREATE: Final = Operation(surface=Surface.VAULT, method="matters.holds.create", scope=EDISCOVERY, writes=True)
HOLDS_UPDATE: Final = Operation(surface=Surface.VAULT, method="matters.holds.update", scope=EDISCOVERY, writes=True)
HOLDS_ADD_ACCOUNTS: Final = Operation(surface=Surface.VAULT, method="matters.holds.addHeldAccounts", scope=EDISCOVERY, writes=True)

# These end protection: the releaser alone has all three in hand, and the prover the last two, for the dummy that it made in the same run.
HOLDS_REMOVE_ACCOUNTS: Final = Operation(surface=Surface.VAULT, method="matters.holds.removeHeldAccounts", scope=EDISCOVERY, writes=True)
HOLDS_DELETE: Final = Operation(surface=Surface.VAULT, method="matters.holds.delete", scope=EDISCOVERY, writes=True)
MATTERS_CLOSE: Final = Operation(surface=Surface.VAULT, method="matters.close", scope=EDISCOVERY, writes=True)
# Only the prover has this one, for the same dummy: a matter that was released stays, closed.
MATTERS_DELETE: Final = Operation(surface=Surface.VAULT, method="matters.delete", scope=EDISCOVERY, writes=True)

USERS_LIST: Final = Operation(surface=Surface.DIRECTORY, method="users.list", scope=USERS)
USERS_GET: Final = Operation(surface=Surface.DIRECTORY, method="users.get", scope=USERS)
GROUPS_LIST: Final = Operation(surface=Surface.DIRECTORY, method="groups.list", scope=GROUPS)
MEMBERS_LIST: Final = Operation(surface=Surface.DIRECTORY, method="members.list", scope=MEMBERS)
ORG_UNITS_LIST: Final = Operation(surface=Surface.DIRECTORY, method="orgunits.list", scope=ORG_UNITS)
ROLES_LIST: Final = Operation(surface=Surface.DIRECTORY, method="roles.list", scope=ROLES)
ROLE_ASSIGNMENTS_LIST: Final = Operation(surface=Surface.DIRECTORY, method="roleAssignments.list", scope=ROLES)
CUSTOMERS_GET: Final = Operation(surface=Surface.DIRECTORY, method="customers.get", scope=CUSTOMER)
DOMAINS_LIST: Final = Operation(surface=Surface.DIRECTORY, method="domains.list", scope=DOMAINS)
ACTIVITIES_LIST: Final = Operation(surface=Surface.REPORTS, method="activities.list", scope=AUDIT)
LICENCES_LIST: Final = Operation(surface=Surface.LICENSING, method="licenseAssignments.listForProduct", scope=LICENSING)

GROUP_SETTINGS_GET: Final = Operation(surface=Surface.GROUP_SETTINGS, method="groups.get", scope=GROUP_SETTINGS)
GROUP_SETTINGS_PATCH: Final = Operation(surface=Surface.GROUP_SETTINGS, method="groups.patch", scope=GROUP_SETTINGS, writes=True)

LABELS_LIST: Final = Operation(surface=Surface.LABELS, method="labels.list", scope=LABELS_READ)
LABELS_GET: Final = Operation(surface=Surface.LABELS, method="labels.get", scope=LABELS_READ)
LABEL_LIMITS: Final = Operation(surface=Surface.LABELS, method="limits.getLabel", scope=LABELS_READ)
LABELS_CREATE: Final = Operation(surface=Surface.LABELS, method="labels.create", scope=LABELS, writes=True)
LABELS_DELTA: Final = Operation(surface=Surface.LABELS, method="labels.delta", scope=LABELS, writes=True)
LABELS_PUBLISH: Final = Operation(surface=Surface.LABELS, method="labels.publish", scope=LABELS, writes=True)
LABELS_ENABLE: Final = Operation(surface=Surface.LABELS, method="labels.enable", scope=LABELS, writes=True)
LABELS_COPY_MODE: Final = Operation(surface=Surface.LABELS, method="labels.updateLabelCopyMode", scope=LABELS, writes=True)
# Takes a label out of people's hands and off no file (G§3.1); the releaser alone has it.
LABELS_DISABLE: Final = Operation(surface=Surface.LABELS, method="labels.disable", scope=LABELS, writes=True)
# A label in use loses its metadata on every file when it is deleted (G§3.1), so only the prover can, and only its own unpublished draft.
LABELS_DELETE: Final = Operation(surface=Surface.LABELS, method="labels.delete", scope=LABELS, writes=True)

LABEL_PERMISSIONS_LIST: Final = Operation(surface=Surface.LABELS, method="labels.permissions.list", scope=LABELS_READ)
LABEL_PERMISSIONS_UPDATE: Final = Operation(surface=Surface.LABELS, method="labels.permissions.batchUpdate", scope=LABELS, writes=True)

POLICIES_LIST: Final = Operation(surface=Surface.POLICIES, method="policies.list", scope=POLICIES)
ALERTS_LIST: Final = Operation(surface=Surface.ALERTS, method="alerts.list", scope=ALERTS)
# It finds spaces by their settings; no scope that is asked for reaches what is written in them.
SPACES_SEARCH: Final = Operation(surface=Surface.CHAT, method="spaces.search", scope=CHAT_SPACES)

READS: Final = (
    MATTERS_LIST, MATTERS_GET, HOLDS_LIST, HOLDS_GET, USERS_LIST, USERS_GET, GROUPS_LIST, MEMBERS_LIST, ORG_UNITS_LIST, ROLES_LIST,
    ROLE_ASSIGNMENTS_LIST, CUSTOMERS_GET, DOMAINS_LIST, ACTIVITIES_LIST, LICENCES_LIST, GROUP_SETTINGS_GET,
    LABELS_LIST, LABELS_GET, LABEL_LIMITS, LABEL_PERMISSIONS_LIST, POLICIES_LIST, ALERTS_LIST, SPACES_SEARCH,
)  # fmt: skip
WRITES: Final = (
    MATTERS_CREATE, MATTERS_UPDATE, MATTERS_REOPEN, MATTERS_UNDELETE, HOLDS_CREATE, HOLDS_UPDATE, HOLDS_ADD_ACCOUNTS, GROUP_SETTINGS_PATCH,
    LABELS_CREATE, LABELS_DELTA, LABELS_PUBLISH, LABELS_ENABLE, LABELS_COPY_MODE, LABEL_PERMISSIONS_UPDATE,
)  # fmt: skip
RELEASES: Final = (HOLDS_REMOVE_ACCOUNTS, HOLDS_DELETE, MATTERS_CLOSE, LABELS_DISABLE)
"""What only a release or an end that two officers approved may send (and the prover the two in the middle, against its own dummy)."""
BESIDE_WRITES: Final = (
    MATTERS_LIST, MATTERS_GET, HOLDS_LIST, HOLDS_GET, ORG_UNITS_LIST, GROUP_SETTINGS_GET,
    LABELS_LIST, LABELS_GET, LABEL_LIMITS, LABEL_PERMISSIONS_LIST,
)  # fmt: skip
"""What the writing identity itself looks at before and after it writes, and in a proof."""
PROOF_ONLY: Final = (MATTERS_DELETE, LABELS_DELETE)
EVERY: Final = (*READS, *WRITES, *RELEASES, *PROOF_ONLY)


def scope_of(operation: Operation, *, writing: bool) -> str:
    """The scope under which a hand sends ``operation``: in Vault the writing identity uses the scope that writes for everything."""
    return EDISCOVERY if writing and operation.surface is Surface.VAULT else operation.scope


USED: Final[Mapping[bool, tuple[Operation, ...]]] = {False: READS, True: (*WRITES, *RELEASES, *BESIDE_WRITES)}
"""What each hand sends, by whether it writes; a proof adds no scope."""


def scopes_of(*, writing: bool) -> tuple[str, ...]:
    """Everything that the delegation of one hand's client has to list."""
    return tuple(sorted({scope_of(one, writing=writing) for one in USED[writing]}))


SCOPES: Final = tuple(sorted({*scopes_of(writing=False), *scopes_of(writing=True)}))
"""Everything that the delegation in the Admin console has to list."""
