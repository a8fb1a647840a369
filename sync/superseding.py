"""An older label of ours that a newer one replaced: whether it may be disabled, so that nobody puts it on a file any more. Pure.

Files that carry it keep it, and what it says goes on holding for them (G§3.1): only deleting a label would take it off, which nothing here does.
"""

from __future__ import annotations

from typing import Final

from connectors.base import Lane
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Because, Force, Live, Wanted
from sync.difference import DiffInput
from sync.ends import SUPERSEDED, Ends, ended, line_of
from sync.plan import Change, Operation

LABELS: Final = frozenset({Kind.GOOGLE_DRIVE_LABEL})
"""The kinds of which an older generation is proposed to be disabled."""
_OFFERED: Final = frozenset({"published", "published_draft"})


def replaced(inputs: DiffInput, wanted: Wanted, kept: Live | None, older: tuple[Live, ...]) -> Ends:
    """The ``older`` labels of the key that people are still offered, each as a change that disables it, or with the reason why not.

    ``kept`` is as wanted and in force. Nothing is said where labels were not read whole, or where the binding does not follow ``kept`` yet.
    """
    binding = inputs.bindings.get(wanted.key)
    if inputs.lane is not Lane.SYNC or wanted.kind not in LABELS or kept is None or not inputs.snapshot.complete(wanted.kind):
        return Ends()
    if binding is None or binding.vendor_id != kept.vendor_id:
        return Ends()
    changes, left = [], {}
    for other in older:
        if ended(other) or other.fields.get("state") not in _OFFERED:
            continue
        why = why_not(kept, other, inputs.district)
        if why is None:
            changes.append(_disabling(inputs, wanted, kept, other))
        else:
            left[other.vendor_id] = why
    return Ends(changes=tuple(changes), left=left)


def why_not(kept: Live, other: Live, district: str) -> str | None:
    """Why ``other`` may not be disabled now; None where it is ours, free and offered, and ``kept`` is a newer one of ours that people are offered."""
    newer, older = kept.mark, other.mark
    if newer is None or newer.district != district:
        return "the newer label does not carry our mark"
    if older is None or (older.district, older.key) != (district, newer.key) or older.generation >= newer.generation:
        return "it does not carry our mark of an older generation"
    if kept.force is not Force.APPLIED or kept.fields.get("state") != "published":
        return "the newer label is not published"
    if other.fields.get("state") != "published":
        return "it is not published, or somebody's unpublished changes wait in it"
    # An active lock means that a rule uses the label (G§3.1); one that cannot be told counts as one.
    return "a rule uses it" if other.fields.get("locked") is not False else None


def as_approved(change: Change, kept: Live, other: Live) -> bool:
    """Whether the two are what the officers saw, and ``other`` says what it said then."""
    return change.because.line == line_of(SUPERSEDED, kept, other) and dict(other.fields) == dict(change.before or {})


def _disabling(inputs: DiffInput, wanted: Wanted, kept: Live, other: Live) -> Change:
    """Two officers sign it, for nobody can put the label on new files afterwards; the label that stays is part of what they sign."""
    because = wanted.because
    return Change(
        tenant=inputs.tenant, tenant_identity=inputs.tenant_identity, lane=Lane.SYNC, kind=wanted.kind, key=wanted.key, name=other.name,
        operation=Operation.RELEASE, direction=Direction.WEAKENS,
        because=Because(line=line_of(SUPERSEDED, kept, other), series=because.series, file=because.file, row=because.row),
        generation=other.mark.generation if other.mark is not None else 1, vendor_id=other.vendor_id, before=dict(other.fields),
        people=wanted.people,
    )
