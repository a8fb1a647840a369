"""The feed that a tenant's log comes by: how it answers, and switching it on, which is a setting of the tenant and so an officer's signed act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from connectors.audit_log import FeedStarter, Listener
from connectors.base import Lane
from connectors.errors import ConnectorError
from connectors.examination import Feed
from policies.problems import Problem, Severity
from sync.desk import Desk
from sync.journal import EntryKind, OutcomeResult, Sealed
from sync.look import Look
from sync.officers import Signer
from sync.registers.governance import signing


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """How switching on one part of a feed ended."""

    tenant: str
    content: str
    problem: Problem | None = None

    def document(self) -> dict[str, object]:
        """``feeds[]``."""
        code = self.problem.code if self.problem else None
        return {"tenant": self.tenant, "content": self.content, "ok": self.problem is None, "code": code}


def feeds(seen: Iterable[Look]) -> Mapping[str, Feed]:
    """By tenant, the feed as it answers now; none for a tenant that could not be asked, or whose log comes by no feed."""
    return {one.tenant.id: cast("Listener", one.reader).feed() for one in seen if hasattr(one.reader, "feed")}


def with_feed(seen: Look, feed: Feed | None) -> Look:
    """``seen`` with the feed among its surfaces."""
    if seen.examination is None or feed is None:
        return seen
    return replace(seen, examination=replace(seen.examination, surfaces=(*seen.examination.surfaces, feed.surface)))


def start_feeds(desk: Desk, seen: Look, feed: Feed | None, signer: Signer) -> list[Started]:
    """Switch on every part of the feed that is off. Raises ``Stopped``, LeaseHeldError."""
    if feed is None or not feed.off:
        return []
    door = desk.door(seen.tenant.id)
    lease = desk.leases.acquire(f"{seen.tenant.id}/{Lane.SYNC.value}", seconds=desk.district.timeouts.lease, wait=desk.lock_wait, stop=desk.stop)
    with lease as held:
        starter, found = cast("FeedStarter", door.prover()), []
        for content in feed.off:
            held.check(need_seconds=desk.district.timeouts.request)
            desk.notice(f"{seen.tenant.id}: switching on {content}")
            found.append(_one(desk, starter, seen, content, signer))
        return found


def _one(desk: Desk, starter: FeedStarter, seen: Look, content: str, signer: Signer) -> Started:
    tenant, key = seen.tenant.id, "feed-" + content.lower().replace(".", "-")
    older = [intent.seq for intent in desk.journal.open_intents() if intent.tenant == tenant and intent.subject == key]
    intent = desk.journal.intent(key, {"content": content, "op": "start", "lane": "proof"}, tenant=tenant)
    try:
        starter.start_feed(content)
    except ConnectorError as error:
        if not _on(seen, content):
            desk.journal.outcome(intent, OutcomeResult.FAILED, {"error_code": error.code, "error": Sealed(error.message)})
            return Started(tenant=tenant, content=content, problem=_refused(tenant, content, error))
    with desk.store.write() as session:
        for seq in (*older, intent):
            desk.journal.outcome(seq, OutcomeResult.DONE, {"content": content}, session=session)
        body = {"content": content}
        desk.journal.append(
            EntryKind.EVIDENCE, f"feed/{tenant}/{content}", body, tenant=tenant, actor=signing(signer), signer=signer.key, session=session
        )
    return Started(tenant=tenant, content=content)


def _on(seen: Look, content: str) -> bool:
    """Whether the feed says that it is on: an answer that was lost may have been a yes."""
    off = cast("Listener", seen.reader).feed().off
    return off is not None and content not in off


def _refused(tenant: str, content: str, error: ConnectorError) -> Problem:
    return Problem(
        code=error.code,
        severity=Severity.WARNING,
        tenant=tenant,
        subject=content,
        message=f"{content} could not be switched on: {error.message}",
        next_step=error.next_step or "See the vendor's text.",
    )


def not_on(found: Mapping[str, Feed]) -> tuple[Problem, ...]:
    """A warning for each tenant whose feed answers and is not switched on whole."""
    return tuple(
        Problem(
            code="audit.not_subscribed",
            severity=Severity.WARNING,
            tenant=tenant,
            subject=feed.surface.name,
            message=f"{', '.join(feed.off)} of the activity feed is not switched on, so accounts behind changes are named by searches alone.",
            next_step="An officer runs: recordwarden --as OFFICER --key FILE doctor --prove",
        )
        for tenant, feed in sorted(found.items())
        if feed.off
    )
