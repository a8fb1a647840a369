"""What a diff looks at and what it finds, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Lane
from policies.kinds import Kind
from policies.problems import Problem
from policies.resources import Live, Snapshot, Wanted
from sync.bindings import Binding
from sync.plan import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffInput:
    """What a diff looks at. ``bindings`` by key; ``overdue_seconds`` is the platform's window for bringing a change into force.

    ``addresses`` gives the account behind a member that is not written as an address (``account:ID``, a OneDrive's URL).
    """

    tenant: str
    tenant_identity: str
    lane: Lane
    desired: Sequence[Wanted]
    snapshot: Snapshot
    bindings: Mapping[str, Binding]
    now: datetime
    overdue_seconds: int
    district: str
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """An object that the platform accepted and has not yet brought into force, ``since`` when; ``overdue`` once its window has passed."""

    key: str
    kind: Kind
    vendor_id: str
    since: datetime
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffResult:
    """Changes (their direction still ``weakens``, the worst, until ``project.judge_plan`` has seen them) and what stands beside them.

    ``unknown``: keys that are bound and could not be seen. ``waiting``: keys that cannot be judged before their closed container is open again;
    diff once more after that change. ``superseded``: older generations whose replacement is in force. ``duplicates``: younger objects with a mark
    that is already taken. ``ends``: second holds whose elder holds the same, and superseded labels, to be ended as soon as two officers approve that.
    """

    changes: tuple[Change, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    overdue: tuple[InFlight, ...] = ()
    satisfied: tuple[tuple[str, Live], ...] = ()
    unknown: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    orphans: tuple[Binding, ...] = ()
    superseded: tuple[Live, ...] = ()
    duplicates: tuple[Live, ...] = ()
    ends: tuple[Change, ...] = ()
    former: Mapping[str, frozenset[str]] = field(default_factory=dict)
    vendor_ids: Mapping[str, str] = field(default_factory=dict)
    """Vendor id by key of every object that was seen or is bound: where parents are found."""
    rests_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
