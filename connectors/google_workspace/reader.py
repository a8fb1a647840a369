"""Looks at one Google Workspace tenant and changes nothing: who answers, everybody in it, Vault's matters and holds, the logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from connectors.base import AuditRead, Capability, Clock, ConnectorError, Context, Examination, Identity, Surface, TenantUnreachableError
from connectors.google_workspace import audit as logs
from connectors.google_workspace.capabilities import Probe, capabilities_of, probe
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import (
    ACTIVITIES_LIST,
    CUSTOMERS_GET,
    DOMAINS_LIST,
    GROUPS_LIST,
    HOLDS_GET,
    HOLDS_LIST,
    MATTERS_GET,
    MATTERS_LIST,
    ORG_UNITS_LIST,
    USERS_GET,
    USERS_LIST,
)
from connectors.google_workspace.operations import Surface as Endpoint
from connectors.google_workspace.people import Accounts, PeopleReader, Seats, by_id
from connectors.google_workspace.privileges import Privileges, read_privileges
from connectors.google_workspace.vault import People, hold_live, matter_live
from connectors.google_workspace.visibility import settle_read
from connectors.google_workspace.wire import Json, objects, required, text
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import KindRead, Live, ReadState, Ref, Snapshot
from policies.roster import Roster

T = TypeVar("T")

VAULT_KINDS: Final = frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD})
ROSTER_KINDS: Final = frozenset({Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT, Kind.GOOGLE_LICENCE})
_HANDED_ON: Final = 60.0
"""Seconds for which what one step of a look has read serves the next step, once."""
_MY_CUSTOMER: Final = "my_customer"


class GoogleReader:
    """The reading identity's view of one tenant."""

    def __init__(self, tenant: Tenant, context: Context, *, groups: AbstractSet[str] | None = None) -> None:
        self._tenant = tenant
        self._context = context
        self._session = Session(tenant, context, writing=False)
        self._writing = Session(tenant, context, writing=True)
        self._people = PeopleReader(self._session, tenant.id)
        self._groups = groups
        self._own: Json | None = None
        self._seats = _Once[Seats](context.clock)
        self._accounts = _Once[Accounts](context.clock)

    def identity(self) -> Identity:
        """The customer, its domains and us. Raises ``TenantUnreachableError`` where nobody answers or another customer does."""
        try:
            own = self._own_account()
            customer, domain, date = self._customer(own)
            domains = self._domains(customer, domain)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            raise TenantUnreachableError(error.code, f"the tenant does not say who it is: {error.message}", error.next_step) from error
        if self._tenant.customer_id not in {None, _MY_CUSTOMER, customer}:
            raise TenantUnreachableError(
                "google.wrong_customer", f"customer {customer} answers, {self._tenant.customer_id} is set", "Correct customer_id or the credential."
            )
        skew = None if date is None else round((date - self._context.clock.now()).total_seconds())
        return Identity(vendor_id=customer, domain=domain, domains=domains, actor=required(own, "primaryEmail", "user"), skew_seconds=skew)

    def examine(self) -> Examination:
        """Identity, surfaces, licences and capabilities, found out by asking each surface the smallest thing that it answers."""
        identity = self.identity()
        probes = self._probes(identity.vendor_id)
        seats = self._people.licences(identity.vendor_id)
        self._seats.put(seats)
        probes[Kind.GOOGLE_LICENCE] = Probe(ok=seats.read.state is ReadState.COMPLETE, detail=seats.read.reason or "")
        privileges = read_privileges(self._session, identity.vendor_id, identity.actor)
        writer = self._writing.subject(Endpoint.VAULT)
        writing = privileges if writer.lower() == identity.actor.lower() else read_privileges(self._session, identity.vendor_id, writer)
        return Examination(
            identity=identity,
            surfaces=self._surfaces(probes, self._log_probe()),
            licences=seats.counted(),
            capabilities=self._capabilities(probes, privileges, writing, seats.counted()),
        )

    def roster(self) -> Roster:
        """Accounts (suspended, archived and lately deleted ones too), groups with nested members followed, and organisational units."""
        at = self._context.clock.now()
        customer = self._customer_key()
        accounts = self._read_accounts(customer)
        self._accounts.put(accounts)
        groups, groups_read = self._people.groups(customer, self._groups)
        units, units_read = self._people.org_units(customer, text(self._own_account(), "orgUnitPath") or None)
        return Roster(
            tenant=self._tenant.id,
            at=at,
            identities=accounts.identities,
            groups=groups,
            org_units=units,
            reads=(accounts.users, groups_read, units_read, accounts.licences),
        )

    def snapshot(self, kinds: AbstractSet[Kind]) -> Snapshot:
        """Matters of every state and the holds of the open ones; of the other kinds how their read ended. A failed kind is in it as failed."""
        at = self._context.clock.now()
        resources: tuple[Live, ...] = ()
        reads: dict[Kind, KindRead] = {}
        if kinds & VAULT_KINDS:
            found, vault_reads = self._vault(holds=Kind.GOOGLE_HOLD in kinds)
            resources = tuple(live for live in found if live.kind in kinds)
            reads |= {kind: read for kind, read in vault_reads.items() if kind in kinds}
        if kinds & ROSTER_KINDS:
            reads |= {read.kind: read for read in self.roster().reads if read.kind in kinds}
        for kind in kinds - VAULT_KINDS - ROSTER_KINDS:
            reason = "vault_rules.no_api" if kind is Kind.GOOGLE_VAULT_RULE else f"{kind.value.removeprefix('google.')}.not_built"
            reads[kind] = KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=reason)
        return Snapshot(tenant=self._tenant.id, at=at, reads=reads, resources=resources)

    def read_back(self, ref: Ref) -> Live | None:
        """One matter or hold as it is now. None only where its container is seen and it is not: Vault says 404 for invisible things too."""
        if ref.kind is Kind.GOOGLE_MATTER:
            raw = self._present(lambda: self._session.call(MATTERS_GET, matterId=ref.vendor_id, view="FULL").body)
            if raw is None:
                return self._listed_again(ref)
            return matter_live(raw, text(self._own_account(), "id") or None)
        if ref.kind is Kind.GOOGLE_HOLD:
            matter_id = ref.parent_id or ""
            raw = self._present(lambda: self._session.call(HOLDS_GET, matterId=matter_id, holdId=ref.vendor_id, view="FULL_HOLD").body)
            if raw is None:
                # The open matter answers, so the hold inside it would; a matter that cannot be asked leaves the question open.
                holds = self._session.pages(HOLDS_LIST, "holds", matterId=matter_id, view="BASIC_HOLD", pageSize=100)
                raw = next((one for one in holds if text(one, "holdId") == ref.vendor_id), None)
                return None if raw is None else hold_live(raw, matter_id, self._people_of((raw,)))
            return hold_live(raw, matter_id, self._people_of((raw,)))
        raise ConnectorError("kind.not_readable", f"{ref.kind.value} is not read one by one here")

    def audit(self, since: datetime, until: datetime) -> AuditRead:
        """Events of the vault and admin logs in the window; not available says why."""
        return logs.read_audit(self._session, since, until, self._context.clock.now())

    def _vault(self, *, holds: bool) -> tuple[tuple[Live, ...], dict[Kind, KindRead]]:
        own = text(self._own_account(), "id") or None
        try:
            matters = {live.vendor_id: live for live in (matter_live(raw, own) for raw in self._matters())}
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            reason = f"{error.code}: {error.message}"
            return (), {kind: KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=reason) for kind in VAULT_KINDS}
        reads = {Kind.GOOGLE_MATTER: settle_read(Kind.GOOGLE_MATTER, tuple(matters.values()), self._tenant.visibility_checks)}
        if not holds:
            return tuple(matters.values()), reads
        found, problem, moved = self._holds([live for live in matters.values() if live.fields["state"] == "open"])
        # A matter that was closed while its holds were being listed is shown as it is now (G§1.6).
        matters |= {live.vendor_id: live for live in moved}
        reads[Kind.GOOGLE_HOLD] = settle_read(Kind.GOOGLE_HOLD, found, self._tenant.visibility_checks, problem)
        return (*matters.values(), *found), reads

    def _matters(self) -> tuple[Json, ...]:
        """Every matter of every state in one list, with its owner; a list costs ten reads (G§1.8)."""
        return self._session.pages(MATTERS_LIST, "matters", view="FULL", pageSize=100)

    def _holds(self, matters: list[Live]) -> tuple[tuple[Live, ...], str | None, tuple[Live, ...]]:
        """The holds of open matters, why some may be missing, and matters that turned out not to be open any more."""
        answers = self._session.each(self._holds_of, matters)
        raw = [(matter.vendor_id, one) for matter, answer in zip(matters, answers, strict=True) if isinstance(answer, tuple) for one in answer]
        people = self._people_of(tuple(one for _, one in raw))
        lives = tuple(hold_live(one, matter_id, people) for matter_id, one in raw)
        problems = [f"{answer.code}: {answer.message}" for answer in answers if isinstance(answer, ConnectorError)]
        return lives, problems[0] if problems else None, tuple(answer for answer in answers if isinstance(answer, Live))

    def _holds_of(self, matter: Live) -> tuple[Json, ...] | Live | ConnectorError:
        """The holds of one matter; the matter itself where it is not open after all; the error where neither can be told."""
        try:
            return self._session.pages(HOLDS_LIST, "holds", matterId=matter.vendor_id, view="FULL_HOLD", pageSize=100)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            if error.code != "google.failed_precondition":
                return error
            again = self.read_back(matter.ref(self._tenant.id))
            return again if again is not None and again.fields["state"] != "open" else error

    def _present(self, get: Callable[[], Json]) -> Json | None:
        """What ``get`` answers, or None for a 404, which says gone *or* invisible (G§1.7)."""
        try:
            return get()
        except ConnectorError as error:
            if error.code == "google.not_found":
                return None
            raise

    def _listed_again(self, ref: Ref) -> Live | None:
        """A matter that a get did not find: gone only if a list that is known to be whole lacks it too. Raises where that cannot be told."""
        snapshot = self.snapshot(frozenset({Kind.GOOGLE_MATTER}))
        for live in snapshot.resources:
            if live.vendor_id == ref.vendor_id:
                return live
        if snapshot.complete(Kind.GOOGLE_MATTER):
            return None
        reason = snapshot.reads[Kind.GOOGLE_MATTER].reason
        raise ConnectorError("read.unproven", f"the matter is not visible, and whether it is gone cannot be told ({reason})", "See kinds in doctor.")

    def _people_of(self, holds: tuple[Json, ...]) -> People:
        """What has to be known about the accounts and groups that these holds name; nothing is asked where they name nobody."""
        corpora = {text(hold, "corpus") for hold in holds if objects(hold, "accounts", "hold")}
        people = People()
        if corpora - {"GROUPS"}:
            accounts = self._accounts.take() or self._read_accounts(self._customer_key())
            people = People(
                accounts=by_id(accounts.identities),
                accounts_read=accounts.users.state is ReadState.COMPLETE,
                licences_read=accounts.licences.state is ReadState.COMPLETE,
            )
        if "GROUPS" in corpora:
            groups, read = self._people.groups(self._customer_key(), members=False)
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
        return self._people.accounts(customer, self._session.subject(Endpoint.DIRECTORY), self._seats.take())

    def _own_account(self) -> Json:
        """The account that we act as, read once per reader: its id never changes, and its unit only decides whether units were seen."""
        if self._own is None:
            self._own = self._session.call(USERS_GET, userKey=self._session.subject(Endpoint.DIRECTORY)).body
        return self._own

    def _customer_key(self) -> str:
        return text(self._own_account(), "customerId") or self._tenant.customer_id or _MY_CUSTOMER

    def _customer(self, own: Json) -> tuple[str, str, datetime | None]:
        """Customer id, primary domain and the vendor's time. Where the customer itself may not be read, our own account still names it."""
        try:
            answer = self._session.call(CUSTOMERS_GET, customerKey=_MY_CUSTOMER)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            fallback = text(own, "customerId")
            domain = self._tenant.domain or required(own, "primaryEmail", "user").rpartition("@")[2]
            if not fallback:
                raise
            if error.code in {"google.delegation_missing", "google.permission_denied", "google.scope_missing"}:
                return fallback, domain, None
            raise
        return required(answer.body, "id", "customer"), required(answer.body, "customerDomain", "customer"), answer.date

    def _domains(self, customer: str, primary: str) -> tuple[str, ...]:
        """Every verified domain, the primary one first; where they may not be listed, the primary one alone."""
        try:
            listed = objects(self._session.call(DOMAINS_LIST, customer=customer).body, "domains", "domains")
        except TenantUnreachableError:
            raise
        except ConnectorError:
            return (primary,)
        names = [required(one, "domainName", "domain") for one in listed if one.get("verified") is not False]
        aliases = [text(one, "domainAliasName") for domain in listed for one in objects(domain, "domainAliases", "domain")]
        return tuple(dict.fromkeys([primary, *names, *(alias for alias in aliases if alias)]))

    def _probes(self, customer: str) -> dict[Kind, Probe]:
        """The smallest read of each kind."""
        ask = self._session
        matters = probe(lambda: ask.call(MATTERS_LIST, state="OPEN", pageSize=1))
        return {
            Kind.GOOGLE_MATTER: matters,
            Kind.GOOGLE_HOLD: matters,
            Kind.GOOGLE_USER: probe(lambda: ask.call(USERS_LIST, customer=customer, maxResults=1)),
            Kind.GOOGLE_GROUP: probe(lambda: ask.call(GROUPS_LIST, customer=customer, maxResults=1)),
            Kind.GOOGLE_ORG_UNIT: probe(lambda: ask.call(ORG_UNITS_LIST, customerId=customer, type="children")),
        }

    def _log_probe(self) -> Probe:
        return probe(lambda: self._session.call(ACTIVITIES_LIST, userKey="all", applicationName="vault", maxResults=1))

    def _surfaces(self, probes: Mapping[Kind, Probe], log: Probe) -> tuple[Surface, ...]:
        found = {
            Endpoint.DIRECTORY: probes[Kind.GOOGLE_USER],
            Endpoint.VAULT: probes[Kind.GOOGLE_MATTER],
            Endpoint.REPORTS: log,
            Endpoint.LICENSING: probes[Kind.GOOGLE_LICENCE],
        }
        # The account was read, so a token was given.
        token = Surface(name=Endpoint.TOKEN.value, url=self._session.keyring.token_url(), ok=True, detail="answers")
        asked = (Surface(name=one.value, url=self._session.url(one), ok=it.ok, detail=it.detail or "answers") for one, it in found.items())
        return (token, *asked)

    def _capabilities(
        self, probes: Mapping[Kind, Probe], reading: Privileges, writing: Privileges, licences: Mapping[str, int]
    ) -> tuple[Capability, ...]:
        return capabilities_of(probes, reading, writing, self._write_scope(), licences)

    def _write_scope(self) -> Probe:
        """Whether the writing identity is given a token that could write; asking for it changes nothing."""
        return probe(self._writing.authorise_writing)


class _Once(Generic[T]):
    """Something that one step of a look has just read, handed to the next step, which takes it away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: tuple[T, datetime, float] | None = None

    def put(self, value: T) -> None:
        self._held = (value, self._clock.now(), self._clock.monotonic())

    def take(self) -> T | None:
        """The value if it is there and younger than a minute by either clock; it serves once."""
        held, self._held = self._held, None
        if held is None:
            return None
        value, at, ticks = held
        fresh = abs(self._clock.now() - at) <= timedelta(seconds=_HANDED_ON) and self._clock.monotonic() - ticks <= _HANDED_ON
        return value if fresh else None
