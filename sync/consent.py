"""Which yes still counts now: each one is weighed again with the officers in force, the proposer and the people on hold of this moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from sync.approvals import Approval, admissible
from sync.desk import Desk
from sync.store.approvals import Approvals
from sync.store.changes import Changes, KeptChange


def consenting(desk: Desk, on_hold: Callable[[str], AbstractSet[str]]) -> Mapping[str, frozenset[str]]:
    """By change, the officers whose yes counts. A yes that could not be given today does not count today."""
    given = Approvals(desk.store).standing(desk.clock.now())
    kept = {one.id: one for one in Changes(desk.store).find(given)}
    return {change: _counting(desk, kept[change], yes, on_hold) for change, yes in given.items() if change in kept}


def _counting(desk: Desk, kept: KeptChange, given: tuple[Approval, ...], on_hold: Callable[[str], AbstractSet[str]]) -> frozenset[str]:
    officers = {one.id: one for one in desk.district.officers}
    matter = kept.change.because.matter
    people = on_hold(matter) if matter is not None else frozenset[str]()
    counted: list[Approval] = []
    for one in given:
        officer = officers.get(one.officer)
        if officer is None:
            continue
        refusal = admissible(
            kept.change,
            officer,
            proposer=kept.proposer,
            officers=desk.district.officers,
            approvals=counted,
            now=desk.clock.now(),
            on_hold=people,
            proposed_at=kept.proposed_at,
        )
        if refusal is None:
            counted.append(one)
    return frozenset(one.officer for one in counted)
