"""Whoever runs the tests without the tools must be told at the very end what did not run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SKIPPED = "import pytest\ndef test_tool(): pytest.skip('no tool')\n"


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (SKIPPED + "def test_runs(): pass\n", "did not run: 1 (test_some.py::test_tool)"),
        (SKIPPED.replace("tool", "b") + SKIPPED.replace("tool", "a"), "did not run: 2 (test_some.py::test_a, test_some.py::test_b)"),
        ("def test_runs(): pass\n", "1 passed"),
    ],
)
@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one process", "workers"])
def test_the_last_line_names_what_did_not_run(tmp_path: Path, content: str, last: str, workers: list[str]) -> None:
    (tmp_path / "test_some.py").write_text(content, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", *workers, str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.splitlines()[-1].startswith(last), done
