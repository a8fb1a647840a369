"""Rehearsals: time from a file, and the trap that ends the process at a named point."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recordwarden.clock import ClockFileError, DrillClock, SystemClock
from recordwarden.drill.crash import POINTS, UnknownPointError, trap
from recordwarden.drill.time import forward


def test_an_instant_stands_still_and_an_offset_runs_on(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = DrillClock(file)
    assert abs(clock.now() - SystemClock().now()) < timedelta(seconds=5)  # no file yet
    file.write_text("2026-03-01T08:00:00-05:00\n", encoding="utf-8")
    assert clock.now() == datetime(2026, 3, 1, 13, tzinfo=UTC) == clock.now()
    file.write_text("+86400\n", encoding="utf-8")
    assert timedelta(hours=23) < clock.now() - SystemClock().now() < timedelta(hours=25)


@pytest.mark.parametrize("text", ["", "teatime", "+", "+much", "2026-03-01T08:00:00", "+1e999"])
def test_a_clock_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ClockFileError, match="clock"):
        DrillClock(file).now()


def test_time_only_goes_forward_by_what_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    forward(file, 60)
    assert file.read_text(encoding="utf-8") == "+60.000\n"
    forward(file, 30.5)
    assert file.read_text(encoding="utf-8") == "+90.500\n"
    file.write_text("2026-03-01T08:00:00+00:00", encoding="utf-8")
    assert forward(file, 3600) == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_rehearsals_sleep_is_a_nap(tmp_path: Path) -> None:
    clock = DrillClock(tmp_path / "clock")
    begun = clock.monotonic()
    clock.sleep(3600)
    assert clock.monotonic() - begun < 5


@pytest.mark.parametrize("setting", ["intent.during", "intent.before:x", "call", ":1", "outcome.after:"])
def test_a_misspelt_point_is_refused_except_an_empty_count(setting: str) -> None:
    if setting.endswith(":") and setting[:-1] in POINTS:
        trap(setting)
        return
    with pytest.raises(UnknownPointError):
        trap(setting)


def test_the_trap_kills_at_the_nth_passing() -> None:
    program = "from recordwarden.drill.crash import trap\nt = trap('call.after:3')\nfor n in range(5):\n    t('intent.before'); t('call.after'); print(n, flush=True)\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["0", "1"]
