"""What a run is given: the district's words in force, the store, the journal, time, and one connector per tenant. Wiring builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from connectors.base import Clock, Connector, Context, Lane, Prover, Reader, Releaser, Stop, Writer
from policies.controls import ControlDuty
from policies.district import District, Tenant
from policies.duties import Duty
from sync.journal import Journal
from sync.lease import Leases
from sync.store import Store


class Requests(Protocol):
    """A meter that can also tell what it counted: ``requests{surface: {method: n}}``."""

    @property
    def requests(self) -> Mapping[str, Mapping[str, int]]:
        """Requests by surface and method, retries and tokens included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDoor:
    """One tenant as a run meets it. Only apply asks for the writer; ``meter`` counts for both."""

    tenant: Tenant
    connector: Connector
    requests: Callable[[], Mapping[str, Mapping[str, int]]]
    context: Callable[[Lane], Context]

    def reader(self, lane: Lane) -> Reader:
        """A reader that spends from the lane's share of the budgets."""
        return self.connector.reader(self.tenant, self.context(lane))

    def writer(self, lane: Lane) -> Writer:
        """A writer under the writing identity."""
        return self.connector.writer(self.tenant, self.context(lane))

    def releaser(self) -> Releaser:
        """What ends holds, under the writing identity; only a release that is due, or the end of a second hold, asks for it."""
        return self.connector.releaser(self.tenant, self.context(Lane.HOLD))

    def prover(self) -> Prover:
        """A prover under the writing identity."""
        return self.connector.prover(self.tenant, self.context(Lane.SYNC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a run needs, and nothing it has to look up. ``duties`` are those of the policy in force; ``crash`` is the drill's trap."""

    district: District
    policy_digest: str
    duties: tuple[Duty, ...]
    doors: tuple[TenantDoor, ...]
    store: Store
    journal: Journal
    leases: Leases
    clock: Clock
    stop: Stop
    run_id: str
    controls: tuple[ControlDuty, ...] = ()
    """The controls of the policy in force that settings can show."""
    lock_wait: float = 120.0
    crash: Callable[[str], None] = lambda point: None  # noqa: ARG005  # no trap unless a drill sets one
    notice: Callable[[str], None] = lambda text: None  # noqa: ARG005  # progress for people; wiring prints it on stderr

    def door(self, tenant_id: str) -> TenantDoor:
        """The door to a tenant. Raises KeyError."""
        for door in self.doors:
            if door.tenant.id == tenant_id:
                return door
        raise KeyError(tenant_id)
