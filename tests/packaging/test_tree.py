"""What the repository may not contain, and what the wheel must."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"policies", "connectors", "sync", "reports", "recordwarden", "sandbox"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_lock_file_that_records_addresses() -> None:
    assert not [path for path in tracked() if path.name in {"uv.lock", "package-lock.json", "poetry.lock", "pdm.lock"}]


def test_the_locks_pin_every_package_with_hashes_and_name_no_address() -> None:
    for lock in (ROOT / "requirements" / "runtime.txt", ROOT / "requirements" / "dev.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        for requirement in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+", requirement), requirement[:60]
            assert "--hash=sha256:" in requirement, requirement[:60]


def test_ignore_rules_are_anchored() -> None:
    rules = [line for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert all(rule.startswith("/") or rule == "__pycache__/" for rule in rules)


def test_no_module_is_called_utils() -> None:
    assert not [path for path in tracked() if path.suffix == ".py" and path.stem in {"utils", "util", "helpers", "common"}]


def texts(path: Path) -> set[str]:
    """Every text of a module but its docstrings, which nobody at a screen reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone]
    return {node.value for node in constants if isinstance(node.value, str)}


def test_no_text_for_people_points_to_notes_that_they_do_not_have() -> None:
    modules = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]
    assert len(modules) > 300
    assert not [(path.name, text) for path in modules for text in texts(path) if "§" in text]


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_their_data_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert roots == PACKAGES
    for path in tracked():
        relative = path.relative_to(ROOT)
        if relative.parts[0] in PACKAGES:
            assert relative.as_posix() in names, f"{relative} is not in the wheel"
