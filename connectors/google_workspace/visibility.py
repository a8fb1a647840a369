"""Whether a list may be believed: the district's named object must be in it, made by somebody else (contract, *Reads*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.examination import VisibilityCheck
from policies.kinds import Kind
from policies.resources import KindRead, Live, ReadState


def settle_read(kind: Kind, lives: Sequence[Live], checks: Mapping[Kind, str], problem: str | None = None) -> KindRead:
    """How the read of ``kind`` ended: ``complete`` only when its check is seen in it. ``problem`` says why the list has holes."""
    if problem is not None:
        return KindRead(kind=kind, state=ReadState.PARTIAL, count=len(lives), reason=problem)
    check = check_of(kind, lives, checks)
    if check.name is None:
        return KindRead(kind=kind, state=ReadState.UNPROVEN, count=len(lives), reason="visibility_check.not_set")
    if not check.seen:
        return KindRead(kind=kind, state=ReadState.PARTIAL, count=len(lives), reason="visibility_check.not_seen")
    if check.made_by_us:
        return KindRead(kind=kind, state=ReadState.UNPROVEN, count=len(lives), reason="visibility_check.made_by_us")
    return KindRead(kind=kind, state=ReadState.COMPLETE, count=len(lives))


def check_of(kind: Kind, lives: Sequence[Live], checks: Mapping[Kind, str]) -> VisibilityCheck:
    """Whether the check of ``kind`` is among ``lives`` (name compared exactly), and whether all that answer to it are our own."""
    name = checks.get(kind)
    if name is None:
        return VisibilityCheck(kind=kind, name=None, seen=None, made_by_us=None)
    found = [live for live in lives if live.kind is kind and live.name == name and live.fields.get("state") != "deleted"]
    ours = [live.mark is not None or live.made_by_us is True for live in found]
    return VisibilityCheck(kind=kind, name=name, seen=bool(found), made_by_us=all(ours) if found else None)
