"""The journal's rows: appending under the head's lock, reading in pages, and the sealed values beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, delete, func, select

from sync.store.tables.core import JournalHead, JournalRow, SealedValue, StoreMeta
from sync.store.words import EntryKind, OutcomeResult

ZERO = "0" * 64


def head(session: Session, district: str, *, lock: bool = False) -> tuple[int, str]:
    """Number and hash of the last entry, (0, zeros) before the first. ``lock`` keeps every other writer out until the transaction ends."""
    row = session.get(JournalHead, district, with_for_update=lock)
    return (row.seq, row.hash) if row else (0, ZERO)


def append(session: Session, row: JournalRow) -> None:
    """Store one entry and move the head to it."""
    session.add(row)
    session.merge(JournalHead(district=row.district, seq=row.seq, hash=row.hash))
    session.flush()


def after(session: Session, district: str, seq: int, limit: int) -> Sequence[JournalRow]:
    """Up to ``limit`` entries behind ``seq``, in order."""
    query = select(JournalRow).where(JournalRow.district == district, JournalRow.seq > seq).order_by(col(JournalRow.seq)).limit(limit)
    return session.exec(query).all()


def get(session: Session, district: str, seq: int) -> JournalRow | None:
    """One entry."""
    return session.get(JournalRow, (district, seq))


def outcome_of(session: Session, district: str, intent: int) -> int | None:
    """The number of the entry that settles ``intent``, or None while it is open."""
    query = select(JournalRow.seq).where(JournalRow.district == district, JournalRow.intent == intent)
    return session.exec(query).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """That a change was done: the entry that says so, the tenant and key, and the id of the change."""

    seq: int
    tenant: str | None
    key: str
    change: str


def done(session: Session, district: str, subjects: Iterable[str]) -> Sequence[Done]:
    """What was done under the keys ``subjects``, in the journal's order: outcomes that say ``done``, never those that say anything else."""
    keys = list(subjects)
    query = select(JournalRow).where(JournalRow.district == district, JournalRow.kind == EntryKind.OUTCOME, col(JournalRow.subject).in_(keys))
    bodies = [(row, json.loads(row.line)["body"]) for row in session.exec(query.order_by(col(JournalRow.seq))).all()]
    return tuple(
        Done(seq=row.seq, tenant=row.tenant, key=row.subject, change=str(body["change"]))
        for row, body in bodies
        if body["result"] == OutcomeResult.DONE and "change" in body
    )


_TELLING = (EntryKind.OUTCOME, EntryKind.OBSERVATION)


def newest(session: Session, district: str, tenant: str, subjects: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
    """By subject, the last entry of what was done to it in ``tenant`` and the last of what was seen of it, in the journal's order."""
    keys = list(subjects)
    query = (
        select(JournalRow.subject, func.max(JournalRow.seq))
        .where(JournalRow.district == district, JournalRow.tenant == tenant, col(JournalRow.kind).in_(_TELLING), col(JournalRow.subject).in_(keys))
        .group_by(JournalRow.subject, JournalRow.kind)
    )
    found: dict[str, list[int]] = {}
    for subject, seq in session.exec(query).all():
        found.setdefault(subject, []).append(seq)
    return {subject: tuple(sorted(seqs)) for subject, seqs in found.items()}


def open_intents(session: Session, district: str) -> Sequence[JournalRow]:
    """Intents without an outcome, oldest first."""
    settled = select(JournalRow.intent).where(JournalRow.district == district, col(JournalRow.intent).is_not(None))
    query = select(JournalRow).where(
        JournalRow.district == district, JournalRow.kind == EntryKind.INTENT, col(JournalRow.seq).not_in(settled)
    )
    return session.exec(query.order_by(col(JournalRow.seq))).all()


def seal(session: Session, value: SealedValue, key_check: str) -> None:
    """Keep one sealed value; the first one also fixes which key the store belongs to."""
    session.add(value)
    meta = session.get(StoreMeta, value.district)
    if meta is not None and meta.key_check is None:
        meta.key_check = key_check
        session.add(meta)


def sealed(session: Session, district: str, seal_hash: str) -> SealedValue | None:
    """One sealed value, still encrypted."""
    return session.get(SealedValue, (district, seal_hash))


def all_sealed(session: Session, district: str) -> Sequence[SealedValue]:
    """Every sealed value, in the order of the entries that first held them."""
    query = select(SealedValue).where(SealedValue.district == district)
    return session.exec(query.order_by(col(SealedValue.seq), col(SealedValue.sealed))).all()


def unseal_for_ever(session: Session, district: str, seal_hashes: Sequence[str]) -> None:
    """Delete sealed values."""
    for seal_hash in seal_hashes:
        session.exec(delete(SealedValue).where(col(SealedValue.district) == district, col(SealedValue.sealed) == seal_hash))
