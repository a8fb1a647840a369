"""Where the parts meet: folder, store, journal, guards in force, and one door per tenant, put together on a desk."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from connectors.base import Clock, Context, Lane
from connectors.errors import PermanentError
from connectors.mailing import Courier, Mailing
from policies.compiler import compile_policy
from policies.deliveries import url_file
from policies.district import Delivery, District, Tenant, Way
from policies.folder import Folder
from policies.kinds import Platform
from policies.policy import Policy
from policies.problems import Problem
from recordwarden.clock import DrillClock, SystemClock
from recordwarden.connecting import Named, budgets_of, connector, held_groups
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
from sync.matters.register import Register
from sync.registers.confirmations import confirmed
from sync.registers.kept import keep
from sync.store import Store, open_store
from sync.store.pins import Pins

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


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
















def _asked_for_belt(register: Register) -> Callable[[], bool]:
    return lambda: any(matter.second_belt for matter in register.open())






def made_up(district: District) -> bool | None:
    """Whether every endpoint is on this machine, which only a sandbox is; None where no endpoint is given."""
    hosts = [urlsplit(url).hostname for tenant in district.tenants for url in tenant.endpoints.values()]
    return all(host in LOOPBACK for host in hosts) if hosts else None


def _clock(options: Options, district: District) -> Clock:
    return DrillClock(options.clock_file) if district.drill else SystemClock()


__all__ = ["Office", "made_up", "office", "passphrase"]
