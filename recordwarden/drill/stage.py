"""The stage of a rehearsal told on a terminal: command lines as typed, their real output, and the exit code that the story expects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from recordwarden.clock import SystemClock
from recordwarden.drill.time import forward
from recordwarden.exits import Exit

LONGEST = 170.0
"""Seconds after which a single command is taken to hang."""


class StoryError(Exception):
    """A command did not end as the story says."""


class Stage:
    """Runs the program's own command line as processes of its own, in one folder, and prints what a watcher would see."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self.console = console
        self.clock_file = folder / "clock"
        self.environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RECORDWARDEN_")},
            "RECORDWARDEN_FOLDER": str(folder / "district"),
            "RECORDWARDEN_OVERLAY": str(folder / "sandbox" / "overlay.yaml"),
            "RECORDWARDEN_STORE": f"sqlite:///{folder / 'store.db'}",
            "RECORDWARDEN_CLOCK_FILE": str(self.clock_file),
            "COLUMNS": str(min(max(console.width, 80), 110)),
            "PYTHONWARNINGS": "ignore",
        }
        self.steps: list[tuple[str, int, float]] = []

    def chapter(self, number: int, title: str) -> None:
        """A new part of the story."""
        self.console.print()
        self.console.print(Rule(Text(f"{number}. {title}", style="bold"), align="left", characters="="))

    def tell(self, text: str) -> None:
        """A sentence between commands."""
        self.console.print()
        self.console.print(Text(text, style="italic"))

    def run(self, *words: str, expect: Exit | tuple[Exit, ...] = Exit.DONE, quiet: bool = False) -> str:
        """What the command printed. Raises StoryError where it ends otherwise than the story says."""
        wanted = expect if isinstance(expect, tuple) else (expect,)
        clock = SystemClock()
        begun = clock.monotonic()
        if not quiet:
            self.console.print()
            self.console.print(Text("$ recordwarden " + " ".join(self._shown(word) for word in words), style="bold cyan"))
        done = subprocess.run(  # noqa: S603  # our own interpreter and our own module
            [sys.executable, "-m", "recordwarden", *words],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace")
        if not quiet:
            self.console.out(said.replace(f"{self.folder}/", ""), end="", highlight=False)
            self.console.print(Text(f"[exit {done.returncode}]", style="dim"))
        self.steps.append((" ".join(words), done.returncode, clock.monotonic() - begun))
        if done.returncode not in wanted:
            raise StoryError(
                f"`recordwarden {' '.join(words)}` ended with {done.returncode}, the story says {', '.join(str(int(one)) for one in wanted)}.\n{said}"
            )
        return said

    def by(self, officer: str, *words: str, expect: Exit | tuple[Exit, ...] = Exit.DONE, quiet: bool = False) -> str:
        """The same, signed by an officer."""
        return self.run("--as", officer, "--key", str(self.key(officer)), *words, expect=expect, quiet=quiet)

    def key(self, officer: str) -> Path:
        """Where a made-up officer's key lies."""
        return self.folder / "keys" / f"{officer}.pem"

    def later(self, seconds: int, why: str) -> None:
        """Move the time of the whole rehearsal, and say so."""
        forward(self.clock_file, seconds)
        self.console.print()
        self.console.print(Text(f"~ {_span(seconds)} pass: {why}", style="magenta"))

    def _shown(self, word: str) -> str:
        short = word.replace(f"{self.folder}/", "")
        return f"'{short}'" if " " in short else short


def fresh(folder: Path) -> Path:
    """An empty folder of that name; what an earlier rehearsal left there is removed."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _span(seconds: int) -> str:
    for length, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{count} {word}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
