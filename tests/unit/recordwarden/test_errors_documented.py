"""Every code that the program can show is explained in docs/errors.md, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from policies.controls import CHECKS
from policies.kinds import Kind
from recordwarden.drill.crash import POINTS
from sync.watch.settings import VAULT_PRIVILEGES

ROOT = next(parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").exists())
PACKAGES = ("policies", "connectors", "sync", "reports", "recordwarden")
CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*[a-z0-9])+")
ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| (.+) \| (.+) \|$", re.MULTILINE)

FILES = (".yaml", ".json", ".jsonl", ".py", ".db", ".html", ".csv", ".pem", ".log", ".txt", ".lock", ".j2", ".com", ".sh", ".md")
OTHER_NAMES = frozenset(
    # fields of vendors' answers, settings of a vendor, events of our own log
    ["activity.id", "chat.chat_history", "chat.space_history", "chat.third_party_archiving", "gmail.comprehensive_mail_storage", "gmail.rule_states", "takeout.service_status", "vault.service_status", "privileges.retention", "chat.spaces_without_history", "multi_party_approval.require_approvals", "daemon.started", "daemon.ended", "job.ended", "library.said", "labels.create", "policies.list"]
)
ELSEWHERE = {
    "connectors/google_workspace/operations.py",
    "connectors/google_workspace/services.py",
    "connectors/google_workspace/budgets.py",
    "connectors/google_workspace/grants.py",
    "connectors/relay/fence.py",
    "recordwarden/cli/granting.py",
}
"""Names of Google's methods, scopes and hosts, of modules, and of Python's own audit events."""
BUILT = frozenset({"usage", "matter.no_ordered_by", "matter.no_triggered_on"})
"""Codes that are put together, or have no dot."""


def strings(file: Path) -> Iterator[str]:
    """Every text in a module that is no docstring; of ``code: sentence`` the code."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value.partition(": ")[0]


@cache
def used() -> dict[str, str]:
    """Codes in the program, with a file that uses each."""
    not_codes = {kind.value for kind in Kind} | POINTS | OTHER_NAMES | set(CHECKS) | set(VAULT_PRIVILEGES)
    found = dict.fromkeys(BUILT, "put together")
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if name in ELSEWHERE or name.startswith("connectors/memory/"):
                continue
            for text in strings(file):
                if CODE.fullmatch(text) and text not in not_codes and not text.endswith(FILES):
                    found.setdefault(text, name)
    return found


def documented() -> dict[str, tuple[str, str]]:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert len(rows) == len({code for code, _, _ in rows}), "a code stands twice"
    return {code: (means, step) for code, means, step in rows}


def test_every_code_is_explained() -> None:
    missing = {code: where for code, where in used().items() if code not in documented()}
    assert missing == {}


def test_no_code_is_explained_that_nothing_uses() -> None:
    assert set(documented()) - set(used()) == set()


def test_every_row_says_what_to_do() -> None:
    assert len(documented()) > 300
    for code, (means, step) in documented().items():
        assert means.endswith((".", "?")), code
        assert step.strip(), code
