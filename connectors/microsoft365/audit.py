"""Who changed what, from both ways that Microsoft has: searches of the audit log, and the activity feed. They show the same records under one id."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from connectors.audit_log import AuditRead
from connectors.microsoft365.access import Access
from connectors.microsoft365.audit_queries import read_queries
from connectors.microsoft365.feed import Heard, read_feed
from connectors.microsoft365.records import Known
from policies.kinds import Kind

_LATENCY = timedelta(hours=24)
"""Contract, *Others' objects*: within which an act has to be in the log."""


def read_audit(access: Access, known: Known, since: datetime, until: datetime, kinds: AbstractSet[Kind] | None = None) -> AuditRead:
    """The log's records of the window that are about what we keep. Raises ``TenantUnreachableError`` and ``Stopped``.

    Where the feed answers for the whole window a search is put in the queue and not waited for: a later run reads it.
    """
    fed = read_feed(access, known, since, until, kinds)
    asked = read_queries(access, known, since, until, patient=not all(_whole(heard) for heard in fed))
    heard = (asked, *fed)
    # A search shows more of a record than the feed does, so it has the last word on the ones that both show.
    events = {event.id: event for one in (*fed, asked) for event in one.events}
    sources = tuple(one.source for one in heard if one.source is not None)
    return AuditRead(
        available=bool(sources),
        events=tuple(sorted(events.values(), key=lambda event: (event.at, event.id))),
        through=min(until, access.context.clock.now() - _LATENCY) if sources else None,
        reason="; ".join(dict.fromkeys(one.reason for one in heard if one.reason is not None)) or None,
        sources=sources,
    )


def _whole(heard: Heard) -> bool:
    return heard.source is not None and heard.source.since is None
