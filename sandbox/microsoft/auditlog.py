"""Graph's audit searches, and the Management Activity API (M§6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from sandbox.microsoft import audit
from sandbox.microsoft.bearer import caller_of
from sandbox.microsoft.directory import stamp
from sandbox.microsoft.hosts import outer
from sandbox.microsoft.objects import AuditQuery, Event
from sandbox.microsoft.odata import Answer, Ask, Entity, GraphError, Listing, entity, graph_routes, page
from sandbox.microsoft.state import ACTIVITY, seconds, switch, tenant_of
from sandbox.routing import SandboxRoute, json_of, json_response
from sandbox.world import World

_QUERIES = "/security/auditLog/queries"
_RUNNING = 5
"""How many searches may be under way before the next is throttled [chosen]."""
_LISTS = ("recordTypeFilters", "operationFilters", "objectIdFilters", "userPrincipalNameFilters", "serviceFilters", "ipAddressFilters")
_QUERY_FIELDS = frozenset(
    {*_LISTS, "administrativeUnitIdFilters", "displayName", "filterStartDateTime", "filterEndDateTime", "keywordFilter"}
)


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /security/auditLog/queries."""
    table: dict[str, dict[str, Answer]] = {
        _QUERIES: {"GET": queries, "POST": create},
        _QUERIES + "/{query}": {"GET": one},
        _QUERIES + "/{query}/records": {"GET": records},
    }
    return [route for path, answers in table.items() for route in graph_routes(world, path, answers)]


def _gate(ask: Ask) -> None:
    # One tenant answered 404 on v1.0 and 201 on beta: what was measured is the default here (M§6).
    if ask.version == "v1.0" and switch(ask.world, "audit_v1", "off") == "off":
        raise GraphError(404, "UnknownError", "", spelling="innererror")
    ask.need("AuditLogsQuery.Read.All", code="Forbidden")


def _state_of(world: World, query: AuditQuery) -> str:
    now = world.clock.now()
    if now >= query.due:
        return "succeeded"
    return "notStarted" if now < query.created + (query.due - query.created) / 4 else "running"


def _row(ask: Ask, query: AuditQuery) -> Entity:
    defaults: Entity = {name: [] for name in _LISTS} | {"administrativeUnitIdFilters": [], "keywordFilter": ""}
    echoed = {name: value for name, value in query.body.items() if not name.startswith("@")}
    return {
        "@odata.type": "#microsoft.graph.security.auditLogQuery",
        "id": query.id,
        **defaults,
        **echoed,
        "status": _state_of(ask.world, query),
    }


def queries(ask: Ask) -> Response:
    """Searches that were asked for."""
    _gate(ask)
    items = list(ask.state.queries.values())
    return page(ask, Listing(name="security/auditLog/queries", items=items, render=lambda query: _row(ask, query)))


def create(ask: Ask) -> Response:
    """201 and a search that is not started; too many at once are throttled."""
    _gate(ask)
    try:
        body = json_of(ask.request)
        start, end = _instant(body.get("filterStartDateTime")), _instant(body.get("filterEndDateTime"))
    except ValueError as error:
        raise GraphError(400, "BadRequest", str(error)) from None
    unknown = [name for name in body if not name.startswith("@") and name not in _QUERY_FIELDS]
    if unknown or start >= end:
        raise GraphError(400, "BadRequest", f"Invalid property: {', '.join(unknown) or 'filterEndDateTime'}")
    waiting = sum(_state_of(ask.world, query) != "succeeded" for query in ask.state.queries.values())
    if waiting >= _RUNNING:
        raise GraphError(429, "TooManyRequests", "Too many audit log queries are in progress.")
    now = ask.world.clock.now()
    due = now + seconds(ask.world, "audit_query", 60)
    query = AuditQuery(id=ask.state.new_id("query"), body=body, created=now, due=due, by=ask.caller.actor)
    ask.state.queries[query.id] = query
    return entity(ask, "security/auditLog/queries", _row(ask, query), 201)


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("filterStartDateTime and filterEndDateTime are required.")  # noqa: TRY004 - for callers it is a bad value
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _query(ask: Ask) -> AuditQuery:
    _gate(ask)
    found = ask.state.queries.get(ask.part("query").lower())
    if found is None:
        raise GraphError(404, "NotFound", "The query was not found.")
    return found


def one(ask: Ask) -> Response:
    """One search with its status."""
    return entity(ask, "security/auditLog/queries", _row(ask, _query(ask)))


def records(ask: Ask) -> Response:
    """What the search found; empty until it has succeeded."""
    query = _query(ask)
    done = _state_of(ask.world, query) == "succeeded"
    found = [event for event in audit.found_by(ask.state, query.due) if _hit(event, query.body)] if done else []
    name = f"security/auditLog/queries('{query.id}')/records"
    return page(ask, Listing(name=name, items=found, render=lambda event: _record(ask, event), size=150))


def _hit(event: Event, body: dict[str, object]) -> bool:
    if not _instant(body["filterStartDateTime"]) <= event.at < _instant(body["filterEndDateTime"]):
        return False
    wanted = {
        "recordTypeFilters": [audit.RECORD_TYPES[event.record_type]],
        "operationFilters": [event.operation],
        "objectIdFilters": [event.object_id],
        "userPrincipalNameFilters": [event.actor.upn, event.actor.object_id],
    }
    for name, values in wanted.items():
        asked = body.get(name)
        if isinstance(asked, list) and asked and not {str(one).lower() for one in asked} & {value.lower() for value in values}:
            return False
    return True


