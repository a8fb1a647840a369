"""Column types: aware UTC instants as RFC 3339 text that sorts, closed vocabularies as text, and numbers that every JSON reader can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Dialect, String
from sqlalchemy.types import TypeDecorator

LARGEST = 2**53 - 1
"""The largest whole number that RFC 8785 and every JavaScript reader carry exactly."""


def rfc3339(instant: datetime) -> str:
    """``instant`` in UTC with six digits of a second and ``Z``: equal widths, so text order is time order. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone cannot be stored")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def from_rfc3339(text: str) -> datetime:
    """The aware UTC instant that ``rfc3339`` wrote. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant.astimezone(UTC)


class UtcText(TypeDecorator[datetime]):
    """An aware UTC instant kept as RFC 3339 text; a naive one is refused on its way in."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The text that goes into the column."""
        return None if value is None else rfc3339(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The instant that comes out."""
        return None if value is None else from_rfc3339(value)


class EnumText(TypeDecorator[StrEnum]):
    """A member of one StrEnum kept as its value; an unknown value is an error in both directions, never dropped."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The text that goes into the column. ``table=True`` models do not validate, so it is done here."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The member that comes out."""
        return None if value is None else self.words(value)


def one_of(name: str, column: str, words: type[StrEnum]) -> CheckConstraint:
    """A CHECK that ``column`` holds a value of ``words`` (NULL passes, as SQL has it)."""
    values = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({values})", name=name)


def whole(name: str, column: str, least: int = 0) -> CheckConstraint:
    """A CHECK that ``column`` is a whole number from ``least`` to 2^53 - 1."""
    return CheckConstraint(f"{column} BETWEEN {least} AND {LARGEST}", name=name)
