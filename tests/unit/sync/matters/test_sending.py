"""What a change that went out means for its sources: the platform's yes is accepted, a lost answer is sent, a refusal is failed with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.examination import WriteCapability
from policies.kinds import Kind
from policies.roster import Group
from sync.matters.lane import HoldLane
from sync.matters.opening import new, with_order
from sync.matters.register import AliasTakenError, Event
from tests.unit.sync.matters.world import HOUR, google, m365, order, roster, scene

ONE = "person1@d.example"


def states(here: object, tenant: str) -> set[tuple[str, str | None]]:
    return {(one["state"], one["code"]) for one in here.document("roof")["sources"] if one["tenant"] == tenant}  # type: ignore[attr-defined]


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_lost_answer_ends_in_one_hold_and_every_source_in_force(tmp_path: Path, where: str) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.worlds["m365"].troubles.lost = where
        here.lane.open(order(ONE))
        here.hold()
        assert {state for state, _ in states(here, "m365")} <= {"requested", "sent", "failed", "accepted"}
        assert {state for state, _ in states(here, "google")} == {"accepted"}, "the other cloud goes ahead"
        for _ in range(2):
            here.until_in_force()
        assert states(here, "m365") == {("verified", None)}
        ours = [thing.kind for thing in here.worlds["m365"].things.values() if thing.mark is not None]
        assert sorted(ours) == [Kind.M365_CASE, Kind.M365_HOLD], "nothing was made twice"


def test_without_the_right_to_write_sources_fail_with_the_reason_and_go_out_once_it_is_granted(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.worlds["m365"].rights[Kind.M365_CASE] = WriteCapability.MISSING
        here.lane.open(order(ONE))
        here.hold()
        assert states(here, "m365") == {("failed", "capability.missing")}
        assert here.lane.facts("roof").failed == 3
        sheet = here.lane.by_hand("roof") or ""
        assert f"[ ] People and groups: {ONE}" in sheet
        del here.worlds["m365"].rights[Kind.M365_CASE]
        here.until_in_force()
        assert states(here, "m365") == {("verified", None)}


@pytest.mark.parametrize(("said", "again"), [("google.server_error: busy", True), ("google.quota: busy", True), ("google.not_found: gone", False)])
def test_what_could_not_be_done_just_then_is_asked_again_at_each_look_and_a_refusal_each_hour(tmp_path: Path, said: str, again: bool) -> None:  # noqa: FBT001  # a case
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        world = here.worlds["google"]
        world.troubles.refused_members["account:100001"] = said
        here.lane.open(order(ONE))
        here.hold()
        assert {state for state, _ in states(here, "google")} == {"failed"}
        world.troubles.refused_members.clear()
        here.later(120)
        assert {state for state, _ in states(here, "google")} == ({"accepted"} if again else {"failed"})
        here.later(HOUR)
        here.later(HOUR)
        assert {state for state, _ in states(here, "google")} <= {"accepted", "effective", "verified"}


def test_a_group_that_is_gone_is_said(tmp_path: Path) -> None:
    staff = Group(tenant="google", vendor_id="g-1", address="staff@d.example", name="All staff", members=frozenset({"100001"}))
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1), groups=(staff,))) as here:
        here.lane.open(order(people=[{"group": "staff@d.example"}], sources=["mail", "group"]))
        here.until_in_force()
        here.worlds["google"].roster = roster("google", google(1))
        here.later(HOUR)
        assert here.people("roof")["staff@d.example"][1] == "person.group_deleted"


def test_a_group_that_keeps_no_archive_is_not_held_whatever_its_hold_says(tmp_path: Path) -> None:
    staff = Group(tenant="google", vendor_id="g-1", address="staff@d.example", name="All staff", members=frozenset())
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1), groups=(staff,))) as here:
        archive = here.console("google").make(Kind.GOOGLE_GROUP_ARCHIVE, "staff@d.example", {"group": "g-1", "archived": True, "frozen": False})
        here.lane.open(order(sources=[{"group": "staff@d.example"}]))
        here.until_in_force()
        assert here.people("roof") == {"staff@d.example": ("held", None)}
        here.console("google").set(archive, archived=False)
        here.later(HOUR)
        assert here.people("roof") == {"staff@d.example": ("not_held", "group.archive_off")}
        assert states(here, "google") == {("failed", "group.archive_off")}
        (gap,) = here.document("roof")["gaps"]
        assert gap["restored"] is None
        here.console("google").set(archive, archived=True)
        here.later(HOUR)
        assert here.people("roof") == {"staff@d.example": ("held", None)}
        assert here.document("roof")["gaps"][0]["restored"] is not None


def test_a_group_whose_archive_nobody_read_is_not_called_held(tmp_path: Path) -> None:
    staff = Group(tenant="google", vendor_id="g-1", address="staff@d.example", name="All staff", members=frozenset())
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1), groups=(staff,))) as here:
        here.lane.open(order(sources=[{"group": "staff@d.example"}]))
        here.until_in_force()
        assert here.people("roof") == {"staff@d.example": ("not_held", None)}
        assert states(here, "google") == {("accepted", None)}


def test_a_place_and_an_address_that_nobody_knows_are_asked_about(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.lane.open(order(people=[{"address": ONE, "also": ["tpyo@d.example"]}], sources=["mail", {"group": "gone@d.example"}]))
        here.until_in_force()
        assert here.people("roof") == {ONE: ("held", "person.not_found"), "gone@d.example": ("not_held", "person.not_found")}
        person = next(one for one in here.document("roof")["people"] if one["person"] == ONE)
        assert person["unmatched"] == ["tpyo@d.example"]
        assert here.lane.facts("roof").open_questions == 2


def test_two_processes_that_open_one_alias_make_one_matter(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        words = iter(["aaaaaaaa", "bbbbbbbb", "cccccccc"])
        late = with_order(new(order(ONE), lambda: next(words), here.clock.now()), order(ONE), lambda: "dddddddd", both=False)
        first = here.lane.open(order(ONE))
        with pytest.raises(AliasTakenError):
            here.lane.register.keep(None, late, Event(name="opened"))

        class Blind(HoldLane):
            """Looks before the other process has written, as a race would have it."""

            looked = False

            def _same(self, asked: object, sha256: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN202
                if not self.looked:
                    self.looked = True
                    return None
                return super()._same(asked, sha256)  # type: ignore[arg-type]

        second = Blind(here.desk).open(order(ONE))
        assert (second.tenant_alias, second.new) == (first.tenant_alias, False)
        assert len(here.lane.status()["matters"]) == 1  # type: ignore[arg-type]


def test_a_matter_that_is_older_than_the_process_is_followed(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.lane.open(order(ONE))
        assert here.fresh_lane().places("m365") == {ONE}, "who is ordered counts before anything is placed"
