"""Where the parts meet: folder, store, journal, guards in force, and one door per tenant, put together on a desk."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from connectors.base import Circumstances, Clock, Connector, Context, Lane, Prover, Reader, Writer
from connectors.errors import PermanentError
from connectors.hold_orders import HoldOrder, Ordered
from connectors.instructions import ByHand, Deed, Instruction
from connectors.mailing import Courier, Mailing
from policies.compiler import compile_policy
from policies.deliveries import url_file
from policies.district import Delivery, District, SurfaceBudget, Tenant, Way
from policies.duties import Desired, Duty
from policies.effects import Effect
from policies.folder import Folder
from policies.kinds import Kind, Platform, Workload
from policies.policy import Policy
from policies.problems import Problem
from policies.resources import Snapshot
from policies.roster import Roster
from recordwarden.clock import DrillClock, SystemClock
from recordwarden.costs import summed
from recordwarden.drill.crash import trap
from recordwarden.folders import Read, passphrase, read_folder
from recordwarden.governing import governed
from recordwarden.options import Options
from recordwarden.sign_ins import SignIns
from sync.budget import StoreMeter
from sync.desk import Desk, TenantDoor
from sync.journal import Journal
from sync.lease import Leases
from sync.matters.model import Matter
from sync.matters.register import Register
from sync.registers.attestations import valid_subjects
from sync.registers.confirmations import confirmed
from sync.registers.kept import keep
from sync.store import Store, open_store
from sync.store.bindings import Bindings
from sync.store.pins import Pins
from sync.store.proofs import Proofs

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from connectors.microsoft365.signed_in import Session

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class UnknownTenantError(ValueError):
    """``--tenant`` names a tenant that the district does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A district that is open for work: what was read, what is in force, and the desk that runs are made at."""

    options: Options
    district: District
    policy: Policy
    policy_digest: str
    folder: Folder | None
    """None where the folder is broken and something else goes on instead."""
    desk: Desk
    courier: Callable[[Delivery], Courier]
    """What carries letters for a delivery; raises ConnectorError where its way is not there."""
    problems: tuple[Problem, ...] = ()
    stop: threading.Event = field(default_factory=threading.Event)
    sign_ins: SignIns


@contextmanager
def office(
    options: Options,
    *,
    stop: threading.Event | None = None,
    notice: Callable[[str], None] | None = None,
    last_good_allowed: bool = False,
    groups: AbstractSet[str] = frozenset(),
    signed_in: SignIns | None = None,
) -> Iterator[Office]:
    """The district of ``options``, its store open and its guards in force. Raises FolderError, StoreError, OfficerError.

    ``last_good_allowed``: a broken folder is a warning, and the last good one of the store goes on (contract, *Broken folder*).
    ``groups``: addresses of groups to expand besides those that the policy names. ``signed_in``: who signed in to this process already, so that
    nobody is asked again. Raises UnknownTenantError, UnknownPointError and
    ClockFileError for what the call itself has wrong.
    """
    trap(options.crash_at)  # a misspelt point is told before anything is opened
    halt = stop or threading.Event()
    read = read_folder(options, last_good_allowed=last_good_allowed)
    unknown = sorted(set(options.tenants) - {tenant.id for tenant in read.district.tenants})
    if unknown:
        raise UnknownTenantError(f"The district has no tenant called {', '.join(unknown)}.")
    clock = _clock(options, read.district)
    clock.now()  # a clock that cannot be read is told before anything is opened
    store = _store(options, read.district, clock)
    try:
        heard = notice or (lambda text: None)  # noqa: ARG005  # nobody listens
        place = store.path or options.state_home / "recordwarden" / read.district.id / "store"
        sign_ins = SignIns(options, place, signed_in.memory if signed_in is not None else None)
        opened = _opened(Opening(options=options, read=read, store=store, clock=clock, stop=halt, notice=heard, groups=groups, sign_ins=sign_ins))
        yield _with_person(opened) if options.sign_in is not None and signed_in is None else opened
    finally:
        store.close()


def _store(options: Options, district: District, clock: Clock) -> Store:
    return open_store(
        options.store_url(district.id),
        district=district.id,
        drill=district.drill,
        clock=clock,
        sandbox=made_up(district),
        passphrase=passphrase(options),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an office is opened with."""

    options: Options
    read: Read
    store: Store
    clock: Clock
    stop: threading.Event
    notice: Callable[[str], None]
    groups: AbstractSet[str]
    sign_ins: SignIns
    second_belt: Callable[[], bool] = lambda: False


