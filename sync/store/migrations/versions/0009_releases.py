"""Releases of matters: who asked, why, which changes, and what came of it."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_releases"
down_revision = "0008_drift_occurrences"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the columns of when somebody and something was let go."""
    op.create_table(
        "matter_release",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("requested", sa.String(), nullable=False),
        sa.Column("dossier", sa.String(), nullable=False),
        sa.Column("changes", sa.String(), nullable=False),
        sa.Column("people", sa.String(), nullable=False),
        sa.Column("approved", sa.String(), nullable=True),
        sa.Column("due", sa.String(), nullable=True),
        sa.Column("begun", sa.String(), nullable=True),
        sa.Column("sources", sa.String(), nullable=False),
        sa.Column("going", sa.String(), nullable=False),
        sa.Column("ended", sa.String(), nullable=True),
        sa.Column("stopped", sa.String(), nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("district", "matter", "id"),
    )
    for table in ("matter_person", "matter_source"):
        op.add_column(table, sa.Column("released", sa.String(), nullable=True))


def downgrade() -> None:
    """Refuse: what a run remembers is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")
