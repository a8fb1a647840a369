"""Places that records lie in beside mailboxes: shared drives and chat spaces, as far as their administrators' lists tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class SharedDrive:
    """A shared drive; ``hidden`` from its members' view."""

    id: str
    name: str
    created: datetime
    hidden: bool = False


@dataclass(slots=True, kw_only=True)
class Space:
    """A chat space; what is said while ``history`` is off is gone within a day and in no hold (G§1.5)."""

    id: str
    name: str
    members: int
    created: datetime
    active: datetime
    history: bool = True
    external: bool = False
