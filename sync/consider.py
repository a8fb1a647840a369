"""Consider one tenant: look, settle what a crash left open, decide, and keep the evidence before anybody can act on it."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Protocol

from connectors.base import Circumstances, Connector, Lane
from policies.kinds import TRAITS, Kind
from policies.problems import Problem
from policies.resources import Live, Snapshot, Wanted
from policies.roster import Roster
from sync.aftermath import Aftermath
from sync.bindings import Binding
from sync.consent import consenting
from sync.decide import Bearing, Decision, bound, circumstances, decide, file_owners
from sync.desk import Desk, TenantDoor
from sync.lease import Lease
from sync.ledger import Progress
from sync.look import Look, look, with_places
from sync.matters.releases import Releases
from sync.plan import Change
from sync.settle import OpenKey, settle
from sync.watch.watching import Watching


class Matters(Protocol):
    """What a run asks of the open matters; the hold lane keeps them (sync.matters)."""

    def wanted(self, tenant_id: str, connector: Connector, circumstances: Circumstances) -> tuple[Wanted, ...]:
        """Everything that open matters want held in a tenant."""

    def owners(self, tenant_id: str, roster: Roster) -> AbstractSet[str]:
        """Vendor ids of held accounts whose files are held too."""

    def ids_on_hold(self, roster: Roster) -> Mapping[str, str]:
        """The vendor's id by every address of the accounts and groups on hold in a tenant."""

    def places(self, tenant_id: str) -> AbstractSet[str]:
        """Accounts and places under an open matter, for the ``matter.open`` guard."""

    def on_hold(self, alias: str) -> AbstractSet[str]:
        """Addresses of the people on hold in a matter: none of them approves a change of it."""

    def observe(self, tenant_id: str, snapshot: Snapshot, bindings: Mapping[str, Binding], roster: Roster) -> tuple[Problem, ...]:
        """Move the states of sources to what the snapshot shows, open gap records, and say what is wrong with people on hold."""

    def sent(self, tenant_id: str, progress: Progress) -> None:
        """One change of the hold lane went out, or failed to."""

    @property
    def releases(self) -> Releases:
        """What officers asked to be let go, and how far that has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One tenant between looking and acting. Without a decision it could not be asked."""

    look: Look
    decision: Decision | None = None
    blocked: tuple[OpenKey, ...] = ()
    problems: tuple[Problem, ...] = ()
    lanes: tuple[Lane, ...] = (Lane.HOLD, Lane.SYNC)
    live: Mapping[str, Live] = field(default_factory=dict)
    """What is live under each of our keys."""


def hold_kinds(connector: Connector) -> frozenset[Kind]:
    """The kinds that the hold lane reads."""
    return frozenset(kind for kind in connector.kinds() if TRAITS[kind].hold_lane)


class Considering:
    """Considers the tenants of one desk."""

    def __init__(self, desk: Desk, matters: Matters) -> None:
        self.desk = desk
        self.matters = matters
        self.aftermath = Aftermath(desk)
        self.watching = Watching(desk)

    def full(self, door: TenantDoor, leases: Mapping[Lane, Lease], *, attended: bool = False) -> Considered:
        """Both lanes, every kind. ``leases`` are the lanes whose open intents may be settled; none for a command that only looks."""
        return self._consider(door, leases, door.connector.kinds(), (Lane.HOLD, Lane.SYNC), attended=attended)

    def holds(self, door: TenantDoor, leases: Mapping[Lane, Lease]) -> Considered:
        """The hold lane alone, looking only at what it needs."""
        return self._consider(door, leases, hold_kinds(door.connector), (Lane.HOLD,), attended=False)

    def _consider(
        self, door: TenantDoor, leases: Mapping[Lane, Lease], kinds: AbstractSet[Kind], lanes: tuple[Lane, ...], *, attended: bool
    ) -> Considered:
        tenant = door.tenant.id
        self.desk.notice(f"{tenant}: looking")
        seen = look(self.desk, door, Lane.SYNC if Lane.SYNC in lanes else Lane.HOLD, kinds)
        snapshot = seen.snapshot
        if seen.error is not None or snapshot is None or seen.roster is None:
            return Considered(look=seen, lanes=lanes)
        roster = seen.roster
        seen = self._placed(seen, roster, lanes)
        if seen.error is not None:
            return Considered(look=seen, lanes=lanes)
        watched = self.watching.look(seen, lambda: self.matters.ids_on_hold(roster), past=Lane.SYNC in lanes)
        held = self.matters.wanted(tenant, door.connector, circumstances(self.desk, seen, bound(self.desk, seen)))
        blocked = tuple(key for lane, lease in leases.items() for key in self._settle(seen, snapshot, lane, lease, held))
        bearing = Bearing(
            held=held, places=self.matters.places(tenant), consents=consenting(self.desk, self.matters.on_hold),
            let_go=self.matters.releases.let_go(tenant),
        )
        decision = decide(self.desk, seen, bearing, attended=attended)
        live = live_by_key(decision, snapshot)
        decision = replace(decision, changes=runnable_now(decision, lanes, blocked, live), drift=(*decision.drift, *watched.drift))
        drift = self.aftermath.looked(seen, decision, lanes)
        decision = replace(decision, drift=drift)
        problems = self.matters.observe(tenant, snapshot, decision.bindings, seen.roster) if seen.roster else ()
        return Considered(
            look=seen,
            decision=decision,
            blocked=blocked,
            problems=(*decision.warnings, *problems, *watched.problems),
            lanes=lanes,
            live=live,
        )

    def _placed(self, seen: Look, roster: Roster, lanes: tuple[Lane, ...]) -> Look:
        owners = set(self.matters.owners(seen.tenant.id, roster))
        if Lane.SYNC in lanes:
            owners |= file_owners(self.desk.duties, roster, seen)
        return with_places(self.desk, seen, owners)

    def _settle(self, seen: Look, snapshot: Snapshot, lane: Lane, lease: Lease, held: tuple[Wanted, ...]) -> tuple[OpenKey, ...]:  # a lane's parts
        desired = held
        if lane is Lane.SYNC:
            desired = seen.connector.realise(self.desk.duties, circumstances(self.desk, seen, bound(self.desk, seen))).resources
        return settle(self.desk, lease, lane, snapshot, {one.key: one for one in desired})


def runnable_now(decision: Decision, lanes: tuple[Lane, ...], blocked: tuple[OpenKey, ...], live: Mapping[str, Live]) -> tuple[Change, ...]:
    """The changes of the lanes that were looked at, less the keys that an unsettled intent blocks, and what rests on one that is not there yet."""
    shut = {key.key for key in blocked}
    absent = shut - live.keys()
    waiting = set[str]()
    while more := {one.key for one in decision.wanted.values() if {one.parent, *one.depends_on} & absent} - waiting:
        waiting |= more
        absent |= more - live.keys()
    return tuple(change for change in decision.changes if change.lane in lanes and change.key not in shut | waiting)


def live_by_key(decision: Decision, snapshot: Snapshot) -> dict[str, Live]:
    """The live object under each of our keys, as the diffs matched them."""
    by_id = {live.vendor_id: live for live in snapshot.resources}
    found: dict[str, Live] = {}
    for result in decision.results.values():
        found.update({key: by_id[vendor_id] for key, vendor_id in result.vendor_ids.items() if vendor_id in by_id})
    return found
