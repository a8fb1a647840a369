"""Groups and teams on hold: their own mailbox and site, where they have them; what they have not, and what nobody would say."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.sync.held.stage import Held, held

BOARD = frozenset({"name:board of education team"})
HIDDEN = frozenset({"name:student services team"})
SITE = "GET /groups/{group}/sites/root"


def board(here: Held) -> str:
    return f"board-team@{here.world.domain}"


def site(here: Held) -> str:
    return next(group.site_url for group in here.state.groups.values() if group.mail == board(here))


def in_holds(here: Held) -> set[str]:
    return {source.place for hold in here.state.holds.values() for source in hold.sources if hold.created_by.app_id}


def test_a_team_named_among_the_people_brings_its_mailbox_and_its_site(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, groups=BOARD) as here:
        here.order(people=[{"group": board(here)}], sources=["mail", "group", "site"])
        here.until_in_force()
        assert here.sources()[board(here), "group"] == "verified"
        assert here.sources()[board(here), "site"] == "verified"
        assert {board(here), site(here)} <= in_holds(here)
        assert here.matter()["matter"]["state"] == "held"
        assert here.matter()["by_hand"] is None


def test_a_site_that_is_found_later_is_held_then(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, groups=BOARD) as here:
        making = {"error": {"code": "ResourceNotFound", "message": "Resource provisioning is in progress. Please try again."}}
        here.fault("graph", SITE, status=404, body=json.dumps(making).encode(), times=9999)
        here.order(people=[], sources=[{"site": board(here)}, {"group": board(here)}])
        here.until_in_force()
        assert here.sources() == {(board(here), "group"): "verified", (board(here), "site"): "failed:person.place_unknown"}
        assert f"site of {board(here)}" in here.matter()["by_hand"]
        assert here.lane.facts("roof").unplaced == 1
        here.world.faults.clear()
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}


def test_a_group_without_a_site_is_said_to_have_none_and_needs_an_answer_only_where_it_was_named(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, groups=HIDDEN) as here:
        hidden = f"student-services@{here.world.domain}"
        here.order(people=[], sources=[{"site": hidden}])
        here.until_in_force()
        assert here.sources() == {(hidden, "site"): "failed:person.no_container"}
        assert here.standing() == {hidden: ("not_held", "person.no_container")}
        assert here.lane.facts("roof").open_questions == 1


def test_a_distribution_group_has_nothing_of_its_own(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, groups=frozenset({"name:teachers"})) as here:
        teachers = f"teachers@{here.world.domain}"
        here.order(people=[{"group": teachers}], sources=["mail", "group", "site"])
        here.until_in_force()
        assert {source for _person, source in here.sources()} == {"mail"}
        here.order(people=[], sources=[{"group": teachers}], alias="named")
        here.until_in_force()
        assert here.sources("named") == {(teachers, "group"): "failed:person.no_container"}
        assert teachers not in in_holds(here)


def test_a_platform_that_takes_no_group_leaves_it_to_a_person(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, groups=BOARD) as here:
        here.switch(group_mailboxes="refused")
        here.order(people=[], sources=[{"group": board(here)}])
        here.until_in_force()
        assert here.sources() == {(board(here), "group"): "failed:hold.member_refused"}
        assert board(here) in here.matter()["by_hand"]


def test_a_team_that_has_another_address_since_stays_held(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, groups=BOARD) as here:
        here.order(people=[], sources=[{"group": board(here)}])
        here.until_in_force()
        group = next(one for one in here.state.groups.values() if one.mail == board(here))
        group.mail = f"trustees@{here.world.domain}"
        here.look()
        assert set(here.sources().values()) == {"verified"}
        assert here.matter()["gaps"] == []
