"""Confirmations: that an officer compared a row of the schedule with the official page. A row that nobody confirmed writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.base import Clock
from sync.journal import EntryKind, Journal, JournalError
from sync.officers import Signer
from sync.registers.governance import signing
from sync.store import Store
from sync.store import register_rows as rows
from sync.store.tables.core import ConfirmationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Who compared which form of a row with which page of which edition, and when."""

    series: str
    row_digest: str
    schedule_sha256: str
    page: int
    officer: str
    at: datetime
    seq: int


def confirm(  # noqa: PLR0913  # who, what, against which page of what: the sentence that is signed
    journal: Journal, store: Store, clock: Clock, signer: Signer, row_digests: Mapping[str, str], *, schedule: Path, page: int
) -> tuple[Confirmation, ...]:
    """One signed entry per row: ``row_digests`` holds the digest of each row as it stands.

    Raises JournalError ``confirm.file`` or ``confirm.page``, and what signing raises.
    """
    if page < 1:
        raise JournalError("confirm.page", "pages count from 1", "give --page")
    try:
        with schedule.open("rb") as file:
            edition = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise JournalError("confirm.file", f"{schedule.name} cannot be read: {error.strerror}", "give the official schedule's file") from error
    made = []
    with store.write() as session:
        for series, digest in row_digests.items():
            body = {"row": digest, "schedule_sha256": edition, "page": page}
            subject = f"series/{series}"
            seq = journal.append(EntryKind.CONFIRMATION, subject, body, actor=signing(signer), signer=signer.key, session=session)
            row = ConfirmationRow(
                district=store.district,
                series=series,
                seq=seq,
                row_digest=digest,
                schedule_sha256=edition,
                page=page,
                officer=signer.officer,
                at=clock.now(),
            )
            rows.put(session, row)
            made.append(_value(row))
    return tuple(made)


def confirmed(store: Store) -> Mapping[str, str]:
    """The digest that was last confirmed, by series; a row whose digest differs from it is unconfirmed again."""
    return {series: one.row_digest for series, one in latest(store).items()}


def latest(store: Store) -> Mapping[str, Confirmation]:
    """The last confirmation of each series."""
    with store.read() as session:
        return {row.series: _value(row) for row in rows.confirmations(session, store.district)}


def _value(row: ConfirmationRow) -> Confirmation:
    return Confirmation(
        series=row.series,
        row_digest=row.row_digest,
        schedule_sha256=row.schedule_sha256,
        page=row.page,
        officer=row.officer,
        at=row.at,
        seq=row.seq,
    )
