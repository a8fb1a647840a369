"""Who and what is in the tenant: accounts with their licences, groups with their members, organisational units."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from connectors.errors import ConnectorError, TenantUnreachableError
from connectors.google_workspace.editions import PRODUCTS, any_unknown, kept_by, licence_name
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import GROUPS_LIST, LICENCES_LIST, MEMBERS_LIST, ORG_UNITS_LIST, USERS_LIST
from connectors.google_workspace.wire import Json, moment, objects, required, text, texts, truth, unit_id
from policies.kinds import Kind, Workload
from policies.resources import KindRead, ReadState
from policies.roster import AccountState, Group, Identity, OrgUnit

_USER_FIELDS: Final = (
    "nextPageToken,users(id,primaryEmail,aliases,nonEditableAliases,name/fullName,externalIds,suspended,archived,deletionTime,orgUnitPath,isMailboxSetup)"
)
_NOT_SOLD: Final = frozenset({"google.invalid", "google.not_found"})
_PLACES: Final = (Workload.DRIVE, Workload.CHAT, Workload.CALENDAR)
"""Besides mail, these are held by account, so the account's address is the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Every account, living or deleted within the last 20 days (G§4.1), with how the two lists were read."""

    identities: tuple[Identity, ...]
    users: KindRead
    licences: KindRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Licence names by address (lower case), and how their read ended."""

    by_address: Mapping[str, AbstractSet[str]]
    read: KindRead

    def counted(self) -> dict[str, int]:
        """Assigned seats by licence name."""
        return dict(sorted(Counter(name for names in self.by_address.values() for name in names).items()))


class PeopleReader:
    """Reads accounts, groups and units of one tenant. A list that fails becomes a ``failed`` read, never an empty one."""

    def __init__(self, session: Session, tenant: str) -> None:
        self._session = session
        self._tenant = tenant

    def accounts(self, customer: str, own_address: str, seats: Seats | None = None) -> Accounts:
        """All accounts with their licences (read now unless given). Raises ``TenantUnreachableError`` where nobody answers at all."""
        seats = seats or self.licences(customer)
        try:
            living = self._users(customer)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            failed = _failed(Kind.GOOGLE_USER, error)
            return Accounts(identities=(), users=failed, licences=seats.read)
        identities = tuple(self._identity(raw, seats) for raw in living)
        read = _seen(Kind.GOOGLE_USER, len(identities), own=any(own_address.lower() in identity.addresses for identity in identities))
        try:
            deleted = self._users(customer, showDeleted="true")
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            read = KindRead(kind=Kind.GOOGLE_USER, state=ReadState.PARTIAL, count=len(identities), reason=f"{error.code}: deleted accounts unread")
            deleted = ()
        gone = tuple(replace(self._identity(raw, Seats(by_address={}, read=seats.read)), state=AccountState.DELETED) for raw in deleted)
        return Accounts(identities=(*identities, *gone), users=read, licences=seats.read)

    def licences(self, customer: str) -> Seats:
        """Everybody's licences, product by product, so that one refusal is told from none."""
        held: dict[str, set[str]] = defaultdict(set)
        failed: list[ConnectorError] = []
        for product, answer in zip(PRODUCTS, self._session.each(lambda one: self._product(one, customer), PRODUCTS), strict=True):
            if isinstance(answer, ConnectorError):
                failed.append(answer)
                continue
            for raw in answer:
                name = licence_name(text(raw, "productId") or product, required(raw, "skuId", "licence"))
                held[required(raw, "userId", "licence").lower()].add(name)
        if len(failed) == len(PRODUCTS):
            read = _failed(Kind.GOOGLE_LICENCE, failed[0])
        elif failed:
            read = KindRead(kind=Kind.GOOGLE_LICENCE, state=ReadState.PARTIAL, count=len(held), reason=_reason(failed[0]))
        else:
            read = _seen(Kind.GOOGLE_LICENCE, len(held), own=bool(held))
        return Seats(by_address=held, read=read)

    def groups(self, customer: str, only: AbstractSet[str] | None = None, *, members: bool = True) -> tuple[tuple[Group, ...], KindRead]:
        """All groups, nested members followed; ``only`` names (addresses, ids, ``name:...``) limits whose members are read."""
        try:
            raw = self._session.pages(GROUPS_LIST, "groups", customer=customer, maxResults=200)
        except ConnectorError as error:
            return (), _failed(Kind.GOOGLE_GROUP, error)
        wanted = None if only is None else {name.lower() for name in only}
        reads = self._session.each(lambda one: self._group(one, members=members and _asked_for(one, wanted)), raw)
        return tuple(reads), _seen(Kind.GOOGLE_GROUP, len(reads), own=bool(reads))

    def org_units(self, customer: str, own_unit: str | None) -> tuple[tuple[OrgUnit, ...], KindRead]:
        """All organisational units, the root too; seen whole when our own account's unit is among them."""
        try:
            answer = self._session.call(ORG_UNITS_LIST, customerId=customer, type="allIncludingParent").body
            raw = objects(answer, "organizationUnits", "orgunits")
        except ConnectorError as error:
            return (), _failed(Kind.GOOGLE_ORG_UNIT, error)
        units = tuple(self._unit(one) for one in raw)
        return units, _seen(Kind.GOOGLE_ORG_UNIT, len(units), own=own_unit is None or own_unit in {unit.path for unit in units} | {"/"})

    def _users(self, customer: str, **more: object) -> tuple[Json, ...]:
        return self._session.pages(USERS_LIST, "users", customer=customer, maxResults=500, fields=_USER_FIELDS, **more)

    def _product(self, product: str, customer: str) -> tuple[Json, ...] | ConnectorError:
        try:
            return self._session.pages(LICENCES_LIST, "items", productId=product, customerId=customer, maxResults=1000)
        except ConnectorError as error:
            # A product that Google does not sell here is refused as invalid: nobody can have a licence of it.
            return () if error.code in _NOT_SOLD else error

    def _identity(self, raw: Json, seats: Seats) -> Identity:
        address = required(raw, "primaryEmail", "user")
        aliases = frozenset((*texts(raw, "aliases", "user"), *texts(raw, "nonEditableAliases", "user")))
        # G§4.1: a licence names the primary address, which is not stable; after a rename it may still be an alias.
        licences = frozenset(name for one in (address, *aliases) for name in seats.by_address.get(one.lower(), ()))
        keeps = kept_by(licences)
        places = dict.fromkeys((*_PLACES, *(keeps & {Workload.VOICE, Workload.GEMINI})), address)
        if raw.get("isMailboxSetup") is not False:
            places[Workload.MAIL] = address
        name = raw.get("name")
        return Identity(
            tenant=self._tenant,
            vendor_id=required(raw, "id", "user"),
            address=address,
            aliases=aliases,
            name=text(name, "fullName") if isinstance(name, Mapping) else "",
            employee_id=_employee_id(raw),
            state=_state(raw),
            org_unit=text(raw, "orgUnitPath") or None,
            licences=licences,
            licensed_for_hold=keeps,
            licences_unknown=seats.read.state is not ReadState.COMPLETE or any_unknown(licences),
            containers=places,
            deleted_at=moment(text(raw, "deletionTime")),
        )

    def _unit(self, raw: Json) -> OrgUnit:
        return OrgUnit(tenant=self._tenant, vendor_id=unit_id(required(raw, "orgUnitId", "org unit")), path=required(raw, "orgUnitPath", "org unit"))

    def _group(self, raw: Json, *, members: bool) -> Group:
        vendor_id = required(raw, "id", "group")
        people: frozenset[str] = frozenset()
        complete = members
        if members:
            try:
                listed = self._session.pages(MEMBERS_LIST, "members", groupKey=vendor_id, includeDerivedMembership=True, maxResults=200)
                # Members of other organisations have no account here; a customer-wide member stands for everybody and is not a list.
                people = frozenset(text(one, "id") for one in listed if text(one, "type") == "USER" and text(one, "id"))
                complete = not any(text(one, "type") == "CUSTOMER" for one in listed)
            except TenantUnreachableError:
                raise
            except ConnectorError:
                complete = False
        return Group(
            tenant=self._tenant, vendor_id=vendor_id, address=text(raw, "email"), name=text(raw, "name"), members=people, complete=complete
        )


