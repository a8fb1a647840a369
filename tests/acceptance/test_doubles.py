"""Somebody copies a hold of ours, mark and all: the copy is drift, proposed, approved by two, ended; and never while it alone holds somebody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.afterwards import asked, exchanges, open_intents, order, state_of, writes
from tests.acceptance.rehearsal import LATER, District, Keys, Ran, Sandbox, make_district, start_sandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DAY = 86400
HELD = ("hattie.stonecroft", "esme.kelderby")
CLOUDS = pytest.mark.parametrize("cloud", ["google", "m365"])


def sandbox(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def held(district: District, cloud: str) -> tuple[str, str]:
    """A matter of two people, verified in both clouds, and a copy of one of its holds, in force too: the ids of the first and the copy."""
    people = [f"{one}@harbormill.example" for one in HELD]
    district.run("hold", "open", "--file", order(district, "roof", *HELD))
    for _ in range(2):
        sandbox(district).forward(DAY)
        district.run("sync")
    first, copy = copied(district, cloud, people)
    sandbox(district).forward(DAY)
    return first, copy


def copied(district: District, cloud: str, people: list[str]) -> tuple[str, str]:
    served = sandbox(district)
    if cloud == "google":
        holds = [(matter, hold) for matter in state_of(served, "google")["matters"] for hold in matter["holds"]]
        matter, first = next((matter, hold) for matter, hold in holds if "[rw:" in hold["name"] and hold["corpus"] == "MAIL")
        made = served.console(
            "google", "create_hold", matter=matter["matterId"], name=f"Copy of {first['name']}", corpus="MAIL", query=first.get("query"), emails=people
        )
        return first["holdId"], made["holdId"]
    case = next(one for one in state_of(served, "m365")["cases"] if one["status"] == "active" and "[rw:" in str(one["holds"]))
    (first,) = case["holds"]
    places = [one["place"] for one in first["sources"]]
    made = served.console("m365", "create_hold", case=case["guid"], name="Copy made by hand", comment=first["comment"], places=places)
    return first["guid"], made["hold"]


def on(district: District, cloud: str, hold: str) -> set[str]:
    """Whom a hold holds, as the sandbox has it; nobody where it is off or gone."""
    if cloud == "google":
        found = [one for matter in state_of(sandbox(district), "google")["matters"] for one in matter["holds"] if one["holdId"] == hold]
        return {one["accountId"] for hold_ in found for one in hold_["accounts"]}
    holds = [one for case in state_of(sandbox(district), "m365")["cases"] for one in case["holds"] if one["guid"] == hold and one["enabled"]]
    return {one["place"].lower() for hold_ in holds for one in hold_["sources"]}


def proposed(ran: Ran, cloud: str) -> list[Any]:
    return [one for one in ran.tenants[cloud]["changes"] if (one["because"]["rule"] or "").startswith("duplicate/")]


def drift(ran: Ran, cloud: str) -> list[str]:
    return [one["vendor"]["id"] for one in ran.tenants[cloud]["drift"] if one["class"] == "duplicate"]


def said(district: District, change: str) -> None:
    for officer in ("counsel", "deputy"):
        district.must("approve", change, officer=officer)


def ended_after_two_signatures(district: District, cloud: str) -> None:
    first, copy = held(district, cloud)
    everybody = on(district, cloud, first)
    assert everybody
    assert on(district, cloud, copy) == everybody
    (shown,) = proposed(district.run("plan"), cloud)
    assert (shown["op"], shown["direction"], shown["vendor"]["id"], shown["status"]) == ("release", "weakens", copy, "refused")
    assert len(shown["members"]["remove"]) == len(everybody)
    assert copy in drift(district.run("drift"), cloud)
    waiting = {one["change"]: one for one in district.must("approvals").result["waiting"]}
    assert waiting[shown["id"]]["needed"] == 2
    text = " ".join(district.must("approvals", RECORDWARDEN_FORMAT="text").stdout.split())
    assert "a second hold with the same mark" in text
    district.must("approve", shown["id"], officer="itdirector", code=4)
    district.must("approve", shown["id"], officer="counsel")
    district.run("sync")
    assert on(district, cloud, copy) == everybody, "one signature is not two"
    district.must("approve", shown["id"], officer="deputy")
    (done,) = proposed(district.run("sync"), cloud)
    assert done["status"] == "effective"
    assert not on(district, cloud, copy)
    assert on(district, cloud, first) == everybody
    sandbox(district).forward(DAY)
    after = district.run("sync")
    assert not drift(after, cloud)
    assert not proposed(after, cloud)
    assert not {"mark.duplicate", "hold.gap"} & after.codes()
    assert {one["state"] for one in district.run("hold", "status", "roof").result["sources"]} <= {"verified", "effective"}
    assert not open_intents(district)


@CLOUDS
def test_a_copy_is_ended_after_two_signatures_and_the_first_holds_everybody(tiny: District, cloud: str) -> None:
    ended_after_two_signatures(tiny, cloud)


def test_a_copy_is_ended_by_cmdlet_where_no_application_may_hold_over_graph(keys: Keys, tmp_path: Path) -> None:
    served = start_sandbox(tmp_path / "sandbox", "tiny")
    served.door("/switches", {"m365.licence": "A3"})
    a3 = make_district(tmp_path / "place", served, *keys)
    a3.must("attest", "admin-endpoint/m365", "--until", LATER, officer="custodian")
    ended_after_two_signatures(a3, "m365")
    served.end()


@CLOUDS
def test_a_copy_that_alone_holds_somebody_stays_until_the_first_holds_them_again(tiny: District, cloud: str) -> None:
    first, copy = held(tiny, cloud)
    (shown,) = proposed(tiny.run("plan"), cloud)
    said(tiny, shown["id"])
    everybody = on(tiny, cloud, copy)
    lose_one(tiny, cloud, first)
    begun = asked(sandbox(tiny))
    ran = tiny.run("sync")
    assert not endings(tiny, begun)
    assert on(tiny, cloud, copy) == everybody
    assert copy in drift(ran, cloud)
    for _ in range(3):
        sandbox(tiny).forward(DAY)
        tiny.run("sync")
        assert everybody in (on(tiny, cloud, first), on(tiny, cloud, copy)), "at each moment one of the two holds everybody"
    assert on(tiny, cloud, first) == everybody, "the first was completed by the ordinary way"
    assert not on(tiny, cloud, copy), "and then what was approved was done"


def endings(district: District, since: int) -> list[str]:
    """The requests since then that delete a hold or switch one off."""
    found = writes(exchanges(sandbox(district), since))
    return [one for one in found if "delete" in one.lower() or "disable" in one.lower() or one == "Set-CaseHoldPolicy"]


def lose_one(district: District, cloud: str, hold: str) -> None:
    served = sandbox(district)
    if cloud == "google":
        matter = next(one for one in state_of(served, "google")["matters"] if any(held_["holdId"] == hold for held_ in one["holds"]))
        found = next(one for one in matter["holds"] if one["holdId"] == hold)
        served.console("google", "remove_held_account", matter=matter["matterId"], hold=hold, email=found["accounts"][0]["email"])
        return
    place = min(on(district, "m365", hold))
    served.console("m365", "remove_hold_source", hold=hold, place=place)


@CLOUDS
def test_when_the_first_is_gone_nothing_is_ended(tiny: District, cloud: str) -> None:
    first, copy = held(tiny, cloud)
    (shown,) = proposed(tiny.run("plan"), cloud)
    said(tiny, shown["id"])
    everybody = on(tiny, cloud, copy)
    of_google = {}
    if cloud == "google":
        of_google = {"matter": next(one["matterId"] for one in state_of(sandbox(tiny), "google")["matters"] if first in str(one["holds"]))}
    sandbox(tiny).console(cloud, "delete_hold", hold=first, **of_google)
    begun = asked(sandbox(tiny))
    ran = tiny.run("sync")
    assert not [one for one in proposed(ran, cloud) if one["status"] in {"sent", "accepted", "effective"}]
    assert not endings(tiny, begun)
    assert on(tiny, cloud, copy) == everybody
