"""Attestations: dated, expiring statements that an officer signs about what no interface shows (``vault-rules/TENANT``, ``gap/ID`` ...)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from connectors.base import Clock
from policies.district import Subject
from sync.journal import EntryKind, Journal, JournalError, Sealed
from sync.officers import Signer
from sync.registers.governance import signing
from sync.store import Session, Store
from sync.store import register_rows as rows
from sync.store.notices import Notices, Raised
from sync.store.tables.core import AttestationRow


class AttestationState(StrEnum):
    """Whether a statement still stands."""

    VALID = "valid"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A statement as it stands now. ``overtaken_by`` names events or a newer statement; ``rules`` is the Vault rules file as it was attested."""

    id: str
    subject: str
    officer: str
    made_at: datetime
    until: datetime
    state: AttestationState
    evidence: tuple[str, ...]
    """SHA-256 of each file, in hex."""
    rules: bytes | None
    consistent_with: tuple[str, ...]
    overtaken_by: tuple[str, ...]
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an officer wants to attest. Files are hashed; only the rules file is kept."""

    subject: str
    until: datetime
    evidence: Sequence[Path] = ()
    rules: Path | None = None
    said: Mapping[str, object] = field(default_factory=dict)
    """More that is signed, beside what every statement says."""
    also: Callable[[Session, int], None] = lambda session, seq: None  # noqa: ARG005  # most statements change nothing else
    """What else is written in the statement's transaction, under the number of its entry; whatever it raises takes the statement back."""


def attest(journal: Journal, store: Store, clock: Clock, signer: Signer, statement: Statement) -> Attestation:
    """The signed statement; it takes the place of earlier ones about the same subject.

    Raises JournalError: ``attest.until`` (not in the future), ``attest.file`` (unreadable), and what signing raises.
    """
    now = clock.now()
    if statement.until <= now:
        raise JournalError("attest.until", "an attestation ends in the future", "give a later --until")
    evidence = [(path.name, hashlib.sha256(_content(path)).hexdigest()) for path in statement.evidence]
    rules = None if statement.rules is None else _content(statement.rules)
    body = {
        "until": statement.until,
        "evidence": [{"name": Sealed(name), "sha256": digest} for name, digest in evidence],
        "rules_sha256": None if rules is None else hashlib.sha256(rules).hexdigest(),
        **statement.said,
    }
    with store.write() as session:
        seq = journal.append(EntryKind.ATTESTATION, statement.subject, body, actor=signing(signer), signer=signer.key, session=session)
        for older in rows.attestations(session, store.district, statement.subject):
            older.overtaken_by = _with(older.overtaken_by, f"a{seq}")
            rows.put(session, older)
            Notices(store).end(session, [f"rules/{older.id}"], now)
        row = AttestationRow(
            district=store.district,
            id=f"a{seq}",
            subject=statement.subject,
            officer=signer.officer,
            made_at=now,
            until=statement.until,
            seq=seq,
            evidence=json.dumps([digest for _, digest in evidence]),
            rules=rules,
        )
        rows.put(session, row)
        statement.also(session, seq)
    return _value(row, now)


def take_over(session: Session, district: str, older: int, newer: int) -> None:
    """Note in the caller's transaction that the statement of entry ``newer`` took the place of that of entry ``older``, whatever they call it."""
    for row in rows.attestations(session, district):
        if row.seq == older:
            row.overtaken_by = _with(row.overtaken_by, f"a{newer}")
            rows.put(session, row)


def attestations(store: Store, now: datetime, subject: str | None = None) -> tuple[Attestation, ...]:
    """Every statement, or those about ``subject``, oldest first, with its state at ``now``."""
    with store.read() as session:
        return tuple(_value(row, now) for row in rows.attestations(session, store.district, subject))


def valid_subjects(store: Store, now: datetime) -> frozenset[str]:
    """Subjects with a statement that stands."""
    return frozenset(one.subject for one in attestations(store, now) if one.state is AttestationState.VALID)


def overtake(journal: Journal, store: Store, attestation_id: str, event: str) -> None:
    """Record that ``event`` (an id in the vendor's log) changed what was attested. Raises JournalError ``attest.unknown``."""
    _note(journal, store, attestation_id, "overtaken_by", event)


def confirm_consistent(journal: Journal, store: Store, attestation_id: str, event: str) -> None:
    """Record that ``event`` agrees with what was attested. Raises JournalError ``attest.unknown``."""
    _note(journal, store, attestation_id, "consistent_with", event)


def _note(journal: Journal, store: Store, attestation_id: str, field: str, event: str) -> None:
    with store.write() as session:
        row = next((row for row in rows.attestations(session, store.district) if row.id == attestation_id), None)
        if row is None:
            raise JournalError("attest.unknown", f"there is no attestation {attestation_id}", "see `attestations`")
        noted = _with(getattr(row, field), event)
        if noted == getattr(row, field):
            return
        setattr(row, field, noted)
        rows.put(session, row)
        journal.append(EntryKind.OBSERVATION, row.subject, {"attestation": attestation_id, field: event}, session=session)
        what, _, tenant = row.subject.partition("/")
        if (what, field) == ("vault-rules", "overtaken_by"):
            told = Raised(key=f"rules/{row.id}", subject=Subject.RULES, code="overtaken", tenant=tenant, document={"officer": row.officer})
            Notices(store).note(session, told, journal.now())


def _with(listed: str, new: str) -> str:
    found = json.loads(listed)
    return json.dumps(found if new in found else [*found, new])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise JournalError("attest.file", f"{path.name} cannot be read: {error.strerror}", "check the path") from error


def _value(row: AttestationRow, now: datetime) -> Attestation:
    overtaken = tuple(json.loads(row.overtaken_by))
    state = AttestationState.OVERTAKEN if overtaken else AttestationState.EXPIRED if row.until <= now else AttestationState.VALID
    return Attestation(
        id=row.id,
        subject=row.subject,
        officer=row.officer,
        made_at=row.made_at,
        until=row.until,
        state=state,
        evidence=tuple(json.loads(row.evidence)),
        rules=row.rules,
        consistent_with=tuple(json.loads(row.consistent_with)),
        overtaken_by=overtaken,
        seq=row.seq,
    )
