"""How well one class of item is protected, as a partial order: stronger, equal, weaker, incomparable.

Seam: the owner of ``policies`` completes this module.
"""

from __future__ import annotations

from enum import StrEnum


class Direction(StrEnum):
    """What a change does to protection, computed from its effect and never read off its verb."""

    STRENGTHENS = "strengthens"
    NEUTRAL = "neutral"
    WEAKENS = "weakens"
