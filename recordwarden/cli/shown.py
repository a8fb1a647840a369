"""A run for people: what was changed outside first, then changes with direction and policy line, what cannot be enforced, one total line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from policies.duties import StandingValue
from policies.kinds import Kind
from policies.resources import ReadState, without_mark
from recordwarden.cli.screen import Screen, many, moment
from recordwarden.cli.words import DIRECTIONS, FIELDS, OPERATIONS, STANDINGS, STATUSES, value_word
from reports.words import KINDS, reason
from sync.drift import AttributionState, Drift, DriftClass, next_step
from sync.ends import is_double, is_superseded
from sync.ledger import Progress
from sync.plan import LETTING_GO, Change
from sync.result import RunResult, TenantResult

NOT_ENFORCED: Final = (StandingValue.NOT_ENFORCEABLE, StandingValue.NOT_LICENSED, StandingValue.GAP, StandingValue.UNKNOWN, StandingValue.AVAILABLE)
MOST: Final = 40
"""Changes listed for people one by one; JSON always has them all."""
TOLD_AT_BIRTH: Final = frozenset({"period", "publishes", "corpus", "query", "terms"})
"""Settings of a new object that are worth a word; JSON has them all."""
_CLASSES: Final = {
    DriftClass.CHANGED: "was changed",
    DriftClass.MISSING: "is gone",
    DriftClass.UNMANAGED: "of somebody else was changed",
    DriftClass.ORPHANED: "is no longer in the policy; it is left as it is",
    DriftClass.DUPLICATE: "exists twice",
    DriftClass.BLIND_SPOT: "cannot be seen any more",
}


def unread_lines(screen: Screen, tenants: Iterable[TenantResult]) -> bool:
    """What was not seen, before anything is said to be nothing; whether there was any."""
    said = False
    for tenant in tenants:
        if tenant.error is not None:
            screen.say(f"{tenant.tenant}: could not be asked; nothing is known of it ({tenant.error.code})", "yellow")
            said = True
        for kind, read in sorted(tenant.kinds.items()):
            if tenant.error is None and kind in tenant.needed and read.state is not ReadState.COMPLETE:
                screen.say(f"{tenant.tenant}: not read completely: {KINDS[kind]} ({read.reason})", "yellow")
                said = True
    return said


def drift_lines(screen: Screen, tenants: Sequence[TenantResult]) -> None:
    """What was changed outside Recordwarden, and first what could not be seen."""
    blind = unread_lines(screen, tenants)
    found = [(tenant.tenant, drift) for tenant in tenants for drift in tenant.drift]
    screen.heading(f"Changed outside Recordwarden: {len(found) or ('nothing that was seen' if blind else 'nothing')}")
    for tenant, drift in found:
        alarm = drift.kind is Kind.GOOGLE_SETTING
        happened = f"{_name(drift)} was requested" if alarm else f"{KINDS[drift.kind]} {_name(drift)} {_CLASSES[drift.drift]}"
        screen.say(f"{tenant}: {happened} ({DIRECTIONS[drift.direction]})", "red" if alarm else None, indent=2)
        for line in _differences(drift):
            screen.say(line, indent=6)
        screen.say(f"{_since(drift)}; {_account(drift)}", indent=6)
        if (step := next_step(drift)) is not None:
            screen.say(step, indent=6)


def _name(drift: Drift) -> str:
    return without_mark(drift.name) or drift.key or drift.vendor_id or "without a name"


def _differences(drift: Drift) -> Iterable[str]:
    for field in drift.fields:
        was = (drift.applied or {}).get(field)
        now = (drift.live or {}).get(field)
        yield f"{FIELDS.get(field, field)}: {value_word(field, now)}, was {value_word(field, was)}"


def _since(drift: Drift) -> str:
    if drift.since.earliest is None:
        return f"first seen {moment(drift.since.latest)}"
    return f"between {moment(drift.since.earliest)} and {moment(drift.since.latest)}"


def _account(drift: Drift) -> str:
    seen = drift.attribution
    if seen.state is AttributionState.FOUND:
        return f"account shown in the vendor's log: {seen.actor}, {moment(seen.at)}"
    words = {
        AttributionState.PENDING: "the vendor's log does not show it yet",
        AttributionState.NOT_FOUND: "the vendor's log does not show it",
        AttributionState.UNAVAILABLE: f"the vendor's log could not be read ({seen.reason})",
    }
    return words[seen.state]


def change_lines(screen: Screen, tenants: Sequence[TenantResult], title: str) -> None:
    """Changes tenant by tenant, each with direction and the policy line behind it."""
    count = sum(len(tenant.changes) for tenant in tenants)
    screen.heading(f"{title}: {count or 'nothing'}")
    for tenant in tenants:
        if tenant.changes:
            screen.say(f"{tenant.tenant}", "bold", indent=2)
        for progress in tenant.changes[:MOST]:
            _change(screen, progress)
        if len(tenant.changes) > MOST:
            screen.say(f"and {many(len(tenant.changes) - MOST, 'more change')}: see --format json", indent=4)


def _change(screen: Screen, progress: Progress) -> None:
    change = progress.change
    named = f"{OPERATIONS[change.operation]} {KINDS[change.kind]} {without_mark(change.name)}"
    screen.say(f"{named}: {DIRECTIONS[change.direction]}, {STATUSES[progress.status]}", indent=4)
    screen.say(f"{_what(change)}because of {because(change)}", "dim", indent=8)
    for refusal in change.refusals[:2]:
        screen.say(f"refused: {refusal.message} What would allow it: {refusal.allowed_by}.", "yellow", indent=8)
    if change.refusals:
        screen.say(f"its id: {change.id}", indent=8)
    if progress.error_code:
        screen.say(f"{progress.error_code}: {progress.error}", "red", indent=8)


def _what(change: Change) -> str:
    said = []
    before, after = change.before or {}, change.after or {}
    for field in sorted(after):
        if before.get(field) == after[field] or (change.before is None and field not in TOLD_AT_BIRTH) or field == "description":
            continue
        was = f" instead of {value_word(field, before.get(field))}" if change.before is not None else ""
        said.append(f"{FIELDS.get(field, field)} {value_word(field, after[field])}{was}")
    if change.add:
        said.append(f"{many(len(change.add), 'member')} more")
    if change.former:
        said.append(f"{many(len(change.former), 'former member')} kept")
    return "; ".join(said) + "; " if said else ""


def because(change: Change) -> str:
    """The policy line or matter behind a change."""
    why = change.because
    if is_double(change):
        return f"a second hold with the same mark in matter {why.matter}; the one that is followed holds the same and stays"
    if is_superseded(change):
        newer = (why.line or "").rpartition("/")[2]
        return (
            f"an older label of series {why.series} that label {newer}, published and ours, replaced; it is disabled, so that nobody puts it on "
            "files any more, and never deleted: files that carry it keep it"
        )
    if why.matter is not None:
        return f"{'the release of ' if change.operation in LETTING_GO else ''}matter {why.matter}"
    place = f" ({why.file}:{why.row})" if why.file and why.row else ""
    return f"{why.line}, series {why.series}{place}" if why.line else "the policy"


def standing_lines(screen: Screen, tenants: Iterable[TenantResult]) -> None:
    """What is not enforced, per series and cloud, with where and why."""
    grouped: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for tenant in tenants:
        for standing in tenant.standings:
            if standing.standing in NOT_ENFORCED and standing.series is not None and standing.workload is not None:
                reasons = grouped.setdefault((standing.series, tenant.tenant, STANDINGS[standing.standing]), {})
                reasons.setdefault(standing.reason or "", []).append(standing.workload.value)
    screen.heading("Not enforced by a platform, per series and cloud")
    if not grouped:
        screen.say("nothing", indent=2)
        return
    rows = []
    for (series, cloud, word), reasons in sorted(grouped.items()):
        places = [f"{', '.join(dict.fromkeys(where))}{f' ({reason})' if reason else ''}" for reason, where in reasons.items()]
        rows.append((series, cloud, word, "; ".join(places)))
    screen.table(("Series", "Cloud", "Standing", "Where, and why"), rows)
    screen.say("Available: a person must put the label on; it is never counted as protected.", indent=2)


def control_lines(screen: Screen, tenants: Iterable[TenantResult]) -> None:
    """What the settings of each cloud show of the policy's other duties, and since when."""
    rows = [
        (one.line, tenant.tenant, STANDINGS[one.standing], moment(one.since) if one.since else "-", "-" if one.reason is None else reason(one.reason))
        for tenant in tenants
        for one in tenant.standings
        if one.series is None
    ]
    if rows:
        screen.heading("Duties that settings show")
        screen.table(("Control", "Cloud", "Standing", "Since", "Why"), sorted(rows))


