"""The capability table of the docs against what was written down by hand, and what is done here against the code that does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.examination import WriteCapability
from connectors.google_workspace.budgets import (
    HOLD_READS,
    HOLD_WRITES,
    LABEL_READS,
    LABEL_WRITES,
    MATTER_READS,
    MATTER_WRITES,
    PRICES,
    PROJECT_READS,
    QUOTAS,
    REPORTS,
    with_defaults,
)
from connectors.google_workspace.operations import EVERY, LABELS_DELTA, LABELS_LIST, POLICIES_LIST, USERS_LIST, Operation, Surface
from policies.district import SurfaceBudget
from policies.kinds import Kind
from sandbox.google.quota import COSTS, LIMITS
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
    methods = {operation.method for operation in EVERY}
    assert not [one for one in methods if any(word in one for word in ("matters.count", "export", "savedQueries", "files.", "modifyLabels"))]


@pytest.mark.parametrize("operation", [one for one in EVERY if one.surface is Surface.VAULT], ids=lambda one: one.method)
def test_every_vault_method_has_the_published_price(operation: Operation) -> None:
    words = {
        MATTER_READS: "Matter reads", PROJECT_READS: "Matter, export and saved query reads", MATTER_WRITES: "Matter writes",
        HOLD_READS: "Hold reads", HOLD_WRITES: "Hold writes",
    }  # fmt: skip
    assert {words[quota]: units for quota, units in PRICES[operation.method].items()} == COSTS[f"vault.{operation.method}"]


@pytest.mark.parametrize("operation", [one for one in EVERY if one.surface is Surface.LABELS], ids=lambda one: one.method)
def test_the_sandbox_counts_every_label_method_as_we_do(operation: Operation) -> None:
    words = {LABEL_READS.name: "Label reads", LABEL_WRITES.name: "Label writes"}
    assert {words[name]: units for name, units in operation.price.items()} == COSTS[f"drivelabels.{operation.method}"]


def test_every_quota_has_its_published_number() -> None:
    words = {
        MATTER_READS: "Matter reads", PROJECT_READS: "Matter, export and saved query reads", MATTER_WRITES: "Matter writes",
        HOLD_READS: "Hold reads", HOLD_WRITES: "Hold writes", REPORTS: "Report queries", LABEL_READS: "Label reads", LABEL_WRITES: "Label writes",
    }  # fmt: skip
    assert {word: quota.per_minute for quota, word in words.items()} == {word: LIMITS[word] for word in words.values()}
    assert [name for name, quota in QUOTAS.items() if quota.organisation] == ["vault.matter_reads"]


def test_what_is_not_of_vault_or_labels_costs_one_of_its_surface() -> None:
    assert {operation.method: dict(operation.price) for operation in (LABELS_LIST, LABELS_DELTA, USERS_LIST, POLICIES_LIST)} == {
        "labels.list": {"drivelabels.reads": 1},
        "labels.delta": {"drivelabels.writes": 1},
        "users.list": {"directory": 1},
        "policies.list": {"cloudidentity": 1},
    }


def test_settings_win_over_defaults_and_scale_a_surface_with_several_quotas() -> None:
    mine = with_defaults({"vault": SurfaceBudget(per_minute=114), "directory": SurfaceBudget(per_minute=9), "gmail": SurfaceBudget(per_minute=5)})
    limits = {name: budget.per_minute for name, budget in mine.items()}
    assert limits == {
        "vault.matter_reads": 300, "vault.project_reads": 60, "vault.matter_writes": 30, "vault.hold_reads": 114, "vault.hold_writes": 30,
        "directory": 9, "reports": 2400, "drivelabels.reads": 600, "drivelabels.writes": 300, "gmail": 5,
    }  # fmt: skip
