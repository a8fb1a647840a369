"""What runs found and did as the contract's JSON: ``tenants.ID`` and the problems that stand beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sync.drift import next_step
from sync.wording import change_document, drift_document, instant, kind_document, problem_document, ref_document

if TYPE_CHECKING:
    from connectors.examination import Capability, Examination, PersonSignedIn, VisibilityCheck
    from sync.difference import InFlight
    from sync.ledger import Progress
    from sync.result import TenantResult
    from sync.settle import OpenKey
    from sync.store.approvals import KeptApproval


def examination_document(seen: Examination) -> dict[str, object]:
    """``identity``, ``surfaces``, ``licences`` and the permissions that were ``refused``."""
    who = seen.identity
    return {
        "identity": {
            "vendor_id": who.vendor_id,
            "domain": who.domain,
            "domains": list(who.domains),
            "actor": who.actor,
            "skew_seconds": who.skew_seconds,
        },
        "surfaces": {one.name: {"url": one.url, "ok": one.ok, "detail": one.detail, "next_step": one.next_step} for one in seen.surfaces},
        "licences": dict(sorted(seen.licences.items())),
        "refused": [{"permission": one.permission, "reason": one.reason, "next_step": one.next_step} for one in seen.refused],
        "wanting": [{"permission": one.permission, "reason": one.reason, "next_step": one.next_step} for one in seen.wanting],
        "signed_in": None if seen.signed_in is None else signed_in_document(seen.signed_in),
    }


def signed_in_document(one: PersonSignedIn) -> dict[str, object]:
    """``signed_in``: the administrator beside the program's own identity; never a token."""
    return {
        "account": one.account or None,
        "until": instant(one.until),
        "kept": "encrypted" if one.kept else "memory",
        "scopes": None if one.scopes is None else list(one.scopes),
        "trouble": one.trouble,
    }


def capability_document(one: Capability) -> dict[str, object]:
    """``capabilities[]``."""
    return {
        "kind": one.kind.value,
        "read": one.read.value,
        "write": one.write.value,
        "surface": one.surface,
        "version": one.version,
        "reason": one.reason,
        "proven_at": instant(one.proven_at),
        "next_step": one.next_step,
        "account": one.account,
    }


def check_document(one: VisibilityCheck) -> dict[str, object]:
    """``visibility_checks[]``."""
    return {"kind": one.kind.value, "name": one.name, "seen": one.seen, "made_by_us": one.made_by_us}


def approval_document(one: KeptApproval, *, stale: bool) -> dict[str, object]:
    """``approvals[{change,officer,at,expires,stale}]``, and which way it went."""
    return {
        "change": one.change,
        "officer": one.officer,
        "verdict": one.verdict,
        "at": instant(one.at),
        "expires": instant(one.expires),
        "stale": stale,
    }


def in_flight_document(one: InFlight) -> dict[str, object]:
    """What the platform accepted and has not brought into force."""
    return {"key": one.key, "kind": one.kind.value, "vendor_id": one.vendor_id, "since": instant(one.since), "overdue": one.overdue}


def open_document(one: OpenKey) -> dict[str, object]:
    """A key that an unsettled intent blocks."""
    return {"key": one.key, "change": one.change, "since": instant(one.since)}


def tenant_document(one: TenantResult, approvals: Mapping[str, Sequence[KeptApproval]]) -> dict[str, object]:
    """``tenants.ID`` of a run."""
    seen: dict[str, object] = {"identity": None, "surfaces": {}, "licences": {}}
    if one.examination is not None:
        seen = examination_document(one.examination)
    return {
        **seen,
        "capabilities": [capability_document(capability) for capability in one.capabilities],
        "kinds": {kind.value: kind_document(read) for kind, read in sorted(one.kinds.items())},
        "drift": [{**drift_document(drift), "next_step": next_step(drift)} for drift in one.drift],
        "changes": [change_document(progress, _said(progress, approvals.get(progress.change.id, ()))) for progress in one.changes],
        "unmanaged": [ref_document(ref) for ref in one.unmanaged],
        "in_flight": [in_flight_document(flight) for flight in (*one.in_flight, *one.overdue)],
        "blocked": [open_document(key) for key in one.blocked],
        "requests": {surface: dict(methods) for surface, methods in sorted(one.requests.items())},
        "error": None if one.error is None else problem_document(one.error),
    }


def _said(progress: Progress, verdicts: Sequence[KeptApproval]) -> tuple[dict[str, object], ...]:
    """What officers said of a change; what let it run is not stale in the run's own answer, though it is spent by now."""
    return tuple(approval_document(one, stale=one.spent and progress.sent is None) for one in verdicts)
