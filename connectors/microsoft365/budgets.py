"""What Microsoft meters, as far as it is known: requests of one application in one tenant. Pure.

No number is published for the admin endpoint, and Graph's are never met at a district's size (M§2.5, M§7): whoever uses the admin endpoint keeps
to about one cmdlet a second, and so do we.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.base import Charge
from policies.district import SurfaceBudget, Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


DEFAULTS: Final[Mapping[str, SurfaceBudget]] = {
    "exchange_admin": SurfaceBudget(per_minute=60),
    "compliance_admin": SurfaceBudget(per_minute=60),
}
"""Per surface where settings give none."""

DIRECTORY_AUDITS: Final = Pace(requests=5, seconds=10.0)
"""The directory's own log (M§6, M§7). A minute's budget would let all of a minute's requests go at once, so who reads it keeps the pace itself."""


def with_defaults(given: Mapping[str, SurfaceBudget]) -> dict[str, SurfaceBudget]:
    """The budgets of a tenant: what settings say, and the defaults for every other surface."""
    return {**DEFAULTS, **given}


def charged(tenant: Tenant, surface: str) -> tuple[Charge, ...]:
    """What one request to ``surface`` costs: one, of the application in the tenant."""
    return (Charge(account=f"app/{tenant.client_id or tenant.id}/{tenant.tenant_id or tenant.domain or tenant.id}", quota=surface),)
