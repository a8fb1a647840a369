"""What is written down of one change: the intent before the call, the outcome after the world was read again, each with its journal entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from connectors.base import Personal
from policies.kinds import Kind
from sync.desk import Desk
from sync.journal import OutcomeResult, Sealed
from sync.lease import Lease
from sync.ledger import Progress
from sync.plan import Change, ChangeStatus, plain_fields
from sync.store import Session
from sync.store.changes import Changes


class Record:
    """Writes down what one pair of hands does under a lease. ``hand`` is what sends, for it may act as a person."""

    def __init__(self, desk: Desk, lease: Lease, hand: object) -> None:
        self.desk = desk
        self.lease = lease
        self.hand = hand
        self.changes = Changes(desk.store)

    def intend(self, change: Change) -> tuple[int, Progress]:
        """The intent's number, and the change as about to be sent. Raises LeaseLost."""
        self.desk.crash("intent.before")
        now = self.desk.clock.now()
        progress = Progress(change=change, status=ChangeStatus.SENT, intent=now, sent=now, vendor_id=change.vendor_id)
        with self.desk.store.write() as session:
            self.lease.guard(session)
            body = intent_body(change) | vendor_actor(self.hand, change.kind)
            seq = self.desk.journal.intent(change.key, body, tenant=change.tenant, session=session)
            self.changes.put(session, progress, intent_seq=seq)
        self.desk.crash("intent.after")
        return seq, progress

    def outcome(self, progress: Progress, intent: int, also: Callable[[Session], None] = lambda session: None) -> None:  # noqa: ARG005  # often nothing
        """What came of it; ``also`` is written in the same transaction. Raises LeaseLost."""
        self.desk.crash("outcome.before")
        with self.desk.store.write() as session:
            self.lease.guard(session)
            body = outcome_body(progress) | vendor_actor(self.hand, progress.change.kind)
            self.desk.journal.outcome(intent, outcome_of(progress), body, session=session)
            self.changes.put(session, progress, intent_seq=intent)
            also(session)
        self.desk.crash("outcome.after")

    def left_open(self, progress: Progress, intent: int, why: str) -> Progress:
        """The intent stays without an outcome: a later run settles it by reading. Raises LeaseLost."""
        lost = replace(progress, status=ChangeStatus.FAILED, error=why, error_code="intent.open")
        with self.desk.store.write() as session:
            self.lease.guard(session)
            self.changes.put(session, lost, intent_seq=intent)
        return lost


def outcome_of(progress: Progress) -> OutcomeResult:
    """The journal's word for how far a change has come."""
    if progress.waits:
        return OutcomeResult.NOT_DONE
    return OutcomeResult.FAILED if progress.status is ChangeStatus.FAILED else OutcomeResult.DONE


def intent_body(change: Change) -> dict[str, object]:
    """What the journal says before the call. Addresses of people and free text go in sealed."""
    return {
        "change": change.id,
        "kind": change.kind.value,
        "op": change.operation.value,
        "direction": change.direction.value,
        "lane": change.lane.value,
        "generation": change.generation,
        "vendor_id": change.vendor_id,
        "line": change.because.line,
        "matter": change.because.matter,
        "before": Sealed(plain_fields(change.before)),
        "after": Sealed(plain_fields(change.after)),
        "add": Sealed(sorted(change.add)) if change.add else None,
        "added": len(change.add),
        "remove": Sealed(sorted(change.remove)) if change.remove else None,
        "removed": len(change.remove),
    }


def vendor_actor(hand: object, kind: Kind) -> dict[str, object]:
    """The account that the vendor's log will show for a write of ``kind``, sealed; nothing where it is our own.

    Stands in the intent, before the call, and again in the outcome, because a refusal may have made the person go on with what we began.
    """
    account = cast("Personal", hand).account(kind) if hasattr(hand, "account") else None
    return {} if account is None else {"vendor_actor": Sealed(account)}


def outcome_body(progress: Progress) -> dict[str, object]:
    """What the journal says after the world was read again; the vendor's error text goes in sealed."""
    return {
        "change": progress.change.id,
        "status": progress.status.value,
        "vendor_id": progress.vendor_id,
        "error_code": progress.error_code,
        "error": Sealed(progress.error) if progress.error else None,
        "members_refused": len(progress.member_errors),
        "member_errors": Sealed(dict(progress.member_errors)) if progress.member_errors else None,
    }
