"""Graph's audit searches (M§6, docs/wire/graph-directory-audit.md §8)."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from sandbox.microsoft import audit
from sandbox.microsoft.directory import stamp
from sandbox.microsoft.objects import AuditQuery, Event
from sandbox.microsoft.odata import Answer, Ask, Entity, GraphError, Listing, entity, graph_routes, page
from sandbox.microsoft.state import seconds, switch
from sandbox.routing import SandboxRoute, json_of
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
