"""Differences in what is ours: changed, gone, wanted by nobody, doubled, or out of sight. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from policies.keys import is_taken
from policies.kinds import TRAITS
from policies.protection import Direction
from policies.resources import Force, Live, Value
from sync.bindings import Binding, BindingState
from sync.drift.judging import Scene
from sync.drift.values import FORCE, MEMBERS, Drift, DriftClass, Since, drift_of
from sync.equality import apart
from sync.matching import switched_off


def bound(scene: Scene, bindings: Mapping[str, Binding], wanted: frozenset[str] | None) -> Iterator[Drift]:
    """What is bound and differs from the form last read back. Gone is said only of what a complete read did not show."""
    for key, binding in sorted(bindings.items()):
        live = scene.live(binding.kind, binding.vendor_id)
        if live is None:
            if scene.snapshot.complete(binding.kind):
                yield _missing(scene, binding)
            continue
        yield from _changed(scene, binding, live)
        if wanted is not None and key not in wanted and not is_taken(key) and not TRAITS[binding.kind].hold_lane:
            yield _stray(scene, live, key, DriftClass.ORPHANED, binding.verified_at)


def last_seen(binding: Binding) -> datetime:
    """When the object was last read back as it should be."""
    return binding.verified_at or binding.effective_at or binding.accepted_at


def as_applied(binding: Binding) -> Live:
    """The object as it was last read back, in force."""
    return Live(
        kind=binding.kind,
        vendor_id=binding.vendor_id,
        name=binding.name,
        fields=binding.fields,
        members=binding.members,
        mark=binding.mark,
        parent_id=binding.parent_id,
        force=Force.APPLIED,
    )


def _missing(scene: Scene, binding: Binding) -> Drift:
    return drift_of(
        scene.tenant,
        DriftClass.MISSING,
        binding.kind,
        key=binding.key,
        vendor_id=binding.vendor_id,
        name=binding.name,
        applied={**binding.fields, MEMBERS: tuple(sorted(binding.members))},
        direction=scene.since_gone(as_applied(binding)),
        since=Since(earliest=last_seen(binding), latest=scene.snapshot.at),
    )


def _changed(scene: Scene, binding: Binding, live: Live) -> Iterator[Drift]:
    names = apart(binding.fields, live.fields)
    was: dict[str, Value] = {name: binding.fields.get(name) for name in names}
    now: dict[str, Value] = {name: live.fields.get(name) for name in names}
    # In what is everybody's, others' members are no business of ours.
    in_it = live.members & binding.members if TRAITS[binding.kind].shared else live.members
    if binding.members != in_it:
        was[MEMBERS], now[MEMBERS] = tuple(sorted(binding.members)), tuple(sorted(in_it))
    if binding.state is BindingState.IN_FORCE and live.force is Force.OFF:
        was[FORCE], now[FORCE] = Force.APPLIED.value, live.force.value
    if not was:
        return
    direction = scene.since_changed(as_applied(binding), live)
    only_joined = set(was) == {MEMBERS} and binding.members <= live.members
    if only_joined and direction is not Direction.WEAKENS:
        return  # members that others add to ours stay, and count neither as ours nor as a difference
    yield drift_of(
        scene.tenant,
        DriftClass.CHANGED,
        binding.kind,
        key=binding.key,
        vendor_id=live.vendor_id,
        name=live.name,
        applied=was,
        live=now,
        direction=direction,
        since=Since(earliest=last_seen(binding), latest=scene.snapshot.at),
    )


def strays(scene: Scene, bindings: Mapping[str, Binding], district: str | None) -> Iterator[Drift]:
    """What carries our mark and is not bound: a second object with one mark, or one whose binding nobody has."""
    known = {(binding.kind, binding.vendor_id) for binding in bindings.values()}
    for live in scene.snapshot.resources:
        mark = live.mark
        if mark is None or not is_ours(live, district) or (live.kind, live.vendor_id) in known:
            continue
        twin = bindings.get(mark.key)
        if twin is not None and mark.generation < twin.generation:
            continue  # an older generation, kept on purpose beside the one that replaced it
        doubled = any(other is not live and other.mark == mark for other in scene.snapshot.of(live.kind))
        taken = twin is not None and mark.generation == twin.generation and scene.live(twin.kind, twin.vendor_id) is not None
        if doubled or taken:
            if not switched_off(live):  # what holds nobody, as a second hold does that was ended, is no difference
                yield _stray(scene, live, mark.key, DriftClass.DUPLICATE, None)
            continue
        yield _stray(scene, live, mark.key, DriftClass.ORPHANED, None)


def is_ours(live: Live, district: str | None) -> bool:
    """Whether the object carries a mark of this district; without knowing the district, any mark counts."""
    return live.mark is not None and district in (None, live.mark.district)


def _stray(scene: Scene, live: Live, key: str, drift: DriftClass, earliest: datetime | None) -> Drift:
    """Found and reported; two objects with one mark have the same key, so the vendor's id tells their drifts apart."""
    return drift_of(
        scene.tenant,
        drift,
        live.kind,
        key=key if drift is DriftClass.ORPHANED else None,
        vendor_id=live.vendor_id,
        name=live.name,
        live=live.fields,
        direction=Direction.NEUTRAL,
        since=Since(earliest=earliest, latest=scene.snapshot.at),
    )


def blind_spots(scene: Scene, bindings: Mapping[str, Binding]) -> Iterator[Drift]:
    """Kinds of which we hold objects that this read could not show: one finding for each, whatever hides behind it."""
    unseen = [binding for binding in bindings.values() if scene.live(binding.kind, binding.vendor_id) is None]
    for kind in sorted({binding.kind for binding in unseen}):
        if not scene.snapshot.complete(kind):
            yield drift_of(
                scene.tenant,
                DriftClass.BLIND_SPOT,
                kind,
                # What cannot be computed counts as weakening.
                direction=Direction.WEAKENS,
                since=Since(earliest=min(last_seen(one) for one in unseen if one.kind is kind), latest=scene.snapshot.at),
            )
