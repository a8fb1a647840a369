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

from connectors.base import ByHand, Circumstances, Clock, Connector, Context, Deed, HoldOrder, Instruction, Lane, Ordered, Prover, Reader, Writer
from policies.compiler import compile_policy
from policies.district import District, SurfaceBudget, Tenant
from policies.duties import Desired, Duty
from policies.effects import Effect
from policies.folder import Folder, load_folder, load_kept
from policies.kinds import Kind, Platform
from policies.policy import Policy
from policies.problems import FolderError, Problem, Severity
from policies.resources import Snapshot
from policies.roster import Roster
from policies.source import SourceError, read_document
from recordwarden.clock import DrillClock, SystemClock
from recordwarden.drill.crash import trap
from recordwarden.options import Options
from sync.budget import StoreMeter
from sync.desk import Desk, TenantDoor
from sync.journal import Journal
from sync.lease import Leases
from sync.matters.model import Matter
from sync.matters.register import Register
from sync.officers import read_passphrase
from sync.registers.attestations import valid_subjects
from sync.registers.confirmations import confirmed
from sync.registers.governance import current, ensure
from sync.registers.governed import Governed
from sync.registers.kept import keep, last_good
from sync.store import Store, exists, open_store, peek

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

    ``last_good_allowed``: a broken folder is a warning, and the last good one of the store goes on (contract, *Broken folder*).
    ``groups``: addresses of groups to expand besides those that the policy names. Raises UnknownTenantError, UnknownPointError and
    ClockFileError for what the call itself has wrong.
    """
    trap(options.crash_at)  # a misspelt point is told before anything is opened
    halt = stop or threading.Event()
    read = _read(options, last_good_allowed=last_good_allowed)
    unknown = sorted(set(options.tenants) - {tenant.id for tenant in read.district.tenants})
    if unknown:
        raise UnknownTenantError(f"The district has no tenant called {', '.join(unknown)}.")
    clock = _clock(options, read.district)
    clock.now()  # a clock that cannot be read is told before anything is opened
    store = _store(options, read.district, clock)
    try:
        yield _opened(options, read, store, clock, halt, notice, groups)
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
class Read:
    """What the folder says, or what the last good one said. ``plain`` is the district without any overlay."""

    district: District
    plain: District
    policy: Policy
    digest: str
    overlaid: tuple[str, ...]
    folder: Folder | None
    problems: tuple[Problem, ...]


def _read(options: Options, *, last_good_allowed: bool) -> Read:
    try:
        folder = load_folder(options.folder, options.overlays)
        plain = load_folder(options.folder).district if options.overlays else folder.district
    except FolderError as error:
        if not last_good_allowed:
            raise
        return _last_good(options, error)
    return Read(
        district=folder.district,
        plain=plain,
        policy=folder.policy,
        digest=folder.digest,
        overlaid=folder.overlaid,
        folder=folder,
        problems=folder.problems,
    )


def _last_good(options: Options, broken: FolderError) -> Read:
    """The folder that the store kept last, under the overlays as they stand now. Raises ``broken`` where there is none."""
    district_id, drill = whose(options)
    if district_id is None or not exists(options.store_url(district_id)):
        raise broken
    clock = DrillClock(options.clock_file) if drill else SystemClock()
    store = open_store(options.store_url(district_id), district=district_id, drill=drill, clock=clock, passphrase=passphrase(options))
    try:
        kept = last_good(store)
    finally:
        store.close()
    if kept is None:
        raise broken
    texts = {name: raw.decode() for name, raw in kept.files.items()}
    try:
        overlays = tuple(read_document(path) for path in options.overlays)
    except SourceError as error:
        raise FolderError((*broken.problems, *error.problems)) from error
    plain, policy = load_kept(texts["policy.yaml"], texts["district.yaml"], options.folder)
    district, _ = load_kept(texts["policy.yaml"], texts["district.yaml"], options.folder, overlays)
    warning = Problem(
        code="folder.last_good",
        severity=Severity.WARNING,
        message=f"The folder cannot be used; the one in force since {kept.in_force_from:%Y-%m-%d %H:%M} UTC goes on.",
        next_step="recordwarden check",
    )
    told = tuple(replace(problem, severity=Severity.WARNING) for problem in broken.problems if problem.severity is Severity.ERROR)
    overlaid = tuple(f"tenants.{tenant.id}.{name}" for tenant in district.tenants for name in ("endpoints", "visibility_checks") if overlays)
    return Read(district=district, plain=plain, policy=policy, digest=kept.digest, overlaid=overlaid, folder=None, problems=(warning, *told))


def whose(options: Options) -> tuple[str | None, bool]:
    """District id and drill of a folder that is broken, as far as its ``district.yaml`` still says, else as the store that was named says."""
    found, drill = None, False
    for path in (options.folder / "district.yaml", *options.overlays):
        try:
            value = read_document(path).value
        except SourceError:
            continue  # it was reported already: that is why we are here
        drill = bool(value.get("drill", drill))
        found = str(value["id"]) if "id" in value else found
    if found is None and options.store is not None:
        return peek(options.store) or (None, False)
    return found, drill


def _opened(  # noqa: PLR0913, PLR0917  # the parts meet here
    options: Options,
    read: Read,
    store: Store,
    clock: Clock,
    halt: threading.Event,
    notice: Callable[[str], None] | None,
    groups: AbstractSet[str],
) -> Office:
    run_id = secrets.token_hex(8)
    journal = Journal(store, clock, run_id=run_id, drill=read.district.drill)
    district, waiting = governed(read, store, journal, clock)
    if read.folder is not None:
        keep(journal, store, clock, read.digest, {Path(one.path).name: one.text.encode() for one in read.folder.files})
    wanted = groups | held_groups(Register(store, journal, clock.now).open())
    doors = tuple(
        _door(tenant, district, read.policy, store, clock, halt, wanted)
        for tenant in district.tenants
        if not options.tenants or tenant.id in options.tenants
    )
    desk = Desk(
        district=district,
        policy_digest=read.digest,
        duties=compile_policy(read.policy, district, confirmed(store)),
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
        policy=read.policy,
        policy_digest=read.digest,
        folder=read.folder,
        desk=desk,
        problems=(*read.problems, *waiting),
        stop=halt,
    )


def governed(read: Read, store: Store, journal: Journal, clock: Clock) -> tuple[District, tuple[Problem, ...]]:
    """The district with the guards that are in force, the overlay's values on top, and a warning where a looser value waits for two officers."""
    state = ensure(journal, store, clock, Governed.of(read.plain)) if read.folder is not None else current(store, clock.now())
    over = state.in_force.over(read.district)
    tenants = tuple(_overlaid(mine, theirs, read.overlaid) for mine, theirs in zip(over.tenants, read.district.tenants, strict=True))
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


