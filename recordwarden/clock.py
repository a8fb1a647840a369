"""The one place that asks the machine what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAP = 0.05
"""Seconds that a rehearsal really waits where service would wait longer: its time comes from a file."""


class ClockFileError(ValueError):
    """The drill's clock file says nothing that can be read as a time."""


class SystemClock:
    """The machine's own time."""

    words = "system"

    def now(self) -> datetime:
        """The aware UTC instant."""
        return datetime.now(UTC)  # noqa: TID251  # this is the clock that everybody else is handed

    def monotonic(self) -> float:
        """Seconds since boot, suspended time included, so that a lease does not outlive a closed lid."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))  # noqa: TID251  # this is the clock that everybody else is handed


class DrillClock(SystemClock):
    """A rehearsal's time: an RFC 3339 instant or ``+SECONDS`` in a file, looked at each time."""

    words = "drill"

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def now(self) -> datetime:
        """The instant that the file says, the machine's where there is no file. Raises ClockFileError."""
        if self._file is None:
            return super().now()
        try:
            text = self._file.read_text(encoding="utf-8").strip()
            if text.startswith("+"):
                return super().now() + timedelta(seconds=float(text[1:]))
            instant = datetime.fromisoformat(text)
        except FileNotFoundError:
            return super().now()
        except (OSError, ValueError, OverflowError) as error:
            raise ClockFileError(f"The clock file {self._file} does not hold a time that can be read.") from error
        if instant.tzinfo is None:
            raise ClockFileError(f"The clock file {self._file} holds an instant without a time zone.")
        return instant.astimezone(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait a moment only: time moves when the file does."""
        super().sleep(min(seconds, NAP))
