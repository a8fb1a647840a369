"""Why a change may not run now, and what would allow it. Pure; every refusal is a value.

A guard without its input refuses. The hold lane is never refused by a check, a threshold, a mode or an unproven capability (design, promise 3):
only another tenant, a missing right, or an act that takes protection away without two officers stops a change there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connectors.base import Lane
from connectors.examination import Capability, WriteCapability
from policies.district import Mode, Thresholds
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import KindRead, ReadState
from sync.approvals import needed
from sync.plan import Change, Operation, Refusal
from sync.project import Verdict, differing_fields

_OFFICERS: Final = {1: "one officer's approval", 2: "two officers' approvals"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardInput:
    """What the guards look at, for one tenant and lane. None means that nobody could tell, and refuses.

    ``approvals`` counts valid approvals by change id (role, age and distinctness already checked: ``approvals.admissible``). ``verdicts`` says by
    change id whose protection a change touches (``project.walk``); one that is not in it may touch anybody's. ``same_tenant`` is whether the tenant
    that answered is the pinned one. ``rests_on`` gives the keys that each key stands on.
    """

    mode: Mode | None
    thresholds: Thresholds | None
    capabilities: Mapping[Kind, Capability]
    reads: Mapping[Kind, KindRead]
    approvals: Mapping[str, int]
    open_matter_places: frozenset[str] | None
    attended: bool
    lane: Lane
    same_tenant: bool | None = True
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    rests_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def guard(changes: Sequence[Change], inputs: GuardInput) -> tuple[Change, ...]:
    """``changes`` with every refusal that stands against each; those without one may run, in this order."""
    checked = tuple(_with(change, tuple(_refusals(change, inputs))) for change in changes)
    checked = _with_dependents(checked, inputs.rests_on)
    if inputs.lane is Lane.HOLD or inputs.attended:
        return checked
    return _within_thresholds(checked, inputs)


def runnable(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes that nothing stands against."""
    return tuple(change for change in changes if not change.refusals)


def _with(change: Change, refusals: tuple[Refusal, ...]) -> Change:
    return replace(change, refusals=(*change.refusals, *refusals)) if refusals else change


def _refusals(change: Change, inputs: GuardInput) -> Iterator[Refusal]:
    if inputs.lane is Lane.HOLD:
        yield from _hold_lane(change, inputs)
        return
    if inputs.same_tenant is not True:
        yield _another_tenant(known=inputs.same_tenant is not None)
    yield from _capability(change, inputs)
    yield from _reading(change, inputs)
    yield from _open_matters(change, inputs)
    yield from _approval(change, inputs)


def _hold_lane(change: Change, inputs: GuardInput) -> Iterator[Refusal]:
    if inputs.same_tenant is False:
        yield _another_tenant(known=True)
    capability = inputs.capabilities.get(change.kind)
    if capability is not None and capability.cannot_be_tried:
        yield _cannot_write(change, capability)
    if takes_away(change) and inputs.approvals.get(change.id, 0) < needed(Direction.WEAKENS, inputs.mode):
        yield _short(change, inputs, "direction.weakens")


def takes_away(change: Change) -> bool:
    """Whether the change can take something from a hold: making one, adding to one, switching it on and asking again never do.

    They go however they were judged.
    """
    additions = {Operation.CREATE, Operation.ADD, Operation.RETRY}
    return change.direction is Direction.WEAKENS and change.operation not in additions and not _switches_on(change)


def _switches_on(change: Change) -> bool:
    """Whether the change sets nothing but that the object is on, and what it is called."""
    fields = differing_fields(change)
    return change.operation is Operation.SET and fields <= {"enabled", "description"} and (change.after or {}).get("enabled") is True


def _another_tenant(*, known: bool) -> Refusal:
    message = "Another tenant answers under this id." if known else "Which tenant answers could not be confirmed."
    return Refusal(code="tenant.identity_changed", message=message, allowed_by="settings that lead to the tenant that was met first")


def _capability(change: Change, inputs: GuardInput) -> Iterator[Refusal]:
    capability = inputs.capabilities.get(change.kind)
    if capability is not None and capability.barred:
        yield _cannot_write(change, capability)
    elif capability is None or capability.write is not WriteCapability.PROVEN:
        yield Refusal(
            code="capability.unproven",
            message=f"Nobody has shown yet that {change.kind.value} can be written and read back in this tenant.",
            allowed_by=f"an officer's doctor --prove {change.kind.value}",
        )


def _cannot_write(change: Change, capability: Capability) -> Refusal:
    reason = f" ({capability.reason})" if capability.reason else ""
    return Refusal(
        code="capability.missing",
        message=f"{change.kind.value} cannot be written in this tenant{reason}.",
        allowed_by=capability.next_step or "the right to write it, or the by-hand sheet",
    )


