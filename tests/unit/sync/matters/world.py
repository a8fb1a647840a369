"""A made-up district with two tenants in memory, a real store, a real journal and the real engine: what the tests of matters stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.base import Charge, Context, Lane
from connectors.google_workspace.by_hand import instructions as google_instructions
from connectors.instructions import Deed, Instruction
from connectors.memory import Console, MemoryConnector, MemoryTenant, planted
from connectors.microsoft365.by_hand import instructions as microsoft_instructions
from policies.district import District, Mode, Tenant
from policies.duties import Duty
from policies.kinds import Kind, Platform, Workload
from policies.resources import KindRead, ReadState
from policies.roster import AccountState, Group, Identity, OrgUnit, Roster, Site
from sync.desk import Desk, TenantDoor
from sync.journal import Journal
from sync.lease import Leases
from sync.matters.lane import HoldLane
from sync.matters.order import MatterOrder
from sync.officers import Signer
from sync.registers.governance import ensure
from sync.registers.governed import Governed
from sync.run import Engine
from sync.store import Store
from tests.unit.sync.provable import DISTRICT, HOST, KEYS, START, Flag, VirtualClock, officer, opened

HOUR = 3600
CUSTODIAN = Signer(officer="custodian", key=KEYS["custodian"])
M365_SERVICES = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.DRIVE})
GOOGLE_SERVICES = frozenset({Workload.MAIL, Workload.DRIVE, Workload.CHAT})


def m365(number: int, **change: object) -> Identity:
    """A Microsoft account of made-up person ``number``."""
    address = f"person{number}@d.example"
    body: dict[str, object] = {
        "tenant": "m365", "vendor_id": f"m-{number:03d}", "address": address, "aliases": frozenset({f"p{number}@d.example"}),
        "employee_id": f"E{number}", "licensed_for_hold": M365_SERVICES,
        "containers": {Workload.MAIL: address, Workload.DRIVE: f"https://d-my.sharepoint.com/personal/person{number}"},
    }
    return Identity(**{**body, **change})  # type: ignore[arg-type]  # a builder of test values


def google(number: int, **change: object) -> Identity:
    """A Google account of made-up person ``number``."""
    body: dict[str, object] = {
        "tenant": "google", "vendor_id": f"1{number:05d}", "address": f"person{number}@d.example", "employee_id": f"E{number}",
        "org_unit": "/Staff", "licensed_for_hold": GOOGLE_SERVICES,
    }
    return Identity(**{**body, **change})  # type: ignore[arg-type]  # a builder of test values


def read(kind: Kind, state: ReadState = ReadState.COMPLETE) -> KindRead:
    return KindRead(kind=kind, state=state, count=1, reason=None if state is ReadState.COMPLETE else "read.cut_short")


def roster(tenant: str, *identities: Identity, groups: tuple[Group, ...] = (), units: tuple[str, ...] = (), sites: tuple[Site, ...] = (),
           people: ReadState = ReadState.COMPLETE) -> Roster:
    """Everybody in a tenant, with ends of reads that fit its platform; always with a group, a unit and a site, for an empty list proves nothing."""
    groups = (*groups, Group(tenant=tenant, vendor_id="g-0", address="others@d.example", name="Others", members=frozenset()))
    sites = (*sites, Site(tenant=tenant, vendor_id="s-0", url="https://d.sharepoint.com/sites/others", name="Others"))
    units = (*units, "/Others")
    kinds = (Kind.M365_USER, Kind.M365_GROUP, Kind.M365_SITE) if tenant == "m365" else (Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT)
    reads = tuple(read(kind, people if kind in {Kind.M365_USER, Kind.GOOGLE_USER} else ReadState.COMPLETE) for kind in kinds)
    return Roster(
        tenant=tenant, at=START, identities=identities, groups=groups, sites=sites, reads=reads,
        org_units=tuple(OrgUnit(tenant=tenant, vendor_id=f"ou-{path}", path=path) for path in units),
    )


class Sheeted(MemoryConnector):
    """A tenant in memory that has each platform's own words for what a person does, and reads the archives of Google's groups."""

    def kinds(self) -> frozenset[Kind]:
        archives = {Kind.GOOGLE_GROUP_ARCHIVE} if self.platform is Platform.GOOGLE_WORKSPACE else set()
        return super().kinds() | archives

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...]:
        return (microsoft_instructions if self.platform is Platform.MICROSOFT365 else google_instructions)(deeds)


@dataclass
class FreeMeter:
    """Counts what is spent and never waits."""

    spent: list[tuple[str, str]] = field(default_factory=list)

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        self.spent.append((surface, method))


@dataclass
class Scene:
    """The district at work."""

    clock: VirtualClock
    store: Store
    worlds: Mapping[str, MemoryTenant]
    desk: Desk
    lane: HoldLane
    engine: Engine
    district: District

    def console(self, tenant: str) -> Console:
        return Console(self.worlds[tenant])

    def hold(self) -> None:
        """One run of the hold lane."""
        self.engine.hold()

    def later(self, seconds: float) -> None:
        """Time passes, and the hold lane runs again."""
        self.clock.advance(seconds)
        self.hold()

    def until_in_force(self) -> None:
        """Sent, distributed, seen, seen again."""
        for seconds in (0, 2 * HOUR, 120):
            self.later(seconds)

    def sources(self, alias: str) -> dict[tuple[str, str, str], str]:
        """Person, tenant and source to state."""
        return {(one["person"], one["tenant"], one["source"]): one["state"] for one in self.document(alias)["sources"]}

    def people(self, alias: str) -> dict[str, tuple[str, str | None]]:
        """Person to state and code."""
        return {one["person"]: (one["state"], one["code"]) for one in self.document(alias)["people"]}

    def document(self, alias: str) -> dict[str, Any]:
        return self.lane.status(alias)

    def fresh_lane(self) -> HoldLane:
        """Another process's view of the same store."""
        return HoldLane(self.desk)


