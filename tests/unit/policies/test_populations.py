from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.duties import Selector
from policies.kinds import Kind
from policies.populations import AMBIGUOUS, INCOMPLETE_GROUP, UNREAD, resolve
from policies.resources import KindRead, ReadState
from policies.roster import AccountState, Group, Identity, OrgUnit, Roster, Site

COMPLETE = tuple(
    KindRead(kind=kind, state=ReadState.COMPLETE, count=1) for kind in (Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT, Kind.M365_SITE)
)


def person(number: int, unit: str, state: AccountState = AccountState.ACTIVE, alias: str = "") -> Identity:
    return Identity(
        tenant="google",
        vendor_id=f"id{number}",
        address=f"P{number}@d.example",
        aliases=frozenset({alias} if alias else ()),
        org_unit=unit,
        state=state,
    )


def group(number: int, name: str, members: set[str], *, complete: bool = True) -> Group:
    return Group(tenant="google", vendor_id=f"g{number}", address=f"g{number}@d.example", name=name, members=frozenset(members), complete=complete)


ROSTER = Roster(
    tenant="google",
    at=datetime(2026, 1, 5, tzinfo=UTC),
    identities=(
        person(1, "/Staff"),
        person(2, "/Staff/Administration", alias="Head@d.example"),
        person(3, "/Students/Elm"),
        person(4, "/Staff", AccountState.SUSPENDED),
        person(5, "/Staff", AccountState.DELETED),
        person(6, "/Staffing"),
    ),
    groups=(
        group(1, "Board", {"id1", "id3", "id5"}),
        group(2, "Twins", {"id1"}),
        group(3, "Twins", {"id2"}),
        group(4, "Half", {"id2"}, complete=False),
    ),
    org_units=(OrgUnit(tenant="google", vendor_id="ou0", path="/"), OrgUnit(tenant="google", vendor_id="ou9", path="/Empty")),
    sites=(Site(tenant="google", vendor_id="s1", url="https://x.example/sites/One", name="One"),),
    reads=COMPLETE,
)


@pytest.mark.parametrize(
    ("selector", "ids", "missing"),
    [
        (Selector(all_users=True), {"id1", "id2", "id3", "id4", "id6"}, ()),
        (Selector(org_units=("/Staff",)), {"id1", "id2", "id4"}, ()),
        (Selector(org_units=("/staff/",)), {"id1", "id2", "id4"}, ()),
        (Selector(org_units=("/",)), {"id1", "id2", "id3", "id4", "id6"}, ()),
        (Selector(org_units=("/Empty",)), set(), ()),
        (Selector(org_units=("/Nowhere",)), set(), ("/Nowhere",)),
        (Selector(users=("head@D.example", "gone@d.example")), {"id2"}, ("gone@d.example",)),
        (Selector(users=("p5@d.example",)), set(), ("p5@d.example",)),
        (Selector(groups=("G1@d.example",)), {"id1", "id3"}, ()),
        (Selector(groups=("g2",)), {"id1"}, ()),
        (Selector(groups=("name:Board",)), {"id1", "id3"}, ()),
        (Selector(groups=("name:board",)), set(), ("name:board",)),
        (Selector(org_units=("/Staff",), users=("p3@d.example",)), {"id1", "id2", "id3", "id4"}, ()),
        (Selector(all_users=True, except_=Selector(org_units=("/Students",), groups=("g2",))), {"id2", "id4", "id6"}, ()),
    ],
)
def test_each_form_of_selector(selector: Selector, ids: set[str], missing: tuple[str, ...]) -> None:
    found = resolve(selector, ROSTER)
    assert {identity.vendor_id for identity in found.identities} == ids
    assert found.missing == missing
    assert found.unknown_reason is None
    assert found.empty is (not ids)


def test_sites_are_compared_without_case_and_trailing_slash() -> None:
    found = resolve(Selector(sites=("HTTPS://x.example/sites/one/", "https://x.example/sites/two")), ROSTER)
    assert found.sites == ("https://x.example/sites/One",)
    assert found.missing == ("https://x.example/sites/two",)
    assert not found.empty


def test_a_name_that_two_groups_answer_to_is_a_question() -> None:
    found = resolve(Selector(groups=("name:Twins",)), ROSTER)
    assert found.unknown_reason == AMBIGUOUS
    assert not found.identities


def test_a_group_half_read_gives_what_is_sure_and_says_so() -> None:
    found = resolve(Selector(groups=("g4",)), ROSTER)
    assert found.unknown_reason == f"{INCOMPLETE_GROUP}: g4@d.example"
    assert {identity.vendor_id for identity in found.identities} == {"id2"}


def test_an_exception_that_cannot_be_resolved_makes_the_whole_unknown() -> None:
    found = resolve(Selector(all_users=True, except_=Selector(groups=("name:Twins",))), ROSTER)
    assert found.unknown_reason == AMBIGUOUS


@pytest.mark.parametrize("state", [ReadState.PARTIAL, ReadState.FAILED, ReadState.UNPROVEN])
def test_an_incomplete_read_is_never_absence(state: ReadState) -> None:
    reads = (KindRead(kind=Kind.GOOGLE_USER, state=state, count=None, reason="google.permission_denied"), *COMPLETE[1:])
    found = resolve(Selector(users=("gone@d.example",)), Roster(tenant="google", at=ROSTER.at, identities=(), reads=reads))
    assert found.unknown_reason == f"{UNREAD}: google.user google.permission_denied"
    assert found.missing == ()
    assert not found.empty


def test_a_roster_that_does_not_say_how_it_was_read_is_unread() -> None:
    assert resolve(Selector(all_users=True), Roster(tenant="google", at=ROSTER.at, identities=())).unknown_reason == UNREAD
