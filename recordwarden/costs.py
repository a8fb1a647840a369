"""What a run cost in requests, summed up in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def summed(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Requests by surface and method, of all ``parts`` together."""
    total: dict[str, dict[str, int]] = {}
    for part in parts:
        for surface, methods in part.items():
            counted = total.setdefault(surface, {})
            for method, number in methods.items():
                counted[method] = counted.get(method, 0) + number
    return total