def _opened(opening: Opening) -> Office:
    run_id = secrets.token_hex(8)
    options, read, store, clock = opening.options, opening.read, opening.store, opening.clock
    journal = Journal(store, clock, run_id=run_id, drill=read.district.drill)
    district, waiting = governed(read, store, journal, clock)
    if read.folder is not None:
        keep(journal, store, clock, read.digest, {Path(one.path).name: one.text.encode() for one in read.folder.files})
    register = Register(store, journal, clock.now)
    matters = register.open()
    belt = _asked_for_belt(register)
    doors = tuple(
        _door(tenant, district, replace(opening, groups=opening.groups | held_groups(matters, tenant.platform), second_belt=belt))
        for tenant in district.tenants
        if not options.tenants or tenant.id in options.tenants
    )
    desk = Desk(
        district=district,
        policy_digest=read.digest,
        duties=compile_policy(read.policy, district, confirmed(store)),
        controls=read.policy.control_duties(),
        doors=doors,
        store=store,
        journal=journal,
        leases=Leases(store, clock, run_id, socket.gethostname(), os.getpid()),
        clock=clock,
        stop=opening.stop,
        run_id=run_id,
        lock_wait=options.lock_wait,
        crash=trap(options.crash_at if district.drill else None),
        notice=opening.notice,
    )
    return Office(
        options=options,
        district=district,
        policy=read.policy,
        policy_digest=read.digest,
        folder=read.folder,
        desk=desk,
        problems=(*read.problems, *waiting),
        stop=opening.stop,
        courier=lambda delivery: courier(delivery, district, opening, doors),
        sign_ins=opening.sign_ins,
    )


def _with_person(opened: Office) -> Office:
    """The office with somebody signed in for this process alone; where nobody does, a warning, and everything else goes on."""
    from recordwarden.inviting import sign_in_here  # only where somebody is to sign in

    return replace(opened, problems=(*opened.problems, *sign_in_here(opened)))


def _door(tenant: Tenant, district: District, opening: Opening) -> TenantDoor:
    store, clock, halt = opening.store, opening.clock, opening.stop
    budgets = budgets_of(tenant)
    meters = {lane: StoreMeter(store, clock, tenant.id, budgets, lane, halt) for lane in Lane}

    def context(lane: Lane) -> Context:
        return Context(
            clock=clock,
            meter=meters[lane],
            stop=halt,
            district=district.id,
            timeout=float(district.timeouts.request),
            organisation=Pins(store).get(tenant.id),
            drill=district.drill,
        )

    def requests() -> Mapping[str, Mapping[str, int]]:
        return summed(meter.requests for meter in meters.values())

    sign_ins = opening.sign_ins
    named = Named(groups=opening.groups, second_belt=opening.second_belt)
    reached = connector(tenant, opening.read.policy, store, clock, named, sign_in=lambda one: sign_ins.session(one, context(Lane.SYNC)))
    return TenantDoor(tenant=tenant, connector=reached, requests=requests, context=context)


def courier(delivery: Delivery, district: District, opening: Opening, doors: Sequence[TenantDoor]) -> Courier:
    """What carries letters for a delivery. Raises PermanentError ``delivery.no_way`` where the tenant that it names is gone or sends no mail."""
    if delivery.by is Way.APPRISE:
        from connectors.relay.courier import RelayCourier  # imported by whoever has such a delivery

        file = url_file(delivery, opening.options.folder)
        return RelayCourier(url_file=file, hosts=delivery.hosts, timeout=float(district.timeouts.request))
    tenant = next((one for one in district.tenants if one.id == delivery.tenant), None)
    if tenant is None or delivery.sender is None or tenant.platform is not Platform.MICROSOFT365:
        raise no_way(delivery)
    door = next((one for one in doors if one.tenant.id == tenant.id), None) or _door(tenant, district, opening)
    return cast("Mailing", door.connector).courier(tenant, door.context(Lane.SYNC), delivery.sender)


