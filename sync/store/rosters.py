"""Accounts as they were last seen, and the places of their files, which are asked for only once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import select

from policies.kinds import Workload
from policies.roster import AccountState, Identity, Roster
from sync.store import Store
from sync.store.bulk import upsert
from sync.store.documents import dump, load_object
from sync.store.tables.engine import IdentityRow

PLACES = frozenset({"drive", "drive_asked"})
"""Columns that a roster says nothing about: they are asked for apart and outlive a change of the account."""
AGAIN = timedelta(days=1)
"""An account without a place for files may get one: it is asked again after this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What is kept of an account: its document's digest, the place of its files, and when the platform last said what that is."""

    digest: str | None
    drive: str | None
    asked: datetime | None

    def lately(self, now: datetime) -> bool:
        """Whether the platform's word that there is no place still counts."""
        return self.asked is not None and now - self.asked < AGAIN


class Rosters:
    """Reads and writes the accounts of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def keep(self, roster: Roster) -> Roster:
        """Remember who was seen, and give the roster back with the places of files that are known from before."""
        known = self._rows(roster.tenant)
        fresh = {one.vendor_id: _document(one) for one in roster.identities}
        changed = [one for one in roster.identities if (kept := known.get(one.vendor_id)) is None or kept.digest != _digest(fresh[one.vendor_id])]
        if changed:
            with self.store.write() as session:
                upsert(session, IdentityRow, [self._row(one, fresh[one.vendor_id], roster.at) for one in changed], keep=PLACES)
        placed = tuple(self._placed(one, known.get(one.vendor_id), roster.at) for one in roster.identities)
        return replace(roster, identities=placed)

    @staticmethod
    def _placed(one: Identity, kept: _Kept | None, now: datetime) -> Identity:
        if kept is None or Workload.DRIVE in one.containers or (kept.drive is None and not kept.lately(now)):
            return one
        return with_drive(one, kept.drive)

    def place(self, tenant: str, urls: Mapping[str, str | None], now: datetime) -> None:
        """Remember where accounts keep their files; None: the platform said that there is no such place yet."""
        with self.store.write() as session:
            for vendor_id, url in urls.items():
                row = session.get(IdentityRow, (self.store.district, tenant, vendor_id))
                if row is not None:
                    row.drive, row.drive_asked = url, now
                    session.add(row)

    def unplaced(self, tenant: str, vendor_ids: AbstractSet[str], now: datetime) -> frozenset[str]:
        """Of the given accounts, those whose place is not known; one that had none is asked again after a day."""
        with self.store.read() as session:
            rows = session.exec(
                select(IdentityRow.vendor_id, IdentityRow.drive, IdentityRow.drive_asked).where(
                    IdentityRow.district == self.store.district, IdentityRow.tenant == tenant
                )
            ).all()
        kept = {vendor_id: _Kept(digest=None, drive=drive, asked=asked) for vendor_id, drive, asked in rows}
        return frozenset(vendor_ids) - {vendor_id for vendor_id, one in kept.items() if one.drive is not None or one.lately(now)}

    def identities(self, tenant: str) -> tuple[Identity, ...]:
        """Accounts of ``tenant`` as they were last seen, also those that are gone since."""
        with self.store.read() as session:
            rows = session.exec(select(IdentityRow).where(IdentityRow.district == self.store.district, IdentityRow.tenant == tenant)).all()
        return tuple(_identity(row) for row in rows)

    def _rows(self, tenant: str) -> dict[str, _Kept]:
        with self.store.read() as session:
            rows = session.exec(
                select(IdentityRow.vendor_id, IdentityRow.digest, IdentityRow.drive, IdentityRow.drive_asked).where(
                    IdentityRow.district == self.store.district, IdentityRow.tenant == tenant
                )
            ).all()
        return {vendor_id: _Kept(digest=digest, drive=drive, asked=asked) for vendor_id, digest, drive, asked in rows}

    def _row(self, one: Identity, document: str, at: datetime) -> dict[str, object]:
        return {
            "district": self.store.district,
            "tenant": one.tenant,
            "vendor_id": one.vendor_id,
            "address": one.address.lower(),
            "document": document,
            "drive": None,
            "drive_asked": None,
            "digest": _digest(document),
            "seen_at": at,
        }


def _digest(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def with_drive(one: Identity, url: str | None) -> Identity:
    """``one`` with the place of its files as the platform told it: a URL, or None where it says that there is none."""
    if url is None:
        return replace(one, without=one.without | {Workload.DRIVE})
    return replace(one, containers={**one.containers, Workload.DRIVE: url}, without=one.without - {Workload.DRIVE})


def _document(one: Identity) -> str:
    return dump(
        {
            "address": one.address,
            "aliases": sorted(one.aliases),
            "name": one.name,
            "employee_id": one.employee_id,
            "state": one.state.value,
            "org_unit": one.org_unit,
            "licences": sorted(one.licences),
            "licensed_for_hold": sorted(work.value for work in one.licensed_for_hold),
            "licences_unknown": one.licences_unknown,
            "containers": {work.value: place for work, place in one.containers.items() if work is not Workload.DRIVE},
            "deleted_at": one.deleted_at.isoformat() if one.deleted_at else None,
        }
    )


def _identity(row: IdentityRow) -> Identity:
    body = load_object(row.document)
    containers = {Workload(work): str(place) for work, place in _mapping(body["containers"]).items()}
    if row.drive is not None:
        containers[Workload.DRIVE] = row.drive
    return Identity(
        tenant=row.tenant,
        vendor_id=row.vendor_id,
        address=str(body["address"]),
        aliases=frozenset(_texts(body["aliases"])),
        name=str(body["name"]),
        employee_id=_text(body["employee_id"]),
        state=AccountState(str(body["state"])),
        org_unit=_text(body["org_unit"]),
        licences=frozenset(_texts(body["licences"])),
        licensed_for_hold=frozenset(Workload(work) for work in _texts(body["licensed_for_hold"])),
        licences_unknown=body.get("licences_unknown") is True,
        containers=containers,
        deleted_at=None if body["deleted_at"] is None else datetime.fromisoformat(str(body["deleted_at"])),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("a JSON list was expected in the store")
    return [str(item) for item in value]


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("a JSON object was expected in the store")
    return value
