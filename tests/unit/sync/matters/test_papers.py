"""What people are handed: the by-hand sheet, the first hour, and a store from which an erased name is gone."""

from __future__ import annotations

from pathlib import Path

from policies.kinds import Kind
from sync.matters.first_hour import first_hour
from sync.run import Engine
from tests.unit.sync.matters.world import HOUR, google, m365, order, roster, scene

ONE, TWO = "person1@d.example", "person2@d.example"


def test_the_sheet_names_exactly_what_is_missing_in_words_that_can_be_pasted(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(1), google(2))) as here:
        here.worlds["m365"].troubles.refused_members[f"mail:{TWO}"] = "No."
        here.lane.open(order(ONE, TWO, terms="roof's edge"))
        here.hold()
        text = here.lane.by_hand("roof") or ""
        hold = next(thing for thing in here.worlds["m365"].things.values() if thing.kind is Kind.M365_HOLD and thing.mark)
        # The case and the hold are there already: nobody is told to make them again, and a name that is taken stops nobody.
        assert f"Set-CaseHoldPolicy -Identity '{hold.vendor_id}' -AddExchangeLocation '{TWO}'" in text
        assert "New-ComplianceCase" not in text
        assert "New-CaseHoldPolicy" not in text
        assert ONE not in text
        assert "SharePointLocation" not in text
        assert "Google" not in text


def test_the_sheet_has_both_clouds_before_anybody_could_be_asked(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        for world in here.worlds.values():
            world.troubles.unreachable = "network.unreachable"
        here.lane.open(order(ONE, terms="roof's edge"))
        here.hold()
        text = here.lane.by_hand("roof") or ""
        alias = here.lane.find("roof").tenant_alias
        assert text.count(ONE) >= 4, "a mailbox in Microsoft 365; Gmail, Drive and Chat in Vault"
        assert f"New-ComplianceCase -Name '{alias}' -ExternalId '[rw:{here.district.id}:m-{alias}:g1]'" in text
        assert f"New-CaseHoldPolicy -Name '{alias} 1' -Case '{alias}'" in text
        assert "-ContentMatchQuery 'roof''s edge'" in text, "a quote cannot end the literal"
        assert f"OneDrive of {ONE}" in text
        assert f"Description, copied whole: [rw:{here.district.id}:m-{alias}:g1]" in text
        for service in ("Gmail", "Drive", "Google Chat"):
            assert f"Service: {service}. Specific accounts:" in text
        assert "could not be asked" in text
        assert here.lane.facts("roof").ordered == 0


def test_what_is_known_of_a_tenant_that_answers_no_more_stands_on_the_sheet_and_that_it_was_not_looked_at(tmp_path: Path) -> None:
    people = roster("m365", m365(1), m365(2)), roster("google", google(1), google(2))
    with scene(tmp_path, *people) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        looked = here.clock.now()
        here.worlds["m365"].troubles.unreachable = "network.unreachable"
        site = "https://d.sharepoint.com/sites/roof"
        lane = here.fresh_lane()  # another process, which has never seen the tenant
        lane.add("roof", order(TWO, sources=["mail", {"site": site}, {"group": "staff@d.example"}]))
        Engine(here.desk, lane).hold()
        text = str(lane.status("roof", {"m365"})["by_hand"])
        sheet = text.partition("== m365")[2].partition("==\n")[2].partition("== google")[0]
        assert f"m365 could not be looked at now. What stands here is what was known at the last look, {looked:%Y-%m-%d %H:%M} UTC." in sheet
        assert TWO in sheet
        assert f"[ ] site of {site}" in sheet
        assert "[ ] mailbox or archive of the group of staff@d.example" in sheet
        assert site not in text.partition("== google")[2], "Google has no sites of its own"
        assert ONE not in sheet, "whoever is held already has nothing to be done"


def test_an_account_that_was_found_before_its_tenant_went_silent_stands_on_the_sheet(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1, address="one@m.example", aliases=frozenset({ONE}))), roster("google", google(1))) as here:
        here.lane.open(order(ONE))
        here.lane.resolve({name: world.roster for name, world in here.worlds.items()})
        for world in here.worlds.values():
            world.troubles.unreachable = "network.unreachable"
        here.hold()
        text = here.lane.by_hand("roof") or ""
        assert "ExchangeLocation 'one@m.example'" in text, "its own address there is known"
        assert text.count(f"[ ] {ONE}") == 3, "Gmail, Drive and Chat in Vault"
        assert "could not be asked" not in text, "nobody has to find out who has an account"


