"""What was done to accounts and groups, and by whom, from the directory's own log (docs/wire/graph-directory-audit.md §8.1).

Labels, policies and holds do not stand there: those are asked of ``audit``. An address proves nothing in it, so everything goes by id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from connectors.audit_log import AuditEvent, AuditRead
from connectors.errors import ConnectorError, Stopped
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.budgets import DIRECTORY_AUDITS
from connectors.microsoft365.graph import Call, Listing

_PATH: Final = "/auditLogs/directoryAudits"
_KEPT: Final = timedelta(days=30)
"""For how long Microsoft keeps them (M§6); nothing says where the log begins."""
_DONE: Final = "success"
_NAP: Final = 1.0
"""Seconds after which a wait looks whether it is to stop."""


def read_directory_audits(access: Access, subjects: Sequence[str], since: datetime) -> AuditRead:
    """What was done to each of ``subjects`` (object ids), oldest first; ``reason`` says what could not be read, though others were.

    Raises ``TenantUnreachableError`` and ``Stopped``.
    """
    now = access.context.clock.now()
    begin = max(since, now - _KEPT).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    events: dict[str, AuditEvent] = {}
    reasons: list[str] = []
    answered = failed = 0
    for subject, listing in _asked(access, subjects, begin):
        if isinstance(listing, ConnectorError):
            failed += 1
            reasons.append(f"{listing.code}: {listing.message}")
            continue
        answered += 1
        reasons += [f"audit.partial: {listing.partial}"] if listing.partial is not None else []
        for row in listing.rows:
            event = _event(row, subject, access.own_names)
            if event is None:
                reasons.append("wire.missing_property: an entry lacks its id, its time, its name or who did it")
            elif (wire.filled(row, "result") or _DONE).lower() == _DONE:
                events[event.id] = event
    if answered + failed < len(subjects):
        reasons.append(f"{len(subjects) - answered - failed} more were not asked about after that")
    return AuditRead(
        available=answered > 0 or not subjects,
        events=tuple(sorted(events.values(), key=lambda event: (event.at, event.id))),
        through=now if answered == len(subjects) and not reasons else None,
        reason="; ".join(dict.fromkeys(reasons)) or None,
    )


def _asked(access: Access, subjects: Sequence[str], begin: str) -> Iterator[tuple[str, Listing | ConnectorError]]:
    """What the log says of each, as fast as the vendor lets us. It ends with the first refusal, which is about us and not about one of them."""
    for start in range(0, len(subjects), DIRECTORY_AUDITS.requests):
        if start:
            _pause(access)
        few = subjects[start : start + DIRECTORY_AUDITS.requests]
        # The very first goes alone: without the permission it is the only one.
        for some in (few[:1], few[1:]) if not start else (few,):
            listings = access.graph.rows_all([_about(subject, begin) for subject in some])
            yield from zip(some, listings, strict=True)
            if any(isinstance(listing, ConnectorError) and listing.status == HTTPStatus.FORBIDDEN for listing in listings):
                return


def _pause(access: Access) -> None:
    """Wait until the vendor takes more requests; in a rehearsal, whose time may stand still, no longer by the machine's. Raises ``Stopped``."""
    clock, seconds = access.context.clock, DIRECTORY_AUDITS.seconds
    due, ticks = clock.now() + timedelta(seconds=seconds), clock.monotonic()
    while (left := (due - clock.now()).total_seconds()) > 0 and clock.monotonic() - ticks < seconds:
        clock.sleep(min(left, _NAP))
        if access.context.stop.is_set():
            raise Stopped


def _about(subject: str, begin: str) -> Call:
    named = subject.replace("'", "''")
    return Call(method="GET", path=_PATH, query=(("$filter", f"activityDateTime ge {begin} and targetResources/any(t: t/id eq '{named}')"),))


def _event(row: wire.JsonObject, subject: str, own: frozenset[str]) -> AuditEvent | None:
    by = wire.child(row, "initiatedBy")
    user, app = wire.child(by, "user"), wire.child(by, "app")
    actor = wire.filled(user, "userPrincipalName") or wire.filled(app, "displayName") or wire.filled(user, "id") or wire.filled(app, "appId")
    event, at, operation = wire.filled(row, "id"), wire.moment(row, "activityDateTime"), wire.filled(row, "activityDisplayName")
    if event is None or at is None or operation is None or actor is None:
        return None
    names = {name.lower() for key in ("appId", "servicePrincipalId") if (name := wire.filled(app, key))}
    return AuditEvent(
        # One entry may be about several, each of whom it is kept for.
        id=f"directory/{event}/{subject.lower()}",
        at=at,
        actor=actor,
        operation=operation.rstrip("."),
        vendor_id=subject,
        ours=bool(names & own),
        raw=wire.compact(row),
    )
