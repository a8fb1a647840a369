"""Alembic's environment: migrations run on the connection that the store hands over, inside the transaction that it holds."""

# ruff: noqa: INP001  # Alembic loads these files by path; they are no package
from __future__ import annotations

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import sync.store.tables  # noqa: F401  # fills the metadata that autogenerate compares with


def _run() -> None:
    connection = context.config.attributes["connection"]
    if not isinstance(connection, Connection):
        raise TypeError("migrations run on a connection of the store")
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    context.run_migrations()


_run()
