"""The registers' rows: attestations, confirmed rows of the schedule, kept policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from sync.store.tables.core import AttestationRow, ConfirmationRow, JournalRow, KeptFileRow, PolicyInForceRow
from sync.store.words import EntryKind


def put(session: Session, row: AttestationRow | ConfirmationRow) -> None:
    """Store a row."""
    session.add(row)
    session.flush()


def attestations(session: Session, district: str, subject: str | None = None) -> Sequence[AttestationRow]:
    """Every attestation, or those of a subject, oldest first."""
    query = select(AttestationRow).where(AttestationRow.district == district).order_by(col(AttestationRow.seq))
    return session.exec(query if subject is None else query.where(AttestationRow.subject == subject)).all()


def confirmations(session: Session, district: str) -> Sequence[ConfirmationRow]:
    """Every confirmation, oldest first."""
    return session.exec(select(ConfirmationRow).where(ConfirmationRow.district == district).order_by(col(ConfirmationRow.seq))).all()


def last_policy(session: Session, district: str, at: datetime | None = None) -> PolicyInForceRow | None:
    """The policy in force last, or at an instant."""
    query = select(PolicyInForceRow).where(PolicyInForceRow.district == district).order_by(col(PolicyInForceRow.number).desc())
    return session.exec(query if at is None else query.where(PolicyInForceRow.in_force_from <= at)).first()


def put_policy(session: Session, row: PolicyInForceRow, files: Mapping[str, bytes]) -> None:
    """Store that a policy came into force, with the files of its folder."""
    put_files(session, row.district, row.digest, files)
    number = session.exec(select(func.max(PolicyInForceRow.number)).where(PolicyInForceRow.district == row.district)).one()
    row.number = (number or 0) + 1
    session.add(row)
    session.flush()


def put_files(session: Session, district: str, digest: str, files: Mapping[str, bytes]) -> None:
    """Store the files of a folder under its policy's digest, in place of those that stood beside that policy before."""
    for old in session.exec(select(KeptFileRow).where(KeptFileRow.district == district, KeptFileRow.digest == digest)).all():
        if old.name not in files:
            session.delete(old)
    for name, content in files.items():
        session.merge(KeptFileRow(district=district, digest=digest, name=name, content=content))


def kept_files(session: Session, district: str, digest: str) -> Mapping[str, bytes]:
    """Files by name of a kept folder."""
    found = session.exec(select(KeptFileRow).where(KeptFileRow.district == district, KeptFileRow.digest == digest)).all()
    return {row.name: row.content for row in found}


def entries_about(session: Session, district: str, kind: EntryKind, subject: str) -> Sequence[JournalRow]:
    """Journal rows of one kind and subject, oldest first."""
    query = select(JournalRow).where(JournalRow.district == district, JournalRow.kind == kind, JournalRow.subject == subject)
    return session.exec(query.order_by(col(JournalRow.seq))).all()
