"""A hold that somebody took away, closed, narrowed or emptied: a gap record per source before it is repaired, closed by no machine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import Lane
from policies.kinds import Kind
from policies.resources import Snapshot
from policies.roster import AccountState, Roster
from sync.bindings import Binding
from sync.registers.attestations import Statement, attest
from sync.store.bindings import Bindings
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, google, m365, order, roster, scene

ONE = "person1@d.example"


def hold_of(here: Scene, tenant: str, kind: Kind, corpus: str | None = None) -> str:
    """The vendor id of our object of that kind."""
    return next(
        thing.vendor_id for thing in here.worlds[tenant].things.values()
        if thing.kind is kind and thing.mark is not None and corpus in {None, thing.fields.get("corpus")}
    )


def held(tmp_path: Path) -> AbstractContextManager[Scene]:
    return scene(tmp_path, roster("m365", m365(1)), roster("google", google(1)))


def test_a_deleted_hold_opens_a_gap_record_and_is_made_again(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        last = here.clock.now()
        here.console("google").delete(hold_of(here, "google", Kind.GOOGLE_HOLD, "MAIL"))
        here.later(HOUR)
        [gap] = here.document("roof")["gaps"]
        assert gap["source"]["source"] == "mail"
        assert gap["last_seen_held"] == last.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert gap["first_seen_not_held"] == here.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert (gap["restored"], gap["found"]) == (None, None)
        assert gap["recoverable_until"] is None
        assert "Google" in gap["recoverable_reason"]
        assert here.document("roof")["matter"]["state"] == "partly_held"
        here.later(2 * HOUR)
        [gap] = here.document("roof")["gaps"]
        assert gap["restored"] == here.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert gap["found"] is None, "that it is held again says nothing of what was lost"
        assert here.sources("roof")[ONE, "google", "mail"] == "effective"


def test_the_gap_record_is_written_before_the_repair_leaves(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        since = here.desk.journal.head().seq
        here.console("m365").delete(hold_of(here, "m365", Kind.M365_HOLD))
        here.later(HOUR)
        entries = list(here.desk.journal.entries(since))
        gap = next(entry.seq for entry in entries if entry.kind == "matter" and "gaps" in entry.body)
        repair = next(entry.seq for entry in entries if entry.kind == "intent")
        assert gap < repair


def test_a_mailbox_is_recoverable_for_the_delay_hold_and_a_site_for_no_stated_time(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        last = here.clock.now()
        here.console("m365").delete(hold_of(here, "m365", Kind.M365_HOLD))
        here.later(HOUR)
        gaps = {gap["source"]["source"]: gap for gap in here.document("roof")["gaps"]}
        assert set(gaps) == {"mail", "archive", "drive"}
        assert gaps["mail"]["recoverable_until"] == (last + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert gaps["drive"]["recoverable_until"] is None
        assert gaps["drive"]["recoverable_reason"]


@pytest.mark.parametrize(("tenant", "container"), [("m365", Kind.M365_CASE), ("google", Kind.GOOGLE_MATTER)])
def test_a_closed_matter_is_reopened_with_a_gap_record_per_source(tmp_path: Path, tenant: str, container: Kind) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        case = hold_of(here, tenant, container)
        here.console(tenant).set(case, state="closed")
        here.later(HOUR)
        gaps = here.document("roof")["gaps"]
        assert {gap["source"]["tenant"] for gap in gaps} == {tenant}
        assert len(gaps) == 3
        assert here.worlds[tenant].things[case].fields["state"] == "open"
        for seconds in (1, 2 * HOUR, 2 * HOUR):
            here.later(seconds)
        assert all(gap["restored"] for gap in here.document("roof")["gaps"])
        assert here.document("roof")["matter"]["state"] == "held"


def test_a_member_taken_out_by_hand_is_a_gap_of_that_source_alone(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        here.console("m365").remove(hold_of(here, "m365", Kind.M365_HOLD), "site:https://d-my.sharepoint.com/personal/person1")
        here.later(HOUR)
        assert [gap["source"]["source"] for gap in here.document("roof")["gaps"]] == ["drive"]
        assert here.sources("roof")[ONE, "m365", "mail"] == "verified"


def test_terms_put_into_a_hold_make_it_smaller_than_ordered(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        here.console("m365").set(hold_of(here, "m365", Kind.M365_HOLD), query="subject:roof")
        here.later(HOUR)
        gaps = here.document("roof")["gaps"]
        assert {gap["source"]["source"] for gap in gaps} == {"mail", "archive", "drive"}


@pytest.mark.parametrize("trouble", ["failed", "partial", "roleless"])
def test_what_could_not_be_read_opens_no_gap_and_moves_no_state(tmp_path: Path, trouble: str) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        before = here.sources("roof")
        world = here.worlds["m365"]
        if trouble == "roleless":
            world.troubles.roleless.add(Kind.M365_HOLD)
        else:
            getattr(world.troubles, trouble)[Kind.M365_HOLD] = "read.cut_short"
            world.troubles.hidden.add(hold_of(here, "m365", Kind.M365_HOLD))
        here.lane.observe("m365", *_look(here))
        assert here.sources("roof") == before
        assert here.document("roof")["gaps"] == []


def _look(here: Scene) -> tuple[Snapshot, Mapping[str, Binding], Roster]:
    door = here.desk.door("m365")
    reader = door.reader(Lane.HOLD)
    snapshot = reader.snapshot(frozenset({Kind.M365_CASE, Kind.M365_HOLD}))
    return snapshot, Bindings(here.store).of("m365"), reader.roster()


def test_a_licence_taken_away_is_failed_and_on_google_a_gap(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        here.worlds["google"].roster = roster("google", google(1, licensed_for_hold=frozenset()))
        here.later(HOUR)
        assert here.people("roof")[ONE] == ("partly", "person.not_licensed")
        assert {gap["source"]["tenant"] for gap in here.document("roof")["gaps"]} == {"google"}
        assert here.sources("roof")[ONE, "google", "mail"] == "failed"


def test_licences_that_could_not_be_read_take_nobody_s_protection_away(tmp_path: Path) -> None:
    """Unknown is not absent: no source fails and no gap is opened because a list of licences did not come."""
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        before = here.sources("roof")
        here.worlds["google"].roster = roster("google", google(1, licensed_for_hold=frozenset(), licences_unknown=True))
        here.later(HOUR)
        assert here.sources("roof") == before
        assert here.document("roof")["gaps"] == []


def test_somebody_without_a_licence_is_ordered_and_never_effective(tmp_path: Path) -> None:
    unlicensed = google(1, licensed_for_hold=frozenset())
    with scene(tmp_path, roster("m365", m365(1)), roster("google", unlicensed)) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        hold = here.worlds["google"].things[hold_of(here, "google", Kind.GOOGLE_HOLD, "MAIL")]
        assert "account:100001" in hold.members
        source = next(one for one in here.document("roof")["sources"] if (one["tenant"], one["source"]) == ("google", "mail"))
        assert (source["state"], source["error"], source["times"]["effective"]) == ("failed", "person.not_licensed", None)
        assert here.people("roof")[ONE] == ("partly", "person.not_licensed")
        assert here.document("roof")["gaps"] == []


def test_a_google_account_that_is_deleted_under_hold_is_said_at_once(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        here.worlds["google"].roster = roster("google", google(1, state=AccountState.DELETED), google(2))
        here.later(HOUR)
        assert here.people("roof")[ONE] == ("partly", "person.deleted")
        since = here.document("roof")["people"][0]["since"]
        assert since["earliest"] < since["latest"]


def test_an_officer_closes_a_gap_record_with_what_was_found(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        here.console("google").delete(hold_of(here, "google", Kind.GOOGLE_HOLD, "MAIL"))
        here.later(HOUR)
        [gap] = here.document("roof")["gaps"]
        statement = Statement(subject=f"gap/{gap['id']}", until=here.clock.now() + timedelta(days=365))
        attest(here.desk.journal, here.store, here.clock, CUSTODIAN, statement)
        [gap] = here.document("roof")["gaps"]
        assert gap["found"]["officer"] == "custodian"


def test_the_cause_is_what_the_log_shows_and_stands_sealed(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        here.worlds["google"].log_seconds = 0
        here.console("google").delete(hold_of(here, "google", Kind.GOOGLE_HOLD, "MAIL"))
        here.later(HOUR)
        [gap] = here.document("roof")["gaps"]
        assert gap["cause"]["actor"] == "admin@district.example"
        assert set(gap["cause"]) == {"actor", "at", "event"}
        assert all("admin@district.example" not in str(entry.body) for entry in here.desk.journal.entries() if entry.kind == "matter")


def test_paper_is_secured_by_an_attestation(tmp_path: Path) -> None:
    with held(tmp_path) as here:
        here.lane.open(order(ONE, paper=[{"what": "minutes", "where": "safe"}]))
        here.until_in_force()
        [paper] = here.document("roof")["paper"]
        attest(here.desk.journal, here.store, here.clock, CUSTODIAN,
               Statement(subject=f"paper/{paper['id']}", until=here.clock.now() + timedelta(days=90)))
        here.later(60)
        assert here.document("roof")["paper"][0]["state"] == "attested"
        assert here.document("roof")["matter"]["state"] == "held"
