"""The core: identity of the store, journal, seals, leases, budgets, jobs, registers."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_core"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Make the tables, and the triggers that keep the journal append-only against our own mistakes."""
    _identity()
    _journal()
    _work()
    _registers()
    _statements()
    if op.get_bind().dialect.name == "sqlite":
        for verb in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
            )


def downgrade() -> None:
    """Refuse: before the first schema there is no store, and a journal is never dropped by a program."""
    raise NotImplementedError("a journal is never dropped by a program")


def _identity() -> None:
    """Whose store this is, and the tenants' own identities."""
    op.create_table(
        "store_meta",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=True),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("key_check", sa.String(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district"),
    )
    op.create_table(
        "pinned_tenant",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("pinned_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "tenant"),
    )


def _journal() -> None:
    """The chain, its head and the sealed values beside it."""
    op.create_table(
        "journal_head",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint("seq BETWEEN 0 AND 9007199254740991", name="journal_head_seq"),
        sa.PrimaryKeyConstraint("district"),
    )
    op.create_table(
        "journal",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("intent", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('intent', 'outcome', 'observation', 'approval', 'attestation', 'confirmation', "
            "'governance', 'matter', 'erasure', 'evidence')",
            name="journal_kind",
        ),
        sa.CheckConstraint("seq BETWEEN 1 AND 9007199254740991", name="journal_seq"),
        sa.PrimaryKeyConstraint("district", "seq"),
    )
    op.create_index("journal_by_intent", "journal", ["district", "intent"], unique=False)
    op.create_index("journal_by_kind", "journal", ["district", "kind", "seq"], unique=False)
    op.create_index("journal_by_subject", "journal", ["district", "subject", "seq"], unique=False)
    op.create_table(
        "sealed_value",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district", "sealed"),
    )


def _work() -> None:
    """Leases, budgets and jobs."""
    op.create_table(
        "lease",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("process", sa.String(), nullable=True),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.CheckConstraint("beat BETWEEN 0 AND 9007199254740991", name="lease_beat"),
        sa.CheckConstraint("fence BETWEEN 0 AND 9007199254740991", name="lease_fence"),
        sa.PrimaryKeyConstraint("district", "name"),
    )
    op.create_table(
        "budget_window",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("surface", sa.String(), nullable=False),
        sa.Column("slice", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("spent BETWEEN 0 AND 9007199254740991", name="budget_spent"),
        sa.PrimaryKeyConstraint("district", "tenant", "surface", "slice"),
    )
    op.create_table(
        "job",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=False),
        sa.Column("enqueued_at", sa.String(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.String(), nullable=True),
        sa.Column("claimed_until", sa.String(), nullable=True),
        sa.Column("finished_at", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'running', 'done', 'failed')", name="job_state"),
        sa.CheckConstraint("attempts BETWEEN 0 AND 9007199254740991", name="job_attempts"),
        sa.CheckConstraint("number BETWEEN 1 AND 9007199254740991", name="job_number"),
        sa.PrimaryKeyConstraint("district", "number"),
    )
    op.create_index("job_due", "job", ["district", "state", "due_at"], unique=False)
    pending = sa.text("state = 'pending'")
    op.create_index(
        "job_waiting_once", "job", ["district", "kind", "tenant", "key"], unique=True, sqlite_where=pending, postgresql_where=pending
    )


def _registers() -> None:
    """What is in force: policy and governance."""
    op.create_table(
        "policy_in_force",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("in_force_from", sa.String(), nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 9007199254740991", name="policy_in_force_number"),
        sa.PrimaryKeyConstraint("district", "number"),
    )
    op.create_table(
        "kept_file",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district", "digest", "name"),
    )
    op.create_table(
        "governance",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("settings", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'in_force', 'superseded')", name="governance_state"),
        sa.CheckConstraint("number BETWEEN 1 AND 9007199254740991", name="governance_number"),
        sa.PrimaryKeyConstraint("district", "number"),
    )


def _statements() -> None:
    """What officers signed."""
    op.create_table(
        "attestation",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("rules", sa.LargeBinary(), nullable=True),
        sa.Column("consistent_with", sa.String(), nullable=False),
        sa.Column("overtaken_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "id"),
    )
    op.create_index("attestation_by_subject", "attestation", ["district", "subject"], unique=False)
    op.create_table(
        "confirmation",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.String(), nullable=False),
        sa.Column("schedule_sha256", sa.String(), nullable=False),
        sa.Column("page", sa.BigInteger(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "series", "seq"),
    )
