"""What a difference did to records, once everything that is on its way has arrived. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Live, Snapshot
from sync.project import EffectsOf, judge_between

_SHUT: Final = frozenset({"closed", "deleted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One tenant as it is now, and the direction from other states of it to this one.

    ``past`` is what is known of earlier, ours and others', by vendor key. A policy that went together with its rules, and a matter that was closed
    over its holds, which nobody sees then (G§1.6), did what they did together: each by itself keeps nothing, so each alone would look harmless.
    """

    tenant: str
    snapshot: Snapshot
    effects_of: EffectsOf
    past: Mapping[str, Live] = field(default_factory=dict)

    def live(self, kind: Kind, vendor_id: str) -> Live | None:
        """The object of that id, if it was seen."""
        return next((live for live in self.snapshot.of(kind) if live.vendor_id == vendor_id), None)

    def since_changed(self, was: Live, now: Live) -> Direction:
        """What it did that ``was`` became ``now``."""
        return self._from(was.kind, tuple(self._before(was, now)))

    def since_gone(self, was: Live) -> Direction:
        """What it did that ``was`` is not there any more."""
        return self._from(was.kind, tuple(self._before(was, None)))

    def since_new(self, now: Live) -> Direction:
        """What it did that ``now`` came."""
        return self._from(now.kind, tuple(one for one in self.snapshot.resources if one is not now))

    def hidden_in(self, was: Live, now: Live) -> tuple[Live, ...]:
        """What a matter held when it was last open, as long as it is closed and does not show it."""
        return tuple(self._unseen(was.vendor_id, hidden=True)) if shut(now) and not shut(was) else ()

    def hides(self, was: Live) -> bool:
        """Whether ``was`` lies in a matter that was closed since, so that nobody can see what became of it."""
        now, before = self._container(was)
        return now is not None and shut(now) and not (before is not None and shut(before))

    def _before(self, was: Live, now: Live | None) -> Iterator[Live]:
        """Everything as it was when ``was`` was as it was: the container that went or was closed with it, what went with the container."""
        container, before = self._container(was)
        reopened = container is not None and before is not None and shut(container) and not shut(before)
        yield from (before if one is container and reopened and before is not None else was if one is now else one for one in self.snapshot.resources)
        if now is None:
            yield was
        if before is not None and container is None and self.snapshot.complete(before.kind):
            yield before
            yield from (one for one in self._unseen(before.vendor_id, hidden=False) if one.vendor_id != was.vendor_id)
        if now is None or (shut(now) and not shut(was)):
            yield from self._unseen(was.vendor_id, hidden=now is not None)

    def _container(self, was: Live) -> tuple[Live | None, Live | None]:
        """What ``was`` lies in, as it is now and as it was."""
        if was.parent_id is None:
            return None, None
        now = next((one for one in self.snapshot.resources if one.vendor_id == was.parent_id), None)
        return now, next((one for one in self.past.values() if one.vendor_id == was.parent_id), None)

    def _unseen(self, container: str, *, hidden: bool) -> Iterator[Live]:
        """What lay in a container and is not seen now: gone, where its kind was read completely, or ``hidden`` with it."""
        inside = (one for one in self.past.values() if one.parent_id == container and self.live(one.kind, one.vendor_id) is None)
        return (one for one in inside if hidden or self.snapshot.complete(one.kind))

    def _from(self, kind: Kind, resources: tuple[Live, ...]) -> Direction:
        return judge_between(kind, replace(self.snapshot, resources=resources), self.snapshot, self.effects_of).direction


def shut(live: Live) -> bool:
    """Whether it is a matter or case that is closed or on its way to being gone."""
    return live.fields.get("state") in _SHUT
