"""Graph's retention labels: refused to apps, open to a signed-in officer (docs/wire/delegated.md §4.1, M§1)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from sandbox.microsoft import audit, cmd_labels, fileplan
from sandbox.microsoft.binding import LONGEST_NAME
from sandbox.microsoft.ediscovery import no_content, precise, sent
from sandbox.microsoft.objects import EventType, Label, Made
from sandbox.microsoft.odata import Answer, Ask, Entity, GraphError, Listing, entity, graph_routes, page
from sandbox.routing import SandboxRoute
from sandbox.world import World

_LABELS = "/security/labels/retentionLabels"
TYPES = "/security/triggerTypes/retentionEventTypes"
PLAN = {kind.collection: kind for kind in fileplan.KINDS if kind is not fileplan.SUBCATEGORY}
"""Collections of the file plan that stand below /security/labels; subcategories stand below their category."""

READ, WRITE = ("RecordsManagement.Read.All", "RecordsManagement.ReadWrite.All"), ("RecordsManagement.ReadWrite.All",)
_FIXED = ("displayName", "behaviorDuringRetentionPeriod", "actionAfterRetentionPeriod", "retentionTrigger", "defaultRecordBehavior")
_TEXTS = {"descriptionForAdmins": "comment", "descriptionForUsers": "notes", "labelToBeApplied": "next_stage"}
_TRIGGERS = {
    "dateLabeled": "TaggedAgeInDays",
    "dateCreated": "CreationAgeInDays",
    "dateModified": "ModificationAgeInDays",
    "dateOfEvent": "EventAgeInDays",
}
_BEHAVIOURS = ("doNotRetain", "retain", "retainAsRecord", "retainAsRegulatoryRecord")
_ACTIONS = ("none", "delete", "startDispositionReview", "relabel")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "behaviorDuringRetentionPeriod": _BEHAVIOURS,
    "actionAfterRetentionPeriod": _ACTIONS,
    "retentionTrigger": tuple(_TRIGGERS),
    "defaultRecordBehavior": ("startLocked", "startUnlocked"),
}


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /security/labels/retentionLabels."""
    table: dict[str, dict[str, Answer]] = {
        _LABELS: {"GET": labels, "POST": create},
        _LABELS + "/{label}": {"GET": label, "PATCH": update, "DELETE": delete},
        _LABELS + "/{label}/retentionEventType": {"GET": type_of_label},
    }
    return [route for path, answers in table.items() for route in graph_routes(world, path, answers)]


def gate(ask: Ask, roles: tuple[str, ...] = READ) -> None:
    """The permission first; then an app meets the permanent 500 (M§1.4), and a person needs the role besides the scope."""
    ask.need(*roles, code="InsufficientGraphPermissions")
    if not ask.caller.delegated:
        raise GraphError(500, "DataInsightsRequestError", "Failed to process request, FAILED - Forbidden")
    if not ask.caller.officer:
        raise GraphError(403, "InsufficientGraphPermissions", "Insufficient privileges to complete the operation.")


def labels(ask: Ask) -> Response:
    """All labels; what is nested only with ``$expand``."""
    gate(ask)
    return page(ask, Listing(name=_LABELS[1:], items=list(ask.state.labels.values()), render=lambda one: _row(ask, one)))


def _label(ask: Ask) -> Label:
    found = ask.state.labels.get(ask.part("label").lower())
    if found is None:
        raise missing(ask.part("label"))
    return found


def missing(what: str) -> GraphError:
    """404 in the words that clients match (M§1.4)."""
    return GraphError(404, "NotFound", f"The operation couldn't be performed because object '{what}' couldn't be found on 'FfoConfigurationSession'.")


def label(ask: Ask) -> Response:
    """One label."""
    gate(ask)
    return entity(ask, _LABELS[1:], _row(ask, _label(ask)))


def _row(ask: Ask, found: Label) -> Entity:
    wanted = {word.strip() for word in ask.option("$expand").split(",")}
    row: Entity = {
        "@odata.type": "#microsoft.graph.security.retentionLabel",
        "id": found.guid,
        "displayName": found.name,
        "behaviorDuringRetentionPeriod": _behaviour(found),
        "actionAfterRetentionPeriod": _action(found),
        "retentionTrigger": next((name for name, trigger in _TRIGGERS.items() if trigger == found.trigger), None),
        "retentionDuration": _duration(found.duration),
        "isInUse": bool(cmd_labels.users_of(ask.state, found)),
        "descriptionForAdmins": found.comment,
        "descriptionForUsers": found.notes or None,
        "labelToBeApplied": found.next_stage,
        "defaultRecordBehavior": "startUnlocked" if found.unlocked else "startLocked",
        **made_row(found),
    }
    if "dispositionReviewStages" in wanted:
        row["dispositionReviewStages"] = cmd_labels.stages_of(found)
    kind = cmd_labels.find_event_type(ask.state, found.event_type) if found.event_type else None
    if "retentionEventType" in wanted:
        row["retentionEventType"] = type_row(kind) if kind is not None else None
    if "descriptors" in wanted:
        row["descriptors"] = {kind.on_label: _value_on_label(ask, found, kind.on_label) for kind in PLAN.values()}
    return row


