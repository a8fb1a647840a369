"""Leases: one at a time, fenced, taken over from the dead at once and from the hung when time is up."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors.errors import Stopped
from sync.lease import Lease, LeaseHeldError, LeaseLost, Leases
from sync.process import Process
from sync.store import Store
from sync.store import lease_rows as rows
from sync.store.tables.core import PinnedTenant
from tests.unit.sync.provable import DISTRICT, HOST, Flag, RealClock, VirtualClock, another, opened


def leases(store: Store, clock: VirtualClock | RealClock, holder: str = "mine", host: str = HOST, pid: int | None = None) -> Leases:
    return Leases(store, clock, holder, host, pid or os.getpid())


def pin_under(lease: Lease, store: Store, clock: VirtualClock) -> None:
    """A write of a run: what it stores, and the guard."""
    with store.write() as session:
        session.add(PinnedTenant(district=DISTRICT, tenant="t", vendor_id="v", pinned_at=clock.now()))
        lease.guard(session)


def test_it_is_held_for_the_block_and_fences_only_grow(store: Store, clock: VirtualClock) -> None:
    fences = []
    for _ in range(3):
        with leases(store, clock).acquire("m365/sync", seconds=60, wait=0) as lease:
            fences.append(lease.fence)
            (held,) = leases(store, clock).held()
            assert (held.name, held.holder, held.fence) == ("m365/sync", "mine", lease.fence)
    assert fences == [1, 2, 3]
    (held,) = leases(store, clock).held()
    assert held.holder is None


def test_lanes_and_tenants_do_not_wait_for_each_other(store: Store, clock: VirtualClock) -> None:
    mine = leases(store, clock)
    with mine.acquire("m365/sync", seconds=60, wait=0), mine.acquire("m365/hold", seconds=60, wait=0), mine.acquire("g/sync", seconds=60, wait=0):
        assert clock.naps == []


def test_a_live_holder_is_waited_for_and_then_reported(store: Store, clock: VirtualClock) -> None:
    with leases(store, clock, "first").acquire("a", seconds=3600, wait=0), pytest.raises(LeaseHeldError) as caught:
        leases(store, clock, "second").acquire("a", seconds=60, wait=120).__enter__()
    assert sum(clock.naps) == 120
    assert caught.value.code == "lease.held"
    assert "first" in caught.value.message


def test_waiting_ends_when_told_to_stop(store: Store, clock: VirtualClock) -> None:
    stop = Flag()
    stop.up = True
    with leases(store, clock).acquire("a", seconds=3600, wait=0), pytest.raises(Stopped):
        leases(store, clock).acquire("a", seconds=60, wait=120, stop=stop).__enter__()
    assert clock.naps == []


def test_one_that_hangs_loses_it_when_time_is_up_and_can_write_nothing_more(store: Store, clock: VirtualClock) -> None:
    with leases(store, clock, "hung").acquire("a", seconds=60, wait=0) as old:
        with leases(store, clock, "next").acquire("a", seconds=60, wait=61) as new:
            assert new.fence == old.fence + 1
            assert old.remaining() <= 0
            with pytest.raises(LeaseLost):
                pin_under(old, store, clock)
            with pytest.raises(LeaseLost):
                old.renew()
            with pytest.raises(LeaseLost):
                old.check(1)
            with store.write() as session:
                new.guard(session)
        assert leases(store, clock).held()[0].holder is None
    with store.read() as session:
        assert session.get(PinnedTenant, (DISTRICT, "t")) is None, "what the fence stopped was rolled back"
    assert leases(store, clock).held()[0].fence == 2, "the late holder's giving back touched nothing"


def test_a_lease_given_back_guards_nothing(store: Store, clock: VirtualClock) -> None:
    with leases(store, clock).acquire("a", seconds=60, wait=0) as lease:
        pass
    with pytest.raises(LeaseLost), store.write() as session:
        lease.guard(session)


def test_a_check_renews_what_would_not_outlive_the_call(store: Store, clock: VirtualClock) -> None:
    with leases(store, clock).acquire("a", seconds=60, wait=0) as lease:
        clock.advance(20)
        lease.check(30)
        assert lease.remaining() == 40, "enough is left: nothing is written"
        lease.check(30, shrinking=True)
        assert lease.remaining() == 40
        clock.advance(11)
        lease.check(10, shrinking=True)
        assert lease.remaining() == 60, "a shrinking call needs half of it left"
        clock.advance(40)
        lease.check(30)
        assert lease.remaining() == 60
        lease.check(300)
        assert lease.remaining() == 600, "a call longer than the lease gets one that outlives it"
        clock.advance(10_000)
        lease.check(30)
        assert lease.remaining() > 30, "suspended, but nobody took over"


def test_a_holder_on_another_host_is_watched_for_the_whole_length(store: Store, clock: VirtualClock) -> None:
    elsewhere = leases(store, clock, "far", host="records-2")
    with elsewhere.acquire("a", seconds=60, wait=0) as far:
        clock.advance(1000)
        with pytest.raises(LeaseHeldError):
            leases(store, clock).acquire("a", seconds=60, wait=59).__enter__()
        far.renew()
        with leases(store, clock).acquire("a", seconds=60, wait=61) as near:
            assert near.fence == far.fence + 1
            with pytest.raises(LeaseLost):
                far.renew()


def test_a_renewal_elsewhere_starts_the_watch_again(store: Store, clock: VirtualClock) -> None:
    class Renewing(VirtualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.naps) == 80:
                far.renew()

    watching = Renewing()
    with leases(store, clock, "far", host="records-2").acquire("a", seconds=60, wait=0) as far, pytest.raises(LeaseHeldError):
        leases(store, watching).acquire("a", seconds=60, wait=70).__enter__()


def test_a_boot_that_is_over_counts_as_gone(store: Store, clock: VirtualClock) -> None:
    with leases(store, clock, "before").acquire("a", seconds=3600, wait=0):
        with store.write() as session:
            row = rows.get(session, DISTRICT, "a")
            assert row is not None
            assert row.process is not None
            before = Process.parse(row.process)
            row.process = str(Process(host=before.host, boot="an-earlier-boot", pid=before.pid, start=before.start))
            rows.put(session, row)
        with leases(store, clock).acquire("a", seconds=60, wait=0) as lease:
            assert lease.fence == 2
    assert clock.naps == []


def test_a_process_id_used_again_is_not_taken_for_the_holder() -> None:
    me = Process.of(HOST, os.getpid())
    assert Process.parse(str(me)) == me
    assert not me.gone(me)
    assert Process(host=me.host, boot=me.boot, pid=me.pid, start="1").gone(me)
    done = subprocess.Popen([sys.executable, "-c", ""])
    over = Process.of(HOST, done.pid)
    done.wait(30)
    assert over.gone(me)
    assert not Process(host="elsewhere", boot=me.boot, pid=over.pid, start=over.start).gone(me)


HOLD = """
from sync.lease import Leases
store = opened(folder, RealClock())
with Leases(store, RealClock(), "other", HOST, os.getpid()).acquire("a", seconds=3600, wait=0) as lease:
    tell(fence=lease.fence)
    listen()
tell(done=True)
"""


def test_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    store, clock = opened(tmp_path, RealClock()), RealClock()
    with another(tmp_path, HOLD) as other:
        assert other.hear() == {"fence": 1}
        with pytest.raises(LeaseHeldError):
            leases(store, clock).acquire("a", seconds=60, wait=0).__enter__()
        other.process.kill()
        other.end()
        with leases(store, clock).acquire("a", seconds=60, wait=0) as lease:
            assert lease.fence == 2
    store.close()


def test_two_processes_at_once_one_waits(tmp_path: Path) -> None:
    store = opened(tmp_path, RealClock())
    mine = leases(store, RealClock())
    waits = HOLD.replace("with Leases", "tell(ready=True)\nwith Leases").replace("wait=0", "wait=30")
    with ExitStack() as stack:
        with mine.acquire("a", seconds=3600, wait=0) as lease:
            other = stack.enter_context(another(tmp_path, waits))
            assert other.hear() == {"ready": True}
            assert mine.held()[0].holder == "mine"
        assert other.hear() == {"fence": lease.fence + 1}
        other.say()
        assert other.hear() == {"done": True}
    store.close()
