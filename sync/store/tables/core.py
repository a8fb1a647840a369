"""Tables that everything else stands on: identity of the store, journal, seals, leases, budgets, jobs, registers. Keys begin with the district.

``table=True`` models do not validate: column types and CHECKs do, and the repositories beside this package take values, not dictionaries.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from sync.store.columns import EnumText, UtcText, one_of, whole
from sync.store.words import EntryKind, GovernanceState, JobState


class StoreMeta(SQLModel, table=True):
    """Whose store this is, and whether it was made under a drill or from the sandbox: fixed by first use."""

    __tablename__ = "store_meta"
    district: str = Field(primary_key=True)
    drill: bool
    sandbox: bool | None = None
    chain: str
    """The id of the district's journal chain, on every line of it."""
    key_check: str | None = None
    """Tells the right sealing key from a wrong one without giving anything of it away."""
    created_at: datetime = Field(sa_type=UtcText)


class PinnedTenant(SQLModel, table=True):
    """The vendor's own identity of a tenant, as it answered at first contact."""

    __tablename__ = "pinned_tenant"
    district: str = Field(primary_key=True)
    tenant: str = Field(primary_key=True)
    vendor_id: str
    pinned_at: datetime = Field(sa_type=UtcText)


class LeaseRow(SQLModel, table=True):
    """Who may act under a name. The row stays when the lease is given back: its fencing number only ever grows."""

    __tablename__ = "lease"
    __table_args__ = (whole("lease_fence", "fence"), whole("lease_beat", "beat"))
    district: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    fence: int = Field(sa_type=BigInteger)
    beat: int = Field(sa_type=BigInteger)
    """Grows with each renewal: how a waiter on another host sees that the holder is alive."""
    holder: str | None = None
    process: str | None = None
    """Host, boot, process id and its start, so that a dead holder on this host is known to be dead."""
    expires: float
    """On the suspend-counting clock of the holder's host, in seconds."""
    seconds: float


class BudgetWindow(SQLModel, table=True):
    """What was spent of one quota of one thing that a vendor meters, in one slice of time, by every tenant and process together."""

    __tablename__ = "budget_window"
    __table_args__ = (whole("budget_spent", "spent"),)
    district: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    quota: str = Field(primary_key=True)
    slice: int = Field(primary_key=True, sa_type=BigInteger)
    spent: int = Field(sa_type=BigInteger)


class JobRow(SQLModel, table=True):
    """A piece of work that the clock asked for; at most one of a kind, tenant and key waits."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("job_state", "state", JobState),
        whole("job_number", "number", 1),
        whole("job_attempts", "attempts"),
        Index("job_waiting_once", "district", "kind", "tenant", "key", unique=True, sqlite_where=text("state = 'pending'"),
              postgresql_where=text("state = 'pending'")),
        Index("job_due", "district", "state", "due_at"),
    )
    district: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str
    tenant: str = ""
    """Empty for work that concerns no one tenant: NULLs would escape the uniqueness of what waits."""
    key: str
    state: JobState = Field(sa_column=Column(EnumText(JobState), nullable=False))
    due_at: datetime = Field(sa_type=UtcText)
    enqueued_at: datetime = Field(sa_type=UtcText)
    attempts: int = Field(default=0, sa_type=BigInteger)
    """Also the fencing number of a claim: who finishes must name the attempt."""
    process: str | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=UtcText)
    finished_at: datetime | None = Field(default=None, sa_type=UtcText)
    error: str | None = None
    """A dotted code, never a vendor's text."""


class JournalHead(SQLModel, table=True):
    """The last entry's number and hash: the row that an append locks."""

    __tablename__ = "journal_head"
    __table_args__ = (whole("journal_head_seq", "seq"),)
    district: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    hash: str


class JournalRow(SQLModel, table=True):
    """One entry: the exact RFC 8785 bytes, their hash, and copies of what queries ask for (never trusted by verification)."""

    __tablename__ = "journal"
    __table_args__ = (
        one_of("journal_kind", "kind", EntryKind),
        whole("journal_seq", "seq", 1),
        Index("journal_by_kind", "district", "kind", "seq"),
        Index("journal_by_subject", "district", "subject", "seq"),
        Index("journal_by_intent", "district", "intent"),
    )
    district: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    line: bytes
    hash: str
    kind: EntryKind = Field(sa_column=Column(EnumText(EntryKind), nullable=False))
    tenant: str | None = None
    subject: str
    intent: int | None = Field(default=None, sa_type=BigInteger)
    """For an outcome, the entry that it settles."""


class SealedValue(SQLModel, table=True):
    """A confidential value and its salt, encrypted; the chain knows only the hash. Deleting the row is what erasing means."""

    __tablename__ = "sealed_value"
    district: str = Field(primary_key=True)
    sealed: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    box: bytes


class PolicyInForceRow(SQLModel, table=True):
    """From when which compiled folder was in force; the last row is the last good one."""

    __tablename__ = "policy_in_force"
    __table_args__ = (whole("policy_in_force_number", "number", 1),)
    district: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    digest: str
    in_force_from: datetime = Field(sa_type=UtcText)


class KeptFileRow(SQLModel, table=True):
    """One file of a kept folder, byte for byte."""

    __tablename__ = "kept_file"
    district: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    content: bytes


class AttestationRow(SQLModel, table=True):
    """A dated, expiring statement that an officer signed."""

    __tablename__ = "attestation"
    __table_args__ = (Index("attestation_by_subject", "district", "subject"),)
    district: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    subject: str
    officer: str
    made_at: datetime = Field(sa_type=UtcText)
    until: datetime = Field(sa_type=UtcText)
    seq: int = Field(sa_type=BigInteger)
    evidence: str
    """JSON list of ``{name, sha256}``."""
    rules: bytes | None = None
    """The Vault rules file as it was attested."""
    consistent_with: str = "[]"
    overtaken_by: str = "[]"


class ConfirmationRow(SQLModel, table=True):
    """That an officer compared a row of the schedule with the official page."""

    __tablename__ = "confirmation"
    district: str = Field(primary_key=True)
    series: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    row_digest: str
    schedule_sha256: str
    page: int = Field(sa_type=BigInteger)
    officer: str
    at: datetime = Field(sa_type=UtcText)


class GovernanceRow(SQLModel, table=True):
    """One version of what governs the guards."""

    __tablename__ = "governance"
    __table_args__ = (one_of("governance_state", "state", GovernanceState), whole("governance_number", "number", 1))
    district: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    digest: str
    settings: str
    """Canonical JSON of the flat settings."""
    state: GovernanceState = Field(sa_column=Column(EnumText(GovernanceState), nullable=False))
    seq: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=UtcText)
