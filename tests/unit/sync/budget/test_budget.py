"""Budgets: shared by lanes, threads and processes; no minute sees more than it may."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Charge, Lane
from connectors.errors import Stopped
from policies.district import SurfaceBudget
from sync.budget import StoreMeter
from sync.store import Store
from tests.unit.sync.provable import Flag, VirtualClock, another, opened


def meter(
    store: Store, clock: VirtualClock, per_minute: Mapping[str, int], lane: Lane = Lane.SYNC, *, stop: Flag | None = None, tenant: str = "m365"
) -> StoreMeter:
    budgets = {surface: SurfaceBudget(per_minute=limit) for surface, limit in per_minute.items()}
    return StoreMeter(store, clock, tenant, budgets, lane, stop or Flag())


def dear(surface: str, units: int) -> tuple[Charge, ...]:
    """One request that costs so many units, at the tenant of ``meter``."""
    return (Charge(account="tenant/m365", quota=surface, units=units),)


def until_full(one: StoreMeter, clock: VirtualClock, surface: str = "graph") -> int:
    """How many requests leave before the first has to wait."""
    for count in range(10_000):
        before = len(clock.naps)
        one.spend(surface, "GET")
        if len(clock.naps) > before:
            return count
    raise AssertionError("nothing ever waited")


def test_without_a_budget_requests_are_counted_and_the_store_is_not_asked(store: Store, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    one = meter(store, clock, {"vault": 1})
    monkeypatch.setattr(store, "write", None)
    monkeypatch.setattr(store, "read", None)
    for _ in range(3):
        one.spend("graph", "GET")
    one.spend("graph", "POST", dear("graph", 20))
    assert one.requests == {"graph": {"GET": 3, "POST": 1}}
    assert clock.naps == []


@pytest.mark.parametrize(("lane", "share"), [(Lane.SYNC, 60), (Lane.HOLD, 108)])
def test_each_lane_sees_its_share(store: Store, clock: VirtualClock, lane: Lane, share: int) -> None:
    assert until_full(meter(store, clock, {"graph": 120}, lane), clock) == share


def test_holds_go_on_where_ordinary_runs_wait(store: Store, clock: VirtualClock) -> None:
    ordinary, holds = meter(store, clock, {"graph": 100}), meter(store, clock, {"graph": 100}, Lane.HOLD)
    for _ in range(50):
        ordinary.spend("graph", "GET")
    for _ in range(40):
        holds.spend("graph", "POST")
    assert clock.naps == []
    ordinary.spend("graph", "GET")
    assert sum(clock.naps) >= 60 - 5


def test_surfaces_and_tenants_are_metered_apart(store: Store, clock: VirtualClock) -> None:
    for surface in ("graph", "exchange_admin"):
        for tenant in ("m365", "other"):
            meter(store, clock, {surface: 20}, tenant=tenant).spend(surface, "GET", (Charge(account=f"tenant/{tenant}", quota=surface, units=10),))
    assert clock.naps == []


def test_tenants_that_share_what_the_vendor_meters_share_its_budget(store: Store, clock: VirtualClock) -> None:
    """Two organisations whose service accounts are in one Cloud project: its quota is one, and each organisation's is its own."""

    def charges(organisation: str) -> tuple[Charge, ...]:
        project = Charge(account="project/district-records", quota="vault.hold_reads", units=3)
        return (Charge(account=f"organisation/{organisation}", quota="vault.matter_reads"), project)

    limits = {"vault.matter_reads": 600, "vault.hold_reads": 228}
    first, second = (meter(store, clock, limits, tenant=tenant) for tenant in ("here", "there"))
    for _ in range(19):
        first.spend("vault", "GET", charges("C01"))
        second.spend("vault", "GET", charges("C02"))
    assert clock.naps == [], "38 lists of holds are 114 hold reads, the half that ordinary runs may use"
    second.spend("vault", "GET", charges("C02"))
    assert sum(clock.naps) >= 55, "what the other spent counts"
    assert first.requests == {"vault": {"GET": 19}}


def test_a_request_that_finds_no_room_in_one_quota_spends_nothing_of_the_others(store: Store, clock: VirtualClock) -> None:
    one = meter(store, clock, {"reads": 100, "writes": 2})
    both = (Charge(account="p", quota="reads"), Charge(account="p", quota="writes"))
    one.spend("vault", "POST", both)
    stop = Flag()
    stop.up = True
    impatient = meter(store, clock, {"reads": 100, "writes": 2}, stop=stop)
    with pytest.raises(Stopped):
        impatient.spend("vault", "POST", both)
    for _ in range(49):
        one.spend("vault", "GET", (Charge(account="p", quota="reads"),))
    assert clock.naps == []


