"""The tenant as if changes were done and in force, and the direction of each step of a plan, computed from that. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from connectors.places import UnknownSettingError
from policies.effects import Effect
from policies.kinds import TRAITS, Kind
from policies.protection import Direction
from policies.resources import Force, Live, MemberState, Snapshot
from policies.simulator import judge
from sync.plan import Change, Operation
from sync.reach import Reach, reaching
from sync.views import NotComputableError, computable, holds_alone, readings, settled, unreadable

EffectsOf: TypeAlias = Callable[[Snapshot], tuple[Effect, ...]]
_Step: TypeAlias = "Callable[[Snapshot, Snapshot, EffectsOf], Verdict]"
_KEEPING: Final = frozenset({"keep", "review"})
NO_IDS: Final[Mapping[str, str]] = MappingProxyType({})


class _Weight(IntEnum):
    """Which of several views decides: one that weakens, else one that strengthens, since the others then stay as they are."""

    NEUTRAL = 0
    STRENGTHENS = 1
    WEAKENS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one step does to protection and, where it weakens, to whose in each view. ``reach`` None: it cannot be said, so it may be anybody's."""

    direction: Direction
    reach: tuple[Reach, ...] | None = ()
    reason: str | None = None

    def touches(self, place: str) -> bool:
        """Whether ``place`` (in lower case) may be worse protected afterwards."""
        return self.reach is None or any(view.touches(place) for view in self.reach)


def synthetic_id(key: str) -> str:
    """The vendor id that an object of ours stands under before the vendor has given it one."""
    return f"new:{key}"


def project(snapshot: Snapshot, change: Change, vendor_ids: Mapping[str, str] = NO_IDS) -> Snapshot:
    """The tenant as if ``change`` were done and in force.

    ``vendor_ids`` gives the vendor id of existing objects by key (``DiffResult.vendor_ids``), for parents that carry no mark. Raises
    ``NotComputableError`` where the object, or the one around it, was not seen, or the operation has no projection.
    """
    if change.operation is Operation.CREATE:
        return replace(snapshot, resources=(*snapshot.resources, _made(snapshot, change, vendor_ids)))
    target = _target(snapshot, change)
    if change.operation is Operation.RELEASE:
        return replace(snapshot, resources=tuple(live for live in snapshot.resources if live is not target))
    after = _after(target, change)
    return replace(snapshot, resources=tuple(after if live is target else live for live in snapshot.resources))


def _made(snapshot: Snapshot, change: Change, vendor_ids: Mapping[str, str]) -> Live:
    return Live(
        kind=change.kind,
        vendor_id=synthetic_id(change.key),
        name=change.name,
        fields=dict(change.after or {}),
        members=change.add,
        member_states={member: MemberState(force=Force.APPLIED) for member in change.add},
        parent_id=None if change.parent is None else _parent_id(snapshot, change.parent, vendor_ids),
        force=Force.APPLIED,
    )


def _parent_id(snapshot: Snapshot, key: str, vendor_ids: Mapping[str, str]) -> str:
    """The object of that key as it stands in ``snapshot``: made by the plan, else known by id, else by its mark."""
    there = {live.vendor_id for live in snapshot.resources}
    for vendor_id in (synthetic_id(key), vendor_ids.get(key)):
        if vendor_id in there:
            return vendor_id
    for live in snapshot.resources:
        if live.mark is not None and live.mark.key == key:
            return live.vendor_id
    raise NotComputableError(f"what {key} would be part of was not seen")


def _target(snapshot: Snapshot, change: Change) -> Live:
    vendor_id = change.vendor_id if change.vendor_id is not None else synthetic_id(change.key)
    for live in snapshot.resources:
        if live.kind is change.kind and live.vendor_id == vendor_id:
            return live
    raise NotComputableError(f"{change.kind.value} {change.key} was not seen")


