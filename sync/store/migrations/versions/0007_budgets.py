"""Budgets by what the vendor meters: a project, an organisation, an application in a tenant, instead of one of our tenants."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_budgets"
down_revision = "0006_trail"
branch_labels = None
depends_on = None

_SPENT = "spent BETWEEN 0 AND 9007199254740991"


def upgrade() -> None:
    """Make the table anew; what it held was the last minute, and a run that waits for an upgrade has waited longer."""
    op.drop_table("budget_window")
    op.create_table("budget_window", *_columns("account", "quota"), sa.PrimaryKeyConstraint("district", "account", "quota", "slice"))


def downgrade() -> None:
    """Back to budgets by tenant and surface."""
    op.drop_table("budget_window")
    op.create_table("budget_window", *_columns("tenant", "surface"), sa.PrimaryKeyConstraint("district", "tenant", "surface", "slice"))


def _columns(*names: str) -> list[sa.Column[str] | sa.Column[int] | sa.CheckConstraint]:
    return [
        *(sa.Column(name, sa.String(), nullable=False) for name in ("district", *names)),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("slice", "spent")),
        sa.CheckConstraint(_SPENT, name="budget_spent"),
    ]
