"""Notices to officers: what they have to hear of, the letters that tell them, and which letter tells what."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_notices"
down_revision = "0004_watch"
branch_labels = None
depends_on = None

LARGEST = 2**53 - 1


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "notice",
        *_text("district"),
        _whole("number"),
        *_text("key", "subject", "code", "tenant"),
        *_text("matter", nullable=True),
        *_text("raised_at"),
        *_text("over_at", nullable=True),
        *_text("document"),
        sa.CheckConstraint("subject IN ('hold', 'drift', 'deletion', 'rules', 'approvals', 'jobs')", name="notice_subject"),
        sa.CheckConstraint(f"number BETWEEN 1 AND {LARGEST}", name="notice_number"),
        sa.PrimaryKeyConstraint("district", "number"),
    )
    op.create_index(
        "notice_open_once", "notice", ["district", "key"], unique=True, sqlite_where=sa.text("over_at IS NULL"),
        postgresql_where=sa.text("over_at IS NULL"),
    )
    op.create_table(
        "letter",
        *_text("district"),
        _whole("number"),
        *_text("way", "officer", "state", "made_at", "due_at"),
        _whole("attempts"),
        *_text("ended_at", "error", nullable=True),
        sa.Column("intent", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'given_up', 'dropped')", name="letter_state"),
        sa.CheckConstraint(f"number BETWEEN 1 AND {LARGEST}", name="letter_number"),
        sa.CheckConstraint(f"attempts BETWEEN 0 AND {LARGEST}", name="letter_attempts"),
        sa.PrimaryKeyConstraint("district", "number"),
    )
    op.create_index("letter_due", "letter", ["district", "state", "due_at"], unique=False)
    op.create_table(
        "letter_line",
        *_text("district", "way"),
        _whole("notice"),
        *_text("phase"),
        _whole("letter"),
        sa.CheckConstraint("phase IN ('raised', 'over')", name="letter_line_phase"),
        sa.PrimaryKeyConstraint("district", "way", "notice", "phase"),
    )
    op.create_index("letter_line_by_letter", "letter_line", ["district", "letter"], unique=False)


def downgrade() -> None:
    """Refuse: who was told of what, and when, is evidence, and a program does not drop evidence."""
    raise NotImplementedError("evidence is never dropped by a program")


def _text(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
