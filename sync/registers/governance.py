"""Which version of the guards is in force, which one waits for two officers, and signing the one that waits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import Clock
from sync.journal import PROGRAM, Actor, ActorKind, EntryKind, Journal, Sealed
from sync.journal.entry import parse
from sync.officers import OfficerError, OfficerKey, Signer
from sync.plan import canonical
from sync.registers.governed import ENOUGH, Governed, looser, may_approve, meanwhile, touched
from sync.store import Session, Store
from sync.store import governance_rows as rows
from sync.store.register_rows import entries_about
from sync.store.tables.core import GovernanceRow
from sync.store.words import GovernanceState

APPROVAL_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A version that waits: ``digest`` is what officers sign, ``looser`` what it would loosen, ``signed`` who signed already."""

    digest: str
    looser: tuple[str, ...]
    signed: tuple[str, ...]
    governed: Governed


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """How the guards stand."""

    in_force: Governed
    pending: Pending | None


def ensure(journal: Journal, store: Store, clock: Clock, wanted: Governed) -> Governance:
    """The guards in force, after looking at what the folder wants.

    The first act on a store puts the folder in force as it stands. Later, what a folder tightens is in force at once; what it loosens waits for two
    officers of the version in force, and the old value stays.
    """
    with store.write() as session:
        row = rows.latest(session, store.district, GovernanceState.IN_FORCE)
        if row is None:
            row = _enact(journal, session, clock.now(), wanted, approved_by=())
        now_in_force = Governed.load(row.settings)
        effective = meanwhile(now_in_force, wanted)
        if effective != now_in_force:
            row = _enact(journal, session, clock.now(), effective, approved_by=())
        waiting = looser(effective, wanted)
        _wait_for(journal, session, clock.now(), row, wanted if waiting else None)
    return current(store, clock.now())


def current(store: Store, now: datetime) -> Governance:
    """The guards as the store has them. Raises OfficerError ``governance.none`` before the first act."""
    with store.read() as session:
        row = rows.latest(session, store.district, GovernanceState.IN_FORCE)
        if row is None:
            raise OfficerError("governance.none", "nothing is in force in this store yet", "run any command that acts with the district folder first")
        old = Governed.load(row.settings)
        waiting = rows.latest(session, store.district, GovernanceState.PENDING)
        if waiting is None:
            return Governance(in_force=old, pending=None)
        new = Governed.load(waiting.settings)
        signed = tuple(name for name, _ in _signatures(session, store.district, waiting.digest, old, now))
    return Governance(in_force=old, pending=Pending(digest=waiting.digest, looser=looser(old, new), signed=signed, governed=new))


def in_force(store: Store) -> Governed | None:
    """The version in force, None before the first act."""
    with store.read() as session:
        row = rows.latest(session, store.district, GovernanceState.IN_FORCE)
    return None if row is None else Governed.load(row.settings)


