"""What the sheets of both platforms share: deeds that make one object are one instruction, and a deed without a way says why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connectors.instructions import Deed, Instruction

VERBS = {"create": "Make", "set": "Change", "add": "Add to", "retry": "Retry"}


def merged(deeds: Sequence[Deed]) -> Iterable[Deed]:
    """``deeds`` in order, a create with what is added to it: no console makes an empty hold."""
    created = {deed.key for deed in deeds if deed.operation == "create"}
    for deed in deeds:
        if deed.operation == "create":
            more = [one for one in deeds if one.key == deed.key and one.operation == "add"]
            people = {member: name for one in more for member, name in one.people.items()}
            yield replace(deed, members=deed.members.union(*(one.members for one in more)), people={**deed.people, **people})
        elif deed.operation != "add" or deed.key not in created:
            yield deed


def no_way(deed: Deed, why: str) -> Instruction:
    """The deed that nobody carries out by hand."""
    return Instruction(key=deed.key, title=f"{deed.name} ({deed.kind.value})", refused=why)
