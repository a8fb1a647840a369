"""Leases: one process at a time acts under a name, and one that lost its turn can write nothing more.

Each taking raises a fencing number that every store write must match. A holder on this host that is over is known to be over at once; one on this
host that hangs, by the suspend-counting clock that all processes of a boot share; one elsewhere, by its renewals standing still.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.base import Clock, Stop
from connectors.errors import Stopped
from policies.problems import ToldError
from sync.process import Process
from sync.store import Session, Store, StoreError
from sync.store import lease_rows as rows
from sync.store.tables.core import LeaseRow

LOOK_AGAIN = 0.5
"""Seconds between two looks at a lease that somebody else has."""


class LeaseHeldError(ToldError):
    """Somebody else has the lease and did not give it back in time."""

    def __init__(self, name: str, holder: str) -> None:
        super().__init__("lease.held", f"another run ({holder}) is at work on {name}", "wait for it to end, or give a longer --lock-wait")


class LeaseLost(ToldError):  # noqa: N818  # being overtaken is an event, and the seam's name
    """The lease is not ours any more: nothing further may be sent or written under it."""

    def __init__(self, name: str) -> None:
        super().__init__("lease.lost", f"another run has taken over {name}", "run the same again; what was sent is settled by reading")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lease as ``status`` shows it."""

    name: str
    holder: str | None
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The last sign of life of a lease's holder, ``ago`` in seconds; None where its clock is not ours (another host, another boot)."""

    alive: bool
    ago: float | None


class Lease:
    """A turn that was taken. Valid until it is given back, or until another process took over after it ran out."""

    def __init__(self, leases: Leases, row: LeaseRow) -> None:
        self.name = row.name
        self.fence = row.fence
        self.seconds = row.seconds
        self._leases = leases
        self._expires = row.expires

    def remaining(self) -> float:
        """Seconds left on the suspend-counting clock; negative when it ran out."""
        return self._expires - self._leases.clock.monotonic()

    def check(self, need_seconds: float, *, shrinking: bool = False) -> None:
        """Make sure that the lease outlives a call of ``need_seconds``, renewing it where it would not; a shrinking call needs half of it left too.

        Raises LeaseLost when another process has taken over.
        """
        need = max(need_seconds, self.seconds / 2) if shrinking else need_seconds
        if self.remaining() <= need:
            self.renew(max(self.seconds, 2 * need))

    def renew(self, seconds: float | None = None) -> None:
        """Start the lease's time again. Raises LeaseLost."""
        length = seconds or self.seconds
        with self._leases.store.write() as session:
            row = self._mine(session)
            row.expires, row.seconds, row.beat = self._leases.clock.monotonic() + length, length, row.beat + 1
            rows.put(session, row)
        self._expires = row.expires

    def guard(self, session: Session) -> None:
        """Let ``session`` go on only while the lease is ours, to its commit. Raises LeaseLost, which rolls it back."""
        self._mine(session)

    def _mine(self, session: Session) -> LeaseRow:
        row = rows.get(session, self._leases.store.district, self.name)
        if row is None or row.fence != self.fence or row.holder is None:
            raise LeaseLost(self.name)
        return row


class Leases:
    """Takes leases for one process. ``holder`` is what others are shown (a run's id)."""

    def __init__(self, store: Store, clock: Clock, holder: str, host: str, pid: int) -> None:
        self.store = store
        self.clock = clock
        self.holder = holder
        self.process = Process.of(host, pid)

    @contextmanager
    def acquire(self, name: str, *, seconds: float, wait: float, stop: Stop | None = None) -> Iterator[Lease]:
        """Hold the lease ``name`` for the block, waiting up to ``wait`` seconds for it. Raises LeaseHeldError, or Stopped while waiting."""
        lease = self._take(name, seconds, wait, stop)
        try:
            yield lease
        finally:
            self._give_back(lease)

    def held(self) -> tuple[Held, ...]:
        """Every lease of the district, as it stands."""
        with self.store.read() as session:
            return tuple(Held(name=row.name, holder=row.holder, fence=row.fence) for row in rows.every(session, self.store.district))

    def beat(self, name: str) -> Beat | None:
        """How long ago the holder of ``name`` renewed, and whether it is known to be at work still; None where nobody holds it."""
        with self.store.read() as session:
            row = rows.get(session, self.store.district, name)
        if row is None or row.holder is None or row.process is None:
            return None
        other = Process.parse(row.process)
        if not other.same_boot(self.process):
            return Beat(alive=not other.gone(self.process), ago=None)
        left = row.expires - self.clock.monotonic()
        return Beat(alive=not other.gone(self.process) and left > 0, ago=row.seconds - left)

    def _take(self, name: str, seconds: float, wait: float, stop: Stop | None) -> Lease:
        deadline = self.clock.monotonic() + wait
        watch = Watch(self.clock)
        while True:
            with self.store.write() as session:
                row = rows.get(session, self.store.district, name)
                if row is None or row.holder is None or self._over(row, watch):
                    return Lease(self, self._mark(session, row, name, seconds))
                holder = row.holder
            left = deadline - self.clock.monotonic()
            if left <= 0:
                raise LeaseHeldError(name, holder)
            if stop is not None and stop.is_set():
                raise Stopped(f"told to stop while waiting for {name}")
            self.clock.sleep(min(LOOK_AGAIN, left))

    def _over(self, row: LeaseRow, watch: Watch) -> bool:
        other = Process.parse(row.process) if row.process else None
        if other is None:
            return True
        if other.gone(self.process):
            return True
        if other.same_boot(self.process):
            return row.expires <= self.clock.monotonic()
        return watch.still(row)

    def _mark(self, session: Session, row: LeaseRow | None, name: str, seconds: float) -> LeaseRow:
        taken = row or LeaseRow(district=self.store.district, name=name, fence=0, beat=0, expires=0.0, seconds=seconds)
        taken.fence, taken.beat, taken.holder, taken.process = taken.fence + 1, taken.beat + 1, self.holder, str(self.process)
        taken.expires, taken.seconds = self.clock.monotonic() + seconds, seconds
        rows.put(session, taken)
        return taken

    def _give_back(self, lease: Lease) -> None:
        with self.store.write() as session:
            row = rows.get(session, self.store.district, lease.name)
            if row is not None and row.fence == lease.fence:
                row.holder, row.process = None, None
                rows.put(session, row)


class Watch:
    """Sees whether a holder on another host still renews: two hosts' clocks cannot be compared, but standing still can be timed here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: tuple[int, int] | None = None
        self._since = 0.0

    def still(self, row: LeaseRow) -> bool:
        """Whether nothing has moved for the whole length of the lease."""
        if self._seen != (row.fence, row.beat):
            self._seen, self._since = (row.fence, row.beat), self._clock.monotonic()
            return False
        return self._clock.monotonic() - self._since >= row.seconds


@contextmanager
def kept_alive(lease: Lease) -> Iterator[None]:
    """Renew ``lease`` three times in its length while the block lasts. One that was lost all the same is found by the next ``check`` or ``guard``."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease.seconds / 3):
            try:
                lease.renew()
            except (LeaseLost, StoreError):
                return  # the next check says so where it can be told

    keeper = threading.Thread(target=renew, name=f"lease {lease.name}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
