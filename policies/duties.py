"""Duties: series x population x workload x what must hold, with the policy line behind each. Pure; no tenant has been read yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from policies.effects import Clock, Term
from policies.kinds import Platform, Workload
from policies.resources import Because, Wanted


class Carrier(StrEnum):
    """How a rule is carried: ``policy`` keeps a whole place, ``label`` offers a label that somebody applies."""

    POLICY = "policy"
    LABEL = "label"


class Disposition(StrEnum):
    """What happens at the end of a period."""

    TRANSITORY = "transitory"
    REVIEW = "review"
    TRANSFER = "transfer"
    PERMANENT = "permanent"
    EXPUNGE = "expunge"


class Behaviour(StrEnum):
    """What an item that carries a label is: kept, or a record, which nobody may edit or delete and whose label only an administrator takes off."""

    RETAIN = "retain"
    RECORD = "record"


class StandingValue(StrEnum):
    """How a policy line stands in a tenant (design §3)."""

    ENFORCED = "enforced"
    AVAILABLE = "available"
    VERIFIED = "verified"
    SET_BY_HAND = "set_by_hand"
    ATTESTED = "attested"
    PENDING = "pending"
    GAP = "gap"
    NOT_ENFORCEABLE = "not_enforceable"
    NOT_LICENSED = "not_licensed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Whom a population names in one platform. Exactly the contract's forms; the parts of a list are united, ``except_`` is taken out."""

    all_users: bool = False
    adaptive: bool = False
    """Of all users: by a scope that the platform fills, where it has such a thing, rather than by its word for everybody."""
    groups: tuple[str, ...] = ()
    org_units: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    except_: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Whose records, by platform."""

    id: str
    selectors: Mapping[Platform, Selector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Where the schedule puts a series, beside its citation: its official number, its function, whose records they are, and on whose word."""

    number: str | None = None
    function: str | None = None
    department: str | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing that must hold. ``blocked`` is the code of why nothing may be written for it (``series.unconfirmed``), else None."""

    line: str
    series: str
    title: str
    population: Population
    workload: Workload
    carrier: Carrier
    term: Term
    clock: Clock
    event: str | None
    disposition: Disposition
    citation: str | None
    because: Because
    blocked: str | None = None
    label_keys: tuple[str, ...] = ()
    """Keys under which the series' label may be bound: from its own id first, then from its ``formerly`` ids. The bound one is used."""
    label_name: str | None = None
    """The display name a new label would get; the name of a bound one is frozen at birth."""
    transitory_enabled: bool = False
    filing: Filing = Filing()
    behaviour: Behaviour = Behaviour.RETAIN
    """Of the series' label; a policy over a place locks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Counts of people: None means unknown, never zero."""

    covered: int | None = None
    not_covered: int | None = None
    unknown: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """How a duty is carried in a tenant: the standing once every carrier is in force, or why there is none."""

    tenant: str
    line: str
    series: str
    population: str
    workload: Workload
    standing: StandingValue
    reason: str | None = None
    carriers: tuple[str, ...] = ()
    """Keys of the wanted resources it rests on."""
    people: People = People()

    @classmethod
    def of(  # a duty, where it is carried, and how: each has a name at the call
        cls,
        duty: Duty,
        tenant: str,
        standing: StandingValue,
        reason: str | None,
        *,
        carriers: tuple[str, ...] = (),
        people: People | None = None,
    ) -> Carriage:
        """How ``duty`` is carried in ``tenant``."""
        return cls(
            tenant=tenant,
            line=duty.line,
            series=duty.series,
            population=duty.population.id,
            workload=duty.workload,
            standing=standing,
            reason=reason,
            carriers=carriers,
            people=people or People(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What a tenant should hold, and how each duty is carried there."""

    tenant: str
    resources: tuple[Wanted, ...]
    carriages: tuple[Carriage, ...]
