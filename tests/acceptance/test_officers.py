"""Officers' signatures on what would keep less: each doing needs its own, and nobody signs what stands for nothing any more."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.acceptance.afterwards import state_of
from tests.acceptance.rehearsal import LATER, District

pytestmark = pytest.mark.slow

LONGER = 9000
"""Days, which nobody asked for: to shorten them again keeps less."""


@pytest.fixture
def labelled(tiny: District) -> District:
    """A small district with one label in force, and Google left alone."""
    path, yaml = tiny.folder / "policy.yaml", YAML()
    policy = yaml.load(path)
    policy["rules"] = [rule for rule in policy["rules"] if rule["id"] == "label-program"]
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(policy, file)
    tiny.run("sync")
    assert tiny.sandbox is not None
    tiny.sandbox.forward(3 * 86_400)
    tiny.must("sync")
    return tiny


def label(district: District) -> dict[str, Any]:
    """Our label as the tenant has it; ``duration`` in days."""
    assert district.sandbox is not None
    found: dict[str, Any] = next(one for one in state_of(district.sandbox, "m365")["labels"] if "COR-03" in one["name"])
    return found


def set_in_console(district: District, days: int) -> None:
    assert district.sandbox is not None
    district.sandbox.console("m365", "set_label_period", name=label(district)["name"], days=days)


def shortening(district: District) -> str:
    """A run finds the longer label and will not shorten it by itself; the id of the change that would."""
    ran = district.must("sync", code=4)
    (change,) = [one for one in ran.tenants["m365"]["changes"] if one["kind"] == "m365.label"]
    assert (change["status"], change["direction"]) == ("refused", "weakens")
    found: str = change["id"]
    return found


def test_a_signature_lets_a_change_be_done_once(labelled: District) -> None:
    days = label(labelled)["duration"]
    set_in_console(labelled, LONGER)
    change = shortening(labelled)
    for officer in ("custodian", "counsel"):
        labelled.must("approve", change, officer=officer)
    labelled.run("sync")
    assert label(labelled)["duration"] == days

    set_in_console(labelled, LONGER)
    assert shortening(labelled) == change
    assert label(labelled)["duration"] == str(LONGER), "shortened on signatures that had been used"
    waiting = labelled.must("approvals").result
    assert [(one["change"], one["given"]) for one in waiting["waiting"]] == [(change, [])]
    assert {one["stale"] for one in waiting["approvals"]} == {True}
    for officer in ("custodian", "counsel"):
        labelled.must("approve", change, officer=officer)
    labelled.run("sync")
    assert label(labelled)["duration"] == days


def test_nobody_signs_what_stands_for_nothing_any_more(labelled: District) -> None:
    days = label(labelled)["duration"]
    set_in_console(labelled, LONGER)
    change = shortening(labelled)
    set_in_console(labelled, int(days))
    labelled.must("sync")
    assert labelled.must("approvals").result["waiting"] == []
    stale = labelled.must("approve", change, officer="custodian", code=4)
    assert stale.codes() == {"approval.stale"}
    assert labelled.must("approvals").result["approvals"] == []


def test_an_officer_answers_for_what_somebody_else_changed(labelled: District) -> None:
    assert labelled.sandbox is not None
    labelled.must("drift")
    labelled.sandbox.console("m365", "create_policy", name="Purge", days=30, action="Delete")
    for _ in range(2):
        found = labelled.must("drift", code=2).tenants["m365"]["drift"]
        assert {one["class"] for one in found} == {"unmanaged"}
        assert "weakens" in {one["direction"] for one in found}
    for one in found:
        assert f"attest drift/{one['id']} --until DATE" in one["next_step"]
        refused = labelled.must("attest", f"drift/{one['id']}", "--until", LATER, officer="itdirector", code=4)
        assert refused.codes() == {"approval.role"}
        labelled.must("attest", f"drift/{one['id']}", "--until", LATER, officer="custodian")
    assert labelled.must("drift").tenants["m365"]["drift"] == []
    assert labelled.must("journal", "verify").result["first_bad"] is None
