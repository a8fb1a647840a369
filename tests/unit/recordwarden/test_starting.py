"""What the program loads before it is asked to do anything, and that help offers exactly what is built."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from recordwarden.cli.table import TABLE, Entry, Family

ROOT = next(parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").exists())
HEAVY = ("pydantic", "sqlmodel", "sqlalchemy", "structlog", "msgraph", "msal", "kiota_abstractions", "googleapiclient", "google.auth", "alembic", "apscheduler")
PROBE = """
import json, sys
from recordwarden.cli.app import run
code = run({words!r})
print("LOADED " + json.dumps(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def loaded(*words: str) -> tuple[str, set[str], int]:
    """What a call prints, and every module that it had loaded at its end."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(words=list(words))], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    line = next(line for line in done.stderr.splitlines() if line.startswith("LOADED "))
    return done.stdout, set(json.loads(line.removeprefix("LOADED "))), done.returncode


def test_help_loads_no_sdk_store_or_model() -> None:
    _, modules, code = loaded("--help")
    assert code == 0
    assert [name for name in HEAVY if name in modules] == []


@pytest.mark.parametrize("words", [("hold", "--help"), ("journal", "--help"), ("--version",)])
def test_what_answers_at_once_loads_no_sdk_or_store(words: tuple[str, ...]) -> None:
    _, modules, code = loaded(*words)
    assert code == 0
    # Typer reads a command's options with pydantic, once there is a command.
    assert [name for name in HEAVY if name in modules and name != "pydantic"] == []


def test_help_lists_every_command_of_the_table_with_its_line() -> None:
    said, _, _ = loaded("--help")
    flat = " ".join(said.split())
    for name, entry in TABLE.items():
        assert f"{name} {' '.join(entry.help.split()[:4])}" in flat


def entries() -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    for name, entry in TABLE.items():
        if isinstance(entry, Family):
            found += [(f"{name} {word}", inner) for word, inner in entry.commands.items()]
        else:
            found.append((name, entry))
    return found


@pytest.mark.parametrize(("words", "entry"), entries(), ids=lambda one: one if isinstance(one, str) else "")
def test_each_command_offered_is_there_and_says_what_it_does(words: str, entry: Entry) -> None:
    module, _, function = entry.does.partition(":")
    does = getattr(importlib.import_module(f"recordwarden.cli.{module}"), function)
    assert does.__doc__, words
    assert entry.help.endswith(".")
