"""Migrations: one head, and a migrated store is exactly what the models say."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlmodel import SQLModel

from sync.store import Store
from sync.store.schema import configuration, upgrade


def test_there_is_one_head_and_every_revision_leads_to_it() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert [script.revision for script in scripts.walk_revisions()][-1] == "0001_core"


def test_the_migrated_schema_is_the_models(store: Store, tmp_path: Path) -> None:
    assert store.path is not None
    engine = create_engine(f"sqlite:///{store.path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    made = create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    SQLModel.metadata.create_all(made)  # the test's own yardstick: alembic does not compare CHECKs and partial indexes
    for table in SQLModel.metadata.tables:
        for what in ("get_check_constraints", "get_columns", "get_foreign_keys", "get_pk_constraint", "get_unique_constraints", "get_indexes"):
            assert shown(getattr(inspect(engine), what)(table)) == shown(getattr(inspect(made), what)(table)), (table, what)
    engine.dispose()
    made.dispose()


def shown(reflected: object) -> object:
    """``reflected`` as text that can be compared: clauses by their words."""
    if isinstance(reflected, list):
        return sorted(map(str, map(shown, reflected)))
    if isinstance(reflected, dict):
        return {name: shown(value) for name, value in reflected.items()}
    return str(reflected)


def test_every_key_begins_with_the_district() -> None:
    for table in SQLModel.metadata.tables.values():
        assert next(iter(table.primary_key.columns)).name == "district", table.name
        names = [column.name for column in table.primary_key.columns]
        if "tenant" in names:
            assert names[1] == "tenant", table.name


def test_a_difference_of_an_older_store_is_the_first_time_that_it_came(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004_watch")
        columns = "district, tenant, id, kind, key, document, attribution, first_seen, last_seen, closed_at, closed_by, seq"
        values = "'d', 'm365', 'd1', 'm365.label', 'k', '{}', 'found', '2027', '2027', NULL, NULL, 7"
        connection.exec_driver_sql(f"INSERT INTO drift ({columns}) VALUES ({values})")
        upgrade(connection)
        assert connection.exec_driver_sql("SELECT id, occurrence, key, closed_at, seq FROM drift").all() == [("d1", 1, "k", None, 7)]
    engine.dispose()


def test_an_upgrade_that_fails_leaves_nothing_half_made(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        connection.connection.dbapi_connection.isolation_level = None  # type: ignore[union-attr]  # as the store does
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection)
        connection.rollback()
    engine.dispose()
    with sqlite3.connect(tmp_path / "x.db") as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    raw.close()
