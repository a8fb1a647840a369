"""How near a tenant is to the number of objects that the platform allows it. Pure.

Facts: M§2.8. What is not read here (DLP, information barriers, sensitivity) counts for the platform too, so each number is the least that there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from connectors.base import Finding
from policies.kinds import Kind
from policies.resources import Live, Ref, Snapshot

_NEAR: Final = 0.9
"""From this part of a limit on, people hear of it."""
_POLICIES: Final = (Kind.M365_RETENTION_POLICY, Kind.M365_LABEL_POLICY)
_FILES: Final = ("sharepoint:", "onedrive:")


def _any(live: Live) -> bool:  # noqa: ARG001  # every object counts
    return True


def _over_all_sites(live: Live) -> bool:
    return any(member.startswith(_FILES) and member.endswith(":All") for member in live.members)


def _over_some_sites(live: Live) -> bool:
    return not _over_all_sites(live) and any(member.startswith(_FILES) for member in live.members)


def _over_mail(live: Live) -> bool:
    return any(member.startswith("exchange:") for member in live.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    most: int
    what: str
    kinds: tuple[Kind, ...]
    counts: Callable[[Live], bool] = _any


_LIMITS: Final = (
    _Limit(most=1_000, what="retention labels", kinds=(Kind.M365_LABEL,)),
    _Limit(most=10_000, what="policies of all sorts", kinds=(*_POLICIES, Kind.M365_HOLD)),
    _Limit(most=1_800, what="policies over mailboxes", kinds=_POLICIES, counts=_over_mail),
    _Limit(most=13, what="policies over all sites or all OneDrives", kinds=_POLICIES, counts=_over_all_sites),
    _Limit(most=2_600, what="policies over named sites or OneDrives", kinds=_POLICIES, counts=_over_some_sites),
)


def near_limits(snapshot: Snapshot) -> Iterator[Finding]:
    """A finding for each limit of which nine tenths are used up."""
    for limit in _LIMITS:
        count = sum(limit.counts(live) for kind in limit.kinds for live in snapshot.of(kind))
        if count >= _NEAR * limit.most:
            yield Finding(
                code="limit.near",
                ref=Ref(tenant=snapshot.tenant, kind=limit.kinds[0], vendor_id="", name=limit.what),
                grave=False,
                message=f"The tenant has at least {count:,} of the {limit.most:,} {limit.what} that the platform allows.",
                next_step="See which of them nobody needs any more, before a new one is refused; Recordwarden deletes none.",
            )