def _door(  # noqa: PLR0913, PLR0917  # what a door is made of
    tenant: Tenant, district: District, policy: Policy, store: Store, clock: Clock, halt: threading.Event, groups: AbstractSet[str]
) -> TenantDoor:
    budgets = tenant.budgets if district.drill else budgets_of(tenant)
    meters = {lane: StoreMeter(store, clock, tenant.id, budgets, lane, halt) for lane in Lane}

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

    def realise(self, duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
        """What the tenant should hold to carry ``duties``."""
        return self._real().realise(duties, circumstances)

    def realise_hold(self, order: HoldOrder, circumstances: Circumstances) -> Ordered:
        """What the tenant should hold to carry a hold order."""
        return self._real().realise_hold(order, circumstances)

    def effects(self, snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
        """What the live objects do to records."""
        return self._real().effects(snapshot, roster)

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...] | None:
        """How a person does the same with the vendor's own tools; None where the platform has no sheet for it."""
        real = self._real()
        return cast("ByHand", real).by_hand(deeds) if hasattr(real, "by_hand") else None

    def _real(self) -> Connector:
        if self._opened is None:
            self._opened = self._open()
        return self._opened


def budgets_of(tenant: Tenant) -> Mapping[str, SurfaceBudget]:
    """The tenant's budgets, with the vendor's published quotas where settings give none. A drill has none: its time stands still while it waits."""
    if tenant.platform is Platform.GOOGLE_WORKSPACE:
        from connectors.google_workspace.budgets import with_defaults  # a platform that the district does not have is never imported

        return with_defaults(tenant.budgets)
    return tenant.budgets


def connector(tenant: Tenant, policy: Policy, store: Store, clock: Clock, groups: AbstractSet[str]) -> Connector:
    """The connector of a tenant's platform; a platform that the district does not have, or a command does not ask, is never imported."""
    wanted = frozenset(groups) | named_groups(policy, tenant.platform)

    def opened() -> Connector:
        if tenant.platform is Platform.MICROSOFT365:
            from connectors.microsoft365.connector import Microsoft365Connector  # see LateConnector

            accepted = f"admin-endpoint/{tenant.id}" in valid_subjects(store, clock.now())
            return Microsoft365Connector(admin_accepted=accepted, groups=wanted, sites=named_sites(policy))
        from connectors.google_workspace.connector import GoogleWorkspaceConnector  # as above

        return GoogleWorkspaceConnector(groups=wanted)

    return LateConnector(tenant.platform, opened)


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


def held_groups(matters: Iterable[Matter]) -> frozenset[str]:
    """The groups whose members open matters hold, as their orders name them: by address, or by the name of a group or school."""
    return group_names(line.text for matter in matters for line in matter.lines)


def group_names(lines: Iterable[str]) -> frozenset[str]:
    """Of lines ``group:X``, ``school:X`` and so on: the groups to read, by address and by display name."""
    split = [line.partition(":") for line in lines]
    named = {text.strip() for kind, _, text in split if kind in {"group", "school"}}
    return frozenset(name for text in named for name in (text, text if text.startswith("name:") else f"name:{text}"))


def made_up(district: District) -> bool | None:
    """Whether every endpoint is on this machine, which only a sandbox is; None where no endpoint is given."""
    hosts = [urlsplit(url).hostname for tenant in district.tenants for url in tenant.endpoints.values()]
    return all(host in LOOPBACK for host in hosts) if hosts else None


def passphrase(options: Options) -> str | None:
    """The passphrase that opens officers' keys and the sealing key, or None. Raises OfficerError."""
    return read_passphrase(options.passphrase_file) if options.passphrase_file else None


def _clock(options: Options, district: District) -> Clock:
    return DrillClock(options.clock_file) if district.drill else SystemClock()


__all__ = ["Office", "connector", "governed", "made_up", "named_groups", "office", "passphrase"]
