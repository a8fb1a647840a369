"""Requests to destroy data ahead of its retention: nothing that a tenant shows is graver (G§2.3a). Pure.

Alert Center tells of them, and Vault's own log does too, with the account. Whoever made a request can take the alert away, so one that was seen
once stays an open difference until it is cancelled, or until an officer has signed what came of it (``attest alert/ID``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from policies.kinds import Kind
from policies.problems import Problem, Severity
from policies.protection import Direction
from policies.resources import Fields, Live, Snapshot
from sync.drift.values import Attribution, AttributionState, Drift, DriftClass, Since, drift_of
from sync.store.watch_rows import LoggedEvent
from sync.watch.vault_names import stem

ACCELERATED: Final = "alert.accelerated_deletion"
SUBJECT: Final = "alert/"
"""How the subject of an officer's statement about one begins."""
CREATED: Final = "create_accelerated_deletion"
CANCELLED: Final = "cancel_accelerated_deletion"
APART: Final = timedelta(hours=1)
"""How far an alert and the log's entry about the same deed may be apart."""
_NAME: Final = "deletion ahead of retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as Alert Center shows it. ``cancelled``: another alert takes it back."""

    alert: str
    request: str
    matter: str
    service: str
    at: datetime | None
    cancelled: bool = False


def requests(snapshot: Snapshot) -> tuple[Request, ...]:
    """The requests that stand, oldest first."""
    return tuple(one for one in _all(snapshot) if not one.cancelled)


def _all(snapshot: Snapshot) -> list[Request]:
    lives = [live for live in snapshot.of(Kind.GOOGLE_SETTING) if live.fields.get("setting") == ACCELERATED]
    cancelled = {_text(live, "request") for live in lives if live.fields.get("action") == "cancel"} - {""}
    found = [
        Request(
            alert=live.vendor_id,
            request=_text(live, "request"),
            matter=_text(live, "matter"),
            service=_text(live, "service"),
            at=live.created_at,
            cancelled=_text(live, "request") in cancelled,
        )
        for live in lives
        if live.fields.get("action") != "cancel"
    ]
    return sorted(found, key=lambda one: (one.at is not None, one.at, one.alert))


def alarms(snapshot: Snapshot, events: Sequence[LoggedEvent], known: Iterable[Drift], answered: AbstractSet[str]) -> tuple[Drift, ...]:
    """Every request that stands as a difference: from the alerts, from the log where no alert tells of it, and those ``known`` from earlier looks.

    ``answered`` are the ids about which an officer has signed something; what was ``known`` of them keeps the log from telling of them anew.
    """
    shown = _all(snapshot)
    ended = {one.alert for one in shown if one.cancelled} | answered
    found = {one.alert: _of_alert(snapshot, one, events) for one in shown if one.alert not in ended}
    by_alert = [one for one in known if one.vendor_id and (one.live or {}).get("request")]
    told = [(one.matter, one.at) for one in shown] + [(str((one.live or {}).get("matter")), one.since.earliest) for one in by_alert]
    for event in _standing(events):
        if event.event not in answered and not any(matter == event.subject and _near(at, event.at) for matter, at in told):
            found[event.event] = _of_event(snapshot.tenant, event)
    for one in by_alert:
        if one.vendor_id and one.vendor_id not in ended and one.vendor_id not in found:
            found[one.vendor_id] = one
    return tuple(found.values())


def alarm_problems(found: Iterable[Drift]) -> tuple[Problem, ...]:
    """The same for people, before everything else."""
    return tuple(_problem(one) for one in found)


def _problem(found: Drift) -> Problem:
    live = found.live or {}
    at = found.since.earliest
    when = "" if at is None else f" on {at:%Y-%m-%d at %H:%M} UTC"
    who = f"; the log shows the account {found.attribution.actor}" if found.attribution.actor else ""
    where = f"{live.get('service') or 'a service'}, matter {live.get('matter') or 'not named'}"
    return Problem(
        code=ACCELERATED,
        severity=Severity.ERROR,
        tenant=found.tenant,
        subject=found.vendor_id,
        message=f"Deletion ahead of retention was requested{when} for {where}{who}.",
        next_step=(
            "Ask who requested it and on whose word; in Vault, cancel it while it waits. Once it is known what came of it, sign that: "
            f"attest {SUBJECT}{found.vendor_id} --until DATE."
        ),
    )


def _of_alert(snapshot: Snapshot, one: Request, events: Iterable[LoggedEvent]) -> Drift:
    live: Fields = {"setting": ACCELERATED, "service": one.service, "matter": one.matter, "request": one.request or one.alert}
    at = one.at or snapshot.at
    drift = drift_of(
        snapshot.tenant, DriftClass.UNMANAGED, Kind.GOOGLE_SETTING, vendor_id=one.alert, name=_NAME, live=live, direction=Direction.WEAKENS,
        since=Since(earliest=one.at, latest=at),
    )  # fmt: skip
    made = [event for event in events if stem(event.operation) == CREATED and event.subject == one.matter and _near(at, event.at)]
    nearest = min(made, key=lambda event: abs(event.at - at), default=None)
    return drift if nearest is None else _attributed(drift, nearest)


def _of_event(tenant: str, event: LoggedEvent) -> Drift:
    live: Fields = {"setting": ACCELERATED, "service": None, "matter": event.subject, "request": None}
    drift = drift_of(
        tenant, DriftClass.UNMANAGED, Kind.GOOGLE_SETTING, vendor_id=event.event, name=_NAME, live=live, direction=Direction.WEAKENS,
        since=Since(earliest=event.at, latest=event.at),
    )  # fmt: skip
    return _attributed(drift, event)


def _attributed(drift: Drift, event: LoggedEvent) -> Drift:
    return replace(drift, attribution=Attribution(state=AttributionState.FOUND, actor=event.actor, at=event.at, event=event.event))


def _standing(events: Sequence[LoggedEvent]) -> list[LoggedEvent]:
    """The requests of the log that nobody took back later in the same matter."""
    taken = [event for event in events if stem(event.operation) == CANCELLED]
    return [
        event
        for event in events
        if stem(event.operation) == CREATED and not any(one.subject == event.subject and one.at >= event.at for one in taken)
    ]


def _near(one: datetime | None, other: datetime) -> bool:
    return one is not None and abs(one - other) <= APART


def _text(live: Live, name: str) -> str:
    return str(live.fields.get(name) or "")