def _after(live: Live, change: Change) -> Live:
    states = {member: state for member, state in live.member_states.items() if member not in change.remove}
    match change.operation:
        case Operation.SET:
            # A set makes the platform distribute again, so what had failed may come into force with it; only `enabled` false keeps it off.
            states |= {member: MemberState(force=Force.APPLIED) for member in change.add}
            fields, members = {**live.fields, **(change.after or {})}, live.members | change.add
            if live.fields.get("enabled") is False and fields.get("enabled") is not False:
                states = {member: _switched_on(state) for member, state in states.items()}
            return replace(live, fields=fields, members=members, member_states=states, force=Force.APPLIED)
        case Operation.ADD:
            states |= {member: MemberState(force=Force.APPLIED) for member in change.add}
            return replace(live, members=live.members | change.add, member_states=states, force=Force.APPLIED)
        case Operation.REMOVE:
            return replace(live, members=live.members - change.remove, member_states=states)
        case Operation.RETRY:
            states = {member: replace(state, force=Force.APPLIED) for member, state in states.items()}
            return replace(live, member_states=states, force=Force.APPLIED)
        case _:
            raise NotComputableError(f"{change.operation.value} has no projection")


def _switched_on(state: MemberState) -> MemberState:
    """A member that was off because what it is in was off."""
    return replace(state, force=Force.APPLIED) if state.force is Force.OFF else state


def judge_step(before: Snapshot, after: Snapshot, effects_of: EffectsOf) -> Verdict:
    """The direction of the step from ``before`` to ``after``, both as things are now and as they are once everything has arrived."""
    verdicts = [_judged(effects_of(was), effects_of(will)) for was, will in _views(before, after)]
    deciding = max(verdicts, key=lambda verdict: _Weight[verdict.direction.name])
    return replace(deciding, reach=tuple(reach for verdict in verdicts for reach in verdict.reach or ()))


def _judged(before: tuple[Effect, ...], after: tuple[Effect, ...]) -> Verdict:
    difference = (Counter(before) - Counter(after)) + (Counter(after) - Counter(before))
    if not difference:
        return Verdict(direction=Direction.NEUTRAL)
    labels = {effect.label for effect in difference}
    if None not in labels:
        # An item carries one label at most, so what other labels do is the same before and after.
        before, after = (tuple(one for one in effects if one.label is None or one.label in labels) for effects in (before, after))
    judgement = judge(before, after)
    if judgement.direction is not Direction.WEAKENS:
        return Verdict(direction=judgement.direction)
    touched = {(effect.platform, workload) for effect in difference for workload in effect.scope.workloads}
    return Verdict(direction=Direction.WEAKENS, reach=tuple(reaching(before, after, touched)), reason=judgement.reason)


def _views(before: Snapshot, after: Snapshot) -> list[tuple[Snapshot, Snapshot]]:
    pairs = list(zip(readings(before), readings(after), strict=True))
    arrived = [(settled(was), settled(will)) for was, will in pairs]
    return pairs + [pair for pair, now in zip(arrived, pairs, strict=True) if pair[0] is not now[0] or pair[1] is not now[1]]


def judge_change(
    change: Change, snapshot: Snapshot, effects_of: EffectsOf, vendor_ids: Mapping[str, str] = NO_IDS
) -> tuple[Verdict, Snapshot]:
    """What ``change`` does to protection in ``snapshot``, and the tenant after it. What cannot be computed weakens, for anybody."""
    try:
        after = project(snapshot, change, vendor_ids)
    except NotComputableError as error:
        return _unknowable(str(error)), snapshot
    if (change.after or {}).get("locked") is True and "locked" in differing_fields(change):
        return _unknowable("a preservation lock cannot be taken back"), after
    harmless = change.kind is Kind.M365_ADAPTIVE_SCOPE or (change.after or {}).get("action") in _KEEPING
    newborn = change.operation is Operation.CREATE and harmless
    return _computed(change.kind, (snapshot, after), effects_of, judge_step, newborn=newborn), after


def judge_between(kind: Kind, before: Snapshot, after: Snapshot, effects_of: EffectsOf) -> Verdict:
    """What it did to records that an object of ``kind`` went from ``before`` to ``after``, both taken as if all had arrived that is on its way."""

    def step(was: Snapshot, now: Snapshot, effects: EffectsOf) -> Verdict:
        return judge_step(settled(was), settled(now), effects)

    return _computed(kind, (before, after), effects_of, step)


