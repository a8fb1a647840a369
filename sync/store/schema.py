"""Bringing the schema to the one head that this version of the program knows."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from sync.store.errors import StoreError


def configuration() -> Config:
    """Alembic's settings, found from the package: there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    """Bring the schema to head inside the caller's transaction.

    Raises StoreError ``store.newer`` where a later version of the program made it.
    """
    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError("store.newer", f"the store's schema {current} is not known to this version", "use the version that last wrote the store")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
