"""Reading raw JSON that Microsoft's surfaces answer: thin, typed, and never guessing what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

JsonObject: TypeAlias = "dict[str, object]"

_UNSET_YEAR = 1
"""``0001-01-01`` is how the vendor writes a date that was never set (M§3.5)."""


class WireError(ValueError):
    """An answer is not the JSON that this surface speaks."""


def parse_object(body: bytes) -> JsonObject:
    """The JSON object in ``body``. Raises ``WireError`` when it holds anything else."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise WireError("the answer is no JSON") from error
    if not isinstance(value, dict):
        raise WireError("the answer is JSON, but no object")
    return value


def parse_rows(body: bytes) -> list[JsonObject]:
    """The objects of the JSON array in ``body``. Raises ``WireError`` when it holds anything else."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise WireError("the answer is no JSON") from error
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise WireError("the answer is JSON, but no list of objects")
    return value


def compact(value: object) -> str:
    """``value`` as JSON text with sorted keys, for evidence."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def text(row: Mapping[str, object], key: str) -> str | None:
    """The string at ``key``; None for null, missing or another type. ``""`` stays ``""``."""
    value = row.get(key)
    return value if isinstance(value, str) else None


def filled(row: Mapping[str, object], key: str) -> str | None:
    """The string at ``key``, or None when it is null, missing or blank (the vendor writes all three, M§1.3)."""
    value = text(row, key)
    return value if value and value.strip() else None


def flag(row: Mapping[str, object], key: str) -> bool | None:
    """The truth value at ``key``; ``"true"`` as text counts (M§1.1), anything else is None."""
    value = row.get(key)
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def number(row: Mapping[str, object], key: str) -> int | None:
    """The whole number at ``key``, or None."""
    value = row.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def child(row: Mapping[str, object], key: str) -> JsonObject:
    """The object at ``key``, empty when there is none."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def rows(row: Mapping[str, object], key: str) -> list[JsonObject]:
    """The objects in the list at ``key``; null or missing is an empty list."""
    value = row.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(row: Mapping[str, object], key: str) -> tuple[str, ...]:
    """The strings in the list at ``key``; a lone string is a list of one, null or missing is empty."""
    value = row.get(key)
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def moment(row: Mapping[str, object], key: str) -> datetime | None:
    """The aware UTC instant at ``key``; a date without a zone is UTC, ``0001-01-01`` and anything unreadable is None."""
    value = filled(row, key)
    if value is None:
        return None
    try:
        # Up to seven fraction digits come over the wire; Python keeps six.
        read = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.strip()))
    except ValueError:
        return None
    if read.year == _UNSET_YEAR:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def without_annotations(value: object) -> object:
    """``value`` with every key that contains ``@`` taken out at every depth: type annotations are no data (M§2.5)."""
    if isinstance(value, dict):
        return {key: without_annotations(item) for key, item in value.items() if "@" not in key}
    if isinstance(value, list):
        return [without_annotations(item) for item in value]
    return value
