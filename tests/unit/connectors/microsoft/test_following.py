"""Everybody brought up to date by delta: what it spares, and that whatever is odd about it leads to the whole list and never to a smaller roster."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from connectors.following import KeptPeople, Trail
from connectors.microsoft365.graph import Call, Listing
from connectors.microsoft365.reader import Microsoft365Reader
from policies.kinds import Kind
from policies.resources import ReadState
from policies.roster import AccountState, Identity, Roster
from sandbox.faults import FOREIGN
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import Bench

WHOLE, DELTA, DELETED = "GET /users", "GET /users/delta", "GET /directory/deletedItems/microsoft.graph.user"


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant of more than one page, without the thousand people that this takes."""
    monkeypatch.setattr("connectors.microsoft365.everybody.PAGE", 10)


def looked(bench: Bench, kept: KeptPeople | None) -> tuple[Roster, Trail | None, Counter[str]]:
    """What a look finds that begins from ``kept``, and the requests about people that it made."""
    before = len(bench.world.exchanges)
    reader: Microsoft365Reader = bench.reader()
    if kept is not None:
        reader.follow(kept)
    reader.examine()
    roster = reader.roster()
    asked = Counter(one.operation for one in bench.world.exchanges[before:] if "users" in one.path or "deletedItems" in one.path)
    return roster, reader.trail(), asked


def left(bench: Bench) -> KeptPeople:
    """Everybody as a whole read leaves them."""
    roster, trail, asked = looked(bench, KeptPeople(count=99))
    assert trail is not None
    assert asked == {WHOLE: 1, DELTA: 1, DELETED: 1}
    assert trail.whole_at == bench.clock.now()
    return KeptPeople(count=len(roster.identities), people=roster.identities, trail=trail)


def by_id(roster: Roster) -> dict[str, Identity]:
    found = {one.vendor_id: one for one in roster.identities}
    assert len(found) == len(roster.identities), "somebody is there twice"
    return found


def whole(bench: Bench) -> dict[str, Identity]:
    """Everybody as they are, asked for without any memory."""
    return by_id(bench.reader().roster())


def test_with_nothing_changed_one_request_tells_so(bench: Bench) -> None:
    kept = left(bench)
    bench.advance(600)
    roster, trail, asked = looked(bench, kept)
    assert asked == {DELTA: 1, DELETED: 1}
    assert by_id(roster) == whole(bench)
    assert {read.kind: read.state for read in roster.reads}[Kind.M365_USER] is ReadState.COMPLETE
    assert trail is not None
    assert (trail.whole_at, trail.cursor != kept.trail.cursor if kept.trail else False) == (kept.trail.whole_at if kept.trail else None, True)


def test_who_came_changed_went_and_came_back_is_as_the_whole_list_says(bench: Bench) -> None:
    bench.act("delete_user", user=bench.people("staff", 1)[0])
    kept = left(bench)
    renamed, stopped, gone = bench.people("teacher", 3)
    bench.act("rename_user", user=renamed, to=f"new.name@{bench.tenant.domain}")
    bench.act("suspend_user", user=stopped)
    bench.act("delete_user", user=gone)
    roster, trail, asked = looked(bench, kept)
    assert asked[WHOLE] == 0
    assert by_id(roster) == whole(bench)
    assert {one.state for one in roster.identities} == {AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.DELETED}
    state = tenant_of(bench.world)
    back = next(one for one in state.accounts.values() if one.upn == gone)
    back.deleted = None
    state.enter(back)
    bench.act("restore_user", user=stopped)
    bench.act("remove_licence", user=bench.people("staff", 1)[0])
    again, trail, asked = looked(bench, replace(kept, people=roster.identities, trail=trail))
    assert asked[WHOLE] == 0
    assert by_id(again) == whole(bench)
    purged = next(one for one in again.identities if one.state is AccountState.DELETED)
    bench.act("purge_user", user=purged.vendor_id)
    last, _, _ = looked(bench, replace(kept, people=again.identities, trail=trail))
    assert by_id(last) == whole(bench)
    assert purged.vendor_id not in by_id(last)


