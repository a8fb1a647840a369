"""What a change that went out, or failed to, means for the sources that it carries. Pure. The platform's yes is ``accepted``, never ``effective``."""

from __future__ import annotations

from dataclasses import replace

from connectors.hold_orders import UNIT
from sync.ledger import Progress
from sync.matters.model import IN_FORCE, Matter, Source, SourceState
from sync.matters.placing import REFUSED
from sync.plan import ChangeStatus, Operation

_YES = frozenset({ChangeStatus.ACCEPTED, ChangeStatus.EFFECTIVE})
OUTCOME_UNKNOWN = "intent.open"


def after(matter: Matter, tenant: str, progress: Progress) -> Matter:
    """``matter`` after one change of the hold lane in ``tenant``."""
    change = progress.change
    if change.because.matter != matter.tenant_alias or progress.waits:
        return matter  # what waits for the platform was not taken yet, so that nothing has moved
    sources = tuple(
        _moved(source, progress) if source.tenant == tenant and source.resource == change.key and _concerns(source, progress) else source
        for source in matter.sources
    )
    issued = matter.times.issued or progress.sent
    return replace(matter, sources=sources, times=replace(matter.times, issued=issued))


def _concerns(source: Source, progress: Progress) -> bool:
    """What carries members concerns these; a create of a hold on a unit, everybody in it.

    Without any, a create that failed concerns all, and one that worked nobody yet.
    """
    change = progress.change
    if source.state is SourceState.RELEASED:
        return False  # the hold is made anew for those who are still on it
    if change.operation is Operation.CREATE and (source.place.member or "").startswith(UNIT):
        return True
    if change.add:
        return source.place.member in change.add
    return change.operation is Operation.CREATE and progress.status is ChangeStatus.FAILED


def _moved(source: Source, progress: Progress) -> Source:
    refused = progress.member_errors.get(source.place.member or "")
    if source.state in IN_FORCE:
        return source
    if refused is not None:
        return replace(source, state=SourceState.FAILED, sent=progress.sent, code=REFUSED, error=refused)
    if progress.status in _YES:
        return replace(source, state=SourceState.ACCEPTED, sent=progress.sent, accepted=progress.accepted, code=None, error=None)
    if progress.status is ChangeStatus.FAILED and progress.error_code == OUTCOME_UNKNOWN:
        return replace(source, state=SourceState.SENT, sent=progress.sent, code=progress.error_code, error=progress.error)
    if progress.status is ChangeStatus.FAILED:
        return replace(source, state=SourceState.FAILED, sent=progress.sent, code=progress.error_code, error=progress.error)
    return replace(source, state=SourceState.SENT, sent=progress.sent)