def test_in_a_drill_the_minute_is_that_of_the_time_that_program_and_sandbox_share(store: Store) -> None:
    """Moving the shared time on frees the quota in the sandbox, and here; the machine's own clock has nothing to say to it."""

    class Shared(VirtualClock):
        def sleep(self, seconds: float) -> None:
            self.naps.append(seconds)
            self.ticks += seconds

    clock = Shared()
    assert store.drill
    one = meter(store, clock, {"graph": 4})
    for _ in range(2):
        one.spend("graph", "GET")
    clock.instant += timedelta(hours=1)
    for _ in range(2):
        one.spend("graph", "GET")
    assert clock.naps == []
    one.spend("graph", "GET")
    assert 60 <= sum(clock.naps) <= 70, "a clock that stands still is waited for a minute of the machine's, and no longer"


def test_one_a_second_is_never_less_than_one(store: Store, clock: VirtualClock) -> None:
    one = meter(store, clock, {"exchange_admin": 1})
    one.spend("exchange_admin", "Get-ComplianceTag")
    assert clock.naps == []
    one.spend("exchange_admin", "Get-ComplianceTag")
    assert sum(clock.naps) + 5 >= 60


def test_a_cost_beyond_the_whole_share_waits_for_an_empty_minute_and_goes(store: Store, clock: VirtualClock) -> None:
    one = meter(store, clock, {"graph": 10})
    one.spend("graph", "GET")
    one.spend("graph", "POST", dear("graph", 20))
    assert sum(clock.naps) >= 55
    assert one.requests == {"graph": {"GET": 1, "POST": 1}}


def test_told_to_stop_it_stops_before_and_while_waiting(store: Store, clock: VirtualClock) -> None:
    stop = Flag()

    class Stopping(VirtualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            stop.up = len(self.naps) >= 3

    waiting = Stopping()
    one = meter(store, waiting, {"graph": 2}, stop=stop)
    one.spend("graph", "GET")
    with pytest.raises(Stopped):
        one.spend("graph", "GET")
    assert len(waiting.naps) == 3
    with pytest.raises(Stopped):
        one.spend("vault", "GET")
    assert one.requests == {"graph": {"GET": 1}}, "what did not leave is not counted"


def test_no_request_leaves_inside_a_write_transaction(store: Store, clock: VirtualClock) -> None:
    one = meter(store, clock, {})
    with store.write(), pytest.raises(RuntimeError, match="write transaction"):
        one.spend("graph", "GET")
    one.spend("graph", "GET")


def test_threads_share_one_meter(store: Store, clock: VirtualClock) -> None:
    one = meter(store, clock, {"vault": 400}, Lane.HOLD)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: one.spend("vault", "GET"), range(300)))
    assert one.requests == {"vault": {"GET": 300}}
    assert clock.naps == []
    assert until_full(one, clock, "vault") <= 60


@settings(derandomize=True, max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), per_minute=st.integers(1, 40), lanes=st.lists(st.sampled_from(Lane), min_size=1, max_size=3))
def test_no_minute_wherever_it_begins_sees_more_than_the_share(store: Store, data: st.DataObject, per_minute: int, lanes: list[Lane]) -> None:
    clock = VirtualClock(ticks=data.draw(st.floats(0, 1e6)))
    surface = data.draw(st.uuids()).hex
    meters = [meter(store, clock, {surface: per_minute}, lane) for lane in lanes]
    left: list[tuple[float, Lane]] = []
    for _ in range(data.draw(st.integers(1, 40))):
        which = data.draw(st.integers(0, len(lanes) - 1))
        meters[which].spend(surface, "GET")
        left.append((clock.ticks, lanes[which]))
        clock.advance(data.draw(st.sampled_from([0.0, 0.0, 0.4, 3.0, 20.0])))
    for start, _ in left:
        minute = [lane for at, lane in left if start <= at < start + 60]
        assert len(minute) <= max(1, per_minute * 9 // 10)
        if Lane.HOLD not in minute:
            assert len(minute) <= max(1, per_minute // 2)


SPEND = """
from connectors.base import Lane
from policies.district import SurfaceBudget
from sync.budget import StoreMeter
class Full(Exception): pass
class Impatient(VirtualClock):
    def sleep(self, seconds): raise Full
store = opened(folder, Impatient())
meter = StoreMeter(store, Impatient(), "m365", {"graph": SurfaceBudget(per_minute=120)}, Lane.SYNC, Flag())
while (word := listen()) != "end":
    sent = 0
    try:
        for _ in range(int(word)):
            meter.spend("graph", "GET")
            sent += 1
    except Full:
        pass
    tell(sent=sent)
"""


def test_two_processes_share_one_budget(tmp_path: Path) -> None:
    opened(tmp_path).close()
    sent = 0
    with another(tmp_path, SPEND) as first, another(tmp_path, SPEND) as second:
        for other in (first, second, first):
            other.say("15")
            assert other.hear() == {"sent": 15}
        for other in (first, second):  # both at once, for more than is left
            other.say("15")
        for other in (first, second):
            more = other.hear()["sent"]
            assert isinstance(more, int)
            sent += more
        first.say("1")
        assert first.hear() == {"sent": 0}
    assert sent == 15, "together they see the half that ordinary runs may use"
