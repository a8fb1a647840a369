"""SIGKILL at each named point of apply, with real processes: nothing is done twice, nothing that can be read stays open, the journal holds."""

from __future__ import annotations

import re
import signal
from collections import Counter
from typing import Any

import pytest
from ruamel.yaml import YAML

from policies.resources import MARK
from recordwarden.drill.crash import POINTS
from tests.acceptance.afterwards import UNDER_WAY
from tests.acceptance.rehearsal import District, Ran, Sandbox

pytestmark = pytest.mark.slow
ORDER = ("intent.before", "intent.after", "call.after", "outcome.before", "outcome.after")
POLICY_SIZE = 7
"""Objects with a mark that four lines need at least: each kill leaves something to do."""


def marks(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    """How often each of our marks stands in an object of a tenant, as the sandbox itself knows them; the dummies of proofs left out."""
    found: Counter[tuple[str, str]] = Counter()

    def walk(tenant: str, value: Any) -> None:
        if isinstance(value, dict):
            texts = [text for text in value.values() if isinstance(text, str)]
            found.update({(tenant, match[0]) for text in texts for match in re.finditer(MARK, text) if "proof0" not in match["key"]})
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(tenant, inner)

    for tenant, state in sandbox.door("/state").items():
        walk(tenant, {name: part for name, part in state.items() if name not in {"log", "audit"}})
    return found


def few_rules(district: District) -> None:
    """A policy of four lines: two that keep places and two labels, with everything that carries them."""
    path, yaml = district.folder / "policy.yaml", YAML()
    policy = yaml.load(path)
    policy["rules"] = [rule for rule in policy["rules"] if rule["id"] in {"keep-staff", "keep-board", "label-minutes", "label-program"}]
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(policy, file)


def told(ran: Ran) -> object:
    """What to show of a run that ended otherwise than it should."""
    return (ran.code, ran.document.get("problems"), ran.document.get("result", {}).get("totals"), ran.stderr[-500:])


@pytest.fixture
def few(tiny: District) -> District:
    """A small district with few lines, before its first run."""
    few_rules(tiny)
    return tiny


def open_intents(district: District) -> list[int]:
    found: list[int] = district.run("journal", "verify").result["open_intents"]
    return found


def test_the_points_are_those_of_the_contract() -> None:
    assert frozenset(ORDER) == POINTS


def test_killed_at_every_point_and_run_again_it_ends_as_if_nothing_had_happened(few: District) -> None:
    assert few.sandbox is not None
    left_open = {}
    for number, point in enumerate(ORDER):
        killed = few.run("sync", RECORDWARDEN_CRASH_AT=f"{point}:{2 + number % 2}")
        assert killed.code == -signal.SIGKILL, (point, told(killed))
        assert killed.stdout == ""
        left_open[point] = len(open_intents(few))
        assert max(marks(few.sandbox).values(), default=1) == 1
        few.sandbox.forward(UNDER_WAY)
    # The intent is in the journal from before the call until after the outcome, and at no other time.
    assert left_open == {"intent.before": 0, "intent.after": 1, "call.after": 1, "outcome.before": 1, "outcome.after": 0}

    after = few.run("sync")
    assert after.code in {0, 5}, told(after)
    assert open_intents(few) == []
    few.sandbox.forward(3600)
    quiet = few.run("sync")
    assert quiet.code == 0, told(quiet)
    assert quiet.result["totals"]["changes"] == 0

    made = marks(few.sandbox)
    assert {mark: count for mark, count in made.items() if count != 1} == {}
    assert len(made) >= POLICY_SIZE
    verified = few.run("journal", "verify")
    assert verified.code == 0
    assert verified.result["first_bad"] is None


def test_killed_while_a_hold_goes_out_nobody_is_held_twice_or_forgotten(district: District) -> None:
    assert district.sandbox is not None
    order = district.folder / "matter.yaml"
    assert district.sandbox is not None
    for point in ("call.after", "intent.after"):
        killed = district.run("hold", "open", "--file", order, "--wait-for", "none", RECORDWARDEN_CRASH_AT=f"{point}:3")
        assert killed.code == -signal.SIGKILL, (point, told(killed))
        district.sandbox.forward(UNDER_WAY)
    after = district.run("hold", "open", "--file", order)
    assert after.code == 5, told(after)
    sources = after.result["sources"]
    assert {source["state"] for source in sources} <= {"accepted", "distributing", "effective"}
    assert len({person["person"] for person in after.result["people"]}) == 12
    assert {source["person"] for source in sources} == {person["person"] for person in after.result["people"]}
    assert open_intents(district) == []
    ours = {mark: count for mark, count in marks(district.sandbox).items() if f":m-{after.result['matter']['tenant_alias']}" in mark[1]}
    assert ours
    assert {mark: count for mark, count in ours.items() if count != 1} == {}


def test_a_point_is_honoured_under_drill_only_and_a_misspelt_one_is_told(district: District) -> None:
    told = district.run("plan", RECORDWARDEN_CRASH_AT="intent.during")
    assert (told.code, told.codes()) == (64, {"crash_point.unknown"})
