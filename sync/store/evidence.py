"""Vendors' raw answers, kept encrypted before anything is repaired, and how the newest read of each kind ended."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, select

from policies.kinds import Kind
from policies.resources import KindRead, Live, ReadState, Snapshot
from sync.store import Store
from sync.store.seals import SALT
from sync.store.tables.engine import EvidenceRow, KindReadRow


class Evidence:
    """Reads and writes raw answers of one district, addressed by the SHA-256 of their text."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def keep(self, session: Session, tenant: str, live: Live, seen_at: datetime) -> str:
        """Keep ``live``'s raw answer in the caller's transaction and return its SHA-256 in hex."""
        sha = hashlib.sha256(live.raw.encode()).hexdigest()
        if session.get(EvidenceRow, (self.store.district, tenant, sha)) is None:
            box = self.store.sealer.box(self.store.district, sha, secrets.token_bytes(SALT), live.raw)
            session.add(
                EvidenceRow(
                    district=self.store.district,
                    tenant=tenant,
                    sha256=sha,
                    kind=live.kind.value,
                    vendor_id=live.vendor_id,
                    raw=box,
                    seen_at=seen_at,
                    vendor_at=live.changed_at,
                )
            )
        return sha

    def raw(self, tenant: str, sha: str) -> str | None:
        """The raw answer of that hash, or None."""
        with self.store.read() as session:
            row = session.get(EvidenceRow, (self.store.district, tenant, sha))
        return None if row is None else self.store.sealer.open(self.store.district, sha, row.raw)[1]


class KindReads:
    """Reads and writes how the newest read of each kind ended."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def keep(self, session: Session, snapshot: Snapshot) -> None:
        """Keep ``snapshot``'s ends in the caller's transaction; when a kind was last complete is not lost by a later failure."""
        for kind, read in snapshot.reads.items():
            old = session.get(KindReadRow, (self.store.district, snapshot.tenant, kind.value))
            complete = snapshot.at if read.state is ReadState.COMPLETE else (old.complete_at if old else None)
            session.merge(
                KindReadRow(
                    district=self.store.district,
                    tenant=snapshot.tenant,
                    kind=kind.value,
                    state=read.state.value,
                    reason=read.reason,
                    count=read.count,
                    at=snapshot.at,
                    complete_at=complete,
                )
            )

    def of(self, tenant: str) -> Mapping[Kind, KindRead]:
        """The newest end of each kind's read."""
        with self.store.read() as session:
            rows = session.exec(select(KindReadRow).where(KindReadRow.district == self.store.district, KindReadRow.tenant == tenant)).all()
        return {Kind(row.kind): KindRead(kind=Kind(row.kind), state=ReadState(row.state), count=row.count, reason=row.reason) for row in rows}

    def last_complete(self, tenant: str) -> Mapping[Kind, datetime]:
        """The kinds that were read completely at least once, and when last: a new object of these was not there then."""
        with self.store.read() as session:
            rows = session.exec(select(KindReadRow).where(KindReadRow.district == self.store.district, KindReadRow.tenant == tenant)).all()
        return {Kind(row.kind): row.complete_at for row in rows if row.complete_at is not None}
