"""What the tenant's licences hold: products and their service plans (ids from docs/wire/graph-directory-audit.md §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["faculty", "student", ""]

EXCHANGE_PLAN_2 = "EXCHANGE_S_ENTERPRISE"
EXCHANGE_PLAN_1 = "EXCHANGE_S_STANDARD"
ARCHIVE = "EXCHANGE_S_ARCHIVE_ADDON"
PREMIUM_EDISCOVERY = "EQUIVIO_ANALYTICS"
RECORDS = "RECORDS_MANAGEMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A service plan; ``service`` is the word that a user's ``assignedPlans`` use."""

    name: str
    id: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product that can be assigned, with its plans."""

    part: str
    id: str
    plans: tuple[Plan, ...]


_STANDARD = Plan(name=EXCHANGE_PLAN_1, id="9aaf7827-d63c-4b61-89c3-182f06f82e5c", service="exchange")
_ENTERPRISE = Plan(name=EXCHANGE_PLAN_2, id="efb87545-963c-4e0d-99df-69c6916d9eb0", service="exchange")
_SITES_1 = Plan(name="SHAREPOINTSTANDARD_EDU", id="0a4983bb-d3e5-4a09-95d8-b2d0127b3df5", service="SharePoint")
_SITES_2 = Plan(name="SHAREPOINTENTERPRISE_EDU", id="63038b2c-28d0-45f6-bc36-33062963b498", service="SharePoint")
_TEAMS = Plan(name="TEAMS1", id="57ff2da0-773e-42df-b2af-ffb7a2317929", service="TeamspaceAPI")
_PREMIUM = (
    Plan(name=RECORDS, id="65cc641f-cccd-4643-97e0-a17e3045e541", service="RecordsManagement"),
    Plan(name="INFO_GOVERNANCE", id="e26c2fcc-ab91-4a61-b35c-03cdc8dddf66", service="InfoGovernance"),
    Plan(name=PREMIUM_EDISCOVERY, id="4de31727-a228-4ec3-a5bf-8e45b5ca48cc", service="exchange"),
    Plan(name="M365_ADVANCED_AUDITING", id="2f442157-a11c-46b9-ae5b-6e39ff4e5849", service="exchange"),
)
_A1, _A3 = (_STANDARD, _SITES_1, _TEAMS), (_ENTERPRISE, _SITES_2, _TEAMS)
_PRODUCTS = {
    ("A1", "faculty"): Product(part="STANDARDWOFFPACK_FACULTY", id="94763226-9b3c-4e75-a931-5c89701abe66", plans=_A1),
    ("A1", "student"): Product(part="STANDARDWOFFPACK_STUDENT", id="314c4481-f395-4525-be8b-2ec4bb1e9d91", plans=_A1),
    ("A3", "faculty"): Product(part="M365EDU_A3_FACULTY", id="4b590615-0888-425a-a965-b3bf7789848d", plans=_A3),
    ("A3", "student"): Product(part="M365EDU_A3_STUDENT", id="7cfd9a2b-e110-4c39-bf20-c6a3f36a3121", plans=_A3),
    ("A5", "faculty"): Product(part="M365EDU_A5_FACULTY", id="e97c048c-37a4-45fb-ab50-922fbf07a370", plans=_A3 + _PREMIUM),
    ("A5", "student"): Product(part="M365EDU_A5_STUDENT", id="46c119d4-0379-4a9d-85e4-97c66d3f909e", plans=_A3 + _PREMIUM),
}


def product_of(licence: str, tier: Tier) -> Product | None:
    """The product behind an account's tier under the tenant's licence (A1, A3 or A5); None for an account without one."""
    return _PRODUCTS[(licence, tier)] if tier else None


def products_of(licence: str) -> list[Product]:
    """What the tenant has bought: faculty and student editions of one licence; raises ``KeyError`` for a licence nobody sells."""
    return [_PRODUCTS[(licence, "faculty")], _PRODUCTS[(licence, "student")]]


def has_plan(licence: str, tier: Tier, *names: str) -> bool:
    """Whether an account of that tier has one of the named plans."""
    product = product_of(licence, tier)
    return product is not None and any(plan.name in names for plan in product.plans)
