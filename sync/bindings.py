"""What we hold in a tenant: our key, the vendor's ids, and the normal form that we last read back. A value; the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from policies.kinds import Kind
from policies.resources import Fields, Force, Live, Mark, Ref


class BindingState(StrEnum):
    """Whether the platform has said that what we last sent is in force."""

    IN_FLIGHT = "in_flight"
    IN_FORCE = "in_force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One object of ours as we last read it back.

    ``members`` are only those that we put there (or took over); members that somebody else added are not ours and never in it. ``mark`` is
    None for what was taken over without one. ``verified_at`` is the last time that a read showed exactly this form.
    """

    tenant: str
    kind: Kind
    key: str
    vendor_id: str
    name: str
    generation: int
    fields: Fields
    members: frozenset[str]
    parent_id: str | None
    accepted_at: datetime
    effective_at: datetime | None
    state: BindingState
    mark: Mark | None
    verified_at: datetime | None = None

    def ref(self) -> Ref:
        """The reference under which a reader or writer finds the object."""
        return Ref(tenant=self.tenant, kind=self.kind, vendor_id=self.vendor_id, name=self.name, mark=self.mark, parent_id=self.parent_id)


def bound_to(tenant: str, key: str, live: Live, members: frozenset[str], *, accepted_at: datetime, now: datetime) -> Binding:
    """A binding for an object that was there already: found by its mark, or taken over by name. ``members``: those of it that are ours."""
    in_force = live.force is Force.APPLIED
    return Binding(
        tenant=tenant,
        kind=live.kind,
        key=key,
        vendor_id=live.vendor_id,
        name=live.name,
        generation=live.mark.generation if live.mark else 1,
        fields=dict(live.fields),
        members=members & live.members,
        parent_id=live.parent_id,
        accepted_at=accepted_at,
        effective_at=now if in_force else None,
        state=BindingState.IN_FORCE if in_force else BindingState.IN_FLIGHT,
        mark=live.mark,
        verified_at=now,
    )
