"""Others' objects as they were first seen, and the differences in them that an officer answers for until a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from policies.kinds import Kind
from sync.drift import Watched, vendor_key
from sync.store import Store
from sync.store.bulk import upsert
from sync.store.documents import dump, load_fields, load_list, load_object
from sync.store.tables.engine import AcceptedRow, WatchedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """That an officer answers for an object of somebody else as it was last seen. ``form`` None: for its being gone."""

    tenant: str
    kind: Kind
    vendor_id: str
    form: str | None
    until: datetime
    seq: int
    """The journal entry of the officer's statement."""


class WatchedObjects:
    """Reads and writes others' objects of one district as they may be: as first seen, or as somebody answers for them."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def of(self, tenant: str, at: datetime) -> Mapping[str, Watched]:
        """Others' objects of a tenant that have a say in deletions, by kind and vendor id, as they may be at ``at`` and when last seen so."""
        with self.store.read() as session:
            rows = session.exec(select(WatchedRow).where(WatchedRow.district == self.store.district, WatchedRow.tenant == tenant)).all()
            accepted = self._accepted(session, tenant, at)
        found = {vendor_key(Kind(row.kind), row.vendor_id): _watched(row, row.document) for row in rows}
        for key, one in accepted.items():
            if one.form is None:
                found.pop(key, None)
            else:
                found[key] = _watched(one, one.form)
        return found

    def agreed(self, session: Session, tenant: str, current: Iterable[Watched], at: datetime) -> None:
        """Note in the caller's transaction that a look at ``at`` showed each of ``current`` without a difference; what is new is known from now on.

        What differs must not be among them: a new object is normal only where it was there at the first look, or while somebody answers for it.
        """
        accepted = self._accepted(session, tenant, at)
        batch: list[dict[str, object]] = []
        for one in current:
            row = accepted.get(vendor_key(one.kind, one.vendor_id))
            if row is not None:
                row.last_seen = one.seen_at
                session.add(row)
                continue
            batch.append(
                {
                    "district": self.store.district,
                    "tenant": tenant,
                    "kind": one.kind.value,
                    "vendor_id": one.vendor_id,
                    "document": form_of(one),
                    "first_seen": one.seen_at,
                    "last_seen": one.seen_at,
                }
            )
        upsert(session, WatchedRow, batch, keep=frozenset({"document", "first_seen"}))

    def accept(self, session: Session, acceptance: Acceptance, now: datetime) -> int | None:
        """Keep in the caller's transaction that an officer answers for an object; the entry of the statement that this one takes the place of."""
        old = session.get(AcceptedRow, (self.store.district, acceptance.tenant, acceptance.kind.value, acceptance.vendor_id))
        before = None if old is None else old.seq
        session.merge(
            AcceptedRow(
                district=self.store.district,
                tenant=acceptance.tenant,
                kind=acceptance.kind.value,
                vendor_id=acceptance.vendor_id,
                form=acceptance.form,
                until=acceptance.until,
                last_seen=now,
                seq=acceptance.seq,
            )
        )
        return before

    def _accepted(self, session: Session, tenant: str, at: datetime) -> dict[str, AcceptedRow]:
        query = select(AcceptedRow).where(AcceptedRow.district == self.store.district, AcceptedRow.tenant == tenant, AcceptedRow.until > at)
        return {vendor_key(Kind(row.kind), row.vendor_id): row for row in session.exec(query).all()}


def form_of(one: Watched) -> str:
    """An object of somebody else as the store writes it."""
    return dump({"name": one.name, "fields": dict(one.fields), "members": sorted(one.members), "parent_id": one.parent_id})


def _watched(row: WatchedRow | AcceptedRow, form: str) -> Watched:
    body = load_object(form)
    parent = body["parent_id"]
    return Watched(
        kind=Kind(row.kind),
        vendor_id=row.vendor_id,
        name=str(body["name"]),
        fields=load_fields(dump(body["fields"])),
        members=frozenset(load_list(dump(body["members"]))),
        seen_at=row.last_seen,
        parent_id=None if parent is None else str(parent),
    )


__all__ = ["Acceptance", "WatchedObjects", "form_of"]
