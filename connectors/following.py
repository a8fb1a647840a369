"""Following a roster instead of reading it whole at each look: what is kept between looks, and what a reader that can do it offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from policies.roster import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """Where the reading of everybody can go on: the vendor's cursor, opaque, and when everybody was last read whole."""

    cursor: str
    whole_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPeople:
    """Everybody as an earlier look left them. Without ``trail`` nobody can be followed and ``people`` are not given; ``count``: about how many."""

    count: int
    people: tuple[Identity, ...] = ()
    trail: Trail | None = None


class Follower(Protocol):
    """A reader that can bring everybody up to date from what was kept, at the cost of what changed. A whole read is always as good."""

    def follow(self, kept: KeptPeople) -> None:
        """Begin from ``kept``; to be called before anything else is asked."""

    def trail(self) -> Trail | None:
        """Where the next look can go on after ``roster``; None where it has to read everybody."""
