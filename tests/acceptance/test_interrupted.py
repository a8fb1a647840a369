"""Interrupted halfway: a hold order whose process is killed at every point of apply, and answers that were lost after the platform had acted."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.afterwards import UNDER_WAY, doubled, open_intents, order, state_of
from tests.acceptance.rehearsal import PATIENCE, District

pytestmark = pytest.mark.slow

POINTS = ("intent.before", "intent.after:5", "call.after:3", "outcome.before:6", "outcome.after")
"""Each in another change: the case, the hold's people, Google's matter and its holds."""
LEFT_OPEN = {"intent.before": 0, "intent.after": 1, "call.after": 1, "outcome.before": 1, "outcome.after": 0}
"""How many intents have no outcome when a process dies there."""
ON_ITS_WAY = frozenset({"accepted", "distributing", "effective"})
MONTH = 30 * 86_400


def killed(district: District, point: str, *words: str | Path) -> None:
    """Run a command that dies there; it has to, or the test has tested nothing."""
    process = district.start(*words, RECORDWARDEN_CRASH_AT=point)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, f"{point}: {process.returncode}\n{stdout}\n{stderr}"
    assert stdout == ""


PEOPLE = ("hattie.stonecroft", "esme.kelderby", "june.swanmere")


@pytest.mark.parametrize("point", POINTS)
def test_hold_open_killed_anywhere_holds_everybody_once(tiny: District, point: str) -> None:
    sandbox = tiny.sandbox
    assert sandbox is not None
    alias = f"claim-{point.replace('.', '-').replace(':', '-')}"
    file = order(tiny, alias, *PEOPLE)
    killed(tiny, point, "hold", "open", "--file", file)
    left = LEFT_OPEN[point.partition(":")[0]]
    assert len(open_intents(tiny)) == left
    sandbox.forward(UNDER_WAY)
    again = tiny.must("hold", "open", "--file", file, code=5)
    assert open_intents(tiny) == []
    assert doubled(sandbox) == []
    held = {(source["tenant"], source["source"], source["person"]) for source in again.result["sources"] if source["state"] in ON_ITS_WAY}
    everybody = {f"{one}@harbormill.example" for one in PEOPLE}
    assert held == {(tenant, source, person) for tenant in ("m365", "google") for source in ("mail", "drive") for person in everybody}
    name = again.result["matter"]["tenant_alias"]
    cases = [case for case in state_of(sandbox, "m365")["cases"] if case["name"] == name]
    assert len(cases) == 1
    boxes = [source["place"] for hold in cases[0]["holds"] for source in hold["sources"] if source["kind"] == "mailbox"]
    assert sorted(boxes) == sorted(everybody)
    matters = [matter for matter in state_of(sandbox, "google")["matters"] if matter["name"] == name]
    assert len(matters) == 1
    assert {hold["corpus"]: {account["email"] for account in hold["accounts"]} for hold in matters[0]["holds"]} == {"MAIL": everybody, "DRIVE": everybody}


def test_hold_open_run_again_at_once_leaves_alone_what_may_still_come(tiny: District) -> None:
    """The case of a matter may be made yet, so it waits, with what would live in it; Google's matter does not wait for it."""
    sandbox = tiny.sandbox
    assert sandbox is not None
    file = order(tiny, "at-once", *PEOPLE)
    killed(tiny, "intent.after", "hold", "open", "--file", file)
    (number,) = open_intents(tiny)
    at_once = tiny.must("hold", "open", "--file", file, "--wait-for", "none", code=5)
    states = {(source["tenant"], source["state"]) for source in at_once.result["sources"]}
    assert ("m365", "requested") in states
    assert {state for tenant, state in states if tenant == "google"} <= ON_ITS_WAY
    assert open_intents(tiny) == [number]
    name = at_once.result["matter"]["tenant_alias"]
    assert name not in {case["name"] for case in state_of(sandbox, "m365")["cases"]}, "made a second time while the first was under way"
    (waiting,) = [one for one in tiny.run("status").result["in_flight"] if one["state"] == "outcome_unknown"]
    assert waiting["tenant"] == "m365"
    sandbox.forward(UNDER_WAY)
    tiny.must("hold", "open", "--file", file, code=5)
    assert open_intents(tiny) == []
    assert doubled(sandbox) == []


LOST = [
    {"surface": "graph", "operation": "POST /security/cases/ediscoveryCases", "kind": "reset", "when": "after"},
    {"surface": "graph", "operation": "POST *legalHolds", "kind": "status", "status": 504, "when": "after"},
    {"surface": "vault", "operation": "vault.matters.create", "kind": "status", "status": 504, "when": "after"},
    {"surface": "vault", "operation": "vault.matters.holds.create", "kind": "reset", "when": "after", "times": 2},
]


def test_an_answer_that_was_lost_is_no_reason_to_create_again(tiny: District) -> None:
    """The platform did it and the answer never came: the mark is looked for, and nothing is made twice."""
    sandbox = tiny.sandbox
    assert sandbox is not None
    file = order(tiny, "lost-answers", "ilse.harkwell", "greta.silverbeck")
    sandbox.door("/faults", LOST)
    try:
        tiny.run("hold", "open", "--file", file)
        struck = [fault["seen"] for fault in sandbox.door("/faults")]
    finally:
        sandbox.door("/faults", method="DELETE")
    assert all(struck), f"a fault that struck nothing tests nothing: {struck}"
    assert doubled(sandbox) == []
    sandbox.forward(UNDER_WAY)
    again = tiny.must("hold", "open", "--file", file, code=5)
    assert {source["state"] for source in again.result["sources"]} <= ON_ITS_WAY
    assert open_intents(tiny) == []
    assert doubled(sandbox) == []


def test_an_answer_that_was_lost_in_sync_is_found_by_its_mark(tiny: District) -> None:
    """The same for labels and policies, in a tenant that has none of ours yet."""
    sandbox = tiny.sandbox
    assert sandbox is not None
    lost = {"kind": "reset", "when": "after"}
    late = {"kind": "status", "status": 504, "when": "after"}
    sandbox.door("/faults", [
        {"surface": "compliance", "operation": "New-RetentionCompliancePolicy", **lost},
        {"surface": "compliance", "operation": "New-ComplianceTag", **late, "nth": 2},
        {"surface": "compliance", "operation": "New-RetentionComplianceRule", **late},
        {"surface": "drivelabels", "operation": "drivelabels.labels.create", **lost, "times": 2},
    ])
    try:
        tiny.run("sync")
        struck = [fault["seen"] for fault in sandbox.door("/faults")]
    finally:
        sandbox.door("/faults", method="DELETE")
    assert all(struck), f"a fault that struck nothing tests nothing: {struck}"
    assert doubled(sandbox) == []
    sandbox.forward(MONTH)
    tiny.run("sync")
    assert open_intents(tiny) == []
    assert doubled(sandbox) == []
    sandbox.forward(MONTH)
    tiny.must("sync")
