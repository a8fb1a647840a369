"""Chat API: spaces as an administrator with the right to manage them finds them; never a message (G§10)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, instant, listing
from sandbox.google.places import Space

_TERM = re.compile(r"\s*(\w+)\s*(<=|>=|=|<|>|:)\s*(?:\"([^\"]*)\"|(true|false))\s*")
_COMPARE: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
_ORDERS: Mapping[str, Callable[[Space], datetime | int]] = {
    "create_time": lambda space: space.created,
    "last_active_time": lambda space: space.active,
    "membership_count.joined_direct_human_user_count": lambda space: space.members,
}

Test = Callable[[Space], bool]


def operations() -> Mapping[str, Operation]:
    """Spaces by method id, reading only, as an administrator only."""
    return {"chat.spaces.search": _search, "chat.spaces.get": _get}


def _search(call: Call) -> Item:
    _need(call)
    test = _query(call.query.get("query", ""))
    found = [space for space in call.state.spaces.values() if test(space)]
    order, _, direction = (call.query.get("orderBy") or "create_time ASC").partition(" ")
    if order not in _ORDERS or direction not in {"", "ASC", "DESC"}:
        raise errors.invalid("Invalid order_by.")
    found.sort(key=_ORDERS[order], reverse=direction == "DESC")
    page, token = call.page([_json(space, call.state.customer_id) for space in found], "pageSize", 100, 1000)
    results = [{"space": space} for space in page]
    return listing("spaces", page, token, totalSize=len(found)) | ({"results": results} if results else {})


def _get(call: Call) -> Item:
    _need(call)
    space = call.state.spaces.get(call.path["name"].removeprefix("spaces/"))
    if space is None:
        raise errors.not_found("Space not found.")
    return _json(space, call.state.customer_id)


def _need(call: Call) -> None:
    if call.query.get("useAdminAccess") != "true":
        raise errors.unserved(f"{call.method.id} without useAdminAccess")
    if not call.may("chat", "MANAGE_SPACES"):
        raise errors.forbidden("The caller does not have the manage chat and spaces conversations privilege.")


def _json(space: Space, customer: str) -> Item:
    return {
        "name": f"spaces/{space.id}",
        "type": "ROOM",
        "spaceType": "SPACE",
        "displayName": space.name,
        "spaceThreadingState": "THREADED_MESSAGES",
        "spaceHistoryState": "HISTORY_ON" if space.history else "HISTORY_OFF",
        "externalUserAllowed": space.external,
        "createTime": instant(space.created),
        "lastActiveTime": instant(space.active),
        "membershipCount": {"joinedDirectHumanUserCount": space.members},
        "customer": f"customers/{customer}",
    }


def _query(text: str) -> Test:
    """Terms joined by AND, alternatives of one field in brackets, as the method's description has them; 400 for anything else."""
    clauses = [_clause(part) for part in re.split(r"\bAND\b(?![^()]*\))", text)]
    named = [name for names, _ in clauses for name in names]
    if named.count("customer") != 1 or named.count("space_type") != 1:
        raise errors.invalid("customer and space_type are required in the query.")
    return lambda space: all(test(space) for _, test in clauses)


def _clause(text: str) -> tuple[set[str], Test]:
    text = text.strip()
    if not (text.startswith("(") and text.endswith(")")):
        name, test = _term(text)
        return {name}, test
    word, join = ("OR", any) if re.search(r"\bOR\b", text) else ("AND", all)
    terms = [_term(part) for part in re.split(rf"\b{word}\b", text[1:-1])]
    return {name for name, _ in terms}, lambda space: join(test(space) for _, test in terms)


def _term(text: str) -> tuple[str, Test]:
    match = _TERM.fullmatch(text)
    if match is None:
        raise errors.invalid("Invalid query.")
    name, sign, quoted, plain = match.groups()
    value = quoted if quoted is not None else plain
    if name in {"create_time", "last_active_time"} and sign in _COMPARE:
        moment, read = _moment(value), _ORDERS[name]
        return name, lambda space: _COMPARE[sign](_dated(read(space)), moment)
    if (name, sign) == ("display_name", ":"):
        words = value.lower().split()
        return name, lambda space: all(any(part.startswith(word) for part in space.name.lower().split()) for word in words)
    if sign == "=" and (name, value) in _FIXED:
        return name, _FIXED[name, value]
    raise errors.invalid("Invalid query.")


_FIXED: Mapping[tuple[str, str], Test] = {
    ("customer", "customers/my_customer"): lambda _: True,
    ("space_type", "SPACE"): lambda _: True,
    ("space_history_state", "HISTORY_ON"): lambda space: space.history,
    ("space_history_state", "HISTORY_OFF"): lambda space: not space.history,
    ("external_user_allowed", "true"): lambda space: space.external,
    ("external_user_allowed", "false"): lambda space: not space.external,
}


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise errors.invalid("Invalid query.") from error


def _dated(value: datetime | int) -> datetime:
    assert isinstance(value, datetime)
    return value
