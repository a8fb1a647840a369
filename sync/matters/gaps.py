"""Gap records: a source that was in force and then was not, and until when what was deleted meanwhile can be brought back. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from policies.keys import key_of
from policies.kinds import Platform, Workload
from sync.drift import AttributionState
from sync.matters.model import Gap, Matter, Source
from sync.store.documents import dump
from sync.store.drifts import KeptDrift

DELAY_HOLD: Final = timedelta(days=30)
"""M§3.1: a mailbox from which any hold is taken off goes on being kept for 30 days; M§3.7 says the same of a case that is closed."""

_WHY_MAILBOX: Final = "Microsoft keeps a mailbox for 30 days after a hold is taken off it (delay hold), counted from its last look held."
_WHY_PLACE: Final = "Microsoft says that content of a site or OneDrive may be deleted for good once it leaves a hold; no term is stated."
_WHY_GOOGLE: Final = "Google may purge at once what a user had deleted more than 30 days before the hold came off; no term is stated."


def gap_id(matter: str, source: str, first_seen: datetime) -> str:
    """12 hex digits, stable for one loss of one source."""
    return hashlib.sha256(f"{matter}|{source}|{first_seen.isoformat()}".encode()).hexdigest()[:12]


def open_gap(matter: str, source: Source, platform: Platform, now: datetime) -> Gap:
    """The record of a source that ``now`` is not held and was when last seen."""
    last = source.seen_held or source.effective or now
    until, why = recoverable(platform, source.workload, last)
    return Gap(
        id=gap_id(matter, source.id, now), matter=matter, source=source.id, tenant=source.tenant, last_seen_held=last, first_seen_not_held=now,
        recoverable_until=until, recoverable_reason=why,
    )


def recoverable(platform: Platform, workload: Workload, last_seen_held: datetime) -> tuple[datetime | None, str]:
    """Until when content deleted in the gap is surely still there (None: no vendor states it), and the fact behind it."""
    if platform is Platform.GOOGLE_WORKSPACE:
        return None, _WHY_GOOGLE
    if workload in {Workload.MAIL, Workload.ARCHIVE, Workload.CHAT, Workload.GROUP, Workload.LITIGATION_HOLD}:
        return last_seen_held + DELAY_HOLD, _WHY_MAILBOX
    return None, _WHY_PLACE


def with_causes(matter: Matter, tenant: str, drifts: Iterable[KeptDrift]) -> Matter:
    """``matter`` with what the vendor's log shows as cause of gap records of ``tenant`` that have none: event, account and time, as JSON text."""
    found: dict[str, str] = {}
    for drift in drifts:
        shown = drift.document.get("attribution")
        if drift.key is not None and isinstance(shown, dict) and shown.get("state") == AttributionState.FOUND.value:
            found[drift.key] = dump({name: shown.get(name) for name in ("event", "actor", "at")})
    around = key_of("m", matter.tenant_alias)
    resources = {source.id: source.resource or "" for source in matter.sources}
    gaps = tuple(
        replace(gap, cause=found.get(resources[gap.source]) or found.get(around)) if gap.tenant == tenant and gap.cause is None else gap
        for gap in matter.gaps
    )
    return replace(matter, gaps=gaps)


def close(gap: Gap, at: datetime) -> Gap:
    """The record once the source is seen held again. It is not finished by that: a named officer still records what was found."""
    return gap if gap.restored else replace(gap, restored=at)