@pytest.mark.parametrize("switches", [{"delta": "gone"}, {"delta": "resync"}])
def test_a_cursor_that_the_service_forgot_leads_to_the_whole_list(bench: Bench, switches: dict[str, str]) -> None:
    kept = left(bench)
    bench.switch(**switches)
    bench.act("suspend_user", user=bench.people("teacher", 1)[0])
    roster, _, asked = looked(bench, kept)
    assert asked[WHOLE] == 1
    bench.switch(delta="")
    assert by_id(roster) == whole(bench)


def test_a_week_later_everybody_is_read_anew_and_left_again(bench: Bench) -> None:
    kept = left(bench)
    bench.advance(8 * 86_400)
    _, trail, asked = looked(bench, kept)
    assert asked == {DELTA: 2, WHOLE: 1, DELETED: 1}
    assert trail is not None
    assert trail.whole_at == bench.clock.now()


@pytest.mark.parametrize("kind", ["status", "html", "truncated", "reset"])
def test_a_round_that_goes_wrong_never_shrinks_the_roster(bench: Bench, kind: str) -> None:
    kept = left(bench)
    bench.act("suspend_user", user=bench.people("teacher", 1)[0])
    bench.fault("graph", DELTA, kind=kind, times=4)
    roster, _, asked = looked(bench, kept)
    assert asked[WHOLE] == 1
    assert by_id(roster) == whole(bench)


def test_a_round_of_which_a_page_is_lost_is_not_used_by_half(bench: Bench) -> None:
    kept = left(bench)
    bench.switch(delta_page="1")
    for address in bench.people("teacher", 3):
        bench.act("suspend_user", user=address)
    bench.fault("graph", DELTA, nth=2, times=4)
    roster, _, asked = looked(bench, kept)
    assert asked[WHOLE] == 1
    assert by_id(roster) == whole(bench)
    bench.world.faults.clear()
    roster, _, asked = looked(bench, kept)
    assert asked[WHOLE] == 0
    assert by_id(roster) == whole(bench)


@pytest.mark.parametrize("link", ["@odata.nextLink", "@odata.deltaLink"])
def test_a_link_that_leads_away_is_not_followed_and_not_kept(bench: Bench, link: str) -> None:
    kept = left(bench)
    bench.fault("graph", DELTA, status=200, body=json.dumps({"value": [], link: FOREIGN}).encode(), times=2)
    _, trail, asked = looked(bench, kept)
    assert asked[WHOLE] == 1
    assert trail is None


@pytest.mark.parametrize(
    "cursor",
    ["", "{}", "[]", "no json", json.dumps({"tells": ["id"], "link": "x"}), json.dumps({"link": FOREIGN})],
)
def test_a_cursor_that_is_not_ours_is_not_sent(bench: Bench, cursor: str) -> None:
    kept = left(bench)
    assert kept.trail is not None
    roster, _, asked = looked(bench, replace(kept, trail=replace(kept.trail, cursor=cursor)))
    assert asked == {WHOLE: 1, DELTA: 1, DELETED: 1}
    assert by_id(roster) == whole(bench)


def test_a_cursor_of_another_endpoint_is_not_sent(bench: Bench) -> None:
    kept = left(bench)
    assert kept.trail is not None
    moved = kept.trail.cursor.replace("/graph/", "/elsewhere/")
    assert moved != kept.trail.cursor
    _, _, asked = looked(bench, replace(kept, trail=replace(kept.trail, cursor=moved)))
    assert asked[WHOLE] == 1
    assert bench.meter.spent["graph"]["GET"] == len(bench.asked("graph")), "something was sent elsewhere"


def test_a_cursor_that_tells_other_things_is_not_sent(bench: Bench) -> None:
    kept = left(bench)
    assert kept.trail is not None
    other = json.dumps({**json.loads(kept.trail.cursor), "tells": ["id", "mail"]})
    _, _, asked = looked(bench, replace(kept, trail=replace(kept.trail, cursor=other)))
    assert asked == {WHOLE: 1, DELTA: 1, DELETED: 1}


