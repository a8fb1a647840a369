"""Opening a store and giving out its sessions: readers that cannot write, and one writer at a time that has the lock from its first statement."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, select

from connectors.base import Clock
from sync.store import schema
from sync.store.errors import StoreError
from sync.store.journal_rows import ZERO
from sync.store.seals import Sealer
from sync.store.tables.core import JournalHead, StoreMeta

BUSY_SECONDS = 30
"""How long a writer waits for another process's write before it gives up."""
MIGRATION_LOCK = 0x5265636F
"""PostgreSQL's advisory lock around migrations."""
__all__ = ["Session", "Store", "exists", "open_store", "peek"]


class Store:
    """One district's store. Sessions are taken with ``read()`` and ``write()`` and never kept."""

    def __init__(self, engine: Engine, meta: StoreMeta, path: Path | None, sealer: Sealer) -> None:
        self.district = meta.district
        self.drill = meta.drill
        self.sandbox = meta.sandbox
        self.chain = meta.chain
        self.path = path
        """The database file, where there is one."""
        self.sealer = sealer
        self.busy_seconds: float = BUSY_SECONDS
        """How long ``scrub`` waits for readers."""
        self._engine = engine
        self._reading = engine.execution_options(recordwarden_write=False)
        self._writing = engine.execution_options(recordwarden_write=True)
        self._turn = threading.Lock()
        self._writer: int | None = None

    @property
    def writing(self) -> bool:
        """Whether this thread has a write transaction open: nothing may be sent to a tenant while it has."""
        return self._writer == threading.get_ident()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session over one consistent view; a write through it is an error of the database."""
        with _said(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the write lock from here on, commits at the end and rolls back on any error.

        Never held across a network call. Raises StoreError ``store.busy`` when another process does not let go, RuntimeError when nested.
        """
        if self.writing:
            raise RuntimeError("a write transaction is open in this thread already; hand its session on")
        with self._turn:
            self._writer = threading.get_ident()
            try:
                with _said(), Session(self._writing, expire_on_commit=False) as session:
                    session.connection()  # takes the lock
                    yield session
                    session.commit()
            finally:
                self._writer = None

    def scrub(self) -> None:
        """Leave no byte of a deleted row in the database file or its log.

        Raises StoreError ``store.busy`` when a reader still holds old pages; the rows are gone, their bytes not yet.
        """
        if self.path is None:
            return
        with self._turn, closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            try:
                cursor.execute(f"PRAGMA busy_timeout={int(self.busy_seconds * 1000)}")
                for statement in ("PRAGMA query_only=OFF", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    cursor.execute(statement)
                (busy,) = cursor.fetchall()[0][:1]
            except sqlite3.OperationalError as error:
                raise _busy() from error
            finally:
                cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
                cursor.close()
        if busy:
            raise _busy()

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def exists(url: str) -> bool:
    """Whether there is a store at ``url`` already: opening one would make it. A server's is taken to be there."""
    path = _path(url)
    return path is None or path.is_file()


def peek(url: str) -> tuple[str, bool] | None:
    """District and drill of the one store in the file at ``url``, or None where there is no such file or it holds no store. Changes nothing.

    For a folder that no longer says whose it is. Raises StoreError ``store.url``.
    """
    path = _path(url)
    if path is None or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT district, drill FROM store_meta").fetchone()
    except sqlite3.Error:
        return None  # not a store: opening it says why
    return None if found is None else (str(found[0]), bool(found[1]))


def open_store(  # noqa: PLR0913  # two of these say where the sealing key is and whether data is made up; each has a safe default
    url: str,
    *,
    district: str,
    drill: bool,
    clock: Clock,
    sandbox: bool | None = None,
    passphrase: str | None = None,
    key_file: Path | None = None,
) -> Store:
    """The store of ``district`` at ``url``, made on first use and brought to the newest schema.

    ``sandbox`` (when given) is fixed by first use, as ``drill`` is. ``passphrase`` opens the sealing key, which lies beside a SQLite
    file or at ``key_file``. Raises StoreError: ``store.url .place .key_file .other_district .drill .not_drill .sandbox .newer .busy .unreadable``.
    """
    path = _path(url)
    key_path = key_file or (path.with_suffix(".key") if path else None)
    if key_path is None:
        raise StoreError("store.key_file", "a store on a server needs a file for its sealing key", "name one with its settings")
    if path is not None:
        _make_place(path)
    engine = _engine(url)
    try:
        with _opening(path):
            meta = _prepare(engine, StoreMeta(district=district, drill=drill, sandbox=sandbox, chain=_chain(district), created_at=clock.now()))
        return Store(engine, meta, path, Sealer(key_path, passphrase, meta.key_check))
    except DatabaseError as error:
        engine.dispose()
        raise StoreError("store.unreadable", f"the store cannot be opened: {error.orig}", "check the path, its permissions and the disk") from error
    except StoreError:
        engine.dispose()
        raise


def _chain(district: str) -> str:
    return f"{district}-{secrets.token_hex(4)}"


def _busy() -> StoreError:
    return StoreError("store.busy", "another process holds the store", "end it or wait for it, then run the same again")


def _path(url: str) -> Path | None:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("store.url", f"{url!r} is no store address", "write sqlite:///PATH or postgresql+psycopg://...") from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
            raise StoreError("store.url", "a store needs a file", "write sqlite:///PATH")
        return Path(parsed.database)
    if parsed.drivername != "postgresql+psycopg":
        raise StoreError("store.url", f"{parsed.drivername} is not supported", "write sqlite:///PATH or postgresql+psycopg://...")
    return None


def _make_place(path: Path) -> None:
    """The folder (0700) and an empty file (0600), so that neither the database nor its log is ever readable by others."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError("store.place", f"the store's place cannot be made: {error}", "check the path and its permissions") from error


@contextmanager
def _opening(path: Path | None) -> Iterator[None]:
    """One process at a time makes or migrates a SQLite file: turning WAL on does not wait for the busy timeout."""
    if path is None:
        yield
        return
    with path.with_suffix(".opening").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # pysqlite would begin late and deferred; the begin hook says what is meant
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    """A read that turns into a write cannot wait on SQLite, it fails at once: writers say so first, readers cannot write at all."""
    write = connection.get_execution_options().get("recordwarden_write", True)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if write else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _said() -> Iterator[None]:
    """What the disk or another process does to a store, as a StoreError; what we did wrong ourselves stays what it is."""
    try:
        yield
    except DBAPIError as error:
        if "database is locked" in str(error.orig):
            raise _busy() from error
        if isinstance(error, OperationalError):
            raise StoreError("store.unusable", f"the store cannot be used: {error.orig}", "check disk space, disk and permissions") from error
        if type(error) is DatabaseError:
            raise StoreError("store.damaged", f"the store is damaged: {error.orig}", "restore store and key from one backup") from error
        raise


def _prepare(engine: Engine, wanted: StoreMeta) -> StoreMeta:
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        schema.upgrade(connection)
        with Session(connection, expire_on_commit=False, join_transaction_mode="conditional_savepoint") as session:
            found = session.exec(select(StoreMeta)).all()
            meta = next((row for row in found if row.district == wanted.district), None)
            if meta is not None:
                _same_nature(meta, wanted)
            else:
                if found and connection.dialect.name == "sqlite":
                    raise StoreError(
                        "store.other_district",
                        f"this store belongs to district {found[0].district}, not {wanted.district}",
                        "give this district a store of its own",
                    )
                session.add(wanted)
                session.add(JournalHead(district=wanted.district, seq=0, hash=ZERO))  # there from the start, so that an append can lock it
                meta = wanted
            session.commit()
            return meta


def _same_nature(meta: StoreMeta, wanted: StoreMeta) -> None:
    """A store stays what its first use made it: rehearsal or service, made-up data or real."""
    if meta.drill and not wanted.drill:
        raise StoreError("store.drill", "this store was made with drill: true", "set drill: true, or use another store")
    if wanted.drill and not meta.drill:
        raise StoreError("store.not_drill", "this store was made without drill", "remove drill: true, or use another store")
    if wanted.sandbox is not None and meta.sandbox is not None and wanted.sandbox != meta.sandbox:
        was = "made-up data" if meta.sandbox else "real data"
        raise StoreError("store.sandbox", f"this store holds {was}", "use another store")
