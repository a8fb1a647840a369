"""A plan as Markdown, for a pull request or a ticket: what was changed outside first, then the changes, then one line that totals them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from policies.duties import StandingValue
from policies.protection import Direction
from reports.words import DIRECTIONS, KINDS, LOGS, OPERATIONS, SORTS, STANDINGS, WORKLOADS, many, reason, visible
from sync.drift import Drift
from sync.ledger import Progress
from sync.result import RunResult, TenantResult

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#|~]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"})
_OUT_OF_REACH = (StandingValue.NOT_ENFORCEABLE, StandingValue.NOT_LICENSED)


def escaped(text: object) -> str:
    """``text`` so that Markdown and HTML show it letter by letter: no link, no mention, no cell of its own."""
    return _SPECIAL.sub(r"\\\1", visible(str(text)).translate(_HTML).replace("&#64;", "\0")).replace("\0", "&#64;")


def plan_markdown(result: RunResult) -> str:
    """The whole plan of every tenant. Names of people are not in it; members are counts."""
    drift = [one for tenant in result.tenants for one in tenant.drift]
    changes = [one for tenant in result.tenants for one in tenant.changes]
    blocks = ["## Changed outside Recordwarden", _drift(drift), "## Changes", _changes(changes), "## Cannot be enforced", _reach(result.tenants)]
    shown = _controls(result.tenants)
    if shown:
        blocks += ["## Duties that settings show", shown]
    unread = _unread(result.tenants)
    if unread:
        blocks += ["## Not read", unread]
    return "\n\n".join([*blocks, _total(result, drift, changes)]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows)])


def _drift(drift: Sequence[Drift]) -> str:
    if not drift:
        return "Nothing."
    rows = [
        (
            one.tenant, SORTS[one.drift.value], f"{KINDS[one.kind]} {one.name or one.vendor_id}", DIRECTIONS[one.direction.value],
            ", ".join(one.fields) or "-", f"{one.since.latest:%Y-%m-%d %H:%M} UTC", LOGS[one.attribution.state.value],
        )
        for one in drift
    ]
    return _table(("Cloud", "What", "Object", "Effect", "Settings", "First seen", "Vendor's log"), rows)


def _changes(changes: Sequence[Progress]) -> str:
    if not changes:
        return "None."
    rows = []
    for progress in changes:
        change = progress.change
        because = change.because
        where = f"{because.file or 'policy.yaml'}:{because.row}" if because.row else ""
        line = f"hold {because.matter}" if because.matter else f"{because.line} ({because.series}) {where}".strip()
        stops = ", ".join(refusal.code for refusal in change.refusals) or "-"
        rows.append(
            (
                change.tenant, OPERATIONS[change.operation.value], f"{KINDS[change.kind]} {change.name}", DIRECTIONS[change.direction.value], line,
                f"+{len(change.add)} -{len(change.remove)}", progress.status.value, stops, change.id,
            )
        )
    return _table(("Cloud", "Act", "Object", "Effect", "Because of", "Members", "Status", "Stopped by", "Change"), rows)


def _reach(tenants: Sequence[TenantResult]) -> str:
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for tenant in tenants:
        for one in tenant.standings:
            if one.standing in _OUT_OF_REACH and one.series is not None and one.workload is not None:
                key = (one.series, tenant.tenant, STANDINGS[one.standing], reason(one.reason))
                found.setdefault(key, []).append(WORKLOADS[one.workload])
    if not found:
        return "Nothing that was assessed."
    rows = ((*key[:2], ", ".join(dict.fromkeys(places)), *key[2:]) for key, places in sorted(found.items()))
    return _table(("Series", "Cloud", "Where", "Standing", "Why"), rows)


def _controls(tenants: Sequence[TenantResult]) -> str:
    rows = [
        (one.line, tenant.tenant, STANDINGS[one.standing], "-" if one.reason is None else reason(one.reason))
        for tenant in tenants for one in tenant.standings if one.series is None
    ]
    return _table(("Control", "Cloud", "Standing", "Why"), sorted(rows)) if rows else ""


def _unread(tenants: Sequence[TenantResult]) -> str:
    rows = [
        (tenant.tenant, KINDS[kind], read.state.value, reason(read.reason))
        for tenant in tenants for kind, read in tenant.kinds.items() if read.state.value != "complete" and kind in tenant.needed
    ]
    return _table(("Cloud", "Kind", "Read", "Why"), rows) if rows else ""


def _total(result: RunResult, drift: Sequence[Drift], changes: Sequence[Progress]) -> str:
    by = {direction: sum(one.change.direction is direction for one in changes) for direction in Direction}
    words = ", ".join(f"{by[direction]} {DIRECTIONS[direction.value]}" for direction in Direction)
    stopped = sum(bool(one.change.refusals) for one in changes)
    plan = f" Plan `{result.digest}`." if result.digest else ""
    return f"**{many(len(drift), 'thing')} changed outside; {many(len(changes), 'change')}: {words}; {stopped} stopped.**{plan}"
