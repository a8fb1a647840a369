"""What was changed outside Recordwarden: live objects against the form last read back, and others' objects against the form first seen. Pure.

Nothing is concluded from a read that is not complete: an object that was not seen is then no more than unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from policies.kinds import Kind
from policies.resources import Snapshot
from sync.bindings import Binding
from sync.drift.attribution import Deed, attribute
from sync.drift.ending import Difference, Sight
from sync.drift.judging import Scene
from sync.drift.others import as_watched, foreign, unmanaged, watch
from sync.drift.ours import as_applied, blind_spots, bound, strays
from sync.drift.values import Attribution, AttributionState, Drift, DriftClass, OwnWrite, Since, Watched, next_step, vendor_key
from sync.project import EffectsOf

__all__ = [
    "Attribution",
    "AttributionState",
    "Deed",
    "Difference",
    "Drift",
    "DriftClass",
    "OwnWrite",
    "Sight",
    "Since",
    "Watched",
    "attribute",
    "find_drift",
    "next_step",
    "vendor_key",
    "watch",
]

NEVER: Final[Mapping[Kind, datetime]] = MappingProxyType({})
"""No kind was ever seen completely before."""


def find_drift(  # noqa: PLR0913  # the seam's five, and what widens or narrows the look
    tenant: str,
    snapshot: Snapshot,
    bindings: Mapping[str, Binding],
    watched: Mapping[str, Watched],
    effects_of: EffectsOf,
    *,
    district: str | None = None,
    baseline: Mapping[Kind, datetime] = NEVER,
    wanted: frozenset[str] | None = None,
) -> tuple[Drift, ...]:
    """Everything that differs from what we last read back, ours first, each with an id that lasts until it is repaired.

    ``baseline`` names the kinds whose others' objects have been seen completely before, and when last: a new one of these is drift and came since
    then, of any other kind it is merely seen for the first time. ``wanted`` are the keys that the policy still names; a bound object outside it is
    an orphan. ``district`` tells our marks from another district's.
    """
    past = {
        **{key: as_watched(one) for key, one in watched.items()},
        **{vendor_key(one.kind, one.vendor_id): as_applied(one) for one in bindings.values()},
    }
    scene = Scene(tenant=tenant, snapshot=snapshot, effects_of=effects_of, past=past)
    current = {vendor_key(live.kind, live.vendor_id): live for live in foreign(snapshot, bindings, district)}
    return (
        *bound(scene, bindings, wanted),
        *strays(scene, bindings, district),
        *blind_spots(scene, bindings),
        *unmanaged(scene, watched, current, baseline),
    )
