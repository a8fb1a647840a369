"""Accounts as they were last seen, the places of their files, which are asked for only once, and where the reading of everybody goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from connectors.following import KeptPeople, Trail
from policies.kinds import Workload
from policies.roster import AccountState, Identity, Roster
from sync.store import Store
from sync.store.bulk import table_of, upsert
from sync.store.documents import dump, load_object
from sync.store.tables.engine import IdentityRow, RosterTrailRow

PLACES = frozenset({"drive", "drive_asked"})
"""Columns that a roster says nothing about: they are asked for apart and outlive a change of the account."""
AGAIN = timedelta(days=1)
"""An account without a place for files may get one: it is asked again after this long."""
WHOLE = timedelta(days=1)
"""Everybody is read whole again after this long, whatever a cursor tells: that closes what it missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
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

    def keep(self, roster: Roster, trail: Trail | None = None) -> Roster:
        """Remember who was seen, and give the roster back with the places of files that are known from before.

        With ``trail`` the roster is everybody, and a later look may go on from there; without it the trail stays as it is.
        """
        fresh = {one.vendor_id: _document(one) for one in roster.identities}
        with self.store.read() as session:
            known = self._rows(session, roster.tenant)
        if trail is not None:
            with self.store.write() as session:
                known = self._rows(session, roster.tenant)
                self._remember(session, roster, known, fresh, present=True)
                self._leave(session, roster, known, trail)
        elif any(_changed(one.vendor_id, fresh, known) for one in roster.identities):
            with self.store.write() as session:
                self._remember(session, roster, known, fresh, present=None)
        placed = tuple(_placed(one, known.get(one.vendor_id), roster.at) for one in roster.identities)
        return replace(roster, identities=placed)

    def kept(self, tenant: str, now: datetime) -> KeptPeople:
        """Everybody in ``tenant`` with where to go on from; about how many there are alone where everybody has to be read again."""
        with self.store.read() as session:
            row = session.get(RosterTrailRow, (self.store.district, tenant))
            if row is not None and row.cursor is not None and row.whole_at is not None and _good(row, row.whole_at, now):
                rows = session.exec(self._of(tenant).where(col(IdentityRow.present).is_(True))).all()
                people = tuple(_identity(one) for one in rows)
                return KeptPeople(count=len(people), people=people, trail=Trail(cursor=row.cursor, whole_at=row.whole_at))
            count = session.exec(
                select(func.count()).select_from(IdentityRow).where(IdentityRow.district == self.store.district, IdentityRow.tenant == tenant)
            ).one()
        return KeptPeople(count=count)

    def read_whole_next(self, session: Session, tenants: Iterable[str], now: datetime | None = None) -> None:
        """Have everybody in ``tenants`` read whole at the next look, in the caller's transaction.

        ``now``: what a look that began before then brings home does not count as that either.
        """
        for tenant in tenants:
            row = session.get(RosterTrailRow, (self.store.district, tenant)) or RosterTrailRow(district=self.store.district, tenant=tenant)
            row.cursor, row.whole_at, row.wanted_at = None, None, now or row.wanted_at
            session.add(row)

    def _remember(
        self, session: Session, roster: Roster, known: Mapping[str, _Known], fresh: Mapping[str, str], *, present: bool | None
    ) -> None:
        changed = [one for one in roster.identities if _changed(one.vendor_id, fresh, known)]
        rows = [{**self._row(one, fresh[one.vendor_id], roster.at), "present": present} for one in changed]
        upsert(session, IdentityRow, rows, keep=PLACES if present is not None else PLACES | {"present"})

    def _leave(self, session: Session, roster: Roster, known: Mapping[str, _Known], trail: Trail) -> None:
        """Keep the trail and who is on it."""
        row = session.get(RosterTrailRow, (self.store.district, roster.tenant)) or RosterTrailRow(district=self.store.district, tenant=roster.tenant)
        row.cursor, row.whole_at = trail.cursor, trail.whole_at
        session.add(row)
        seen = {one.vendor_id for one in roster.identities}
        on_it = select(IdentityRow.vendor_id).where(
            IdentityRow.district == self.store.district, IdentityRow.tenant == roster.tenant, col(IdentityRow.present).is_(True)
        )
        present = set(session.exec(on_it).all())
        moved = [(key, key in seen) for key in known if (key in present) is not (key in seen)]
        table = table_of(IdentityRow)
        if moved:
            statement = table.update().where(
                table.c.district == self.store.district, table.c.tenant == roster.tenant, table.c.vendor_id == bindparam("moved")
            )
            session.connection().execute(statement.values(present=bindparam("there")), [{"moved": key, "there": there} for key, there in moved])

    def _of(self, tenant: str) -> SelectOfScalar[IdentityRow]:
        return select(IdentityRow).where(IdentityRow.district == self.store.district, IdentityRow.tenant == tenant)

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
        kept = {vendor_id: _Known(digest=None, drive=drive, asked=asked) for vendor_id, drive, asked in rows}
        return frozenset(vendor_ids) - {vendor_id for vendor_id, one in kept.items() if one.drive is not None or one.lately(now)}

    def identities(self, tenant: str) -> tuple[Identity, ...]:
        """Accounts of ``tenant`` as they were last seen, also those that are gone since."""
        with self.store.read() as session:
            rows = session.exec(self._of(tenant)).all()
        return tuple(_identity(row) for row in rows)

    def _rows(self, session: Session, tenant: str) -> dict[str, _Known]:
        rows = session.exec(
            select(IdentityRow.vendor_id, IdentityRow.digest, IdentityRow.drive, IdentityRow.drive_asked).where(
                IdentityRow.district == self.store.district, IdentityRow.tenant == tenant
            )
        ).all()
        return {vendor_id: _Known(digest=digest, drive=drive, asked=asked) for vendor_id, digest, drive, asked in rows}

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


def _changed(vendor_id: str, fresh: Mapping[str, str], known: Mapping[str, _Known]) -> bool:
    before = known.get(vendor_id)
    return before is None or before.digest != _digest(fresh[vendor_id])


def _good(row: RosterTrailRow, whole_at: datetime, now: datetime) -> bool:
    """Whether everybody was read whole lately enough, and since somebody asked for it."""
    return timedelta(0) <= now - whole_at < WHOLE and (row.wanted_at is None or whole_at >= row.wanted_at)


def _placed(one: Identity, kept: _Known | None, now: datetime) -> Identity:
    if kept is None or Workload.DRIVE in one.containers or (kept.drive is None and not kept.lately(now)):
        return one
    return with_drive(one, kept.drive)


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
