"""How policy lines stood: by line and cloud, by part, out of reach, and month by month. Pure, over what the store remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from policies.controls import ControlDuty
from policies.district import Tenant
from policies.duties import StandingValue
from policies.kinds import Platform, Workload
from policies.policy import Control, Policy
from policies.schedule import RecordSeries
from reports.chronicle import Chronicle, mapping, rows, text, whole
from reports.facts import ControlFacts, ControlPart, DeadlineState, LineFacts, OutOfReach, PartFacts, StatementFacts, Tally
from reports.words import METHODS, STANDINGS
from reports.words import reason as words_of_reason
from sync.assess import weakest
from sync.store.standings import KeptStanding

NOT_ASSESSED = "line.not_assessed"
_CARRIED = frozenset({StandingValue.ENFORCED, StandingValue.AVAILABLE, StandingValue.PENDING})
"""Standings that an object in the tenant brings about."""
_UNREACHABLE = frozenset({StandingValue.NOT_ENFORCEABLE, StandingValue.NOT_LICENSED})


def parts(policy: Policy, tenants: Sequence[Tenant], kept: Sequence[KeptStanding]) -> tuple[PartFacts, ...]:
    """One row for each line, population, workload and cloud, in the policy's order; what it names no more comes last."""
    rules = {rule.id: number for number, rule in enumerate(policy.rules)}
    clouds = {tenant.id: number for number, tenant in enumerate(tenants)}
    ordered = sorted(kept, key=lambda one: (rules.get(one.line, len(rules)), clouds.get(one.tenant, len(clouds)), one.population, one.workload))
    return tuple(_part(one) for one in ordered)


def _part(one: KeptStanding) -> PartFacts:
    people = mapping(one.document["people"])
    evidence = one.document["evidence"]
    assert isinstance(evidence, list)
    return PartFacts(
        tenant=one.tenant,
        line=one.line,
        series=one.series,
        population=one.population,
        workload=Workload(one.workload),
        standing=StandingValue(one.standing),
        reason=text(one.document["reason"]),
        since=one.from_at,
        covered=_count(people["covered"]),
        not_covered=_count(people["not_covered"]),
        unknown=_count(people["unknown"]),
        evidence=(one.from_seq, *(whole(seq) for seq in evidence)),
    )


def _count(value: object) -> int | None:
    return None if value is None else whole(value)


def by_line(kept: Iterable[KeptStanding]) -> Mapping[tuple[str, str], tuple[KeptStanding, ...]]:
    """What stands, by cloud and line."""
    found: dict[tuple[str, str], list[KeptStanding]] = {}
    for one in kept:
        found.setdefault((one.tenant, one.line), []).append(one)
    return {key: tuple(group) for key, group in found.items()}


def worst(group: Iterable[KeptStanding]) -> StandingValue:
    """A line is as strong as its weakest part (design, *Standing*)."""
    return weakest(*(StandingValue(one.standing) for one in group))


def lines(policy: Policy, tenants: Sequence[Tenant], now: Sequence[KeptStanding], before: Sequence[KeptStanding]) -> tuple[LineFacts, ...]:
    """Every line of the policy in every cloud that its population names, in the policy's order; one that no run has assessed is unknown."""
    stood, earlier = by_line(now), by_line(before)
    found: list[LineFacts] = []
    for rule in policy.rules:
        population, series = policy.population_of(rule.population), policy.series_of(rule.series)
        for tenant in tenants:
            group = stood.get((tenant.id, rule.id), ())
            if not group and (population is None or tenant.platform not in population.selectors):
                continue
            old = earlier.get((tenant.id, rule.id))
            found.append(
                LineFacts(
                    tenant=tenant.id,
                    line=rule.id,
                    series=rule.series,
                    title=series.title if series else rule.series,
                    term=term(series),
                    citation=series.citation if series else None,
                    standing=worst(group) if group else StandingValue.UNKNOWN,
                    previous=worst(old) if old else None,
                    parts=len(group),
                )
            )
    return tuple(found)


def term(series: RecordSeries | None) -> str:
    """How long and from when, in words; days are what a platform is told."""
    if series is None:
        return "not in the schedule"
    period = series.retention
    if series.period is None:
        return "not known"
    days = f" ({period.term:,} days)" if isinstance(period.term, int) and period.term and not series.period.endswith(("day", "days")) else ""
    clock = "" if series.trigger is None or series.period in {"permanent", "none"} else f", from {_clock(series.trigger)}"
    return f"{series.period}{days}{clock}"


def _clock(trigger: str) -> str:
    words = {"created": "creation", "modified": "last change", "labelled": "the day of the label"}
    return words.get(trigger, f"the event {trigger.removeprefix('event:')}")


def counted(standings: Iterable[StandingValue]) -> Mapping[StandingValue, int]:
    """How many stand how; every standing is named."""
    listed = list(standings)
    return {value: listed.count(value) for value in STANDINGS}


def tallies(tenants: Sequence[Tenant], found: Sequence[LineFacts], before: Sequence[KeptStanding]) -> tuple[Tally, ...]:
    """The counts of each cloud, with the month before."""
    earlier = by_line(before)
    made = []
    for tenant in tenants:
        now = [one.standing for one in found if one.tenant == tenant.id]
        old = [worst(group) for (where, _), group in earlier.items() if where == tenant.id]
        made.append(Tally(tenant=tenant.id, counts=counted(now), total=len(now), previous=counted(old) if old else None))
    return tuple(made)


