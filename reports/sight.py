"""Which clouds nobody looked at in a period: what the store remembers of them is no word about how they stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Final

from policies.duties import StandingValue
from sync.store.report_rows import KeptRead
from sync.store.standings import KeptStanding

REASON: Final = "read.too_old"


def unseen(reads: Iterable[KeptRead], begin: datetime) -> frozenset[str]:
    """The clouds that were read once, and of which nothing was read whole since the period began."""
    newest: dict[str, datetime] = {}
    tenants = set()
    for one in reads:
        tenants.add(one.tenant)
        if one.complete_at is not None:
            newest[one.tenant] = max(one.complete_at, newest.get(one.tenant, one.complete_at))
    return frozenset(tenant for tenant in tenants if tenant not in newest or newest[tenant] < begin)


def believed(stood: Sequence[KeptStanding], blind: AbstractSet[str]) -> tuple[KeptStanding, ...]:
    """What stood, with everything in a cloud that nobody looked at as unknown: no report counts it (design, promise 2)."""
    return tuple(_unknown(one) if one.tenant in blind else one for one in stood)


def _unknown(one: KeptStanding) -> KeptStanding:
    said = {"standing": StandingValue.UNKNOWN.value, "reason": REASON}
    return replace(one, standing=StandingValue.UNKNOWN.value, document={**one.document, **said})
