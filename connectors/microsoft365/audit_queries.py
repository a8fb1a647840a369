"""Who changed what, from searches of the audit log over Graph, v1.0 then beta (M§6): minutes to hours for an answer, over any window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.audit_log import LogSource
from connectors.errors import ConnectorError, TenantUnreachableError, TransientError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.clouds import Api, cloud_of
from connectors.microsoft365.feed import Heard
from connectors.microsoft365.graph import Call, segment
from connectors.microsoft365.records import Known, event_from

_PATH = "/security/auditLog/queries"
_RECORD_TYPES = ("securityComplianceCenterEOPCmdlet", "discovery", "exchangeAdmin")
_FRESH = timedelta(minutes=15)
"""An answer that ends this shortly before now is taken as it is; what came later is asked for by a later run."""
_STUCK = timedelta(hours=24)
"""A search without an end after this long is not waited for any more: answers take hours at most (M§6), and one that hangs would hide later acts."""
_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_POLLS = 24
_BETWEEN = 5.0
"""Two minutes in all: the log is asked again at every run, so no run waits for it longer."""


def read_queries(access: Access, known: Known, since: datetime, until: datetime, *, patient: bool) -> Heard:
    """The records of the window that a search found. Not ``patient``: one that is not answered at once is left to a later run.

    Raises ``TenantUnreachableError`` and ``Stopped``.
    """
    if Api.AUDIT_QUERIES in cloud_of(access.tenant).lacks:
        return Heard(reason=f"audit.no_queries: the cloud {access.tenant.cloud} has no audit queries")
    try:
        asked = _asked(access, since, until, polls=_POLLS if patient else 1)
        listing = access.graph.rows(
            Call(method="GET", path=f"{_PATH}/{segment(asked.id)}/records", query=(("$top", "150"),), family="audit", slow=True)
        )
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return Heard(reason=f"{error.code}: {error.message}")
    events = tuple(event for row in listing.rows if (event := event_from(row, known, access.own_names)) is not None)
    if listing.partial is not None:
        return Heard(events=events, reason=f"audit.partial: {listing.partial}")
    return Heard(events=events, source=LogSource(name="queries", until=asked.until, events=frozenset(event.id for event in events)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question that stands in the log's queue: answers take minutes to hours, so an earlier run's question is read by a later one."""

    id: str
    since: datetime
    until: datetime
    status: str


def _asked(access: Access, since: datetime, until: datetime, *, polls: int) -> _Asked:
    """The newest answered question of ours that covers the window well enough; asks anew when there is none and none is under way.

    Raises TransientError ``audit.not_ready`` while nothing has been answered yet.
    """
    ours = [one for one in _questions(access) if one.since <= since]
    answered = max((one for one in ours if one.status == "succeeded"), key=lambda one: one.until, default=None)
    if answered is not None and until - answered.until <= _FRESH:
        return answered
    alive = [one for one in ours if one.status not in _ENDED and until - one.until <= _STUCK]
    waiting = max(alive, key=lambda one: one.until, default=None)
    pending = waiting or _Asked(id=_create(access, since, until), since=since, until=until, status="notstarted")
    try:
        _await(access, pending.id, polls)
    except TransientError:
        if answered is None:
            raise
        return answered
    return pending


def _questions(access: Access) -> tuple[_Asked, ...]:
    rows = access.graph.rows(Call(method="GET", path=_PATH, family="audit")).rows
    found = []
    for row in rows:
        begin, end = wire.moment(row, "filterStartDateTime"), wire.moment(row, "filterEndDateTime")
        query_id, name = wire.filled(row, "id"), wire.filled(row, "displayName") or ""
        if begin and end and query_id and name.startswith(f"rw-{access.context.district}-"):
            found.append(_Asked(id=query_id, since=begin, until=end, status=(wire.text(row, "status") or "").lower()))
    return tuple(found)


def _create(access: Access, since: datetime, until: datetime) -> str:
    body = {
        "@odata.type": "#microsoft.graph.security.auditLogQuery",
        "displayName": f"rw-{access.context.district}-{until:%Y-%m-%dT%H:%M}",
        "filterStartDateTime": _stamp(since),
        "filterEndDateTime": _stamp(until),
        "recordTypeFilters": list(_RECORD_TYPES),
    }
    reply = access.graph.call(Call(method="POST", path=_PATH, body=body, family="audit"))
    query_id = wire.filled(reply.value, "id")
    if query_id is None:
        raise TransientError("wire.unexpected", "The audit query was accepted without an id.", "Try again later.")
    return query_id


def _await(access: Access, query_id: str, polls: int) -> None:
    """Return when the query has succeeded. Raises TransientError when it has not after so many looks, or when it failed."""
    for poll in range(polls):
        if poll:
            access.context.clock.sleep(_BETWEEN)
        reply = access.graph.call(Call(method="GET", path=f"{_PATH}/{segment(query_id)}", family="audit"))
        status = (wire.text(reply.value, "status") or "").lower()
        if status == "succeeded":
            return
        if status in ("failed", "cancelled"):
            raise TransientError("audit.query_failed", f"The audit query ended as {status}.", "The next run asks again.")
    raise TransientError("audit.not_ready", "The audit query is still running; Microsoft takes minutes to hours.", "The next run asks again.")


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
