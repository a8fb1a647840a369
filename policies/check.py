"""``check``: what a sound folder still leaves to be desired. Offline; errors were already raised when the folder was loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from policies.citations import superseded_in
from policies.district import Role
from policies.duties import Behaviour, Carrier, StandingValue
from policies.effects import FOREVER, Term
from policies.folder import Folder
from policies.periods import PeriodKind
from policies.policy import Rule
from policies.problems import Problem, Severity, Where
from policies.schedule import RecordSeries, Verification, is_confirmed

NO_CREDENTIAL = "credential.missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFinding:
    """A row of the schedule as ``check`` reports it. ``confirmed`` is None where there is no store to ask."""

    id: str
    title: str
    verification: Verification
    confirmed: bool | None
    official_number: str | None
    period: str
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFinding:
    """A control as ``check`` reports it."""

    id: str
    serves: tuple[str, ...]
    standing: StandingValue
    method: str
    reason: str | None
    verify: tuple[str, ...] = ()
    """The settings that it wants read; what they show is known once the tenants have been read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What ``check`` found."""

    series: tuple[SeriesFinding, ...]
    controls: tuple[ControlFinding, ...]
    problems: tuple[Problem, ...]


def check(folder: Folder, confirmed: Mapping[str, str] | None, today: date | None = None) -> CheckResult:
    """Findings on a folder that loads. ``confirmed`` maps series ids to confirmed row digests (None: no store).

    Without ``today`` nothing is said about dates: whether a review is due or a deviation has expired is then not known here.
    """
    used = {rule.series for rule in folder.policy.rules}
    series = tuple(
        SeriesFinding(
            id=row.id,
            title=row.title,
            verification=row.verification,
            confirmed=None if confirmed is None else is_confirmed(row, confirmed),
            official_number=row.official_number,
            period=row.retention.in_days,
            used=row.id in used,
        )
        for row in folder.policy.series
    )
    controls = tuple(
        ControlFinding(
            id=row.id,
            serves=row.serves,
            standing=row.standing,
            method=row.method.value,
            reason=row.reason,
            verify=tuple(row.verify.wishes) if row.verify else (),
        )
        for row in folder.policy.controls
    )
    found = (
        *folder.problems,
        *_citations(folder),
        *_hold_rule(folder),
        *_rows(folder, confirmed),
        *_unused(folder),
        *_overlaps(folder),
        *_records(folder),
        *_dates(folder, today),
        *_officers(folder),
        *_credentials(folder),
    )
    return CheckResult(series=series, controls=controls, problems=found)


def _citations(folder: Folder) -> Iterator[Problem]:
    listed = [(("policy", "citations", index), text, "the policy") for index, text in enumerate(folder.policy.policy.citations)]
    for index, row in enumerate(folder.policy.schedule.series):
        listed.append((("schedule", "series", index), row.citation or "", f"series {row.id}"))
    for path, text, subject in listed:
        for source in superseded_in(text):
            severity = Severity.WARNING if source.sure else Severity.INFO
            message = f"{subject} cites {source.cited}; what stands there now is {source.now}; {source.fact}"
            yield _finding(
                "citation.superseded",
                severity,
                message,
                "ask the board to correct the reference at the next review",
                folder.where(path),
                source.cited,
            )


def _hold_rule(folder: Folder) -> Iterator[Problem]:
    if folder.policy.hold_rule is None:
        message = (
            f"the policy '{folder.policy.policy.title}' orders nothing to be preserved for litigation: a gap in the policy, not in the platforms"
        )
        next_step = "ask the board for a policy with a hold rule (compare 3543.31); holds can be opened all the same"
        yield _finding("policy.no_hold_rule", Severity.WARNING, message, next_step, folder.where(("policy",)))


def _rows(folder: Folder, confirmed: Mapping[str, str] | None) -> Iterator[Problem]:
    """What keeps the rules' rows from being acted on, and what is only said by others."""
    rules = folder.policy.rules
    for row in folder.policy.series:
        used = [index for index, rule in enumerate(rules) if rule.series == row.id]
        if not used:
            continue
        where, lines = folder.where(("rules", used[0], "series")), ", ".join(rules[index].id for index in used)
        if row.retired is not None:
            successor = f"; its successor is {row.retired.successor}" if row.retired.successor else ""
            message = f"series {row.id} was retired on {row.retired.on.isoformat()}{successor}, and {lines} still use it: nothing is written for it"
            yield _finding("series.retired", Severity.WARNING, message, "let the rule use the successor", where, row.id)
        elif row.retention.kind is PeriodKind.UNKNOWN or row.counted_from is None:
            message = f"series {row.id} has no known period or trigger: nothing is written for {lines}"
            next_step = "enter the row from the official schedule into policy.yaml"
            yield _finding("series.period_unknown", Severity.WARNING, message, next_step, where, row.id)
        else:
            yield from _unsure(row, lines, confirmed, where)
        if row.or_until is not None:
            message = f"series {row.id} is also kept until audited: no platform waits for an audit, so its end has to be reviewed by hand"
            yield _finding("series.or_until", Severity.INFO, message, "keep the date of each audit with the schedule", where, row.id)


def _unsure(row: RecordSeries, lines: str, confirmed: Mapping[str, str] | None, where: Where) -> Iterator[Problem]:
    next_step = f"compare it with the official schedule, then: recordwarden series confirm {row.id} --schedule FILE --page N"
    if confirmed is not None and not is_confirmed(row, confirmed):
        message = f"series {row.id} is not confirmed as it stands: nothing is written for {lines}"
        yield _finding("series.unconfirmed", Severity.WARNING, message, next_step, where, row.id)
    if row.verification is not Verification.VERIFIED and not (confirmed is not None and is_confirmed(row, confirmed)):
        origin = "somebody else's statement of the schedule" if row.verification is Verification.SECONDARY else "memory"
        message = f"series {row.id} ({row.retention.in_days}) rests on {origin}"
        yield _finding("series.unverified", Severity.WARNING, message, next_step, where, row.id)


