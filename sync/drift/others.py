"""Differences in what is not ours and yet decides when something is deleted: watched from first sight, reported, never repaired. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from connectors.effects import MODELLED
from policies.kinds import TRAITS, Kind
from policies.resources import Force, Live, Snapshot, Value
from sync.bindings import Binding
from sync.drift.judging import Scene
from sync.drift.ours import is_ours
from sync.drift.values import HELD, MEMBERS, Drift, DriftClass, Since, Watched, drift_of, vendor_key
from sync.equality import apart


def watch(snapshot: Snapshot, bindings: Mapping[str, Binding], district: str | None = None) -> Mapping[str, Watched]:
    """Every object in the snapshot that is not ours and has a say in when something is deleted, as it is now."""
    return {
        vendor_key(live.kind, live.vendor_id): Watched(
            kind=live.kind,
            vendor_id=live.vendor_id,
            name=live.name,
            fields=live.fields,
            members=live.members,
            seen_at=snapshot.at,
            parent_id=live.parent_id,
        )
        for live in foreign(snapshot, bindings, district)
    }


def foreign(snapshot: Snapshot, bindings: Mapping[str, Binding], district: str | None) -> tuple[Live, ...]:
    """The live objects behind ``watch``."""
    known = {(binding.kind, binding.vendor_id) for binding in bindings.values()}
    return tuple(
        live
        for live in snapshot.resources
        if live.kind in MODELLED and not TRAITS[live.kind].shared and (live.kind, live.vendor_id) not in known and not is_ours(live, district)
    )


def unmanaged(scene: Scene, watched: Mapping[str, Watched], current: Mapping[str, Live], baseline: Mapping[Kind, datetime]) -> Iterator[Drift]:
    """Changed, gone, or new among the kinds of ``baseline``: completely seen before, and when last. ``current``: others' objects by vendor key."""
    for key, known in sorted(watched.items()):
        live = current.get(key)
        if live is not None:
            yield from _altered(scene, known, live)
        elif scene.snapshot.complete(known.kind) and scene.live(known.kind, known.vendor_id) is None and not scene.hides(as_watched(known)):
            yield drift_of(
                scene.tenant,
                DriftClass.UNMANAGED,
                known.kind,
                vendor_id=known.vendor_id,
                name=known.name,
                applied={**known.fields, MEMBERS: tuple(sorted(known.members))} if known.members else known.fields,
                direction=scene.since_gone(as_watched(known)),
                since=Since(earliest=known.seen_at, latest=scene.snapshot.at),
            )
    for key, live in sorted(current.items()):
        if key not in watched and live.kind in baseline:
            yield drift_of(
                scene.tenant,
                DriftClass.UNMANAGED,
                live.kind,
                vendor_id=live.vendor_id,
                name=live.name,
                live=live.fields,
                direction=scene.since_new(live),
                since=Since(earliest=baseline[live.kind], latest=scene.snapshot.at),
            )


def as_watched(known: Watched) -> Live:
    """Somebody else's object as it was first seen, in force."""
    return Live(
        kind=known.kind,
        vendor_id=known.vendor_id,
        name=known.name,
        fields=known.fields,
        members=known.members,
        parent_id=known.parent_id,
        force=Force.APPLIED,
    )


def _held(hold: Live) -> str:
    """A hold in words: its name, what it is on, and whom."""
    unit = hold.fields.get("org_unit")
    whom = [f"unit {unit}"] if unit else sorted(hold.members)
    return f"{hold.name} ({hold.fields.get('corpus')}): {', '.join(whom) or 'nobody'}"


def _altered(scene: Scene, known: Watched, live: Live) -> Iterator[Drift]:
    names = apart(known.fields, live.fields)
    was: dict[str, Value] = {name: known.fields.get(name) for name in names}
    now: dict[str, Value] = {name: live.fields.get(name) for name in names}
    if known.members != live.members:
        was[MEMBERS], now[MEMBERS] = tuple(sorted(known.members)), tuple(sorted(live.members))
    hidden = scene.hidden_in(as_watched(known), live)
    if hidden:  # closed over its holds: what it held is known from our own look only (G§13)
        was[HELD], now[HELD] = tuple(sorted(_held(one) for one in hidden)), None
    if was:
        yield drift_of(
            scene.tenant,
            DriftClass.UNMANAGED,
            known.kind,
            vendor_id=known.vendor_id,
            name=live.name,
            applied=was,
            live=now,
            direction=scene.since_changed(as_watched(known), live),
            since=Since(earliest=known.seen_at, latest=scene.snapshot.at),
        )
