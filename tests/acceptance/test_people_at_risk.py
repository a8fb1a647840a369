"""People and groups on hold at risk in Microsoft 365: every act is an administrator's in the emulated console, and the log is late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.people import make_world
from tests.acceptance.rehearsal import District, Sandbox

pytestmark = pytest.mark.slow

ADMIN = "it.director@harbormill.example"
QUARTER = 900


def shown(district: District) -> dict[str, list[Any]]:
    found = district.run("--tenant", "m365", "hold", "status", "risk", "--refresh").result["people"]
    return {one["person"]: one["at_risk"] for one in found if one["at_risk"]}


def test_who_endangered_somebody_on_hold_is_named_once_the_log_shows_it(district: District) -> None:
    sandbox = district.sandbox
    assert isinstance(sandbox, Sandbox)
    world = make_world("demo")
    people = [f"{one.local_part}@{world.domain}" for one in world.people if one.role != "student"][:8]
    group = f"board-team@{world.domain}"
    order = district.place / "order.json"
    lines = [{"address": one} for one in people]
    order.write_text(json.dumps({"alias": "risk", "ordered_by": "counsel", "people": lines, "sources": ["mail", {"group": group}]}), encoding="utf-8")
    order.chmod(0o600)
    district.run("--tenant", "m365", "hold", "open", "--file", order)
    sandbox.forward(QUARTER)
    before = shown(district)
    assert {one["code"] for found in before.values() for one in found} <= {"person.not_licensed", "person.suspended"}
    assert all(one["log"] is None for found in before.values() for one in found), "so they were when the tenant was seen first"
    people = [one for one in people if one not in before][:4]

    for act, user in zip(("suspend_user", "remove_licence", "delete_user", "delete_user"), people, strict=True):
        sandbox.console("m365", act, user=user)
    sandbox.console("m365", "purge_user", user=people[3])
    sandbox.console("m365", "delete_group", group=group)
    first = {person: found for person, found in shown(district).items() if person not in before}
    wanted = {people[0]: "person.suspended", people[1]: "person.not_licensed", people[2]: "person.deleted", people[3]: "person.gone_for_good", group: "person.group_deleted"}
    assert {person: {one["code"] for one in found} for person, found in first.items()} == {person: {code} for person, code in wanted.items()}
    every = [one for found in first.values() for one in found]
    assert all(one["log"] is None and one["lost"] and one["do"] for one in every), "the log does not show it yet"
    assert {one["log_state"] for one in every} == {"pending"}
    assert not [one for one in every if "Admin console" in one["do"]], "what to do in Google's console helps nobody here"
    assert [one["code"] for one in every if one["until"]] == ["person.deleted"]

    sandbox.forward(QUARTER)
    later = [one for person, found in shown(district).items() if person not in before for one in found]
    assert len(later) == len(every)
    assert all(one["log"]["actor"] == ADMIN and one["log"]["at"] for one in later)
