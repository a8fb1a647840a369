"""The capability table of the docs against what was written down by hand, and what is done here against the code that does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.examination import WriteCapability
from connectors.google_workspace.budgets import DEFAULTS, HOLD_READS, HOLD_WRITES, MATTER_READS, MATTER_WRITES, PRICES, with_defaults
from connectors.google_workspace.operations import PROOF_ONLY, READS, WRITES, Operation, Surface
from policies.district import SurfaceBudget
from policies.kinds import Kind
from sandbox.google.quota import COSTS
from tests.unit.connectors.google.support import Bench

ROOT = Path(__file__).parents[4]
FACTS = YAML(typ="safe").load((ROOT / "tests/data/google_capabilities.yaml").read_text(encoding="utf-8"))


def table() -> list[list[str]]:
    lines = (ROOT / "docs/reference/google.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
    assert rows[0] == ["Object", "Read", "Write", "Signal of a change", "At best", "Kind", "Here"]
    return rows[2:]


def test_the_table_says_what_was_written_down() -> None:
    assert [row[:5] for row in table()] == [[str(fact[name]) for name in ("object", "read", "write", "signal", "grade")] for fact in FACTS]
    assert len(FACTS) == 30


def test_what_is_enforced_can_be_written_and_what_is_not_cannot(bench: Bench) -> None:
    writes = {one.kind: one.write for one in bench.reader().examine().capabilities}
    kinds: dict[str, list[str]] = {row[5].strip("`"): [] for row in table() if row[5] != "-"}
    for row in table():
        if row[5] != "-":
            kinds[row[5].strip("`")].append(row[4])
    for name, grades in kinds.items():
        enforced = any(grade.startswith("ENFORCE") for grade in grades)
        attested = any(grade.startswith("ATTEST") for grade in grades) and not enforced
        expected = WriteCapability.UNPROVEN if enforced else WriteCapability.ATTEST_ONLY if attested else WriteCapability.NONE
        assert writes[Kind(name)] is expected, name
    written = {kind.value for kind, write in writes.items() if write is WriteCapability.UNPROVEN}
    assert written == {name for name, grades in kinds.items() if any(grade.startswith("ENFORCE") for grade in grades)}


def test_nothing_that_is_said_not_to_be_done_has_a_method() -> None:
    refused = [row for row in table() if row[6].startswith("not done")]
    assert refused
    methods = {operation.method for operation in (*READS, *WRITES, *PROOF_ONLY)}
    assert not [one for one in methods if any(word in one for word in ("matters.count", "export", "savedQueries", "files.", "modifyLabels"))]


@pytest.mark.parametrize("operation", [one for one in (*READS, *WRITES, *PROOF_ONLY) if one.surface is Surface.VAULT], ids=lambda one: one.method)
def test_every_vault_method_has_the_published_price(operation: Operation) -> None:
    words = {MATTER_READS: "Matter reads", MATTER_WRITES: "Matter writes", HOLD_READS: "Hold reads", HOLD_WRITES: "Hold writes"}
    assert {words[quota]: units for quota, units in PRICES[operation.method].items()} == COSTS[f"vault.{operation.method}"]


def test_a_minute_that_spends_the_whole_budget_overdraws_no_quota() -> None:
    """Whatever mixture of calls fills the budget: each call's share of each quota is at most its share of the budget."""
    budget = DEFAULTS["vault"].per_minute
    operations = [one for one in (*READS, *WRITES, *PROOF_ONLY) if one.surface is Surface.VAULT]
    assert operations
    for operation in operations:
        for quota, units in PRICES[operation.method].items():
            assert units * budget <= operation.cost * quota.per_minute, (operation.method, quota.name)


def test_settings_win_over_defaults() -> None:
    mine = with_defaults({"vault": SurfaceBudget(per_minute=7)})
    assert mine["vault"].per_minute == 7
    assert mine["directory"] == DEFAULTS["directory"]
