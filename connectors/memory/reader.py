"""Looking at a tenant in memory: with visibility checks, late logs, and reads that fail in part or as a whole."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.audit_log import AuditRead, LogSource
from connectors.base import Charge, Context
from connectors.effects import M365_MODELLED
from connectors.errors import PermanentError, TenantUnreachableError
from connectors.examination import Capability, Examination, Identity, ReadCapability, Surface, WriteCapability
from connectors.memory.world import US, MemoryTenant, Thing
from policies.district import Tenant
from policies.kinds import Kind, Platform
from policies.resources import KindRead, Live, ReadState, Ref, Snapshot
from policies.roster import Roster

SURFACE = "memory"
WRITABLE = {
    Platform.MICROSOFT365: M365_MODELLED,
    Platform.GOOGLE_WORKSPACE: frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD}),
}
PEOPLE = {
    Platform.MICROSOFT365: frozenset({Kind.M365_USER, Kind.M365_GROUP, Kind.M365_SITE}),
    Platform.GOOGLE_WORKSPACE: frozenset({Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT}),
}
_HALF_A_YEAR = timedelta(days=180)


class MemoryReader:
    """Implements ``Reader`` on a world in memory; every look costs one request."""

    def __init__(self, world: MemoryTenant, tenant: Tenant, context: Context) -> None:
        self.world = world
        self.tenant = tenant
        self.context = context

    def examine(self, kinds: AbstractSet[Kind] | None = None) -> Examination:  # noqa: ARG002  # one examination tells of all
        """Identity, one surface, licences, and every kind that the platform knows."""
        identity = self.identity()
        known = sorted(WRITABLE[self.world.platform] | PEOPLE[self.world.platform])
        return Examination(
            identity=identity,
            surfaces=(Surface(name=SURFACE, url=None, ok=True, detail="in memory"),),
            licences=dict(self.world.licences),
            capabilities=(*(self._capability(kind) for kind in known), *self._by_hand()),
        )

    def _capability(self, kind: Kind) -> Capability:
        write = WriteCapability.UNPROVEN if kind in WRITABLE[self.world.platform] else WriteCapability.NONE
        write = self.world.rights.get(kind, write)
        missing = write is WriteCapability.MISSING
        return Capability(
            kind=kind,
            read=self.world.sight.get(kind, ReadCapability.FULL),
            write=write,
            surface=SURFACE,
            reason="role.missing" if missing else None,
            next_step=f"grant the role that writes {kind.value}" if missing else None,
        )

    def _by_hand(self) -> tuple[Capability, ...]:
        if self.world.platform is not Platform.GOOGLE_WORKSPACE:
            return ()
        return (
            Capability(
                kind=Kind.GOOGLE_VAULT_RULE,
                read=ReadCapability.NONE,
                write=WriteCapability.ATTEST_ONLY,
                reason="vault_rules.no_api",
                next_step="set the rules in Vault and attest them",
            ),
        )

    def identity(self) -> Identity:
        """Who answers."""
        self._ask("identity")
        domain = self.world.domain
        return Identity(vendor_id=self.world.vendor_id, domain=domain, domains=(domain,), actor=US, skew_seconds=0)

    def roster(self) -> Roster:
        """Everybody and every place, with how each kind's read ended."""
        self._ask("roster")
        kinds = sorted(PEOPLE[self.world.platform])
        return replace(self.world.roster, reads=tuple(self._people_read(kind) for kind in kinds))

    def snapshot(self, kinds: AbstractSet[Kind]) -> Snapshot:
        """Live objects of ``kinds``, each kind with how its read ended."""
        self._ask("snapshot", cost=max(1, len(kinds)))
        resources: list[Live] = []
        reads: dict[Kind, KindRead] = {}
        for kind in sorted(kinds):
            if kind in PEOPLE[self.world.platform]:
                reads[kind] = self._people_read(kind)
                continue
            seen = self._listed(kind)
            reads[kind] = self._read(kind, seen)
            if reads[kind].state is not ReadState.FAILED:
                resources += [self.world.show(thing) for thing in seen]
        return Snapshot(tenant=self.tenant.id, at=self.world.clock.now(), reads=reads, resources=tuple(resources))

    def _listed(self, kind: Kind) -> list[Thing]:
        """What the platform lists: nothing to an identity without the role, and no holds of a closed Vault matter (G§1.6)."""
        if kind in self.world.troubles.roleless:
            return []
        hidden = self.world.troubles.hidden
        things = (thing for thing in self.world.things.values() if thing.kind is kind and thing.vendor_id not in hidden)
        return [thing for thing in things if not self._shut_away(thing) and not self._not_yet(thing)]

    def _not_yet(self, thing: Thing) -> bool:
        late = timedelta(seconds=self.world.troubles.late.get(thing.kind, 0))
        return self.world.clock.now() - thing.created_at < late

    def _shut_away(self, thing: Thing) -> bool:
        if thing.kind is not Kind.GOOGLE_HOLD:
            return False
        matter = self.world.things.get(thing.parent_id or "")
        return matter is not None and matter.fields.get("state") != "open"

    def _read(self, kind: Kind, seen: list[Thing]) -> KindRead:
        troubles = self.world.troubles
        if kind in troubles.failed:
            return KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=troubles.failed[kind])
        if kind in troubles.partial:
            return KindRead(kind=kind, state=ReadState.PARTIAL, count=len(seen), reason=troubles.partial[kind])
        name = self.tenant.visibility_checks.get(kind)
        if name is None:
            return KindRead(kind=kind, state=ReadState.UNPROVEN, count=len(seen), reason="visibility_check.not_set")
        if not any(thing.name == name and thing.mark is None and thing.made_by != US for thing in seen):
            return KindRead(kind=kind, state=ReadState.PARTIAL, count=len(seen), reason="visibility_check.not_seen")
        return KindRead(kind=kind, state=ReadState.COMPLETE, count=len(seen))

    def _people_read(self, kind: Kind) -> KindRead:
        """People prove themselves: a non-empty answer is complete, an empty one says nothing."""
        roster, troubles = self.world.roster, self.world.troubles
        if kind in troubles.failed:
            return KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=troubles.failed[kind])
        counts = {"user": len(roster.identities), "group": len(roster.groups), "org_unit": len(roster.org_units), "site": len(roster.sites)}
        count = counts[kind.value.partition(".")[2]]
        if kind in troubles.partial:
            return KindRead(kind=kind, state=ReadState.PARTIAL, count=count, reason=troubles.partial[kind])
        if not count:
            return KindRead(kind=kind, state=ReadState.UNPROVEN, count=0, reason="read.empty")
        return KindRead(kind=kind, state=ReadState.COMPLETE, count=count)

    def read_back(self, ref: Ref) -> Live | None:
        """One object as it is now. Raises where its kind cannot be read or its container is closed to us."""
        self._ask("read_back")
        reason = self.world.troubles.failed.get(ref.kind)
        if reason is not None:
            raise PermanentError(reason, f"{ref.kind.value} could not be read", "see doctor")
        thing = self.world.things.get(ref.vendor_id)
        if thing is None or self._not_yet(thing):
            if ref.kind in self.world.troubles.roleless:
                raise PermanentError("role.missing", "gone, or not for us to see", "see doctor")
            return None
        if self._shut_away(thing):
            raise PermanentError("matter.closed", f"the matter of {ref.name} is closed, so its holds cannot be read", "reopen it")
        return self.world.show(thing)

    def audit(self, since: datetime, until: datetime, kinds: AbstractSet[Kind] | None = None) -> AuditRead:  # noqa: ARG002  # one log tells of all
        """The log as far as it has come in: an event is shown ``log_seconds`` after it happened, never before."""
        self._ask("audit")
        if self.world.troubles.no_log is not None:
            return AuditRead(available=False, reason=self.world.troubles.no_log)
        if self.world.troubles.no_old_log is not None and since < self.world.clock.now() - _HALF_A_YEAR:
            return AuditRead(available=False, reason=self.world.troubles.no_old_log, refused=True)
        if self.world.troubles.log_left is not None:
            self.world.troubles.log_left -= 1
            if self.world.troubles.log_left < 0:
                return AuditRead(available=False, reason="memory.cut_short")
        through = self.world.clock.now() - timedelta(seconds=self.world.log_seconds)
        events = tuple(event for event in self.world.log if since <= event.at <= until and event.at <= through)
        events = () if self.world.troubles.blind_log else events
        # As the vendors do: Microsoft's log may answer an identity that sees nothing of it, Google's refuses.
        source = LogSource(name="memory", until=until, events=frozenset(event.id for event in events))
        sources = (source,) if self.world.platform is Platform.MICROSOFT365 else ()
        return AuditRead(available=True, events=events, through=through, sources=sources)

    def _ask(self, method: str, cost: int = 1) -> None:
        self.context.meter.spend(SURFACE, method, (Charge(account=f"memory/{self.world.vendor_id}", quota=SURFACE, units=cost),))
        if self.world.troubles.unreachable is not None:
            raise TenantUnreachableError(self.world.troubles.unreachable, "the tenant does not answer", "see doctor")


__all__ = ["PEOPLE", "SURFACE", "WRITABLE", "MemoryReader"]
