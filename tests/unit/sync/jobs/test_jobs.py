"""Jobs: one waits per name, one worker gets each, and what a dead worker left is done by another."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from sync.jobs import ATTEMPTS, Job, JobLost, Jobs
from sync.store import Store
from sync.store.words import JobState
from tests.unit.sync.provable import HOST, RealClock, VirtualClock, another, opened


@pytest.fixture
def jobs(store: Store, clock: VirtualClock) -> Jobs:
    return Jobs(store, clock, HOST, os.getpid())


def taken(jobs: Jobs, **how: object) -> Job:
    job = jobs.claim(seconds=60, **how)  # type: ignore[arg-type]  # kinds, in one test
    assert job is not None
    return job


def test_the_same_waits_once_and_may_be_asked_for_again_while_it_runs(jobs: Jobs) -> None:
    first = jobs.enqueue("sync", tenant="m365")
    assert jobs.enqueue("sync", tenant="m365") == first
    assert jobs.enqueue("sync", tenant="google") != first
    assert jobs.enqueue("sync") != first
    assert jobs.enqueue("sync", tenant="m365", key="again") != first
    job = taken(jobs)
    assert (job.number, job.tenant, job.attempt) == (first, "m365", 1)
    assert jobs.enqueue("sync", tenant="m365") > first
    assert jobs.counts() == {JobState.PENDING: 4, JobState.RUNNING: 1, JobState.DONE: 0, JobState.FAILED: 0}


def test_they_are_taken_when_due_in_order_and_by_kind(jobs: Jobs, clock: VirtualClock) -> None:
    jobs.enqueue("late", due_at=clock.now() + timedelta(hours=1))
    jobs.enqueue("second", due_at=clock.now())
    jobs.enqueue("first", due_at=clock.now() - timedelta(seconds=1))
    assert [taken(jobs).kind, taken(jobs, kinds={"second", "late"}).kind] == ["first", "second"]
    assert jobs.claim(seconds=60) is None
    jobs.enqueue("late", due_at=clock.now() + timedelta(hours=2))
    clock.advance(3600)
    assert taken(jobs).kind == "late", "the earlier time counts"


def test_done_is_done(jobs: Jobs) -> None:
    jobs.enqueue("sync")
    job = taken(jobs)
    jobs.finish(job)
    assert jobs.claim(seconds=60) is None
    with pytest.raises(JobLost):
        jobs.finish(job)
    assert jobs.counts()[JobState.DONE] == 1


def test_a_failure_is_tried_again_when_asked_and_given_up_in_the_end(jobs: Jobs, clock: VirtualClock) -> None:
    jobs.enqueue("sync")
    for attempt in range(1, ATTEMPTS + 1):
        job = taken(jobs)
        assert job.attempt == attempt
        jobs.fail(job, "tenant.unreachable", retry_in=30)
        assert jobs.claim(seconds=60) is None
        clock.advance(30)
    assert jobs.claim(seconds=60) is None
    assert jobs.counts()[JobState.FAILED] == 1
    jobs.enqueue("other")
    jobs.fail(taken(jobs), "folder.broken")
    assert jobs.counts()[JobState.FAILED] == 2


def test_a_worker_out_of_time_loses_its_job_and_can_end_nothing(jobs: Jobs, clock: VirtualClock) -> None:
    jobs.enqueue("sync")
    slow = taken(jobs)
    clock.advance(40)
    jobs.extend(slow, 60)
    clock.advance(40)
    assert jobs.reclaim() == 0
    clock.advance(20)
    again = taken(jobs)
    assert (again.number, again.attempt, again.error) == (slow.number, 2, "job.worker_gone")
    with pytest.raises(JobLost):
        jobs.finish(slow)
    with pytest.raises(JobLost):
        jobs.fail(slow, "x")
    with pytest.raises(JobLost):
        jobs.extend(slow, 9)
    jobs.finish(again)


def test_what_was_asked_for_anew_meanwhile_is_not_queued_twice(jobs: Jobs, clock: VirtualClock) -> None:
    old = jobs.enqueue("sync")
    taken(jobs)
    new = jobs.enqueue("sync")
    clock.advance(61)
    assert taken(jobs).number == new
    assert jobs.counts() == {JobState.PENDING: 0, JobState.RUNNING: 1, JobState.DONE: 0, JobState.FAILED: 1}
    assert old != new


CLAIM = """
from sync.jobs import Jobs
jobs = Jobs(opened(folder, RealClock()), RealClock(), HOST, os.getpid())
listen()
got = []
while (job := jobs.claim(seconds=600)) is not None:
    got.append(job.number)
    if len(got) % 2: jobs.finish(job)
tell(got=got)
listen()
"""


def test_two_processes_get_each_job_once_and_the_dead_ones_are_done_by_another(tmp_path: Path) -> None:
    store = opened(tmp_path, RealClock())
    mine = Jobs(store, RealClock(), HOST, os.getpid())
    numbers = {mine.enqueue("work", key=str(key)) for key in range(30)}
    with ExitStack() as stack:
        others = [stack.enter_context(another(tmp_path, CLAIM)) for _ in range(2)]
        for other in others:
            other.say()
        got: list[list[int]] = []
        for other in others:
            heard = other.hear()["got"]
            assert isinstance(heard, list)
            got.append(heard)
        assert sorted(got[0] + got[1]) == sorted(numbers), "each exactly once"
        left = mine.counts()[JobState.RUNNING]
        assert left == sum(len(each) // 2 for each in got)
        assert mine.claim(seconds=60) is None, "their workers live"
        for other in others:
            other.process.kill()
            other.end()
    assert mine.reclaim() == left
    assert mine.counts()[JobState.PENDING] == left
    store.close()
