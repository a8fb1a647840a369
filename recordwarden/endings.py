"""From what a run found and did to the contract's exit code, and to the problems that are told with it."""

from __future__ import annotations

from policies.problems import Problem, Severity
from policies.resources import ReadState
from recordwarden.exits import Exit, worst
from sync.ends import is_end
from sync.ledger import Progress
from sync.plan import ChangeStatus
from sync.result import RunResult, TenantResult

NOT_KNOWN = frozenset({"capability.unproven", "kind.unknown", "kind.partial"})
"""Refusals that say: it is not known here whether this may be done."""
NOT_SETTLED = frozenset({"intent.open", "read_back.failed"})
"""Errors that leave open whether it was done."""
DONE = frozenset({ChangeStatus.SENT, ChangeStatus.ACCEPTED, ChangeStatus.EFFECTIVE})


def looking(result: RunResult, *, changes: bool) -> Exit:
    """How ``plan`` (``changes``: they count) or ``drift`` ends."""
    found = _reached(result)
    for tenant in result.tenants:
        left = tenant.drift or (changes and tenant.changes)
        found.append(Exit.LEFT if left else Exit.DONE)
    return worst(*found)


def acting(result: RunResult) -> Exit:
    """How ``sync`` or ``apply`` ends."""
    found = _reached(result)
    for tenant in result.tenants:
        found += [_change(progress) for progress in tenant.changes]
        found += [Exit.IN_FLIGHT] if tenant.in_flight or tenant.overdue else []
        found += [Exit.UNKNOWN] if tenant.blocked else []
        found += [Exit.LEFT] if drift_left(tenant) else []
    found += [Exit.REFUSED] if result.stale else []
    return worst(*found)


def drift_left(tenant: TenantResult) -> bool:
    """Whether something that was changed outside is still so after the run."""
    done = [progress.change for progress in tenant.changes if progress.status in DONE]
    repaired, ended = {change.key for change in done}, {change.vendor_id for change in done if is_end(change)}
    return any(drift.key not in repaired and drift.vendor_id not in ended for drift in tenant.drift)


def _reached(result: RunResult) -> list[Exit]:
    """All tenants failed: 1. Some did, or a needed kind was not seen completely: 3."""
    failed = [tenant for tenant in result.tenants if tenant.error is not None]
    if failed and len(failed) == len(result.tenants):
        return [Exit.ERROR]
    partly = any(tenant.kinds[kind].state is not ReadState.COMPLETE for tenant in result.tenants for kind in tenant.needed if kind in tenant.kinds)
    return [Exit.UNKNOWN] if failed or partly else []


def _change(progress: Progress) -> Exit:
    status = progress.status
    if status is ChangeStatus.REFUSED:
        return Exit.UNKNOWN if {refusal.code for refusal in progress.change.refusals} & NOT_KNOWN else Exit.REFUSED
    if status is ChangeStatus.FAILED:
        return Exit.UNKNOWN if progress.error_code in NOT_SETTLED else Exit.REFUSED
    if status is ChangeStatus.ACCEPTED or progress.waits:
        return Exit.IN_FLIGHT
    return Exit.LEFT if status in {ChangeStatus.PLANNED, ChangeStatus.APPROVED} else Exit.DONE


def problems_of(result: RunResult) -> tuple[Problem, ...]:
    """Every problem of a run, and a warning for each kind that was needed and not completely seen."""
    found = list(result.problems)
    for tenant in result.tenants:
        found += [tenant.error] if tenant.error else []
        found += tenant.problems
        if tenant.error is None:
            found += unread(tenant)
    return tuple(found)


def unread(tenant: TenantResult) -> list[Problem]:
    """A warning for each kind that this run needed and that was not completely seen."""
    return [
        Problem(
            code="kind.not_complete",
            severity=Severity.WARNING,
            tenant=tenant.tenant,
            subject=kind.value,
            message=f"{kind.value} was not seen completely ({read.state.value}: {read.reason}).",
            next_step="recordwarden doctor",
        )
        for kind, read in sorted(tenant.kinds.items())
        if kind in tenant.needed and read.state.value != "complete"
    ]
