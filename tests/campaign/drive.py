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
from typing import cast

from ruamel.yaml import YAML

from connectors.base import Charge, Context, Lane
from connectors.mailing import Courier, Mailing
from policies.district import Delivery, District, Mode, Tenant
from policies.duties import StandingValue
from policies.kinds import TRAITS
from reports.notices import compose
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.tenant import Tenant as Package
from sandbox.world import World
from sync.desk import Desk, TenantDoor
from sync.drift import DriftClass
from sync.journal import EntryKind, Journal
from sync.lease import Leases
from sync.matters.lane import HoldLane
from sync.matters.order import MatterOrder
from sync.notices.dispatch import Dispatch
from sync.registers.governance import ensure
from sync.registers.governed import Governed
from sync.result import RunResult
from sync.run import Engine, joined
from sync.store import Store, open_store
from sync.store.notices import Letters
from sync.store.proofs import Proofs
from tests.campaign.cells import Cell
from tests.campaign.releasing import Parting, Signing, officers, part, register_wrongs, sign, under_way
from tests.campaign.theatre import Theatre

DISTRICT = "cmpgn001"
ROUNDS = 14
"""Looks after which a run that has not come to rest is called stuck."""
IN_FORCE = frozenset({StandingValue.ENFORCED, StandingValue.AVAILABLE})
_STORE = "state"
_START = datetime(2026, 10, 5, 14, 30, tzinfo=UTC)


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
        self.meter = Counting()
        self.context = Context(clock=clock, meter=self.meter, stop=Never(), district=DISTRICT, timeout=20.0, drill=True)
        tenant = theatre.set_up(server, _tenant(theatre, server), self.context)
        self.store = _store(folder, clock)
        who = officers()
        district = District(
            recordwarden=1, id=DISTRICT, name="Campaign Schools", tenants=(tenant,), officers=who, deliveries=theatre.deliveries, drill=True
        )
        journal = Journal(self.store, clock, run_id="campaign", drill=True)
        ensure(journal, self.store, clock, Governed.of(district))
        with self.store.write() as session:
            for kind in sorted(theatre.proven):
                surface = theatre.surfaces.get(kind)
                body = {"kind": kind.value, **({"surface": surface} if surface else {})}
                seq = journal.append(EntryKind.EVIDENCE, f"proof/{tenant.id}/{kind.value}", body, tenant=tenant.id, session=session)
                Proofs(self.store).put(session, tenant.id, kind, clock.now(), "custodian", seq, None)

        def given(lane: Lane) -> Context:
            return self.context

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
        self.ruling = any(not TRAITS[kind].hold_lane for kind in theatre.proven)
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
        if self.theatre.deliveries:
            Dispatch(self.desk, compose, self._courier).run()
        self.world.clock.advance(self.theatre.pause)
        if self.ruling:  # nobody removes a label, a policy or a rule here: whoever reports one as gone took half a list for the whole
            self.believed_gone |= {one.key or one.id for tenant in self.last.tenants for one in tenant.drift if one.drift is DriftClass.MISSING}
        if any(one.error or one.changes or one.in_flight or one.blocked for one in self.last.tenants):
            return False
        wanted = self._unsettled(self.last)
        return wanted is not None and not wanted

    def _run(self) -> RunResult:
        """What is run at a look: the hold lane alone carries out no release, so with one under way it is ``sync``, or ``end`` and the hold lane."""
        parting = under_way(self.lane)
        if self.ruling or (parting and self.rng.random() < 0.5):  # a coin
            return self.engine.sync()
        ended = self.engine.end() if parting else None
        held = self.engine.hold()
        told = {one.tenant: one for one in ended.tenants} if ended is not None else {}
        return replace(held, tenants=tuple(joined(told[one.tenant], one) if one.tenant in told else one for one in held.tenants))

    def _courier(self, delivery: Delivery) -> Courier:
        door = self.desk.door(str(delivery.tenant))
        return cast("Mailing", door.connector).courier(door.tenant, self.context, str(delivery.sender))

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
        late += [f"letter {one.number} waits" for one in Letters(self.store).waiting()]
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
        theatre.dealt(squares)
        theatre.prepare(stage.world)
        stage.order(theatre.orders(stage.world, stage.rng))
        for _ in range(theatre.before):
            stage.look()
        hits: list[tuple[Cell, int]] = []
        for number, square in enumerate(sorted(squares, key=lambda one: not one.method.once)):
            if number:
                stage.look()  # what the trouble before left behind is mended, or half mended, when the next comes
            stage.order(theatre.provoke(stage.world, square.method, stage.rng))
            planted = theatre.plant(stage.world, square, stage.rng)
            for _ in range(stage.rng.choice((1, 1, 2))):  # now and then the trouble goes on while the program tries to recover
                stage.look()
            hits.append((square, planted.hits()))
            planted.lift()
        stuck = [] if stage.rest() else [f"not at rest: {stage.standing()}"]
        seen = (*theatre.wrongs(stage.world, DISTRICT), *stage.register_wrongs(), *theatre.said(stage))
        wrongs = (*stuck, *seen, *stage.proofs(), *stage.world.violations)
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
            theatre.tear_down()


def _package(theatre: Theatre) -> Package:
    return cast("Package", theatre.package)


def _tenant(theatre: Theatre, server: SandboxServer) -> Tenant:
    """The tenant's settings as the sandbox's overlay gives them, file names made whole."""
    settings = YAML(typ="safe").load(server.overlay.read_text(encoding="utf-8"))["tenants"][theatre.tenant]
    credential = {name: server.folder / value if name.endswith("_file") else value for name, value in settings.pop("credential").items()}
    settings["ca_bundle"] = server.ca
    said = {"id": theatre.tenant, "platform": theatre.platform.value, "credential": credential, "mode": Mode.ENFORCE, **settings}
    return Tenant.model_validate(said)
