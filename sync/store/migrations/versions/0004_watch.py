"""What is watched beside desired state: how far a vendor's log was read, what of it concerns us, people on hold at risk."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_watch"
down_revision = "0003_matters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch_cursor",
        *_text("district", "tenant", "began"),
        *_text("through", "polled_at", "deep_at", "readable_from", "failing_since", "reason", nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant"),
    )
    op.create_table(
        "watch_event",
        *_text("district", "tenant", "event", "at", "seen_at", "operation", "actor", "sort"),
        *_text("subject", nullable=True),
        *_text("details"),
        *_text("evidence", nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant", "event"),
    )
    op.create_index("watch_event_by_time", "watch_event", ["district", "tenant", "at"], unique=False)
    op.create_table(
        "watch_risk",
        *_text("district", "tenant", "subject", "code", "first_seen"),
        *_text("ended_at", "until", "event", nullable=True),
        sa.PrimaryKeyConstraint("district", "tenant", "subject", "code"),
    )


def downgrade() -> None:
    """Refuse: what the vendor's log told is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")


def _text(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]
