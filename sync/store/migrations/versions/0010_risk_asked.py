"""Since when a danger to somebody on hold can have come about, and when the log was last asked who did it."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_risk_asked"
down_revision = "0009_releases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns; of dangers that are known already neither is."""
    for name in ("after", "asked_at"):
        op.add_column("watch_risk", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    """Refuse: what a run remembers is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")
