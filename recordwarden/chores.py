"""What the clock can ask for, and doing it: a full run, or the hold lane alone. A job is a row in the store; whoever claims it does it here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from connectors.errors import Stopped
from policies.problems import Problem
from recordwarden import __version__
from recordwarden.costs import summed
from recordwarden.endings import acting, problems_of
from recordwarden.exits import Exit
from recordwarden.failures import told
from recordwarden.notifying import notify
from recordwarden.options import Options
from recordwarden.sign_ins import SignIns
from recordwarden.wiring import Office, office
from sync.jobs import Job, JobLost, Jobs
from sync.matters.lane import HoldLane
from sync.result import RunResult
from sync.run import Engine
from sync.store.runs import Runs

CLAIM_SECONDS = 300.0
"""How long a claim stands before it must be extended; a worker of this host that is gone is known to be gone at once."""
AGAIN_SECONDS = 60.0
"""Before a job that could not be done for want of a tenant, a lease or the network is tried again."""
LOCK_WAIT = 10.0
"""Seconds that the daemon's work waits for another run's lease: the job is tried again, and nothing else waits behind it."""


class Chore(StrEnum):
    """Kinds of job. Holds come first: what is due at the same moment runs in this order."""

    HOLDS = "holds"
    SYNC = "sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How one job ended. ``exit`` is what the command of that name would have ended with; ``code`` says what stopped it."""

    job: int
    chore: Chore
    exit: Exit
    run: str | None = None
    code: str | None = None
    changes: Mapping[str, int] | None = None
    problems: tuple[Problem, ...] = ()
    """What the command would have said is wrong, each thing once."""

    @property
    def ok(self) -> bool:
        """Whether it was done, whatever it found."""
        return self.code is None


class Worker:
    """Claims what is due and does it, one job after another."""

    def __init__(
        self, options: Options, jobs: Jobs, stop: threading.Event, notice: Callable[[str], None], signed_in: SignIns | None = None
    ) -> None:
        self._options = replace(options, lock_wait=min(options.lock_wait, LOCK_WAIT))
        self._jobs = jobs
        self._stop = stop
        self._notice = notice
        self._signed_in = signed_in
        self._at_work: Job | None = None

    def next(self) -> Done | None:
        """The job longest due, done; None where nothing is due. Raises Stopped when told to end, and whatever is a fault of our own."""
        job = self._jobs.claim(seconds=CLAIM_SECONDS, kinds=[chore.value for chore in Chore])
        if job is None:
            return None
        self._at_work = job
        try:
            return self._do(job)
        finally:
            self._at_work = None

    def beat(self) -> None:
        """Keep what is being worked on; a job that was given to somebody else is settled when it ends."""
        job = self._at_work
        if job is not None:
            try:
                self._jobs.extend(job, CLAIM_SECONDS)
            except JobLost:
                self._notice(f"job {job.number} was given to another worker")

    def _do(self, job: Job) -> Done:
        chore = Chore(job.kind)
        try:
            done = self._run(job, chore)
        except Stopped:
            self._jobs.fail(job, "run.stopped", retry_in=0)
            raise
        except Exception as failure:
            code, problems = told(failure, f"job {job.number}")
            self._jobs.fail(job, problems[0].code, retry_in=None if code is Exit.OUR_FAULT else AGAIN_SECONDS)
            if code is Exit.OUR_FAULT:
                raise  # our own fault ends the process with its own exit code; it is never turned into a standing
            return Done(job=job.number, chore=chore, exit=code, code=problems[0].code, problems=problems)
        if done.code is not None:
            self._jobs.fail(job, done.code, retry_in=AGAIN_SECONDS)
            return done
        try:
            self._jobs.finish(job)
        except JobLost:
            return replace(done, code=JobLost.code)
        return done

    def _run(self, job: Job, chore: Chore) -> Done:
        with office(self._options, stop=self._stop, notice=self._notice, last_good_allowed=True, signed_in=self._signed_in) as opened:
            result, code = acted(opened, chore)
            problems = (*opened.problems, *problems_of(result), *notify(opened))
            unreachable = next((tenant.error.code for tenant in result.tenants if tenant.error is not None), None)
            return Done(
                job=job.number,
                chore=chore,
                exit=code,
                run=opened.desk.run_id,
                code=unreachable if code is Exit.ERROR else None,
                changes=_counted(result),
                problems=tuple(dict.fromkeys(problems)),
            )


def acted(opened: Office, chore: Chore) -> tuple[RunResult, Exit]:
    """A run of one chore, remembered in the store from begin to end, and what ``sync`` would have ended with."""
    desk = opened.desk
    lane, runs, code = HoldLane(desk), Runs(desk.store), Exit.ERROR
    engine = Engine(desk, lane)
    runs.begin(desk.run_id, chore.value, desk.clock.now(), __version__)
    try:
        if chore is Chore.SYNC:
            result = engine.sync()
        elif lane.register.open():
            result = engine.hold()
        else:
            result = RunResult(tenants=(), acted=True)  # nothing is on hold: no tenant is asked
        code = acting(result)
    finally:
        runs.end(desk.run_id, desk.clock.now(), int(code), summed(door.requests() for door in opened.desk.doors))
    return result, code


def enqueue(jobs: Jobs, *chores: Chore) -> None:
    """Ask for each of ``chores`` now; one that waits already is asked for once."""
    for chore in chores:
        jobs.enqueue(chore.value)


def _counted(result: RunResult) -> dict[str, int]:
    words = [progress.status.value for tenant in result.tenants for progress in tenant.changes]
    return {word: words.count(word) for word in sorted(set(words))}
