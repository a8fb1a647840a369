"""Tables of the run: what is ours in a tenant, plans and approvals, drift and its evidence, standings, people, runs. Keys begin with the district."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from sync.store.columns import UtcText, whole


class BindingRow(SQLModel, table=True):
    """Our key, the vendor's id, and the normal form last read back."""

    __tablename__ = "binding"
    __table_args__ = (whole("binding_generation", "generation", 1),)
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    kind: str
    vendor_id: str
    name: str
    generation: int = Field(sa_type=BigInteger)
    parent_id: str | None = None
    fields: str
    """Canonical JSON of the normal form."""
    members: str
    """JSON list, sorted."""
    mark: str | None = None
    state: str
    accepted_at: datetime = Field(sa_type=UtcText)
    effective_at: datetime | None = Field(default=None, sa_type=UtcText)
    verified_at: datetime | None = Field(default=None, sa_type=UtcText)


class PlanRow(SQLModel, table=True):
    """A plan as it was shown: its ordered change ids, and who put it forward."""

    __tablename__ = "plan"
    district: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    policy_digest: str
    made_at: datetime = Field(sa_type=UtcText)
    proposer: str | None = None
    changes: str
    """JSON list of change ids, in order."""


class ChangeRow(SQLModel, table=True):
    """One change by its id: the document that was shown, and how far it has come."""

    __tablename__ = "change"
    __table_args__ = (Index("change_by_key", "district", "tenant", "key"), Index("change_by_time", "district", "updated_at"))
    district: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    tenant: str
    lane: str
    kind: str
    key: str
    direction: str
    document: str
    """The contract's Change as JSON."""
    value: str
    """The whole change as JSON, so that an approval is given to exactly what was shown."""
    status: str
    proposer: str | None = None
    proposed_at: datetime | None = Field(default=None, sa_type=UtcText)
    """When an officer was first put behind it; a proposal nobody acted on grows stale from here."""
    intent_seq: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcText)
    updated_at: datetime = Field(sa_type=UtcText)
    intent_at: datetime | None = Field(default=None, sa_type=UtcText)
    sent_at: datetime | None = Field(default=None, sa_type=UtcText)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcText)
    effective_at: datetime | None = Field(default=None, sa_type=UtcText)


class ApprovalRow(SQLModel, table=True):
    """An officer's signed yes or no to one change."""

    __tablename__ = "approval"
    district: str = Field(primary_key=True)
    change: str = Field(primary_key=True)
    officer: str = Field(primary_key=True)
    verdict: str
    at: datetime = Field(sa_type=UtcText)
    expires: datetime = Field(sa_type=UtcText)
    seq: int = Field(sa_type=BigInteger)


class DriftRow(SQLModel, table=True):
    """Something changed outside Recordwarden, from first sight until repaired or accepted; what comes again after that is another row."""

    __tablename__ = "drift"
    __table_args__ = (whole("drift_occurrence", "occurrence", 1), Index("drift_open", "district", "tenant", "closed_at"))
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    occurrence: int = Field(primary_key=True, sa_type=BigInteger)
    """Which time this difference came; of one id only the newest can be open."""
    kind: str
    key: str | None = None
    document: str
    """The contract's Drift as JSON."""
    form: str | None = None
    """Somebody else's object as the last look showed it, as ``watched`` writes it; None for one that is gone, and for ours."""
    attribution: str
    """State of the attribution, so that a later run asks again while it is pending."""
    first_seen: datetime = Field(sa_type=UtcText)
    last_seen: datetime = Field(sa_type=UtcText)
    closed_at: datetime | None = Field(default=None, sa_type=UtcText)
    closed_by: str | None = None
    """``repaired`` (a change of ours was done while it was open), ``undone`` (it agrees again, and not by us), ``accepted``."""
    seq: int = Field(sa_type=BigInteger)


class WatchedRow(SQLModel, table=True):
    """Another's object that decides when something in the policy's scope is deleted, as it was first seen; ``last_seen``: when last just so."""

    __tablename__ = "watched"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    vendor_id: str = Field(primary_key=True)
    document: str
    first_seen: datetime = Field(sa_type=UtcText)
    last_seen: datetime = Field(sa_type=UtcText)


