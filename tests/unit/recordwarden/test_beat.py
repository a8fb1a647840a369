"""A lease as ``status`` sees it: who lives, and when it was last seen to."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.lease import Beat, Leases
from sync.process import Process
from sync.store import Store, open_store


class Clock:
    def __init__(self) -> None:
        self.ticks = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.ticks += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}", district="abcd1234", drill=False, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def leases(store: Store, clock: Clock) -> Callable[[], Leases]:
    return lambda: Leases(store, clock, "run", socket.gethostname(), os.getpid())


def test_nobody_holds_it(leases: Callable[[], Leases]) -> None:
    assert leases().beat("daemon") is None


def test_alive_since_its_last_renewal_and_not_after_it_ran_out(leases: Callable[[], Leases], clock: Clock) -> None:
    with leases().acquire("daemon", seconds=60, wait=0) as lease:
        clock.sleep(20)
        assert leases().beat("daemon") == Beat(alive=True, ago=20)
        lease.renew(60)
        assert leases().beat("daemon") == Beat(alive=True, ago=0)
        clock.sleep(61)
        assert leases().beat("daemon") == Beat(alive=False, ago=61)
    assert leases().beat("daemon") is None


def test_another_boot_s_clock_is_not_compared_with_ours(leases: Callable[[], Leases]) -> None:
    mine = leases()
    with mine.acquire("daemon", seconds=60, wait=0):
        elsewhere = leases()
        elsewhere.process = Process(host="elsewhere", boot="other", pid=1, start="1")
        assert elsewhere.beat("daemon") == Beat(alive=True, ago=None)
        later = leases()
        later.process = Process(host=mine.process.host, boot="other", pid=1, start="1")
        assert later.beat("daemon") == Beat(alive=False, ago=None)
