"""A plan in a person's hands: what is to be done by hand, and what of it is found done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from connectors.base import Connector
from connectors.instructions import Deed, Instruction
from policies.resources import Fields, Live, Mark, Snapshot
from sync.bindings import Binding
from sync.ends import is_end, over
from sync.equality import differing
from sync.instructing import instructed
from sync.matching import match
from sync.plan import Change, Operation

_BY_HAND: Mapping[Operation, Literal["create", "set", "add", "retry"]] = {
    Operation.CREATE: "create", Operation.SET: "set", Operation.ADD: "add", Operation.RETRY: "retry",
}
_NO_TOOL = "Recordwarden has no sheet for this platform; do it in the vendor's console as the change says."
_TAKES_AWAY = "This takes protection away; it is done by a release with two officers, never from a sheet."


class Found(StrEnum):
    """What a look shows of one change that was to be done by hand."""

    SET_BY_HAND = "set_by_hand"
    OURS = "ours"
    """It is as it should be, and it was Recordwarden that did it."""
    DIFFERS = "differs"
    NOT_THERE = "not_there"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One change looked for in its tenant. ``differs`` names fields, ``missing`` members that are not in it; ``force`` is the platform's word."""

    change: Change
    found: Found
    live: Live | None = None
    differs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str | None = None


def instructions(connector: Connector, changes: Sequence[Change], district: str, names: Mapping[str, str]) -> tuple[Instruction, ...]:
    """What a person does for ``changes`` of one tenant, in order. ``names``: display names by key of what is there already."""
    able = [change for change in changes if change.operation in _BY_HAND]
    refused = tuple(Instruction(key=one.key, title=one.name, refused=_TAKES_AWAY) for one in changes if one.operation not in _BY_HAND)
    known = {**names, **{one.key: one.name for one in able if one.operation is Operation.CREATE}}
    deeds = [_deed(one, district, known) for one in able]
    made = instructed(connector, deeds)
    if made is None:
        made = tuple(Instruction(key=one.key, title=one.name, refused=_NO_TOOL) for one in able)
    return (*made, *refused)


def check(change: Change, snapshot: Snapshot, binding: Binding | None, district: str, *, sent: bool) -> Checked:
    """Whether ``change`` is done in the tenant. ``sent``: it was we who sent it."""
    if is_end(change):
        return _ended(change, snapshot, sent=sent)
    live = match(snapshot, change.kind, change.key, binding=binding, district=district).live
    if live is None or (change.operation is Operation.CREATE and _generation(live) < change.generation):
        read = snapshot.reads.get(change.kind)
        found = Found.NOT_THERE if snapshot.complete(change.kind) else Found.UNKNOWN
        return Checked(change=change, found=found, reason=None if found is Found.NOT_THERE else read.reason if read else "kind.not_read")
    differs, missing = tuple(sorted(differing(_fields(change), live.fields))), tuple(sorted(change.add - live.members))
    found = Found.DIFFERS if differs or missing else Found.OURS if sent else Found.SET_BY_HAND
    return Checked(change=change, found=found, live=live, differs=differs, missing=missing)


def _ended(change: Change, snapshot: Snapshot, *, sent: bool) -> Checked:
    """A second hold with one mark, or an older label, is looked for by its own id: under its key stands the one that stays."""
    live = next((one for one in snapshot.of(change.kind) if one.vendor_id == change.vendor_id), None)
    if over(change.kind, change.vendor_id, snapshot):
        return Checked(change=change, found=Found.OURS if sent else Found.SET_BY_HAND, live=live)
    read = snapshot.reads.get(change.kind)
    if live is None:
        return Checked(change=change, found=Found.UNKNOWN, reason=read.reason if read else "kind.not_read")
    return Checked(change=change, found=Found.DIFFERS, live=live, reason="it stands still")


def by_tenant(changes: Iterable[Change]) -> Mapping[str, tuple[Change, ...]]:
    """``changes`` in order, tenant by tenant."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.tenant, []).append(change)
    return {tenant: tuple(some) for tenant, some in found.items()}


def _deed(change: Change, district: str, names: Mapping[str, str]) -> Deed:
    return Deed(
        operation=_BY_HAND[change.operation],
        kind=change.kind,
        name=change.name,
        key=change.key,
        mark=Mark(district=district, key=change.key, generation=change.generation),
        vendor_id=change.vendor_id,
        parent=names.get(change.parent, change.parent) if change.parent else None,
        fields=_fields(change),
        members=change.add,
    )


def _fields(change: Change) -> Fields:
    """The fields that the change sets: all of a new object, else those that differ from what was there."""
    after, before = change.after or {}, change.before or {}
    if change.operation is Operation.CREATE:
        return after
    return {name: value for name, value in after.items() if name not in before or before[name] != value}


def _generation(live: Live) -> int:
    return live.mark.generation if live.mark is not None else 1
