"""Which changes of a matter officers have to hear of: sources found not held, sources that the platform failed, and when that is over. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from policies.district import Subject
from sync.matters.model import Gap, Matter, Source, SourceState
from sync.store.matter_words import MatterState
from sync.store.notices import Notice, Raised

GAP, FAILED = "gap", "failed"


def raised(before: Matter | None, after: Matter, entry: int) -> tuple[Raised, ...]:
    """What is new in ``after``, one notice per tenant and sort; ``entry`` is the journal's number of the change: each is a thing of its own."""
    known = {gap.id for gap in before.gaps} if before else set[str]()
    gaps = [gap for gap in after.gaps if gap.id not in known and gap.restored is None]
    failing = _failing(before) if before else {}
    failed = [source for key, source in _failing(after).items() if key not in failing]
    return (*_gaps(after, gaps, entry), *_failed(after, failed, entry))


def over(after: Matter, open_notices: Iterable[Notice]) -> tuple[str, ...]:
    """Keys of the open notices of this matter that stand for nothing any more: every source is held again, or nothing is on hold."""
    missing = {gap.id for gap in after.gaps if gap.restored is None}
    failing = _failing(after)
    found = []
    for notice in open_notices:
        still = {GAP: missing, FAILED: set(failing)}.get(notice.code, set[str]())
        if after.state is MatterState.RELEASED or not still & set(listed(notice, "gaps" if notice.code == GAP else "sources")):
            found.append(notice.key)
    return tuple(found)


def prefixes(matter: Matter) -> tuple[str, ...]:
    """How the keys of this matter's own notices begin."""
    return (f"{GAP}/{matter.tenant_alias}/", f"{FAILED}/{matter.tenant_alias}/")


def listed(notice: Notice, name: str) -> tuple[str, ...]:
    """The ids that a notice lists under ``name``."""
    ids = notice.document.get(name)
    return tuple(map(str, ids)) if isinstance(ids, list) else ()


def _failing(matter: Matter) -> dict[str, Source]:
    return {source.id: source for source in matter.sources if source.state is SourceState.FAILED and source.counts}


def _gaps(matter: Matter, gaps: Iterable[Gap], entry: int) -> Iterable[Raised]:
    by_tenant: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_tenant.setdefault(gap.tenant, []).append(gap)
    for tenant, found in sorted(by_tenant.items()):
        yield Raised(
            key=f"{GAP}/{matter.tenant_alias}/{tenant}/{entry}", subject=Subject.HOLD, code=GAP, tenant=tenant, matter=matter.tenant_alias,
            document={"gaps": [gap.id for gap in found], "sources": [gap.source for gap in found]},
        )


def _failed(matter: Matter, sources: Iterable[Source], entry: int) -> Iterable[Raised]:
    by_tenant: dict[str, list[Source]] = {}
    for source in sources:
        by_tenant.setdefault(source.tenant, []).append(source)
    for tenant, found in sorted(by_tenant.items()):
        yield Raised(
            key=f"{FAILED}/{matter.tenant_alias}/{tenant}/{entry}", subject=Subject.HOLD, code=FAILED, tenant=tenant, matter=matter.tenant_alias,
            document={
                "sources": [source.id for source in found],
                "risks": [f"risk/{tenant}/{source.identity}/{source.code}" for source in found if source.identity and source.code],
            },
        )


__all__ = ["FAILED", "GAP", "listed", "over", "prefixes", "raised"]