def test_the_first_hour_has_times_per_cloud_and_no_name_of_a_person_on_hold(tmp_path: Path) -> None:
    paper = [{"what": "minutes", "where": "safe", "responsible": "Clerk"}]
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.worlds["google"].distribution_seconds = 60
        started = here.clock.now()
        here.lane.open(order(ONE, paper=paper))
        here.hold()
        here.later(HOUR / 2)
        page = here.lane.first_hour("roof")
        assert ONE not in str(page)
        clouds = {one.tenant: one for one in page.clouds}
        assert clouds["google"].in_force is not None
        assert (clouds["google"].in_force - started).total_seconds() == 60, "the platform's own time"
        assert clouds["m365"].in_force is None
        assert clouds["m365"].all_accepted == clouds["m365"].first_sent == started
        assert clouds["m365"].sources == {"distributing": 3}
        assert page.people == {"partly": 1}
        assert page.times.issued == started
        assert any(step.startswith("Secure on paper: minutes, safe (Clerk)") for step in page.next_steps)
        assert any("24 hours" in step for step in page.next_steps)
        assert {contact.role for contact in page.contacts} == {"records_custodian", "counsel", "it_director", "superintendent"}


def test_a_lost_licence_sends_nobody_to_a_sheet_that_has_nothing_for_it(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(9))) as here:
        here.lane.open(order(ONE, "person2@d.example", sources=["mail"], silent={"reason": "investigation"}))
        here.until_in_force()
        here.worlds["m365"].roster = roster("m365", m365(1, licensed_for_hold=frozenset()), m365(2))
        here.later(HOUR)
        assert here.lane.facts("roof").failed == 1
        steps = " ".join(here.lane.first_hour("roof").next_steps)
        assert "1 source could not be held without a licence: assign it" in steps
        assert here.lane.by_hand("roof") is None
        assert "by-hand sheet" not in steps
        here.worlds["m365"].roster = roster("m365", m365(1, licensed_for_hold=frozenset()), m365(2, containers={}))
        here.lane.open(order("person2@d.example", alias="wall", sources=["drive"], silent={"reason": "investigation"}))
        here.hold()
        assert "1 source could not be held: see the by-hand sheet" in " ".join(here.lane.first_hour("wall").next_steps)
        assert here.lane.by_hand("wall") is not None


def test_nothing_left_to_do_shortens_the_page(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.lane.open(order(ONE, silent={"reason": "investigation"}, passed_to_counsel_on="2027-03-01"))
        here.until_in_force()
        matter = here.lane.find("roof")
        assert first_hour(matter, here.district, frozenset(), here.clock.now()).next_steps == ()
        assert here.lane.by_hand("roof") is None


def test_facts_tell_the_exit_codes_apart(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.lane.open(order(ONE))
        here.hold()
        sent = here.lane.facts("roof")
        assert (sent.ordered, sent.accepted, sent.in_force, sent.on_its_way, sent.can_still_move, sent.nothing_accepted) == (6, 6, 0, True, True, False)
        here.later(2 * HOUR)
        held = here.lane.facts("roof")
        assert (held.in_force, held.on_its_way, held.can_still_move) == (6, False, False)
        assert here.lane.facts() == held


def test_nothing_accepted_is_seen(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        for kind in (Kind.M365_HOLD, Kind.GOOGLE_HOLD):
            here.worlds["m365" if kind is Kind.M365_HOLD else "google"].troubles.refused_members.update(
                {f"mail:{ONE}": "No.", "site:https://d-my.sharepoint.com/personal/person1": "No.", "account:100001": "No."}
            )
        here.lane.open(order(ONE))
        here.hold()
        facts = here.lane.facts("roof")
        assert facts.nothing_accepted
        assert facts.failed == 6
        assert not facts.can_still_move


def test_no_name_stands_in_the_matters_rows_and_an_erased_one_is_gone_from_the_matter(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(1), google(2))) as here:
        here.lane.open(order(ONE, TWO, name="Secret v. District"))
        here.hold()
        with here.store.read() as session:
            connection = session.connection()
            for table in ("matter", "matter_person", "matter_source", "matter_line", "matter_paper", "matter_gap"):
                rows = str([tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}")])
                assert ONE not in rows
                assert "Secret" not in rows
        here.desk.journal.erase([ONE, "m-001", "100001"], by={"asked": "counsel"})
        people = {one["person"]: one for one in here.document("roof")["people"]}
        assert set(people) == {"[erased]", TWO}
        assert {source["identity"] for source in here.document("roof")["sources"] if source["person"] == "[erased]"} == {"[erased]"}
        assert here.desk.journal.verify().ok
