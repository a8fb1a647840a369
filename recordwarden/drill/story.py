"""How the demo is told: every step a real call of the program in a process of its own, printed with its command line and its answer."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from recordwarden.cli.screen import Screen

STEP_SECONDS = 30.0
"""How far a rehearsal's clock moves at a time while something is followed."""
TICK = 0.25
"""Real seconds between two moves of the clock."""


class UnexpectedEndError(Exception):
    """A step of the story ended with another exit code than the story says."""


@dataclass(slots=True, kw_only=True)
class Stage:
    """Where the story is told: the district's folder, the sandbox's, and the clock that both share."""

    root: Path
    screen: Screen = field(default_factory=lambda: Screen(sys.stdout))
    shown: Path = field(default_factory=Path.cwd)

    @property
    def folder(self) -> Path:
        """The district folder of the story."""
        return self.root / "district"

    @property
    def sandbox(self) -> Path:
        """Where the sandbox keeps its files."""
        return self.root / "sandbox"

    @property
    def clock(self) -> Path:
        """The file that both the program and the sandbox take their time from."""
        return self.root / "clock"

    def environment(self) -> dict[str, str]:
        """What every call is told by its environment, so that the command lines stay short."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TERM", "LANG", "COLUMNS", "NO_COLOR") if name in os.environ}
        return kept | {
            "RECORDWARDEN_FOLDER": self._short(str(self.folder)),
            "RECORDWARDEN_OVERLAY": self._short(str(self.sandbox / "overlay.yaml")),
            "RECORDWARDEN_STORE": f"sqlite:///{self.root / 'store.db'}",
            "RECORDWARDEN_CLOCK_FILE": str(self.clock),
        }

    def tell(self, *lines: str) -> None:
        """Words between the steps."""
        for line in lines:
            self.screen.say(line)

    def chapter(self, number: int, title: str) -> None:
        """A heading of the story."""
        self.screen.say()
        self.screen.say(f"== {number}. {title} ".ljust(78, "="), "bold cyan")

    def run(self, *words: str, ends: Sequence[int] = (0,), quiet: bool = False) -> str:
        """Run one command line and show it with its answer; what it printed. Raises ``UnexpectedEndError``."""
        done = self._call(words, {})
        if not quiet:
            self.screen.say()
            self.screen.say("$ recordwarden " + shlex.join(self._short(word) for word in words), "bold")
            self.screen.raw(done.stdout)
            if done.stderr.strip():
                self.screen.raw(done.stderr)
        self._expected(words, done, ends)
        if not quiet and done.returncode:
            self.screen.say(f"[exit {done.returncode}]", "dim")
        return done.stdout

    def ask(self, *words: str, ends: Sequence[int] = (0,)) -> Mapping[str, object]:
        """The JSON answer of a command, shown to nobody: the story needs an id or a file's name from it."""
        done = self._call(words, {"RECORDWARDEN_FORMAT": "json"})
        self._expected(words, done, ends)
        answer = json.loads(done.stdout)
        if not isinstance(answer, dict):
            raise UnexpectedEndError(f"{shlex.join(words)} answered no JSON object")
        return answer

    def _call(self, words: Sequence[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "recordwarden", *(self._short(word) for word in words)]
        return subprocess.run(command, env=self.environment() | dict(more), capture_output=True, text=True, check=False, timeout=300)  # noqa: S603  # our own program

    def _expected(self, words: Sequence[str], done: subprocess.CompletedProcess[str], ends: Sequence[int]) -> None:
        if done.returncode not in ends:
            said = (done.stdout + done.stderr)[-3000:]
            raise UnexpectedEndError(f"recordwarden {shlex.join(words)} ended with {done.returncode}, not {ends}:\n{said}")

    def _short(self, word: str) -> str:
        """Paths as a reader at the project's root would type them."""
        return word.replace(f"{self.shown}/", "")

    def later(self, seconds: float, words: str) -> None:
        """Let the district's time and the tenants' pass."""
        self.clock.write_text(f"+{self._offset() + seconds:g}\n", encoding="utf-8")
        self.screen.say()
        self.screen.say(f"   ... {words} ...", "italic")

    def _offset(self) -> float:
        return float(self.clock.read_text(encoding="utf-8").strip()[1:]) if self.clock.exists() else 0.0

    @contextmanager
    def time_passing(self) -> Iterator[None]:
        """While the block lasts, time runs fast: what is followed comes into force."""
        over = threading.Event()

        def move() -> None:
            while not over.wait(TICK):
                self.clock.write_text(f"+{self._offset() + STEP_SECONDS:g}\n", encoding="utf-8")

        mover = threading.Thread(target=move, name="time", daemon=True)
        mover.start()
        try:
            yield
        finally:
            over.set()
            mover.join()
