"""Jobs: what the clock asked for, kept as rows until done. APScheduler only enqueues; whoever claims a row does the work.

A claim is fenced by its attempt: a worker that was thought dead and comes back can finish nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import Clock
from policies.district import Subject
from sync.process import Process
from sync.store import Session, Store
from sync.store import job_rows as rows
from sync.store.notices import Notices, Raised
from sync.store.tables.core import JobRow
from sync.store.words import JobState

ATTEMPTS = 5
"""How often a job is begun before it is given up and shown."""
REPEATEDLY = 3
"""From this many attempts in vain on, officers are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as claimed or listed. ``tenant`` None: it concerns no one tenant."""

    number: int
    kind: str
    tenant: str | None
    key: str
    attempt: int
    state: JobState
    due_at: datetime
    error: str | None


class JobLost(Exception):  # noqa: N818  # being overtaken is an event
    """The job was given to somebody else meanwhile; what this worker did must be found by reading, as after a crash."""

    code = "job.lost"


class Jobs:
    """The jobs of one district, as one process sees them."""

    def __init__(self, store: Store, clock: Clock, host: str, pid: int) -> None:
        self.store = store
        self.clock = clock
        self.notices = Notices(store)
        self.process = Process.of(host, pid)

    def enqueue(self, kind: str, *, tenant: str | None = None, key: str = "", due_at: datetime | None = None) -> int:
        """The number of the job that now waits: a new one, or the one of that name that waits already, then due at the earlier time."""
        now = self.clock.now()
        when = due_at or now
        with self.store.write() as session:
            row = rows.waiting(session, self.store.district, kind, tenant or "", key)
            if row is None:
                number = rows.next_number(session, self.store.district)
                row = JobRow(
                    district=self.store.district,
                    number=number,
                    kind=kind,
                    tenant=tenant or "",
                    key=key,
                    state=JobState.PENDING,
                    due_at=when,
                    enqueued_at=now,
                )
            row.due_at = min(row.due_at, when)
            rows.put(session, row)
            return row.number

    def claim(self, *, seconds: float, kinds: Collection[str] | None = None) -> Job | None:
        """The job longest due, ours for ``seconds``; None when nothing is due. What dead workers left is put back first."""
        now = self.clock.now()
        with self.store.write() as session:
            self._put_back(session, now)
            for row in rows.due(session, self.store.district, now, kinds):
                values = {
                    "state": JobState.RUNNING,
                    "attempts": row.attempts + 1,
                    "process": str(self.process),
                    "claimed_until": now + timedelta(seconds=seconds),
                }
                if rows.move(session, row, values):
                    return _job(rows.get(session, self.store.district, row.number) or row)
        return None

    def extend(self, job: Job, seconds: float) -> None:
        """Keep a claimed job for ``seconds`` from now. Raises JobLost."""
        self._settle(job, {"claimed_until": self.clock.now() + timedelta(seconds=seconds)})

    def finish(self, job: Job) -> None:
        """Mark a claimed job done. Raises JobLost."""
        now = self.clock.now()
        with self.store.write() as session:
            rows.move(session, self._mine(session, job), {"state": JobState.DONE, "finished_at": now, "error": None})
            self.notices.end(session, [f"job/{job.kind}"], now)

    def fail(self, job: Job, error: str, *, retry_in: float | None = None) -> None:
        """Record a dotted error code; begin again in ``retry_in`` seconds where given and attempts are left. Raises JobLost."""
        now = self.clock.now()
        with self.store.write() as session:
            row = self._mine(session, job)
            again = None if retry_in is None else now + timedelta(seconds=retry_in)
            self._end(session, row, error, again, now)

    def reclaim(self) -> int:
        """Put back the jobs of workers that are gone or out of time; how many."""
        with self.store.write() as session:
            return self._put_back(session, self.clock.now())

    def counts(self) -> Mapping[JobState, int]:
        """How many jobs stand in each state."""
        with self.store.read() as session:
            return rows.counts(session, self.store.district)

    def _put_back(self, session: Session, now: datetime) -> int:
        moved = 0
        for row in rows.running(session, self.store.district):
            gone = row.process is not None and Process.parse(row.process).gone(self.process)
            if gone or row.claimed_until is None or row.claimed_until <= now:
                self._end(session, row, "job.worker_gone", now, now)
                moved += 1
        return moved

    def _end(self, session: Session, row: JobRow, error: str, again: datetime | None, now: datetime) -> None:
        """Back into the queue while attempts are left and the same is not asked for anew; failed otherwise. Failing repeatedly is told."""
        if row.attempts >= REPEATEDLY:
            document = {"job": row.kind, "error": error, "attempts": row.attempts}
            self.notices.note(session, Raised(key=f"job/{row.kind}", subject=Subject.JOBS, code="failing", document=document), now)
        if again is not None and row.attempts < ATTEMPTS and rows.waiting(session, row.district, row.kind, row.tenant, row.key) is None:
            rows.move(session, row, {"state": JobState.PENDING, "due_at": again, "error": error, "process": None, "claimed_until": None})
            return
        rows.move(session, row, {"state": JobState.FAILED, "finished_at": now, "error": error, "process": None, "claimed_until": None})

    def _settle(self, job: Job, values: Mapping[str, object]) -> None:
        with self.store.write() as session:
            rows.move(session, self._mine(session, job), values)

    def _mine(self, session: Session, job: Job) -> JobRow:
        row = rows.get(session, self.store.district, job.number)
        if row is None or row.state is not JobState.RUNNING or row.attempts != job.attempt or row.process != str(self.process):
            raise JobLost(f"job {job.number} was given to somebody else")
        return row


def _job(row: JobRow) -> Job:
    return Job(
        number=row.number,
        kind=row.kind,
        tenant=row.tenant or None,
        key=row.key,
        attempt=row.attempts,
        state=row.state,
        due_at=row.due_at,
        error=row.error,
    )
