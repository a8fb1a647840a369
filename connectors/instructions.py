"""What a person does instead of us: deeds in neutral words, and the platform's own words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from policies.kinds import Kind
from policies.resources import Fields, Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One change of a plan as a person would carry it out. ``fields`` are those to be set, ``members`` those to be added."""

    operation: Literal["create", "set", "add", "retry"]
    kind: Kind
    name: str
    key: str
    mark: Mark
    vendor_id: str | None = None
    parent: str | None = None
    """Name of the object that it lives in."""
    fields: Fields = field(default_factory=dict)
    members: frozenset[str] = frozenset()
    people: Mapping[str, str] = field(default_factory=dict)
    """What a person calls a member that is not written as an address (``account:ID``)."""



@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What a person does instead of us: clicks in the console, and the vendor's supported command lines, both filled in.

    Without ``commands`` there is no supported way but the console; ``refused`` says why there is no way at all.
    """

    key: str
    title: str
    console: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    connect: str | None = None
    """How to sign in before the first of the command lines."""
    refused: str | None = None



class ByHand(Protocol):
    """A connector that can say how a person would do the same with the vendor's own tools. Pure."""

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...] | None:
        """In the order to be done in; deeds that make one object are one instruction. None where the platform has no sheet."""

