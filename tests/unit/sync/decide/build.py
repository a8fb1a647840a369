"""Short words for the values that the deciding modules look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Lane
from connectors.effects import m365_effects
from connectors.examination import Capability, ReadCapability, WriteCapability
from policies.district import Mode, Officer, Role, Thresholds
from policies.effects import Effect
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Because, Fields, Force, KindRead, Live, Mark, MemberState, ReadState, Snapshot, Wanted
from policies.roster import Roster
from sync.bindings import Binding, BindingState
from sync.difference import DiffInput
from sync.guards import GuardInput
from sync.plan import Change, Operation

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
DISTRICT = "abcd1234"
TENANT = "m365"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROSTER = Roster(tenant=TENANT, at=NOW, identities=())

LABEL: Fields = {"period": 730, "trigger": "created", "action": "keep", "behaviour": "retain", "description": "Routine"}
POLICY: Fields = {"enabled": True, "description": "", "exceptions": (), "locked": False}
RULE: Fields = {"period": 365, "trigger": "created", "action": "keep", "query": ""}
CASE: Fields = {"state": "open", "description": ""}
HOLD: Fields = {"enabled": True, "query": "", "description": ""}
FIELDS: Mapping[Kind, Fields] = {
    Kind.M365_LABEL: LABEL,
    Kind.M365_LABEL_POLICY: POLICY,
    Kind.M365_RETENTION_POLICY: POLICY,
    Kind.M365_RETENTION_RULE: RULE,
    Kind.M365_CASE: CASE,
    Kind.M365_HOLD: HOLD,
    Kind.M365_LABEL_RULE: {"publishes": "Routine"},
}
READ = (*FIELDS, Kind.M365_MAILBOX, Kind.M365_ADAPTIVE_SCOPE, Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD, Kind.GOOGLE_VAULT_RULE)


def effects_of(snapshot: Snapshot) -> tuple[Effect, ...]:
    return m365_effects(snapshot, ROSTER)


def mark(key: str, generation: int = 1, district: str = DISTRICT) -> Mark:
    return Mark(district=district, key=key, generation=generation)


def live(kind: Kind, vendor_id: str, *, key: str | None = None, members: Iterable[str] = (), force: Force = Force.APPLIED, **more: Any) -> Live:
    """A live object; ``key`` marks it as ours, further words override fields of the kind's usual form."""
    sides = {name: more.pop(name) for name in tuple(more) if name in {"parent_id", "created_at", "changed_at", "member_states", "name", "mark"}}
    base = Live(
        kind=kind,
        vendor_id=vendor_id,
        name=vendor_id,
        fields={**FIELDS.get(kind, {}), **more},
        members=frozenset(members),
        mark=mark(key) if key else None,
        force=force,
        created_at=NOW - 30 * DAY,
    )
    return replace(base, **sides)


def read(kind: Kind, state: ReadState = ReadState.COMPLETE) -> KindRead:
    complete = state is ReadState.COMPLETE
    return KindRead(kind=kind, state=state, count=None, reason=None if complete else "wire.broken")


def snapshot(*lives: Live, states: Mapping[Kind, ReadState] | None = None, at: datetime = NOW) -> Snapshot:
    """A tenant whose every kind was completely read but those in ``states``."""
    reads = {kind: read(kind, (states or {}).get(kind, ReadState.COMPLETE)) for kind in READ}
    return Snapshot(tenant=TENANT, at=at, reads=reads, resources=lives)


def wanted(kind: Kind, key: str, *, members: Iterable[str] = (), parent: str | None = None, people: int = 0, generation: int = 1, depends_on: tuple[str, ...] = (), **fields: Any) -> Wanted:
    return Wanted(
        kind=kind,
        key=key,
        name=f"Wanted {key}",
        fields={**FIELDS.get(kind, {}), **fields},
        members=frozenset(members),
        generation=generation,
        parent=parent,
        depends_on=depends_on,
        because=Because(line="R1", series="COR-02"),
        people=people,
    )


def binding(of: Live, key: str, *, state: BindingState = BindingState.IN_FORCE, accepted: datetime = NOW - 2 * DAY, **more: Any) -> Binding:
    base = Binding(
        tenant=TENANT,
        kind=of.kind,
        key=key,
        vendor_id=of.vendor_id,
        name=of.name,
        generation=of.mark.generation if of.mark else 1,
        fields=of.fields,
        members=of.members,
        parent_id=of.parent_id,
        accepted_at=accepted,
        effective_at=accepted if state is BindingState.IN_FORCE else None,
        state=state,
        mark=of.mark,
    )
    return replace(base, **more)


def inputs(desired: Iterable[Wanted], seen: Snapshot, *bindings: Binding, lane: Lane = Lane.SYNC, addresses: Mapping[str, str] | None = None) -> DiffInput:
    return DiffInput(
        tenant=TENANT,
        tenant_identity="contoso",
        lane=lane,
        desired=tuple(desired),
        snapshot=seen,
        bindings={one.key: one for one in bindings},
        now=NOW,
        overdue_seconds=86400,
        district=DISTRICT,
        addresses=addresses or {},
    )


def change(kind: Kind = Kind.M365_LABEL, key: str = "cor-02", operation: Operation = Operation.SET, **more: Any) -> Change:
    base = Change(
        tenant=TENANT,
        tenant_identity="contoso",
        lane=Lane.SYNC,
        kind=kind,
        key=key,
        name=key,
        operation=operation,
        direction=Direction.STRENGTHENS,
        because=Because(line="R1"),
        vendor_id=f"id-{key}",
    )
    return replace(base, **more)


def can(*kinds: Kind, write: WriteCapability = WriteCapability.PROVEN) -> dict[Kind, Capability]:
    return {kind: Capability(kind=kind, read=ReadCapability.FULL, write=write) for kind in kinds}


def guards(**more: Any) -> GuardInput:
    base = GuardInput(
        mode=Mode.ENFORCE,
        thresholds=Thresholds(),
        capabilities=can(*FIELDS),
        reads=snapshot().reads,
        approvals={},
        open_matter_places=frozenset(),
        attended=False,
        lane=Lane.SYNC,
    )
    return replace(base, **more)


def officer(name: str, *roles: Role, key: str | None = None, email: str | None = None) -> Officer:
    return Officer(id=name, name=name.title(), email=email or f"{name}@d.example", roles=roles or (Role.RECORDS_CUSTODIAN,), key=key)


def codes(one: Change) -> list[str]:
    return [refusal.code for refusal in one.refusals]


def held(member: str, force: Force = Force.APPLIED) -> dict[str, MemberState]:
    return {member: MemberState(force=force)}
