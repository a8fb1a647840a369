"""What a tenant's licences and its cloud rule out, whatever its permissions are. Pure.

Facts: M§1.7 and M§13 (labels from A3 or E3 on), M§8 (what the clouds' metadata lack).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from connectors.examination import Capability, WriteCapability
from connectors.microsoft365.clouds import Api, Cloud
from policies.kinds import Kind

LABEL_KINDS: Final = (Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE)
NEEDS: Final[Mapping[Kind, Api]] = {
    **dict.fromkeys((*LABEL_KINDS, Kind.M365_EVENT_TYPE), Api.LABELS),
    Kind.M365_CASE: Api.CASES,
    Kind.M365_HOLD: Api.CASES,
}
"""The part of Graph that a kind belongs to. What a cloud lacks there, nobody was seen doing by another way either."""

UNLICENSED: Final = "licence.retention_labels"
LACKS: Final = "cloud.lacks"
_A3: Final = ("EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_ARCHIVE", "SHAREPOINTENTERPRISE")
"""Beginnings of the names of service plans that A3 and E3 have, and A1 has not (docs/wire, licences)."""


def labels_licensed(licences: Mapping[str, int]) -> bool | None:
    """Whether anybody has a licence that retention labels come with; None where the licences are not known."""
    if not licences:
        return None
    return any(count > 0 and name.startswith(_A3) for name, count in licences.items())


def lacking_in(cloud: Cloud, kind: Kind) -> bool:
    """Whether ``cloud`` lacks what ``kind`` rests on."""
    return NEEDS.get(kind) in cloud.lacks


def limited(capabilities: Iterable[Capability], licences: Mapping[str, int], cloud: Cloud, name: str) -> tuple[Capability, ...]:
    """Capabilities as licences and cloud (called ``name``) leave them. Unknown licences rule nothing out."""
    return tuple(_limited(one, licences, cloud, name) for one in capabilities)


def _limited(one: Capability, licences: Mapping[str, int], cloud: Cloud, name: str) -> Capability:
    if lacking_in(cloud, one.kind):
        said = f"{LACKS}: the cloud {name} has no {NEEDS[one.kind].value}, so this is not enforceable there"
        return replace(one, write=WriteCapability.NONE, reason=said, next_step="Set it by hand where the portal offers it, and attest it.")
    if one.kind in LABEL_KINDS and labels_licensed(licences) is False and one.write is not WriteCapability.NONE:
        said = f"{UNLICENSED}: retention labels need A3 or E3 at least, and nobody here has it"
        return replace(one, write=WriteCapability.MISSING, reason=said, next_step="Assign A3 or E3 to those whose records a label is to keep.")
    return one
