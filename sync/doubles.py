"""Two holds with one mark: which of them may go, because the one that is followed holds the same of everybody in it, and why another may not. Pure.

Only holds are proposed. A second case, matter, label or policy is reported and left to people: what is in it may be somebody's, and nothing here
deletes labels or policies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.base import Lane
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Because, Fields, Force, Live, Wanted
from sync.difference import DiffInput
from sync.ends import DOUBLE, Ends, line_of
from sync.matching import Match, generation_of
from sync.plan import Change, Operation
from sync.proposing import addresses_of

HOLDS: Final = frozenset({Kind.M365_HOLD, Kind.GOOGLE_HOLD})
"""The kinds of which a second object is proposed for release."""
_TEXTS: Final = frozenset({"description"})
"""Fields that say nothing about what is held."""


def doubled(inputs: DiffInput, wanted: Wanted, matched: Match) -> Ends:
    """The younger holds with the mark of ``wanted``, each as a change that ends it, or with the reason why it is not proposed."""
    kept = matched.live
    if inputs.lane is not Lane.HOLD or wanted.kind not in HOLDS or kept is None:
        return Ends()
    changes, left = [], {}
    for other in matched.duplicates:
        why = _unknown(inputs, wanted, kept) or why_not(kept, other, inputs.snapshot.resources, inputs.district)
        if why is None:
            changes.append(_ending(inputs, wanted, kept, other))
        else:
            left[other.vendor_id] = why
    return Ends(changes=tuple(changes), left=left)


def why_not(kept: Live, other: Live, around: tuple[Live, ...], district: str) -> str | None:
    """Why ``other`` may not go now although ``kept`` carries its mark; None where ``kept`` holds, in force, all that ``other`` does.

    ``around``: the cases or matters that the two lie in are among these.
    """
    why = _strange(kept, other, {one.vendor_id: one for one in around}, district)
    if why is not None:
        return why
    if scope_of(kept) != scope_of(other):
        return "it is of another scope than the hold that is followed"
    if kept.force is not Force.APPLIED:
        return "the hold that is followed is not in force"
    missing = sum(not _holds(kept, member) for member in other.members)
    return f"it holds {missing} whom the hold that is followed does not hold now" if missing else None


def as_approved(change: Change, kept: Live, other: Live) -> bool:
    """Whether the two are, and ``other`` holds, exactly what the officers saw."""
    return change.because.line == line_of(DOUBLE, kept, other) and scope_of(other) == dict(change.before or {}) and other.members == change.remove


def scope_of(hold: Live) -> Fields:
    """What of its members a hold keeps, and which members where it names none: all that has to be equal in two that hold the same."""
    return {name: value for name, value in sorted(hold.fields.items()) if name not in _TEXTS}


def _strange(kept: Live, other: Live, boxes: Mapping[str, Live], district: str) -> str | None:
    """Whose the two are, and whether what the one that stays lies in is open: in a closed case or matter a hold holds nobody."""
    outer, inner = boxes.get(kept.parent_id or ""), boxes.get(other.parent_id or "")
    if kept.mark is None or kept.mark != other.mark:
        return "the hold that is followed does not carry the same mark"
    if outer is None or outer.fields.get("state") != "open":
        return "what the hold that is followed lies in is not open, or was not seen"
    if inner is not outer and (inner is None or inner.mark is None or inner.mark.district != district):
        return "it lies in a case or matter that is not of ours"
    return None


def _unknown(inputs: DiffInput, wanted: Wanted, kept: Live) -> str | None:
    if not inputs.snapshot.complete(wanted.kind):
        return "holds could not all be read"
    binding = inputs.bindings.get(wanted.key)
    if binding is None or binding.vendor_id != kept.vendor_id:
        return "which of the two is followed is settled by this look"
    return None


def _holds(kept: Live, member: str) -> bool:
    """Whether ``member`` is on the hold and, where the platform says it of each, in force."""
    state = kept.member_states.get(member)
    return member in kept.members and (state is None or state.force is Force.APPLIED)


def _ending(inputs: DiffInput, wanted: Wanted, kept: Live, other: Live) -> Change:
    """Two officers sign it though nothing is lost by it, and the hold that stays is part of what they sign: nobody ends a hold alone."""
    return Change(
        tenant=inputs.tenant, tenant_identity=inputs.tenant_identity, lane=Lane.HOLD, kind=wanted.kind, key=wanted.key, name=other.name,
        operation=Operation.RELEASE, direction=Direction.WEAKENS,
        because=Because(line=line_of(DOUBLE, kept, other), matter=wanted.because.matter),
        generation=generation_of(other, inputs.bindings.get(wanted.key)), vendor_id=other.vendor_id, parent=wanted.parent,
        before=scope_of(other), remove=other.members, people=len(other.members) or wanted.people,
        identities_touched=addresses_of(other.members, inputs.addresses),
    )
