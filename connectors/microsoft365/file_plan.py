"""What a label says of the file plan, in normal form and as the cmdlets write it (docs/wire/file-plan.md). Pure.

None of it keeps or deletes anything. A value is compared without regard to case and stands as the tenant spells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from connectors.microsoft365 import wire
from policies.duties import Duty
from policies.resources import FILED, Fields

KEYS: Mapping[str, str] = {
    "department": "FilePlanPropertyDepartment",
    "category": "FilePlanPropertyCategory",
    "subcategory": "FilePlanPropertySubcategory",
    "citation": "FilePlanPropertyCitation",
    "reference": "FilePlanPropertyReferenceId",
    "authority": "FilePlanPropertyAuthority",
}
"""Our fields to the keys of a label's file plan, in the vendor's order."""
NOUNS: Mapping[str, str] = {
    "department": "Department", "category": "Category", "citation": "Citation", "reference": "ReferenceId", "authority": "Authority",
}  # fmt: skip
"""Our fields to the lists of values that they are taken from; subcategories are nobody's here."""
UNREADABLE = "file_plan"
_LONGEST = 64
_FIELDS = {key.lower(): field for field, key in KEYS.items()}


def filed(duty: Duty) -> dict[str, str]:
    """What the schedule says of a series for its label. What is too long for a value of the file plan, or cannot be printed, is left out."""
    said = {
        "authority": duty.filing.authority,
        "category": duty.filing.function,
        "citation": duty.citation,
        "department": duty.filing.department,
        "reference": duty.filing.number,
    }
    plain = {field: " ".join((word or "").split()) for field, word in said.items()}
    return {field: word for field, word in plain.items() if word and len(word) <= _LONGEST and word.isprintable()}


def plan_from(row: Mapping[str, object]) -> Fields:
    """The file plan's part of a label in normal form, empty where it says nothing; under ``file_plan`` what nobody here can read."""
    raw = wire.filled(row, "FilePlanMetadata")
    if raw is None:
        return {}
    try:
        found = dict(_pairs(wire.parse_object(raw.encode())))
    except wire.WireError:
        return {UNREADABLE: raw}
    return {field: value for field, value in found.items() if value}


def plan_word(values: Mapping[str, str]) -> str:
    """``FilePlanProperty`` for ``values``: all six keys, because the platform replaces the whole set and null is its word for none."""
    return json.dumps({"Settings": [{"Key": key, "Value": values.get(field)} for field, key in KEYS.items()]})


def words(fields: Fields) -> dict[str, str]:
    """The file plan's part of a label's fields."""
    return {field: value for field in KEYS if field in FILED and isinstance(value := fields.get(field), str) and value}


def folded(word: str) -> str:
    """A value as it is compared."""
    return word.strip().casefold()


def _pairs(plan: wire.JsonObject) -> Iterator[tuple[str, str]]:
    """Field and value of each entry. Raises ``WireError`` for a form or a key that is not known."""
    for key, value in _entries(plan):
        field = _FIELDS.get(key.lower())
        # The vendor's own, and a form that somebody was prepared for: {"FilePlanPropertyCategory": {"Name": "..."}}.
        said = value.get("Name") if isinstance(value, dict) else value
        if field is None or not isinstance(said, str | None):
            raise wire.WireError(f"no file plan: {key}")
        yield field, (said or "").strip()


def _entries(plan: wire.JsonObject) -> list[tuple[str, object]]:
    settings = plan.get("Settings")
    if settings is None:
        return list(plan.items())
    rows = wire.rows(plan, "Settings")
    if not isinstance(settings, list) or len(rows) != len(settings):
        raise wire.WireError("the settings are no list of entries")
    return [(wire.text(one, "Key") or "", one.get("Value")) for one in rows]
