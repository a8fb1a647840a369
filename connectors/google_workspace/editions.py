"""Which licence keeps what under hold: Google's SKUs as far as the facts go; one that is not listed here is unknown, never unlicensed.

G§4.1 for the ids, G§0 and G§3.2 for what an edition carries: Vault is in every Education edition, Drive labels are not in Fundamentals. What the
mail-only SKU 1010070004 keeps is not documented, so it is left out: nothing is said to be held on the strength of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from policies.kinds import Workload

_CORE: Final = frozenset({Workload.MAIL, Workload.DRIVE, Workload.CHAT, Workload.CALENDAR, Workload.GEMINI})
_VAULT_ALONE: Final = frozenset({Workload.MAIL, Workload.DRIVE, Workload.CHAT})

PRODUCTS: Final = ("Google-Apps", "101031", "101033", "101034", "101037", "Google-Vault")
"""The products that are asked for: Workspace, Education Standard and Plus, Voice, Archived User, Teaching and Learning, the Vault add-on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One SKU: its name, what it keeps under hold, and whether it brings Drive labels. ``addon``: it stands on another licence."""

    name: str
    keeps: frozenset[Workload]
    drive_labels: bool = False
    addon: bool = False


_BY_SKU: Final[Mapping[str, Edition]] = {
    "1010070001": Edition(name="Education Fundamentals", keeps=_CORE),
    "1010310005": Edition(name="Education Standard", keeps=_CORE, drive_labels=True),
    "1010310006": Edition(name="Education Standard (Staff)", keeps=_CORE, drive_labels=True),
    "1010310007": Edition(name="Education Standard (Extra Student)", keeps=_CORE, drive_labels=True),
    "1010310008": Edition(name="Education Plus", keeps=_CORE, drive_labels=True),
    "1010310009": Edition(name="Education Plus (Staff)", keeps=_CORE, drive_labels=True),
    "1010310010": Edition(name="Education Plus (Extra Student)", keeps=_CORE, drive_labels=True),
    "1010370001": Edition(name="Teaching and Learning Upgrade", keeps=frozenset(), addon=True),
    "Google-Vault": Edition(name="Vault", keeps=_VAULT_ALONE, addon=True),
}
_BY_PRODUCT: Final[Mapping[str, Edition]] = {
    "101033": Edition(name="Voice", keeps=frozenset({Workload.VOICE}), addon=True),
    # G§4.2: an archived user's data stays protected by rules and holds.
    "101034": Edition(name="Archived User", keeps=_CORE),
}
_BY_NAME: Final = {edition.name: edition for edition in (*_BY_SKU.values(), *_BY_PRODUCT.values())}


def licence_name(product: str, sku: str) -> str:
    """The name under which a SKU is shown and counted; one we do not know keeps its ids."""
    edition = _BY_SKU.get(sku) or _BY_PRODUCT.get(product)
    return edition.name if edition else f"{product}/{sku}"


def kept_by(licences: Iterable[str]) -> frozenset[Workload]:
    """The workloads that these licences (by name) keep under hold."""
    return frozenset(workload for name in licences if name in _BY_NAME for workload in _BY_NAME[name].keeps)


def any_unknown(licences: Iterable[str]) -> bool:
    """Whether one of these licences is not in our table, so that what it keeps cannot be told."""
    return any(name not in _BY_NAME for name in licences)


def drive_labels(licences: Mapping[str, int]) -> bool | None:
    """Whether the tenant's licences bring Drive labels; None where that cannot be told."""
    owned = [name for name, seats in licences.items() if seats > 0]
    if any(name in _BY_NAME and _BY_NAME[name].drive_labels for name in owned):
        return True
    return None if not owned or any_unknown(owned) else False
