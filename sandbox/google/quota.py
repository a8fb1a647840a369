"""Vault's published budgets per minute and what each call costs (G§1.8), the Reports API's filter budget (G§5), the Policy API's."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_WINDOW = timedelta(minutes=1)

LIMITS: Mapping[str, int] = {
    "Matter reads": 600,
    "Matter, export and saved query reads": 120,
    "Hold reads": 228,
    "Hold writes": 60,
    "Matter writes": 60,
    "Matter permission writes": 30,
    "Report queries": 2_400,
    "Report filter queries": 250,
    "Policy read requests": 60,
    "Label reads": 600,
    "Label writes": 300,
}

_MATTER_READ = {"Matter reads": 1, "Matter, export and saved query reads": 1}
"""Counted twice: of the organisation (people in the console beside us), and of the project."""
_HOLD_WRITE = {**_MATTER_READ, "Matter writes": 1, "Hold reads": 1, "Hold writes": 1}
_MATTER_WRITE = {**_MATTER_READ, "Matter writes": 1}

COSTS: Mapping[str, Mapping[str, int]] = {
    "vault.matters.list": {name: 10 * reads for name, reads in _MATTER_READ.items()},
    "vault.matters.get": _MATTER_READ,
    **{f"vault.matters.{verb}": _MATTER_WRITE for verb in ("create", "update", "close", "reopen", "delete", "undelete")},
    **{f"vault.matters.{verb}Permissions": {**_MATTER_READ, "Matter permission writes": 1} for verb in ("add", "remove")},
    # The page names no price for holds.get; one read of each is the cheapest that is consistent with the rest of the table.
    "vault.matters.holds.get": {**_MATTER_READ, "Hold reads": 1},
    "vault.matters.holds.list": {**_MATTER_READ, "Hold reads": 3},
    **{f"vault.matters.holds.{verb}": _HOLD_WRITE for verb in ("create", "update", "delete", "addHeldAccounts", "removeHeldAccounts")},
    **{f"vault.matters.holds.accounts.{verb}": _HOLD_WRITE for verb in ("create", "list", "delete")},
    "cloudidentity.policies.list": {"Policy read requests": 1},
    "cloudidentity.policies.get": {"Policy read requests": 1},
    **{f"drivelabels.labels.{verb}": {"Label reads": 1} for verb in ("get", "list", "permissions.list", "locks.list")},
    "drivelabels.limits.getLabel": {"Label reads": 1},
    **{
        f"drivelabels.labels.{verb}": {"Label writes": 1}
        for verb in (
            "create", "delta", "publish", "enable", "disable", "delete", "updatePermissions", "updateLabelCopyMode",
            "permissions.create", "permissions.delete", "permissions.batchUpdate", "permissions.batchDelete",
        )
    },
}


@dataclass(slots=True)
class Ledger:
    """What was spent in the last minute of the sandbox's clock, by budget."""

    spent: dict[str, deque[tuple[datetime, int]]] = field(default_factory=dict)

    def charge(self, now: datetime, price: Mapping[str, int]) -> str:
        """Spend ``price`` unless a budget would be overdrawn: then nothing is spent and that budget's name comes back (else ``""``)."""
        for budget, cost in price.items():
            entries = self.spent.setdefault(budget, deque())
            while entries and entries[0][0] <= now - _WINDOW:
                entries.popleft()
            if sum(spent for _, spent in entries) + cost > LIMITS[budget]:
                return budget
        for budget, cost in price.items():
            self.spent[budget].append((now, cost))
        return ""
