"""Everything that a monthly board report shows, as values that read no store. What is unknown is None, with the reason beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from policies.duties import StandingValue
from policies.kinds import Platform, Workload
from reports.first_page import Numbers, Point, TrendPoint


class Edition(StrEnum):
    """Who reads it: the public edition names nobody on hold and no account; counsel's names whom sealed values still name."""

    PUBLIC = "public"
    COUNSEL = "counsel"


class DeadlineState(StrEnum):
    """Whether a dated statement or deviation still stands at the end of the period."""

    VALID = "valid"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A confidential value in an edition that may show it, or None and why it is not shown."""

    value: str | None
    withheld: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The month reported on, in the district's time zone. ``over``: it had ended when the report was made; without that the report is preliminary."""

    month: str
    begin: datetime
    end: datetime
    timezone: str
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The journal entry that the report stands on: nothing written after it is in the report, but for reads, which are kept newest only."""

    seq: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    """The policy in force at the end of the period."""

    title: str
    number: str | None
    adopted: date
    review_by: date | None
    digest: str
    in_force_from: datetime | None
    rules: int
    series: int
    hold_rule: str | None
    """Its id; None is a gap in the policy itself."""
    unconfirmed: tuple[str, ...]
    """Ids of rows that rules rest on and nobody has compared with the official schedule."""
    changed: tuple[datetime, ...]
    """When, in the period, another text of the policy came into force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeFacts:
    """One office of the district, by how many officers it is filled and how many of them have a key in force."""

    role: str
    filled: int
    with_key: int
    names: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantFacts:
    """One cloud of the district and how far an unattended run may go there."""

    id: str
    platform: Platform
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How the newest read of a kind ended. ``count`` None: not known."""

    tenant: str
    kind: str
    state: str
    reason: str | None
    count: int | None
    read_at: datetime
    complete_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many policy lines stand how in one cloud; every standing is named, also those that none has."""

    tenant: str
    counts: Mapping[StandingValue, int]
    total: int
    previous: Mapping[StandingValue, int] | None
    """The same at the end of the month before; None when nothing was known then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """A policy line in one cloud: as strong as its weakest part."""

    tenant: str
    line: str
    series: str
    title: str
    term: str
    citation: str | None
    standing: StandingValue
    previous: StandingValue | None
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFacts:
    """One line for one population and workload in one cloud. People are counts; None is unknown. ``evidence`` are journal numbers."""

    tenant: str
    line: str
    series: str
    population: str
    workload: Workload
    standing: StandingValue
    reason: str | None
    since: datetime
    covered: int | None
    not_covered: int | None
    unknown: int | None
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach:
    """What a cloud cannot enforce for a series, and why."""

    tenant: str
    series: str
    title: str
    standing: StandingValue
    reason: str | None
    lines: tuple[str, ...]
    workloads: tuple[Workload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPart:
    """What one cloud's settings show of a duty, and since when they were seen so."""

    tenant: str
    standing: StandingValue
    reason: str | None
    since: datetime | None
    covered: int | None
    not_covered: int | None
    unknown: int | None
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFacts:
    """A duty of the policy that is shown in a way of its own.

    ``standing`` is what the settings of every cloud show where the policy names settings, ``attested`` while a signed statement stands, else the
    folder's word. ``besides`` is what of the duty no setting shows.
    """

    id: str
    text: str
    basis: str
    method: str
    standing: StandingValue
    reason: str | None
    until: datetime | None
    besides: str | None
    clouds: tuple[ControlPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OurChange:
    """A change that Recordwarden sent in the period. ``signed_by`` are offices; empty: it ran unattended, within the guards in force."""

    id: str
    tenant: str
    at: datetime
    kind: str
    operation: str
    direction: str
    line: str | None
    hold: str | None
    """The hold's name in reports, for changes of the hold lane."""
    people: int
    result: str
    """What the platform answered at the time; what is in force by now, lines and holds tell."""
    signed_by: tuple[str, ...]
    intent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A setting before and after, in words; places and people as counts."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideChange:
    """Something changed outside Recordwarden that was open at some time in the period."""

    id: str
    tenant: str
    kind: str
    sort: str
    series: str | None
    """The series or the hold's name in reports that the object stands for, where it is ours."""
    object: Shown
    direction: str
    fields: tuple[FieldChange, ...]
    earliest: datetime | None
    latest: datetime
    open: bool
    ended: datetime | None
    ended_by: str | None
    restored_after: int | None
    """Seconds from first seen to repaired, of what kept less; None where nothing was restored by Recordwarden."""
    log: str
    """What the vendor's log answered: found, not_found, pending, unavailable."""
    account: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudHold:
    """A hold in one cloud: sources that there is something to hold for. Times None until they happened."""

    tenant: str
    ordered: int
    accepted: int
    in_force: int
    failed: int
    not_seen: int = 0
    """Sources in a cloud that nobody looked at in the period: whether they are in force is not known."""
    first_sent: datetime | None
    all_in_force: datetime | None
    seconds_to_force: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPerson:
    """A person or place on hold, or let go by a release (``state`` is ``released`` then), in counsel's edition."""

    address: str
    state: str
    code: str | None
    former: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """A legal hold by its name in reports; counts only, but for what counsel's edition shows."""

    alias: str
    state: str
    opened: datetime
    opened_in_period: bool
    ordered: datetime
    released: datetime | None
    people: Mapping[str, int]
    """Who is on hold, by state."""
    let_go: int
    """People and places whom a release let go: in none of the other counts."""
    former: int
    clouds: tuple[CloudHold, ...]
    paper: int
    paper_secured: int
    matter: Shown
    persons: tuple[HeldPerson, ...] | None
    """None: withheld, for the reason that ``matter`` gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFacts:
    """A place that was held and then was seen not held. It stays open until a named officer records what was found."""

    id: str
    hold: str
    tenant: str
    workload: Workload
    last_seen_held: datetime
    first_seen_not_held: datetime
    restored: datetime | None
    recoverable_until: datetime | None
    found_by: str | None
    """The office whose holder recorded what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationFacts:
    """A deviation that the district accepts for a time."""

    id: str
    line: str
    owner: Shown
    reason: str
    until: date
    state: DeadlineState


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """A signed, expiring statement about what no interface shows. ``days_left`` counts from the end of the period or the making of the report."""

    id: str
    subject: str
    office: str
    made_at: datetime
    until: datetime
    state: DeadlineState
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """Something that could not be checked, and why. Never counted as in order."""

    tenant: str
    what: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFacts:
    """One month of one district in one edition, as of one journal number."""

    schema: str
    district: str
    district_id: str
    edition: Edition
    period: Period
    generated_at: datetime
    clock: str
    """``system`` or ``drill``."""
    made_up: bool
    """Made under a drill, or from the sandbox."""
    version: str
    as_of: AsOf
    policy: PolicyFacts
    offices: tuple[OfficeFacts, ...]
    tenants: tuple[TenantFacts, ...]
    numbers: Numbers
    risks: tuple[Point, ...]
    decisions: tuple[Point, ...]
    tallies: tuple[Tally, ...]
    lines: tuple[LineFacts, ...]
    parts: tuple[PartFacts, ...]
    out_of_reach: tuple[OutOfReach, ...]
    controls: tuple[ControlFacts, ...]
    ours: tuple[OurChange, ...]
    outside: tuple[OutsideChange, ...]
    strays: tuple[OutsideChange, ...]
    """Objects of ours that no policy line speaks of, or that can no longer be seen: nothing that anybody changed."""
    holds: tuple[HoldFacts, ...]
    gaps: tuple[GapFacts, ...]
    deviations: tuple[DeviationFacts, ...]
    statements: tuple[StatementFacts, ...]
    not_checked: tuple[NotChecked, ...]
    freshness: tuple[Freshness, ...]
    trend: tuple[TrendPoint, ...]
    unsupported: tuple[str, ...] = ()
    """Tenants of which lines are carried through an interface that its vendor does not stand behind, because an officer accepted that."""
