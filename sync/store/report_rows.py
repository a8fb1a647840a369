"""What only reports ask of the store: when each kind was last read, and last read completely. No seal is opened here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from policies.kinds import Kind
from policies.resources import ReadState
from sync.store import Store
from sync.store.tables.engine import KindReadRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRead:
    """How the newest read of a kind ended, and when; ``complete_at`` None: it never was complete."""

    tenant: str
    kind: Kind
    state: ReadState
    reason: str | None
    count: int | None
    at: datetime
    complete_at: datetime | None


def kept_reads(store: Store) -> tuple[KeptRead, ...]:
    """The newest read of every kind of every tenant, by tenant and kind."""
    query = select(KindReadRow).where(KindReadRow.district == store.district).order_by(col(KindReadRow.tenant), col(KindReadRow.kind))
    with store.read() as session:
        rows = session.exec(query).all()
    return tuple(
        KeptRead(
            tenant=row.tenant,
            kind=Kind(row.kind),
            state=ReadState(row.state),
            reason=row.reason,
            count=row.count,
            at=row.at,
            complete_at=row.complete_at,
        )
        for row in rows
    )
