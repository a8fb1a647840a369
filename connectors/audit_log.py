"""The vendor's log of what was done in a tenant, as a reader tells it, and the feed that it may come by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connectors.examination import Feed
from policies.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One entry of the vendor's log. ``kind`` and ``vendor_id``/``name`` say what it was about where that could be read from it."""

    id: str
    at: datetime
    actor: str
    operation: str
    kind: Kind | None = None
    vendor_id: str | None = None
    name: str | None = None
    ours: bool = False
    """Done through our own client."""
    details: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What the log says beside that, under the vendor's own names and unread."""
    raw: str = "{}"



@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """One way in which a log was read: whole from ``since`` (None: from where the window begins) to ``until``, for ``kinds`` (None: all).

    ``events`` are the ids of what it showed. That it shows nothing means something only where it shows what must be there: an act of our own.
    """

    name: str
    until: datetime
    since: datetime | None = None
    kinds: frozenset[Kind] | None = None
    events: frozenset[str] = frozenset()



@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRead:
    """Events of a window. ``through``: later events may still be on their way.

    ``reason`` says why it is not ``available``, or what is missing from it all the same; ``refused``: the vendor answered no, and would again.
    ``sources`` are the ways that answered, where silence has to be proven by our own acts; none: the log is taken at its word.
    """

    available: bool
    events: tuple[AuditEvent, ...] = ()
    through: datetime | None = None
    reason: str | None = None
    refused: bool = False
    sources: tuple[LogSource, ...] = ()



class Listener(Protocol):
    """A reader of a tenant whose log also comes as a feed, which has to be switched on before it tells anything."""

    def feed(self) -> Feed:
        """How the feed answers now, and which parts of it are off."""



class Chronicler(Protocol):
    """A reader whose vendor logs what is done to accounts and groups apart from the rest. Costs a request for each, so it is asked for few."""

    def done_to(self, subjects: Sequence[str], since: datetime) -> AuditRead:
        """What was done to those accounts and groups (vendor's ids) since then; each event's ``vendor_id`` says to which."""



class FeedStarter(Protocol):
    """A prover that can also switch on the feed that a tenant's log comes by: a setting of the tenant, so only on an officer's word."""

    def start_feed(self, content: str) -> None:
        """Switch one part of the feed on, for the identity that reads it; that it is on already is as good. Raises ConnectorError."""

