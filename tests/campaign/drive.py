"""One campaign run: a made-up district with one tenant, the real engine on a real store, faults where the cells say, and a judge at the end.

Nothing here knows a vendor. A ``Theatre`` does: what makes the program call a method, and what the tenant must look like when all is over.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from ruamel.yaml import YAML

from connectors.base import Charge, Connector, Context, Lane
from policies.district import District, Mode, Tenant
from policies.duties import Duty, StandingValue
from policies.kinds import Kind, Platform
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.tenant import Tenant as Package
from sandbox.world import Fault, World
from sync.desk import Desk, TenantDoor
from sync.drift import DriftClass
from sync.journal import Journal
from sync.lease import Leases
from sync.matters.lane import HoldLane
from sync.matters.order import MatterOrder
from sync.registers.governance import ensure
from sync.registers.governed import Governed
from sync.result import RunResult
from sync.run import Engine, joined
from sync.store import Store, open_store
from sync.store.proofs import Proofs
from tests.campaign.cells import Cell, Method, Strike
from tests.campaign.releasing import LetGo, Parting, Signing, officers, part, register_wrongs, sign, under_way

DISTRICT = "cmpgn001"
ROUNDS = 14
"""Looks after which a run that has not come to rest is called stuck."""
PAUSE = 4_000.0
"""Seconds between two looks: more than any platform here takes to bring a hold into force, and than what was refused rests."""
IN_FORCE = frozenset({StandingValue.ENFORCED, StandingValue.AVAILABLE})
_STORE = "state"
_START = datetime(2026, 10, 5, 14, 30, tzinfo=UTC)


class Theatre(Protocol):
    """A vendor's side of a campaign."""

    @property
    def tenant(self) -> str:
        """The tenant's id in the sandbox's overlay."""

    @property
    def platform(self) -> Platform:
        """The cloud."""

    @property
    def package(self) -> ModuleType:
        """The sandbox's package of that cloud."""

    @property
    def methods(self) -> Sequence[Method]:
        """The rows of the matrix."""

    @property
    def strikes(self) -> Sequence[Strike]:
        """Its columns."""

    @property
    def proven(self) -> frozenset[Kind]:
        """Kinds that the sync lane may write here; none: only the hold lane runs."""

    def connector(self) -> Connector:
        """The connector under test."""

    def prepare(self, world: World) -> None:
        """What must hold before anything: switches, people."""

    def orders(self, world: World, rng: random.Random) -> MatterOrder | None:
        """The first thing that is wanted: a hold order for some of the tenant's people, or None where ``duties`` says it."""

    def duties(self) -> tuple[Duty, ...]:
        """What the policy demands by now."""

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | Parting | Signing | None:
        """Make the program need ``method`` at its next look: something done in the console, a new duty, or what is handed back: an order, a release, an end."""

    def plant(self, world: World, cell: Cell, rng: random.Random) -> Planted:
        """Put the strike in the way of the method's next requests."""

    def let_go(self, world: World) -> LetGo:
        """What the register has to say of releases."""

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        """What is not as every order wants it, or is there twice, or was not ours to touch; read off the tenant itself, never through the connector."""


class Planted(Protocol):
    """A strike that waits for its request."""

    def hits(self) -> int:
        """How many requests ran into it."""

    def lift(self) -> None:
        """Take it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How lists of a vendor go on: what makes the sandbox give short pages, what a request for a further page has in its query, and
    whether the way to it stands in the page as a link (``linked``) or only as a number, so that only the further request can be led away.
    """

    switches: dict[str, str]
    token: str
    linked: bool


@dataclass(slots=True)
class PlantedFault:
    """A fault of the sandbox's wire, with the switches that are on as long as it is there."""

    world: World
    fault: Fault
    switches: dict[str, str]

    def hits(self) -> int:
        return min(self.fault.times, max(0, self.fault.seen - self.fault.nth + 1))

    def lift(self) -> None:
        self.world.faults.remove(self.fault)
        for name in self.switches:
            self.world.switches.pop(name, None)


def plant_on_wire(world: World, cell: Cell, rng: random.Random, paging: Paging) -> PlantedFault:
    """The strike as a fault of the sandbox: once, or often enough that retrying a read does not outlast it."""
    times = rng.choice((1, 2)) if cell.method.writes else rng.choice((1, 2, 9))
    short = paging.switches if cell.strike.further else {}
    away = cell.strike.kind == "foreign_link" and paging.linked
    world.switches |= short
    fault = Fault(
        surface=cell.method.surface,
        operation=cell.method.operation,
        kind=cell.strike.kind,  # type: ignore[arg-type]  # only strikes on the wire come here
        when=cell.strike.when,
        status=cell.strike.status,
        times=times,
        query=paging.token if cell.strike.further and not away else "",
    )
    world.faults.append(fault)
    return PlantedFault(world, fault, short)


