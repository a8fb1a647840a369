"""Rows of matters: loading a matter whole with what stands behind its seals, and keeping what changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import bindparam, func, or_, update
from sqlmodel import Session, col, select

from sync.store import Store
from sync.store.bulk import table_of, upsert
from sync.store.columns import rfc3339
from sync.store.documents import dump, load_list, load_object
from sync.store.matter_words import MatterState
from sync.store.tables.core import JournalRow, SealedValue
from sync.store.tables.matters import (
    MatterGapRow,
    MatterLineRow,
    MatterOrderRow,
    MatterPaperRow,
    MatterPersonRow,
    MatterReleaseRow,
    MatterRow,
    MatterSourceRow,
)
from sync.store.words import EntryKind

Row: TypeAlias = MatterRow | MatterOrderRow | MatterLineRow | MatterPersonRow | MatterSourceRow | MatterPaperRow | MatterGapRow | MatterReleaseRow
SEALED = frozenset({"dossier", "details"})
LOOKED = frozenset({"looked", "seen_held"})
SEALS_AT_ONCE = 500
"""Seals asked for in one query: well under what SQLite and PostgreSQL take as parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A matter's rows. ``opened`` holds the value behind each seal that still has one; an erased one is missing from it."""

    matter: MatterRow
    lines: Sequence[MatterLineRow]
    people: Sequence[MatterPersonRow]
    sources: Sequence[MatterSourceRow]
    paper: Sequence[MatterPaperRow]
    gaps: Sequence[MatterGapRow]
    releases: Sequence[MatterReleaseRow]
    opened: Mapping[str, object]
    version: int
    """The number of the newest journal entry of this matter."""


