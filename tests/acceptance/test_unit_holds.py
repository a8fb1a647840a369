"""An order that names an organisational unit: held as a unit, spoken of by person, and nobody who leaves it is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.afterwards import asked, exchanges, state_of
from tests.acceptance.rehearsal import District, Sandbox

pytestmark = pytest.mark.slow

QUARTER = 900
UNIT = "/Board"


def sandbox(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def order(district: District, people: str, name: str = "unit") -> Path:
    path = district.place / f"{name}.yaml"
    path.write_text(f"alias: minutes\nordered_by: counsel\ntriggered_on: 2026-09-14\npeople: [{people}]\nsources: [mail, drive]\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def users(district: District, unit: str) -> list[str]:
    return sorted(one["email"] for one in state_of(sandbox(district), "google")["users"] if one["org_unit"] == unit)


def ours(district: District) -> list[dict[str, Any]]:
    found = state_of(sandbox(district), "google")["matters"]
    return [hold for matter in found for hold in matter["holds"] if "[rw:" in hold["name"]]


def shown(district: District) -> Any:
    sandbox(district).forward(QUARTER)
    return district.run("--tenant", "google", "hold", "status", "minutes", "--refresh").result


def google(result: Any, person: str) -> set[str]:
    return {one["state"] for one in result["sources"] if one["person"] == person and one["tenant"] == "google"}


def test_a_unit_is_held_as_a_unit_and_spoken_of_by_person(district: District) -> None:
    people = users(district, UNIT)
    assert people
    file = order(district, f"{{ou: {UNIT}}}")
    district.run("--tenant", "google", "hold", "open", "--file", file)
    assert sorted((one["corpus"], "orgUnit" in one, one.get("accounts", [])) for one in ours(district)) == [("DRIVE", True, []), ("MAIL", True, [])]
    shown(district)
    result = shown(district)
    assert sorted(one["person"] for one in result["people"]) == people
    assert {state for person in people for state in google(result, person)} == {"verified"}
    assert result["gaps"] == []

    before = asked(sandbox(district))
    district.run("--tenant", "google", "sync")
    told = [one["operation"] for one in exchanges(sandbox(district), before) if one["surface"] == "vault" and one["method"] != "GET"]
    assert told == [], "a unit that is held is not told again"


def test_whoever_joins_is_held_and_whoever_leaves_is_held_by_their_account(district: District) -> None:
    leaver, *others = users(district, UNIT)
    joiner = users(district, "/Staff")[0]
    district.run("--tenant", "google", "hold", "open", "--file", order(district, f"{{ou: {UNIT}}}"))
    shown(district)
    shown(district)
    sandbox(district).console("google", "move_user", email=leaver, org_unit="/Staff")
    sandbox(district).console("google", "move_user", email=joiner, org_unit=UNIT)
    sandbox(district).forward(QUARTER)
    district.run("--tenant", "google", "sync")
    shown(district)
    result = shown(district)
    assert {one["person"] for one in result["people"]} == {leaver, joiner, *others}
    assert {state for person in (leaver, joiner, *others) for state in google(result, person)} == {"verified"}
    held = [len(one["accounts"]) for one in ours(district) if one.get("accounts")]
    assert held == [1, 1], "mail and files of the one who left, and of nobody else"
    assert [gap["source"]["person"] for gap in result["gaps"]] == [leaver, leaver], "mail and files, between the move and the hold on the account"
    assert all(gap["restored"] is not None for gap in result["gaps"])


@pytest.mark.parametrize("root", ["/", "//", "/ "])
def test_the_whole_organisation_is_refused_in_the_order(district: District, root: str) -> None:
    ran = district.run("hold", "open", "--file", order(district, f"{{ou: '{root}'}}", "root"))
    assert ran.code == 1
    (problem,) = [one for one in ran.document["problems"] if one["severity"] == "error"]
    assert "whole organisation" in problem["message"]
    assert ours(district) == []


def units(district: District) -> set[tuple[str, str]]:
    """Corpus and unit of each of our holds, by path."""
    state = state_of(sandbox(district), "google")
    paths = {id_: path for path, id_ in state["org_units"].items()}
    return {(hold["corpus"], paths[hold["orgUnit"]["orgUnitId"]]) for hold in ours(district)}


def test_a_hold_that_was_put_on_another_unit_stays_there_and_a_second_one_takes_its_own(district: District) -> None:
    people = users(district, UNIT)
    district.run("--tenant", "google", "hold", "open", "--file", order(district, f"{{ou: {UNIT}}}"))
    shown(district)
    shown(district)
    mail = next(one for one in ours(district) if one["corpus"] == "MAIL")
    (matter,) = {one["matterId"] for one in state_of(sandbox(district), "google")["matters"] if mail in one["holds"]}
    sandbox(district).console("google", "change_hold_unit", matter=matter, hold=mail["holdId"], org_unit="/Staff/Administration")
    sandbox(district).forward(QUARTER)
    ran = district.run("--tenant", "google", "sync")
    assert [one for one in ran.document["problems"] if one["severity"] == "error" and not one["code"].startswith("hold.")] == []
    shown(district)
    result = shown(district)
    assert {state for person in people for state in google(result, person)} == {"verified"}
    assert units(district) == {("DRIVE", UNIT), ("MAIL", "/Staff/Administration"), ("MAIL", UNIT)}, "whoever is held now is not let go"
    assert sorted(gap["source"]["person"] for gap in result["gaps"]) == people, "each person's mail, from the change to the second hold"
    assert all(gap["restored"] is not None for gap in result["gaps"])

    before = asked(sandbox(district))
    district.run("--tenant", "google", "sync")
    told = [one["operation"] for one in exchanges(sandbox(district), before) if one["surface"] == "vault" and one["method"] != "GET"]
    assert told == [], "the second hold is the one that counts from then on"
