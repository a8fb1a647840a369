"""Taking a person out of the tables beside the journal, in the transaction of an erasure. What still carries protection stays, and is counted."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session, SQLModel, col, select

from sync.naming import Names
from sync.plan import ChangeStatus
from sync.store.documents import load_list, load_object
from sync.store.engine import Store
from sync.store.rosters import Rosters
from sync.store.seals import SALT
from sync.store.tables.engine import AcceptedRow, BindingRow, ChangeRow, DriftRow, EvidenceRow, IdentityRow, StandingRow, WatchedRow
from sync.store.tables.watch import WatchEventRow

ON_ITS_WAY = frozenset({ChangeStatus.SENT, ChangeStatus.ACCEPTED})
NOT_SENT = frozenset({ChangeStatus.PLANNED, ChangeStatus.REFUSED, ChangeStatus.APPROVED})

Row = TypeVar("Row", AcceptedRow, BindingRow, ChangeRow, DriftRow, EvidenceRow, IdentityRow, StandingRow, WatchedRow, WatchEventRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many rows the person was taken out of, and per table how many still name the person because what they describe is live in a tenant."""

    rows: int
    still_live: Mapping[str, int]


def known_as(session: Session, store: Store, names: Names) -> frozenset[str]:
    """Every address, alias and name, in lower case, of accounts that one of ``names`` names, and ``names`` themselves."""
    found = set(names.texts)
    for row in session.exec(select(IdentityRow).where(IdentityRow.district == store.district)):
        document = load_object(row.document)
        aliases = document["aliases"]
        called = {row.address, str(document["address"]), str(document["name"]), *(map(str, aliases) if isinstance(aliases, list) else ())}
        called = {one.casefold() for one in called} - {""}
        if called & names.texts:
            found |= called
    return frozenset(found)


def forget(session: Session, store: Store, names: Names) -> Forgotten:
    """Take ``names`` out of changes, drift, evidence, the watch, standings and accounts, in the caller's transaction.

    A change that was not sent is superseded: its id committed to what it said. Rows of changes on their way and of bindings stay whole, for what they
    say is followed and protected; another's object stays as first seen while an account of the person is alive there, or it would look changed.
    An account's row goes in any case: the next look at the tenant writes it again if the account still exists.
    """
    live: Counter[str] = Counter()
    alive = frozenset(
        row.tenant for row in _all(session, store, IdentityRow)
        if names.stand_in([row.address, load_object(row.document)]) and load_object(row.document)["state"] != "deleted"
    )
    done = _accounts(session, store, names) + _changes(session, store, names, live) + _evidence(session, store, names)
    for row in _all(session, store, WatchedRow):
        if row.tenant in alive:
            live["watched"] += names.stand_in(load_object(row.document))
        else:
            done += _rewrite(session, row, names, ("document",))
    for accepted in _all(session, store, AcceptedRow):
        if accepted.tenant in alive:
            live["watched"] += accepted.form is not None and names.stand_in(load_object(accepted.form))
        else:
            done += _rewrite(session, accepted, names, ("form",))
    told = (*_all(session, store, DriftRow), *_all(session, store, StandingRow), *_all(session, store, WatchEventRow))
    done += sum(_rewrite(session, row, names, ("document", "form", "actor", "subject", "details")) for row in told)
    for bound in _all(session, store, BindingRow):
        live["binding"] += names.stand_in([bound.name, load_object(bound.fields), load_list(bound.members)])
    return Forgotten(rows=done, still_live=dict(+live))


def _all(session: Session, store: Store, kind: type[Row]) -> Iterable[Row]:
    return session.exec(select(kind).where(col(kind.district) == store.district)).all()


def _accounts(session: Session, store: Store, names: Names) -> int:
    doomed = [row for row in _all(session, store, IdentityRow) if names.stand_in([row.address, row.drive, load_object(row.document)])]
    for row in doomed:
        session.delete(row)
    # Who is alive in a tenant is to be seen again by the next look, which would otherwise ask only for what changed.
    Rosters(store).read_whole_next(session, {row.tenant for row in doomed})
    return len(doomed)


def _changes(session: Session, store: Store, names: Names, live: Counter[str]) -> int:
    done = 0
    for row in _all(session, store, ChangeRow):
        if not names.stand_in([load_object(row.document), load_object(row.value)]):
            continue
        if row.status in ON_ITS_WAY or (row.status in NOT_SENT and row.intent_at is not None):
            live["change"] += 1
            continue
        if row.status in NOT_SENT:
            row.status = ChangeStatus.SUPERSEDED.value
        done += _rewrite(session, row, names, ("document", "value"))
    return done


def _evidence(session: Session, store: Store, names: Names) -> int:
    """Raw answers keep everything but the person: they are evidence about others too. Their own SHA-256 stays their name, as the journal has it."""
    done = 0
    for row in _all(session, store, EvidenceRow):
        raw = store.sealer.open(store.district, row.sha256, row.raw)[1]
        clean = names.erased_from_text(raw)
        if clean != raw:
            row.raw = store.sealer.box(store.district, row.sha256, secrets.token_bytes(SALT), clean)
        done += _rewrite(session, row, names, ("vendor_id",)) or clean != raw
        session.add(row)
    return done


def _rewrite(session: Session, row: SQLModel, names: Names, columns: tuple[str, ...]) -> int:
    """1 where one of the ``columns`` that the row has changed, else 0."""
    changed = 0
    for name in columns:
        old = getattr(row, name, None)
        new = names.erased_from_text(old) if isinstance(old, str) else old
        if new != old:
            setattr(row, name, new)
            changed = 1
    if changed:
        session.add(row)
    return changed
