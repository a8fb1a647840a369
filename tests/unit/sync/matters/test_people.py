"""Who is meant: joined by address, alias or employee number across tenants, never by name; two candidates are a question that holds nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies.duties import Carrier, Disposition, Duty, Population, Selector
from policies.effects import Clock
from policies.kinds import Kind, Platform, Workload
from policies.resources import Because, ReadState
from policies.roster import AccountState, Group, Identity, Roster
from sync.matters.model import Account, PersonCode, Presence
from sync.matters.resolve import Asked, Directory, Found, find
from tests.unit.sync.matters.world import HOUR, google, m365, order, roster, scene

ONE, TWO = "person1@d.example", "person2@d.example"


def found(asked: Asked, left: Roster, right: Roster) -> Found:
    return find(asked, Directory({"m365": left, "google": right}))


def ids(answer: Found) -> set[str]:
    return {one.vendor_id for one in answer.identities}


@pytest.mark.parametrize(
    ("left", "right", "why"),
    [
        (m365(1, employee_id=None), google(1, employee_id=None), "the primary address is equal"),
        (m365(1, employee_id=None), google(1, address="other@d.example", aliases=frozenset({"P1@D.example"}), employee_id=None), "aliases meet"),
        (m365(1, employee_id=" e7 "), google(1, address="other@d.example", employee_id="E7"), "the employee number is equal"),
    ],
)
def test_accounts_of_one_person_are_joined(left: Identity, right: Identity, why: str) -> None:
    assert ids(found(Asked(address=ONE), roster("m365", left), roster("google", right))) == {left.vendor_id, right.vendor_id}, why


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (m365(1, name="Ada North", employee_id=None), google(1, address="ada.n@d.example", name="Ada North", employee_id=None)),
        (m365(1, employee_id=None), google(1, address="person1@other.example", employee_id=None)),
        (m365(1, employee_id=""), google(1, address="x@d.example", employee_id="")),
    ],
)
def test_nothing_else_joins(left: Identity, right: Identity) -> None:
    answer = found(Asked(address=ONE), roster("m365", left), roster("google", right))
    assert ids(answer) == {left.vendor_id}
    assert answer.answers["google"].presence is Presence.ABSENT


def test_two_accounts_of_one_tenant_are_a_question_and_nobody_is_chosen() -> None:
    twins = roster("google", google(1, address="a@d.example"), google(1, vendor_id="9", address="b@d.example"))
    answer = found(Asked(address=ONE), roster("m365", m365(1)), twins)
    assert answer.question
    assert answer.identities == ()
    assert answer.candidates == ("google:a@d.example", "google:b@d.example", "m365:person1@d.example")
    both = found(Asked(address=ONE, both=True), roster("m365", m365(1)), twins)
    assert ids(both) == {"m-001", "100001", "9"}


def test_candidates_that_read_the_same_are_told_apart() -> None:
    twins = roster("google", google(1), google(1, vendor_id="9", state=AccountState.DELETED))
    answer = found(Asked(address=ONE), roster("m365"), twins)
    assert answer.candidates == ("google:person1@d.example#100001", "google:person1@d.example#9")


def test_also_names_the_account_and_ends_the_question() -> None:
    twins = roster("google", google(1, address="a@d.example"), google(1, vendor_id="9", address="b@d.example"))
    answer = found(Asked(address=ONE, also=("b@d.example",)), roster("m365", m365(1)), twins)
    assert not answer.question
    assert ids(answer) == {"m-001", "9"}


def test_a_known_account_is_found_by_its_id_whatever_it_is_called_and_its_old_address_means_nobody_else() -> None:
    renamed = google(1, address="new.name@d.example", employee_id=None, org_unit="/Left")
    newcomer = google(2, address=ONE, employee_id=None)
    known = Asked(address=ONE, accounts=(Account(tenant="google", vendor_id="100001", address=ONE, org_unit="/Staff"),))
    answer = found(known, roster("m365"), roster("google", renamed, newcomer))
    assert ids(answer) == {"100001"}
    assert set(answer.answers["google"].codes) == {PersonCode.RENAMED, PersonCode.MOVED}


def test_an_account_that_is_gone_from_a_whole_list_is_deleted_and_from_a_half_one_unread() -> None:
    known = Asked(address=ONE, accounts=(Account(tenant="google", vendor_id="100001", address=ONE),))
    whole = found(known, roster("m365"), roster("google", google(2)))
    assert whole.answers["google"].codes == (PersonCode.DELETED,)
    half = found(known, roster("m365"), roster("google", google(2), people=ReadState.PARTIAL))
    assert half.answers["google"].presence is Presence.UNREAD
    assert half.answers["google"].codes == ()


def test_a_tenant_that_was_not_read_is_not_asked_and_its_known_accounts_still_join() -> None:
    known = Asked(address="x@d.example", accounts=(Account(tenant="m365", vendor_id="m-001", address="x@d.example", employee_id="E1"),))
    answer = find(known, Directory({"google": roster("google", google(1))}))
    assert ids(answer) == {"100001"}
    assert set(answer.answers) == {"google"}


@pytest.mark.parametrize(("state", "code"), [(AccountState.SUSPENDED, PersonCode.SUSPENDED), (AccountState.ARCHIVED, PersonCode.ARCHIVED)])
def test_suspended_and_archived_people_are_held_and_said(tmp_path: Path, state: AccountState, code: PersonCode) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1, state=state))) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        assert here.people("roof") == {ONE: ("held", code.value)}


def test_a_question_is_held_for_nobody_until_both_are_meant_and_the_others_go_ahead(tmp_path: Path) -> None:
    twins = roster("google", google(1, address="a@d.example"), google(1, vendor_id="9", address="b@d.example"), google(2))
    with scene(tmp_path, roster("m365", m365(1), m365(2)), twins) as here:
        here.lane.open(order(ONE, TWO))
        here.hold()
        assert here.people("roof")[ONE] == ("question", "person.ambiguous")
        assert {person for person, _, _ in here.sources("roof")} == {TWO}
        assert here.lane.facts("roof").open_questions == 1
        again = here.lane.open(order(ONE, TWO), both=True)
        assert not again.unchanged
        here.hold()
        assert {(person, tenant) for person, tenant, _ in here.sources("roof")} == {(ONE, "m365"), (ONE, "google"), (TWO, "m365"), (TWO, "google")}
        assert len([1 for person, tenant, source in here.sources("roof") if (person, tenant) == (ONE, "google")]) == 3
        assert len([one for one in here.document("roof")["sources"] if (one["person"], one["tenant"], one["source"]) == (ONE, "google", "mail")]) == 2
        assert here.lane.facts("roof").open_questions == 0


def test_nobody_of_that_address_and_one_in_one_tenant_alone(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(2))) as here:
        here.lane.open(order(ONE, "nobody@d.example"))
        here.until_in_force()
        assert here.people("roof") == {ONE: ("held", "person.one_tenant"), "nobody@d.example": ("not_held", "person.not_found")}
        nobody = next(one for one in here.document("roof")["people"] if one["person"] == "nobody@d.example")
        assert nobody["absent_from"] == ["google", "m365"]
        assert here.lane.facts("roof").open_questions == 1
        assert here.document("roof")["matter"]["state"] == "partly_held"


def test_a_deleted_account_holds_what_still_has_a_place(tmp_path: Path) -> None:
    site = "https://d-my.sharepoint.com/personal/person1"
    nothing_left = frozenset({Workload.MAIL, Workload.ARCHIVE})
    gone = m365(1, state=AccountState.DELETED, containers={Workload.DRIVE: site}, without=nothing_left)
    with scene(tmp_path, roster("m365", gone, m365(3)), roster("google", google(2, state=AccountState.DELETED), google(3))) as here:
        here.lane.open(order(ONE, TWO))
        here.until_in_force()
        assert here.sources("roof") == {(ONE, "m365", "drive"): "verified", (ONE, "m365", "mail"): "failed", (ONE, "m365", "archive"): "failed"}
        assert here.people("roof") == {ONE: ("held", "person.deleted"), TWO: ("not_held", "person.deleted")}
        assert here.lane.facts("roof").open_questions == 1, "deleted with nothing to hold needs an answer; deleted with a site held does not"


def test_a_place_that_does_not_exist_yet_is_held_once_it_does(tmp_path: Path) -> None:
    without = m365(1, containers={Workload.MAIL: ONE}, without=frozenset({Workload.DRIVE}))
    with scene(tmp_path, roster("m365", without), roster("google", google(1))) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        assert here.people("roof") == {ONE: ("held", "person.no_container")}
        assert here.sources("roof")[ONE, "m365", "drive"] == "failed"
        here.worlds["m365"].roster = roster("m365", m365(1))
        here.until_in_force()
        assert here.people("roof") == {ONE: ("held", None)}
        assert here.sources("roof")[ONE, "m365", "drive"] == "verified"


def test_somebody_renamed_stays_on_hold(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        here.worlds["google"].roster = roster("google", google(1, address="new.name@d.example"), google(2, address=ONE))
        here.later(HOUR)
        assert here.people("roof") == {ONE: ("held", "person.renamed")}
        assert {one.identity for one in here.lane.find("roof").sources if one.tenant == "google"} == {"100001"}


STAFF = Group(tenant="m365", vendor_id="g-1", address="staff@d.example", name="All staff", members=frozenset({"m-001", "m-002"}))
HIGH = Group(tenant="google", vendor_id="g-2", address="high@d.example", name="High School", members=frozenset({"100001"}))


def test_a_group_is_its_members_of_the_day_and_a_new_order_adds_those_who_came(tmp_path: Path) -> None:
    left = roster("m365", m365(1), m365(2), m365(3), groups=(STAFF,))
    with scene(tmp_path, left, roster("google", google(1), google(2), google(3))) as here:
        here.lane.open(order(people=[{"group": "Staff@d.example"}]), sha256="11" * 32)
        here.hold()
        assert set(here.people("roof")) == {ONE, TWO}
        grown = Group(tenant="m365", vendor_id="g-1", address="staff@d.example", name="All staff", members=frozenset({"m-002", "m-003"}))
        here.worlds["m365"].roster = roster("m365", m365(1), m365(2), m365(3), groups=(grown,))
        here.later(HOUR)
        assert set(here.people("roof")) == {ONE, TWO}, "of the day of the order"
        here.lane.open(order(people=[{"group": "staff@d.example"}]), sha256="22" * 32)
        here.later(HOUR)
        assert set(here.people("roof")) == {ONE, TWO, "person3@d.example"}, "nobody leaves because somebody left the group"


def test_a_school_is_a_group_or_unit_of_that_name(tmp_path: Path) -> None:
    right = roster("google", google(1), google(2, org_unit="/Staff/High School/Office"), google(3), groups=(HIGH,), units=("/Staff/High School",))
    with scene(tmp_path, roster("m365", m365(1), m365(2)), right) as here:
        here.lane.open(order(people=[{"school": "high school"}]))
        here.hold()
        assert set(here.people("roof")) == {ONE, TWO}


def test_a_role_is_a_population_of_the_policy(tmp_path: Path) -> None:
    population = Population(id="board", selectors={Platform.GOOGLE_WORKSPACE: Selector(org_units=("/Board",))})
    duty = Duty(
        line="R1", series="COR-02", title="Letters", population=population, workload=Workload.MAIL, carrier=Carrier.POLICY, term=730,
        clock=Clock.CREATED, event=None, disposition=Disposition.REVIEW, citation=None, because=Because(line="R1"),
    )
    right = roster("google", google(1, org_unit="/Board"), google(2), units=("/Board",))
    with scene(tmp_path, roster("m365", m365(1)), right, duties=(duty,)) as here:
        here.lane.open(order(people=[{"role": "board"}, {"role": "nobody"}]))
        here.hold()
        assert here.people("roof") == {ONE: ("not_held", None), "role:nobody": ("not_held", "person.not_found")}
        assert here.lane.facts("roof").open_questions == 1


def test_two_groups_of_one_name_are_a_question(tmp_path: Path) -> None:
    twin = Group(tenant="m365", vendor_id="g-9", address="staff2@d.example", name="All staff", members=frozenset({"m-002"}))
    with scene(tmp_path, roster("m365", m365(1), m365(2), groups=(STAFF, twin)), roster("google", google(1), google(2))) as here:
        here.lane.open(order(people=[{"group": "All staff"}]))
        here.hold()
        assert here.people("roof") == {"group:All staff": ("question", "person.ambiguous")}
        assert here.sources("roof") == {}
        here.lane.open(order(people=[{"group": "All staff"}]), both=True)
        here.hold()
        assert set(here.people("roof")) == {ONE, TWO}


def test_a_group_that_could_not_be_followed_holds_those_who_are_sure_and_asks_again(tmp_path: Path) -> None:
    half = Group(tenant="m365", vendor_id="g-1", address="staff@d.example", name="All staff", members=frozenset({"m-001"}), complete=False)
    with scene(tmp_path, roster("m365", m365(1), m365(2), groups=(half,)), roster("google", google(1), google(2))) as here:
        here.lane.open(order(people=[{"group": "staff@d.example"}]))
        here.hold()
        assert set(here.people("roof")) == {ONE}
        assert "everybody in: group:staff@d.example" in here.document("roof")["by_hand"]
        here.worlds["m365"].roster = roster("m365", m365(1), m365(2), groups=(STAFF,))
        here.later(HOUR)
        assert set(here.people("roof")) == {ONE, TWO}


def test_a_groups_own_mailbox_is_held_only_when_named(tmp_path: Path) -> None:
    left = roster("m365", m365(1), m365(2), groups=(STAFF,))
    twin = Group(tenant="google", vendor_id="g-7", address="staff@d.example", name="Staff", members=frozenset({"100001"}))
    with scene(tmp_path, left, roster("google", google(1), google(2), groups=(twin,))) as here:
        here.console("google").make(Kind.GOOGLE_GROUP_ARCHIVE, "staff@d.example", {"group": "g-7", "archived": True, "frozen": False})
        here.lane.open(order(people=[{"group": "staff@d.example"}], sources=["mail", "group", {"site": "https://d.sharepoint.com/sites/roof"}]))
        here.until_in_force()
        states = here.sources("roof")
        assert states["staff@d.example", "m365", "group"] == "verified"
        assert states["staff@d.example", "google", "group"] == "verified"
        assert len([one for one in here.document("roof")["people"] if one["person"] == "staff@d.example"]) == 1
        assert states["https://d.sharepoint.com/sites/roof", "m365", "site"] == "verified"
        assert {source for _, _, source in states} == {"mail", "group", "site"}


def test_voice_is_held_where_licensed_and_named_sources_only_where_a_cloud_has_them(tmp_path: Path) -> None:
    services = frozenset({Workload.MAIL, Workload.DRIVE, Workload.CHAT, Workload.VOICE})
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(1, licensed_for_hold=services), google(2))) as here:
        here.lane.open(order(ONE))
        here.lane.open(order(TWO, alias="other", sources=["chat", "calendar"]))
        here.hold()
        assert {(tenant, source) for _, tenant, source in here.sources("roof")} == {
            ("m365", "mail"), ("m365", "archive"), ("m365", "drive"), ("google", "mail"), ("google", "drive"), ("google", "chat"), ("google", "voice"),
        }
        assert {(tenant, source) for _, tenant, source in here.sources("other")} == {("m365", "mail"), ("google", "chat"), ("google", "calendar")}


def test_what_is_left_of_a_deleted_account_is_unknown_until_the_platform_says_that_it_is_nothing(tmp_path: Path) -> None:
    gone = m365(1, state=AccountState.DELETED, containers={})
    with scene(tmp_path, roster("m365", gone, m365(3)), roster("google", google(3))) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        assert set(here.sources("roof").values()) == {"failed"}
        assert here.people("roof") == {ONE: ("not_held", "person.deleted")}
        assert here.lane.facts("roof").unplaced == 3
        nothing = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.DRIVE})
        here.worlds["m365"].roster = roster("m365", m365(1, state=AccountState.DELETED, containers={}, without=nothing), m365(3))
        here.later(HOUR)
        assert (here.lane.facts("roof").unplaced, here.lane.facts("roof").open_questions) == (0, 1)


def test_while_what_is_kept_of_the_gone_could_not_be_seen_nobody_is_absent(tmp_path: Path) -> None:
    unread = replace(roster("m365", m365(3)), gone_unread="admin.forbidden: Get-Mailbox is not allowed")
    with scene(tmp_path, unread, roster("google", google(1), google(3))) as here:
        here.lane.open(order(ONE))
        here.until_in_force()
        assert here.people("roof") == {ONE: ("partly", None)}
        assert here.lane.facts("roof").unasked == {"m365"}
        here.worlds["m365"].roster = replace(unread, gone_unread=None)
        here.later(HOUR)
        assert here.people("roof") == {ONE: ("held", "person.one_tenant")}
