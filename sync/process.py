"""Who a process is, so that another one on this host can tell for sure that it is gone: host, boot, process id and when it started."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
START_FIELD = 19
"""Of /proc/PID/stat behind the command's closing parenthesis: start time in clock ticks since boot (proc(5), field 22)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process. A process id alone is used again by the system; with its start it is not."""

    host: str
    boot: str
    pid: int
    start: str

    @classmethod
    def of(cls, host: str, pid: int) -> Process:
        """The process ``pid`` of this host as it runs now."""
        return cls(host=host, boot=_boot(), pid=pid, start=_start(pid) or "")

    @classmethod
    def parse(cls, text: str) -> Process:
        """What ``str()`` wrote. Raises ValueError."""
        host, boot, pid, start = text.rsplit("|", 3)
        return cls(host=host, boot=boot, pid=int(pid), start=start)

    def __str__(self) -> str:
        return f"{self.host}|{self.boot}|{self.pid}|{self.start}"

    def same_boot(self, other: Process) -> bool:
        """Whether both share one kernel's suspend-counting clock."""
        return (self.host, self.boot) == (other.host, other.boot)

    def gone(self, seen_from: Process) -> bool:
        """Whether this process is surely over, as far as ``seen_from`` (alive, here) can tell; False for another host's."""
        if self.host != seen_from.host:
            return False
        if self.boot != seen_from.boot:
            return True
        if not self.start:
            return not _answers(self.pid)
        return _start(self.pid) != self.start


def _boot() -> str:
    return BOOT_ID.read_text(encoding="ascii").strip() if BOOT_ID.is_file() else ""


def _start(pid: int) -> str | None:
    """Start of a live process; None for one that is over, a zombie too, or where the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields[START_FIELD]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
