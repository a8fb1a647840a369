"""Matters: who is on hold, what carries it, and how far each source has come."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_matters"
down_revision = "0002_engine"
branch_labels = None
depends_on = None

_SOURCE_STATES = "'requested', 'sent', 'accepted', 'distributing', 'effective', 'verified', 'failed', 'released'"


def upgrade() -> None:
    """Make the tables."""
    _matter()
    _people()
    _sources()
    _gaps()


def downgrade() -> None:
    """Refuse: what is held for a court is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")


def _text(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]


def _matter() -> None:
    op.create_table(
        "matter",
        *_text("district", "tenant_alias", "alias", "report_alias", "state", "details", "workloads", "opened_at", "ordered", "looked"),
        *_text("triggered", "received", "passed_to_counsel", "issued", nullable=True),
        sa.CheckConstraint("state IN ('open', 'partly_held', 'held', 'releasing', 'released')", name="matter_state"),
        sa.PrimaryKeyConstraint("district", "tenant_alias"),
    )
    op.create_index("matter_by_alias", "matter", ["district", "alias"], unique=True)
    op.create_index("matter_by_report_alias", "matter", ["district", "report_alias"], unique=True)
    op.create_table("matter_order", *_text("district", "matter", "sha256", "read_at"), sa.PrimaryKeyConstraint("district", "matter", "sha256"))


def _people() -> None:
    op.create_table(
        "matter_line", *_text("district", "matter", "id", "dossier"), *_text("expanded_at", "code", nullable=True),
        sa.PrimaryKeyConstraint("district", "matter", "id"),
    )
    op.create_table(
        "matter_person",
        *_text("district", "matter", "id", "dossier"),
        sa.Column("former", sa.Boolean(), nullable=False),
        *_text("state", "answers"),
        *_text("code", "since_earliest", "since_latest", nullable=True),
        sa.CheckConstraint("state IN ('held', 'partly', 'not_held', 'question')", name="matter_person_state"),
        sa.PrimaryKeyConstraint("district", "matter", "id"),
    )
    op.create_table(
        "matter_paper", *_text("district", "matter", "id", "dossier"), *_text("secured_on", nullable=True),
        sa.PrimaryKeyConstraint("district", "matter", "id"),
    )


def _sources() -> None:
    op.create_table(
        "matter_source",
        *_text("district", "tenant", "matter", "id", "person", "workload", "state"),
        *_text("identity", "resource", "vendor_container", nullable=True),
        *_text("requested", "sent", "accepted", "effective", "verified", "first_seen_held", "seen_held", "code", "error", nullable=True),
        sa.CheckConstraint(f"state IN ({_SOURCE_STATES})", name="matter_source_state"),
        sa.PrimaryKeyConstraint("district", "tenant", "matter", "id"),
    )
    op.create_index("matter_source_by_resource", "matter_source", ["district", "tenant", "resource"], unique=False)
    op.create_index("matter_source_by_person", "matter_source", ["district", "matter", "person"], unique=False)


def _gaps() -> None:
    op.create_table(
        "matter_gap",
        *_text("district", "tenant", "id", "matter", "source", "last_seen_held", "first_seen_not_held", "recoverable_reason"),
        *_text("restored", "recoverable_until", "cause", nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant", "id"),
    )
    op.create_index("matter_gap_by_source", "matter_gap", ["district", "matter", "source"], unique=False)
