"""Building a report's facts from the store alone, as of a journal number. Asks no tenant and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from policies.district import District, Role, Tenant
from policies.duties import StandingValue
from policies.folder import load_kept
from policies.policy import AcceptedDeviation, Policy
from policies.problems import ToldError
from policies.schedule import is_confirmed
from reports import happened, holding, standing, summary
from reports.chronicle import Chronicle, chronicle
from reports.facts import (
    AsOf,
    BoardFacts,
    DeadlineState,
    DeviationFacts,
    Edition,
    Freshness,
    NotChecked,
    OfficeFacts,
    Period,
    PolicyFacts,
    Shown,
    StatementFacts,
    TenantFacts,
)
from reports.first_page import TrendPoint
from reports.sight import REASON, believed, unseen
from reports.words import CODE, ROLES
from sync.approvals import needed
from sync.journal import Journal
from sync.matters.model import Matter
from sync.matters.register import Register
from sync.plan import ChangeStatus
from sync.registers.attestations import Attestation, attestations
from sync.registers.governance import current
from sync.registers.kept import last_good
from sync.store import Store, StoreError
from sync.store.approvals import Approvals
from sync.store.changes import Changes
from sync.store.drifts import Drifts
from sync.store.report_rows import KeptRead, kept_reads
from sync.store.standings import KeptStanding, Standings

SCHEMA = "recordwarden/report-board/1"
TREND_MONTHS = 13
_WAITING = (ChangeStatus.PLANNED, ChangeStatus.REFUSED)


class ReportError(ToldError):
    """A report cannot be made as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a report is made from. ``district`` is the one in force; ``policy`` is used where the store keeps no other for the period's end."""

    store: Store
    district: District
    policy: Policy
    journal: Journal
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """The source, the period, and what was read for it."""

    source: Source
    edition: Edition
    period: Period
    policy: Policy
    told: Chronicle
    as_of: AsOf
    offices: Mapping[str, str]
    tenants: tuple[Tenant, ...]

    @property
    def stand(self) -> datetime:
        """The instant at which deadlines are read: the period's end, or now while it lasts."""
        return min(self.period.end, self.source.now)


def period_of(month: str, timezone: str, now: datetime) -> Period:
    """The month ``YYYY-MM`` in the district's time zone. Raises ReportError ``report.month``."""
    zone = ZoneInfo(timezone)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise ReportError("report.month", f"{month!r} is no month", "write it as YYYY-MM") from error
    begin = datetime(first.year, first.month, 1, tzinfo=zone)
    if begin > now:
        raise ReportError("report.month", f"{month} has not begun", "name this month or an earlier one")
    return Period(month=month, begin=begin, end=_next(begin), timezone=timezone, over=_next(begin) <= now)


def _next(begin: datetime) -> datetime:
    return begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)


