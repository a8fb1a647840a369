"""docs/reference/traps.md names tests that exist, and switches that the sandbox has and explains."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import sandbox.microsoft

ROOT = next(parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").exists())
PAGE = (ROOT / "docs/reference/traps.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| Trap ")]
NAMED = re.compile(r"`([\w./]+\.py)::(\w+)`")
MENTIONED = re.compile(r"`m365\.(\w+)`")
READ = re.compile(r'\b(?:switch|listed)\([^,()]+(?:\([^()]*\))?,\s*"(\w+)"|\bseconds\([^,()]+,\s*"(\w+)"')


@cache
def defined(file: Path) -> set[str]:
    """Names of the tests in a file, those of classes too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def switches() -> set[str]:
    """Every switch that the sandbox's Microsoft side looks at."""
    found: set[str] = set()
    for file in (ROOT / "sandbox/microsoft").glob("*.py"):
        for plain, timed in READ.findall(file.read_text(encoding="utf-8")):
            found.add(plain or f"{timed}_seconds")
    return found


def test_the_page_has_traps_in_every_row() -> None:
    assert len(ROWS) > 60
    assert {len(row) for row in ROWS} == {5}
    assert len({row[0] for row in ROWS}) == len(ROWS)


def test_every_test_that_the_page_names_exists() -> None:
    for row in ROWS:
        for cell, folder in ((row[3], ROOT / "tests/unit/sandbox/microsoft"), (row[4], ROOT / "tests")):
            found = NAMED.findall(cell)
            assert found or cell in {"-", "not shown yet"}, row
            for file, name in found:
                assert name in defined((folder / file).resolve()), f"{file}::{name}"


def test_every_switch_that_the_page_names_exists() -> None:
    mentioned = set(MENTIONED.findall(PAGE)) - {"NAME"}
    limits = {f"{surface}_limit" for surface in ("graph", "exchange", "compliance")}
    assert len(mentioned) > 20
    assert mentioned <= switches() | limits


def test_every_switch_is_explained_where_the_sandbox_explains_itself() -> None:
    words = (sandbox.microsoft.__doc__ or "") + "".join(
        ast.get_docstring(ast.parse((ROOT / f"sandbox/microsoft/{name}.py").read_text(encoding="utf-8"))) or "" for name in ("signin", "activity", "login", "userdelta")
    )
    known = set(re.findall(r"\w+", words))
    assert not {name for name in switches() if name not in known}
