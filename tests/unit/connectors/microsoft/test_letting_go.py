"""What lets go of something stands in the releaser's modules alone, and in the prover's for what it made itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.microsoft365.writer import Microsoft365Writer
from tests.unit.connectors.microsoft.support import Bench

HERE = Path(__file__).parents[4] / "connectors" / "microsoft365"
RELEASING = {"releaser.py", "releasing.py", "case_releasing.py", "belt_releasing.py"}
DELETING = {"releasing.py", "graph.py"}
"""``graph.py`` names the method to refuse it for everything but a source of a hold."""
CLOSING = {"releasing.py", "case_releasing.py", "prover.py"}
"""A proof closes the case that it made itself."""
SHEETS = {"by_hand.py", "errors.py", "grants.py", "signed_grants.py"}
"""Text for people, which nothing sends."""


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(HERE.glob("*.py")):
        yield file.name, ast.parse(file.read_text(encoding="utf-8"))


def texts(tree: ast.Module) -> Iterator[str]:
    """Every text of a module that is no docstring, pieces of put-together ones too."""
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def saying(word: str, *, whole: bool = False) -> set[str]:
    return {name for name, tree in trees() if name not in SHEETS for text in texts(tree) if (text == word if whole else word in text)}


def passing(key: str, value: object) -> set[str]:
    """Modules in which a table has ``key`` with that value."""
    return {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for one, other in zip(node.keys, node.values, strict=True)
        if isinstance(one, ast.Constant) and one.value == key and isinstance(other, ast.Constant) and other.value is value
    }


def test_only_a_release_deletes_and_only_the_guard_names_the_word_beside_it() -> None:
    assert saying("DELETE", whole=True) == DELETING


def test_only_a_release_closes_but_for_the_case_that_a_proof_made() -> None:
    assert saying("/close") == CLOSING - {"case_releasing.py"}
    assert passing("Close", True) == CLOSING - {"releasing.py"}


def test_only_a_release_switches_a_hold_off() -> None:
    assert saying("/disablePolicy") == {"releasing.py"}
    assert passing("Enabled", False) == {"case_releasing.py"}
    assert passing("LitigationHoldEnabled", False) == {"belt_releasing.py"}


def test_only_a_release_takes_places_out_of_a_hold() -> None:
    # The writer takes exceptions away: that keeps more.
    assert saying("Remove", whole=True) == {"writer.py", "case_releasing.py"}
    calls = [node for name, tree in trees() if name == "writer.py" for node in ast.walk(tree) if isinstance(node, ast.Call)]
    verbs = [{word.arg: ast.literal_eval(word.value) for word in call.keywords} for call in calls if any(word.arg == "verb" for word in call.keywords)]
    assert [one["suffix"] for one in verbs if one["verb"] == "Remove"] == ["Exception"]
    # A cmdlet (``Remove-...``), or a parameter put together by hand.
    assert saying("Remove-") == {"prover.py"}
    put_together = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant) and str(node.values[0].value).startswith("Remove")
    }
    assert put_together == {"case_releasing.py", "prover.py"}


def test_only_the_connector_hands_the_releaser_out() -> None:
    importing = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.rpartition(".")[2] + ".py" in RELEASING
    }
    assert importing - RELEASING == {"connector.py"}


def test_the_writer_has_no_way_to_let_go() -> None:
    assert not {"remove", "end", "release", "delete"} & set(dir(Microsoft365Writer))


@pytest.mark.parametrize(
    "name", ["RemoveDelayHoldApplied", "RemoveDelayReleaseHoldApplied", "RecalculateInactiveMailbox", "ExcludeFromOrgHolds", "ExcludeFromAllOrgHolds"]
)
def test_not_even_a_release_can_clear_a_delay_hold_or_what_the_organisation_keeps(bench: Bench, name: str) -> None:
    made = bench.connector().releaser(bench.tenant, bench.context())
    with pytest.raises(ValueError, match="never sent"):
        made._access.admin.write("Set-Mailbox", {"Identity": "x", name: True})
    made.close()
    assert not bench.world.exchanges
