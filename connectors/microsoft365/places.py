"""The places that a group has of its own: a mailbox and a site, which only Microsoft 365 groups have (M§2.2; docs/wire, directory 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.errors import ConnectorError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.graph import Call, segment, select
from policies.kinds import Workload

_BOTH = frozenset({Workload.GROUP, Workload.SITE})
_IN_THE_MAKING = "provisioning"
"""A site that was asked for and is not there yet answers 404 as well, and says so."""


def is_team(row: wire.JsonObject) -> bool | None:
    """Whether a row of ``/groups`` is a Microsoft 365 group, which is what a team is built on; None where it does not say."""
    return "Unified" in wire.texts(row, "groupTypes") if "groupTypes" in row else None


def group_sites(access: Access, group_ids: Sequence[str]) -> Mapping[str, str | None]:
    """Site URLs by group id: None where the platform says that there is none; a group that could not be asked is absent.

    Raises ``TenantUnreachableError`` and ``Stopped``. A team's private and shared channels have sites of their own, which are not told here.
    """
    asked = [Call(method="GET", path=f"/groups/{segment(one)}/sites/root", query=(select("id", "webUrl"),)) for one in group_ids]
    found: dict[str, str | None] = {}
    for group_id, reply in zip(group_ids, access.graph.call_all(asked), strict=True):
        if isinstance(reply, ConnectorError):
            if reply.status == 404 and "itemnotfound" in reply.message.lower() and _IN_THE_MAKING not in reply.message.lower():
                found[group_id] = None
        elif (url := wire.filled(reply.value, "webUrl")) is not None:
            # SharePoint's addresses mean the same in any case, and members are compared in lower case.
            found[group_id] = url.rstrip("/").lower()
    return found


def places_of(row: wire.JsonObject, group_id: str, sites: Mapping[str, str | None]) -> tuple[Mapping[Workload, str], frozenset[Workload]]:
    """A group's own places, and those that it surely has not; what is in neither is unknown."""
    team, address = is_team(row), (wire.filled(row, "mail") or "").lower()
    if team is False:
        return {}, _BOTH
    places = {Workload.GROUP: address} if team and address else {}
    site = sites.get(group_id)
    if site is not None:
        return {**places, Workload.SITE: site}, frozenset()
    return places, frozenset({Workload.SITE}) if group_id in sites else frozenset()
