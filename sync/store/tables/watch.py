"""Tables of what is watched beside desired state: how far a vendor's log was read, what of it concerns us, and people on hold at risk.

No name of a person stands here: accounts and groups go by the vendor's id; an ``actor`` is the account that the log shows at work.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from sync.store.columns import UtcText


class WatchCursorRow(SQLModel, table=True):
    """How far a tenant's log has been read. Events up to ``through`` were there to be read; later ones may still have been on their way."""

    __tablename__ = "watch_cursor"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    began: datetime = Field(sa_type=UtcText)
    """The beginning of the first window: of what lies before it nothing is known."""
    through: datetime | None = Field(default=None, sa_type=UtcText)
    polled_at: datetime | None = Field(default=None, sa_type=UtcText)
    deep_at: datetime | None = Field(default=None, sa_type=UtcText)
    """When a long window was last read again for events that came very late."""
    readable_from: datetime | None = Field(default=None, sa_type=UtcText)
    """From when the log can be read at all, as far as it was tried."""
    failing_since: datetime | None = Field(default=None, sa_type=UtcText)
    reason: str | None = None
    past_through: datetime | None = Field(default=None, sa_type=UtcText)
    """How far, from the log's beginning on, the time before ``began`` has been read for traces of matters; whole once it has come to ``began``."""
    past_reason: str | None = None
    """Why it could not be read on last time."""
    past_refused: str | None = None
    """The vendor's words when it refused what is older than ``readable_from``: that will not be read."""


class WatchEventRow(SQLModel, table=True):
    """An event of the log that concerns us, once, under the vendor's own id however often it is read."""

    __tablename__ = "watch_event"
    __table_args__ = (Index("watch_event_by_time", "district", "tenant", "at"),)
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    event: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcText)
    seen_at: datetime = Field(sa_type=UtcText)
    operation: str
    actor: str
    sort: str
    """What it means to us: change, view, unknown, person, matter."""
    subject: str | None = None
    """The vendor's id of the account, group or matter that it is about."""
    details: str = "{}"
    """What the log says of a rule, as canonical JSON; empty for people."""
    evidence: str | None = None


class WatchRiskRow(SQLModel, table=True):
    """What threatens the records of an account or group on hold, from when it was first seen until it was over."""

    __tablename__ = "watch_risk"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    first_seen: datetime = Field(sa_type=UtcText)
    ended_at: datetime | None = Field(default=None, sa_type=UtcText)
    until: datetime | None = Field(default=None, sa_type=UtcText)
    """Until when it can be undone, where the vendor states that."""
    event: str | None = None
    after: datetime | None = Field(default=None, sa_type=UtcText)
    """Nothing before then brought it about: the last look without it, or a week before the first with it. None in rows from before it was kept."""
    asked_at: datetime | None = Field(default=None, sa_type=UtcText)
    """When the vendor's log was last asked who did it, where it is asked about each account by itself."""
