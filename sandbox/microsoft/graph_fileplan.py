"""Graph's event types and file plan (docs/wire/delegated.md §4.2, M§1.5, M§1.6)."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.microsoft import cmd_events, cmd_labels
from sandbox.microsoft.ediscovery import no_content, precise, sent
from sandbox.microsoft.graph_labels import PLAN, READ, TYPES, WRITE, bad, gate, log, made_row, missing, text_of, type_row
from sandbox.microsoft.objects import EventType, Template
from sandbox.microsoft.odata import Answer, Ask, Entity, GraphError, Listing, entity, graph_routes, page
from sandbox.routing import SandboxRoute
from sandbox.world import World


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /security/triggerTypes and /security/triggers, and the file plan below /security/labels."""
    table: dict[str, dict[str, Answer]] = {
        TYPES: {"GET": event_types, "POST": create_type},
        TYPES + "/{type}": {"GET": event_type, "PATCH": update_type, "DELETE": delete_type},
        "/security/triggers/retentionEvents": {"GET": events},
    }
    for name in PLAN:
        table[f"/security/labels/{name}"] = {"GET": values, "POST": create_value}
        table[f"/security/labels/{name}/{{value}}"] = {"GET": value}
    return [route for path, answers in table.items() for route in graph_routes(world, path, answers)]


def event_types(ask: Ask) -> Response:
    """All event types."""
    gate(ask)
    return page(ask, Listing(name=TYPES[1:], items=list(ask.state.event_types.values()), render=type_row))


def _type(ask: Ask) -> EventType:
    found = ask.state.event_types.get(ask.part("type").lower())
    if found is None:
        raise missing(ask.part("type"))
    return found


def event_type(ask: Ask) -> Response:
    """One event type."""
    gate(ask)
    return entity(ask, TYPES[1:], type_row(_type(ask)))


def create_type(ask: Ask) -> Response:
    """201 and the event type."""
    gate(ask, WRITE)
    if not cmd_labels.licensed(ask.world):
        raise GraphError(403, "Forbidden", "The tenant does not have a license for this operation.")
    body = sent(ask)
    name = text_of(body, "displayName")
    if not name:
        raise bad("displayName")
    made = cmd_events.make(ask.world, ask.caller.actor, name, text_of(body, "description"))
    if made is None:
        raise GraphError(409, "Conflict", f"The event type '{name}' already exists.")
    log(ask, "New-ComplianceRetentionEventType", name, Name=name, Comment=made.comment)
    return entity(ask, TYPES[1:], type_row(made), 201)


def update_type(ask: Ask) -> Response:
    """204; only the description."""
    gate(ask, WRITE)
    found, body = _type(ask), sent(ask)
    if set(body) - {"description", "@odata.type"}:
        raise bad("displayName")
    if found.comment != text_of(body, "description"):
        found.comment = text_of(body, "description")
        found.touch(ask.caller.actor, ask.world.clock.now())
        log(ask, "Set-ComplianceRetentionEventType", found.name, Identity=found.guid, Comment=found.comment)
    return no_content()


def delete_type(ask: Ask) -> Response:
    """204; refused while a label counts from it."""
    gate(ask, WRITE)
    found = _type(ask)
    users = cmd_events.labels_of(ask.world, found)
    if users:
        raise GraphError(400, "BadRequest", f"The event type '{found.name}' is being used by the label '{users[0]}' and can't be removed.")
    del ask.state.event_types[found.guid]
    log(ask, "Remove-ComplianceRetentionEventType", found.name, Identity=found.guid)
    return no_content()


def events(ask: Ask) -> Response:
    """No event was ever fired here."""
    gate(ask)
    none: list[Entity] = []
    return page(ask, Listing(name="security/triggers/retentionEvents", items=none, render=lambda row: row))


def _plan(ask: Ask, roles: tuple[str, ...] = READ) -> str:
    """The collection that the path names; four of five answered an app that read them (M§1.4)."""
    name = next(part for part in ask.request.url.path.split("/") if part in PLAN)
    if ask.caller.delegated or name == "departments" or roles is WRITE:
        gate(ask, roles)
    else:
        ask.need(*roles, code="InsufficientGraphPermissions")
    return name


def values(ask: Ask) -> Response:
    """One collection of the file plan."""
    name = _plan(ask)
    found = [one for one in ask.state.templates.values() if one.kind == name]
    return page(ask, Listing(name=f"security/labels/{name}", items=found, render=_value_row))


def _value_row(found: Template) -> Entity:
    row = {"id": found.guid, "displayName": found.name, "createdBy": made_row(found)["createdBy"], "createdDateTime": precise(found.created)}
    return row | ({"citationUrl": found.url, "citationJurisdiction": found.jurisdiction} if found.kind == "citations" else {})


def value(ask: Ask) -> Response:
    """One value of the file plan."""
    name = _plan(ask)
    found = ask.state.templates.get(ask.part("value").lower())
    if found is None or found.kind != name:
        raise missing(ask.part("value"))
    return entity(ask, f"security/labels/{name}", _value_row(found))


def create_value(ask: Ask) -> Response:
    """201 and the value."""
    kind, body = _plan(ask, WRITE), sent(ask)
    name, now, actor = text_of(body, "displayName"), ask.world.clock.now(), ask.caller.actor
    if not name:
        raise bad("displayName")
    made = Template(name=name, guid=ask.state.new_id(kind), kind=kind, created=now, changed=now, created_by=actor, changed_by=actor)
    made.url, made.jurisdiction = text_of(body, "citationUrl"), text_of(body, "citationJurisdiction")
    ask.state.templates[made.guid] = made
    return entity(ask, f"security/labels/{kind}", _value_row(made), 201)
