"""Alert Center API: here only what Vault reports there, requests to destroy mail ahead of retention (G§10)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.privileges import need

_CLAUSE = re.compile(r"(\w+)\s*(<=|>=|=|<|>|:)\s*\"([^\"]*)\"")
_COMPARE: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


def operations() -> Mapping[str, Operation]:
    """Alerts by method id, reading only."""
    return {"alertcenter.alerts.list": _list, "alertcenter.alerts.get": _get}


def _list(call: Call) -> Item:
    need(call)
    tests = [_clause(part) for part in re.split(r"\s+AND\s+", call.query.get("filter", "")) if part.strip()]
    found = [alert for alert in reversed(call.state.alerts) if all(test(alert) for test in tests)]
    page, token = call.page(found, "pageSize", 20, 1000)
    return listing("alerts", page, token)


def _clause(text: str) -> Callable[[Item], bool]:
    """``type``, ``source`` or ``createTime`` compared with a quoted value; 400 for anything else."""
    match = _CLAUSE.fullmatch(text.strip())
    if match is None:
        raise errors.invalid("Invalid filter.")
    name, sign, wanted = match.groups()
    if name in {"type", "source"} and sign in {"=", ":"}:
        return lambda alert: alert[name] == wanted
    if name in {"createTime", "create_time"} and sign in _COMPARE:
        try:
            moment = datetime.fromisoformat(wanted)
        except ValueError as error:
            raise errors.invalid("Invalid filter.") from error
        return lambda alert: _COMPARE[sign](datetime.fromisoformat(str(alert["createTime"])), moment)
    raise errors.invalid("Invalid filter.")


def _get(call: Call) -> Item:
    need(call)
    for alert in call.state.alerts:
        if alert["alertId"] == call.path["alertId"]:
            return alert
    raise errors.not_found("Requested entity was not found.")
