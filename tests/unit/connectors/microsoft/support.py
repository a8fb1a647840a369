"""A district's Microsoft tenant on the sandbox, as wiring would hand it to the connector."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ruamel.yaml import YAML

from connectors.base import Charge, Context
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.microsoft365.prover import Microsoft365Prover
from connectors.microsoft365.reader import Microsoft365Reader
from connectors.microsoft365.signed_in import Session
from connectors.microsoft365.writer import Microsoft365Writer
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import Live, Mark, Ref, Wanted
from sandbox import microsoft
from sandbox.microsoft.state import tenant_of
from sandbox.server import SandboxServer
from sandbox.world import Exchange, Fault, World

DISTRICT = "hrbrml01"


def mark(key: str, generation: int = 1, district: str = DISTRICT) -> Mark:
    return Mark(district=district, key=key, generation=generation)


@dataclass(slots=True)
class SandboxClock:
    """The sandbox's own time; waiting moves it."""

    world: World
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.world.clock.now()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.clock.advance(seconds)


@dataclass(slots=True)
class Counter:
    """A meter without a limit."""

    spent: defaultdict[str, defaultdict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        self.spent[surface][method] += 1

    def plain(self) -> dict[str, dict[str, int]]:
        return {surface: dict(methods) for surface, methods in self.spent.items()}


class Bench:
    """One running sandbox and the connector's three hands on it."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.world = server.world
        self.clock = SandboxClock(self.world)
        self.meter = Counter()
        self.stop = threading.Event()
        self.session: Session | None = None
        """Who is signed in beside the application."""
        self.proven: dict[Kind, str | None] = {}
        self.adaptive = False
        """Whether the district wants everybody to be an adaptive scope somewhere."""
        self._closing: list[Callable[[], None]] = []
        overlay = YAML(typ="safe").load(server.overlay.read_text(encoding="utf-8"))["tenants"]["m365"]
        credential = {name: server.folder / value for name, value in overlay["credential"].items()}
        settings = {**overlay, "credential": credential, "ca_bundle": server.ca}
        self.tenant = Tenant.model_validate({"id": "m365", "platform": "microsoft365", **settings})

    def context(self) -> Context:
        return Context(clock=self.clock, meter=self.meter, stop=self.stop, district=DISTRICT, timeout=10.0, drill=True)

    def connector(self, *, accepted: bool = True, groups: frozenset[str] = frozenset(), sites: frozenset[str] = frozenset()) -> Microsoft365Connector:
        allowed = Allowed(admin=accepted, adaptive=self.adaptive, sign_in=lambda _tenant: self.session, proven=lambda: self.proven)
        return Microsoft365Connector(allowed=allowed, groups=groups, sites=sites)

    def reader(self, *, accepted: bool = True, groups: frozenset[str] = frozenset(), sites: frozenset[str] = frozenset()) -> Microsoft365Reader:
        made = self.connector(accepted=accepted, groups=groups, sites=sites).reader(self.tenant, self.context())
        self._closing.append(made.close)
        return made

    def writer(self, *, accepted: bool = True) -> Microsoft365Writer:
        made = self.connector(accepted=accepted).writer(self.tenant, self.context())
        self._closing.append(made.close)
        return made

    def prover(self, *, accepted: bool = True) -> Microsoft365Prover:
        made = self.connector(accepted=accepted).prover(self.tenant, self.context())
        self._closing.append(made.close)
        return made

    def change(self, **settings: object) -> None:
        """The tenant with other settings."""
        self.tenant = self.tenant.model_copy(update=settings)

    def endpoint(self, name: str, address: str) -> None:
        self.change(endpoints={**self.tenant.endpoints, name: address})

    def check(self, kind: Kind, name: str | None) -> None:
        checks = {key: value for key, value in self.tenant.visibility_checks.items() if key is not kind}
        self.change(visibility_checks={**checks, **({kind: name} if name else {})})

    def switch(self, **values: str) -> None:
        self.world.switches.update({f"m365.{name}": value for name, value in values.items()})

    def fault(self, surface: str, operation: str, **more: object) -> None:
        self.world.faults.append(Fault(surface=surface, operation=operation, **{"kind": "status", "when": "before", **more}))  # type: ignore[arg-type]

    def act(self, name: str, /, **arguments: object) -> dict[str, object]:
        """Something an administrator does in the vendor's console."""
        with self.world.lock:
            return microsoft.console_acts(self.world)[name](arguments)

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    def asked(self, surface: str) -> list[Exchange]:
        return [exchange for exchange in self.world.exchanges if exchange.surface == surface]

    def people(self, role: str, count: int) -> list[str]:
        """Addresses of people who have an account that works, a mailbox and a drive."""
        state, domain = tenant_of(self.world), self.tenant.domain
        found = []
        for person in self.world.people:
            address = f"{person.local_part}@{domain}"
            account = state.account_at(address)
            if person.role == role and account is not None and account.enabled and account.mailbox is not None and account.drive is not None:
                found.append(address)
        return found[:count]

    def ref(self, live: Live) -> Ref:
        return live.ref("m365")

    def close(self) -> None:
        for close in self._closing:
            close()


LABEL = Wanted(
    kind=Kind.M365_LABEL,
    key="cor-02",
    name="COR-02 Routine correspondence",
    fields={"period": 731, "trigger": "created", "action": "keep", "behaviour": "retain", "description": "Routine correspondence (M1)"},
)
CASE = Wanted(kind=Kind.M365_CASE, key="m-blue-heron", name="blue heron", fields={"state": "open", "description": ""})
HOLD = Wanted(
    kind=Kind.M365_HOLD,
    key="m-blue-heron-1",
    name="blue heron 1",
    fields={"enabled": True, "query": "", "description": ""},
    parent="m-blue-heron",
)


def publishing(members: frozenset[str]) -> Wanted:
    return Wanted(
        kind=Kind.M365_LABEL_POLICY,
        key="pub-cor-02-staff-1",
        name="Recordwarden pub-cor-02-staff-1",
        fields={"enabled": True, "description": "Routine", "exceptions": ()},
        members=members,
    )


PUBLISH = Wanted(
    kind=Kind.M365_LABEL_RULE,
    key="pubr-cor-02-staff-1",
    name="Recordwarden pubr-cor-02-staff-1",
    fields={"publishes": LABEL.name},
    parent="pub-cor-02-staff-1",
)


def keeping(members: frozenset[str], **fields: object) -> Wanted:
    return Wanted(
        kind=Kind.M365_RETENTION_POLICY,
        key="keep-r1-1",
        name="Recordwarden keep-r1-1",
        fields={"enabled": True, "description": "Routine", "exceptions": (), **fields},  # type: ignore[dict-item]
        members=members,
    )


KEEP_RULE = Wanted(
    kind=Kind.M365_RETENTION_RULE,
    key="r-keep-r1-1",
    name="Recordwarden r-keep-r1-1",
    fields={"period": 731, "trigger": "created", "action": "keep", "query": ""},
    parent="keep-r1-1",
)
