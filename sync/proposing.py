"""Changes as they are first written down, with everything an approver is shown but the direction. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policies.protection import Direction
from policies.resources import Fields, Wanted
from sync.difference import DiffInput
from sync.plan import Change, Operation, Refusal

_STEM = 60
"""How much of a name a later generation keeps, so that its number still fits where a name may have 64 characters (M§1.1)."""


def create(inputs: DiffInput, wanted: Wanted, *, generation: int, refusals: tuple[Refusal, ...] = ()) -> tuple[Change, ...]:
    """The changes that make ``wanted``: one create and, where the platform makes objects empty, an add of its members.

    A later generation stands beside the old one until it is in force, so it needs a name of its own.
    """
    name = wanted.name if generation == wanted.generation else f"{wanted.name[:_STEM]} g{generation}"
    made = _change(
        inputs, wanted, Operation.CREATE, name=name, generation=generation, after=dict(wanted.fields), add=wanted.born_with, refusals=refusals
    )
    later = wanted.members - wanted.born_with
    if not later:
        return (made,)
    return (made, _change(inputs, wanted, Operation.ADD, name=name, generation=generation, add=later, refusals=refusals))


def touching(  # noqa: PLR0913  # the faces of one change; each has a name at the call
    inputs: DiffInput,
    wanted: Wanted,
    operation: Operation,
    *,
    vendor_id: str,
    name: str,
    generation: int,
    before: Fields | None = None,
    after: Fields | None = None,
    add: frozenset[str] = frozenset(),
    former: frozenset[str] = frozenset(),
) -> Change:
    """A change of an object that exists."""
    return _change(
        inputs,
        wanted,
        operation,
        vendor_id=vendor_id,
        name=name,
        generation=generation,
        before=before,
        after=after,
        add=add,
        former=former,
    )


def addresses_of(members: Iterable[str], addresses: Mapping[str, str]) -> frozenset[str]:
    """The accounts behind ``members``, as addresses in lower case: what "touches self" is asked of."""
    found = set()
    for member in members:
        place = member.partition(":")[2]
        if member in addresses:
            found.add(addresses[member].lower())
        elif "@" in place and "/" not in place:
            found.add(place.lower())
    return frozenset(found)


def _change(  # noqa: PLR0913  # the faces of one change; each has a name at the call
    inputs: DiffInput,
    wanted: Wanted,
    operation: Operation,
    *,
    name: str,
    generation: int,
    vendor_id: str | None = None,
    before: Fields | None = None,
    after: Fields | None = None,
    add: frozenset[str] = frozenset(),
    former: frozenset[str] = frozenset(),
    refusals: tuple[Refusal, ...] = (),
) -> Change:
    return Change(
        tenant=inputs.tenant,
        tenant_identity=inputs.tenant_identity,
        lane=inputs.lane,
        kind=wanted.kind,
        key=wanted.key,
        name=name,
        operation=operation,
        # The worst until it has been computed: a change that nobody judged must not pass for harmless.
        direction=Direction.WEAKENS,
        because=wanted.because,
        generation=generation,
        vendor_id=vendor_id,
        parent=wanted.parent,
        before=before,
        after=after,
        add=add,
        former=former,
        people=_people(wanted, add) if operation is Operation.ADD else wanted.people,
        refusals=refusals,
        identities_touched=addresses_of(add, inputs.addresses),
    )


def _people(wanted: Wanted, add: frozenset[str]) -> int:
    """How many people an addition touches: those added, and never more than the whole object is for."""
    if any(member.endswith(":All") for member in add):
        return wanted.people
    return min(len(add), wanted.people or len(add))
