"""Graph's event types and file plan (docs/wire/delegated.md §4.2, docs/wire/file-plan.md §4, M§1.5, M§1.6)."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.microsoft import cmd_events, cmd_labels, fileplan
from sandbox.microsoft.binding import LONGEST_NAME
from sandbox.microsoft.ediscovery import no_content, precise, sent
from sandbox.microsoft.fileplan import CATEGORY, CITATION, DEPARTMENT, SUBCATEGORY, Kind
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
    below = "/security/labels/categories/{category}/subcategories"
    table |= {below: {"GET": values, "POST": create_value}, below + "/{value}": {"GET": value}}
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
    if not 0 < len(name) <= LONGEST_NAME:
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


def _plan(ask: Ask, roles: tuple[str, ...] = READ) -> Kind:
    """The kind that the path names; four of five collections answered an app that read them (M§1.4)."""
    parts = ask.request.url.path.split("/")
    kind = SUBCATEGORY if SUBCATEGORY.collection in parts else next(PLAN[part] for part in parts if part in PLAN)
    if ask.caller.delegated or kind is DEPARTMENT or roles is WRITE:
        gate(ask, roles)
    else:
        ask.need(*roles, code="InsufficientGraphPermissions")
    return kind


def _category(ask: Ask) -> Template:
    found = fileplan.find(ask.world, CATEGORY, ask.part("category"))
    if found is None:
        raise missing(ask.part("category"))
    return found


def _values(ask: Ask, kind: Kind) -> list[Template]:
    found = fileplan.of_kind(ask.world, kind)
    return [one for one in found if one.parent == _category(ask).guid] if kind is SUBCATEGORY else found


def values(ask: Ask) -> Response:
    """One collection of the file plan: the cmdlets' own objects."""
    kind = _plan(ask)
    return page(ask, Listing(name=f"security/labels/{kind.collection}", items=_values(ask, kind), render=_value_row))


def _value_row(found: Template) -> Entity:
    row = {"id": found.guid, "displayName": found.shown, "createdBy": made_row(found)["createdBy"], "createdDateTime": precise(found.created)}
    place = {"citationUrl": found.url or None, "citationJurisdiction": found.jurisdiction or None}
    return row | (place if found.kind == CITATION.collection else {})


def value(ask: Ask) -> Response:
    """One value of the file plan."""
    kind = _plan(ask)
    found = next((one for one in _values(ask, kind) if one.guid == ask.part("value").lower()), None)
    if found is None:
        raise missing(ask.part("value"))
    return entity(ask, f"security/labels/{kind.collection}", _value_row(found))


def create_value(ask: Ask) -> Response:
    """201 and the value."""
    kind, body = _plan(ask, WRITE), sent(ask)
    if not cmd_labels.licensed(ask.world):
        raise GraphError(403, "Forbidden", "The tenant does not have a license for this operation.")
    name = text_of(body, "displayName")
    if not 0 < len(name) <= LONGEST_NAME:
        raise bad("displayName")
    parent = _category(ask).guid if kind is SUBCATEGORY else ""
    made = fileplan.make(ask.world, ask.caller.actor, kind, name)
    if made is None:
        raise GraphError(409, "Conflict", f"The value '{name}' already exists.")
    made.parent, made.url, made.jurisdiction = parent, text_of(body, "citationUrl"), text_of(body, "citationJurisdiction")
    log(ask, f"New-FilePlanProperty{kind.noun}", name, Name=name)
    return entity(ask, f"security/labels/{kind.collection}", _value_row(made), 201)