@dataclass(slots=True)
class SharedClock:
    """The program's clock and the sandbox's are one; waiting moves it and takes no time."""

    world: World
    start: float

    def now(self) -> datetime:
        return self.world.clock.now()

    def monotonic(self) -> float:
        return self.world.clock.now().timestamp() - self.start

    def sleep(self, seconds: float) -> None:
        self.world.clock.advance(max(seconds, 0.001))


@dataclass(slots=True)
class Counting:
    """Counts requests and waits for nobody."""

    requests: dict[str, dict[str, int]] = field(default_factory=dict)

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        methods = self.requests.setdefault(surface, {})
        methods[method] = methods.get(method, 0) + 1


class Never:
    """Nobody tells it to stop."""

    @staticmethod
    def is_set() -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended: which squares were hit how often, and everything that is wrong. No wrongs is the only good ending."""

    seed: int
    hits: tuple[tuple[Cell, int], ...]
    wrongs: tuple[str, ...]
    looks: int


class Stage:
    """The district of one run, with its hold lane and its engine."""

    def __init__(self, theatre: Theatre, server: SandboxServer, folder: Path, seed: int) -> None:
        self.world, self.theatre = server.world, theatre
        self.rng = random.Random(seed)
        clock = SharedClock(self.world, self.world.clock.now().timestamp() - 1000)
        tenant = _tenant(theatre, server)
        self.store = _store(folder, clock)
        district = District(recordwarden=1, id=DISTRICT, name="Campaign Schools", tenants=(tenant,), officers=officers(), drill=True)
        journal = Journal(self.store, clock, run_id="campaign", drill=True)
        ensure(journal, self.store, clock, Governed.of(district))
        with self.store.write() as session:
            for kind in sorted(theatre.proven):
                Proofs(self.store).put(session, tenant.id, kind, clock.now(), "custodian", 1, None)
        self.meter = Counting()
        context = Context(clock=clock, meter=self.meter, stop=Never(), district=DISTRICT, timeout=20.0, drill=True)

        def given(lane: Lane) -> Context:
            return context

        door = TenantDoor(tenant=tenant, connector=theatre.connector(), requests=lambda: self.meter.requests, context=given)
        self.desk = Desk(
            district=district,
            policy_digest="sha256:0",
            duties=(),
            doors=(door,),
            store=self.store,
            journal=journal,
            clock=clock,
            stop=Never(),
            leases=Leases(self.store, clock, "campaign", "stage", 1),
            run_id="campaign",
        )
        letters = random.Random(seed)
        self.lane = HoldLane(self.desk, lambda: "".join(letters.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(8)))
        self.engine = Engine(self.desk, self.lane)
        self.looks = 0
        self.believed_gone: set[str] = set()

    def order(self, wanted: MatterOrder | Parting | Signing | None) -> None:
        """Write an order down, where there is one; the next look sends it. Of a release, everything up to the look that carries it out."""
        if isinstance(wanted, Parting):
            part(self, wanted)
        elif isinstance(wanted, Signing):
            sign(self, wanted)
        elif wanted is not None:
            self.lane.open(wanted)

    def look(self) -> bool:
        """One run by a process of its own, of both lanes where the sync lane may write; whether everything is at rest."""
        self.looks += 1
        self.desk = replace(self.desk, duties=self.theatre.duties())
        self.lane = HoldLane(self.desk, self.lane._token)
        self.engine = Engine(self.desk, self.lane)
        self.last = self._run()
        self.world.clock.advance(PAUSE)
        if self.theatre.proven:  # nobody removes a label, a policy or a rule here: whoever reports one as gone took half a list for the whole
            self.believed_gone |= {one.key or one.id for tenant in self.last.tenants for one in tenant.drift if one.drift is DriftClass.MISSING}
        if any(one.error or one.changes or one.in_flight or one.blocked for one in self.last.tenants):
            return False
        wanted = self._unsettled(self.last)
        return wanted is not None and not wanted

    def _run(self) -> RunResult:
        """What is run at a look: the hold lane alone carries out no release, so with one under way it is ``sync``, or ``end`` and the hold lane."""
        parting = under_way(self.lane)
        if self.theatre.proven or (parting and self.rng.random() < 0.5):  # a coin
            return self.engine.sync()
        ended = self.engine.end() if parting else None
        held = self.engine.hold()
        told = {one.tenant: one for one in ended.tenants} if ended is not None else {}
        return replace(held, tenants=tuple(joined(told[one.tenant], one) if one.tenant in told else one for one in held.tenants))

    def rest(self) -> bool:
        """Look until everything is at rest; False when it does not come to rest."""
        return any(self.look() for _ in range(ROUNDS))

    def standing(self) -> str:
        """What is not at rest, for the words of a failure."""
        said = [f"error {one.error.code}" for one in self.last.tenants if one.error]
        said += [f"in flight {flight}" for one in self.last.tenants for flight in one.in_flight]
        said += [f"blocked {key.key}" for one in self.last.tenants for key in one.blocked]
        said += [
            f"{done.change.operation.value} {done.change.key}: {done.status.value} {[why.code for why in done.change.refusals]}"
            for one in self.last.tenants
            for done in one.changes
        ]
        wanted = self._unsettled(self.last)
        return ", ".join([*(["nothing is wanted"] if wanted is None else wanted), *said])[:900]

    def _unsettled(self, result: RunResult) -> list[str] | None:
        """Sources not yet verified and lines of the policy not yet in force; None while nothing at all is wanted."""
        sources = [source for matter in self._matters() for source in cast("list[dict[str, object]]", matter["sources"])]
        lines = [one for tenant in result.tenants for one in tenant.standings]
        if not sources and not lines:
            return None
        late = [f"{one['source']}={one['state']}({one['error']})" for one in sources if one["state"] not in {"verified", "released"}]
        late += ["a release is under way"] if under_way(self.lane) else []
        return late + [f"{one.series}={one.standing.value}({one.reason})" for one in lines if one.standing not in IN_FORCE]

    def proofs(self) -> tuple[str, ...]:
        """What is wrong with the journal: a broken chain, an intent that nobody settled, something said to be gone that never was."""
        found = self.desk.journal.verify()
        wrong = [f"the journal breaks at {found.first_bad.seq}: {found.first_bad.why}"] if found.first_bad is not None else []
        wrong += [f"{key} was reported as gone and never was" for key in sorted(self.believed_gone)]
        wrong += [f"intent {one.seq} for {one.subject} is still open" for one in self.desk.journal.open_intents()]
        return tuple(wrong)

    def register_wrongs(self) -> tuple[str, ...]:
        """Where the register says otherwise of releases than was asked."""
        return register_wrongs(self._matters(), self.theatre.let_go(self.world))

    def _matters(self) -> list[dict[str, object]]:
        return cast("list[dict[str, object]]", self.lane.status()["matters"])


def run(theatre: Theatre, seed: int, squares: Sequence[Cell], keys: Path, folder: Path) -> Ending:
    """One run through ``squares``. Nothing is judged before the last strike is over and the program had time to come to rest."""
    with _stage(theatre, seed, keys, folder) as stage:
        theatre.prepare(stage.world)
        stage.order(theatre.orders(stage.world, stage.rng))
        stage.look()
        hits: list[tuple[Cell, int]] = []
        for number, square in enumerate(squares):
            if number:
                stage.look()  # what the trouble before left behind is mended, or half mended, when the next comes
            stage.order(theatre.provoke(stage.world, square.method, stage.rng))
            planted = theatre.plant(stage.world, square, stage.rng)
            for _ in range(stage.rng.choice((1, 1, 2))):  # now and then the trouble goes on while the program tries to recover
                stage.look()
            hits.append((square, planted.hits()))
            planted.lift()
        stuck = [] if stage.rest() else [f"not at rest: {stage.standing()}"]
        wrongs = (*stuck, *theatre.wrongs(stage.world, DISTRICT), *stage.register_wrongs(), *stage.proofs(), *stage.world.violations)
        stage.world.violations.clear()  # told here, with the seed
        return Ending(seed=seed, hits=tuple(hits), wrongs=wrongs, looks=stage.looks)


def make_keys(theatre: Theatre, folder: Path) -> Path:
    """The sandbox's keys and certificates and a store as first use leaves it, made once and copied for every run: making them costs a second."""
    with SandboxServer(make_world("tiny"), (_package(theatre),), folder) as server:
        _store(folder, SharedClock(server.world, 0.0)).close()
    return folder


