"""Wanted objects in the order in which they can be made: parents and what an object depends on come first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policies.resources import Wanted


class CircularError(ValueError):
    """Objects wait for one another, so that none can be made first; a fault of the mapping that wanted them."""


def rests_on(wanted: Wanted) -> tuple[str, ...]:
    """Keys that must be there before ``wanted`` can be made."""
    return (*((wanted.parent,) if wanted.parent is not None else ()), *wanted.depends_on)


def ordered(desired: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """``desired`` with every object after those that it rests on, otherwise in the given order. Raises ``CircularError``."""
    by_key = {wanted.key: wanted for wanted in desired}
    done: dict[str, Wanted] = {}
    for wanted in desired:
        _visit(wanted, by_key, done, ())
    return tuple(done.values())


def _visit(wanted: Wanted, by_key: Mapping[str, Wanted], done: dict[str, Wanted], path: tuple[str, ...]) -> None:
    if wanted.key in done:
        return
    if wanted.key in path:
        raise CircularError(" > ".join((*path, wanted.key)))
    for key in rests_on(wanted):
        if key in by_key:
            _visit(by_key[key], by_key, done, (*path, wanted.key))
    done[wanted.key] = wanted