def _value_on_label(ask: Ask, found: Label, name: str) -> Entity | None:
    template = ask.state.templates.get(found.templates.get(name, ""))
    if template is None:
        return None
    more: Entity = {}
    if name == "citation":
        more = {"citationUrl": template.url or None, "citationJurisdiction": template.jurisdiction or None}
    if name == "category":
        more = {"subcategory": _value_on_label(ask, found, "subcategory")}
    return {"displayName": template.shown} | more


def made_row(found: Made) -> Entity:
    """Who made and changed it when; display names are mostly null (M§1.1)."""
    who = [{"user": {"id": one.object_id, "displayName": None}} for one in (found.created_by, found.changed_by)]
    times = {"createdDateTime": precise(found.created), "lastModifiedDateTime": precise(found.changed)}
    return {"createdBy": who[0], "lastModifiedBy": who[1], **times}


def _behaviour(found: Label) -> str:
    if found.regulatory:
        return "retainAsRegulatoryRecord"
    if found.record:
        return "retainAsRecord"
    return "retain" if found.action in {"Keep", "KeepAndDelete"} else "doNotRetain"


def _action(found: Label) -> str:
    if found.next_stage:
        return "relabel"
    if found.reviewers or found.review_stages:
        return "startDispositionReview"
    return "delete" if found.action in {"Delete", "KeepAndDelete"} else "none"


def _duration(days: str | None) -> Entity | None:
    if days is None:
        return None
    if days == "Unlimited":
        return {"@odata.type": "#microsoft.graph.security.retentionDurationForever"}
    return {"@odata.type": "#microsoft.graph.security.retentionDurationInDays", "days": int(days)}


def create(ask: Ask) -> Response:
    """201 and the label; unpublished, so nothing happens yet (M§1.1)."""
    gate(ask, WRITE)
    body = sent(ask)
    name = text_of(body, "displayName")
    if not name or len(name) > LONGEST_NAME:
        raise bad("displayName")
    if cmd_labels.find(ask.state, name) is not None:
        raise GraphError(409, "Conflict", f"The label '{name}' already exists.")
    if len(ask.state.labels) >= cmd_labels.MOST:
        raise GraphError(400, "BadRequest", f"You've reached the maximum number of retention labels ({cmd_labels.MOST}).")
    chosen = {key: _choice(body, key) for key in _CHOICES}
    behaviour, action, trigger = (chosen[key] for key in _FIXED[1:4])
    if "" in (behaviour, action, trigger):
        raise bad("behaviorDuringRetentionPeriod, actionAfterRetentionPeriod, retentionTrigger")
    if "retentionDuration" not in body:
        raise bad("retentionDuration")
    now, deletes = ask.world.clock.now(), action in {"delete", "startDispositionReview"}
    made = Label(
        name=name,
        guid="",
        created=now,
        changed=now,
        created_by=ask.caller.actor,
        changed_by=ask.caller.actor,
        action=("Delete" if deletes else None) if behaviour == "doNotRetain" else "KeepAndDelete" if deletes else "Keep",
        trigger=_TRIGGERS[trigger],
        record=behaviour.startswith("retainAs"),
        regulatory=behaviour == "retainAsRegulatoryRecord",
        unlocked=chosen["defaultRecordBehavior"] == "startUnlocked",
        priority=len(ask.state.labels),
    )
    _apply(ask, made, body)
    _bind(ask, made, body)
    if (made.record or made.event_type or made.templates or action == "startDispositionReview") and not cmd_labels.licensed(ask.world):
        raise GraphError(403, "Forbidden", "The tenant does not have a license for this operation.")
    made.guid = ask.state.new_id("label")
    ask.state.labels[made.guid] = made
    log(ask, "New-ComplianceTag", made.name, Name=made.name, Comment=made.comment, RetentionDuration=made.duration)
    return entity(ask, _LABELS[1:], _row(ask, made), 201)


def bad(what: str) -> GraphError:
    """400 for a property that is missing or not valid."""
    return GraphError(400, "BadRequest", f"The value of '{what}' is missing or not valid.")


def text_of(body: Mapping[str, object], name: str) -> str:
    """A string property, empty when there is none."""
    found = body.get(name)
    if found is not None and not isinstance(found, str):
        raise bad(name)
    return (found or "").strip()


def _choice(body: Mapping[str, object], name: str) -> str:
    found = text_of(body, name)
    if found and found not in _CHOICES[name]:
        raise bad(name)
    return found


