"""The contract on the Microsoft connector against the sandbox: with holds over Graph (A5), and by cmdlet where Graph refuses them (A3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import OrderedSource
from connectors.examination import ReadCapability
from policies.duties import Population, Selector
from policies.kinds import Kind, Platform, Workload
from policies.resources import Ref
from sandbox import microsoft
from sandbox.microsoft.state import tenant_of
from sandbox.people import make_world
from sandbox.server import SandboxServer
from tests.contract.bench import Bench
from tests.contract.suite import ConnectorContract
from tests.unit.connectors.microsoft.support import Bench as Sandboxed

_POLICIES = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})


def sandboxed(folder: Path, licence: str) -> Iterator[Bench]:
    clock = folder / "clock"
    clock.write_text("2026-10-05T14:30:00Z", encoding="utf-8")
    world = make_world("tiny", seed=11, clock_file=clock)
    with SandboxServer(world, (microsoft,), folder / "state") as running:
        made = Sandboxed(running)
        made.switch(licence=licence)
        yield contract_bench(made)
        made.close()


def contract_bench(made: Sandboxed) -> Bench:
    people = made.people("teacher", 3)
    readable = {one.kind for one in made.reader().examine().capabilities if one.read is ReadCapability.FULL} & made.connector().kinds()
    made.change(visibility_checks={kind: name for kind, name in made.tenant.visibility_checks.items() if kind in readable})
    roster = made.reader().roster()
    identities = {one.address: one for one in roster.identities if one.address in people}
    drives = made.reader().containers([one.vendor_id for one in identities.values()])

    def delete(ref: Ref) -> None:
        made.advance(1)
        made.act("close_case", case=ref.vendor_id)
        with made.world.lock:  # the consoles have no such act
            del tenant_of(made.world).cases[ref.vendor_id]

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
        window=1000.0,
        log_window=6000.0,
        deferred=_POLICIES | {Kind.M365_HOLD},
        stays=_POLICIES | {Kind.M365_LABEL, Kind.M365_CASE, Kind.M365_HOLD},
        provable=_POLICIES | {Kind.M365_LABEL, Kind.M365_CASE, Kind.M365_HOLD},
    )


class TestMicrosoftA5(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        yield from sandboxed(tmp_path, "A5")


class TestMicrosoftA3(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        yield from sandboxed(tmp_path, "A3")
