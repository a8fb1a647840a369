"""Where the parts meet: folder, store, journal, guards in force, and one door per tenant, put together on a desk."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.base import Clock, Connector, Context, Lane
from policies.compiler import compile_policy
from policies.district import District, Tenant
from policies.folder import Folder, load_folder
from policies.kinds import Platform
from policies.policy import Policy
from policies.problems import FolderError, Problem, Severity
from recordwarden.clock import DrillClock, SystemClock
from recordwarden.drill.crash import trap
from recordwarden.options import Options
from sync.budget import StoreMeter
from sync.desk import Desk, TenantDoor
from sync.journal import Journal
from sync.lease import Leases
from sync.registers.attestations import valid_subjects
from sync.registers.confirmations import confirmed
from sync.registers.governance import ensure
from sync.registers.governed import Governed
from sync.registers.kept import keep
from sync.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A district that is open for work: what was read, what is in force, and the desk that runs are made at."""

    options: Options
    district: District
    policy: Policy
    policy_digest: str
    folder: Folder | None
    """None where the folder is broken and the last good one of the store is used instead."""
    desk: Desk
    problems: tuple[Problem, ...] = ()
    stop: threading.Event = field(default_factory=threading.Event)


@contextmanager
def office(
    options: Options,
    *,
    stop: threading.Event | None = None,
    notice: Callable[[str], None] | None = None,
    last_good_allowed: bool = False,
    groups: AbstractSet[str] = frozenset(),
) -> Iterator[Office]:
    """The district of ``options``, its store open and its guards in force. Raises FolderError, StoreError, OfficerError.

    ``last_good_allowed``: a broken folder is a warning, and the last good one of the store goes on (contract, *Broken folder*). ``groups``: addresses of groups
    to expand besides those that the policy names.
    """
    folder, broken = _folder(options, last_good_allowed=last_good_allowed)
    halt = stop or threading.Event()
    if folder is None:
        raise FolderError(broken)
    clock = _clock(options, folder.district)
    store = open_store(
        options.store_url(folder.district.id),
        district=folder.district.id,
        drill=folder.district.drill,
        clock=clock,
        sandbox=made_up(folder.district),
        passphrase=passphrase(options),
    )
    try:
        yield _opened(options, folder, store, clock, halt, notice, groups)
    finally:
        store.close()


def _folder(options: Options, *, last_good_allowed: bool) -> tuple[Folder | None, tuple[Problem, ...]]:
    try:
        return load_folder(options.folder, options.overlays), ()
    except FolderError as error:
        if not last_good_allowed:
            raise
        return None, error.problems


def _opened(  # noqa: PLR0913  # the parts meet here
    options: Options,
    folder: Folder,
    store: Store,
    clock: Clock,
    halt: threading.Event,
    notice: Callable[[str], None] | None,
    groups: AbstractSet[str],
) -> Office:
    run_id = secrets.token_hex(8)
    journal = Journal(store, clock, run_id=run_id, drill=folder.district.drill)
    district, waiting = governed(options, folder, store, journal, clock)
    keep(journal, store, clock, folder.digest, {Path(one.path).name: one.text.encode() for one in folder.files})
    doors = tuple(
        _door(tenant, district, folder.policy, store, clock, halt, groups)
        for tenant in district.tenants
        if not options.tenants or tenant.id in options.tenants
    )
    desk = Desk(
        district=district,
        policy_digest=folder.digest,
        duties=compile_policy(folder.policy, district, confirmed(store)),
        doors=doors,
        store=store,
        journal=journal,
        leases=Leases(store, clock, run_id, socket.gethostname(), os.getpid()),
        clock=clock,
        stop=halt,
        run_id=run_id,
        lock_wait=options.lock_wait,
        crash=trap(options.crash_at if district.drill else None),
        notice=notice or (lambda text: None),  # noqa: ARG005  # nobody listens
    )
    return Office(
        options=options,
        district=district,
        policy=folder.policy,
        policy_digest=folder.digest,
        folder=folder,
        desk=desk,
        problems=(*folder.problems, *waiting),
        stop=halt,
    )