def _back(begin: datetime, months: int) -> datetime:
    count = begin.year * 12 + begin.month - 1 - months
    return begin.replace(year=count // 12, month=count % 12 + 1)


def collect(source: Source, month: str, edition: Edition, version: str) -> BoardFacts:
    """The facts of one month. Raises ReportError ``report.month .nothing_yet``, StoreError."""
    period = period_of(month, source.district.timezone, source.now)
    ends = [_back(period.begin, months) for months in range(TREND_MONTHS - 1)]
    cut = period.end if period.over else datetime.max.replace(tzinfo=period.end.tzinfo)
    told = chronicle(source.journal.entries(), cut, ends)
    if told.as_of is None:
        raise ReportError("report.nothing_yet", f"the journal has nothing from {month} or before", "name a later month")
    offices = {officer.id: " and ".join(ROLES[role] for role in officer.roles) for officer in source.district.officers}
    scene = _Scene(
        source=source, edition=edition, period=period, policy=_policy_at(source, period), told=told, as_of=told.as_of, offices=offices,
        tenants=source.district.tenants,
    )
    return _facts(scene, version)


def _policy_at(source: Source, period: Period) -> Policy:
    """The policy that was in force when the period ended, where that is not today's."""
    kept = last_good(source.store, period.end) if period.over else None
    if kept is None or kept.digest == source.policy.digest:
        return source.policy
    texts = {name: raw.decode() for name, raw in kept.files.items()}
    return load_kept(texts["policy.yaml"], texts["district.yaml"], Path())[1]


def _facts(scene: _Scene, version: str) -> BoardFacts:
    source, period, told = scene.source, scene.period, scene.told
    reads = kept_reads(source.store)
    blind = unseen(reads, period.begin)
    stood = believed(Standings(source.store).as_of(scene.as_of.seq), blind)
    kept = _of_rules(stood)
    mark = told.marks.get(period.begin)
    before = _of_rules(Standings(source.store).as_of(mark.seq)) if mark else ()
    lines = standing.lines(scene.policy, scene.tenants, kept, before)
    parts, statements = standing.parts(scene.policy, scene.tenants, kept), _statements(scene)
    drifts = Drifts(source.store).between(period.begin, period.end)
    fresh = _freshness(reads)
    different = happened.outside(drifts, told, period, scene.edition)
    tallies = standing.tallies(scene.tenants, lines, before)
    duties = standing.controls(scene.policy, statements, scene.tenants, [one for one in stood if one.of_control])
    material = summary.Material(
        period=period,
        policy=_policy(scene),
        offices=_offices(scene),
        lines=lines,
        parts=parts,
        ours=happened.ours(told, period, scene.offices),
        outside=tuple(one for one in different if one.sort not in happened.STRAYS),
        holds=holding.holds(told, scene.tenants, blind, period, _matters(scene)),
        gaps=holding.gaps(told, period, scene.offices),
        deviations=tuple(_deviation(one, scene) for one in scene.policy.deviations),
        statements=statements,
        not_checked=(
            *(NotChecked(tenant=tenant, what="everything", reason=REASON) for tenant in sorted(blind)),
            *_not_checked(scene, fresh, stood),
        ),
        controls=duties,
        waiting=_waiting(scene),
        guards_waiting=None if period.over else current(source.store, source.now).pending is not None,
    )
    return BoardFacts(
        schema=SCHEMA,
        district=source.district.name,
        district_id=source.district.id,
        edition=scene.edition,
        period=period,
        generated_at=source.now,
        clock="drill" if source.store.drill else "system",
        made_up=source.store.drill or source.store.sandbox is True,
        version=version,
        as_of=scene.as_of,
        policy=material.policy,
        offices=tuple(material.offices),
        tenants=tuple(TenantFacts(id=one.id, platform=one.platform, mode=one.mode.value) for one in scene.tenants),
        numbers=summary.numbers(material),
        risks=summary.risks(material),
        decisions=summary.decisions(material),
        tallies=tallies,
        lines=lines,
        parts=parts,
        out_of_reach=standing.out_of_reach(scene.policy, parts),
        controls=duties,
        ours=tuple(material.ours),
        outside=tuple(material.outside),
        strays=tuple(one for one in different if one.sort in happened.STRAYS),
        holds=tuple(material.holds),
        gaps=tuple(material.gaps),
        deviations=tuple(material.deviations),
        statements=statements,
        not_checked=tuple(material.not_checked),
        freshness=fresh,
        trend=_trend(scene, [one.standing for one in lines]),
        unsupported=standing.unsupported(scene.tenants, parts, statements),
    )


def _policy(scene: _Scene) -> PolicyFacts:
    policy, adopted = scene.policy, scene.policy.policy
    used = {rule.series for rule in policy.rules}
    since = [at for at, digest in scene.told.policies if digest == policy.digest]
    return PolicyFacts(
        title=adopted.title,
        number=adopted.number,
        adopted=adopted.adopted,
        review_by=adopted.review_by,
        digest=policy.digest,
        in_force_from=since[-1] if since else None,
        rules=len(policy.rules),
        series=len(policy.series),
        hold_rule=policy.hold_rule.id if policy.hold_rule else None,
        unconfirmed=tuple(row.id for row in policy.series if row.id in used and not is_confirmed(row, scene.told.confirmed)),
        changed=standing.policies_in(scene.told, scene.period.begin, scene.period.end),
    )


def _offices(scene: _Scene) -> tuple[OfficeFacts, ...]:
    found = []
    for role in Role:
        holders = [officer for officer in scene.source.district.officers if role in officer.roles]
        names = Shown(value=", ".join(one.name for one in holders) or None, withheld=None if holders else "nobody is named")
        public = Shown(value=None, withheld=happened.PUBLIC if holders else "nobody is named")
        with_key = sum(scene.told.officers.get(one.id) is not None for one in holders)
        shown = names if scene.edition is Edition.COUNSEL else public
        found.append(OfficeFacts(role=ROLES[role], filled=len(holders), with_key=with_key, names=shown))
    return tuple(found)


def _matters(scene: _Scene) -> Mapping[str, Matter] | str:
    """Matters with what stands behind their seals, for counsel; a public edition never asks for the key."""
    if scene.edition is Edition.PUBLIC:
        return happened.PUBLIC
    try:
        return {one.tenant_alias: one for one in Register(scene.source.store, scene.source.journal, lambda: scene.source.now).all()}
    except StoreError as error:
        return f"the sealed values cannot be opened here ({error.code})"


def _statements(scene: _Scene) -> tuple[StatementFacts, ...]:
    made = (one for one in attestations(scene.source.store, scene.stand) if one.seq <= scene.as_of.seq)
    return tuple(_statement(one, scene) for one in made)


def _statement(one: Attestation, scene: _Scene) -> StatementFacts:
    return StatementFacts(
        id=one.id,
        subject=one.subject,
        office=scene.offices.get(one.officer, "a former officer"),
        made_at=one.made_at,
        until=one.until,
        state=DeadlineState(one.state.value),
        days_left=(one.until - scene.stand).days,
    )


def _deviation(one: AcceptedDeviation, scene: _Scene) -> DeviationFacts:
    office = scene.offices.get(one.owner)
    owner = Shown(value=office or one.owner) if office or scene.edition is Edition.COUNSEL else Shown(value=None, withheld=happened.PUBLIC)
    state = DeadlineState.VALID if one.until >= scene.stand.date() else DeadlineState.EXPIRED
    return DeviationFacts(id=one.id, line=one.line, owner=owner, reason=one.reason, until=one.until, state=state)


def _freshness(found: Sequence[KeptRead]) -> tuple[Freshness, ...]:
    return tuple(
        Freshness(
            tenant=one.tenant, kind=one.kind.value, state=one.state.value, reason=_code(one.reason), count=one.count, read_at=one.at,
            complete_at=one.complete_at,
        )
        for one in found
    )


def _code(reason: str | None) -> str | None:
    """The code alone: what stands behind it may be a vendor's sentence, and name people."""
    head = reason.partition(":")[0] if reason is not None else None
    return head if head is None or CODE.match(head) else "read.vendor_text"


def _of_rules(kept: Sequence[KeptStanding]) -> tuple[KeptStanding, ...]:
    """Without the controls, which are no lines of the schedule."""
    return tuple(one for one in kept if not one.of_control)


def _not_checked(scene: _Scene, fresh: Sequence[Freshness], kept: Sequence[KeptStanding]) -> tuple[NotChecked, ...]:
    found = [NotChecked(tenant=one.tenant, what=one.kind, reason=one.reason) for one in fresh if one.state != "complete"]
    read = {one.tenant for one in fresh}
    found += [NotChecked(tenant=one.id, what="everything", reason="tenant.never_read") for one in scene.tenants if one.id not in read]
    unknown = [one for one in kept if one.standing == StandingValue.UNKNOWN]
    found += [
        NotChecked(tenant=one.tenant, what=", ".join(filter(None, (one.line, one.population, one.workload))), reason=_code(_reason(one)))
        for one in unknown
    ]
    stood = {(one.tenant, one.line) for one in kept}
    for line in standing.lines(scene.policy, scene.tenants, _of_rules(kept), ()):
        if (line.tenant, line.line) not in stood:
            found.append(NotChecked(tenant=line.tenant, what=line.line, reason=standing.NOT_ASSESSED))
    return tuple(found)


def _reason(one: KeptStanding) -> str | None:
    value = one.document["reason"]
    return None if value is None else str(value)


def _waiting(scene: _Scene) -> int | None:
    """Changes of the newest plan of each tenant that would keep less and have not been signed by as many officers as they need.

    None for a month that is over: the store knows what waits now, and how it stood on another day it does not keep.
    """
    if scene.period.over:
        return None
    modes = {tenant.id: tenant.mode for tenant in scene.tenants}
    open_ones = Changes(scene.source.store).with_status(*_WAITING)
    newest = {tenant: max((one.updated_at for one in open_ones if one.tenant == tenant), default=None) for tenant in modes}
    signed = Approvals(scene.source.store).standing(scene.source.now)
    return sum(
        one.direction == "weakens"
        and one.updated_at == newest.get(one.tenant)
        and len(signed.get(one.id, frozenset())) < needed(one.change.direction, modes.get(one.tenant))
        for one in open_ones
    )


def _trend(scene: _Scene, now: Sequence[StandingValue]) -> tuple[TrendPoint, ...]:
    points = [TrendPoint(month=scene.period.month, seq=scene.as_of.seq, counts=standing.counted(now), total=len(now))]
    for months in range(TREND_MONTHS - 1):
        end = _back(scene.period.begin, months)
        mark = scene.told.marks.get(end)
        groups = standing.by_line(_of_rules(Standings(scene.source.store).as_of(mark.seq))) if mark else {}
        stood = [standing.worst(group) for group in groups.values()]
        counts = standing.counted(stood) if stood else None
        month = f"{_back(scene.period.begin, months + 1):%Y-%m}"
        points.append(TrendPoint(month=month, seq=mark.seq if mark else None, counts=counts, total=len(stood) if stood else None))
    return tuple(reversed(points))
