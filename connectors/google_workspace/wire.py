"""Google's JSON, read thinly: what we rely on is checked here, what we do not know passes by untouched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from connectors.errors import PermanentError

Json: TypeAlias = Mapping[str, object]


def as_object(value: object, what: str) -> Json:
    """``value`` if it is a JSON object. Raises ``PermanentError`` ``wire.unexpected``."""
    if isinstance(value, Mapping):
        return value
    raise _unexpected(what, "is not an object")


def objects(holder: Json, key: str, what: str) -> tuple[Json, ...]:
    """The list of objects under ``key``; absent means empty, for Google leaves empty lists out. Raises ``wire.unexpected``."""
    value = holder.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _unexpected(f"{what}.{key}", "is not a list")
    return tuple(as_object(item, f"{what}.{key}") for item in value)


def texts(holder: Json, key: str, what: str) -> tuple[str, ...]:
    """The list of texts under ``key``; absent means empty. Raises ``wire.unexpected``."""
    value = holder.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _unexpected(f"{what}.{key}", "is not a list of texts")
    return tuple(str(item) for item in value)


def inner(holder: Json, key: str, what: str) -> Json | None:
    """The object under ``key``, or None where it is absent. Raises ``wire.unexpected``."""
    value = holder.get(key)
    return None if value is None else as_object(value, f"{what}.{key}")


def text(holder: Json, key: str) -> str:
    """The text under ``key``, or an empty one."""
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def required(holder: Json, key: str, what: str) -> str:
    """The text under ``key``, which must be there. Raises ``wire.unexpected``."""
    value = text(holder, key)
    if not value:
        raise _unexpected(f"{what}.{key}", "is missing")
    return value


_UNIT_ID: Final = "id:"


def unit_id(value: str) -> str:
    """The id of an organisational unit without the ``id:`` that Google writes before it in some answers and not in others (docs/wire/vault.md).

    Ids have this form wherever they are compared: it is given to them where an answer is read, and nowhere else.
    """
    return value.removeprefix(_UNIT_ID)


def unit_id_sent(value: str) -> str:
    """The id as the Directory API gives it, which is the form that Vault asks for (G§1.3)."""
    return f"{_UNIT_ID}{unit_id(value)}"


def truth(holder: Json, key: str) -> bool:
    """The boolean under ``key``; Google leaves false ones out (G§11.5)."""
    return holder.get(key) is True


def moment(value: str) -> datetime | None:
    """An RFC 3339 time, up to nanoseconds, as an aware UTC one; None where there is none. Raises ``wire.unexpected``."""
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise _unexpected(f"the time {value!r}", "cannot be read") from error
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _unexpected(what: str, why: str) -> PermanentError:
    return PermanentError(
        "wire.unexpected", f"Google's answer has an unexpected form: {what} {why}", "Report it with the endpoint's address; nothing was concluded."
    )