def test_half_a_row_is_read_again_and_many_lead_to_the_whole_list(bench: Bench) -> None:
    kept = left(bench)
    bench.switch(delta_rows="partial")
    people = bench.people("teacher", 3) + bench.people("staff", 3)
    bench.act("suspend_user", user=people[0])
    roster, trail, asked = looked(bench, kept)
    assert asked == {DELTA: 1, "GET /users/{user}": 1, DELETED: 1}
    assert by_id(roster) == whole(bench)
    for address in people[1:]:
        bench.act("rename_user", user=address, to=f"x.{address}")
    kept = replace(kept, people=roster.identities, trail=trail, count=20)
    roster, _, asked = looked(bench, kept)
    assert (asked[WHOLE], asked["GET /users/{user}"]) == (1, 0)
    assert by_id(roster) == whole(bench)


def test_what_is_told_twice_changes_nothing_and_what_comes_late_comes(bench: Bench) -> None:
    kept = left(bench)
    first, second = bench.people("teacher", 2)
    bench.act("suspend_user", user=first)
    bench.act("suspend_user", user=second)
    bench.switch(delta_late="1")
    roster, trail, _ = looked(bench, kept)
    assert by_id(roster) != whole(bench)
    bench.switch(delta_late="0", delta_rows="replayed")
    roster, _, asked = looked(bench, replace(kept, people=roster.identities, trail=trail))
    assert asked[WHOLE] == 0
    assert by_id(roster) == whole(bench)


def test_who_is_gone_and_not_yet_among_the_deleted_is_deleted_and_not_nobody(bench: Bench) -> None:
    kept = left(bench)
    gone = bench.people("teacher", 1)[0]
    ident = next(one.vendor_id for one in kept.people if one.address == gone)
    bench.act("delete_user", user=gone)
    bench.fault("graph", DELETED, status=200, body=b'{"value": []}', times=2)
    roster, trail, _ = looked(bench, kept)
    assert by_id(roster)[ident].state is AccountState.DELETED
    roster, trail, _ = looked(bench, replace(kept, people=roster.identities, trail=trail))
    assert by_id(roster)[ident].state is AccountState.DELETED, "forgotten at the second look"
    roster, _, _ = looked(bench, replace(kept, people=roster.identities, trail=trail))
    assert by_id(roster) == whole(bench)


def test_who_is_among_the_deleted_no_more_is_gone_before_a_round_says_so(bench: Bench) -> None:
    bench.act("delete_user", user=bench.people("teacher", 1)[0])
    kept = left(bench)
    deleted = next(one for one in kept.people if one.state is AccountState.DELETED)
    bench.switch(delta_late="9")
    bench.act("purge_user", user=deleted.vendor_id)
    roster, _, _ = looked(bench, kept)
    assert by_id(roster) == whole(bench)


def test_a_change_while_everybody_is_read_is_told_by_the_next_round(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    late = bench.people("teacher", 1)[0]
    reader = bench.reader()
    reader.follow(KeptPeople(count=99))
    rows = reader._access.graph.rows

    def slow(call: Call, *, link: str | None = None) -> Listing:
        found = rows(call, link=link)
        if call.path == "/users":
            bench.act("suspend_user", user=late)
        return found

    monkeypatch.setattr(reader._access.graph, "rows", slow)
    roster, trail = reader.roster(), reader.trail()
    again, _, asked = looked(bench, KeptPeople(count=99, people=roster.identities, trail=trail))
    assert asked[WHOLE] == 0
    assert by_id(again) == whole(bench)


def test_a_list_that_was_not_whole_leaves_no_trail(bench: Bench) -> None:
    bench.fault("graph", "GET /subscribedSkus", times=99)
    _, trail, _ = looked(bench, KeptPeople(count=99))
    assert trail is None


def test_where_one_page_holds_everybody_delta_is_not_asked(bench: Bench) -> None:
    for kept in (None, KeptPeople(count=3)):
        _, trail, asked = looked(bench, kept)
        assert (trail, asked) == (None, {WHOLE: 1, DELETED: 1})


def test_a_service_without_delta_costs_nothing_but_the_question(bench: Bench) -> None:
    bench.fault("graph", DELTA, status=400, times=9)
    roster, trail, asked = looked(bench, KeptPeople(count=99))
    assert (trail, asked) == (None, {WHOLE: 1, DELTA: 1, DELETED: 1})
    assert by_id(roster) == whole(bench)
