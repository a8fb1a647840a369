"""The contract on the Microsoft connector, against the sandbox over HTTPS: with holds over Graph (A5), and by cmdlet where Graph refuses them (A3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import Circumstances
from connectors.examination import ReadCapability, WriteCapability
from connectors.hold_orders import OrderedSource
from policies.duties import Population, Selector
from policies.kinds import Kind, Platform, Workload
from policies.resources import Ref
from sandbox import microsoft
from sandbox.microsoft.state import tenant_of
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import Moment
from tests.contract.bench import Bench, Trouble
from tests.contract.suite import ConnectorContract
from tests.unit.connectors.microsoft.support import Bench as Sandboxed

_CASES = "/security/cases/ediscoveryCases"
_POLICIES = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})
_WRITTEN = _POLICIES | {Kind.M365_LABEL, Kind.M365_CASE, Kind.M365_HOLD}


def served(folder: Path, licence: str) -> Iterator[tuple[SandboxServer, Moment]]:
    """One sandbox for all tests of a class, with the moment that each of them begins at."""
    clock = folder / "clock"
    clock.write_text("2026-10-05T14:30:00Z", encoding="utf-8")
    world = make_world("tiny", seed=11, clock_file=clock)
    world.switches |= {"validate": "on", "m365.licence": licence}
    with SandboxServer(world, (microsoft,), folder / "state") as running:
        yield running, world.moment()


def benched(running: SandboxServer, morning: Moment) -> Iterator[Bench]:
    running.world.return_to(morning)
    made = Sandboxed(running)
    found = contract_bench(made)
    yield found
    found.close()
    made.close()


def contract_bench(made: Sandboxed) -> Bench:
    people = made.people("teacher", 3)
    reader = made.reader()
    examination, roster = reader.examine(), reader.roster()
    readable = {one.kind for one in examination.capabilities if one.read is ReadCapability.FULL} & made.connector().kinds()
    assert readable >= _WRITTEN
    made.change(visibility_checks={kind: name for kind, name in made.tenant.visibility_checks.items() if kind in readable})
    identities = {one.address: one for one in roster.identities if one.address in people}
    drives = reader.containers([one.vendor_id for one in identities.values()])

    def delete(ref: Ref) -> None:
        made.advance(1)
        made.act("close_case", case=ref.vendor_id)
        with made.world.lock:  # the sandbox's consoles have no such act
            del tenant_of(made.world).cases[ref.vendor_id]

    def trouble(what: Trouble) -> None:
        if what is Trouble.UNREADABLE:
            made.fault("graph", f"GET {_CASES}", status=403, times=99)
            made.fault("compliance", "Get-ComplianceCase", status=403, times=99)
            return
        way = {one.kind: one.surface for one in examination.capabilities}[Kind.M365_CASE]
        where = ("graph", f"POST {_CASES}") if way == "graph" else ("compliance", "New-ComplianceCase")
        made.fault(*where, kind="reset", when="before" if what is Trouble.LOST_BEFORE else "after")

    return Bench(
        connector=made.connector(),
        tenant=made.tenant,
        context=made.context(),
        population=Population(id="staff", selectors={Platform.MICROSOFT365: Selector(users=tuple(people))}),
        sources=tuple(
            OrderedSource(person=address, workload=workload, identity_id=one.vendor_id, address=address, container=place)
            for address, one in identities.items()
            for workload, place in ((Workload.MAIL, address), (Workload.DRIVE, drives[one.vendor_id]))
        ),
        advance=made.advance,
        delete=delete,
        trouble=trouble,
        window=1000.0,
        log_window=6000.0,
        deferred=_POLICIES | {Kind.M365_HOLD},
        stays=_WRITTEN,
        provable=_WRITTEN | {one.kind for one in examination.capabilities if one.kind is Kind.M365_EVENT_TYPE and one.write is WriteCapability.UNPROVEN},
        looked=Circumstances(tenant=made.tenant, capabilities=examination.capabilities, licences=examination.licences, roster=roster),
    )


class TestMicrosoftA5(ConnectorContract):
    """With eDiscovery (Premium), so that cases and holds go over Graph."""

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxServer, Moment]]:
        yield from served(tmp_path_factory.mktemp("microsoft"), "A5")

    @pytest.fixture
    def bench(self, sandbox: tuple[SandboxServer, Moment]) -> Iterator[Bench]:
        yield from benched(*sandbox)


class TestMicrosoftA3(ConnectorContract):
    """Where Graph lets no application hold, so that cases and holds go by cmdlet."""

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxServer, Moment]]:
        yield from served(tmp_path_factory.mktemp("microsoft"), "A3")

    @pytest.fixture
    def bench(self, sandbox: tuple[SandboxServer, Moment]) -> Iterator[Bench]:
        yield from benched(*sandbox)
