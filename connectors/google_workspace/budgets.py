"""Vault's published quotas (G§1.8) as one budget that none of them can be overdrawn within, and the budgets of the other surfaces. Pure.

Google meters matter reads per organisation, people in the Vault console included, and all else per Cloud project. The meter keeps one number per
surface, so a method costs as many hold reads (the scarcest read) as the share that it takes of its scarcest quota is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.district import SurfaceBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One of Google's quotas: so many units a minute."""

    name: str
    per_minute: int


MATTER_READS: Final = Quota(name="matter_reads", per_minute=600)
MATTER_WRITES: Final = Quota(name="matter_writes", per_minute=60)
HOLD_READS: Final = Quota(name="hold_reads", per_minute=228)
HOLD_WRITES: Final = Quota(name="hold_writes", per_minute=60)

_MATTER_WRITE: Final[Mapping[Quota, int]] = {MATTER_READS: 1, MATTER_WRITES: 1}
_HOLD_WRITE: Final[Mapping[Quota, int]] = {MATTER_READS: 1, MATTER_WRITES: 1, HOLD_READS: 1, HOLD_WRITES: 1}
PRICES: Final[Mapping[str, Mapping[Quota, int]]] = {
    "matters.list": {MATTER_READS: 10},
    "matters.get": {MATTER_READS: 1},
    **dict.fromkeys(("matters.create", "matters.update", "matters.close", "matters.reopen", "matters.delete", "matters.undelete"), _MATTER_WRITE),
    "matters.holds.list": {MATTER_READS: 1, HOLD_READS: 3},
    "matters.holds.get": {MATTER_READS: 1, HOLD_READS: 1},  # no price is published for it; the cheapest that fits the rest of the table
    **dict.fromkeys(("matters.holds.create", "matters.holds.update", "matters.holds.delete", "matters.holds.addHeldAccounts"), _HOLD_WRITE),
}
"""What each Vault method costs of which quota."""

DEFAULTS: Final[Mapping[str, SurfaceBudget]] = {
    "vault": SurfaceBudget(per_minute=HOLD_READS.per_minute),
    "directory": SurfaceBudget(per_minute=2400),
    "reports": SurfaceBudget(per_minute=2400),
    "drivelabels": SurfaceBudget(per_minute=300),
}
"""Per surface where settings give none (G§1.8, G§3.2, G§5). Of each an ordinary run sees half and the hold lane nine tenths: a tenth is people's."""


def cost(method: str) -> int:
    """What a Vault method costs of the surface's budget: the share of its scarcest quota, in hold reads, rounded up."""
    return max(-(-units * HOLD_READS.per_minute // quota.per_minute) for quota, units in PRICES[method].items())


def with_defaults(given: Mapping[str, SurfaceBudget]) -> dict[str, SurfaceBudget]:
    """The budgets of a tenant: what settings say, and the defaults for every other surface."""
    return {**DEFAULTS, **given}
