"""The contract on the Google Workspace connector, against the sandbox over HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.hold_orders import OrderedSource
from policies.duties import Population, Selector
from policies.kinds import Kind, Platform, Workload
from policies.resources import Ref
from sandbox import google
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import Moment
from tests.contract.bench import Bench, Trouble
from tests.contract.suite import ConnectorContract
from tests.unit.connectors.google.support import Bench as Sandboxed

_WRITTEN = frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD, Kind.GOOGLE_DRIVE_LABEL, Kind.GOOGLE_GROUP_ARCHIVE})
_STAFF = (0, 1, 2)
_HOUR, _DAY = 3600.0, 86400.0


def served(folder: Path, edition: str) -> Iterator[tuple[SandboxServer, Moment]]:
    """One sandbox for all tests of a class, with the moment that each of them begins at."""
    clock = folder / "clock"
    clock.write_text("2026-10-05T14:30:00Z", encoding="utf-8")
    world = make_world("tiny", seed=11, clock_file=clock)
    world.switches |= {"validate": "on", "google.edition": edition}
    with SandboxServer(world, (google,), folder / "state") as running:
        yield running, world.moment()


def benched(running: SandboxServer, morning: Moment, written: frozenset[Kind]) -> Iterator[Bench]:
    running.world.return_to(morning)
    made = Sandboxed(running)
    found = contract_bench(made, written)
    yield found
    found.close()
    made.close()


def contract_bench(made: Sandboxed, written: frozenset[Kind]) -> Bench:
    people = {made.account(number): made.address(number) for number in _STAFF}

    def delete(ref: Ref) -> None:
        made.clock.sleep(1)
        made.console("close_matter", matter=ref.vendor_id)
        with made.world.lock:  # the sandbox's console has no such button
            matter = made.state.matters[ref.vendor_id]
            matter.state, matter.deleted_at = "DELETED", made.world.clock.now()

    def trouble(what: Trouble) -> None:
        if what is Trouble.UNREADABLE:
            made.fault("vault", "vault.matters.list", "status", status=403, times=99)
        else:
            made.fault("vault", "vault.matters.create", "reset", "before" if what is Trouble.LOST_BEFORE else "after")

    return Bench(
        connector=made.connector,
        tenant=made.tenant(),
        context=made.context(),
        population=Population(id="staff", selectors={Platform.GOOGLE_WORKSPACE: Selector(users=tuple(people.values()))}),
        sources=tuple(
            OrderedSource(person=address, workload=workload, identity_id=account, address=address)
            for account, address in people.items()
            for workload in (Workload.MAIL, Workload.DRIVE)
        ),
        advance=made.clock.sleep,
        delete=delete,
        trouble=trouble,
        window=_HOUR,
        log_window=4 * _HOUR,
        deferred=frozenset({Kind.GOOGLE_HOLD}),
        provable=written,
        stays=frozenset(),
        label_on=Workload.DRIVE,
        bin_window=31 * _DAY,
        takes_words=lambda want: want.fields.get("corpus") == "MAIL",
    )


class TestGoogleStandard(ConnectorContract):
    """With Drive labels, which are the one thing that a policy can have written here."""

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxServer, Moment]]:
        yield from served(tmp_path_factory.mktemp("google"), "Standard")

    @pytest.fixture
    def bench(self, sandbox: tuple[SandboxServer, Moment]) -> Iterator[Bench]:
        yield from benched(*sandbox, _WRITTEN)


class TestGoogleFundamentals(ConnectorContract):
    """Without them: Vault's holds alone can be written."""

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxServer, Moment]]:
        yield from served(tmp_path_factory.mktemp("google"), "Fundamentals")

    @pytest.fixture
    def bench(self, sandbox: tuple[SandboxServer, Moment]) -> Iterator[Bench]:
        yield from benched(*sandbox, _WRITTEN - {Kind.GOOGLE_DRIVE_LABEL})
