"""Budgets: how much of a vendor's quota may be spent in a minute by all our processes together, and who of them may use how much of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.base import Charge, Clock, Lane, Stop
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """One charge with the most that this lane may spend of its quota in a minute."""

    account: rows.Account
    units: int
    limit: int


class StoreMeter:
    """Counts every request of one run at one tenant, and waits where a quota has no room. Safe to call from several threads.

    Without a budget nothing is asked of the store. With one, about a second's worth is reserved at a time. What is counted belongs to the
    vendor's project, organisation or application: tenants that share one wait for each other.
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
        self._reserved: dict[rows.Account, tuple[int, int]] = {}
        self._lock = threading.Lock()

    @property
    def requests(self) -> dict[str, dict[str, int]]:
        """Requests so far, by surface and method; retries and tokens among them."""
        with self._lock:
            return {surface: dict(methods) for surface, methods in self._counted.items()}

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        """Record one request that is about to leave, waiting for room in every quota first.

        Raises Stopped when told to stop, RuntimeError when this thread has a write transaction open: none is held across a network call.
        """
        if self._store.writing:
            raise RuntimeError("a request was about to leave inside a write transaction of the store")
        if self._stop.is_set():
            raise Stopped(f"told to stop before a request to {surface}")
        due = self._due(charges or (Charge(account=f"tenant/{self._tenant}", quota=surface),))
        if due:
            self._room(surface, due)
        with self._lock:
            methods = self._counted.setdefault(surface, {})
            methods[method] = methods.get(method, 0) + 1  # what the vendor charges is the budget's; a request is a request

    def _due(self, charges: Sequence[Charge]) -> tuple[_Due, ...]:
        """The charges of quotas that have a budget."""
        numerator, denominator = SHARE[self._lane]
        return tuple(
            _Due(
                account=rows.Account(district=self._store.district, account=one.account, quota=one.quota),
                units=one.units,
                limit=max(1, budget.per_minute * numerator // denominator),
            )
            for one in charges
            if (budget := self._budgets.get(one.quota)) is not None
        )

    def _room(self, surface: str, due: Sequence[_Due]) -> None:
        began = self._instant(), self._clock.monotonic()
        while not self._from_reserve(due) and not self._reserve(due, forced=self._stands_still(*began)):
            full = self._slice()
            while self._slice() == full and not self._stands_still(*began):  # nothing becomes free before the next slice: the store is not asked
                if self._stop.is_set():
                    raise Stopped(f"told to stop while waiting for room at {surface}")
                self._clock.sleep(min(LONGEST_NAP, SLICE - self._instant() % SLICE))

    def _stands_still(self, instant: float, ticks: float) -> bool:
        """Whether a drill's time has not moved for a whole minute of the machine's: then nothing ever becomes free by waiting."""
        return self._store.drill and self._instant() == instant and self._clock.monotonic() - ticks >= SLICE * SLICES

    def _from_reserve(self, due: Sequence[_Due]) -> bool:
        """Take all charges from what was reserved, or none."""
        now = self._slice()
        with self._lock:
            left = [units if slice == now else 0 for slice, units in (self._reserved.get(one.account, (now, 0)) for one in due)]
            if any(units < one.units for one, units in zip(due, left, strict=True)):
                return False
            self._reserved |= {one.account: (now, units - one.units) for one, units in zip(due, left, strict=True)}
            return True

    def _reserve(self, due: Sequence[_Due], *, forced: bool) -> bool:
        """Reserve for all charges, or for none; a charge that is beyond a whole share goes in an empty minute."""
        with self._store.write() as session:
            now = self._slice()  # asked under the lock, so that slices only grow
            spent = [rows.spent(session, one.account, now - SLICES + 1, now) for one in due]
            if not forced and any(before and before + one.units > one.limit for one, before in zip(due, spent, strict=True)):
                return False
            taken = [max(one.units, min(max(1, one.limit // 60), one.limit - before)) for one, before in zip(due, spent, strict=True)]
            for one, units in zip(due, taken, strict=True):
                rows.spend(session, one.account, now, units)
        with self._lock:
            for one, units in zip(due, taken, strict=True):
                slice, left = self._reserved.get(one.account, (now, 0))
                self._reserved[one.account] = (now, units - one.units + (left if slice == now else 0))
        return True

    def _slice(self) -> int:
        return int(self._instant() // SLICE)

    def _instant(self) -> float:
        """Wall time, which hosts share, and in a drill what program and sandbox share: the quota that is rehearsed counts by it too."""
        return self._clock.now().timestamp()
