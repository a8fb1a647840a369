"""The capability table of the docs against the transcribed fact sheet, and against what the connector really does."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.instructions import Deed
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.by_hand import instructions
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.microsoft365.prover import _PROVABLE
from policies.kinds import Kind
from policies.resources import Value
from tests.unit.connectors.microsoft.support import mark

ROOT = Path(__file__).parents[4]
ROWS: list[dict[str, object]] = YAML(typ="safe").load((ROOT / "tests/data/microsoft_capabilities.yaml").read_text(encoding="utf-8"))
COLUMNS = ("what", "graph_app", "graph_user", "cmdlet_app", "cmdlet_user", "portal")


def kinds(row: dict[str, object]) -> list[str]:
    found = row["kinds"]
    assert isinstance(found, list)
    return found


def test_the_docs_say_what_was_transcribed_row_by_row() -> None:
    lines = (ROOT / "docs/reference/microsoft.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
    wanted = [[*(str(row[name]) for name in COLUMNS), f"{row['way']}: {', '.join(kinds(row))}" if kinds(row) else str(row["way"])] for row in ROWS]
    assert table == wanted
    assert len(ROWS) == 33


def test_what_is_said_to_be_written_can_be_proven_and_carried_out_by_hand_and_nothing_else_can() -> None:
    written = {Kind(name) for row in ROWS if row["way"] == "write" for name in kinds(row)}
    assert written == _PROVABLE


@pytest.mark.parametrize("kind", sorted(Kind))
def test_every_written_kind_has_a_way_by_hand(kind: Kind) -> None:
    fields: dict[str, Value] = {"publishes": "x"} if kind is Kind.M365_LABEL_RULE else {"action": "keep", "trigger": "created", "period": 9}
    if kind is Kind.M365_ADAPTIVE_SCOPE:
        fields = {"location": "user", "query": "q"}
    if "policy" in kind.value or kind in (Kind.M365_CASE, Kind.M365_HOLD, Kind.M365_EVENT_TYPE):
        fields = {}
    members = frozenset({"exchange:a@d.example"}) if "policy" in kind.value else frozenset()
    deed = Deed(operation="create", kind=kind, name="n", key="k", mark=mark("k"), parent="p", fields=fields, members=members)
    (found,) = instructions([deed])
    assert (found.refused is None) is (kind in _PROVABLE)


def test_what_is_said_to_be_read_is_read() -> None:
    readable = Microsoft365Connector(allowed=Allowed(admin=True)).every_kind()
    assert {Kind(name) for row in ROWS for name in kinds(row)} <= readable
