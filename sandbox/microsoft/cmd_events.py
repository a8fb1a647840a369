"""Cmdlets for event types (docs/wire/admin-endpoint.md §2.9). Events are fired by nobody here: that cannot be taken back (M§1.6)."""

from __future__ import annotations

from sandbox.microsoft.binding import Call, Cmdlet, CmdletError, Rows, exists, flag, not_found, nothing, rows, text
from sandbox.microsoft.cmd_labels import find_event_type
from sandbox.microsoft.objects import Actor, EventType
from sandbox.microsoft.rendering import common
from sandbox.microsoft.state import tenant_of
from sandbox.world import World

_NOUN = "ComplianceRetentionEventType"


def cmdlets() -> list[Cmdlet]:
    """Get-, New-, Set- and Remove-ComplianceRetentionEventType; not exported without records management."""
    name, identity, comment = text("Name"), text("Identity"), text("Comment")
    return [
        Cmdlet(name=f"Get-{_NOUN}", run=get, parameters=(identity,), premium=True),
        Cmdlet(name=f"New-{_NOUN}", run=create, parameters=(name, comment), needs=("Name",), premium=True),
        Cmdlet(name=f"Set-{_NOUN}", run=change, parameters=(identity, comment), needs=("Identity",), premium=True),
        Cmdlet(name=f"Remove-{_NOUN}", run=remove, parameters=(identity, flag("ForceDeletion")), needs=("Identity",), premium=True),
    ]


def make(world: World, actor: Actor, name: str, comment: str) -> EventType | None:
    """A new event type; None when the name is taken, whatever its case."""
    state, now = tenant_of(world), world.clock.now()
    if find_event_type(state, name) is not None:
        return None
    when = {"created": now, "changed": now}
    made = EventType(name=name, guid=state.new_id("event type"), comment=comment, created_by=actor, changed_by=actor, **when)
    state.event_types[made.guid] = made
    return made


def labels_of(world: World, found: EventType) -> list[str]:
    """Names of the labels that count from it."""
    wanted = {found.guid, found.name.lower()}
    return [label.name for label in tenant_of(world).labels.values() if (label.event_type or "").lower() in wanted]


def get(call: Call) -> Rows:
    """All event types; one, if ``Identity`` names one; all again, if it names none (M§2.2)."""
    one = find_event_type(call.state, call.word("Identity")) if call.word("Identity") else None
    found = [one] if one is not None else list(call.state.event_types.values())
    return Rows(items=found, render=lambda row: common(call.state, row))


def create(call: Call) -> Rows:
    """A new event type."""
    name = call.name()
    made = make(call.world, call.actor, name, call.word("Comment"))
    if made is None:
        raise exists(name)
    call.log(name)
    return rows([common(call.state, made)])


def change(call: Call) -> Rows:
    """Another comment; nothing else can be changed."""
    found = _found(call)
    if not call.has("Comment") or found.comment == call.word("Comment"):
        call.unchanged(found.name)
        return nothing()
    found.comment = call.word("Comment")
    found.touch(call.actor, call.world.clock.now())
    call.log(call.word("Identity"))
    return nothing()


def remove(call: Call) -> Rows:
    """Gone, unless a label counts from it."""
    found = _found(call)
    users = labels_of(call.world, found)
    if users:
        words = f"The event type '{found.name}' is being used by the label '{users[0]}' and can't be removed."
        raise CmdletError("Microsoft.Exchange.Management.UnifiedPolicy.EventTypeInUseException", words)
    del call.state.event_types[found.guid]
    call.log(call.word("Identity"))
    return nothing()


def _found(call: Call) -> EventType:
    found = find_event_type(call.state, call.word("Identity"))
    if found is None:
        raise not_found(call.word("Identity"))
    return found
