"""JSON text in columns: normal forms in and out, tuples kept as lists. Not the journal's bytes, which are stored as they were hashed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from policies.resources import Fields
from sync.wording import normal_form


def dump(value: object) -> str:
    """Compact JSON text with sorted keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def load_object(text: str) -> dict[str, object]:
    """The JSON object in ``text``. Raises TypeError when it is anything else."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("a JSON object was expected in the store")
    return value


def load_list(text: str) -> list[str]:
    """The JSON list of texts in ``text``. Raises TypeError when it is anything else."""
    value = json.loads(text)
    if not isinstance(value, list):
        raise TypeError("a JSON list was expected in the store")
    return [str(item) for item in value]


def dump_fields(fields: Fields) -> str:
    """A normal form as JSON text; tuples become lists."""
    return dump(dict(fields))


def load_fields(text: str) -> Fields:
    """A normal form back from its JSON text; lists become tuples."""
    return normal_form(load_object(text)) or {}


def dump_members(members: Iterable[str]) -> str:
    """Members as a sorted JSON list."""
    return dump(sorted(members))