def identify(store: Store, officer_id: str, key: OfficerKey) -> Signer:
    """The officer who signs with ``key``. Raises OfficerError ``officer.not_identified`` or ``officer.key_mismatch``."""
    with store.read() as session:
        known = rows.officers_in_force(session, store.district)
    if known.get(officer_id) is None:
        message = f"{officer_id} is no officer with a key in force"
        raise OfficerError("officer.not_identified", message, "see `approvals` for what awaits two officers")
    if known[officer_id] != key.public_key:
        raise OfficerError("officer.key_mismatch", f"this key is not the one in force for {officer_id}", "use the officer's own key")
    return Signer(officer=officer_id, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who stands behind an act: an officer with the key that signs it, an account that only the operating system knows, or the program itself."""

    actor: Actor = PROGRAM
    key: OfficerKey | None = None


def signed_by(signer: Signer) -> Author:
    """``signer`` as the author of an act."""
    return Author(actor=signing(signer), key=signer.key)


def account(user: str, host: str) -> Author:
    """An act that nobody signed: the account stands beside it, and counts as no officer (design, *Officers*)."""
    return Author(actor=Actor(kind=ActorKind.OS, id=f"{user}@{host}"))


def signing(signer: Signer) -> Actor:
    """The actor of an entry that ``signer`` signs."""
    return Actor(kind=ActorKind.OFFICER, id=signer.officer)


def approve(journal: Journal, store: Store, clock: Clock, digest: str, signer: Signer) -> Governance:
    """The guards after ``signer`` signed the version that waits under ``digest`` (any prefix of 8 or more); the second signature puts it in force.

    Raises OfficerError: ``approval.stale`` (another version waits, or none), ``approval.role``, ``approval.touches_self``, ``approval.twice``.
    """
    now = clock.now()
    with store.write() as session:
        row = rows.latest(session, store.district, GovernanceState.IN_FORCE)
        waiting = rows.latest(session, store.district, GovernanceState.PENDING)
        if row is None or waiting is None or len(digest) < 8 or not waiting.digest.startswith(digest):
            raise OfficerError("approval.stale", "no such version waits for approval", "see `approvals`")
        old, new = Governed.load(row.settings), Governed.load(waiting.settings)
        signed = _signatures(session, store.district, waiting.digest, old, now)
        _admit(old, new, signer, {name for name, _ in signed})
        body = {"governance": waiting.digest, "looser": looser(old, new)}
        seq = journal.append(EntryKind.APPROVAL, _subject(waiting.digest), body, actor=signing(signer), signer=signer.key, session=session)
        seqs = (*(number for _, number in signed), seq)
        if len(seqs) >= ENOUGH:
            rows.drop_pending(session, store.district)
            _enact(journal, session, now, new, approved_by=seqs, digest=waiting.digest)
    return current(store, now)


def _admit(old: Governed, new: Governed, signer: Signer, signed: set[str]) -> None:
    officer = old.officer(signer.officer)
    if officer is None or not may_approve(officer):
        raise OfficerError("approval.role", f"{signer.officer} may not approve", "another officer has to")
    if signer.officer in touched(old, new):
        raise OfficerError("approval.touches_self", f"it changes {signer.officer}'s own role, key or address", "another officer has to")
    if signer.officer in signed:
        raise OfficerError("approval.twice", f"{signer.officer} has signed it already", "another officer has to")


def _enact(
    journal: Journal, session: Session, now: datetime, governed: Governed, *, approved_by: tuple[int, ...], digest: str | None = None
) -> GovernanceRow:
    store = journal.store
    before = rows.latest(session, store.district, GovernanceState.IN_FORCE)
    number = rows.next_number(session, store.district)
    whole = digest or _digest(before, governed)
    body = {
        "version": number,
        "digest": whole,
        "officers": governed.signers(),
        "approved_by": approved_by,
        "settings": Sealed(governed.form()),
    }
    seq = journal.append(EntryKind.GOVERNANCE, "governance", body, session=session)
    row = GovernanceRow(
        district=store.district,
        number=number,
        digest=whole,
        settings=governed.text(),
        state=GovernanceState.IN_FORCE,
        seq=seq,
        at=now,
    )
    rows.add(session, row)
    return row


def _wait_for(journal: Journal, session: Session, now: datetime, base: GovernanceRow, wanted: Governed | None) -> None:
    """Keep ``wanted`` as what waits on ``base`` (None: nothing does); a version that waits already keeps its signatures."""
    store = journal.store
    waiting = rows.latest(session, store.district, GovernanceState.PENDING)
    if wanted is None:
        if waiting is not None:
            rows.drop_pending(session, store.district)
            journal.append(EntryKind.OBSERVATION, _subject(waiting.digest), {"withdrawn": waiting.digest}, session=session)
        return
    digest = _digest(base, wanted)
    if waiting is not None and waiting.digest == digest:
        return
    body = {"proposed": digest, "looser": looser(Governed.load(base.settings), wanted), "settings": Sealed(wanted.form())}
    seq = journal.append(EntryKind.OBSERVATION, _subject(digest), body, session=session)
    rows.add(
        session,
        GovernanceRow(
            district=store.district,
            number=rows.next_number(session, store.district),
            digest=digest,
            settings=wanted.text(),
            state=GovernanceState.PENDING,
            seq=seq,
            at=now,
        ),
    )


def _signatures(session: Session, district: str, digest: str, old: Governed, now: datetime) -> list[tuple[str, int]]:
    """Who of the officers in force signed ``digest`` within the last 14 days, and where."""
    found: dict[str, int] = {}
    for row in entries_about(session, district, EntryKind.APPROVAL, _subject(digest)):
        entry = parse(row.line)[0]
        officer = old.officer(entry.actor.id)
        fresh = entry.at + timedelta(days=APPROVAL_DAYS) > now
        if fresh and officer is not None and may_approve(officer) and entry.body.get("governance") == digest:
            found[officer.id] = entry.seq
    return list(found.items())


def _digest(before: GovernanceRow | None, governed: Governed) -> str:
    """What officers sign: the new version on top of exactly the one that is in force."""
    return hashlib.sha256(canonical({"on": before.digest if before else None, **governed.form()})).hexdigest()


def _subject(digest: str) -> str:
    return f"governance/{digest[:24]}"