def flight_lines(screen: Screen, tenants: Iterable[TenantResult]) -> None:
    """What the platforms have not brought into force, or not taken yet."""
    flights = [(tenant.tenant, flight) for tenant in tenants for flight in (*tenant.in_flight, *tenant.overdue)]
    blocked = [(tenant.tenant, key) for tenant in tenants for key in tenant.blocked]
    if flights:
        screen.heading(f"On its way at the platform, not yet in force: {len(flights)}")
        for tenant_id in dict.fromkeys(tenant for tenant, _ in flights):
            mine = [flight for tenant, flight in flights if tenant == tenant_id]
            oldest = min(flight.since for flight in mine)
            late = sum(flight.overdue for flight in mine)
            screen.say(f"{tenant_id}: {many(len(mine), 'object')} since {moment(oldest)}" + (f", {late} overdue" if late else ""), indent=2)
    for tenant_id, key in blocked:
        screen.say(
            f"{tenant_id}: it is not known whether {key.key} was changed at {moment(key.since)}; it is left alone until that can be told",
            "yellow",
            indent=2,
        )


def request_line(screen: Screen, result: RunResult) -> None:
    """How many requests each tenant saw."""
    said = [f"{tenant.tenant} {sum(sum(methods.values()) for methods in tenant.requests.values())}" for tenant in result.tenants]
    screen.say(f"Requests: {', '.join(said)}.", "dim")


def total_line(screen: Screen, result: RunResult) -> None:
    """One line: changes, how many run by themselves, how many wait for officers."""
    changes = [progress.change for tenant in result.tenants for progress in tenant.changes]
    words = [
        f"{sum(change.direction is one for change in changes)} {DIRECTIONS[one]}" for one in DIRECTIONS if any(c.direction is one for c in changes)
    ]
    refused = sum(bool(change.refusals) for change in changes)
    detail = f" ({', '.join(words)}), {refused} refused" if changes else ""
    screen.say()
    screen.say(f"Total: {many(len(changes), 'change')}{detail}; {sum(len(tenant.drift) for tenant in result.tenants)} changed outside.", "bold")
