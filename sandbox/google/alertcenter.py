"""Alert Center API: here only what Vault reports there, requests to destroy mail ahead of retention (G§10)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing


def operations() -> Mapping[str, Operation]:
    """Alerts by method id, reading only."""
    return {"alertcenter.alerts.list": _list, "alertcenter.alerts.get": _get}


def _list(call: Call) -> Item:
    _need_admin(call)
    if call.query.get("filter"):
        raise errors.invalid("This sandbox reads no filters of alerts.")
    page, token = call.page(list(reversed(call.state.alerts)), "pageSize", 20, 1000)
    return listing("alerts", page, token)


def _get(call: Call) -> Item:
    _need_admin(call)
    for alert in call.state.alerts:
        if alert["alertId"] == call.path["alertId"]:
            return alert
    raise errors.not_found("Requested entity was not found.")


def _need_admin(call: Call) -> None:
    if not call.is_admin:
        raise errors.forbidden()
