"""Delta on users: rounds of pages, who is gone, what is late, replayed or left out, and tokens that are good no more."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import Json, Lab

SELECT = "$select=id,userPrincipalName,mail,employeeType,assignedPlans"


def round_of(lab: Lab, path: str) -> tuple[list[Json], str, int]:
    """Rows, the link for the next round, and how many pages they came in."""
    rows: list[Json] = []
    for number in range(1, 999):
        page = lab.get(path)
        rows += page["value"]
        if "@odata.deltaLink" in page:
            assert "@odata.nextLink" not in page
            return rows, str(page["@odata.deltaLink"]), number
        path = str(page["@odata.nextLink"])
    raise AssertionError("a round that does not end")


def test_a_round_tells_everybody_and_the_next_what_changed(lab: Lab) -> None:
    lab.switch(delta_page="7", empty_page="on")
    everybody, link, pages = round_of(lab, f"/users/delta?{SELECT}")
    assert {row["id"] for row in everybody} == {account.id for account in lab.state.alive()}
    assert pages > len(everybody) / 7
    renamed, gone = lab.someone("teacher"), lab.someone("staff")
    ident = lab.act("rename_user", user=renamed, to="new.name@harbormill.example")["user"]
    lost = lab.act("delete_user", user=gone)["user"]
    rows, link, _ = round_of(lab, link)
    assert [row["id"] for row in rows] == [ident, lost]
    assert rows[0]["userPrincipalName"] == "new.name@harbormill.example"
    assert rows[0]["assignedPlans"], "what did not change is told too"
    assert "employeeType" not in rows[0], "what was never set is not in a row"
    assert rows[1] == {"id": lost, "@removed": {"reason": "changed"}}
    assert round_of(lab, link)[0] == []


def test_links_are_opaque_and_hold_the_query(lab: Lab) -> None:
    _, link, _ = round_of(lab, f"/users/delta?{SELECT}")
    assert set(parse_qs(urlsplit(link).query)) == {"$deltatoken"}


def test_from_now_on(lab: Lab) -> None:
    rows, link, pages = round_of(lab, f"/users/delta?{SELECT}&$deltatoken=latest")
    assert (rows, pages) == ([], 1)
    ident = lab.act("rename_user", user=lab.someone("teacher"), to="new.name@harbormill.example")["user"]
    assert [row["id"] for row in round_of(lab, link)[0]] == [ident]


@pytest.mark.parametrize("option", ["$top=5", "$orderby=displayName", "$expand=manager"])
def test_what_delta_does_not_take(lab: Lab, option: str) -> None:
    answer = lab.graph("GET", f"/users/delta?{SELECT}&{option}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


def test_late_replayed_and_partial_rows(lab: Lab) -> None:
    _, link, _ = round_of(lab, f"/users/delta?{SELECT}&$deltatoken=latest")
    ident = lab.act("rename_user", user=lab.someone("teacher"), to="new.name@harbormill.example")["user"]
    lab.switch(delta_late="1")
    rows, link, _ = round_of(lab, link)
    assert rows == []
    lab.switch(delta_late="0")
    rows, link, _ = round_of(lab, link)
    assert [row["id"] for row in rows] == [ident]
    lab.switch(delta_rows="replayed,partial")
    rows, link, _ = round_of(lab, link)
    assert [set(row) for row in rows] == [{"id", "userPrincipalName"}]


def test_a_link_is_good_for_a_week(lab: Lab) -> None:
    _, link, _ = round_of(lab, f"/users/delta?{SELECT}")
    lab.advance(7 * 86_400 - 60)
    assert lab.graph("GET", link).status_code == 200
    lab.advance(120)
    answer = lab.graph("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "syncStateNotFound")
    assert "/users/delta" in answer.headers["location"]
    assert lab.graph("GET", "/users/delta?$deltatoken=old").status_code == 400


@pytest.mark.parametrize(("how", "code"), [("gone", "syncStateNotFound"), ("resync", "resyncRequired")])
def test_the_service_may_forget_at_any_time(lab: Lab, how: str, code: str) -> None:
    _, link, _ = round_of(lab, f"/users/delta?{SELECT}")
    lab.switch(delta=how)
    answer = lab.graph("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, code)
