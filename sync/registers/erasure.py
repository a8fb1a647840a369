"""Erasing a person from the sealed values: asked for by one officer, done when a second one asks for the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.base import Clock
from sync.journal import EntryKind, Journal, JournalError, Sealed
from sync.journal.entry import parse, seals_in
from sync.officers import OfficerError, Signer
from sync.registers.governance import APPROVAL_DAYS, signing
from sync.registers.governed import ENOUGH, Governed, may_approve
from sync.store import Session, Store
from sync.store import governance_rows as governed_rows
from sync.store import register_rows as rows
from sync.store.words import GovernanceState

SUBJECT = "erasure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Who asked for it within the last 14 days, and how many values went; None while it waits for a second officer."""

    asked_by: tuple[str, ...]
    erased: int | None


def ask(
    journal: Journal, store: Store, clock: Clock, signer: Signer, texts: Sequence[str], *, also: Callable[[Session], None] | None = None
) -> Erasure:
    """What became of the wish to erase every sealed value in which one of ``texts`` stands; ``also`` removes what other tables know.

    The wish is itself a sealed value in which they stand: with the erasure it goes too, and only that two officers signed is left.
    Raises OfficerError ``approval.role`` or ``approval.twice``, JournalError ``erase.nothing`` without any text, StoreError as ``Journal.erase``.
    """
    wish = sorted({text.strip().casefold() for text in texts} - {""})
    if not wish:
        raise JournalError("erase.nothing", "no person is named", "write one address or name a line")
    with store.write() as session:
        row = governed_rows.latest(session, store.district, GovernanceState.IN_FORCE)
        officers = {} if row is None else {one.id: one for one in Governed.load(row.settings).officers if may_approve(one)}
        if signer.officer not in officers:
            raise OfficerError("approval.role", f"{signer.officer} may not approve", "another officer has to")
        asked = {name: seq for name, seq in _asked(journal, session, clock, wish).items() if name in officers}
        if signer.officer in asked:
            raise OfficerError("approval.twice", f"{signer.officer} has asked for it already", "another officer has to")
        body = {"erase": Sealed(wish)}
        asked[signer.officer] = journal.append(EntryKind.APPROVAL, SUBJECT, body, actor=signing(signer), signer=signer.key, session=session)
    if len(asked) < ENOUGH:
        return Erasure(asked_by=tuple(asked), erased=None)
    return Erasure(asked_by=tuple(asked), erased=journal.erase(wish, by={"approved": sorted(asked.values())}, also=also) - len(asked))


def _asked(journal: Journal, session: Session, clock: Clock, wish: Sequence[str]) -> dict[str, int]:
    """Officers who asked for the same, and where; a wish that was granted is erased and so not found again."""
    found: dict[str, int] = {}
    for row in rows.entries_about(session, journal.store.district, EntryKind.APPROVAL, SUBJECT):
        entry = parse(row.line)[0]
        if entry.at + timedelta(days=APPROVAL_DAYS) <= clock.now():
            continue
        (seal,) = seals_in(entry.body)
        if journal.standing(session, seal) == wish:
            found[entry.actor.id] = entry.seq
    return found
