"""The contract on the connector whose tenant lives in memory, under both platforms' habits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Charge, Context
from connectors.hold_orders import OrderedSource
from connectors.memory import Console, MemoryConnector, MemoryTenant, planted
from connectors.memory.reader import WRITABLE
from connectors.memory.world import DISTRIBUTED
from policies.district import Tenant
from policies.duties import Population, Selector
from policies.kinds import Kind, Platform, Workload
from policies.resources import Ref
from policies.roster import Identity, OrgUnit, Roster
from tests.contract.bench import Bench, Trouble
from tests.contract.suite import ConnectorContract

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PEOPLE = ("ann@d.example", "bob@d.example", "cyd@d.example")


class TellingClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Uncounted:
    """A meter that lets everything through."""

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        assert all(one.units > 0 for one in charges)

    def is_set(self) -> bool:
        return False


def people(tenant: str) -> tuple[Identity, ...]:
    return tuple(
        Identity(tenant=tenant, vendor_id=f"id-{n}", address=address, org_unit="/Staff", containers={Workload.DRIVE: f"https://d/personal/{n}"})
        for n, address in enumerate(PEOPLE)
    )


def memory_bench(platform: Platform) -> Bench:
    clock, free = TellingClock(), Uncounted()
    roster = Roster(tenant="t", at=START, identities=people("t"), org_units=(OrgUnit(tenant="t", vendor_id="ou1", path="/Staff"),))
    world = MemoryTenant(platform=platform, vendor_id="contoso", domain="d.example", clock=clock, roster=roster)
    tenant = Tenant(id="t", platform=platform, visibility_checks=planted(world, WRITABLE[platform]))
    google = platform is Platform.GOOGLE_WORKSPACE

    def delete(ref: Ref) -> None:
        clock.sleep(1)
        Console(world).delete(ref.vendor_id)

    def trouble(what: Trouble) -> None:
        if what is Trouble.UNREADABLE:
            world.troubles.failed[Kind.GOOGLE_MATTER if google else Kind.M365_CASE] = "test.unreadable"
        else:
            world.troubles.lost = "before" if what is Trouble.LOST_BEFORE else "after"

    return Bench(
        connector=MemoryConnector(world),
        tenant=tenant,
        context=Context(clock=clock, meter=free, stop=free, district="abcd1234"),
        population=Population(id="staff", selectors={platform: Selector(org_units=("/Staff",)) if google else Selector(users=PEOPLE)}),
        sources=tuple(
            OrderedSource(person=one.address, workload=workload, identity_id=one.vendor_id, address=one.address, container=one.containers[Workload.DRIVE])
            for one in roster.identities
            for workload in (Workload.MAIL, Workload.DRIVE)
        ),
        advance=clock.sleep,
        delete=delete,
        trouble=trouble,
        window=world.distribution_seconds,
        log_window=world.log_seconds,
        deferred=DISTRIBUTED,
        provable=WRITABLE[platform],
    )


class TestMemoryMicrosoft(ConnectorContract):
    @pytest.fixture
    def bench(self) -> Bench:
        return memory_bench(Platform.MICROSOFT365)


class TestMemoryGoogle(ConnectorContract):
    @pytest.fixture
    def bench(self) -> Bench:
        return memory_bench(Platform.GOOGLE_WORKSPACE)
