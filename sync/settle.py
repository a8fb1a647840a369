"""After a crash: settle open intents by reading. A create is never repeated on a guess; what cannot be told stays open and blocks its own key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Lane
from policies.kinds import Kind
from policies.resources import Force, Live, Snapshot, Wanted
from sync.bindings import Binding, BindingState
from sync.desk import Desk
from sync.ends import is_line, over
from sync.journal import OpenIntent, OutcomeResult
from sync.lease import Lease
from sync.matching import match
from sync.plan import LETTING_GO, Operation
from sync.store.bindings import Bindings

LIST_DELAY: Final = 60
"""Seconds that a platform may take to list what it has made. Neither states a figure ("seconds to minutes" for Microsoft's replicas, M§7): chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKey:
    """A key that an unsettled intent blocks, and since when."""

    tenant: str
    key: str
    change: str
    since: datetime


def settle(desk: Desk, lease: Lease, lane: Lane, snapshot: Snapshot, wanted: Mapping[str, Wanted]) -> tuple[OpenKey, ...]:
    """Write the outcome of every intent of this tenant and lane that the snapshot can tell, and return the ones it cannot.

    An object with our mark that is there was made: it is bound. One that a *complete* read does not show was not made, unless the request may
    still be under way: the death of a process does not call back what it sent.
    """
    blocked: list[OpenKey] = []
    bindings = Bindings(desk.store).of(snapshot.tenant)
    for intent in desk.journal.open_intents():
        if intent.tenant != snapshot.tenant or intent.body.get("lane") != lane.value:
            continue
        if Operation(str(intent.body["op"])) in LETTING_GO:
            _let_be(desk, lease, intent, snapshot)
            continue
        key = intent.subject
        kind = Kind(str(intent.body["kind"]))
        found = match(snapshot, kind, key, binding=bindings.get(key), district=desk.district.id).live or _child(
            kind, wanted.get(key), bindings, snapshot
        )
        if found is None and (not snapshot.complete(kind) or _may_still_come(desk, intent, snapshot)):
            blocked.append(OpenKey(tenant=snapshot.tenant, key=key, change=str(intent.body["change"]), since=intent.at))
            continue
        _close(desk, lease, intent, found, bindings.get(key), wanted.get(key))
    return tuple(blocked)


def _let_be(desk: Desk, lease: Lease, intent: OpenIntent, snapshot: Snapshot) -> None:
    """What takes away may be asked for twice: the next look finds it done, or does it again; whether this call did it is not claimed.

    A second hold or an older label that is seen ended is: its signatures were for one doing of it, whoever switches it on again.
    """
    ended = is_line(intent.body.get("line")) and over(Kind(str(intent.body["kind"])), intent.body.get("vendor_id"), snapshot)
    status, settled_by = ("effective", "reading") if ended else ("asked_again", "asking again")
    body: dict[str, object] = {"change": intent.body["change"], "status": status, "settled_by": settled_by}
    with desk.store.write() as session:
        lease.guard(session)
        desk.journal.outcome(intent.seq, OutcomeResult.DONE if ended else OutcomeResult.NOT_DONE, body, session=session)


def _may_still_come(desk: Desk, intent: OpenIntent, snapshot: Snapshot) -> bool:
    """Whether a create may have been carried out too late for this look: its request has its timeout to end, and the platform its time to list it.

    On the district's clock, which goes on while the machine is suspended; a rehearsal's moves when its file does.
    """
    if Operation(str(intent.body["op"])) is not Operation.CREATE:
        return False
    return snapshot.at - intent.at < timedelta(seconds=desk.district.timeouts.request + LIST_DELAY)


def _child(kind: Kind, wanted: Wanted | None, bindings: Mapping[str, Binding], snapshot: Snapshot) -> Live | None:
    """A rule that carries no mark of its own is known by the policy it lives in."""
    parent = bindings.get(wanted.parent) if wanted is not None and wanted.parent is not None else None
    if parent is None or wanted is None:
        return None
    return next((live for live in snapshot.of(kind) if live.mark is None and live.parent_id == parent.vendor_id), None)


def _close(desk: Desk, lease: Lease, intent: OpenIntent, found: Live | None, binding: Binding | None, wanted: Wanted | None) -> None:
    made = found is not None and _made(intent, found, wanted)
    body: dict[str, object] = {
        "change": intent.body["change"],
        "status": "accepted" if made else "not_done",
        "vendor_id": found.vendor_id if found else None,
        "settled_by": "reading",
    }
    with desk.store.write() as session:
        lease.guard(session)
        desk.journal.outcome(intent.seq, OutcomeResult.DONE if made else OutcomeResult.NOT_DONE, body, session=session)
        if found is not None:
            Bindings(desk.store).put(session, _rebound(desk, str(intent.tenant), intent.subject, found, binding, wanted))


def _made(intent: OpenIntent, found: Live, wanted: Wanted | None) -> bool:
    """Whether what is live shows that the interrupted call was carried out; a wish that is gone since cannot be compared, so it does not count."""
    operation = Operation(str(intent.body["op"]))
    if operation is Operation.CREATE:
        return True
    if operation is Operation.RETRY:
        return Force.ERROR not in {found.force, *(state.force for state in found.member_states.values())}
    if wanted is None:
        return False
    filled = not intent.body.get("added") or wanted.members <= found.members
    if operation is Operation.ADD:
        return filled
    return filled and all(found.fields.get(name) == value for name, value in wanted.lasting.items())


def _rebound(desk: Desk, tenant: str, key: str, found: Live, binding: Binding | None, wanted: Wanted | None) -> Binding:  # one value's parts
    """The binding as the read shows it. What agrees with the wish is ours; what does not is left as it was last read back, so that drift sees it."""
    ours = (binding.members if binding else frozenset()) | (wanted.members if wanted else frozenset())
    agreed = {name: value for name, value in found.fields.items() if wanted is None or wanted.fields.get(name, value) == value}
    fields = {**(binding.fields if binding else found.fields), **agreed}
    now = desk.clock.now()
    return Binding(
        tenant=tenant,
        kind=found.kind,
        key=key,
        vendor_id=found.vendor_id,
        name=found.name,
        generation=found.mark.generation if found.mark else (binding.generation if binding else 1),
        fields=fields,
        members=ours & found.members,
        parent_id=found.parent_id,
        accepted_at=now,
        effective_at=None,
        state=BindingState.IN_FLIGHT,
        mark=found.mark,
        verified_at=now,
    )


__all__ = ["LIST_DELAY", "OpenKey", "settle"]
