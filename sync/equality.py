"""When two normal forms say the same. Pure."""

from __future__ import annotations

from policies.resources import Fields, Value


def same(left: Value, right: Value) -> bool:
    """Whether two values of a normal form say the same; null, empty text and an empty list all say nothing."""
    return left == right or (left in (None, "", ()) and right in (None, "", ()))


def differing(wanted: Fields, live: Fields) -> frozenset[str]:
    """The names of the wanted fields that are not so in ``live``; what ``wanted`` does not speak of never differs."""
    return frozenset(name for name, value in wanted.items() if not same(value, live.get(name)))


def apart(left: Fields, right: Fields) -> frozenset[str]:
    """The names of all fields in which two objects differ."""
    return differing(left, right) | differing(right, left)