def unsupported(tenants: Sequence[Tenant], found: Sequence[PartFacts], statements: Sequence[StatementFacts]) -> tuple[str, ...]:
    """Microsoft's tenants of which a part is carried by labels or policies, where an officer accepted the admin endpoint that these go through."""
    accepted = {one.subject.removeprefix("admin-endpoint/") for one in statements if one.subject.startswith("admin-endpoint/")}
    carried = {part.tenant for part in found if part.standing in _CARRIED}
    return tuple(one.id for one in tenants if one.platform is Platform.MICROSOFT365 and one.id in accepted & carried)


def out_of_reach(policy: Policy, found: Sequence[PartFacts]) -> tuple[OutOfReach, ...]:
    """What cannot be enforced, per series and cloud, with the reason."""
    groups: dict[tuple[str, str, StandingValue, str | None], list[PartFacts]] = {}
    for part in found:
        if part.standing in _UNREACHABLE:
            groups.setdefault((part.series, part.tenant, part.standing, part.reason), []).append(part)
    made = []
    for (series, tenant, standing, why), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1], item[0][2], item[0][3] or "")):
        row = policy.series_of(series)
        made.append(
            OutOfReach(
                tenant=tenant,
                series=series,
                title=row.title if row else series,
                standing=standing,
                reason=why,
                lines=tuple(dict.fromkeys(part.line for part in group)),
                workloads=tuple(dict.fromkeys(part.workload for part in group)),
            )
        )
    return tuple(made)


def controls(
    policy: Policy, statements: Sequence[StatementFacts], tenants: Sequence[Tenant], kept: Sequence[KeptStanding]
) -> tuple[ControlFacts, ...]:
    """The policy's other duties: what settings show of each, a signed statement about ``control/ID`` that stands, or the folder's word."""
    signed = {one.subject.removeprefix("control/"): one for one in statements if one.state is DeadlineState.VALID}
    duties = {duty.line: duty for duty in policy.control_duties()}
    made = []
    for control in policy.controls:
        statement, duty = signed.get(control.id), duties.get(control.id)
        clouds = () if duty is None else _clouds(duty, tenants, kept)
        standing, reason = _stands(control, clouds, statement)
        made.append(
            ControlFacts(
                id=control.id,
                text=control.text,
                basis=control.basis,
                method=METHODS[control.method.value],
                standing=standing,
                reason=reason,
                until=statement.until if statement else None,
                besides=control.besides,
                clouds=clouds,
            )
        )
    return tuple(made)


def _clouds(duty: ControlDuty, tenants: Sequence[Tenant], kept: Sequence[KeptStanding]) -> tuple[ControlPart, ...]:
    """One part for each cloud that the duty speaks of; one that no run has assessed is unknown."""
    stood = {one.tenant: one for one in kept if one.line == duty.line}
    return tuple(_control_part(tenant.id, stood.get(tenant.id)) for tenant in tenants if duty.about(tenant.platform))


def _control_part(tenant: str, one: KeptStanding | None) -> ControlPart:
    if one is None:
        return ControlPart(
            tenant=tenant, standing=StandingValue.UNKNOWN, reason=NOT_ASSESSED, since=None, covered=None, not_covered=None, unknown=None, evidence=()
        )
    people, evidence = mapping(one.document["people"]), one.document["evidence"]
    assert isinstance(evidence, list)
    since = text(one.document["since"])
    return ControlPart(
        tenant=tenant,
        standing=StandingValue(one.standing),
        reason=text(one.document["reason"]),
        since=one.from_at if since is None else datetime.fromisoformat(since),
        covered=_count(people["covered"]),
        not_covered=_count(people["not_covered"]),
        unknown=_count(people["unknown"]),
        evidence=(one.from_seq, *(whole(seq) for seq in evidence)),
    )


def _stands(control: Control, clouds: Sequence[ControlPart], signed: StatementFacts | None) -> tuple[StandingValue, str | None]:
    """As strong as its weakest part: what settings show otherwise is a gap whatever was signed, and what none shows has to be signed for."""
    said = None if signed is None else f"signed by the {signed.office}"
    if not clouds:
        return (control.standing, control.reason) if said is None else (StandingValue.ATTESTED, said)
    read = weakest(*(one.standing for one in clouds))
    if read is StandingValue.VERIFIED and control.besides is None:
        return StandingValue.VERIFIED, "everything that the policy names was read, and is as it wants it"
    if read in {StandingValue.VERIFIED, StandingValue.UNKNOWN} and said is not None:
        beside = "the settings were read too, and agree" if read is StandingValue.VERIFIED else "the settings could not all be read"
        return StandingValue.ATTESTED, f"{said}; {beside}"
    if read is StandingValue.VERIFIED:
        return StandingValue.UNKNOWN, f"its settings were read, and are as the policy wants them; besides: {control.besides}"
    return read, words_of_reason(next(one.reason for one in clouds if one.standing is read))


def policies_in(told: Chronicle, begin: datetime, end: datetime) -> tuple[datetime, ...]:
    """When, between the two, another text of the policy came into force; the first one ever is not a change."""
    return tuple(at for at, _ in told.policies[1:] if begin <= at < end)


__all__ = [
    "NOT_ASSESSED", "by_line", "controls", "counted", "lines", "out_of_reach", "parts", "policies_in", "rows", "tallies", "term",
    "unsupported", "worst",
]
