"""Where the reading of everybody in a tenant goes on, and who was among them when it was left."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_trail"
down_revision = "0005_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the column; nobody counts as present until everybody has been read."""
    op.create_table(
        "roster_trail",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("district", "tenant")),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("cursor", "whole_at", "wanted_at")),
        sa.PrimaryKeyConstraint("district", "tenant"),
    )
    op.add_column("identity", sa.Column("present", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take both away again: everybody is read anew."""
    op.drop_column("identity", "present")
    op.drop_table("roster_trail")
