"""Changes to a label's draft, applied one after the other to a copy, so that they all hold or none does (G§3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.google import errors
from sandbox.google.labels import MAX_DESCRIPTION, MAX_FIELDS, MAX_TITLE, Label, Part, Properties, Revision, find, masked

Item = dict[str, object]
Given = Mapping[str, object]

TYPES = ("textOptions", "integerOptions", "dateOptions", "selectionOptions", "userOptions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The revision that the changes go into, the label that it will belong to, and where fresh ids come from."""

    label: Label
    revision: Revision
    fresh: Callable[[], str]

    def apply(self, request: Given) -> Item:
        """One request of a delta; returns its part of the answer, raises ``ApiError`` 400 for what cannot be done."""
        if len(request) != 1:
            raise errors.invalid("Each request must set exactly one operation.")
        ((name, given),) = request.items()
        assert isinstance(given, dict)
        answer = _OPERATIONS[name](self, given)
        return {name: answer}

    def field(self, given: Given, key: str = "id") -> Part:
        """The field that a request names."""
        found = find(self.revision.fields, str(given.get(key, "")))
        if found is None:
            raise errors.invalid(f"Field {given.get(key, '')} does not exist.")
        return found

    def choice(self, given: Given) -> tuple[Part, Part]:
        """The field and the choice that a request names."""
        part = self.field(given, "fieldId")
        found = find(part.choices, str(given.get("id", "")))
        if found is None:
            raise errors.invalid(f"Choice {given.get('id', '')} does not exist.")
        return part, found


def checked(properties: object) -> Properties:
    """A label's title and description within limits; 400 otherwise."""
    given = dict(properties) if isinstance(properties, dict) else {}
    title = str(given.get("title", ""))
    if not title or len(title) > MAX_TITLE:
        raise errors.invalid(f"Label title must have 1 to {MAX_TITLE} characters.")
    if len(str(given.get("description", ""))) > MAX_DESCRIPTION:
        raise errors.invalid(f"Label description must have at most {MAX_DESCRIPTION} characters.")
    return given


def new_field(given: object, fresh: Callable[[], str]) -> Part:
    """A field from its body: a display name and exactly one type."""
    body = dict(given) if isinstance(given, dict) else {}
    types = [name for name in TYPES if name in body]
    if len(types) != 1:
        raise errors.invalid("A field must have exactly one type.")
    properties = body.get("properties")
    if not isinstance(properties, dict) or not properties.get("displayName"):
        raise errors.invalid("Field display name must be set.")
    options = dict(body[types[0]])
    choices = [new_choice(choice, fresh) for choice in options.pop("choices", [])]
    return Part(id=fresh(), properties=_placed(properties), type=types[0], options=options, choices=choices)


def new_choice(given: object, fresh: Callable[[], str]) -> Part:
    """A choice from its body; its id may be given."""
    body = dict(given) if isinstance(given, dict) else {}
    properties = body.get("properties")
    if not isinstance(properties, dict) or not properties.get("displayName"):
        raise errors.invalid("Choice display name must be set.")
    return Part(id=str(body.get("id") or fresh()), properties=_placed(properties))


def _placed(properties: Properties) -> Properties:
    # Where to insert is an order to carry out, not something that stays on the object.
    return {name: value for name, value in properties.items() if name not in {"insertBeforeField", "insertBeforeChoice"}}


def _insert(parts: list[Part], part: Part, before: object) -> int:
    at = next((index for index, other in enumerate(parts) if other.id == before), None) if before else len(parts)
    if at is None:
        raise errors.invalid(f"{before} does not exist.")
    parts.insert(at, part)
    return at


def _properties(given: Given) -> Properties:
    found = given.get("properties")
    if not isinstance(found, dict):
        raise errors.invalid("properties must be set.")
    return found


def _update_label(draft: Draft, given: Given) -> Item:
    changed = masked(draft.revision.properties, _properties(given), str(given.get("updateMask", "*")))
    draft.revision.properties = checked(changed)
    return {}


def _create_field(draft: Draft, given: Given) -> Item:
    if len(draft.revision.fields) >= MAX_FIELDS:
        raise errors.invalid(f"A label can have at most {MAX_FIELDS} fields.")
    body = given.get("field")
    part = new_field(body, draft.fresh)
    properties = body.get("properties", {}) if isinstance(body, dict) else {}
    at = _insert(draft.revision.fields, part, properties.get("insertBeforeField"))
    return {"id": part.id, "priority": at}


