"""Many rows at once: one statement for all of them, inserted or brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def table_of(kind: type[SQLModel]) -> Table:
    """The table behind a model."""
    return cast("Table", kind.__table__)  # type: ignore[attr-defined]  # SQLModel gives it to table models at run time


def upsert(session: Session, kind: type[SQLModel], batch: Sequence[dict[str, object]], *, keep: frozenset[str] = frozenset()) -> None:
    """Insert ``batch`` or bring the rows of the same key up to date, but for the columns in ``keep``, in the caller's transaction."""
    if not batch:
        return
    connection, table = session.connection(), table_of(kind)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    after = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keep and column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=after), batch)
