"""Google's published quotas (G§1.8, G§3.2, G§5): what each request costs of which of them, and of whom they are counted. Pure.

Google counts matter reads for the whole organisation, people in the Vault console included, and everything for the Cloud project that the service
account is in. Two tenants that share a project share its quotas; two projects of one tenant share the organisation's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.district import SurfaceBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One of Google's quotas: so many units a minute, of a project or of an organisation."""

    name: str
    per_minute: int
    organisation: bool = False


MATTER_READS: Final = Quota(name="vault.matter_reads", per_minute=600, organisation=True)
PROJECT_READS: Final = Quota(name="vault.project_reads", per_minute=120)
"""Reads of matters, exports and saved queries together; of these there are only matters here."""
MATTER_WRITES: Final = Quota(name="vault.matter_writes", per_minute=60)
HOLD_READS: Final = Quota(name="vault.hold_reads", per_minute=228)
HOLD_WRITES: Final = Quota(name="vault.hold_writes", per_minute=60)
DIRECTORY: Final = Quota(name="directory", per_minute=2400)
REPORTS: Final = Quota(name="reports", per_minute=2400)
LABEL_READS: Final = Quota(name="drivelabels.reads", per_minute=600)
LABEL_WRITES: Final = Quota(name="drivelabels.writes", per_minute=300)

QUOTAS: Final = {
    one.name: one
    for one in (
        MATTER_READS, PROJECT_READS, MATTER_WRITES, HOLD_READS, HOLD_WRITES, DIRECTORY, REPORTS, LABEL_READS, LABEL_WRITES,
    )
}  # fmt: skip
"""By name."""
WHOLE: Final[Mapping[str, int]] = {"vault": HOLD_READS.per_minute, "drivelabels": LABEL_WRITES.per_minute}
"""Surfaces with several quotas: the number in ``budgets`` that leaves each of them as published. A smaller or larger one scales them all."""

_MATTER_READ: Final[Mapping[Quota, int]] = {MATTER_READS: 1, PROJECT_READS: 1}
_MATTER_WRITE: Final[Mapping[Quota, int]] = {**_MATTER_READ, MATTER_WRITES: 1}
_HOLD_WRITE: Final[Mapping[Quota, int]] = {**_MATTER_WRITE, HOLD_READS: 1, HOLD_WRITES: 1}
PRICES: Final[Mapping[str, Mapping[Quota, int]]] = {
    "matters.list": {MATTER_READS: 10, PROJECT_READS: 10},
    "matters.get": _MATTER_READ,
    **dict.fromkeys(("matters.create", "matters.update", "matters.close", "matters.reopen", "matters.delete", "matters.undelete"), _MATTER_WRITE),
    "matters.holds.list": {**_MATTER_READ, HOLD_READS: 3},
    "matters.holds.get": {**_MATTER_READ, HOLD_READS: 1},  # no price is published for it; the cheapest that fits the rest of the table
    **dict.fromkeys(
        (f"matters.holds.{verb}" for verb in ("create", "update", "delete", "addHeldAccounts", "removeHeldAccounts")),
        _HOLD_WRITE,
    ),
}
"""What each Vault method costs of which quota."""
_PLAIN: Final[Mapping[str, Quota]] = {"directory": DIRECTORY, "reports": REPORTS}


def price(surface: str, method: str, *, writes: bool) -> Mapping[str, int]:
    """What one request costs, by the name of the quota; one of its surface where nothing is published. KeyError for an unpriced one of Vault."""
    if surface == "vault":
        return {quota.name: units for quota, units in PRICES[method].items()}
    if surface == "drivelabels":
        return {(LABEL_WRITES if writes else LABEL_READS).name: 1}
    return {_PLAIN[surface].name: 1} if surface in _PLAIN else {surface: 1}


def with_defaults(given: Mapping[str, SurfaceBudget]) -> dict[str, SurfaceBudget]:
    """The budgets of a tenant by quota: what settings say of a surface, else what is published. Runs see half of each, the hold lane nine tenths."""
    found = {name: SurfaceBudget(per_minute=quota.per_minute) for name, quota in QUOTAS.items()}
    for surface, budget in given.items():
        parts = [name for name in QUOTAS if name.startswith(f"{surface}.")]
        for name in parts:
            found[name] = SurfaceBudget(per_minute=max(1, QUOTAS[name].per_minute * budget.per_minute // WHOLE[surface]))
        if not parts:
            found[surface] = budget
    return found
