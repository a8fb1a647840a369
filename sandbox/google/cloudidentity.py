"""Cloud Identity Policy API: settings as policies per unit, for super administrators alone (G§2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing, page_token

_PACE = timedelta(milliseconds=900)
"""About a second (G§2.1); a little less, so that a client which waits one from start to start is not refused for its own latency."""
_MATCHES = re.compile(r"setting\.type\.matches\(['\"](.+?)['\"]\)")
_EQUALS = re.compile(r"setting\.type\s*==\s*['\"](.+?)['\"]")
_CUSTOMER = re.compile(r"customer\s*==\s*['\"]customers/(\w+)['\"]")


def operations() -> Mapping[str, Operation]:
    """Policies by method id, reading only."""
    return {
        "cloudidentity.policies.list": _list,
        "cloudidentity.policies.get": _get,
        # Nobody signs in through another provider here, so there is nothing to list.
        "cloudidentity.inboundSsoAssignments.list": _no_sso,
    }


def _no_sso(call: Call) -> Item:
    call.need_admin()
    return {}


def _list(call: Call) -> Item:
    """Policies that the filter lets through. A first page may be empty and still have a token (G§2.1)."""
    _need_super_admin(call)
    _pace(call)
    test = _test(call, call.query.get("filter", ""))
    chosen = [policy for policy in call.state.policies if test(_type(policy))]
    if chosen and "pageToken" not in call.query and call.world.switches.get("google.empty_pages", "on") == "on":
        return listing("policies", [], page_token(0))
    page, token = call.page(chosen, "pageSize", 50, 100)
    return listing("policies", page, token)


def _pace(call: Call) -> None:
    """Requests closer than about a second get 429, in other words than the budget per minute; not while ``google.quota`` is off."""
    before = call.state.policies_read_at
    if call.world.switches.get("google.quota") != "off" and before is not None and call.now - before < _PACE:
        raise errors.exhausted("Resource has been exhausted (e.g. check quota).")
    call.state.policies_read_at = call.now


def _get(call: Call) -> Item:
    _need_super_admin(call)
    for policy in call.state.policies:
        if policy["name"] == call.path["name"]:
            return policy
    raise errors.not_found("Requested entity was not found.")


def _need_super_admin(call: Call) -> None:
    if call.user is None or not call.user.super_admin:
        raise errors.forbidden("The caller does not have permission. Only super administrators can use the Policy API.")


def _type(policy: Item) -> str:
    setting = policy["setting"]
    assert isinstance(setting, dict)
    return str(setting["type"])


def _test(call: Call, text: str) -> Callable[[str], bool]:
    """The filter's clauses, joined by ``&&``; 400 for one that is not of the forms that are documented."""
    patterns, exact = [], []
    for clause in (part.strip() for part in text.split("&&") if part.strip()):
        if (match := _MATCHES.fullmatch(clause)) is not None:
            patterns.append(re.compile(match.group(1)))
        elif (match := _EQUALS.fullmatch(clause)) is not None:
            exact.append(match.group(1))
        elif (match := _CUSTOMER.fullmatch(clause)) is None or match.group(1) != call.state.customer_id:
            raise errors.invalid("Invalid filter.")
    return lambda kind: all(pattern.search(kind) for pattern in patterns) and all(kind == value for value in exact)
