"""A release as values: who asked for it and why, which changes it consists of, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something is released, in the requester's words, and counsel's consent by the SHA-256 (hex) of its file."""

    text: str
    consent: str
    consent_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release of a matter, or of some of its people, as an officer asked for it. Nothing of it is sent before ``due``."""

    id: str
    officer: str
    """Who asked; two others have to approve."""
    requested: datetime
    reason: Reason
    changes: tuple[str, ...]
    """Ids of the changes that it consists of; each has to be approved."""
    people: tuple[str, ...] = ()
    """Ids of the people; empty means the matter as a whole."""
    sources: tuple[str, ...] = ()
    """Ids of the sources of theirs when it was asked for: what was put on hold since is none of it."""
    approved: datetime | None = None
    """When it was seen that every change has its two approvals."""
    due: datetime | None = None
    """From when on it may be carried out."""
    begun: datetime | None = None
    """When the first request of it was about to leave."""
    going: tuple[str, ...] = ()
    """Ids of the sources whose letting go was asked for and not seen yet: nobody puts them back meanwhile, and that they go is no news."""
    ended: datetime | None = None
    stopped: datetime | None = None
    stopped_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether it may still come to something."""
        return self.ended is None and self.stopped is None
