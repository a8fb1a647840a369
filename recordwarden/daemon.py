"""The daemon: a clock that puts jobs into the store, and a worker that does them under leases.

APScheduler is the clock and nothing more: what it calls returns at once, and the work is a row that survives a crash. One daemon per district: it
holds a lease for as long as it lives, renewed at each beat, which is also how ``status`` sees that it is alive.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

from apscheduler.schedulers.background import BackgroundScheduler
from structlog.typing import FilteringBoundLogger

from connectors.errors import Stopped
from policies.problems import Problem, Severity
from recordwarden.chores import Chore, Done, Worker, enqueue
from recordwarden.exits import Exit
from recordwarden.logging import Bridge
from recordwarden.wiring import Office
from sync.jobs import Jobs
from sync.lease import Lease, LeaseLost

LEASE = "daemon"
"""The lease that the daemon of a district holds."""
BEAT_SECONDS = 10.0
LEASE_SECONDS = 60.0
SYNC_SECONDS = 900.0
HOLDS_SECONDS = 300.0
LOOK_SECONDS = 1.0
"""Between two looks at the queue: other processes put jobs into it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds between two runs of each kind. Holds are looked at within minutes of an order, whoever gave it (design, *One sentence*)."""

    sync: float = SYNC_SECONDS
    holds: float = HOLDS_SECONDS


class Daemon:
    """Serves one district until told to end."""

    def __init__(self, office: Office, jobs: Jobs, log: FilteringBoundLogger, rhythm: Rhythm) -> None:
        self._office = office
        self._jobs = jobs
        self._log = log
        self._rhythm = rhythm
        self._stop = office.stop
        self._worker = Worker(office.options, jobs, office.stop, lambda text: log.info("progress", words=text), office.sign_ins)
        self._lost = False

    def run(self) -> int:
        """Serve until the stop is set; how many jobs were done. Raises LeaseHeldError, LeaseLost, and what is a fault of our own."""
        with self._office.desk.leases.acquire(LEASE, seconds=LEASE_SECONDS, wait=self._office.options.lock_wait, stop=self._stop) as lease:
            enqueue(self._jobs, Chore.HOLDS, Chore.SYNC)
            self._log.info("daemon.started", sync_every=self._rhythm.sync, holds_every=self._rhythm.holds)
            with self._ticking(lease):
                done = self._work()
            if self._lost:
                raise LeaseLost(LEASE)
            self._log.info("daemon.ended", jobs=done)
            return done

    def _work(self) -> int:
        number = 0
        while not self._stop.is_set():
            try:
                done = self._worker.next()
            except Stopped:
                break
            if done is None:
                self._stop.wait(LOOK_SECONDS)
                continue
            number += 1
            self._told(done)
        return number

    def _told(self, done: Done) -> None:
        for problem in done.problems:
            told(self._log, problem, job=done.job)
        say = self._log.info if done.ok and done.exit is Exit.DONE else self._log.warning
        say("job.ended", job=done.job, chore=done.chore.value, exit=int(done.exit), run=done.run, code=done.code, changes=done.changes)

    @contextmanager
    def _ticking(self, lease: Lease) -> Iterator[None]:
        """The clock, for as long as the block lasts."""
        said = logging.getLogger("apscheduler")
        bridge = Bridge(self._log)
        said.addHandler(bridge)
        said.propagate = False
        clock = scheduler(self._rhythm, lambda chore: enqueue(self._jobs, chore), lambda: self._beat(lease))
        clock.start()
        try:
            yield
        finally:
            clock.shutdown(wait=True)
            said.removeHandler(bridge)

    def _beat(self, lease: Lease) -> None:
        try:
            lease.renew(LEASE_SECONDS)
            self._worker.beat()
        except LeaseLost:
            self._lost = True
            self._stop.set()


def told(log: FilteringBoundLogger, problem: Problem, **of: object) -> None:
    """A line for ``problem``: code, cloud and subject, which names people and matters by ids. Its words stay out: they may name others' matters."""
    say = {Severity.ERROR: log.error, Severity.WARNING: log.warning, Severity.INFO: log.info}[problem.severity]
    say("problem", code=problem.code, tenant=problem.tenant, subject=problem.subject, **of)


class Ticker(Protocol):
    """What is used of APScheduler, which ships no types."""

    def start(self) -> None:
        """Begin to call."""

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002  # APScheduler's own signature
        """End, after what is being called has returned."""

    def add_job(self, func: Callable[..., None], trigger: str, *, id: str, seconds: float, args: tuple[Chore, ...] = ()) -> object:
        """Call ``func`` every so many seconds."""


def scheduler(rhythm: Rhythm, ask: Callable[[Chore], None], beat: Callable[[], None]) -> Ticker:
    """APScheduler with its jobs in memory: what was missed while the machine slept is asked for once, however late."""
    once_however_late = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    clock: Ticker = BackgroundScheduler(timezone=UTC, job_defaults=once_however_late, daemon=True)  # type: ignore[no-untyped-call]  # as above
    clock.add_job(ask, "interval", args=(Chore.HOLDS,), seconds=rhythm.holds, id=Chore.HOLDS.value)
    clock.add_job(ask, "interval", args=(Chore.SYNC,), seconds=rhythm.sync, id=Chore.SYNC.value)
    clock.add_job(beat, "interval", seconds=BEAT_SECONDS, id="beat")
    return clock


__all__ = ["LEASE", "Daemon", "Rhythm", "scheduler", "told"]
