"""The run: what is ours in a tenant, plans and approvals, drift and its evidence, standings, people, runs."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_engine"
down_revision = "0001_core"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _ours()
    _plans()
    _drift()


def downgrade() -> None:
    """Refuse: what a run remembers is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")


def _ours() -> None:
    """What is ours in a tenant, who is in it, and how well it could be read."""
    op.create_table(
        "binding",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("members", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.String(), nullable=False),
        sa.Column("effective_at", sa.String(), nullable=True),
        sa.Column("verified_at", sa.String(), nullable=True),
        sa.CheckConstraint("generation BETWEEN 1 AND 9007199254740991", name="binding_generation"),
        sa.PrimaryKeyConstraint("district", "tenant", "key"),
    )
    op.create_table(
        "capability_proof",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("proven_at", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("left_behind", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant", "kind"),
    )
    op.create_table(
        "identity",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("drive", sa.String(), nullable=True),
        sa.Column("drive_asked", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "tenant", "vendor_id"),
    )
    op.create_index("identity_by_address", "identity", ["district", "tenant", "address"], unique=False)
    op.create_table(
        "kind_read",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("complete_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant", "kind"),
    )


def _plans() -> None:
    """Plans, changes, approvals and runs."""
    op.create_table(
        "plan",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("policy_digest", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("proposer", sa.String(), nullable=True),
        sa.Column("changes", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "digest"),
    )
    op.create_table(
        "change",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("proposer", sa.String(), nullable=True),
        sa.Column("proposed_at", sa.String(), nullable=True),
        sa.Column("intent_seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.Column("intent_at", sa.String(), nullable=True),
        sa.Column("sent_at", sa.String(), nullable=True),
        sa.Column("accepted_at", sa.String(), nullable=True),
        sa.Column("effective_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("district", "id"),
    )
    op.create_index("change_by_key", "change", ["district", "tenant", "key"], unique=False)
    op.create_index("change_by_time", "change", ["district", "updated_at"], unique=False)
    op.create_table(
        "approval",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("expires", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("district", "change", "officer"),
    )
    op.create_table(
        "run",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("exit", sa.BigInteger(), nullable=True),
        sa.Column("requests", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "run"),
    )
    op.create_index("run_by_time", "run", ["district", "started_at"], unique=False)


def _drift() -> None:
    """What others changed, its evidence, and how each policy line stood."""
    op.create_table(
        "drift",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("attribution", sa.String(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.Column("last_seen", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("district", "tenant", "id"),
    )
    op.create_index("drift_open", "drift", ["district", "tenant", "closed_at"], unique=False)
    op.create_table(
        "watched",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.Column("last_seen", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "tenant", "kind", "vendor_id"),
    )
    op.create_table(
        "evidence",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("vendor_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant", "sha256"),
    )
    op.create_table(
        "standing",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("population", sa.String(), nullable=False),
        sa.Column("workload", sa.String(), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("until_seq", sa.BigInteger(), nullable=True),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("from_at", sa.String(), nullable=False),
        sa.Column("until_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant", "line", "population", "workload", "from_seq"),
    )
    op.create_index("standing_now", "standing", ["district", "tenant", "until_at"], unique=False)