def no_way(delivery: Delivery) -> PermanentError:
    """The error for a delivery whose way is not there."""
    return PermanentError("delivery.no_way", f"The delivery {delivery.name} leads nowhere.", "Compare deliveries with tenants in district.yaml.")


class LateConnector:
    """The connector of a tenant's platform, imported when it is first asked for something: a platform's SDK costs a second of start-up."""

    def __init__(self, platform: Platform, opened: Callable[[], Connector]) -> None:
        self.platform = platform
        self._open = opened
        self._opened: Connector | None = None

    def reader(self, tenant: Tenant, context: Context) -> Reader:
        """A reader of ``tenant``."""
        return self._real().reader(tenant, context)

    def writer(self, tenant: Tenant, context: Context) -> Writer:
        """A writer of ``tenant``."""
        return self._real().writer(tenant, context)

    def prover(self, tenant: Tenant, context: Context) -> Prover:
        """A prover of ``tenant``."""
        return self._real().prover(tenant, context)

    def kinds(self) -> frozenset[Kind]:
        """The kinds that a run reads."""
        return self._real().kinds()

    def every_kind(self) -> frozenset[Kind]:
        """The kinds that an inventory reads."""
        return self._real().every_kind()

    def realise(self, duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
        """What the tenant should hold to carry ``duties``."""
        return self._real().realise(duties, circumstances)

    def realise_hold(self, order: HoldOrder, circumstances: Circumstances) -> Ordered:
        """What the tenant should hold to carry a hold order."""
        return self._real().realise_hold(order, circumstances)

    def effects(self, snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
        """What the live objects do to records."""
        return self._real().effects(snapshot, roster)

    def courier(self, tenant: Tenant, context: Context, sender: str) -> Courier:
        """A courier that sends mail as ``sender``. Raises AttributeError for a platform that sends none."""
        return cast("Mailing", self._real()).courier(tenant, context, sender)

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...] | None:
        """How a person does the same with the vendor's own tools; None where the platform has no sheet for it."""
        real = self._real()
        return cast("ByHand", real).by_hand(deeds) if hasattr(real, "by_hand") else None

    def _real(self) -> Connector:
        if self._opened is None:
            self._opened = self._open()
        return self._opened


def budgets_of(tenant: Tenant) -> Mapping[str, SurfaceBudget]:
    """The tenant's budgets by quota, with the vendor's published ones where settings give none; in a drill too."""
    if tenant.platform is Platform.GOOGLE_WORKSPACE:
        from connectors.google_workspace import budgets as google  # a platform that the district does not have is never imported

        return google.with_defaults(tenant.budgets)
    from connectors.microsoft365 import budgets as microsoft  # as above

    return microsoft.with_defaults(tenant.budgets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What open matters name: ``groups`` whose members or sites they hold; ``second_belt`` tells, when asked, whether one wants litigation hold."""

    groups: AbstractSet[str] = frozenset()
    second_belt: Callable[[], bool] = lambda: False


def connector(  # what a connector is made of; the last has a neutral default
    tenant: Tenant,
    policy: Policy,
    store: Store,
    clock: Clock,
    named: Named,
    *,
    sign_in: Callable[[Tenant], Session | None] = lambda tenant: None,  # noqa: ARG005  # nobody is signed in
) -> Connector:
    """The connector of a tenant's platform; a platform that the district does not have, or a command does not ask, is never imported."""
    wanted = frozenset(named.groups) | named_groups(policy, tenant.platform)

    def opened() -> Connector:
        if tenant.platform is Platform.MICROSOFT365:
            from connectors.microsoft365.access import Allowed  # see LateConnector
            from connectors.microsoft365.connector import Microsoft365Connector  # as above

            def proven() -> Mapping[Kind, str | None]:
                return {kind: proof.surface for kind, proof in Proofs(store).of(tenant.id, clock.now()).items()}

            accepted = f"admin-endpoint/{tenant.id}" in valid_subjects(store, clock.now())
            allowed = Allowed(admin=accepted, adaptive=adaptive(policy, store, tenant.id), sign_in=sign_in, proven=proven)
            # Asked only now: the order that this very call opened counts too.
            belt = named.second_belt()
            return Microsoft365Connector(allowed=allowed, groups=wanted, sites=named_sites(policy), second_belt=belt)
        from connectors.google_workspace.connector import GoogleWorkspaceConnector  # as above

        return GoogleWorkspaceConnector(groups=wanted)

    return LateConnector(tenant.platform, opened)


def named_groups(policy: Policy, platform: Platform) -> frozenset[str]:
    """The groups that the policy's populations name in a platform."""
    found: set[str] = set()
    populations = [rule.population for rule in policy.rules] + [control.population for control in policy.controls if control.population]
    for name in populations:
        population = policy.population_of(name)
        selector = population.selectors.get(platform) if population else None
        while selector is not None:
            found.update(selector.groups)
            selector = selector.except_
    return frozenset(found)


def adaptive(policy: Policy, store: Store, tenant: str) -> bool:
    """Whether a population of the policy's rules is to be an adaptive scope in Microsoft 365, or one was ever made: that one is kept true."""
    found = (policy.population_of(rule.population) for rule in policy.rules)
    selectors = (population.selectors.get(Platform.MICROSOFT365) for population in found if population is not None)
    wanted = any(selector is not None and selector.adaptive for selector in selectors)
    return wanted or any(one.kind is Kind.M365_ADAPTIVE_SCOPE for one in Bindings(store).of(tenant).values())


def named_sites(policy: Policy) -> frozenset[str]:
    """The SharePoint sites that the policy's populations name: only these are looked up."""
    found: set[str] = set()
    for rule in policy.rules:
        population = policy.population_of(rule.population)
        selector = population.selectors.get(Platform.MICROSOFT365) if population else None
        while selector is not None:
            found.update(selector.sites)
            selector = selector.except_
    return frozenset(found)


def _asked_for_belt(register: Register) -> Callable[[], bool]:
    return lambda: any(matter.second_belt for matter in register.open())


def held_groups(matters: Iterable[Matter], platform: Platform) -> frozenset[str]:
    """The groups that each look at a platform asks about one by one, for open matters hold something of theirs, as their orders name them.

    Those of lines, whose members are held. In Microsoft 365 those of which the site is held, for where it is the group has to say. In Google
    those that are held themselves, for only a group's own settings say whether it keeps an archive (G§1.5); by id too, so that a new address loses
    none.
    """
    open_ones = tuple(matters)
    named = [line.text for matter in open_ones for line in matter.lines]
    asked = {Platform.MICROSOFT365: Workload.SITE, Platform.GOOGLE_WORKSPACE: Workload.GROUP}[platform]
    places = [
        name for matter in open_ones for person in matter.people if person.place is asked and "://" not in person.address
        for name in (person.address, *sorted({one.identity for one in matter.sources_of(person.id) if one.identity and one.workload is asked}))
    ]  # fmt: skip
    return group_names((*named, *(f"group:{name}" for name in places)))


def group_names(lines: Iterable[str]) -> frozenset[str]:
    """Of lines ``group:X``, ``school:X`` and so on: the groups to read, by address and by display name."""
    split = [line.partition(":") for line in lines]
    named = {text.strip() for kind, _, text in split if kind in {"group", "school"}}
    return frozenset(name for text in named for name in (text, text if text.startswith("name:") else f"name:{text}"))


def made_up(district: District) -> bool | None:
    """Whether every endpoint is on this machine, which only a sandbox is; None where no endpoint is given."""
    hosts = [urlsplit(url).hostname for tenant in district.tenants for url in tenant.endpoints.values()]
    return all(host in LOOPBACK for host in hosts) if hosts else None


def _clock(options: Options, district: District) -> Clock:
    return DrillClock(options.clock_file) if district.drill else SystemClock()


__all__ = ["Office", "connector", "made_up", "named_groups", "office", "passphrase"]
