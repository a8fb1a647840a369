"""Which yes still counts now: each one is weighed again with the officers in force, the proposer and the people on hold of this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from sync.approvals import Approval, admissible
from sync.desk import Desk
from sync.store.approvals import Approvals
from sync.store.changes import Changes, KeptChange


def consenting(
    desk: Desk, on_hold: Callable[[str], AbstractSet[str]], changes: Iterable[str] | None = None, *, lasting: bool = False
) -> Mapping[str, frozenset[str]]:
    """By change (all, or only ``changes``), the officers whose yes counts. A yes that could not be given today does not count today.

    ``lasting``: for what was approved in time and had to wait since, a yes counts however long ago it was given.
    """
    now = desk.clock.now()
    given = Approvals(desk.store).standing(now, lasting=lasting)
    wanted = given.keys() if changes is None else given.keys() & set(changes)
    kept = {one.id: one for one in Changes(desk.store).find(wanted)}
    return {one: _counting(desk, kept[one], given[one], on_hold, lasting=lasting) for one in wanted if one in kept}


def _counting(
    desk: Desk, kept: KeptChange, given: tuple[Approval, ...], on_hold: Callable[[str], AbstractSet[str]], *, lasting: bool
) -> frozenset[str]:
    officers = {one.id: one for one in desk.district.officers}
    matter = kept.change.because.matter
    people = on_hold(matter) if matter is not None else frozenset[str]()
    now = desk.clock.now()
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
            now=now,
            on_hold=people,
            proposed_at=None if lasting else kept.proposed_at,
        )
        if refusal is None:
            counted.append(replace(one, at=now) if lasting else one)
    return frozenset(one.officer for one in counted)