def _record(ask: Ask, event: Event) -> Entity:
    data = audit.data_of(ask.state, event)
    return {
        "@odata.type": "#microsoft.graph.security.auditLogRecord",
        "id": event.id,
        "createdDateTime": stamp(event.at),
        "auditLogRecordType": audit.RECORD_TYPES[event.record_type],
        "operation": event.operation,
        "organizationId": ask.state.tenant_id,
        "userType": "ServicePrincipal" if event.actor.app_id else "Admin",
        "userId": data["UserId"],
        "userPrincipalName": event.actor.upn or data["UserId"],
        "service": data["Workload"],
        "objectId": event.object_id,
        "clientIp": "203.0.113.7",
        "administrativeUnits": [],
        "auditData": {"@odata.type": "#microsoft.graph.security.defaultAuditData", **data},
    }


# The Management Activity API: the same records as raw JSON, in blobs (M§6).

_WINDOW, _BACK = timedelta(hours=24), timedelta(days=7)
_CONTENT = {
    "Audit.General": (audit.CMDLET, audit.DISCOVERY),
    "Audit.Exchange": (audit.EXCHANGE_ADMIN,),
    "Audit.AzureActiveDirectory": (audit.DIRECTORY,),
    "Audit.SharePoint": (),
    "DLP.All": (),
}


def activity_routes(world: World) -> list[SandboxRoute]:
    """Subscriptions, content lists and blobs."""
    feed = _Feed(world)
    base = "/api/v1.0/{tenant}/activity/feed"
    return [
        SandboxRoute(base + "/subscriptions/start", feed.start, methods=["POST"], operation="subscriptions/start"),
        SandboxRoute(base + "/subscriptions/list", feed.subscriptions, methods=["GET"], operation="subscriptions/list"),
        SandboxRoute(base + "/subscriptions/content", feed.content, methods=["GET"], operation="subscriptions/content"),
        SandboxRoute(base + "/audit/{blob}", feed.blob, methods=["GET"], operation="audit"),
    ]


class _Feed:
    def __init__(self, world: World) -> None:
        self._world = world

    def _refusal(self, request: Request) -> Response | None:
        state = tenant_of(self._world)
        caller = caller_of(state, request, ACTIVITY)
        if isinstance(caller, str):
            return json_response({"Message": "Authorization has been denied for this request."}, 401)
        if request.path_params["tenant"].lower() != state.tenant_id:
            return _af(403, "AF10001", "The permission set sent in the request does not include the expected permission.")
        if "ActivityFeed.Read" not in caller.roles:
            return _af(
                403, "AF10001", "The permission set () sent in the request does not include the expected permission ActivityFeed.Read."
            )
        return None

    def start(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        kind = request.query_params.get("contentType", "")
        if kind not in _CONTENT:
            return _af(400, "AF20020", f"The specified content type is not valid: {kind}")
        subscriptions = tenant_of(self._world).subscriptions
        if kind in subscriptions:
            return _af(400, "AF20024", "The subscription is already enabled. No property change.")
        subscriptions.add(kind)
        return json_response({"contentType": kind, "status": "enabled", "webhook": None})

    def subscriptions(self, request: Request) -> Response:
        refusal = self._refusal(request)
        found = sorted(tenant_of(self._world).subscriptions)
        return refusal or json_response([{"contentType": kind, "status": "enabled", "webhook": None} for kind in found])

    def content(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        kind, now = request.query_params.get("contentType", ""), self._world.clock.now()
        if kind not in tenant_of(self._world).subscriptions:
            return _af(400, "AF20022", "No subscription found for the specified content type")
        try:
            start = _instant(request.query_params.get("startTime", stamp(now - _WINDOW)))
            end = _instant(request.query_params.get("endTime", stamp(now)))
        except ValueError:
            return _af(400, "AF20030", "Start time and end time must both be specified in a valid format.")
        if not start < end or end - start > _WINDOW or start < now - _BACK:
            text = "Start time and end time must both be specified within 24 hours of each other and no more than 7 days in the past."
            return _af(400, "AF20055", text)
        found = [event for event in self._events(kind) if start <= event.visible < end]
        path = f"{outer(request)}/api/v1.0/{request.path_params['tenant']}/activity/feed/audit"
        return json_response([_blob_row(kind, event, path) for event in found])

    def _events(self, kind: str) -> Iterable[Event]:
        state = tenant_of(self._world)
        return [event for event in audit.found_by(state, self._world.clock.now()) if event.record_type in _CONTENT[kind]]

    def blob(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        state = tenant_of(self._world)
        for event in audit.found_by(state, self._world.clock.now()):
            if event.id.replace("-", "") == request.path_params["blob"]:
                return json_response([audit.data_of(state, event)])
        return _af(404, "AF20051", "Content requested has already expired.")


def _blob_row(kind: str, event: Event, path: str) -> dict[str, str]:
    number = event.id.replace("-", "")
    expires = stamp(event.visible + _BACK)
    return {
        "contentUri": f"{path}/{number}",
        "contentId": number,
        "contentType": kind,
        "contentCreated": stamp(event.visible),
        "contentExpiration": expires,
    }


def _af(status: int, code: str, message: str) -> Response:
    return json_response({"error": {"code": code, "message": message}}, status)
