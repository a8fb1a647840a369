"""What a run found and did, as values that the doors print and the exit code is read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.examination import Capability, Examination
from policies.kinds import Kind
from policies.problems import Problem
from policies.resources import KindRead, Ref
from sync.assess import Standing
from sync.difference import InFlight
from sync.drift import Drift
from sync.ledger import Progress
from sync.plan import ChangeStatus
from sync.settle import OpenKey


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantResult:
    """One tenant after a run. ``error`` set: it could not be asked, and every kind counts as failed."""

    tenant: str
    examination: Examination | None = None
    capabilities: tuple[Capability, ...] = ()
    kinds: Mapping[Kind, KindRead] = field(default_factory=dict)
    needed: frozenset[Kind] = frozenset()
    """The kinds that this run needed to see: what it wants, what is bound, what deletes."""
    drift: tuple[Drift, ...] = ()
    changes: tuple[Progress, ...] = ()
    unmanaged: tuple[Ref, ...] = ()
    standings: tuple[Standing, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    overdue: tuple[InFlight, ...] = ()
    blocked: tuple[OpenKey, ...] = ()
    problems: tuple[Problem, ...] = ()
    error: Problem | None = None
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """All tenants after a run. ``digest`` names the plan that was shown or applied; ``acted`` tells sync and apply from plan and drift."""

    tenants: tuple[TenantResult, ...]
    digest: str | None = None
    acted: bool = False
    timed_out: bool = False
    stale: tuple[str, ...] = ()
    """Ids of an applied plan that no longer stand for anything: their object, line or effect changed."""
    problems: tuple[Problem, ...] = ()

    def any_status(self, *statuses: ChangeStatus) -> bool:
        """Whether some change stands at one of ``statuses``."""
        return any(progress.status in statuses for tenant in self.tenants for progress in tenant.changes)
