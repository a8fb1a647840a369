"""What the first two documents say is there: every path, and every command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recordwarden.cli.table import TABLE, Family

ROOT = Path(__file__).resolve().parents[3]
NAMED = re.compile(r"`([A-Za-z_.*][\w.*-]*(?:/[\w.*-]+)*/?)`")
PLACES = frozenset(path.name for path in ROOT.iterdir() if path.is_dir())
AT_THE_TOP = re.compile(r"[A-Z]+\.md|Makefile|pyproject\.toml")
MADE_LATER = frozenset({"var/demo/"})
"""What the reader's own calls leave."""


def paths(text: str) -> set[str]:
    """Everything in backquotes that is a path of this repository: it begins with a folder at the top, or is a file there."""
    found = set(NAMED.findall(text))
    return {one for one in found if (one.split("/")[0] in PLACES and "/" in one) or AT_THE_TOP.fullmatch(one)} - MADE_LATER


@pytest.mark.parametrize("document", ["README.md", "docs/one-run.md"])
def test_every_path_that_is_named_is_there(document: str) -> None:
    named = paths((ROOT / document).read_text(encoding="utf-8"))
    assert len(named) >= 4
    assert [one for one in sorted(named) if not list(ROOT.glob(one.rstrip("/")))] == []


def test_a_path_that_is_not_there_would_be_seen() -> None:
    assert paths("`sync/no_such.py` and `make demo` and `CONTRIBUTING.md` and `--format`") == {"sync/no_such.py", "CONTRIBUTING.md"}


def test_every_command_in_the_readme_is_in_the_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    called = [words.split() for words in re.findall(r"\brecordwarden (?:--?\S+ [^\s`]+ )*((?:[a-z-]+ ?)+)", "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL)))]
    assert len(called) >= 8
    assert [words for words in called if not known(words)] == []
    assert not known(["hold", "loosen"])


def known(words: list[str]) -> bool:
    """Whether the table has the command that ``words`` begin with."""
    entry = TABLE.get(words[0])
    return words[1] in entry.commands if isinstance(entry, Family) and len(words) > 1 else entry is not None
