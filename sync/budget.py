"""Budgets: how many requests a minute a surface may see from all our processes together, and who of them may use how much of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from connectors.base import Clock, Lane, Stop
from connectors.errors import Stopped
from policies.district import SurfaceBudget
from sync.store import Store
from sync.store import budget_rows as rows

SLICE = 5
"""Seconds in a slice."""
SLICES = 60 // SLICE + 1
"""One more than a minute has, so that no minute, wherever it begins, sees more than the budget."""
SHARE = {Lane.SYNC: (1, 2), Lane.HOLD: (9, 10)}
"""Ordinary runs see half, holds nine tenths, people in the console the rest (design §5)."""
LONGEST_NAP = 1.0
"""Seconds after which a waiting call looks whether it is to stop."""


class StoreMeter:
    """Counts every request of one run at one tenant, and waits where a surface has a budget. Safe to call from several threads.

    Without a budget nothing is asked of the store. With one, about a second's worth is reserved at a time.
    """

    def __init__(  # the meter of one tenant, lane and run is made of these, once, in wiring
        self, store: Store, clock: Clock, tenant: str, budgets: Mapping[str, SurfaceBudget], lane: Lane, stop: Stop
    ) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._budgets = budgets
        self._lane = lane
        self._stop = stop
        self._counted: dict[str, dict[str, int]] = {}
        self._reserved: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    @property
    def requests(self) -> dict[str, dict[str, int]]:
        """Requests so far, by surface and method; retries and tokens among them."""
        with self._lock:
            return {surface: dict(methods) for surface, methods in self._counted.items()}

    def spend(self, surface: str, method: str, cost: int = 1) -> None:
        """Record one request that is about to leave, waiting for room in the budget first.

        Raises Stopped when told to stop, RuntimeError when this thread has a write transaction open: none is held across a network call.
        """
        if self._store.writing:
            raise RuntimeError("a request was about to leave inside a write transaction of the store")
        if self._stop.is_set():
            raise Stopped(f"told to stop before a request to {surface}")
        budget = self._budgets.get(surface)
        if budget is not None:
            self._room(surface, budget.per_minute, cost)
        with self._lock:
            methods = self._counted.setdefault(surface, {})
            methods[method] = methods.get(method, 0) + 1  # what the vendor charges is the budget's; a request is a request

    def _room(self, surface: str, per_minute: int, cost: int) -> None:
        numerator, denominator = SHARE[self._lane]
        limit = max(1, per_minute * numerator // denominator)
        while not self._from_reserve(surface, cost) and not self._reserve(surface, limit, cost):
            full = self._slice()
            while self._slice() == full:  # nothing becomes free before the next slice, so the store is not asked before
                if self._stop.is_set():
                    raise Stopped(f"told to stop while waiting for room at {surface}")
                self._clock.sleep(min(LONGEST_NAP, SLICE - self._instant() % SLICE))

    def _from_reserve(self, surface: str, cost: int) -> bool:
        now = self._slice()
        with self._lock:
            slice, left = self._reserved.get(surface, (now, 0))
            if slice != now or left < cost:
                return False
            self._reserved[surface] = (slice, left - cost)
            return True

    def _reserve(self, surface: str, limit: int, cost: int) -> bool:
        account = rows.Account(district=self._store.district, tenant=self._tenant, surface=surface)
        with self._store.write() as session:
            now = self._slice()  # asked under the lock, so that slices only grow
            spent = rows.spent(session, account, now - SLICES + 1, now)
            if spent and spent + cost > limit:
                return False
            taken = max(cost, min(max(1, limit // 60), limit - spent))
            rows.spend(session, account, now, taken)
        with self._lock:
            slice, left = self._reserved.get(surface, (now, 0))
            self._reserved[surface] = (now, taken - cost + (left if slice == now else 0))
        return True

    def _slice(self) -> int:
        return int(self._instant() // SLICE)

    def _instant(self) -> float:
        """Wall time, which hosts share; under a drill the wall may stand still or leap, so there the suspend-counting clock measures."""
        return self._clock.monotonic() if self._store.drill else self._clock.now().timestamp()
