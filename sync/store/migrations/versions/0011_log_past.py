"""How far the time before the first look has been read in a vendor's log."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_log_past"
down_revision = "0010_risk_asked"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Until now a log was only ever read on once its past had been read whole."""
    for name in ("past_through", "past_reason", "past_refused"):
        op.add_column("watch_cursor", sa.Column(name, sa.String(), nullable=True))
    op.execute("UPDATE watch_cursor SET past_through = began WHERE through IS NOT NULL")


def downgrade() -> None:
    """Refuse: what the vendor's log told is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")
