"""When two normal forms say the same. Pure."""

from __future__ import annotations

from policies.resources import FILED, Fields, Value


def same(left: Value, right: Value) -> bool:
    """Whether two values of a normal form say the same; null, empty text and an empty list all say nothing."""
    return left == right or (left in (None, "", ()) and right in (None, "", ()))


def _same_in(name: str, left: Value, right: Value) -> bool:
    """As ``same``, for a field: a value of the file plan is one value however it is written, and keeps the spelling it was made with."""
    if name in FILED and isinstance(left, str) and isinstance(right, str):
        return left.strip().casefold() == right.strip().casefold()
    return same(left, right)


def differing(wanted: Fields, live: Fields) -> frozenset[str]:
    """The names of the wanted fields that are not so in ``live``; what ``wanted`` does not speak of never differs."""
    return frozenset(name for name, value in wanted.items() if not _same_in(name, value, live.get(name)))


def apart(left: Fields, right: Fields) -> frozenset[str]:
    """The names of all fields in which two objects differ."""
    return differing(left, right) | differing(right, left)