class AcceptedRow(SQLModel, table=True):
    """That an officer answers for another's object as it is, until a day. ``form`` None: for its being gone."""

    __tablename__ = "accepted"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    vendor_id: str = Field(primary_key=True)
    form: str | None = None
    until: datetime = Field(sa_type=UtcText)
    last_seen: datetime = Field(sa_type=UtcText)
    """When a look last showed it so."""
    seq: int = Field(sa_type=BigInteger)


class EvidenceRow(SQLModel, table=True):
    """A vendor's raw answer, kept before anything was repaired, with both clocks."""

    __tablename__ = "evidence"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    kind: str
    vendor_id: str
    raw: bytes
    """Encrypted with the store's sealing key: raw answers name people."""
    seen_at: datetime = Field(sa_type=UtcText)
    vendor_at: datetime | None = Field(default=None, sa_type=UtcText)


class StandingRow(SQLModel, table=True):
    """How a policy line stood in a tenant, from when until when."""

    __tablename__ = "standing"
    __table_args__ = (Index("standing_now", "district", "tenant", "until_at"),)
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    line: str = Field(primary_key=True)
    population: str = Field(primary_key=True)
    workload: str = Field(primary_key=True)
    from_seq: int = Field(primary_key=True, sa_type=BigInteger)
    until_seq: int | None = Field(default=None, sa_type=BigInteger)
    series: str
    standing: str
    document: str
    from_at: datetime = Field(sa_type=UtcText)
    until_at: datetime | None = Field(default=None, sa_type=UtcText)


class KindReadRow(SQLModel, table=True):
    """How the newest read of a kind ended."""

    __tablename__ = "kind_read"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    state: str
    reason: str | None = None
    count: int | None = Field(default=None, sa_type=BigInteger)
    at: datetime = Field(sa_type=UtcText)
    complete_at: datetime | None = Field(default=None, sa_type=UtcText)


class ProofRow(SQLModel, table=True):
    """That a marked dummy of a kind was written and read back here."""

    __tablename__ = "capability_proof"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    proven_at: datetime = Field(sa_type=UtcText)
    until: datetime = Field(sa_type=UtcText)
    officer: str
    seq: int = Field(sa_type=BigInteger)
    left_behind: str | None = None


class IdentityRow(SQLModel, table=True):
    """An account of a tenant as it was last seen, with the places of its files."""

    __tablename__ = "identity"
    __table_args__ = (Index("identity_by_address", "district", "tenant", "address"),)
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    vendor_id: str = Field(primary_key=True)
    address: str
    document: str
    drive: str | None = None
    drive_asked: datetime | None = Field(default=None, sa_type=UtcText)
    digest: str
    seen_at: datetime = Field(sa_type=UtcText)
    present: bool | None = None
    """Whether the account was among everybody when a trail was last left; only that is followed on."""


class RosterTrailRow(SQLModel, table=True):
    """Where the reading of everybody in a tenant goes on, so that a look asks only for what changed."""

    __tablename__ = "roster_trail"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    cursor: str | None = None
    """The connector's own, opaque."""
    whole_at: datetime | None = Field(default=None, sa_type=UtcText)
    """When everybody was last read whole."""
    wanted_at: datetime | None = Field(default=None, sa_type=UtcText)
    """A whole read that began before this does not count: somebody was put on hold, or forgotten, since."""


class RunRow(SQLModel, table=True):
    """One run: what was asked, when, how it ended, and what it cost in requests."""

    __tablename__ = "run"
    __table_args__ = (Index("run_by_time", "district", "started_at"),)
    district: str = Field(primary_key=True)
    run: str = Field(primary_key=True)
    command: str
    started_at: datetime = Field(sa_type=UtcText)
    ended_at: datetime | None = Field(default=None, sa_type=UtcText)
    exit: int | None = Field(default=None, sa_type=BigInteger)
    requests: str = "{}"
    version: str
