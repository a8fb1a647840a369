"""Looking again and again for something that takes its time: short pauses first, longer ones later, until the time given is over."""

from __future__ import annotations

from connectors.base import Clock

FIRST = 5.0
LONGEST = 60.0
"""Seconds between two looks: at the start, and at most."""
GROWTH = 1.5


class Patience:
    """Counts from when it is made, on the district's clock or on the machine's, whichever has come further: a drill's may stand still or leap."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._pause = FIRST
        self._begun, self._started = clock.now(), clock.monotonic()

    def rest(self) -> bool:
        """Sleep until the next look and say True; False at once when the time is over."""
        waited = max((self._clock.now() - self._begun).total_seconds(), self._clock.monotonic() - self._started)
        if waited >= self._seconds:
            return False
        self._clock.sleep(min(self._pause, self._seconds - waited))
        self._pause = min(self._pause * GROWTH, LONGEST)
        return True