def _reading(change: Change, inputs: GuardInput) -> Iterator[Refusal]:
    """Nothing that makes, replaces or shrinks is written for a kind that was not completely read."""
    read = inputs.reads.get(change.kind)
    if read is not None and read.state is ReadState.COMPLETE:
        return
    if change.operation is not Operation.CREATE and change.direction is not Direction.WEAKENS:
        return
    code = "kind.partial" if read is not None and read.state is ReadState.PARTIAL else "kind.unknown"
    if any(refusal.code == code for refusal in change.refusals):
        return
    reason = read.reason if read is not None and read.reason else "it was not read"
    yield Refusal(
        code=code,
        message=f"{change.kind.value} could not be read in full ({reason}), so absence and effect are not known.",
        allowed_by="a complete read",
    )


def _open_matters(change: Change, inputs: GuardInput) -> Iterator[Refusal]:
    if change.direction is not Direction.WEAKENS:
        return
    places = inputs.open_matter_places
    if places is None:
        message = "Whether a matter is open for these people and places is not known."
    elif places and _meets(inputs.verdicts.get(change.id), places):
        message = "A matter is open for people or places whose records could be deleted sooner."
    else:
        return
    yield Refusal(code="matter.open", message=message, allowed_by="the matter's own release")


def _meets(verdict: Verdict | None, places: frozenset[str]) -> bool:
    return verdict is None or any(verdict.touches(place.lower()) for place in places)


def _approval(change: Change, inputs: GuardInput) -> Iterator[Refusal]:
    mode = inputs.mode
    if mode is None or mode is Mode.OBSERVE:
        message = "This tenant is only observed." if mode is not None else "The tenant's mode is not known."
        yield Refusal(code="mode.observe", message=message, allowed_by="mode propose or enforce in district.yaml")
        return
    if inputs.approvals.get(change.id, 0) < _wanted(change, inputs):
        weakens = change.direction is Direction.WEAKENS
        yield _short(change, inputs, "direction.weakens" if weakens else "approval.locking" if change.locks else "mode.propose")


def _wanted(change: Change, inputs: GuardInput) -> int:
    return needed(change.direction, inputs.mode, locks=change.locks)


def _short(change: Change, inputs: GuardInput, unattended_code: str) -> Refusal:
    wanted, got = _wanted(change, inputs), inputs.approvals.get(change.id, 0)
    what = "The tenant's mode asks for approval first"
    if change.direction is Direction.WEAKENS:
        what = "Records could be deleted sooner than now"
    elif change.locks:
        what = "It locks what carries it as a record, which nobody can take back"
    return Refusal(
        code="approval.missing" if inputs.attended else unattended_code,
        message=f"{what}; {got} of {wanted} approvals are there.",
        allowed_by=f"{_OFFICERS[wanted]} of {change.id}",
    )


def _with_dependents(changes: tuple[Change, ...], rests_on: Mapping[str, tuple[str, ...]]) -> tuple[Change, ...]:
    """What rests on an object that is not made now is not made either, for the same reason."""
    stopped: dict[str, Refusal] = {}
    checked = []
    for change in changes:
        inherited = change
        if not change.refusals:
            inherited = _with(change, _inherited(change, rests_on.get(change.key, ()), stopped))
        if inherited.refusals and inherited.operation is Operation.CREATE:
            stopped[change.key] = inherited.refusals[0]
        checked.append(inherited)
    return tuple(checked)


def _inherited(change: Change, keys: tuple[str, ...], stopped: Mapping[str, Refusal]) -> tuple[Refusal, ...]:
    parents = (change.key, *((change.parent,) if change.parent is not None else ()), *keys)
    for key in parents:
        if key in stopped:
            cause = stopped[key]
            return (Refusal(code=cause.code, message=f"It rests on {key}, which is not made: {cause.message}", allowed_by=cause.allowed_by),)
    return ()


def _within_thresholds(changes: tuple[Change, ...], inputs: GuardInput) -> tuple[Change, ...]:
    """Beyond one threshold nothing of the tenant's sync lane runs; what officers approved is not counted, and waits with the rest."""
    counted = tuple(change for change in runnable(changes) if inputs.approvals.get(change.id, 0) < max(1, _wanted(change, inputs)))
    refusal = _beyond(counted, inputs.thresholds)
    if refusal is None:
        return changes
    return tuple(_with(change, (refusal,)) if not change.refusals else change for change in changes)


def _beyond(counted: Sequence[Change], thresholds: Thresholds | None) -> Refusal | None:
    if thresholds is None:
        return Refusal(code="threshold.changes", message="The thresholds are not known.", allowed_by="a readable district.yaml")
    people = sum(change.people for change in counted)
    weakening = sum(change.direction is Direction.WEAKENS for change in counted)
    for code, count, limit, what in (
        ("threshold.changes", len(counted), thresholds.changes, "changes"),
        ("threshold.people", people, thresholds.people, "people"),
        ("threshold.changes", weakening, thresholds.weaken, "changes that weaken"),
    ):
        if count > limit:
            return Refusal(
                code=code,
                message=f"This run would make {count} {what}, more than the {limit} that it may make unattended.",
                allowed_by="apply of the approved plan, or a higher threshold that two officers accept",
            )
    return None
