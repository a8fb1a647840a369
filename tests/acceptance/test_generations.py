"""What a label is fixed in at birth, changed in the policy: a second generation is made and published beside the first, which stays for what carries it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.acceptance.afterwards import doubled, open_intents, state_of
from tests.acceptance.rehearsal import District, Ran

pytestmark = pytest.mark.slow

SERIES = "COR-03"
TWO_DAYS = 2 * 86_400


def brought_in_force(district: District) -> Ran:
    """Runs until nothing is left to do, days apart: the platform distributes one change at a time."""
    assert district.sandbox is not None
    for _ in range(4):
        ran = district.run("--tenant", "m365", "sync")
        if not ran.tenants["m365"]["changes"]:
            return ran
        district.sandbox.forward(TWO_DAYS)
    raise AssertionError([(one["key"], one["op"], one["status"], one["refusals"]) for one in ran.tenants["m365"]["changes"]])


def labels(district: District) -> dict[int, dict[str, Any]]:
    """The labels of the series, by generation."""
    assert district.sandbox is not None
    found = [(re.search(r"\[rw:\w+:label-cor-03:g(\d+)\]", one["comment"]), one) for one in state_of(district.sandbox, "m365")["labels"]]
    return {int(mark[1]): one for mark, one in found if mark is not None}


def published(district: District) -> dict[str, str]:
    """The policy that publishes each label, by the label's id."""
    assert district.sandbox is not None
    state = state_of(district.sandbox, "m365")
    live = {one["guid"] for one in state["policies"] if one["enabled"] and one["status"] == "Success"}
    return {one["publishes"]: one["policy"] for one in state["rules"] if one["publishes"] and one["policy"] in live}


def changed(district: District, field: str, value: str) -> None:
    """The row says something else, and an officer confirms it."""
    yaml, path = YAML(), district.folder / "policy.yaml"
    policy = yaml.load(path)
    next(row for row in policy["schedule"]["series"] if row["id"] == SERIES)[field] = value
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(policy, file)
    district.must("series", "confirm", SERIES, "--schedule", district.folder / "official-schedule.txt", "--page", "1", officer="custodian")


def test_a_label_that_counts_from_something_else_is_a_second_one_beside_the_first(tiny: District) -> None:
    assert tiny.sandbox is not None
    brought_in_force(tiny)
    (first,) = labels(tiny).values()
    where = published(tiny)[first["guid"]]

    changed(tiny, "trigger", "modified")
    (made,) = [one for one in tiny.run("--tenant", "m365", "plan").tenants["m365"]["changes"] if one["kind"] == "m365.label"]
    assert (made["op"], made["key"], made["vendor"]["name"]) == ("create", "label-cor-03", f"{first['name']} g2")

    ran = brought_in_force(tiny)
    now = labels(tiny)
    assert now[1] == first, "what carries the first keeps it as it was"
    assert (now[2]["name"], now[2]["trigger"], now[2]["duration"]) == (f"{first['name']} g2", "ModificationAgeInDays", first["duration"])
    assert {number: published(tiny).get(label["guid"]) for number, label in now.items()} == {1: where, 2: where}, "both are published, side by side"
    lines = {one["standing"] for one in ran.result["standings"] if one["tenant"] == "m365" and one["line"] == "label-program"}
    assert lines == {"available"}
    assert [said for said in doubled(tiny.sandbox) if " carry " in said] == []
    assert open_intents(tiny) == []
    assert not ran.tenants["m365"]["drift"]
