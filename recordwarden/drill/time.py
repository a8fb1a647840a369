"""Moving a rehearsal's time: the clock file that the program and the sandbox share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from recordwarden.clock import DrillClock


def forward(file: Path, seconds: float) -> datetime:
    """Write a later time into ``file``, whole or not at all; the instant that it now says. Raises ClockFileError."""
    text = file.read_text(encoding="utf-8").strip() if file.exists() else "+0"
    clock = DrillClock(file)
    later = f"+{float(text[1:] or 0) + seconds:.3f}" if text.startswith("+") else _moved(clock.now(), seconds)
    draft = file.with_name(f".{file.name}.part")
    draft.write_text(later + "\n", encoding="utf-8")
    draft.replace(file)
    return clock.now()


def _moved(now: datetime, seconds: float) -> str:
    from datetime import timedelta

    return (now + timedelta(seconds=seconds)).isoformat()
