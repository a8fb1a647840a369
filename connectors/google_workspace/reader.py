"""Looks at one Google Workspace tenant and changes nothing: who answers, everybody in it, Vault, groups' archives, labels, settings, logs."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from connectors.audit_log import AuditRead
from connectors.base import Clock, Context, Holders
from connectors.errors import PermanentError
from connectors.examination import Examination, Identity
from connectors.google_workspace import audit as logs
from connectors.google_workspace.archives import ArchiveReader
from connectors.google_workspace.editions import drive_labels
from connectors.google_workspace.examine import Lists, examine
from connectors.google_workspace.http import Session
from connectors.google_workspace.label_desk import LabelReader
from connectors.google_workspace.ourselves import Ourselves
from connectors.google_workspace.people import Accounts, PeopleReader, Seats, by_id
from connectors.google_workspace.settings import SettingsReader
from connectors.google_workspace.vault import People
from connectors.google_workspace.vault_reader import VAULT_KINDS, VaultReader
from connectors.google_workspace.wire import Json, objects, text
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import KindRead, Live, ReadState, Ref, Snapshot
from policies.roster import Group, Roster

T = TypeVar("T")

ROSTER_KINDS: Final = frozenset({Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT, Kind.GOOGLE_LICENCE})
_HANDED_ON: Final = 60.0
"""Seconds for which what one step of a look has read serves the next step, once, and for which the people of a look serve its read-backs."""


class GoogleReader:
    """The reading identity's view of one tenant."""

    def __init__(self, tenant: Tenant, context: Context, *, groups: AbstractSet[str] | None = None) -> None:
        self._tenant = tenant
        self._context = context
        self._session = Session(tenant, context, writing=False)
        self._writing = Session(tenant, context, writing=True)
        self._ourselves = Ourselves(self._session, tenant)
        self._people = PeopleReader(self._session, tenant.id)
        self._vault = VaultReader(self._session, tenant, self._ourselves, self._people_of)
        self._groups = groups
        self._archives = ArchiveReader(self._session, tenant, self._group_list, groups)
        self._labels = LabelReader(self._session, tenant.visibility_checks, self._ourselves)
        self._settings = SettingsReader(self._session, context, _own_accounts(tenant))
        self._labels_sold: bool | None = None
        self._listed = _Lately[tuple[tuple[Group, ...], KindRead]](context.clock)
        self._seats = _Lately[Seats](context.clock)
        self._accounts = _Lately[Accounts](context.clock)
        self._known = _Lately[Accounts](context.clock)

    def close(self) -> None:
        """Close idle connections; the next request opens new ones."""
        self._session.close()
        self._writing.close()

    def identity(self) -> Identity:
        """The customer, its domains and us. Raises ``TenantUnreachableError`` where nobody answers or another customer does."""
        return self._ourselves.identity()

    def examine(self, kinds: AbstractSet[Kind] | None = None) -> Examination:
        """Identity, surfaces, licences and capabilities; what a look at ``kinds`` does not read is not tried."""
        seats = self._people.licences(self._ourselves.customer)
        self._seats.put(seats)
        self._labels_sold = drive_labels(seats.counted())
        lists = Lists(vault=self._vault, settings=self._settings, kinds=kinds)
        return examine(self._session, self._writing, self._ourselves, seats, lists)

    def roster(self) -> Roster:
        """Accounts (suspended, archived and lately deleted ones too), groups with nested members followed, and organisational units."""
        at = self._context.clock.now()
        customer = self._ourselves.customer
        accounts = self._read_accounts(customer)
        self._accounts.put(accounts)
        groups, groups_read = self._people.groups(customer, self._groups)
        self._listed.put((groups, groups_read))
        units, units_read = self._people.org_units(customer, self._ourselves.org_unit)
        return Roster(
            tenant=self._tenant.id,
            at=at,
            identities=accounts.identities,
            groups=groups,
            org_units=units,
            reads=(accounts.users, groups_read, units_read, accounts.licences),
        )

    def snapshot(self, kinds: AbstractSet[Kind]) -> Snapshot:
        """The objects of each kind that has any here; of the other kinds how their read ended. A failed kind is in it as failed."""
        at = self._context.clock.now()
        resources: tuple[Live, ...] = ()
        reads: dict[Kind, KindRead] = {}
        if kinds & VAULT_KINDS:
            found, vault_reads = self._vault.read(holds=Kind.GOOGLE_HOLD in kinds)
            resources = tuple(live for live in found if live.kind in kinds)
            reads |= {kind: read for kind, read in vault_reads.items() if kind in kinds}
        if kinds & ROSTER_KINDS:
            reads |= {read.kind: read for read in self.roster().reads if read.kind in kinds}
        further = (Kind.GOOGLE_GROUP_ARCHIVE, Kind.GOOGLE_DRIVE_LABEL, Kind.GOOGLE_SETTING)
        for kind in [kind for kind in further if kind in kinds]:
            lives, reads[kind] = self._one_kind(kind)
            resources += lives
        if Kind.GOOGLE_VAULT_RULE in kinds:
            reads[Kind.GOOGLE_VAULT_RULE] = KindRead(kind=Kind.GOOGLE_VAULT_RULE, state=ReadState.FAILED, count=None, reason="vault_rules.no_api")
        return Snapshot(tenant=self._tenant.id, at=at, reads=reads, resources=resources)

    def read_back(self, ref: Ref) -> Live | None:
        """One matter or hold as it is now, or None when the platform positively says that it is gone."""
        if ref.kind is Kind.GOOGLE_MATTER:
            return self._vault.matter(ref)
        if ref.kind is Kind.GOOGLE_HOLD:
            return self._vault.hold(ref)
        if ref.kind is Kind.GOOGLE_GROUP_ARCHIVE:
            return self._archives.again(ref)
        if ref.kind is Kind.GOOGLE_DRIVE_LABEL:
            return self._labels.again(ref)
        raise PermanentError("kind.not_readable", f"{ref.kind.value} is not read one by one here")

    def audit(self, since: datetime, until: datetime, kinds: AbstractSet[Kind] | None = None) -> AuditRead:
        """Events of the vault and admin logs in the window, of the first alone where ``kinds`` are Vault's; not available says why."""
        clients = frozenset(one for one in (self._session.keyring.client_id, self._writing.keyring.client_id) if one)
        return logs.read_audit(self._session, (since, until), clients, kinds)

    def holders(self) -> tuple[Holders, ...]:
        """Who may touch holds, matters and what is kept. Raises ``TenantUnreachableError`` and ``Stopped``."""
        return self._settings.holders(self._ourselves.customer, self._addresses())

    def _one_kind(self, kind: Kind) -> tuple[tuple[Live, ...], KindRead]:
        if kind is Kind.GOOGLE_GROUP_ARCHIVE:
            return self._archives.read()
        if kind is Kind.GOOGLE_DRIVE_LABEL:
            return self._labels.read(sold=self._labels_sold)
        return self._settings.read(self._ourselves.customer, self._addresses())

    def _addresses(self) -> dict[str, str]:
        """Addresses by id where everybody was listed a moment ago; else none, and whoever needs one asks for it."""
        known = self._known.peek()
        return {one.vendor_id: one.address for one in known.identities} if known else {}

    def _group_list(self) -> tuple[tuple[Group, ...], KindRead]:
        """The groups of the look that goes on, without asking again."""
        return self._listed.peek() or self._people.groups(self._ourselves.customer, members=False)

    def _people_of(self, holds: tuple[Json, ...], *, recent: bool) -> People:
        """What has to be known about the accounts and groups that these holds name; nothing is asked where they name nobody.

        ``recent``: what is known from the last minute will do, so that following ten holds does not list a district ten times.
        """
        corpora = {text(hold, "corpus") for hold in holds if objects(hold, "accounts", "hold")}
        people = People()
        if corpora - {"GROUPS"}:
            lately = self._known.peek() if recent else self._accounts.take()
            accounts = lately or self._read_accounts(self._ourselves.customer)
            people = People(
                accounts=by_id(accounts.identities),
                accounts_read=accounts.users.state is ReadState.COMPLETE,
                licences_read=accounts.licences.state is ReadState.COMPLETE,
            )
        if "GROUPS" in corpora:
            groups, read = self._group_list()
            known = {group.vendor_id: group for group in groups}
            people = People(
                accounts=people.accounts,
                accounts_read=people.accounts_read,
                licences_read=people.licences_read,
                groups=known,
                groups_read=read.state is ReadState.COMPLETE,
            )
        return people

    def _read_accounts(self, customer: str) -> Accounts:
        accounts = self._people.accounts(customer, self._ourselves.address, self._seats.take())
        self._known.put(accounts)
        return accounts


def _own_accounts(tenant: Tenant) -> frozenset[str]:
    """The accounts that we act as for reading and for writing."""
    credentials = [tenant.credential_for(writing=writing) for writing in (False, True)]
    return frozenset(one.subject for one in credentials if one is not None and one.subject)


class _Lately(Generic[T]):
    """Something that was just read, for the next step of the same look."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: tuple[T, datetime, float] | None = None

    def put(self, value: T) -> None:
        self._held = (value, self._clock.now(), self._clock.monotonic())

    def take(self) -> T | None:
        """The value if it is there and younger than a minute by either clock; it serves once."""
        value = self.peek()
        self._held = None
        return value

    def peek(self) -> T | None:
        """As ``take``, and it stays."""
        if self._held is None:
            return None
        value, at, ticks = self._held
        fresh = abs(self._clock.now() - at) <= timedelta(seconds=_HANDED_ON) and self._clock.monotonic() - ticks <= _HANDED_ON
        return value if fresh else None
