"""The hold lane from order to force, on tenants in memory with a real store: recorded first, followed by the platform's word, nobody leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.kinds import Kind
from policies.roster import Roster
from sync.matters.model import MatterError, MatterState
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, google, m365, order, roster, scene

ONE, TWO, THREE = "person1@d.example", "person2@d.example", "person3@d.example"


def people(*numbers: int) -> tuple[Roster, Roster]:
    return roster("m365", *(m365(one) for one in numbers)), roster("google", *(google(one) for one in numbers))


def test_an_order_is_in_store_and_journal_before_anything_is_sent(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        opened = here.lane.open(order(ONE, name="Secret v. District", trigger="a letter"))
        assert opened.new
        assert opened.added == (ONE,)
        assert not [thing for world in here.worlds.values() for thing in world.things.values() if thing.mark is not None]
        [entry] = [one for one in here.desk.journal.entries() if one.kind == "matter"]
        assert entry.subject == f"matter/{opened.tenant_alias}"
        text = str(entry.body)
        assert ONE not in text
        assert "Secret" not in text
        assert "roof" not in text
        assert here.document("roof")["matter"]["state"] == "open"


def test_every_source_is_followed_from_requested_to_verified(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        here.lane.open(order(ONE))
        here.hold()
        assert set(here.sources("roof").values()) == {"accepted"}, "201 is accepted, not in force"
        assert here.people("roof") == {ONE: ("not_held", None)}
        here.later(1)
        assert set(here.sources("roof").values()) == {"distributing"}
        here.later(2 * HOUR)
        assert set(here.sources("roof").values()) == {"effective"}
        here.later(59)
        assert set(here.sources("roof").values()) == {"effective"}, "a look within a minute is not independent"
        here.later(1)
        assert here.sources("roof") == {
            (ONE, "m365", "mail"): "verified", (ONE, "m365", "archive"): "verified", (ONE, "m365", "drive"): "verified",
            (ONE, "google", "mail"): "verified", (ONE, "google", "drive"): "verified", (ONE, "google", "chat"): "verified",
        }
        document = here.document("roof")
        assert document["matter"]["state"] == "held"
        assert here.people("roof") == {ONE: ("held", None)}
        times = document["sources"][0]["times"]
        assert times["requested"] <= times["sent"] <= times["accepted"] < times["effective"] < times["verified"]
        assert document["by_hand"] is None


def test_a_run_with_nothing_new_writes_no_entry_and_sends_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        here.lane.open(order(ONE, TWO))
        here.until_in_force()
        head, made = here.desk.journal.head(), sum(len(world.things) for world in here.worlds.values())
        here.later(HOUR)
        assert here.desk.journal.head() == head
        assert sum(len(world.things) for world in here.worlds.values()) == made


def test_tenants_see_only_the_random_alias(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        opened = here.lane.open(order(ONE, name="Secret v. District", issues="the roof", counsel="R. C."))
        here.hold()
        seen = "".join(f"{thing.name} {thing.mark} {thing.fields}" for world in here.worlds.values() for thing in world.things.values())
        assert opened.tenant_alias in seen
        for word in ("roof", "Secret", "R. C.", here.document("roof")["matter"]["report_alias"]):
            assert word not in seen


def test_the_same_order_is_the_same_matter_by_alias_and_by_file(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        nameless = order(ONE).model_copy(update={"alias": None})
        first = here.lane.open(nameless, sha256="ab" * 32)
        again = here.lane.open(nameless, sha256="ab" * 32)
        assert (again.alias, again.new, again.unchanged) == (first.alias, False, True)
        by_alias = here.lane.open(order(TWO).model_copy(update={"alias": first.alias}), sha256="cd" * 32)
        assert by_alias.alias == first.alias
        assert by_alias.added == (TWO,)
        assert by_alias.missing == (ONE,)
        assert set(here.people(first.alias)) == {ONE, TWO}, "what the order no longer names is reported, never taken out"
        other = here.lane.open(nameless, sha256="ef" * 32)
        assert other.new
        assert len(here.lane.status()["matters"]) == 2  # type: ignore[arg-type]


def test_someone_added_later_joins_the_same_case(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        cases = [thing for thing in here.worlds["m365"].things.values() if thing.kind is Kind.M365_CASE]
        here.lane.add("roof", order(TWO))
        here.hold()
        assert [thing for thing in here.worlds["m365"].things.values() if thing.kind is Kind.M365_CASE] == cases
        states = here.sources("roof")
        assert states[ONE, "m365", "mail"] == "verified"
        assert states[TWO, "m365", "mail"] == "accepted"
        assert here.document("roof")["matter"]["state"] == "partly_held"


def test_a_former_person_stays_on_hold_and_the_mark_is_signed(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        here.lane.open(order(ONE, TWO))
        here.until_in_force()
        here.lane.former("roof", [ONE], CUSTODIAN)
        [entry] = [one for one in here.desk.journal.entries() if one.body.get("event") == "former"]
        assert entry.actor.id == "custodian"
        assert entry.actor.sig is not None
        here.later(HOUR)
        assert here.sources("roof")[ONE, "m365", "mail"] == "verified"
        hold = next(thing for thing in here.worlds["m365"].things.values() if thing.kind is Kind.M365_HOLD and thing.mark)
        assert f"mail:{ONE}" in hold.members
        with pytest.raises(MatterError, match="1 of the 2"):
            here.lane.former("roof", [ONE, "nobody@d.example"], CUSTODIAN)


def test_an_alias_nobody_knows_is_said_so(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here, pytest.raises(MatterError, match="no matter"):
        here.lane.status("nothing")


def test_each_of_the_three_aliases_finds_the_matter(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        opened = here.lane.open(order(ONE))
        report = here.document("roof")["matter"]["report_alias"]
        assert len({"roof", opened.tenant_alias, report}) == 3
        assert here.lane.find(opened.tenant_alias) == here.lane.find(report) == here.lane.find("roof")


def test_who_is_on_hold_and_where_is_told_to_the_guards(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1, address="other@d.example"))) as here:
        here.lane.open(order(ONE))
        here.hold()
        assert here.lane.on_hold("roof") == {ONE, "other@d.example"}
        places = here.lane.places("google")
        assert {"100001", "other@d.example"} <= set(places)
        assert "https://d-my.sharepoint.com/personal/person1" in here.lane.places("m365")


def test_one_tenant_out_of_reach_does_not_stop_the_other_and_has_its_sheet(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        here.worlds["google"].troubles.unreachable = "google.delegation_missing"
        here.lane.open(order(ONE))
        here.hold()
        assert {key[1] for key in here.sources("roof")} == {"m365"}
        facts = here.lane.facts("roof")
        assert facts.unasked == {"google"}
        assert not facts.nothing_accepted
        sheet = here.document("roof")["by_hand"]
        assert ONE in sheet
        assert "vault.google.com" in sheet
        assert "purview" not in sheet
        assert here.document("roof")["people"][0]["unknown_in"] == ["google"]
        here.worlds["google"].troubles.unreachable = None
        here.until_in_force()
        assert here.document("roof")["matter"]["state"] == "held"
        assert here.document("roof")["by_hand"] is None


def test_holds_go_out_without_visibility_checks_proofs_or_a_mode(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1), checks=False) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        assert set(here.sources("roof").values()) == {"verified"}


def test_a_member_that_the_platform_refuses_is_failed_with_its_reason_and_on_the_sheet(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        here.worlds["m365"].troubles.refused_members[f"mail:{TWO}"] = "The mailbox cannot be found."
        here.lane.open(order(ONE, TWO))
        here.hold()
        states = here.sources("roof")
        assert states[TWO, "m365", "mail"] == "failed"
        assert states[ONE, "m365", "mail"] == "accepted"
        error = next(one["error"] for one in here.document("roof")["sources"] if one["state"] == "failed")
        assert error == "hold.member_refused: The mailbox cannot be found."
        sheet = here.document("roof")["by_hand"]
        assert TWO in sheet
        assert ONE not in sheet
        assert all("mailbox cannot" not in str(entry.body) for entry in here.desk.journal.entries()), "a vendor's text is sealed"


def test_a_half_read_list_of_people_asks_nothing_of_the_others(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1), google(2))) as here:
        here.worlds["m365"].troubles.partial[Kind.M365_USER] = "read.cut_short"
        here.lane.open(order(ONE, TWO))
        here.until_in_force()
        assert here.people("roof")[ONE] == ("held", None)
        assert here.people("roof")[TWO] == ("partly", None), "m365 could not say whether it knows the person"
        two = next(one for one in here.document("roof")["people"] if one["person"] == TWO)
        assert (two["absent_from"], two["unknown_in"]) == ([], ["m365"])


def test_another_process_reads_the_same_matter(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        here.lane.open(order(ONE, paper=[{"what": "minutes", "where": "safe", "secured_on": "2027-03-01"}], range={"from": "2026-01-01"}))
        here.until_in_force()
        assert here.fresh_lane().status("roof") == here.lane.status("roof")
        assert here.fresh_lane().find("roof").state is MatterState.HELD


def test_a_matter_is_held_as_far_as_its_weakest_part(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        here.lane.open(order(ONE, paper=[{"what": "minutes", "where": "safe"}]))
        here.until_in_force()
        assert set(here.sources("roof").values()) == {"verified"}
        assert here.document("roof")["matter"]["state"] == "partly_held"
        assert here.document("roof")["paper"][0]["state"] == "not_secured"
        here.lane.open(order(ONE, paper=[{"what": "minutes", "where": "safe", "secured_on": "2027-03-02"}]), sha256="12" * 32)
        here.later(60)
        assert here.document("roof")["matter"]["state"] == "held"
        assert here.document("roof")["paper"][0]["state"] == "set_by_hand"


def test_what_the_platform_refused_is_asked_again_after_an_hour_not_at_each_look(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1, 2)) as here:
        here.worlds["m365"].troubles.refused_members[f"mail:{TWO}"] = "The mailbox cannot be found."
        here.lane.open(order(ONE, TWO))
        here.hold()
        head = here.desk.journal.head().seq
        here.later(600)
        assert not [entry for entry in here.desk.journal.entries(head) if entry.kind == "intent"]
        here.worlds["m365"].troubles.refused_members.clear()
        here.later(HOUR)
        assert here.sources("roof")[TWO, "m365", "mail"] == "accepted"


def test_a_thing_to_know_is_said_once_and_without_a_name(tmp_path: Path) -> None:
    with scene(tmp_path, *people(1)) as here:
        here.lane.open(order(ONE, "nobody@d.example"))
        result = here.engine.hold()
        said = [problem for tenant in result.tenants for problem in tenant.problems if problem.code == "person.not_found"]
        assert len(said) == 1
        assert "nobody" not in f"{said[0].subject} {said[0].message} {said[0].next_step}"