def governed(options: Options, folder: Folder, store: Store, journal: Journal, clock: Clock) -> tuple[District, tuple[Problem, ...]]:
    """The district with the guards that are in force, the overlay's values on top, and a warning where a looser value waits for two officers."""
    plain = load_folder(options.folder).district if options.overlays else folder.district
    state = ensure(journal, store, clock, Governed.of(plain))
    over = state.in_force.over(folder.district)
    tenants = tuple(_overlaid(mine, theirs, folder.overlaid) for mine, theirs in zip(over.tenants, folder.district.tenants, strict=True))
    waiting = () if state.pending is None else (looser(state.pending.looser, state.pending.signed, state.pending.digest),)
    return over.model_copy(update={"tenants": tenants}), waiting


def _overlaid(in_force: Tenant, wished: Tenant, overlaid: tuple[str, ...]) -> Tenant:
    """What an overlay says is in force at once (contract, *Calling*)."""
    update: dict[str, object] = {}
    for name in ("endpoints", "visibility_checks"):
        if any(value.startswith(f"tenants.{wished.id}.{name}") for value in overlaid):
            update[name] = getattr(wished, name)
    return in_force.model_copy(update=update)


def looser(what: tuple[str, ...], signed: tuple[str, ...], digest: str) -> Problem:
    """The warning that the folder asks for looser guards than are in force."""
    return Problem(
        code="governance.pending",
        severity=Severity.WARNING,
        subject=digest,
        message=f"The folder loosens {', '.join(what)}; the old value stays until two officers approve ({len(signed)} of 2 have).",
        next_step=f"recordwarden --as OFFICER --key FILE approve {digest[:16]}",
    )


def _door(  # noqa: PLR0913  # what a door is made of
    tenant: Tenant, district: District, policy: Policy, store: Store, clock: Clock, halt: threading.Event, groups: AbstractSet[str]
) -> TenantDoor:
    meters = {lane: StoreMeter(store, clock, tenant.id, tenant.budgets, lane, halt) for lane in Lane}

    def context(lane: Lane) -> Context:
        return Context(
            clock=clock, meter=meters[lane], stop=halt, district=district.id, timeout=float(district.timeouts.request), drill=district.drill
        )

    def requests() -> Mapping[str, Mapping[str, int]]:
        total: dict[str, dict[str, int]] = {}
        for meter in meters.values():
            for surface, methods in meter.requests.items():
                counted = total.setdefault(surface, {})
                for method, number in methods.items():
                    counted[method] = counted.get(method, 0) + number
        return total

    return TenantDoor(tenant=tenant, connector=connector(tenant, policy, store, clock, groups), requests=requests, context=context)


def connector(tenant: Tenant, policy: Policy, store: Store, clock: Clock, groups: AbstractSet[str]) -> Connector:
    """The connector of a tenant's platform; a platform that the district does not have is never imported."""
    wanted = frozenset(groups) | named_groups(policy, tenant.platform)
    if tenant.platform is Platform.MICROSOFT365:
        from connectors.microsoft365.connector import Microsoft365Connector  # the SDK costs a second of start-up

        accepted = f"admin-endpoint/{tenant.id}" in valid_subjects(store, clock.now())
        return Microsoft365Connector(admin_accepted=accepted, groups=wanted)
    from connectors.google_workspace.connector import GoogleWorkspaceConnector  # as above

    return GoogleWorkspaceConnector(groups=wanted)


def named_groups(policy: Policy, platform: Platform) -> frozenset[str]:
    """The groups that the policy's populations name in a platform."""
    found: set[str] = set()
    for rule in policy.rules:
        population = policy.population_of(rule.population)
        selector = population.selectors.get(platform) if population else None
        while selector is not None:
            found.update(selector.groups)
            selector = selector.except_
    return frozenset(found)


def made_up(district: District) -> bool | None:
    """Whether every endpoint is on this machine, which only a sandbox is; None where no endpoint is given."""
    hosts = [urlsplit(url).hostname for tenant in district.tenants for url in tenant.endpoints.values()]
    return all(host in LOOPBACK for host in hosts) if hosts else None


def passphrase(options: Options) -> str | None:
    """The passphrase that opens officers' keys and the sealing key, or None."""
    return options.passphrase_file.read_text(encoding="utf-8").rstrip("\n") if options.passphrase_file else None


def _clock(options: Options, district: District) -> Clock:
    return DrillClock(options.clock_file) if district.drill else SystemClock()


__all__ = ["Office", "connector", "governed", "made_up", "named_groups", "office", "passphrase"]
