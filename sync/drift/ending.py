"""Whether a look could have shown a difference again: only then does not seeing it mean that it is over. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from policies.kinds import Kind
from policies.resources import ReadState, Snapshot
from sync.drift.values import DriftClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """As much of a difference that was found earlier as says whether a look can tell what became of it."""

    id: str
    kind: Kind
    drift: DriftClass
    key: str | None
    vendor_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one look could show. ``at_work`` are the keys that it left out; ``everybody``: all lists of people were read whole."""

    snapshot: Snapshot
    at_work: AbstractSet[str]
    everybody: bool

    def tells(self, one: Difference) -> bool:
        """Whether the look would have shown the difference if it were still there: a failed read shows nothing, a partial one what it shows."""
        read = self.snapshot.reads.get(one.kind)
        if read is None or read.state is ReadState.FAILED or one.key in self.at_work:
            return False
        if one.drift is DriftClass.BLIND_SPOT:
            return True
        if one.drift is DriftClass.ORPHANED and not self.everybody:
            return False
        return self.snapshot.complete(one.kind) or any(live.vendor_id == one.vendor_id for live in self.snapshot.of(one.kind))


__all__ = ["Difference", "Sight"]
