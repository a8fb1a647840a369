"""Reports API: the audit log by application, newest first, with events that come late (G§2.2, G§5)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.audit import visible
from sandbox.google.discovery import document
from sandbox.google.privileges import need
from sandbox.google.state import Activity

_FILTERS = ("actorIpAddress", "eventName", "filters", "orgUnitID", "groupIdFilter")
_CLAUSE = re.compile(r"(\w+)(==|<>|<=|>=|<|>)(.*)")
_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "==": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WINDOW = timedelta(days=180)


def operations() -> Mapping[str, Operation]:
    """The log by method id."""
    return {"reports.activities.list": _list}


def _list(call: Call) -> Item:
    need(call)
    _charge(call)
    application = call.path["applicationName"]
    known = document("reports").methods["reports.activities.list"].parameters["applicationName"]["enum"]
    if application not in known:
        raise errors.invalid("Invalid value for applicationName")
    start, end = _window(call)
    actor = _actor(call)
    chosen = [
        activity.entry
        for activity in visible(call.state, call.world, application)
        if start <= activity.at <= end and actor in {"", activity.actor} and _passes(call, activity)
    ]
    page, token = call.page(chosen, "maxResults", 1000, 1000)
    return listing("items", page, token, kind="admin#reports#activities", etag='"activities"')


def _charge(call: Call) -> None:
    """Over quota this API answers 503, not 429; filters have a tighter budget of their own (G§5)."""
    if call.world.switches.get("google.quota") == "off":
        return
    filtered = call.path["userKey"] != "all" or any(name in call.query for name in _FILTERS)
    price = {"Report queries": 1} | ({"Report filter queries": 1} if filtered else {})
    if call.state.ledger.charge(call.now, price):
        raise errors.ApiError(503, "UNAVAILABLE", "quotaExceeded", "Quota exceeded for this query. Please try again later.")


def _window(call: Call) -> tuple[datetime, datetime]:
    """From when to when; the last 180 days where only a start older than that is given (discovery document)."""
    now = call.now
    start, end = _instant(call, "startTime"), _instant(call, "endTime")
    if start is not None and (start > now or (end is not None and start >= end)):
        raise errors.invalid("Start time must be before the end time and the current time.")
    if end is None and (start is None or start < now - _WINDOW):
        start = now - _WINDOW
    start = start or now - _WINDOW
    # Vault's log is kept for ever; whether the API serves what is older than 180 days when both ends are given, nobody could tell us
    # (G§12g): the switch `google.vault_history` is `indefinite`, `180 days` (older events are left out) or `refused` (a window that begins
    # before is a 400). Other logs end after about 180 days in any case.
    if call.world.switches.get("google.vault_history") == "refused" and start < now - _WINDOW:
        raise errors.invalid("Start time must be within the last 180 days.")
    for_ever = call.path["applicationName"] == "vault" and call.world.switches.get("google.vault_history", "indefinite") == "indefinite"
    return start if for_ever else max(start, now - _WINDOW), end or now


def _instant(call: Call, name: str) -> datetime | None:
    text = call.query.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise errors.invalid(f"Invalid value for {name}: {text}") from error
    if moment.tzinfo is None:
        raise errors.invalid(f"Invalid value for {name}: {text}")
    return moment


def _actor(call: Call) -> str:
    """The address that ``userKey`` names; ``""`` for everybody. An old address finds nothing (G§4.2)."""
    key = call.path["userKey"]
    if key == "all":
        return ""
    user = call.state.user(key)
    return user.email if user is not None else key


def _passes(call: Call, activity: Activity) -> bool:
    if "eventName" in call.query and call.query["eventName"] not in activity.names:
        return False
    if "actorIpAddress" in call.query and call.query["actorIpAddress"] != activity.entry["ipAddress"]:
        return False
    return all(_clause(clause, activity) for clause in call.query.get("filters", "").split(",") if clause)


def _clause(clause: str, activity: Activity) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        raise errors.invalid(f"Invalid filter: {clause}")
    name, sign, wanted = match.groups()
    return any(key == name and _COMPARE[sign](value, wanted) for key, value in _parameters(activity))


def _parameters(activity: Activity) -> list[tuple[str, str]]:
    found = []
    events = activity.entry["events"]
    assert isinstance(events, list)
    for event in events:
        found += [(parameter["name"], parameter["value"]) for parameter in event["parameters"]]
    return found
