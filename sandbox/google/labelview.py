"""Drive labels as the API shows them (G§3.1)."""

from __future__ import annotations

from datetime import datetime

from sandbox.google.labels import MAX_DESCRIPTION, MAX_DRAFTS, MAX_FIELDS, MAX_TITLE, Label, Part, Properties, Revision

Item = dict[str, object]

LIMITS: Item = {
    "name": "limits/label",
    "maxTitleLength": MAX_TITLE,
    "maxDescriptionLength": MAX_DESCRIPTION,
    "maxFields": MAX_FIELDS,
    "maxDeletedFields": 10,
    "maxDraftRevisions": MAX_DRAFTS,
    "fieldLimits": {
        "maxIdLength": 10,
        "maxDisplayNameLength": 50,
        "maxDescriptionLength": 500,
        "textLimits": {"minLength": 0, "maxLength": 100},
        "selectionLimits": {"maxChoices": 200, "maxIdLength": 10, "maxDisplayNameLength": 50, "listLimits": {"maxEntries": 10}},
        "integerLimits": {"minValue": "-1000000000", "maxValue": "1000000000"},
        "userLimits": {"listLimits": {"maxEntries": 10}},
    },
}
"""What ``limits.getLabel`` answers. The field count is the help page's; the other numbers are plausible, which is why a client must read them."""


def label_json(label: Label, revision: Revision, *, full: bool = True, named: bool = False) -> Item:
    """A label at a revision; ``full`` as LABEL_VIEW_FULL, ``named`` with the revision in the name."""
    shown: Item = {
        "name": f"labels/{label.id}" + (f"@{revision.id}" if named else ""),
        "id": label.id,
        "revisionId": revision.id,
        "labelType": label.type,
        "properties": revision.properties,
    }
    if not full:
        return shown
    shown |= {
        "createTime": _instant(label.created),
        "creator": _person(label.creator),
        "revisionCreateTime": _instant(revision.created),
        "revisionCreator": _person(revision.creator),
        "lifecycle": _lifecycle(label.state, label.disabled_policy) | ({"hasUnpublishedChanges": True} if _pending(label) else {}),
        "lockStatus": {"locked": label.target()},
        "appliedLabelPolicy": {"copyMode": label.copy_mode},
        "enabledAppSettings": {"enabledApps": [{"app": app} for app in label.apps]},
        "schemaCapabilities": {
            "canUpdate": True,
            "canDelete": label.state != "PUBLISHED" and not label.locked(),
            "canDisable": label.state == "PUBLISHED" and not label.locked(),
            "canEnable": label.state == "DISABLED",
        },
    }
    if label.learn_more:
        shown["learnMoreUri"] = label.learn_more
    if label.published_at is not None:
        shown |= {"publishTime": _instant(label.published_at), "publisher": _person(label.publisher)}
    if label.state == "DISABLED" and label.disabled_at is not None:
        shown |= {"disableTime": _instant(label.disabled_at), "disabler": _person(label.disabler)}
    if revision.fields:
        shown["fields"] = [_field(label, part) for part in revision.fields]
    return shown


def permission_json(label: Label, principal: str) -> Item:
    """One principal's role; an audience has no address."""
    shown: Item = {"name": f"labels/{label.id}/permissions/{principal}", "role": label.permissions[principal]}
    return shown | ({"audience": principal} if principal.startswith("audiences/") else {"email": principal})


def lock_json(label: Label, ident: str) -> Item:
    """One lock; whose rule it is cannot be told."""
    lock = label.locks[ident]
    shown: Item = {
        "name": f"labels/{label.id}/locks/{ident}",
        "state": "ACTIVE",
        "createTime": _instant(lock.created),
        "capabilities": {"canViewPolicy": False},
    }
    return shown | {name: value for name, value in (("fieldId", lock.field_id), ("choiceId", lock.choice_id)) if value}


def _pending(label: Label) -> bool:
    return label.state != "UNPUBLISHED_DRAFT" and label.has_draft


def _field(label: Label, part: Part) -> Item:
    shown: Item = {
        "id": part.id,
        "queryKey": f"labels/{label.id}.{part.id}",
        "properties": part.properties,
        "lifecycle": _lifecycle(part.state, part.disabled_policy) | ({"hasUnpublishedChanges": True} if part.changed else {}),
        "lockStatus": {"locked": label.target(part.id)},
    }
    options = dict(part.options)
    if part.choices:
        options["choices"] = [_choice(label, part, choice) for choice in part.choices]
    return shown | {part.type: options}


def _choice(label: Label, part: Part, choice: Part) -> Item:
    return {
        "id": choice.id,
        "properties": choice.properties,
        "lifecycle": _lifecycle(choice.state, choice.disabled_policy) | ({"hasUnpublishedChanges": True} if choice.changed else {}),
        "lockStatus": {"locked": label.target(part.id, choice.id)},
    }


def _lifecycle(state: str, policy: Properties) -> Item:
    return {"state": state} | ({"disabledPolicy": policy} if state == "DISABLED" else {})


def _person(ident: str) -> Item:
    return {"person": f"people/{ident}"}


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
