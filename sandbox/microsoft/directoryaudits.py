"""Graph's log of what happened to accounts and groups (docs/wire/graph-directory-audit.md §8.1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.responses import Response

from sandbox.microsoft import audit, throttle
from sandbox.microsoft.directory import stamp
from sandbox.microsoft.objects import Event
from sandbox.microsoft.odata import Ask, Entity, GraphError, Listing, graph_routes, page
from sandbox.microsoft.state import licence
from sandbox.routing import SandboxRoute
from sandbox.world import World

_PATH = "/auditLogs/directoryAudits"
_KEPT = timedelta(days=30)
_IN_WINDOW, _WINDOW = 5, 10.0
"""Requests, and seconds, of one application in one tenant (M§6, M§7)."""
_SOONER = 6
"""A record stands here in a sixth of the time that the unified log takes for it [chosen]."""
_SINCE = re.compile(r"activityDateTime (?P<how>ge|le) (?P<at>[0-9T:.+Z-]+)")
_ABOUT = re.compile(r"targetResources/any\(t: ?t/id eq '(?P<id>[^']+)'\)")


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /auditLogs."""
    return graph_routes(world, _PATH, {"GET": audits})


def audits(ask: Ask) -> Response:
    """What happened, newest first; five requests of an application in ten seconds (docs/wire §8.1)."""
    delay = throttle.wait(ask.world, "directory_audits", _WINDOW, published=_IN_WINDOW, who=ask.caller.actor.object_id)
    if delay:
        raise GraphError(429, "TooManyRequests", "Too many requests.", {"Retry-After": str(delay)})
    ask.need("AuditLog.Read.All")
    if licence(ask.world) == "A1":
        text = "Neither tenant is B2C or tenant doesn't have premium license"
        raise GraphError(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", text)
    now, tests = ask.world.clock.now(), _tests(ask.option("$filter"))
    kept = (one for one in ask.state.events if one.record_type == audit.DIRECTORY and _there(one, now))
    shown = [one for one in kept if all(test(one) for test in tests)]
    found = sorted(shown, key=lambda one: (one.at, one.id), reverse=True)
    return page(ask, Listing(name="auditLogs/directoryAudits", items=found, render=_row, most=1000))


def _there(event: Event, now: datetime) -> bool:
    return event.at + (event.visible - event.at) / _SOONER <= now <= event.at + _KEPT


def _tests(text: str) -> list[Callable[[Event], bool]]:
    """What ``$filter`` asks for: its clauses joined by ``and``; another form is 400."""
    return [_test(clause.strip()) for clause in text.split(" and ")] if text else []


def _test(clause: str) -> Callable[[Event], bool]:
    when, about = _SINCE.fullmatch(clause), _ABOUT.fullmatch(clause)
    if when is not None:
        at = datetime.fromisoformat(when["at"])
        return (lambda event: event.at >= at) if when["how"] == "ge" else (lambda event: event.at <= at)
    if about is not None:
        return lambda event: event.target == about["id"].lower()
    raise GraphError(400, "BadRequest", f"Invalid filter clause: {clause}")


def _row(event: Event) -> Entity:
    group, name = "group" in event.operation.lower() and "member" not in event.operation.lower(), event.operation.rstrip(".")
    by_app = bool(event.actor.app_id)
    user = None if by_app else {"id": event.actor.object_id, "displayName": None, "userPrincipalName": event.actor.upn, "ipAddress": "203.0.113.7"}
    app = {"appId": event.actor.app_id, "displayName": event.actor.name, "servicePrincipalId": event.actor.object_id} if by_app else None
    # The address of an account that was deleted has its id in front.
    address = f"{event.target.replace('-', '')}{event.object_id}" if "delete" in name.lower() else event.object_id
    target: Entity = {
        "id": event.target,
        "displayName": event.object_id if group else None,
        "type": "Group" if group else "User",
        "userPrincipalName": None if group else address,
        "groupType": "unknownFutureValue" if group else None,
        "modifiedProperties": [],
    }
    return {
        "id": f"Directory_{event.id}_8QX2T_{int(event.at.timestamp())}",
        "category": "GroupManagement" if group else "UserManagement",
        "correlationId": event.id,
        "result": "success",
        "resultReason": "",
        "activityDisplayName": name,
        "activityDateTime": stamp(event.at),
        "loggedByService": "Core Directory",
        "operationType": name.partition(" ")[0],
        "initiatedBy": {"user": user, "app": app},
        "targetResources": [target],
        "additionalDetails": [],
    }
