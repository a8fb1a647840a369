"""Groups that are on hold themselves: one that keeps no archive holds nothing, and one that keeps it is left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.afterwards import asked, exchanges, state_of
from tests.acceptance.rehearsal import District, Sandbox

pytestmark = pytest.mark.slow

QUARTER = 900
GROUP = "board@harbormill.example"
ADMIN = "it.director@harbormill.example"
REFUSED = {"surface": "groupssettings", "operation": "groupsSettings.groups.patch", "kind": "status", "status": 403, "times": 99}


def sandbox(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def order(district: District, group: str) -> Path:
    path = district.place / "group.yaml"
    path.write_text(f"alias: minutes\nordered_by: counsel\ntriggered_on: 2026-09-14\nsources: [{{group: {group}}}]\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def archive(district: District, group: str, value: str) -> None:
    sandbox(district).console("google", "change_group_setting", group=group, setting="isArchived", value=value, by=ADMIN)


def kept(district: District, group: str) -> str:
    found = state_of(sandbox(district), "google")
    return str(next(one["settings"]["isArchived"] for one in found["groups"] if one["email"] == group))


def another(district: District) -> str:
    """A group that the policy does not name and that is not the one of the visibility check."""
    found = state_of(sandbox(district), "google")
    return str(next(one["email"] for one in found["groups"] if one["email"] != GROUP and one["settings"]["isArchived"] == "true"))


def google(district: District, *words: str | Path) -> dict[str, object]:
    return dict(district.run("--tenant", "google", *words).result)


def test_a_held_group_whose_archive_is_switched_off_is_not_called_held(district: District) -> None:
    group = another(district)
    archive(district, group, "false")
    file = order(district, group)
    google(district, "hold", "open", "--file", file)
    assert kept(district, group) == "true", "ordering the group switches its archive on"
    for _ in range(2):
        sandbox(district).forward(QUARTER)
        shown = district.run("--tenant", "google", "hold", "status", "minutes", "--refresh").result
    assert [(one["state"], one["code"]) for one in shown["people"]] == [("partly", None)]

    archive(district, group, "false")
    sandbox(district).door("/faults", REFUSED)
    sandbox(district).forward(QUARTER)
    try:
        ran = district.run("--tenant", "google", "sync")
        shown = district.run("--tenant", "google", "hold", "status", "minutes", "--refresh").result
    finally:
        sandbox(district).door("/faults", method="DELETE")
    assert ran.code != 0
    assert "group.archive_off" in ran.codes("error")
    assert kept(district, group) == "false"
    assert [(one["state"], one["code"]) for one in shown["people"]] == [("not_held", "group.archive_off")]
    assert {one["state"] for one in shown["sources"] if one["tenant"] == "google"} == {"failed"}
    assert len(shown["gaps"]) == 1
    (risk,) = shown["people"][0]["at_risk"]
    assert (risk["code"], risk["log"]["actor"]) == ("group.archive_off", ADMIN)
    assert f"groups.google.com > {group} > Group settings > Conversation history: on" in shown["by_hand"]
    assert "Service: Groups" not in shown["by_hand"], "the hold is there: nobody makes a second one"

    sandbox(district).forward(2 * 3600)
    district.run("--tenant", "google", "sync")
    sandbox(district).forward(QUARTER)
    shown = district.run("--tenant", "google", "hold", "status", "minutes", "--refresh").result
    assert kept(district, group) == "true"
    assert [(one["state"], one["code"]) for one in shown["people"]] == [("partly", None)]
    assert shown["gaps"][0]["restored"] is not None


def test_a_held_group_that_keeps_its_archive_is_not_told_again_and_is_no_difference(district: District) -> None:
    group = another(district)
    google(district, "sync")
    sandbox(district).forward(QUARTER)
    google(district, "hold", "open", "--file", order(district, group))
    sandbox(district).forward(QUARTER)
    for _ in range(2):
        before = asked(sandbox(district))
        ran = district.must("--tenant", "google", "sync")
        told = [one["operation"] for one in exchanges(sandbox(district), before) if one["operation"] == "groupsSettings.groups.patch"]
        strangers = [one["name"] for one in ran.tenants["google"]["unmanaged"]]
        assert (told, ran.tenants["google"]["drift"], group in strangers) == ([], [], False)
        sandbox(district).forward(QUARTER)