def _store(folder: Path, clock: SharedClock) -> Store:
    return open_store(f"sqlite:///{folder / _STORE / 'store.db'}", district=DISTRICT, drill=True, clock=clock, sandbox=True)


@contextmanager
def _stage(theatre: Theatre, seed: int, keys: Path, folder: Path) -> Iterator[Stage]:
    shutil.copytree(keys, folder / "sandbox", ignore=shutil.ignore_patterns(_STORE))
    shutil.copytree(keys / _STORE, folder / _STORE)
    clock = folder / "clock"
    clock.write_text((_START + timedelta(hours=seed % 24)).isoformat(), encoding="utf-8")
    world = make_world("tiny", seed=seed, clock_file=clock)
    world.switches["validate"] = "on"
    with SandboxServer(world, (_package(theatre),), folder / "sandbox") as server:
        stage = Stage(theatre, server, folder, seed)
        try:
            yield stage
        finally:
            stage.store.close()


def _package(theatre: Theatre) -> Package:
    return cast("Package", theatre.package)


def _tenant(theatre: Theatre, server: SandboxServer) -> Tenant:
    """The tenant's settings as the sandbox's overlay gives them, file names made whole."""
    settings = YAML(typ="safe").load(server.overlay.read_text(encoding="utf-8"))["tenants"][theatre.tenant]
    credential = {name: server.folder / value if name.endswith("_file") else value for name, value in settings.pop("credential").items()}
    settings["ca_bundle"] = server.ca
    said = {"id": theatre.tenant, "platform": theatre.platform.value, "credential": credential, "mode": Mode.ENFORCE, **settings}
    return Tenant.model_validate(said)