def _update_field(draft: Draft, given: Given) -> Item:
    part = draft.field(given)
    part.properties = _placed(masked(part.properties, _properties(given), str(given.get("updateMask", "*"))))
    part.changed = part.state != "UNPUBLISHED_DRAFT"
    return {"priority": draft.revision.fields.index(part)}


def _update_type(draft: Draft, given: Given) -> Item:
    part = draft.field(given)
    kinds = [name for name in TYPES if name in given]
    if len(kinds) != 1:
        raise errors.invalid("A field must have exactly one type.")
    if part.state != "UNPUBLISHED_DRAFT" and kinds[0] != part.type:
        raise errors.precondition("The type of a published field cannot be changed.")
    options = given[kinds[0]]
    assert isinstance(options, dict)
    if part.state != "UNPUBLISHED_DRAFT" and _entries(options) < _entries(part.options):
        raise errors.precondition("The maximum entries of a published field cannot be lowered.")
    part.type, part.options = kinds[0], {name: value for name, value in options.items() if name != "choices"}
    return {}


def _entries(options: Given) -> int:
    listed = options.get("listOptions")
    return int(str(listed.get("maxEntries", 1))) if isinstance(listed, dict) else 1


def _create_choice(draft: Draft, given: Given) -> Item:
    part = draft.field(given, "fieldId")
    if part.type != "selectionOptions":
        raise errors.invalid("Only selection fields have choices.")
    body = given.get("choice")
    choice = new_choice(body, draft.fresh)
    if find(part.choices, choice.id) is not None:
        raise errors.exists(f"Choice {choice.id} already exists.")
    properties = body.get("properties", {}) if isinstance(body, dict) else {}
    _insert(part.choices, choice, properties.get("insertBeforeChoice"))
    return {"fieldId": part.id, "id": choice.id}


def _update_choice(draft: Draft, given: Given) -> Item:
    part, choice = draft.choice(given)
    choice.properties = _placed(masked(choice.properties, _properties(given), str(given.get("updateMask", "*"))))
    choice.changed = choice.state != "UNPUBLISHED_DRAFT"
    return {"priority": part.choices.index(choice)}


def _enable(draft: Draft, given: Given, part: Part) -> Item:
    del draft, given
    if part.state != "DISABLED":
        raise errors.precondition("Only what is disabled can be enabled.")
    part.state, part.changed = "PUBLISHED", True
    return {}


def _disable(draft: Draft, given: Given, part: Part, locked: bool) -> Item:  # noqa: FBT001 - what the caller found out about the part
    del draft
    if part.state != "PUBLISHED":
        raise errors.precondition("Only what is published can be disabled.")
    if locked:
        raise errors.precondition("It is locked because a rule uses it.")
    policy = given.get("disabledPolicy")
    part.state, part.disabled_policy, part.changed = "DISABLED", dict(policy) if isinstance(policy, dict) else {}, True
    return {}


def _delete(parts: list[Part], part: Part, *, locked: bool) -> Item:
    if part.state == "PUBLISHED":
        raise errors.precondition("What is published must be disabled before it can be deleted.")
    if locked:
        raise errors.precondition("It is locked because a rule uses it.")
    parts.remove(part)
    return {}


def _disable_field(draft: Draft, given: Given) -> Item:
    part = draft.field(given)
    return _disable(draft, given, part, draft.label.locked(part.id))


def _delete_field(draft: Draft, given: Given) -> Item:
    part = draft.field(given)
    return _delete(draft.revision.fields, part, locked=draft.label.locked(part.id))


def _disable_choice(draft: Draft, given: Given) -> Item:
    part, choice = draft.choice(given)
    return _disable(draft, given, choice, draft.label.locked(part.id, choice.id))


def _delete_choice(draft: Draft, given: Given) -> Item:
    part, choice = draft.choice(given)
    return _delete(part.choices, choice, locked=draft.label.locked(part.id, choice.id))


_OPERATIONS: Mapping[str, Callable[[Draft, Given], Item]] = {
    "updateLabel": _update_label,
    "createField": _create_field,
    "updateField": _update_field,
    "updateFieldType": _update_type,
    "enableField": lambda draft, given: _enable(draft, given, draft.field(given)),
    "disableField": _disable_field,
    "deleteField": _delete_field,
    "createSelectionChoice": _create_choice,
    "updateSelectionChoiceProperties": _update_choice,
    "enableSelectionChoice": lambda draft, given: _enable(draft, given, draft.choice(given)[1]),
    "disableSelectionChoice": _disable_choice,
    "deleteSelectionChoice": _delete_choice,
}
