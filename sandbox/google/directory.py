"""Directory API: accounts, as lists and one by one (G§4.1). Groups, units and roles are in ``directory_groups`` and ``directory_units``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, instant, listing
from sandbox.google.privileges import need
from sandbox.google.state import User

_TERM = re.compile(r"(\w+)\s*(=|:)\s*('[^']*'|\"[^\"]*\"|\S+)")

Test = Callable[[User], bool]


def operations() -> Mapping[str, Operation]:
    """Accounts by method id."""
    return {"directory.users.list": _list, "directory.users.get": _get}


def check_customer(call: Call, name: str) -> None:
    """400 unless the named parameter is ``my_customer`` or the tenant's own id."""
    given = call.path.get(name) or call.query.get(name, "")
    if given not in {"my_customer", call.state.customer_id}:
        raise errors.ApiError(404, "NOT_FOUND", "notFound", f"Resource Not Found: {name}")


def user_json(call: Call, user: User) -> Item:
    """A ``User`` resource in the projection that was asked for (nothing here has custom schemas, so basic and full are equal)."""
    state = call.state
    shown: Item = {
        "kind": "admin#directory#user",
        "id": user.id,
        "etag": f'"{user.id}-{user.email}"',
        "primaryEmail": user.email,
        "name": {"givenName": user.given, "familyName": user.family, "fullName": f"{user.given} {user.family}"},
        "isAdmin": user.super_admin,
        "isDelegatedAdmin": not user.super_admin and state.is_admin(user.id),
        "creationTime": instant(user.created),
        "agreedToTerms": True,
        "suspended": user.suspended_at is not None,
        "archived": user.archived_at is not None,
        "emails": [{"address": user.email, "primary": True}, *({"address": alias} for alias in user.aliases)],
        "customerId": state.customer_id,
        "orgUnitPath": user.org_unit,
        "isMailboxSetup": True,
        "includeInGlobalAddressList": True,
    }
    if user.employee_id:
        shown["externalIds"] = [{"value": user.employee_id, "type": "organization"}]
    if user.aliases:
        shown["aliases"] = list(user.aliases)
    if user.suspended_at is not None:
        shown |= {"suspensionReason": "ADMIN", "suspensionTime": instant(user.suspended_at)}
    if user.archived_at is not None:
        shown["archivalTime"] = instant(user.archived_at)
    if user.deleted_at is not None:
        shown["deletionTime"] = instant(user.deleted_at)
    return shown


def _list(call: Call) -> Item:
    need(call)
    if "customer" in call.query:
        check_customer(call, "customer")
    elif call.query.get("domain") != call.state.domain:
        raise errors.ApiError(400, "INVALID_ARGUMENT", "required", "Bad Request: domain or customer is required")
    tests = _tests(call.query.get("query", ""))
    deleted = call.query.get("showDeleted") == "true"
    chosen = [user for user in call.state.users.values() if (user.deleted_at is not None) == deleted and all(test(user) for test in tests)]
    # The page is cut before accounts are written out: a list of ten thousand would otherwise be written for each page.
    stubs: list[Item] = [{"id": user.id} for user in _ordered(call, chosen)]
    page, token = call.page(stubs, "maxResults", 100, 500)
    shown = [user_json(call, call.state.users[str(stub["id"])]) for stub in page]
    return listing("users", shown, token, kind="admin#directory#users", etag='"users"')


def _get(call: Call) -> Item:
    need(call)
    user = call.state.user(call.path["userKey"])
    if user is None:
        raise errors.not_found("Resource Not Found: userKey")
    return user_json(call, user)


def _ordered(call: Call, users: Iterable[User]) -> list[User]:
    keys: Mapping[str, Callable[[User], str]] = {
        "email": lambda user: user.email,
        "familyName": lambda user: user.family,
        "givenName": lambda user: user.given,
    }
    order = call.query.get("orderBy") or "email"
    if order not in keys:
        raise errors.invalid("Invalid Input: orderBy")
    return sorted(users, key=keys[order], reverse=call.query.get("sortOrder") == "DESCENDING")


def _tests(query: str) -> list[Test]:
    """The clauses of a ``query``; 400 for a field that is not known here, rather than a list that ignores it."""
    text = query.strip()
    if text and _TERM.sub("", text).strip():
        raise errors.invalid("Invalid Input: query")
    return [_test(name, operator, value.strip("'\"")) for name, operator, value in _TERM.findall(text)]


def _test(name: str, operator: str, value: str) -> Test:
    if name == "orgUnitPath" and operator == "=":
        base = value.rstrip("/")
        # "Matches all org unit chains under the target": the unit and everything below.
        return lambda user: (user.org_unit + "/").startswith(base + "/")
    if name == "email":
        wanted = value.rstrip("*").lower()
        if value.endswith("*"):
            return lambda user: any(address.startswith(wanted) for address in (user.email, *user.aliases))
        return lambda user: wanted in (user.email, *user.aliases)
    read = _READ.get(name)
    if read is None:
        raise errors.invalid("Invalid Input: query")
    return lambda user: read(user).lower() == value.lower()


_READ: Mapping[str, Callable[[User], str]] = {
    "isSuspended": lambda user: str(user.suspended_at is not None),
    "isArchived": lambda user: str(user.archived_at is not None),
    "isAdmin": lambda user: str(user.super_admin),
    "externalId": lambda user: user.employee_id,
    "givenName": lambda user: user.given,
    "familyName": lambda user: user.family,
}
"""Fields that a query compares as text, booleans as ``true`` and ``false`` whatever their case."""
