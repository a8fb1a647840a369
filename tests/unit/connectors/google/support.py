"""A tenant of the sandbox as the connector meets it, and the hands that work behind the connector's back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ruamel.yaml import YAML

from connectors.base import Charge, Context
from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.google_workspace.prover import GoogleProver
from connectors.google_workspace.reader import GoogleReader
from connectors.google_workspace.releaser import GoogleReleaser
from connectors.google_workspace.writer import GoogleWriter
from policies.district import Tenant
from policies.kinds import Kind, Platform
from policies.resources import Live, Mark, Ref, Wanted
from sandbox import google
from sandbox.google.state import GoogleState, state_of
from sandbox.server import SandboxServer
from sandbox.world import Fault, World

DISTRICT = "abcd1234"
VAULT = frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD})


class WorldClock:
    """The sandbox's time; sleeping moves it on and takes none."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._world.clock.now()

    def monotonic(self) -> float:
        return self._world.clock.now().timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._world.clock.advance(seconds)


class CountingMeter:
    """Counts what leaves, by surface and method, and what it costs."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.cost: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        with self._lock:
            self.requests[surface, method] += 1
            for one in charges:
                self.cost[one.account, one.quota] += one.units


class Bench:
    """One sandbox tenant, the connector's four hands on it, and its console."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.world = server.world
        self.clock = WorldClock(server.world)
        self.meter = CountingMeter()
        self.stop = threading.Event()
        self.connector = GoogleWorkspaceConnector()
        self._acts = google.console_acts(server.world)
        self._opened: list[GoogleReader | GoogleWriter | GoogleReleaser | GoogleProver] = []

    @property
    def state(self) -> GoogleState:
        return state_of(self.world)

    def tenant(self, **changes: Any) -> Tenant:
        settings = YAML(typ="safe").load(self.server.overlay.read_text(encoding="utf-8"))["tenants"]["google"]
        settings["ca_bundle"] = self.server.folder / settings["ca_bundle"]
        settings["credential"]["service_account_file"] = self.server.folder / settings["credential"]["service_account_file"]
        return Tenant(id="google", platform=Platform.GOOGLE_WORKSPACE, **{**settings, **changes})

    def context(self, **changes: Any) -> Context:
        return Context(**{"clock": self.clock, "meter": self.meter, "stop": self.stop, "district": DISTRICT, "timeout": 10.0, "drill": True, **changes})

    def reader(self, **changes: Any) -> GoogleReader:
        made = self.connector.reader(self.tenant(**changes), self.context())
        self._opened.append(made)
        return made

    def writer(self, **changes: Any) -> GoogleWriter:
        made = self.connector.writer(self.tenant(**changes), self.context())
        self._opened.append(made)
        return made

    def releaser(self, **changes: Any) -> GoogleReleaser:
        made = self.connector.releaser(self.tenant(**changes), self.context())
        self._opened.append(made)
        return made

    def prover(self, **changes: Any) -> GoogleProver:
        made = self.connector.prover(self.tenant(**changes), self.context())
        self._opened.append(made)
        return made

    def console(self, act: str, **given: object) -> dict[str, object]:
        with self.world.lock:
            return self._acts[act](given)

    def fault(self, surface: str, operation: str, kind: Any, when: Any = "before", **more: Any) -> Fault:
        made = Fault(surface=surface, operation=operation, kind=kind, when=when, **more)
        self.world.faults.append(made)
        return made

    def address(self, number: int) -> str:
        return f"{self.world.people[number].local_part}@{self.world.domain}"

    def account(self, number: int) -> str:
        return self.state.addresses[self.address(number)]

    def seen(self, operation: str) -> int:
        return sum(1 for exchange in self.world.exchanges if exchange.operation == operation)

    def close(self) -> None:
        for one in self._opened:
            one.close()


def mark(key: str, generation: int = 1) -> Mark:
    return Mark(district=DISTRICT, key=key, generation=generation)


def matter_wanted(key: str = "m-heron", name: str = "heron", description: str = "Kept.") -> Wanted:
    return Wanted(kind=Kind.GOOGLE_MATTER, key=key, name=name, fields={"state": "open", "description": description})


def hold_wanted(key: str = "m-heron-mail", corpus: str = "MAIL", **fields: Any) -> Wanted:
    base = {"corpus": corpus, "scope": "accounts", "org_unit": None, "terms": "", "start": None, "end": None, "options": ()}
    return Wanted(kind=Kind.GOOGLE_HOLD, key=key, name=f"heron {corpus}", fields={**base, **fields}, parent="m-heron")


def make_matter(bench: Bench, writer: GoogleWriter, key: str = "m-heron") -> Ref:
    receipt = writer.create(matter_wanted(key), mark(key), None)
    return Ref(tenant="google", kind=Kind.GOOGLE_MATTER, vendor_id=receipt.vendor_id, name=receipt.name, mark=mark(key))


def make_hold(writer: GoogleWriter, matter: Ref, wanted: Wanted | None = None) -> Ref:
    wanted = wanted or hold_wanted()
    receipt = writer.create(wanted, mark(wanted.key), matter)
    return Ref(tenant="google", kind=Kind.GOOGLE_HOLD, vendor_id=receipt.vendor_id, name=receipt.name, mark=mark(wanted.key), parent_id=matter.vendor_id)


def read(reader: GoogleReader, ref: Ref) -> Live:
    live = reader.read_back(ref)
    assert live is not None
    return live


def hold_on(bench: Bench, writer: GoogleWriter, *numbers: int, corpus: str = "MAIL") -> Ref:
    """A hold in a matter of its own on the accounts of the given people, accepted and not yet in force."""
    ref = make_hold(writer, make_matter(bench, writer), hold_wanted(corpus=corpus))
    members = frozenset(f"account:{bench.account(number)}" for number in numbers)
    receipt = writer.add(ref, members, read(bench.reader(), ref))
    assert not [outcome for outcome in receipt.members if outcome.error]
    return ref
