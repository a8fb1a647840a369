"""What a tenant's licences and its cloud rule out, whatever its permissions are. Pure.

Facts: M§1.7 (labels from A3 or E3 on, events and adaptive scopes with A5), M§3.1 (litigation hold), M§3.2 and M§13 (cases and holds from A3
or E3 on), M§8 (what the clouds' metadata lack).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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

LACKS: Final = "cloud.lacks"
_A3: Final = ("EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_ARCHIVE", "SHAREPOINTENTERPRISE")
"""Beginnings of the names of service plans that A3 and E3 have, and A1 has not (docs/wire, licences)."""
_ARCHIVED: Final = ("EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_ARCHIVE")
_RECORDS: Final = ("RECORDS_MANAGEMENT",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a kind needs of the tenant's licences: the beginnings of plans of which one suffices, and the words for a tenant without."""

    code: str
    plans: tuple[str, ...]
    words: str
    step: str


_LABELS: Final = Need(
    code="licence.retention_labels", plans=_A3, words="retention labels need A3 or E3 at least, and nobody here has it",
    step="Assign A3 or E3 to those whose records a label is to keep.",
)  # fmt: skip
_CASES: Final = Need(
    code="licence.ediscovery", plans=_A3, words="cases and holds need A3 or E3 at least, and nobody here has it",
    step="Assign A3 or E3 to those whose records an order is to hold; until then somebody keeps them another way, and an officer vouches for it.",
)  # fmt: skip
_LITIGATION: Final = Need(
    code="licence.litigation_hold", plans=_ARCHIVED, words="litigation hold needs Exchange Plan 2, or Plan 1 with archiving, and nobody here has it",
    step="Assign A3 or E3, or the archiving add-on, to those whose mailboxes are to be held.",
)  # fmt: skip
_EVENTS: Final = Need(
    code="licence.records_management", plans=_RECORDS,
    words="retention by event needs A5, or its compliance or records add-on, and nobody here has it",
    step="Assign A5, or one of the add-ons; until then no series can count from an event.",
)  # fmt: skip
_SCOPES: Final = Need(
    code="licence.records_management", plans=_RECORDS,
    words="adaptive scopes need A5, or its compliance or records add-on, and nobody here has it",
    step="Assign A5, or one of the add-ons; until then populations are named to policies one by one.",
)  # fmt: skip
UNLICENSED: Final = _LABELS.code
_RULED_OUT: Final[Mapping[Kind, Need]] = {
    **dict.fromkeys(LABEL_KINDS, _LABELS),
    **dict.fromkeys((Kind.M365_CASE, Kind.M365_HOLD), _CASES),
    Kind.M365_MAILBOX: _LITIGATION,
}
"""What nobody can do here without the plan."""
_EXPLAINED: Final[Mapping[Kind, Need]] = {Kind.M365_EVENT_TYPE: _EVENTS, Kind.M365_ADAPTIVE_SCOPE: _SCOPES}
"""Where the platform offers the cmdlet it has the last word; where it does not, this is why, and neither a role nor signing in would help."""


def licensed_for(need: Need, licences: Mapping[str, int]) -> bool | None:
    """Whether anybody has a plan that ``need`` names; None where the licences are not known."""
    if not licences:
        return None
    return any(count > 0 and name.startswith(need.plans) for name, count in licences.items())


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
    need = _RULED_OUT.get(one.kind) or (_EXPLAINED.get(one.kind) if one.write is WriteCapability.MISSING else None)
    if need is None or one.write is WriteCapability.NONE or licensed_for(need, licences) is not False:
        return one
    return replace(one, write=WriteCapability.MISSING, reason=f"{need.code}: {need.words}", next_step=need.step)
