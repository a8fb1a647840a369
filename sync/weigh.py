"""Which changes of a plan may run unattended, weighed together: what runs is judged as it will run. Pure.

A direction is computed after all steps before it. When a guard then takes one of those steps away, a later one may do something else: with a
longer deletion gone a shorter one of somebody else's comes through, unless the keeping policy that was to come first is there. So what is left is
judged again, until nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from policies.protection import Direction
from policies.resources import Snapshot
from sync.guards import GuardInput, guard, runnable
from sync.plan import Change, Refusal
from sync.project import NO_IDS, EffectsOf, walk


def weigh(
    changes: Sequence[Change], snapshot: Snapshot, effects_of: EffectsOf, inputs: GuardInput, vendor_ids: Mapping[str, str] = NO_IDS
) -> tuple[Change, ...]:
    """``changes`` with direction and refusals, so that those without a refusal, run in order and alone, do what their direction says."""
    judged = walk(changes, snapshot, effects_of, vendor_ids)
    inputs = replace(inputs, verdicts={change.id: verdict for change, verdict in judged})
    uncovered: set[str] = set()
    while True:
        weighed = guard([_without_cover(change) if change.id in uncovered else change for change, _ in judged], inputs)
        left = runnable(weighed)
        if len(left) == len(weighed):
            return weighed
        again = walk(left, snapshot, effects_of, vendor_ids)
        worse = {
            before.id
            for before, (after, _) in zip(left, again, strict=True)
            if after.direction is Direction.WEAKENS and before.direction is not Direction.WEAKENS
        }
        if not worse:
            return weighed
        uncovered |= worse


def still_harmless(
    change: Change, done: Sequence[Change], snapshot: Snapshot, effects_of: EffectsOf, vendor_ids: Mapping[str, str] = NO_IDS
) -> bool:
    """Whether ``change`` may still run unattended when of the steps before it only ``done`` were done: asked once a step has failed."""
    *_, (judged, _) = walk((*done, change), snapshot, effects_of, vendor_ids)
    return judged.direction is not Direction.WEAKENS


def _without_cover(change: Change) -> Change:
    refusal = Refusal(
        code="direction.weakens",
        message="It is harmless only after another change that may not run now.",
        allowed_by="the change before it, or apply of the whole approved plan",
    )
    return replace(change, refusals=(*change.refusals, refusal))
