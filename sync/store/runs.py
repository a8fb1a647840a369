"""Runs: what was asked, when, how it ended, what it cost in requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from sync.store import Store
from sync.store.documents import dump, load_object
from sync.store.tables.engine import RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """One run as the store remembers it; ``exit`` None: it is under way, or died."""

    run: str
    command: str
    started_at: datetime
    ended_at: datetime | None
    exit: int | None
    requests: Mapping[str, object]
    version: str


class Runs:
    """Reads and writes the runs of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def begin(self, run: str, command: str, now: datetime, version: str) -> None:
        """Remember that a run began."""
        with self.store.write() as session:
            session.add(RunRow(district=self.store.district, run=run, command=command, started_at=now, version=version))

    def end(self, run: str, now: datetime, code: int, requests: Mapping[str, Mapping[str, int]]) -> None:
        """Remember how a run ended."""
        with self.store.write() as session:
            row = session.get(RunRow, (self.store.district, run))
            if row is not None:
                row.ended_at, row.exit, row.requests = now, code, dump({surface: dict(methods) for surface, methods in requests.items()})
                session.add(row)

    def newest(self, command: str | None = None) -> KeptRun | None:
        """The newest run, or the newest of one command."""
        query = select(RunRow).where(RunRow.district == self.store.district).order_by(col(RunRow.started_at).desc()).limit(1)
        if command is not None:
            query = query.where(RunRow.command == command)
        with self.store.read() as session:
            row = session.exec(query).first()
        return (
            None
            if row is None
            else KeptRun(
                run=row.run,
                command=row.command,
                started_at=row.started_at,
                ended_at=row.ended_at,
                exit=row.exit,
                requests=load_object(row.requests),
                version=row.version,
            )
        )
