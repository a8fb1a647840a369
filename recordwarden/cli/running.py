"""Runs behind commands: the engine with its hold lane, remembered from begin to end, and the answer that follows from its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.problems import Problem
from recordwarden import __version__
from recordwarden.cli.answer import Answer
from recordwarden.cli.documents import tenant_document
from recordwarden.cli.screen import Screen
from recordwarden.costs import summed
from recordwarden.endings import problems_of
from recordwarden.exits import Exit
from sync.matters.lane import HoldLane
from sync.result import RunResult
from sync.run import Engine
from sync.store.approvals import Approvals, KeptApproval
from sync.store.runs import Runs
from sync.wording import standing_document

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from recordwarden.cli.call import Call
    from recordwarden.wiring import Office


@dataclass(slots=True)
class Running:
    """An office with its engine, for one run. ``exit`` is written down when the run is over."""

    office: Office
    engine: Engine
    lane: HoldLane
    exit: Exit = Exit.ERROR
    problems: list[Problem] = field(default_factory=list)

    def requests(self) -> Mapping[str, Mapping[str, int]]:
        """Requests of every tenant by surface and method; surfaces of two tenants of one platform are counted together."""
        return summed(door.requests() for door in self.office.desk.doors)


@contextmanager
def running(call: Call, *, last_good: bool = False, groups: AbstractSet[str] = frozenset()) -> Iterator[Running]:
    """A run of this call's district, kept in the store with how it ended. Raises what ``Call.office`` raises."""
    with call.office(last_good=last_good, groups=groups) as office:
        lane = HoldLane(office.desk)
        run = Running(office=office, engine=Engine(office.desk, lane), lane=lane, problems=list(office.problems))
        runs = Runs(office.desk.store)
        # A run of some tenants says nothing of the others, so it never stands for a look at everything.
        asked = " ".join((call.command, *(f"--tenant {tenant}" for tenant in office.options.tenants)))
        runs.begin(office.desk.run_id, asked, office.desk.clock.now(), __version__)
        try:
            yield run
        finally:
            runs.end(office.desk.run_id, office.desk.clock.now(), int(run.exit), run.requests())


def approvals_of(run: Running, result: RunResult) -> Mapping[str, Sequence[KeptApproval]]:
    """What officers said of the changes of a result."""
    ids = [progress.change.id for tenant in result.tenants for progress in tenant.changes]
    return Approvals(run.office.desk.store).of(ids)


def answer(run: Running, result: RunResult, code: Exit, extra: Mapping[str, object], show: Callable[[Screen], None]) -> Answer:
    """The answer of a run that has a ``RunResult``."""
    run.exit = code
    said = approvals_of(run, result)
    return Answer(
        exit=code,
        tenants={tenant.tenant: tenant_document(tenant, said) for tenant in result.tenants},
        result={
            "digest": result.digest,
            **extra,
            "standings": [standing_document(standing) for tenant in result.tenants for standing in tenant.standings],
            "totals": totals(result),
            "requests": {name: dict(one) for name, one in sorted(run.requests().items())},
        },
        problems=(*run.problems, *problems_of(result)),
        show=show,
    )


def totals(result: RunResult) -> dict[str, object]:
    """Changes counted by status, operation and direction; differences and people beside them."""
    changes = [progress for tenant in result.tenants for progress in tenant.changes]
    return {
        "changes": len(changes),
        "status": _counted([progress.status.value for progress in changes]),
        "op": _counted([progress.change.operation.value for progress in changes]),
        "direction": _counted([progress.change.direction.value for progress in changes]),
        "drift": sum(len(tenant.drift) for tenant in result.tenants),
        "in_flight": sum(len(tenant.in_flight) + len(tenant.overdue) for tenant in result.tenants),
    }


def _counted(words: Sequence[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}