class MatterRows:
    """Reads and writes the matters of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def load(self, session: Session, states: Iterable[MatterState] | None = None, tenant_alias: str | None = None) -> tuple[Bundle, ...]:
        """Every matter (in one of ``states``, or the one of that alias), oldest first."""
        query = select(MatterRow).where(MatterRow.district == self.store.district)
        if states is not None:
            query = query.where(col(MatterRow.state).in_(list(states)))
        if tenant_alias is not None:
            query = query.where(MatterRow.tenant_alias == tenant_alias)
        rows = session.exec(query.order_by(col(MatterRow.opened_at), col(MatterRow.tenant_alias))).all()
        return tuple(self._bundle(session, row) for row in rows)

    def find(self, session: Session, alias: str) -> str | None:
        """The tenant alias of the matter that any of its three aliases names."""
        query = select(MatterRow.tenant_alias).where(
            MatterRow.district == self.store.district,
            or_(col(MatterRow.alias) == alias, col(MatterRow.tenant_alias) == alias, col(MatterRow.report_alias) == alias),
        )
        return session.exec(query).first()

    def releasing(self, session: Session) -> tuple[str, ...]:
        """The tenant aliases of the matters of which a release is under way, the oldest first."""
        query = select(MatterReleaseRow.matter).where(
            MatterReleaseRow.district == self.store.district, col(MatterReleaseRow.ended).is_(None), col(MatterReleaseRow.stopped).is_(None)
        )
        return tuple(dict.fromkeys(session.exec(query.order_by(col(MatterReleaseRow.requested))).all()))

    def begun(self, session: Session) -> frozenset[str]:
        """The ids of the changes of every release that was ever begun."""
        query = select(MatterReleaseRow.changes).where(MatterReleaseRow.district == self.store.district, col(MatterReleaseRow.begun).is_not(None))
        return frozenset(change for changes in session.exec(query).all() for change in load_list(changes))

    def of_order(self, session: Session, sha256: str) -> tuple[str, ...]:
        """The tenant aliases of the matters that an order file with this digest was read for, oldest first."""
        query = select(MatterOrderRow.matter).where(MatterOrderRow.district == self.store.district, MatterOrderRow.sha256 == sha256)
        return tuple(session.exec(query.order_by(col(MatterOrderRow.read_at))).all())

    def newest(self, session: Session) -> int:
        """The number of the newest matter entry in the journal; 0 before the first."""
        query = select(func.max(JournalRow.seq)).where(JournalRow.district == self.store.district, JournalRow.kind == EntryKind.MATTER)
        return session.exec(query).one() or 0

    def version(self, session: Session, tenant_alias: str) -> int:
        """The number of the newest journal entry of one matter; 0 before the first."""
        query = select(func.max(JournalRow.seq)).where(
            JournalRow.district == self.store.district, JournalRow.kind == EntryKind.MATTER, JournalRow.subject == f"matter/{tenant_alias}"
        )
        return session.exec(query).one() or 0

    def put(self, session: Session, rows: Iterable[Row]) -> None:
        """Keep rows in the caller's transaction, in place of those with the same keys; an empty seal means that the old one still stands.

        One statement a table and many rows at once: a matter has thousands of sources, and a merge would look each of them up. When something was
        last looked at is left as it is in rows that exist: only ``looked`` moves it, and what is kept here may have been loaded before another look.
        """
        batches: dict[tuple[type[Row], bool], list[dict[str, object]]] = {}
        for row in rows:
            values = row.model_dump()
            resealed = all(values.get(name) != "" for name in SEALED)
            batches.setdefault((type(row), resealed), []).append(values)
        for (kind, resealed), batch in batches.items():
            upsert(session, kind, batch, keep=LOOKED if resealed else LOOKED | SEALED)

    def looked(self, session: Session, tenant: str, matter: str, sources: Sequence[str], at: datetime) -> None:
        """Note that the matter was looked at in ``tenant``, and that these of its sources were seen held."""
        row = session.get_one(MatterRow, (self.store.district, matter))
        row.looked = dump({**load_object(row.looked), tenant: rfc3339(at)})
        session.add(row)
        session.flush()
        if not sources:
            return
        table = table_of(MatterSourceRow)
        statement = (
            update(table)
            .where(table.c.district == self.store.district, table.c.tenant == tenant, table.c.matter == matter, table.c.id == bindparam("source"))
            .values(seen_held=bindparam("at"))
        )
        session.connection().execute(statement, [{"source": source, "at": at} for source in sources])

    def _bundle(self, session: Session, row: MatterRow) -> Bundle:
        district, matter = self.store.district, row.tenant_alias
        lines = session.exec(select(MatterLineRow).where(MatterLineRow.district == district, MatterLineRow.matter == matter)).all()
        people = session.exec(select(MatterPersonRow).where(MatterPersonRow.district == district, MatterPersonRow.matter == matter)).all()
        sources = session.exec(select(MatterSourceRow).where(MatterSourceRow.district == district, MatterSourceRow.matter == matter)).all()
        paper = session.exec(select(MatterPaperRow).where(MatterPaperRow.district == district, MatterPaperRow.matter == matter)).all()
        gaps = session.exec(select(MatterGapRow).where(MatterGapRow.district == district, MatterGapRow.matter == matter)).all()
        releases = session.exec(select(MatterReleaseRow).where(MatterReleaseRow.district == district, MatterReleaseRow.matter == matter)).all()
        seals = [row.details, *(one.dossier for part in (lines, people, paper, releases) for one in part)]
        seals += [seal for seal in (*(one.error for one in sources), *(one.cause for one in gaps)) if seal]
        return Bundle(
            matter=row, lines=lines, people=people, sources=sources, paper=paper, gaps=gaps, releases=releases,
            opened=self._open(session, tuple(dict.fromkeys(seals))), version=self.version(session, matter),
        )

    def _open(self, session: Session, seals: Sequence[str]) -> Mapping[str, object]:
        opened: dict[str, object] = {}
        for start in range(0, len(seals), SEALS_AT_ONCE):
            part = seals[start : start + SEALS_AT_ONCE]
            query = select(SealedValue).where(SealedValue.district == self.store.district, col(SealedValue.sealed).in_(part))
            for row in session.exec(query).all():
                opened[row.sealed] = json.loads(self.store.sealer.open(self.store.district, row.sealed, row.box)[1])
        return opened
