"""Microsoft locks a policy or case hold while it distributes it (M§2.7): what belongs together is one call, and what meets the lock waits, unfailed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.acceptance.afterwards import open_intents, order, state_of
from tests.acceptance.rehearsal import LATER, District, Ran, Sandbox, make_district, start_sandbox

pytestmark = pytest.mark.slow

DAY = 86400
SETTING = frozenset({"Set-RetentionCompliancePolicy", "Set-CaseHoldPolicy"})


@pytest.fixture
def a3(keys: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[District]:
    served = start_sandbox(tmp_path / "sandbox", "tiny")
    served.door("/switches", {"m365.licence": "A3"})
    yield make_district(tmp_path / "place", served, *keys)
    served.end()


def served(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def told(ran: Ran, key: str) -> list[tuple[Any, ...]]:
    """What a run says of the changes of ``key``: operation, status, members added, the vendor's code."""
    mine = [one for one in ran.tenants["m365"]["changes"] if one["key"] == key]
    return [(one["op"], one["status"], len(one["members"]["add"]), (one["vendor"]["error"] or {}).get("code")) for one in mine]


def run(district: District, after: float) -> tuple[Ran, list[str]]:
    """A run some seconds later, and the cmdlets by which it set a policy or hold."""
    sandbox = served(district)
    sandbox.forward(after)
    sandbox.door("/exchanges/clear", {})
    ran = district.run("--tenant", "m365", "sync")
    return ran, [one["operation"] for one in sandbox.door("/exchanges")["exchanges"] if one["operation"] in SETTING]


def settled(district: District) -> None:
    for after in (0, 2 * DAY):
        run(district, after)
    assert run(district, 2 * DAY)[0].code == 0


def policy_of(district: District, key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in state_of(served(district), "m365")["policies"] if f":{key}:" in one["comment"])
    return found


def test_a_new_title_and_a_new_member_of_a_policy_are_one_call(tiny: District) -> None:
    district, sandbox = tiny, served(tiny)
    settled(district)
    groups = state_of(sandbox, "m365")["groups"]
    new = next(one for one in sorted(groups["staff@harbormill.example"]) if one not in groups["board@harbormill.example"])
    sandbox.console("m365", "add_group_member", group="board@harbormill.example", user=new)
    path = district.folder / "policy.yaml"
    policy = YAML().load(path)
    next(row for row in policy["schedule"]["series"] if row["id"] == "COR-03")["title"] = "Policy and programme letters"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(policy, file)
    schedule = district.folder / "official-schedule.txt"
    district.must("series", "confirm", "COR-03", "--schedule", schedule, "--page", "1", officer="custodian")

    ran, _ = run(district, 60)
    assert (ran.code, told(ran, "keep-keep-board-1")) == (5, [("set", "accepted", 2, None)]), "their mailbox and OneDrive"
    again, sent = run(district, 2 * DAY)
    assert (again.code, sent) == (0, [])
    policy = policy_of(district, "keep-keep-board-1")
    assert "programme letters" in policy["comment"]
    assert new in str(policy)


def test_a_line_that_takes_in_one_more_person_is_on_its_way_and_no_gap(tiny: District) -> None:
    """The rule redistributes with its policy: it is on its way since the addition, whenever it was made."""
    district, sandbox = tiny, served(tiny)
    settled(district)
    sandbox.forward(11 * DAY)
    assert run(district, 60)[0].code == 0
    groups = state_of(sandbox, "m365")["groups"]
    new = next(one for one in sorted(groups["staff@harbormill.example"]) if one not in groups["board@harbormill.example"])
    sandbox.console("m365", "add_group_member", group="board@harbormill.example", user=new)

    added, _ = run(district, 60)
    assert (added.code, told(added, "keep-keep-board-1")) == (5, [("add", "accepted", 2, None)])
    looked, _ = run(district, 5)
    flights = {one["key"]: one["overdue"] for one in looked.tenants["m365"]["in_flight"]}
    assert {"keep-keep-board-1", "r-keep-keep-board-1"} <= set(flights)
    assert not any(flights.values())
    stands = [(one["standing"], one["reason"]) for one in looked.result["standings"] if one["tenant"] == "m365"]
    assert ("pending", "carrier.in_flight") in stands
    assert ("gap", "carrier.overdue") not in stands
    assert run(district, 2 * DAY)[0].code == 0


