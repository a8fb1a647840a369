"""Look at one tenant: who answers, whether it is still the same tenant, everybody in it, and the live objects. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from connectors.base import Connector, Lane, PlaceFinder, Reader, Settling
from connectors.errors import ConnectorError
from connectors.examination import NOT_PROVEN, Capability, Examination, WriteCapability
from connectors.following import Follower
from policies.district import Tenant
from policies.kinds import Kind
from policies.problems import Problem, Severity
from policies.resources import Snapshot
from policies.roster import Roster
from sync.desk import Desk, TenantDoor
from sync.store.pins import Pins
from sync.store.proofs import KeptProof, Proofs
from sync.store.rosters import Rosters, with_drive


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One tenant as it was seen. ``error`` set: nothing else is; a tenant that could not be reached is not an empty one."""

    tenant: Tenant
    connector: Connector
    at: datetime
    reader: Reader | None = None
    examination: Examination | None = None
    capabilities: tuple[Capability, ...] = ()
    roster: Roster | None = None
    snapshot: Snapshot | None = None
    identity_changed: bool = False
    error: Problem | None = None

    @property
    def vendor_id(self) -> str:
        """The tenant's own id, for change ids; empty when nobody answered."""
        return self.examination.identity.vendor_id if self.examination else ""


def look(desk: Desk, door: TenantDoor, lane: Lane, kinds: AbstractSet[Kind]) -> Look:
    """Examine ``door``'s tenant and read ``kinds``. Raises ``Stopped``; anything else that goes wrong outside our own code is in the answer."""
    base = Look(tenant=door.tenant, connector=door.connector, at=desk.clock.now())
    reader = door.reader(lane)
    rosters = Rosters(desk.store)
    following = cast("Follower", reader) if hasattr(reader, "follow") else None
    if following is not None:
        following.follow(rosters.kept(door.tenant.id, desk.clock.now()))
    try:
        examination = reader.examine(kinds)
        if not Pins(desk.store).same(door.tenant.id, examination.identity.vendor_id, desk.clock.now()):
            return replace(base, examination=examination, identity_changed=True, error=identity_changed(door.tenant.id))
        roster = reader.roster()
        roster = rosters.keep(roster, following.trail() if following is not None else None)
        snapshot = reader.snapshot(kinds)
        snapshot = replace(snapshot, reads={**{read.kind: read for read in roster.reads}, **snapshot.reads})
    except ConnectorError as error:  # also where the first question is answered with a 500: the other tenant's run goes on
        return replace(base, error=error.problem(door.tenant.id))
    return replace(
        base,
        reader=reader,
        examination=examination,
        roster=roster,
        snapshot=snapshot,
        capabilities=proven(_settled(reader, examination.capabilities), Proofs(desk.store).of(door.tenant.id, desk.clock.now())),
    )


def _settled(reader: Reader, capabilities: tuple[Capability, ...]) -> tuple[Capability, ...]:
    return cast("Settling", reader).settled(capabilities) if hasattr(reader, "settled") else capabilities


def with_places(desk: Desk, seen: Look, identity_ids: AbstractSet[str]) -> Look:
    """``seen`` with the OneDrive addresses of the given accounts, asked for once and remembered; its ``error`` set where nobody answers any more.

    An account of which the platform would not say stays as it was, which is unknown, and is asked again by the next look.
    """
    if seen.roster is None or not hasattr(seen.reader, "containers"):
        return seen
    known = Rosters(desk.store)
    missing = known.unplaced(seen.tenant.id, identity_ids, desk.clock.now())
    if not missing:
        return seen
    try:
        found = cast("PlaceFinder", seen.reader).containers(missing)
    except ConnectorError as error:
        return Look(tenant=seen.tenant, connector=seen.connector, at=seen.at, error=error.problem(seen.tenant.id))
    known.place(seen.tenant.id, found, desk.clock.now())
    identities = tuple(with_drive(one, found[one.vendor_id]) if one.vendor_id in found else one for one in seen.roster.identities)
    return replace(seen, roster=replace(seen.roster, identities=identities))


def proven(capabilities: tuple[Capability, ...], proofs: Mapping[Kind, KeptProof]) -> tuple[Capability, ...]:
    """Capabilities with this store's proofs: what was written and read back here, over the same surface, is proven, and what was not says so."""
    return tuple(_judged(one, proofs.get(one.kind)) if one.write is WriteCapability.UNPROVEN else one for one in capabilities)


def _judged(one: Capability, proof: KeptProof | None) -> Capability:
    if proof is not None and _counts(proof, one):
        return _proven(one, proof.at)
    if one.reason is not None:
        return one
    return replace(one, reason=NOT_PROVEN, next_step=one.next_step or f"recordwarden doctor --prove {one.kind.value}")


def _counts(proof: KeptProof, one: Capability) -> bool:
    """A proof made as ourselves says nothing of what a signed-in person may write, nor the other way round."""
    return one.account is None if proof.surface is None else proof.surface == one.surface


def _proven(one: Capability, at: datetime) -> Capability:
    """Proven, with what stays to be said of it: everything but that no proof was made."""
    kept = None if one.reason is None or one.reason.startswith("capability.unproven") else one.reason
    step = (one.next_step or "").partition(" Then recordwarden doctor --prove")[0] if kept else None
    return replace(one, write=WriteCapability.PROVEN, proven_at=at, reason=kept, next_step=step or None)


def identity_changed(tenant: str) -> Problem:
    """Another tenant answers under an id that is pinned: everything for it stops."""
    return Problem(
        code="tenant.identity_changed",
        severity=Severity.ERROR,
        tenant=tenant,
        message=f"Another tenant answers where {tenant} was: its own id is not the one that was met first.",
        next_step="Compare tenant_id, customer_id and endpoints in district.yaml with the tenant; nothing is read or written until they agree.",
    )
