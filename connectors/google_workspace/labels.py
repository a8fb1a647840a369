"""Drive labels in our normal form, and our resources as the Labels API's bodies. Pure.

A Drive label keeps nothing by itself: it is a carrier that a person puts on a file and that a Vault rule, set by hand, refers to (G§2.3, G§3). Its
period and trigger therefore stand in words at the end of its description, before our mark, and are read back from there. Its one field is a
date from which such a rule can count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.errors import PermanentError
from connectors.google_workspace.label_people import appliers
from connectors.google_workspace.vault import marked_name
from connectors.google_workspace.wire import Json, inner, moment, objects, required, text, truth
from policies.kinds import Kind
from policies.resources import Fields, Force, Live, Mark, Value, find_mark, without_mark

DATE_FIELD: Final = "Keep from"
_SENTENCE: Final = re.compile(r"\s*Keep (?:(?P<days>[0-9]+) days|(?P<ever>for ever)) from (?P<trigger>.+?)\.$")
_STATES: Final[Mapping[str, str]] = {"UNPUBLISHED_DRAFT": "draft", "PUBLISHED": "published", "DISABLED": "disabled", "DELETED": "deleted"}
_FORCES: Final[Mapping[str, Force]] = {"published": Force.APPLIED, "published_draft": Force.APPLIED}
_COPIES: Final[Mapping[str, str]] = {"ALWAYS_COPY": "always", "DO_NOT_COPY": "never", "COPY_APPLIABLE": "if_appliable"}


def label_live(raw: Json, permitted: Sequence[Json] = ()) -> Live:
    """A label's newest revision (``LABEL_VIEW_FULL``), with its permissions. ``published_draft``: published, with changes that nobody sees yet."""
    properties = inner(raw, "properties", "label") or {}
    described = text(properties, "description")
    policy = inner(raw, "appliedLabelPolicy", "label") or {}
    state = state_of(raw)
    return Live(
        kind=Kind.GOOGLE_DRIVE_LABEL,
        vendor_id=required(raw, "id", "label"),
        name=text(properties, "title"),
        fields={
            "state": state,
            **_said(without_mark(described)),
            "copies": _COPIES.get(text(policy, "copyMode"), "unknown"),
            "locked": locked(raw),
        },
        members=appliers(permitted),
        mark=find_mark(described),
        force=_FORCES.get(state, Force.OFF if state in _STATES.values() else Force.UNKNOWN),
        created_at=moment(text(raw, "createTime")),
        changed_at=moment(text(raw, "revisionCreateTime")),
        raw=json.dumps({**raw, **({"labelPermissions": list(permitted)} if permitted else {})}, ensure_ascii=False, sort_keys=True),
    )


def state_of(raw: Json) -> str:
    """``draft published published_draft disabled deleted``, or ``unknown`` for a state that is not documented."""
    lifecycle = inner(raw, "lifecycle", "label") or {}
    state = _STATES.get(text(lifecycle, "state"), "unknown")
    return "published_draft" if state == "published" and truth(lifecycle, "hasUnpublishedChanges") else state


def locked(raw: Json) -> bool:
    """Whether a rule uses the label, a field of it or a choice of one: each says only whether it is itself what is locked (discovery, LockStatus)."""
    fields = objects(raw, "fields", "label")
    choices = [one for field in fields for one in objects(inner(field, "selectionOptions", "field") or {}, "choices", "field")]
    return any(truth(inner(part, "lockStatus", "label") or {}, "locked") for part in (raw, *fields, *choices))


def label_text(fields: Fields, mark: Mark) -> str:
    """The description: ours, then the period in words, then the mark."""
    period = fields.get("period")
    term = "for ever" if period == "forever" else f"{period} days"
    return marked_name(f"{fields.get('description') or ''} Keep {term} from {fields.get('trigger')}.".strip(), mark)


def label_body(name: str, fields: Fields, mark: Mark) -> dict[str, object]:
    """A new label of the administrators' kind with its one date field (G§3.1)."""
    return {
        "labelType": "ADMIN",
        "properties": {"title": name, "description": label_text(fields, mark)},
        "fields": [{"properties": {"displayName": DATE_FIELD}, "dateOptions": {"dateFormatType": "LONG_DATE"}}],
    }


def within(limits: Json, title: str, description: str) -> None:
    """Raises ``PermanentError`` where the tenant's own limits are too short for a title or a description."""
    for name, value in (("maxTitleLength", title), ("maxDescriptionLength", description)):
        limit = limits.get(name)
        if isinstance(limit, int) and len(value) > limit:
            message = f"the label's {'title' if 'Title' in name else 'description'} has {len(value)} characters, this tenant allows {limit}"
            raise PermanentError("drive_label.too_long", message, "Shorten the title of the series.")


def foreign_draft(published: Json, newest: Json) -> bool:
    """Whether the newest revision changes more than a description: then it is somebody's draft, and publishing it is not ours to do."""
    return _apart(published) != _apart(newest)


def _apart(raw: Json) -> object:
    """What of a label's revision is not its description."""
    fields = [
        (text(one, "id"), json.dumps(one.get("properties"), sort_keys=True), text(inner(one, "lifecycle", "field") or {}, "state"))
        for one in objects(raw, "fields", "label")
    ]
    return text(inner(raw, "properties", "label") or {}, "title"), text(raw, "learnMoreUri"), fields


def _said(described: str) -> dict[str, Value]:
    """Period, trigger and the words before them, as far as the description still says them."""
    found = _SENTENCE.search(described)
    if found is None:
        return {"period": None, "trigger": None, "description": described}
    period: Value = "forever" if found["ever"] else int(found["days"])
    return {"period": period, "trigger": found["trigger"], "description": described[: found.start()].strip()}
