"""What a difference did to records, once everything that is on its way has arrived. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Live, Snapshot
from sync.project import EffectsOf, judge_between


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One tenant as it is now, and the direction from other states of it to this one."""

    tenant: str
    snapshot: Snapshot
    effects_of: EffectsOf

    def live(self, kind: Kind, vendor_id: str) -> Live | None:
        """The object of that id, if it was seen."""
        return next((live for live in self.snapshot.of(kind) if live.vendor_id == vendor_id), None)

    def since_changed(self, was: Live, now: Live) -> Direction:
        """What it did that ``was`` became ``now``."""
        return self._from(was.kind, tuple(was if one is now else one for one in self.snapshot.resources))

    def since_gone(self, was: Live) -> Direction:
        """What it did that ``was`` is not there any more."""
        return self._from(was.kind, (*self.snapshot.resources, was))

    def since_new(self, now: Live) -> Direction:
        """What it did that ``now`` came."""
        return self._from(now.kind, tuple(one for one in self.snapshot.resources if one is not now))

    def _from(self, kind: Kind, resources: tuple[Live, ...]) -> Direction:
        return judge_between(kind, replace(self.snapshot, resources=resources), self.snapshot, self.effects_of).direction