def _unused(folder: Folder) -> Iterator[Problem]:
    used_series = {rule.series for rule in folder.policy.rules} | set(folder.policy.transitory)
    for index, row in enumerate(folder.policy.schedule.series):
        if row.id not in used_series and row.retired is None:
            message = f"series {row.id} is in the schedule and no rule uses it"
            yield _finding(
                "series.unused",
                Severity.INFO,
                message,
                "write a rule for it, or keep it for paper records",
                folder.where(("schedule", "series", index)),
                row.id,
            )
    used_populations = {rule.population for rule in folder.policy.rules} | {control.population for control in folder.policy.controls}
    for name in folder.policy.populations:
        if name not in used_populations:
            message = f"population {name} is defined and no rule or control uses it"
            yield _finding(
                "population.unused", Severity.INFO, message, "write a rule for it, or take it out", folder.where(("populations", name)), name
            )


def _overlaps(folder: Folder) -> Iterator[Problem]:
    """Rules that keep the same places for different periods: on both platforms the longest one decides there."""
    placed: dict[tuple[str, str], list[tuple[int, Rule]]] = {}
    for index, rule in enumerate(folder.policy.rules):
        if rule.carrier is Carrier.POLICY:
            for workload in rule.workloads:
                placed.setdefault((rule.population, workload.value), []).append((index, rule))
    for (population, place), entries in placed.items():
        terms = {_days(_term(folder, rule)): rule.id for _, rule in entries}
        if len(terms) > 1:
            longest = terms[max(terms)]
            names = ", ".join(rule.id for _, rule in entries)
            message = f"rules {names} keep all {place} of {population} for different periods; the longest ({longest}) decides"
            where = folder.where(("rules", entries[-1][0]))
            yield _finding("rule.overlap", Severity.INFO, message, "keep one, or carry the others by label", where, entries[-1][1].id)


def _records(folder: Folder) -> Iterator[Problem]:
    """Rows that lock, and that no label carries: a policy over a place keeps, and locks nothing."""
    labelled = {rule.series for rule in folder.policy.rules if rule.carrier is Carrier.LABEL}
    for index, rule in enumerate(folder.policy.rules):
        row = folder.policy.series_of(rule.series)
        if row is not None and row.behaviour is Behaviour.RECORD and row.id not in labelled:
            message = f"rule {rule.id}: series {row.id} says behaviour: record, and no rule carries it by a label, so nothing of it is locked"
            next_step = "add a rule with carrier: label, or take behaviour out of the series"
            yield _finding("rule.record_unlabelled", Severity.WARNING, message, next_step, folder.where(("rules", index)), rule.id)


def _dates(folder: Folder, today: date | None) -> Iterator[Problem]:
    if today is None:
        return
    review_by = folder.policy.policy.review_by
    if review_by is not None and review_by < today:
        message = f"the policy was to be reviewed by {review_by.isoformat()}"
        yield _finding("policy.review_due", Severity.WARNING, message, "put the review on the board's agenda", folder.where(("policy", "review_by")))
    for index, deviation in enumerate(folder.policy.deviations):
        if deviation.until < today:
            message = f"deviation {deviation.id} from {deviation.line} expired on {deviation.until.isoformat()} and no longer counts"
            yield _finding(
                "deviation.expired",
                Severity.WARNING,
                message,
                "repair what it excused, or decide anew",
                folder.where(("deviations", index)),
                deviation.id,
            )


def _officers(folder: Folder) -> Iterator[Problem]:
    """Whether the offices that decide are filled: two people besides the IT director have to be able to approve."""
    officers = folder.district.officers
    where = Where(file=str(folder.path / "district.yaml"))
    if not any(Role.RECORDS_CUSTODIAN in officer.roles for officer in officers):
        message = "no officer is the records custodian"
        yield _finding("officer.no_custodian", Severity.WARNING, message, "have the superintendent designate one, and add them", where)
    approvers = [officer for officer in officers if set(officer.roles) != {Role.IT_DIRECTOR} and officer.key]
    if len(approvers) < 2:
        message = f"{len(approvers)} officers with a key may approve; what shrinks protection needs two"
        yield _finding("officer.too_few", Severity.WARNING, message, "recordwarden officer keygen --out FILE, for each officer", where)


def _credentials(folder: Folder) -> Iterator[Problem]:
    """Tenants that nobody can sign in to: the folder is right as it stands, and no run can ask them anything."""
    for index, tenant in enumerate(folder.district.tenants):
        lacking = [word for word, writing in (("reading", False), ("writing", True)) if tenant.credential_for(writing=writing) is None]
        if lacking:
            message = f"tenant {tenant.id} has no credential for {' and '.join(lacking)}"
            if "reading" in lacking:
                message += ": no run can ask it anything"
            found = _finding(NO_CREDENTIAL, Severity.WARNING, message, "set credential, here or in an overlay", folder.where(("tenants", index)))
            yield replace(found, tenant=tenant.id)


def _term(folder: Folder, rule: Rule) -> Term | None:
    row = folder.policy.series_of(rule.series)
    return row.retention.term if row else None


def _days(term: Term | None) -> float:
    return float("inf") if term == FOREVER else -1.0 if term is None else float(term)


def _finding(code: str, severity: Severity, message: str, next_step: str, where: Where, subject: str | None = None) -> Problem:
    return Problem(code=code, severity=severity, message=message, next_step=next_step, where=where, subject=subject)
