"""Licensing API: who has which licence, by product (G§4.1). An assignment's user is an address, which is not stable."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.directory import check_customer
from sandbox.google.privileges import need
from sandbox.google.state import User

PRODUCTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Google-Apps": ("Google Workspace", {"1010070001": "Education Fundamentals", "1010070004": "Education Gmail Only"}),
    "101031": (
        "Education editions",
        {
            "1010310005": "Education Standard",
            "1010310006": "Education Standard (Staff)",
            "1010310007": "Education Standard (Extra Student)",
            "1010310008": "Education Plus",
            "1010310009": "Education Plus (Staff)",
            "1010310010": "Education Plus (Extra Student)",
        },
    ),
    "101034": ("Archived User", {"1010340007": "Education Fundamentals - Archived User"}),
    "101037": ("Education upgrades", {"1010370001": "Teaching and Learning Upgrade"}),
    "101033": ("Google Voice", {"1010330003": "Google Voice Starter", "1010330004": "Google Voice Standard"}),
    # Products that the district never bought: listed, and nobody has them.
    "101001": ("Cloud Identity Free", {}),
    "101005": ("Cloud Identity Premium", {}),
    "101035": ("Cloud Search", {}),
    "101038": ("AppSheet", {}),
    "101039": ("Assured Controls", {}),
    "101040": ("Chrome Enterprise", {}),
    "101047": ("Gemini", {}),
    "Google-Vault": ("Google Vault", {"Google-Vault": "Google Vault", "Google-Vault-Former-Employee": "Google Vault - Former Employee"}),
}


def operations() -> Mapping[str, Operation]:
    """Licences by method id; nothing that assigns or takes one away."""
    return {
        "licensing.licenseAssignments.listForProduct": _list,
        "licensing.licenseAssignments.listForProductAndSku": _list,
        "licensing.licenseAssignments.get": _get,
    }


def _list(call: Call) -> Item:
    need(call)
    customer = call.query.get("customerId", "")
    # The page says "the customer's unique id or its primary domain name".
    if customer != call.state.domain:
        check_customer(call, "customerId")
    product = _product(call)
    only = call.path.get("skuId")
    found: list[Item] = []
    for user in sorted(call.state.users.values(), key=lambda user: user.email):
        skus = sorted(user.skus & set(PRODUCTS[product][1])) if user.deleted_at is None else []
        found += [_assignment(product, sku, user) for sku in skus if only in {None, sku}]
    page, token = call.page(found, "maxResults", 100, 1000)
    return listing("items", page, token, kind="licensing#licenseAssignmentList", etag='"licences"')


def _get(call: Call) -> Item:
    need(call)
    product, sku = _product(call), call.path["skuId"]
    user = call.state.user(call.path["userId"])
    if user is None or sku not in user.skus:
        raise errors.not_found("User does not have a license for the given sku and product.")
    return _assignment(product, sku, user)


def _product(call: Call) -> str:
    product = call.path["productId"]
    if product not in PRODUCTS:
        raise errors.invalid("Invalid product ID")
    return product


def _assignment(product: str, sku: str, user: User) -> Item:
    name, skus = PRODUCTS[product]
    return {
        "kind": "licensing#licenseAssignment",
        "etags": f'"{sku}-{user.id}"',
        "productId": product,
        "userId": user.email,
        "skuId": sku,
        "productName": name,
        "skuName": skus[sku],
        "selfLink": f"https://licensing.googleapis.com/apps/licensing/v1/product/{product}/sku/{sku}/user/{user.email}",
    }
