"""The journal of one district: appending under the head's lock, reading back, sealing, exporting and erasing."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.base import Clock
from sync.journal.entry import Opened, hash_of, line_of, parse, seal_body, signed_bytes
from sync.journal.verify import Claimed, SealedValues, check_chain
from sync.journal.words import PROGRAM, Actor, ActorKind, Entry, FirstBad, Head, JournalError, OpenIntent, Verification
from sync.naming import Names
from sync.officers import OfficerKey
from sync.plan import canonical
from sync.store import Session, Store
from sync.store import governance_rows as governed
from sync.store import journal_rows as rows
from sync.store.tables.core import JournalRow, SealedValue
from sync.store.words import EntryKind, OutcomeResult

PAGE = 500


class Journal:
    """Append-only, one chain per district. ``run_id`` stands on every line that this run writes."""

    def __init__(self, store: Store, clock: Clock, *, run_id: str, drill: bool) -> None:
        self.store = store
        self.run_id = run_id
        self._clock = clock
        self._words = "drill" if drill else "system"

    def append(  # noqa: PLR0913  # an entry has these fields; the format is frozen
        self,
        kind: EntryKind,
        subject: str,
        body: Mapping[str, object],
        *,
        tenant: str | None = None,
        actor: Actor | None = None,
        signer: OfficerKey | None = None,
        vendor_at: datetime | None = None,
        session: Session | None = None,
    ) -> int:
        """The number of the new entry. With ``session`` it is written in the caller's transaction, else in one of its own.

        A ``Sealed`` value anywhere in ``body`` goes in as its salted hash. ``subject`` is never sealed: no name of a person or matter belongs in it.
        Raises JournalError: ``journal.not_json``; ``officer.not_identified`` for an officer without a key, or not in force; ``officer.key_mismatch``.
        """
        plain, opened = seal_body(body)
        with self._session(session) as open_session:
            entry = Entry(
                seq=0,
                at=self._clock.now(),
                vendor_at=vendor_at,
                clock=self._words,
                actor=self._signed(open_session, actor or PROGRAM, signer, signed_bytes(kind, subject, plain)),
                run=self.run_id,
                kind=kind,
                tenant=tenant,
                subject=subject,
                body=plain,
                hash="",
            )
            return self._write(open_session, entry, opened)

    def intent(self, subject: str, body: Mapping[str, object], *, tenant: str | None = None, session: Session | None = None) -> int:
        """The number of an intent: what is about to be sent, written before it is."""
        return self.append(EntryKind.INTENT, subject, body, tenant=tenant, session=session)

    def outcome(
        self,
        intent: int,
        result: OutcomeResult | str,
        body: Mapping[str, object] | None = None,
        *,
        tenant: str | None = None,
        vendor_at: datetime | None = None,
        session: Session | None = None,
    ) -> int:
        """The number of the entry that settles ``intent``, under the intent's own subject and tenant.

        Raises JournalError ``journal.no_intent`` (also where ``tenant`` is given and is not the intent's) or ``journal.settled``, ValueError for an
        unknown ``result``.
        """
        ended = OutcomeResult(result)
        with self._session(session) as open_session:
            row = rows.get(open_session, self.store.district, intent)
            if row is None or row.kind is not EntryKind.INTENT or tenant not in {None, row.tenant}:
                raise JournalError("journal.no_intent", f"entry {intent} is no intent of this tenant")
            if (settled := rows.outcome_of(open_session, self.store.district, intent)) is not None:
                raise JournalError("journal.settled", f"intent {intent} was settled by entry {settled}")
            full = {**(body or {}), "intent": intent, "result": ended}
            return self.append(EntryKind.OUTCOME, row.subject, full, tenant=row.tenant, vendor_at=vendor_at, session=open_session)

    def now(self) -> datetime:
        """The instant that the next entry would carry."""
        return self._clock.now()

    def head(self) -> Head:
        """Number and hash of the last entry; zeros before the first."""
        with self.store.read() as session:
            seq, last = rows.head(session, self.store.district)
        return Head(seq=seq, hash=last)

    def entries(self, since: int = 0) -> Iterator[Entry]:
        """Every entry behind number ``since``, in order; read in pages, so that no view of the store stays open between them."""
        for row in self._rows(since):
            yield parse(row.line)[0]

    def open_intents(self) -> list[OpenIntent]:
        """Intents whose outcome is not known, oldest first."""
        with self.store.read() as session:
            found = [parse(row.line)[0] for row in rows.open_intents(session, self.store.district)]
        return [OpenIntent(seq=entry.seq, at=entry.at, tenant=entry.tenant, subject=entry.subject, body=entry.body) for entry in found]

    def reveal(self, sealed: str) -> object:
        """The value behind a seal. Raises JournalError ``journal.no_value`` when it was erased or never stood here."""
        with self.store.read() as session:
            if rows.sealed(session, self.store.district, sealed) is None:
                raise JournalError("journal.no_value", f"no value stands behind the seal {sealed[:16]}; it may have been erased")
            return self.standing(session, sealed)

    def standing(self, session: Session, sealed: str) -> object:
        """The value behind a seal as the caller's transaction sees it; None where none stands (any more)."""
        row = rows.sealed(session, self.store.district, sealed)
        return None if row is None else json.loads(self.store.sealer.open(self.store.district, row.sealed, row.box)[1])

    def vendor_actor(self, intent: int) -> str | None:
        """The account of a signed-in person under which ``intent`` was sent, as it or its outcome says; None: as ourselves, or erased since."""
        with self.store.read() as session:
            numbers = (intent, rows.outcome_of(session, self.store.district, intent))
            for row in (rows.get(session, self.store.district, seq) for seq in numbers if seq is not None):
                seal = parse(row.line)[0].body.get("vendor_actor") if row is not None else None
                if isinstance(seal, dict) and isinstance(seal.get("sealed"), str):
                    account = self.standing(session, seal["sealed"])
                    return account if isinstance(account, str) else None
        return None

    def export(self, path: Path) -> Head:
        """Write the chain as JSON Lines to ``path`` (0600, in place of what was there) and say where it ends."""
        last = Head(seq=0, hash=rows.ZERO)

        def lines() -> Iterator[bytes]:
            nonlocal last
            for row in self._rows(0):
                last = Head(seq=row.seq, hash=row.hash)
                yield row.line

        _replace(path, lines())
        return last

    def export_sealed(self, path: Path) -> int:
        """Write the values behind the seals to ``path`` (0600) for counsel; how many there were."""
        opened = tuple(self._opened())
        _replace(
            path,
            (canonical({"sealed": one.sealed, "salt": base64.b64encode(one.salt).decode(), "value": one.value}) for one in opened),
        )
        return len(opened)

    def verify(self, against: str | None = None) -> Verification:
        """What the chain in the store proves, with every value that still stands. ``against``: a head published earlier, ``SEQ:HASH`` or its hash."""
        with self.store.read() as session:
            claimed = Claimed(*rows.head(session, self.store.district))
        values = SealedValues({one.sealed: (one.salt, one.value) for one in self._opened()})
        misfiled: list[FirstBad] = []
        result = check_chain(self._lines(misfiled), values, against=against, claimed=claimed)
        if misfiled and (result.first_bad is None or misfiled[0].seq <= result.first_bad.seq):
            result = replace(result, ok=False, first_bad=misfiled[0])
        return result

    def erase(
        self,
        matching: Callable[[object], bool] | Sequence[str],
        *,
        by: Mapping[str, object],
        also: Callable[[Session], None] | None = None,
    ) -> int:
        """Remove each sealed value that matches (a predicate on it, or whole addresses and names of which one stands in it) and say how many.

        Value and salt go, an ``erasure`` entry names the seals and ``by`` (who asked, which approvals), ``also`` removes what other
        tables know in the same transaction, and no byte stays in the database file or its log. Nothing matching writes nothing.
        Raises StoreError ``store.busy`` where another process keeps old pages: the values are gone, run it again to scrub.
        """
        holds = Names(matching).stand_in if isinstance(matching, Sequence) else matching
        with self.store.write() as session:
            doomed = [one.sealed for one in self._opened_in(session) if holds(json.loads(one.value))]
            if doomed or also is not None:
                rows.unseal_for_ever(session, self.store.district, doomed)
                if also is not None:
                    also(session)
                self.append(EntryKind.ERASURE, "erasure", {"erased": doomed, "by": by}, session=session)
        self.store.scrub()
        return len(doomed)

    def _session(self, session: Session | None) -> AbstractContextManager[Session]:
        return self.store.write() if session is None else nullcontext(session)

    def _signed(self, session: Session, actor: Actor, signer: OfficerKey | None, data: bytes) -> Actor:
        if signer is None:
            if actor.kind is ActorKind.OFFICER:
                raise JournalError("officer.not_identified", f"{actor.id} has not signed", "give --as and --key")
            return replace(actor, key=None, sig=None)
        if actor.kind is not ActorKind.OFFICER:
            raise JournalError("officer.not_identified", "a signature needs the officer who made it", "give --as and --key")
        known = governed.officers_in_force(session, self.store.district)
        if actor.id not in known:
            raise JournalError("officer.not_identified", f"{actor.id} is no officer in force", "see `approvals` for what awaits two officers")
        if known[actor.id] != signer.public_key:
            raise JournalError("officer.key_mismatch", f"this key is not the one in force for {actor.id}", "use the officer's own key")
        return replace(actor, key=signer.key_id, sig=signer.sign(data))

    def _write(self, session: Session, entry: Entry, opened: Iterable[Opened]) -> int:
        district = self.store.district
        seq, prev = rows.head(session, district, lock=True)
        numbered = replace(entry, seq=seq + 1)
        line = line_of(numbered, self.store.chain, prev)
        for one in opened:
            box = self.store.sealer.box(district, one.sealed, one.salt, one.value)
            rows.seal(session, SealedValue(district=district, sealed=one.sealed, seq=numbered.seq, box=box), self.store.sealer.check())
        settles = entry.body.get("intent") if entry.kind is EntryKind.OUTCOME else None
        rows.append(
            session,
            JournalRow(
                district=district,
                seq=numbered.seq,
                line=line,
                hash=hash_of(line),
                kind=entry.kind,
                tenant=entry.tenant,
                subject=entry.subject,
                intent=settles if isinstance(settles, int) else None,
            ),
        )
        return numbered.seq

    def _rows(self, since: int) -> Iterator[JournalRow]:
        while True:
            with self.store.read() as session:
                page = rows.after(session, self.store.district, since, PAGE)
            yield from page
            if len(page) < PAGE:
                return
            since = page[-1].seq

    def _lines(self, misfiled: list[FirstBad]) -> Iterator[bytes]:
        """The stored lines; notes the first row whose copies beside the line do not say what the line says."""
        for row in self._rows(0):
            if not misfiled and (why := _misfiled(row)):
                misfiled.append(FirstBad(seq=row.seq, why=why))
            yield row.line

    def _opened(self) -> Iterator[Opened]:
        with self.store.read() as session:
            yield from self._opened_in(session)

    def _opened_in(self, session: Session) -> list[Opened]:
        district = self.store.district
        found = []
        for row in rows.all_sealed(session, district):
            salt, value = self.store.sealer.open(district, row.sealed, row.box)
            found.append(Opened(sealed=row.sealed, salt=salt, value=value))
        return found


def _misfiled(row: JournalRow) -> str | None:
    if hash_of(row.line) != row.hash:
        return "its bytes are not those that were stored"
    try:
        entry = parse(row.line)[0]
    except ValueError:
        return None  # the chain's own check says it better
    if (entry.seq, entry.kind, entry.tenant, entry.subject) != (row.seq, row.kind, row.tenant, row.subject):
        return "the columns beside it were changed"
    return None


def _replace(path: Path, lines: Iterable[bytes]) -> None:
    """Write ``lines`` to a neighbour first: ``path`` is the whole file or what it was. Raises JournalError ``file.unwritable``."""
    try:
        draft = path.with_name(f".{path.name}.part")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for line in lines:
                file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except (OSError, ValueError) as problem:  # ValueError: a path without a name
        reason = problem.strerror if isinstance(problem, OSError) else "it names no file"
        raise JournalError("file.unwritable", f"{path} cannot be written: {reason}", "name a file in a folder that you may write to") from problem
