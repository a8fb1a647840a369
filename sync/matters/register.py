"""The register of matters: a projection of the journal's matter entries, written in the same transaction as the entry that it follows from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.journal import EntryKind, Journal
from sync.matters import noting, rows
from sync.matters.delta import between, body
from sync.matters.merging import rebased
from sync.matters.model import IN_FORCE, Matter
from sync.registers.governance import Author
from sync.store import Session, Store
from sync.store.journal_rows import get as journal_row
from sync.store.matter_words import MatterState
from sync.store.matters import MatterRows
from sync.store.notices import Notices
from sync.store.tables.matters import MatterOrderRow

OPEN = frozenset({MatterState.OPEN, MatterState.PARTLY_HELD, MatterState.HELD, MatterState.RELEASING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to a matter, for the journal. ``order`` is the digest of the order file that it came from."""

    name: str
    tenant: str | None = None
    order: str | None = None
    by: Author = field(default_factory=Author)
    always: bool = False
    """Written down also where it changes nothing: somebody signed for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The matter as it stands now, others' doings included. ``seq``: the entry that was written, if any; ``after``: the one before."""

    matter: Matter
    seq: int | None = None
    after: int | None = None


class AliasTakenError(Exception):
    """Another process opened a matter of the same alias a moment ago."""


class Register:
    """Reads matters and keeps what changed in them, the journal's entry first."""

    def __init__(self, store: Store, journal: Journal, now: Callable[[], datetime]) -> None:
        self.store = store
        self._journal = journal
        self._now = now
        self._rows = MatterRows(store)
        self._notices = Notices(store)

    def open(self) -> tuple[Matter, ...]:
        """Every matter that is not released, oldest first."""
        with self.store.read() as session:
            return tuple(rows.matter(bundle) for bundle in self._rows.load(session, states=OPEN))

    def releasing(self) -> tuple[Matter, ...]:
        """The matters of which a release is asked for, waits or is being carried out."""
        with self.store.read() as session:
            return tuple(rows.matter(self._rows.load(session, tenant_alias=alias)[0]) for alias in self._rows.releasing(session))

    def begun(self) -> frozenset[str]:
        """Ids of the changes of every release that was ever begun."""
        with self.store.read() as session:
            return self._rows.begun(session)

    def all(self) -> tuple[Matter, ...]:
        """Every matter, oldest first."""
        with self.store.read() as session:
            return tuple(rows.matter(bundle) for bundle in self._rows.load(session))

    def get(self, alias: str) -> Matter | None:
        """The matter that any of its three aliases names."""
        with self.store.read() as session:
            found = self._rows.find(session, alias)
            return rows.matter(self._rows.load(session, tenant_alias=found)[0]) if found else None

    def of_order(self, sha256: str) -> Matter | None:
        """The open matter that an order file with this digest was read for."""
        with self.store.read() as session:
            for alias in self._rows.of_order(session, sha256):
                found = rows.matter(self._rows.load(session, tenant_alias=alias)[0])
                if found.state in OPEN:
                    return found
        return None

    def has_order(self, matter: Matter, sha256: str) -> bool:
        """Whether an order file with this digest was read for ``matter`` before."""
        with self.store.read() as session:
            return matter.tenant_alias in self._rows.of_order(session, sha256)

    def newest(self) -> int:
        """The number of the newest matter entry of any process; 0 before the first. While it stands, what was loaded is what is there."""
        with self.store.read() as session:
            return self._rows.newest(session)

    def keep(self, before: Matter | None, after: Matter, event: Event, settle: Callable[[Matter], Matter] = lambda matter: matter) -> Written:
        """Write what ``after`` changes of ``before``: the journal's entry and the rows together, or nothing where it changes nothing.

        Where another process wrote since ``before`` was loaded, only the changes are applied to what it left, and ``settle`` is asked for the
        states that follow from that. Raises AliasTakenError for a new matter whose alias is in use.
        """
        if between(before, after).empty and not event.always:
            return Written(matter=after)
        with self.store.write() as session:
            if before is None and self._rows.find(session, after.alias) is not None:
                raise AliasTakenError(after.alias)
            newest = self._rows.newest(session)
            if before is not None and self._rows.version(session, before.tenant_alias) != before.version:
                current = rows.matter(self._rows.load(session, tenant_alias=before.tenant_alias)[0])
                before, after = current, settle(rebased(before, after, current))
            return self._put(session, before, after, event, newest)

    def change(self, alias: str, act: Callable[[Matter], Matter], event: Event) -> Matter:
        """Write what ``act`` makes of the matter as it stands at this moment: nobody writes in between. Nothing where it changes nothing.

        Whatever ``act`` raises leaves everything as it was.
        """
        with self.store.write() as session:
            found = self._rows.find(session, alias)
            assert found is not None, "a matter is never taken out of the register"
            current = rows.matter(self._rows.load(session, tenant_alias=found)[0])
            return self._put(session, current, act(current), event, self._rows.newest(session)).matter

    def _put(self, session: Session, before: Matter | None, after: Matter, event: Event, newest: int) -> Written:
        delta = between(before, after)
        if delta.empty and not event.always:
            return Written(matter=after)
        seq = self._journal.append(
            EntryKind.MATTER, f"matter/{after.tenant_alias}", body(delta, event.name, event.order), tenant=event.tenant, actor=event.by.actor,
            signer=event.by.key, session=session,
        )
        self._rows.put(session, rows.rows(delta, self.store.district, self._written(session, seq)))
        if event.order is not None:
            order = MatterOrderRow(district=self.store.district, matter=after.tenant_alias, sha256=event.order, read_at=self._now())
            self._rows.put(session, [order])
        self._note(session, before, after, seq)
        return Written(matter=replace(after, version=seq), seq=seq, after=newest)

    def looked(self, tenant: str, matters: Sequence[Matter], at: datetime) -> None:
        """Note when matters were looked at in ``tenant``, and which of their sources were held then: no news, so no journal entry."""
        if not matters:
            return
        with self.store.write() as session:
            for matter in matters:
                held = [source.id for source in matter.sources if source.tenant == tenant and source.state in IN_FORCE and source.seen_held == at]
                self._rows.looked(session, tenant, matter.tenant_alias, held, at)

    def _note(self, session: Session, before: Matter | None, after: Matter, seq: int) -> None:
        """What officers have to hear of, in the transaction of what happened."""
        now = self._now()
        for one in noting.raised(before, after, seq):
            self._notices.note(session, one, now)
        known = [notice for prefix in noting.prefixes(after) for notice in self._notices.open(session, prefix)]
        self._notices.end(session, noting.over(after, known), now)

    def _written(self, session: Session, seq: int) -> Mapping[str, object]:
        """The body of an entry as it stands in the chain, with every sealed value as its hash."""
        row = journal_row(session, self.store.district, seq)
        assert row is not None
        found: Mapping[str, object] = json.loads(row.line)["body"]
        return found
