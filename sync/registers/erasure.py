"""Erasing a person from the sealed values: asked for by one officer, done when a second one asks for the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.base import Clock
from policies.district import Officer
from sync.journal import EntryKind, Journal, JournalError, Sealed
from sync.journal.entry import parse, seals_in
from sync.naming import LETTERS, Names, names_one
from sync.officers import OfficerError, Signer
from sync.registers.governance import APPROVAL_DAYS, signing
from sync.registers.governed import ENOUGH, Governed, may_approve
from sync.store import Session, Store
from sync.store import governance_rows as governed_rows
from sync.store import register_rows as rows
from sync.store.forgetting import Forgotten, forget, known_as
from sync.store.words import GovernanceState

SUBJECT = "erasure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Who asked for it within the last 14 days, and how many values went; None while it waits for a second officer.

    ``forgotten``: what became of the other tables; None while it waits.
    """

    asked_by: tuple[str, ...]
    erased: int | None
    forgotten: Forgotten | None = None


def ask(journal: Journal, store: Store, clock: Clock, signer: Signer, texts: Sequence[str]) -> Erasure:
    """What became of the wish to erase a person: every sealed value in which one of ``texts`` stands whole, and what other tables know.

    The wish is itself a sealed value in which they stand: with the erasure it goes too, and only that two officers signed is left.
    Raises OfficerError ``approval.role``, ``approval.twice`` or ``approval.touches_self``, JournalError ``erase.nothing`` without any text or
    ``erase.too_short`` for one that is neither a whole address nor a name of five letters, StoreError as ``Journal.erase``.
    """
    names = Names(texts)
    wish = sorted(names.texts)
    _must_name(wish)
    with store.write() as session:
        officers = _may_sign(session, store, signer, names)
        asked = {name: seq for name, seq in _asked(journal, session, clock, wish).items() if name in officers}
        if signer.officer in asked:
            raise OfficerError("approval.twice", f"{signer.officer} has asked for it already", "another officer has to")
        body = {"erase": Sealed(wish)}
        asked[signer.officer] = journal.append(EntryKind.APPROVAL, SUBJECT, body, actor=signing(signer), signer=signer.key, session=session)
    if len(asked) < ENOUGH:
        return Erasure(asked_by=tuple(asked), erased=None)
    became: list[Forgotten] = []
    erased = journal.erase(wish, by={"approved": sorted(asked.values())}, also=lambda session: became.append(forget(session, store, names)))
    return Erasure(asked_by=tuple(asked), erased=erased - len(asked), forgotten=became[0])


def _must_name(wish: Sequence[str]) -> None:
    if not wish:
        raise JournalError("erase.nothing", "no person is named", "write one address or name a line")
    short = [text for text in wish if not names_one(text)]
    if short:
        message = f"{len(short)} of the {len(wish)} lines is neither a whole address nor a name of at least {LETTERS} letters"
        raise JournalError("erase.too_short", message, "write whole addresses and full names: what is found by them is gone for good")


def _may_sign(session: Session, store: Store, signer: Signer, names: Names) -> Mapping[str, Officer]:
    """The officers in force who may ask. Raises OfficerError where ``signer`` is none of them, or is the one to be erased."""
    row = governed_rows.latest(session, store.district, GovernanceState.IN_FORCE)
    officers = {} if row is None else {one.id: one for one in Governed.load(row.settings).officers if may_approve(one)}
    if signer.officer not in officers:
        raise OfficerError("approval.role", f"{signer.officer} may not approve", "another officer has to")
    own = officers[signer.officer]
    if {own.email.casefold(), own.name.casefold()} & known_as(session, store, names):
        raise OfficerError("approval.touches_self", f"it erases {signer.officer}'s own address or name", "another officer has to")
    return officers


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
