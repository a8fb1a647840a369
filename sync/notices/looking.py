"""What of a look officers have to hear of: protection weakened outside, a matter or case closed, deletion ahead of retention. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from policies.district import Subject
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Live, Snapshot, Wanted
from sync.drift import Drift
from sync.store.notices import Raised
from sync.watch.alarms import ACCELERATED

CLOSED, WEAKENED, REQUESTED, CANCELLED = "closed", "weakened", "requested", "cancelled"
_CONTAINERS: Final = frozenset({Kind.M365_CASE, Kind.GOOGLE_MATTER})


def noticed(drift: Iterable[Drift], snapshot: Snapshot, wanted: Mapping[str, Wanted]) -> tuple[Raised, ...]:
    """What of this look has to be told; ``wanted`` knows the matter behind an object of ours."""
    found = [one for drifted in drift if (one := _drifted(drifted, wanted)) is not None]
    alarms = [_alarm(snapshot.tenant, live) for live in snapshot.of(Kind.GOOGLE_SETTING) if live.fields.get("setting") == ACCELERATED]
    return (*found, *alarms)


def drift_keys(tenant: str, ids: Iterable[str]) -> tuple[str, ...]:
    """The keys of notices of these differences."""
    return tuple(f"drift/{tenant}/{one}" for one in ids)


def _drifted(drift: Drift, wanted: Mapping[str, Wanted]) -> Raised | None:
    """A closed matter or case of ours always counts; of everything else what could let something be deleted sooner."""
    (key,) = drift_keys(drift.tenant, [drift.id])
    document = {"kind": drift.kind.value, "class": drift.drift.value, "key": drift.key}
    ours = wanted.get(drift.key or "")
    if drift.kind in _CONTAINERS and ours is not None and "state" in drift.fields:
        return Raised(key=key, subject=Subject.HOLD, code=CLOSED, tenant=drift.tenant, matter=ours.because.matter, document=document)
    if drift.direction is not Direction.WEAKENS:
        return None
    return Raised(
        key=key, subject=Subject.DRIFT, code=WEAKENED, tenant=drift.tenant, matter=ours.because.matter if ours is not None else None,
        document=document,
    )


def _alarm(tenant: str, live: Live) -> Raised:
    """An alert of Google's Alert Center; the matter that it names is somebody's words and stays out."""
    code = CANCELLED if live.fields.get("action") == "cancel" else REQUESTED
    said = {"service": str(live.fields.get("service") or ""), "at": live.created_at.isoformat() if live.created_at else None}
    return Raised(key=f"deletion/{tenant}/{live.vendor_id}", subject=Subject.DELETION, code=code, tenant=tenant, document=said)
