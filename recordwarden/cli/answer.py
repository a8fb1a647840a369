"""What a command answers: the same for people and for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recordwarden.exits import Exit

if TYPE_CHECKING:
    from policies.problems import Problem
    from recordwarden.cli.screen import Screen


def _nothing(screen: Screen) -> None:
    """A command without words of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a command ended. ``tenants`` and ``result`` are JSON; ``show`` prints the same for people."""

    exit: Exit = Exit.DONE
    tenants: Mapping[str, object] = field(default_factory=dict)
    result: object = None
    problems: tuple[Problem, ...] = ()
    show: Callable[[Screen], None] = _nothing
    shows_problems: bool = False
    """``show`` prints the problems itself."""
