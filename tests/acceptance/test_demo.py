"""The story of ``make demo``, told as it is told there, and what it leaves behind."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
CHAPTERS = 9


def test_the_story_is_told_to_its_end_and_leaves_what_it_says(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RECORDWARDEN_")}
    environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "110"}
    done = subprocess.run(
        [sys.executable, "-m", "recordwarden.drill.demo"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert [int(number) for number in re.findall(r"^(\d)\. \S.*=$", done.stdout, re.MULTILINE)] == list(range(1, CHAPTERS + 1))
    assert "The journal does NOT hold." in done.stdout, "the changed copy is found out"
    assert "made-up data" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    left = tmp_path / "var" / "demo"
    for name in ("first-hour.html", "journal.jsonl", "store.db", "district/policy.yaml", "official-schedule.txt"):
        assert (left / name).stat().st_size > 0, name
    assert list((left / "report").glob("board-*.html"))
    assert (left / "journal-changed.jsonl").stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(f"file:{left / 'store.db'}?mode=ro", uri=True)) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        naming = {table for table in tables if any("ilse.harkwell" in repr(row).lower() for row in store.execute(f'SELECT * FROM "{table}"'))}
    assert naming <= {"binding", "change", "watched"}, "of somebody who was erased only what is live in the tenants is left"
