"""Which kinds were proven writable here, by whom, until when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from policies.kinds import Kind
from sync.store import Store, journal_rows
from sync.store.tables.engine import ProofRow

VALID = timedelta(days=180)
"""A proof is asked for again after half a year: grants and licences change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProof:
    """When a kind was proven, and over which surface (None: before surfaces were written down)."""

    at: datetime
    surface: str | None


class Proofs:
    """Reads and writes capability proofs of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def of(self, tenant: str, now: datetime) -> Mapping[Kind, KeptProof]:
        """Kinds with a proof that still counts, when each was made, and over which surface, as the journal says."""
        with self.store.read() as session:
            rows = session.exec(select(ProofRow).where(ProofRow.district == self.store.district, ProofRow.tenant == tenant)).all()
            return {Kind(row.kind): KeptProof(at=row.proven_at, surface=self._surface(session, row.seq)) for row in rows if row.until > now}

    def _surface(self, session: Session, seq: int) -> str | None:
        row = journal_rows.get(session, self.store.district, seq)
        surface = json.loads(row.line)["body"].get("surface") if row is not None else None
        return surface if isinstance(surface, str) else None

    def made(self, tenant: str) -> tuple[tuple[Kind, datetime, int], ...]:
        """Kind, time and journal entry of every proof of a tenant, also of those that count no more."""
        with self.store.read() as session:
            rows = session.exec(select(ProofRow).where(ProofRow.district == self.store.district, ProofRow.tenant == tenant)).all()
        return tuple((Kind(row.kind), row.proven_at, row.seq) for row in rows)

    def put(  # noqa: PLR0913, PLR0917  # a row's columns
        self, session: Session, tenant: str, kind: Kind, now: datetime, officer: str, seq: int, left_behind: str | None
    ) -> None:
        """Keep a proof in the caller's transaction."""
        session.merge(
            ProofRow(
                district=self.store.district,
                tenant=tenant,
                kind=kind.value,
                proven_at=now,
                until=now + VALID,
                officer=officer,
                seq=seq,
                left_behind=left_behind,
            )
        )