def _computed(kind: Kind, worlds: tuple[Snapshot, Snapshot], effects_of: EffectsOf, step: _Step, *, newborn: bool = False) -> Verdict:
    before, after = (holds_alone(world) for world in worlds) if TRAITS[kind].hold_lane else worlds
    reason = computable(kind, after, newborn=newborn)
    if reason is None and any(unreadable(live) for live in _touched(before, after)):
        reason = "the object says something that has no known effect"
    if reason is not None:
        return _unknowable(reason)
    try:
        return step(before, after, effects_of)
    except UnknownSettingError as error:
        return _unknowable(str(error))


def _unknowable(reason: str) -> Verdict:
    return Verdict(direction=Direction.WEAKENS, reach=None, reason=reason)


def _touched(before: Snapshot, after: Snapshot) -> list[Live]:
    """The objects that only one of two states of a tenant has; untouched ones are the same object in both."""
    was, now = {id(live) for live in before.resources}, {id(live) for live in after.resources}
    return [live for live in (*before.resources, *after.resources) if (id(live) in was) is not (id(live) in now)]


def differing_fields(change: Change) -> frozenset[str]:
    """The fields that a change gives another value: what a set sends."""
    before, after = change.before or {}, change.after or {}
    return frozenset(name for name, value in after.items() if name not in before or before[name] != value)


def judge_plan(
    changes: Sequence[Change], snapshot: Snapshot, effects_of: EffectsOf, vendor_ids: Mapping[str, str] = NO_IDS
) -> tuple[Change, ...]:
    """``changes`` in order, each with the direction of its step from the tenant as it is after all steps before it."""
    return tuple(change for change, _ in walk(changes, snapshot, effects_of, vendor_ids))


def walk(
    changes: Sequence[Change], snapshot: Snapshot, effects_of: EffectsOf, vendor_ids: Mapping[str, str] = NO_IDS
) -> tuple[tuple[Change, Verdict], ...]:
    """As ``judge_plan``, with the verdict behind each direction.

    A step is judged twice: after all steps before it, and with only those that it is itself built on. What an earlier step gives must be in force
    before something else may be taken for it (make before break), and an earlier step may fail.
    """
    remembered = _Remembered(effects_of)
    judged: list[tuple[Change, Verdict]] = []
    world = snapshot
    for index, change in enumerate(changes):
        verdict, after = judge_change(change, world, remembered, vendor_ids)
        beneath = _beneath(change, changes[:index])
        if verdict.direction is not Direction.WEAKENS and len(beneath) < index:
            verdict = _joined(verdict, _alone(change, beneath, snapshot, remembered, vendor_ids))
        judged.append((replace(change, direction=verdict.direction), verdict))
        world = after
    return tuple(judged)


def _beneath(change: Change, earlier: Sequence[Change]) -> list[Change]:
    """The earlier steps that ``change`` is built on: those of its own object, of the object around it, and so on outwards."""
    keys = {change.key, change.parent}
    found = []
    for step in reversed(earlier):
        if step.key in keys:
            found.append(step)
            keys.add(step.parent)
    return found[::-1]


def _alone(
    change: Change, beneath: Sequence[Change], snapshot: Snapshot, effects_of: EffectsOf, vendor_ids: Mapping[str, str]
) -> Verdict:
    world = snapshot
    for step in beneath:
        _, world = judge_change(step, world, effects_of, vendor_ids)
    return judge_change(change, world, effects_of, vendor_ids)[0]


def _joined(first: Verdict, second: Verdict) -> Verdict:
    deciding = max(first, second, key=lambda verdict: _Weight[verdict.direction.name])
    unknown = first.reach is None or second.reach is None
    return replace(deciding, reach=None if unknown else (*(first.reach or ()), *(second.reach or ())))


class _Remembered:
    """Effects of the tenants lately looked at: what is after one step is before the next."""

    def __init__(self, effects_of: EffectsOf) -> None:
        self._effects_of = effects_of
        self._last: list[tuple[Snapshot, tuple[Effect, ...]]] = []

    def __call__(self, snapshot: Snapshot) -> tuple[Effect, ...]:
        for known, effects in self._last:
            if known is snapshot:
                return effects
        effects = self._effects_of(snapshot)
        self._last = [(snapshot, effects), *self._last[:5]]
        return effects
