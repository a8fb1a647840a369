"""What a person does instead of us, asked of a connector and written out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from connectors.base import Connector
from connectors.instructions import ByHand, Deed, Instruction


def instructed(connector: Connector, deeds: Sequence[Deed]) -> tuple[Instruction, ...] | None:
    """How a person does ``deeds`` with the vendor's own tools; None where the platform has no sheet."""
    return cast("ByHand", connector).by_hand(deeds) if hasattr(connector, "by_hand") else None


def written(instructions: Sequence[Instruction]) -> list[str]:
    """``instructions`` as numbered lines of plain text. How to sign in for the command lines stands before the first that needs it."""
    lines: list[str] = []
    signed_in: str | None = None
    for number, one in enumerate(instructions, 1):
        if one.commands and one.connect not in {None, signed_in}:
            signed_in = one.connect
            lines += [f"For the command lines: {signed_in}", ""]
        lines += [f"{number}. {one.title}"]
        lines += [f"   NOT DONE BY HAND: {one.refused}"] if one.refused else []
        lines += [f"   {step}" for step in one.console]
        lines += ["   or:", *(f"     {command}" for command in one.commands)] if one.commands else []
        lines += [""]
    return lines
