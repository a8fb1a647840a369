"""Each import contract holds, and each breaks when somebody does what it forbids."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("policies", "connectors", "sync", "reports", "recordwarden", "sandbox")

WRONG_EDITS = {
    "Imports run one way": ("policies/periods.py", "import sync.plan"),
    "The sandbox is true to the vendors, not to us": ("sandbox/people.py", "import policies.kinds"),
    "Nobody but the doors and the tests knows the sandbox": ("sync/ordering.py", "import sandbox.people"),
    "Connectors do not know each other": ("connectors/google_workspace/wire.py", "import connectors.microsoft365.wire"),
    "The engine and the reports know connectors by protocol only": ("sync/look.py", "import connectors.google_workspace.connector"),
    "What decides imports no I/O": ("sync/equality.py", "import socket"),
    "Microsoft's SDKs stay in Microsoft's connector": ("recordwarden/options.py", "import msal"),
    "Google's SDKs stay in Google's connector": ("recordwarden/options.py", "import httplib2"),
    "The library that calls many hosts stays behind its fence": ("recordwarden/envelope.py", "import apprise"),
    "SQLModel stays in the store": ("sync/settle.py", "import sqlmodel"),
    "asyncio only in Microsoft's connector and the sandbox": ("recordwarden/clock.py", "import asyncio"),
    "Nobody but the command line knows the command line": ("recordwarden/chores.py", "import recordwarden.cli.answer"),
}


def contracts() -> dict[str, str]:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    return {config[section]["name"]: section for section in config.sections() if section.startswith("importlinter:contract:")}


def lint(folder: Path) -> str:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache", "--config", ".importlinter"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=100, check=False, env={"PATH": "", "NO_COLOR": "1", "PYTHONPATH": str(folder)}
    )
    return done.stdout + done.stderr


def copied(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_every_contract_has_its_wrong_edit() -> None:
    assert set(contracts()) == set(WRONG_EDITS)


def test_every_contract_is_kept_as_the_code_stands(tmp_path: Path) -> None:
    told = lint(copied(tmp_path))
    for name in contracts():
        assert f"{name} KEPT" in told, told[-3000:]


def test_every_contract_breaks_under_its_wrong_edit(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    for path, line in WRONG_EDITS.values():
        module = tree / path
        module.write_text(module.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    told = lint(tree)
    for name in contracts():
        assert f"{name} BROKEN" in told, f"{name} did not break\n{told[-3000:]}"


def test_every_root_package_is_under_the_contracts() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    named = set(config["importlinter"]["root_packages"].split())
    real = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert named == real
