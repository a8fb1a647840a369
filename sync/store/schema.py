"""Bringing the schema to the one head that this version of the program knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from sync.store.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Alembic's settings, found from the package: there is no ini file."""
    from alembic.config import Config  # half a second of start-up, needed by a store that is behind only

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    """Bring the schema to head inside the caller's transaction.

    Raises StoreError ``store.newer`` where a later version of the program made it.
    """
    if at_head(connection):
        return
    from alembic import command  # as above
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError("store.newer", f"the store's schema {current} is not known to this version", "use the version that last wrote the store")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def at_head(connection: Connection) -> bool:
    """Whether the schema is the one of this version: a revision is called what its file is called, and the last file in order is the head."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    head = max(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [head]