def order(*addresses: str, **rest: object) -> MatterOrder:
    """A hold order for these addresses."""
    body = {"alias": "roof", "ordered_by": "counsel", "people": [{"address": address} for address in addresses], **rest}
    return MatterOrder.model_validate(body)


@contextmanager
def scene(tmp_path: Path, m365_roster: Roster, google_roster: Roster, *, duties: tuple[Duty, ...] = (), mode: Mode = Mode.OBSERVE,
          checks: bool = True) -> Iterator[Scene]:
    """A district whose tenants have these people; ``checks``: visibility checks are set and to be seen."""
    clock = VirtualClock()
    store = opened(tmp_path, clock)
    worlds = {
        "m365": MemoryTenant(platform=Platform.MICROSOFT365, vendor_id="tenant-m", domain="d.example", clock=clock, roster=m365_roster),
        "google": MemoryTenant(platform=Platform.GOOGLE_WORKSPACE, vendor_id="tenant-g", domain="d.example", clock=clock, roster=google_roster),
    }
    kinds = {
        "m365": (Kind.M365_CASE, Kind.M365_HOLD, Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY,
                 Kind.M365_RETENTION_RULE),
        "google": (Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD),
    }
    tenants = tuple(
        Tenant(id=name, platform=world.platform, mode=mode, domain="d.example", visibility_checks=planted(world, kinds[name]) if checks else {})
        for name, world in worlds.items()
    )
    district = District(
        recordwarden=1, id=DISTRICT, name="Made-up Schools", tenants=tenants, drill=True, officers=tuple(officer(name) for name in KEYS),
    )
    desk = _desk(district, worlds, store, clock, duties)
    lane = HoldLane(desk)
    try:
        yield Scene(clock=clock, store=store, worlds=worlds, desk=desk, lane=lane, engine=Engine(desk, lane), district=district)
    finally:
        store.close()


def _desk(district: District, worlds: Mapping[str, MemoryTenant], store: Store, clock: VirtualClock, duties: tuple[Duty, ...]) -> Desk:
    journal = Journal(store, clock, run_id="run-1", drill=True)
    ensure(journal, store, clock, Governed.of(district))

    def context(lane: Lane) -> Context:
        return Context(clock=clock, meter=FreeMeter(), stop=Flag(), district=DISTRICT, drill=True)

    doors = tuple(
        TenantDoor(tenant=tenant, connector=Sheeted(worlds[tenant.id]), requests=dict, context=context) for tenant in district.tenants
    )
    return Desk(
        district=district, policy_digest="sha256:0", duties=duties, doors=doors, store=store, journal=journal, clock=clock, stop=Flag(),
        leases=Leases(store, clock, "run-1", HOST, 1), run_id="run-1",
    )


__all__ = [
    "CUSTODIAN", "HOUR", "AccountState", "FreeMeter", "Scene", "google", "m365", "order", "read", "roster", "scene",
]
