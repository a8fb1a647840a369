"""Values as the contract's JSON documents: Change, Drift, Standing, Ref, kinds. The field names are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from connectors.base import Lane
from policies.duties import People
from policies.kinds import Kind
from policies.problems import Problem
from policies.protection import Direction
from policies.resources import Because, Fields, KindRead, Ref, Value
from sync.assess import Standing
from sync.drift import Drift
from sync.ledger import Progress
from sync.plan import Change, Operation, Refusal, plain_fields


def instant(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, or None."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def because_document(because: Because) -> dict[str, object]:
    """``because{file,line,series|matter}``; ``rule`` names the policy line's id."""
    where: dict[str, object] = {"file": because.file, "line": because.row, "rule": because.line}
    if because.matter is not None:
        return {**where, "matter": because.matter}
    return {**where, "series": because.series}


def refusal_document(refusal: Refusal) -> dict[str, object]:
    """``refusals[{code,message,allowed_by}]``."""
    return {"code": refusal.code, "message": refusal.message, "allowed_by": refusal.allowed_by}


def change_document(progress: Progress, approvals: tuple[Mapping[str, object], ...] = ()) -> dict[str, object]:
    """The contract's Change."""
    change = progress.change
    vendor: dict[str, object] = {"id": progress.vendor_id or change.vendor_id, "name": progress.vendor_name or change.name, "error": None}
    if progress.error_code or progress.error:
        vendor["error"] = {"code": progress.error_code, "message": progress.error, "members": dict(sorted(progress.member_errors.items()))}
    elif progress.member_errors:
        vendor["error"] = {"code": "members.refused", "message": None, "members": dict(sorted(progress.member_errors.items()))}
    return {
        "id": change.id,
        "tenant": change.tenant,
        "lane": change.lane.value,
        "kind": change.kind.value,
        "key": change.key,
        "op": change.operation.value,
        "direction": change.direction.value,
        "because": because_document(change.because),
        "before": plain_fields(change.before),
        "after": plain_fields(change.after),
        "members": {"add": sorted(change.add), "remove": sorted(change.remove)},
        "former": sorted(change.former),
        "people": change.people,
        "status": progress.status.value,
        "refusals": [refusal_document(refusal) for refusal in change.refusals],
        "approvals": [dict(approval) for approval in approvals],
        "times": {
            "intent": instant(progress.intent),
            "sent": instant(progress.sent),
            "accepted": instant(progress.accepted),
            "effective": instant(progress.effective),
        },
        "vendor": vendor,
    }


def drift_document(drift: Drift) -> dict[str, object]:
    """The contract's Drift."""
    return {
        "id": drift.id,
        "tenant": drift.tenant,
        "kind": drift.kind.value,
        "key": drift.key,
        "vendor": {"id": drift.vendor_id, "name": drift.name},
        "class": drift.drift.value,
        "fields": list(drift.fields),
        "applied": plain_fields(drift.applied),
        "live": plain_fields(drift.live),
        "direction": drift.direction.value,
        "since": {"earliest": instant(drift.since.earliest), "latest": instant(drift.since.latest)},
        "attribution": {
            "state": drift.attribution.state.value,
            "actor": drift.attribution.actor,
            "at": instant(drift.attribution.at),
            "event": drift.attribution.event,
            "reason": drift.attribution.reason,
        },
    }


def standing_document(standing: Standing) -> dict[str, object]:
    """The contract's Standing."""
    return {
        "tenant": standing.tenant,
        "line": standing.line,
        "series": standing.series,
        "population": standing.population,
        "workload": standing.workload.value if standing.workload else None,
        "standing": standing.standing.value,
        "reason": standing.reason,
        "since": instant(standing.since),
        "people": people_document(standing.people),
        "evidence": list(standing.evidence),
    }


def kind_document(read: KindRead) -> dict[str, object]:
    """``kinds{KIND:{state,reason,count}}``."""
    return {"state": read.state.value, "reason": read.reason, "count": read.count}


def ref_document(ref: Ref) -> dict[str, object]:
    """The contract's Ref."""
    return {"tenant": ref.tenant, "kind": ref.kind.value, "vendor_id": ref.vendor_id, "name": ref.name, "mark": str(ref.mark) if ref.mark else None}


def people_document(people: People) -> dict[str, object]:
    """Counts of people; unknown is null, never 0."""
    return {"covered": people.covered, "not_covered": people.not_covered, "unknown": people.unknown}


def problem_document(problem: Problem) -> dict[str, object]:
    """The contract's Problem."""
    where = problem.where
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "tenant": problem.tenant,
        "subject": problem.subject,
        "where": None if where is None else {"file": where.file, "line": where.line, "column": where.column},
        "message": problem.message,
        "next_step": problem.next_step,
    }


def change_value(change: Change) -> dict[str, object]:
    """Every field of a change as JSON, so that ``change_from`` gives the same change with the same id."""
    return {
        "tenant": change.tenant,
        "tenant_identity": change.tenant_identity,
        "lane": change.lane.value,
        "kind": change.kind.value,
        "key": change.key,
        "name": change.name,
        "operation": change.operation.value,
        "direction": change.direction.value,
        "generation": change.generation,
        "because": asdict(change.because),
        "vendor_id": change.vendor_id,
        "parent": change.parent,
        "before": plain_fields(change.before),
        "after": plain_fields(change.after),
        "add": sorted(change.add),
        "remove": sorted(change.remove),
        "former": sorted(change.former),
        "people": change.people,
        "refusals": [refusal_document(refusal) for refusal in change.refusals],
        "touched": sorted(change.identities_touched),
    }


def change_from(value: Mapping[str, Any]) -> Change:
    """The change that ``change_value`` wrote. Raises KeyError or ValueError for anything else."""
    return Change(
        **{name: value[name] for name in ("tenant", "tenant_identity", "key", "name", "generation", "vendor_id", "parent", "people")},
        lane=Lane(value["lane"]),
        kind=Kind(value["kind"]),
        operation=Operation(value["operation"]),
        direction=Direction(value["direction"]),
        because=Because(**value["because"]),
        before=normal_form(value["before"]),
        after=normal_form(value["after"]),
        refusals=tuple(Refusal(**refusal) for refusal in value["refusals"]),
        add=frozenset(value["add"]),
        remove=frozenset(value["remove"]),
        former=frozenset(value["former"]),
        identities_touched=frozenset(value["touched"]),
    )


def normal_form(fields: Mapping[str, object] | None) -> Fields | None:
    """A normal form from its JSON object; lists become tuples. Raises ValueError for what is part of no normal form."""
    return None if fields is None else {name: _value(value) for name, value in fields.items()}


def _value(value: object) -> Value:
    if isinstance(value, list):
        return tuple(_value(item) for item in value)
    if value is None or isinstance(value, str | int | bool):
        return value
    raise ValueError(f"{type(value).__name__} is not part of a normal form")