def test_a_policy_switched_off_in_the_portal_waits_for_its_distribution_and_is_not_failed(tiny: District) -> None:
    district, key = tiny, "keep-keep-board-1"
    settled(district)
    served(district).console("m365", "disable_policy", name=policy_of(district, key)["guid"])
    for after in (60, 300):
        ran, _ = run(district, after)
        drift = [(one["kind"], one["key"], one["direction"]) for one in ran.tenants["m365"]["drift"]]
        assert drift == [("m365.retention_policy", key, "weakens")], "what its rule kept, and the rule itself is as it was"
        assert (ran.code, told(ran, key)) == (5, [("set", "planned", 0, "admin.pending_lock")])
        assert [(one["key"], one["overdue"]) for one in ran.tenants["m365"]["in_flight"]] == [(key, False)]
    flights = district.run("status").result["in_flight"]
    assert [(one["key"], one["state"], one["age"] >= 300) for one in flights] == [(key, "planned", True)]

    served(district).door("/switches", {"m365.deploy_lock": "stuck"})
    late, _ = run(district, 2 * DAY)
    assert (late.code, told(late, key)) == (5, [("set", "planned", 0, "admin.pending_lock")])
    assert (key, True) in [(one["key"], one["overdue"]) for one in late.tenants["m365"]["in_flight"]]
    served(district).door("/switches", {"m365.deploy_lock": "off"})

    taken, _ = run(district, 60)
    assert (taken.code, told(taken, key)) == (5, [("set", "accepted", 0, None)])
    assert (run(district, 2 * DAY)[0].code, policy_of(district, key)["enabled"]) == (0, True)
    assert open_intents(district) == []


def test_a_hold_switched_off_and_emptied_in_the_portal_is_mended_by_one_call_after_the_lock(a3: District) -> None:
    a3.must("attest", "admin-endpoint/m365", "--until", LATER, officer="custodian")
    opened = a3.must("hold", "open", "--file", order(a3, "roof", "hattie.stonecroft", "esme.kelderby"), code=5).result["matter"]
    for _ in range(2):
        run(a3, 3600)
    (case,) = [one for one in state_of(served(a3), "m365")["cases"] if one["name"] == opened["tenant_alias"]]
    (hold,) = case["holds"]
    key, gone = f"m-{opened['tenant_alias']}-1", "hattie.stonecroft@harbormill.example"
    served(a3).console("m365", "remove_hold_source", case=case["guid"], hold=hold["guid"], place=gone)
    served(a3).console("m365", "disable_hold", case=case["guid"], hold=hold["guid"])

    locked, sent = run(a3, 60)
    assert (locked.code, told(locked, key), sent) == (5, [("set", "planned", 1, "admin.pending_lock")], ["Set-CaseHoldPolicy"])
    # The lane goes on: another matter is ordered and accepted meanwhile.
    other = a3.must("hold", "open", "--file", order(a3, "gate", "june.swanmere"), code=5).result
    assert {one["state"] for one in other["sources"] if one["tenant"] == "m365"} <= {"accepted", "distributing"}

    taken, sent = run(a3, 3600)
    assert (told(taken, key), sent) == ([("set", "accepted", 1, None)], ["Set-CaseHoldPolicy"])
    done, sent = run(a3, 3600)
    assert (done.code, sent) == (0, [])
    states = {one["state"] for one in a3.run("hold", "status", "roof", "--refresh").result["sources"] if one["tenant"] == "m365"}
    assert states <= {"effective", "verified"}
    assert open_intents(a3) == []
