"""A difference that comes again after it was over is a row of its own; officers answer for what others changed."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_drift_occurrences"
down_revision = "0007_budgets"
branch_labels = None
depends_on = None

KEPT = (
    "district", "tenant", "id", "kind", "key", "document", "attribution", "first_seen", "last_seen", "closed_at", "closed_by", "seq",
)  # fmt: skip
"""The columns of before, all of them."""


def upgrade() -> None:
    """Make the tables."""
    _drift()
    op.create_table(
        "accepted",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=True),
        sa.Column("until", sa.String(), nullable=False),
        sa.Column("last_seen", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("district", "tenant", "kind", "vendor_id"),
    )


def _drift() -> None:
    """Make the table anew with a longer key: SQLite cannot change one. What is there came for the first time."""
    op.drop_index("drift_open", table_name="drift")
    op.rename_table("drift", "drift_before")
    op.create_table(
        "drift",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=True),
        sa.Column("attribution", sa.String(), nullable=False),
        sa.Column("first_seen", sa.String(), nullable=False),
        sa.Column("last_seen", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("occurrence BETWEEN 1 AND 9007199254740991", name="drift_occurrence"),
        sa.PrimaryKeyConstraint("district", "tenant", "id", "occurrence"),
    )
    columns = ", ".join(KEPT)
    op.execute(sa.text(f"INSERT INTO drift ({columns}, occurrence) SELECT {columns}, 1 FROM drift_before"))  # noqa: S608  # names of this file
    op.drop_table("drift_before")
    op.create_index("drift_open", "drift", ["district", "tenant", "closed_at"], unique=False)


def downgrade() -> None:
    """Refuse: what a run remembers is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")