def _apply(ask: Ask, found: Label, body: Mapping[str, object]) -> bool:
    """Set what can be set at any time; True when something is other than before."""
    before = (found.comment, found.notes, found.next_stage, found.duration, found.review_stages)
    for name, attribute in _TEXTS.items():
        if name in body:
            text = text_of(body, name)
            if len(text) > cmd_labels.LONGEST_TEXT:
                raise bad(name)
            setattr(found, attribute, text or ("" if attribute != "next_stage" else None))
    if "retentionDuration" in body:
        found.duration = _days(body["retentionDuration"])
    if "dispositionReviewStages" in body:
        found.review_stages = cmd_labels.stages_text(_stages(body["dispositionReviewStages"]))
    del ask
    return before != (found.comment, found.notes, found.next_stage, found.duration, found.review_stages)


def _days(value: object) -> str:
    kind = str(value.get("@odata.type", "")).rpartition(".")[2] if isinstance(value, dict) else ""
    if kind == "retentionDurationForever":
        return "Unlimited"
    days = value.get("days") if isinstance(value, dict) else None
    if kind != "retentionDurationInDays" or not isinstance(days, int) or not 1 <= days <= cmd_labels.LONGEST_DAYS:
        raise bad("retentionDuration")
    return str(days)


def _stages(value: object) -> list[tuple[str, list[str]]]:
    found = []
    for one in value if isinstance(value, list) else [None]:
        people = one.get("reviewersEmailAddresses") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(people, list) or not people:
            raise bad("dispositionReviewStages")
        found.append((str(one.get("name", "")), [str(person) for person in people]))
    return found


def _bind(ask: Ask, made: Label, body: Mapping[str, object]) -> None:
    kind = _bound(body, "retentionEventType@odata.bind")
    if bool(kind) != (made.trigger == "EventAgeInDays"):
        raise bad("retentionEventType")
    if kind:
        if kind not in ask.state.event_types:
            raise missing(kind)
        made.event_type = kind
    given = body.get("descriptors")
    for plan, kind_of in PLAN.items():
        number = _bound(given, f"{kind_of.on_label}Template@odata.bind") if isinstance(given, dict) else ""
        if number:
            if number not in ask.state.templates or ask.state.templates[number].kind != plan:
                raise missing(number)
            made.templates[kind_of.on_label] = number


def _bound(body: Mapping[str, object], name: str) -> str:
    """The id in a reference such as ``.../departments('guid')`` or ``.../departments/guid``."""
    return str(body.get(name) or "").replace("('", "/").replace("')", "").rpartition("/")[2].lower()


def update(ask: Ask) -> Response:
    """204; what a label is called, does and counts from cannot be changed (M§1.1)."""
    gate(ask, WRITE)
    found, body = _label(ask), sent(ask)
    wrong = [name for name in body if not name.startswith("@") and name not in {*_TEXTS, "retentionDuration", "dispositionReviewStages"}]
    if "retentionDuration" in body and cmd_labels.fixed_period(found):
        wrong.append("retentionDuration")
    if wrong:
        raise GraphError(400, "BadRequest", f"The property '{wrong[0]}' cannot be updated.")
    if _apply(ask, found, body):
        found.touch(ask.caller.actor, ask.world.clock.now())
        log(ask, "Set-ComplianceTag", found.name, Identity=found.guid, Comment=found.comment, RetentionDuration=found.duration)
    return no_content()


def delete(ask: Ask) -> Response:
    """204; refused while a policy uses it."""
    gate(ask, WRITE)
    found = _label(ask)
    users = cmd_labels.users_of(ask.state, found)
    if users:
        raise GraphError(400, "BadRequest", f"The label '{found.name}' is being used by the policy '{users[0]}' and can't be removed.")
    if cmd_labels.permanent(found):
        raise GraphError(400, "BadRequest", f"The label '{found.name}' is event-based or regulatory and can't be removed.")
    del ask.state.labels[found.guid]
    log(ask, "Remove-ComplianceTag", found.name, Identity=found.guid)
    return no_content()


def log(ask: Ask, cmdlet: str, name: str, **values: str | None) -> None:
    """The act in the audit log: the service runs the cmdlet behind Graph [chosen]."""
    audit.record(ask.world, ask.caller.actor, (audit.CMDLET, cmdlet), name, audit.cmdlet_line(values.items()))


def type_of_label(ask: Ask) -> Response:
    """The event type that a label counts from."""
    gate(ask)
    found = _label(ask)
    kind = cmd_labels.find_event_type(ask.state, found.event_type) if found.event_type else None
    if kind is None:
        raise missing(found.guid)
    return entity(ask, TYPES[1:], type_row(kind))


def type_row(found: EventType) -> Entity:
    """An event type."""
    return {"id": found.guid, "displayName": found.name, "description": found.comment, **made_row(found)}
