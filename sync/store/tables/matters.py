"""Tables of matters: a projection of the journal's matter entries. Keys begin with the district.

What names a person or says why stands behind a seal (64 hex digits); the alias that the district chose and the two random ones stand in clear.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from sync.store.columns import EnumText, UtcText, one_of
from sync.store.matter_words import MatterState, PersonState, SourceState


class MatterRow(SQLModel, table=True):
    """A matter. ``details`` is the seal of its confidential half."""

    __tablename__ = "matter"
    __table_args__ = (
        one_of("matter_state", "state", MatterState),
        Index("matter_by_alias", "district", "alias", unique=True),
        Index("matter_by_report_alias", "district", "report_alias", unique=True),
    )
    district: str = Field(primary_key=True)
    tenant_alias: str = Field(primary_key=True)
    alias: str
    report_alias: str
    state: MatterState = Field(sa_column=Column(EnumText(MatterState), nullable=False))
    details: str
    workloads: str
    """JSON list of the sources that the order names; empty for the usual ones."""
    opened_at: datetime = Field(sa_type=UtcText)
    ordered: datetime = Field(sa_type=UtcText)
    triggered: datetime | None = Field(default=None, sa_type=UtcText)
    received: datetime | None = Field(default=None, sa_type=UtcText)
    passed_to_counsel: datetime | None = Field(default=None, sa_type=UtcText)
    issued: datetime | None = Field(default=None, sa_type=UtcText)
    looked: str = "{}"
    """JSON object: per tenant when it was last looked at for this matter."""


class MatterOrderRow(SQLModel, table=True):
    """The digest of an order file that was read for a matter: the same file again is the same matter."""

    __tablename__ = "matter_order"
    district: str = Field(primary_key=True)
    matter: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    read_at: datetime = Field(sa_type=UtcText)


class MatterLineRow(SQLModel, table=True):
    """A line of the order that stands for several people. ``expanded_at`` is None while nobody could say whom it means."""

    __tablename__ = "matter_line"
    district: str = Field(primary_key=True)
    matter: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    dossier: str
    expanded_at: datetime | None = Field(default=None, sa_type=UtcText)
    code: str | None = None


class MatterPersonRow(SQLModel, table=True):
    """A person or place on hold. ``dossier`` is the seal of address, accounts, candidates and places of sources."""

    __tablename__ = "matter_person"
    __table_args__ = (one_of("matter_person_state", "state", PersonState),)
    district: str = Field(primary_key=True)
    matter: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    dossier: str
    former: bool = False
    released: datetime | None = Field(default=None, sa_type=UtcText)
    state: PersonState = Field(sa_column=Column(EnumText(PersonState), nullable=False))
    code: str | None = None
    answers: str
    """JSON object: per tenant whether the person is known there, and what there is to know."""
    since_earliest: datetime | None = Field(default=None, sa_type=UtcText)
    since_latest: datetime | None = Field(default=None, sa_type=UtcText)


class MatterSourceRow(SQLModel, table=True):
    """One source of a person in a tenant, and how far it has come. ``error`` is the seal of a vendor's text, ``code`` is ours."""

    __tablename__ = "matter_source"
    __table_args__ = (
        one_of("matter_source_state", "state", SourceState),
        Index("matter_source_by_resource", "district", "tenant", "resource"),
        Index("matter_source_by_person", "district", "matter", "person"),
    )
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    matter: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    person: str
    workload: str
    identity: str | None = None
    state: SourceState = Field(sa_column=Column(EnumText(SourceState), nullable=False))
    resource: str | None = None
    vendor_container: str | None = None
    requested: datetime | None = Field(default=None, sa_type=UtcText)
    sent: datetime | None = Field(default=None, sa_type=UtcText)
    accepted: datetime | None = Field(default=None, sa_type=UtcText)
    effective: datetime | None = Field(default=None, sa_type=UtcText)
    verified: datetime | None = Field(default=None, sa_type=UtcText)
    first_seen_held: datetime | None = Field(default=None, sa_type=UtcText)
    seen_held: datetime | None = Field(default=None, sa_type=UtcText)
    released: datetime | None = Field(default=None, sa_type=UtcText)
    code: str | None = None
    error: str | None = None


class MatterPaperRow(SQLModel, table=True):
    """A place on paper; ``dossier`` is the seal of what, where and who."""

    __tablename__ = "matter_paper"
    district: str = Field(primary_key=True)
    matter: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    dossier: str
    secured_on: str | None = None
    """A date or instant as the order says it."""


class MatterReleaseRow(SQLModel, table=True):
    """A release that an officer asked for; ``dossier`` is the seal of why and of counsel's consent."""

    __tablename__ = "matter_release"
    district: str = Field(primary_key=True)
    matter: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    officer: str
    requested: datetime = Field(sa_type=UtcText)
    dossier: str
    changes: str
    """JSON list of the ids of its changes."""
    people: str
    """JSON list of ids of people; empty for the whole matter."""
    approved: datetime | None = Field(default=None, sa_type=UtcText)
    due: datetime | None = Field(default=None, sa_type=UtcText)
    begun: datetime | None = Field(default=None, sa_type=UtcText)
    sources: str = "[]"
    """JSON list of ids of the sources that it is about."""
    going: str = "[]"
    """JSON list of ids of sources whose letting go was asked for."""
    ended: datetime | None = Field(default=None, sa_type=UtcText)
    stopped: datetime | None = Field(default=None, sa_type=UtcText)
    stopped_by: str | None = None


class MatterGapRow(SQLModel, table=True):
    """A source that was in force and then was not; ``cause`` is the seal of what the vendor's log shows."""

    __tablename__ = "matter_gap"
    __table_args__ = (Index("matter_gap_by_source", "district", "matter", "source"),)
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    matter: str
    source: str
    last_seen_held: datetime = Field(sa_type=UtcText)
    first_seen_not_held: datetime = Field(sa_type=UtcText)
    restored: datetime | None = Field(default=None, sa_type=UtcText)
    recoverable_until: datetime | None = Field(default=None, sa_type=UtcText)
    recoverable_reason: str
    cause: str | None = None