def _asked_for(raw: Json, wanted: AbstractSet[str] | None) -> bool:
    return wanted is None or bool(wanted & {text(raw, "id").lower(), text(raw, "email").lower(), f"name:{text(raw, 'name')}".lower()})


def _state(raw: Json) -> AccountState:
    if truth(raw, "archived"):
        return AccountState.ARCHIVED
    return AccountState.SUSPENDED if truth(raw, "suspended") else AccountState.ACTIVE


def _employee_id(raw: Json) -> str | None:
    """The employee number, which Google keeps as the external id of type ``organization``."""
    for one in objects(raw, "externalIds", "user"):
        if text(one, "type") == "organization":
            return text(one, "value") or None
    return None


def _seen(kind: Kind, count: int, *, own: bool) -> KindRead:
    """Contract, *Reads*: for people and places a non-empty answer with our own account in it is enough."""
    if count and own:
        return KindRead(kind=kind, state=ReadState.COMPLETE, count=count)
    code = "roster.own_account_not_seen" if count else "roster.empty"
    return KindRead(kind=kind, state=ReadState.UNPROVEN, count=count, reason=code)


def _failed(kind: Kind, error: ConnectorError) -> KindRead:
    return KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=_reason(error))


def _reason(error: ConnectorError) -> str:
    return f"{error.code}: {error.message}"


def by_id(identities: Sequence[Identity]) -> dict[str, Identity]:
    """Accounts by the vendor's id."""
    return {identity.vendor_id: identity for identity in identities}
