"""Graph's cases and holds: what the 201 says, what is true, and what an outsider sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Json, Lab

CASES = "/security/cases/ediscoveryCases"
Hold = Callable[..., tuple[str, str]]


def status(lab: Lab, hold_path: str, kind: str = "userSources") -> list[object]:
    return [row["holdStatus"] for row in lab.rows(f"{hold_path}/{kind}")]


def drive(lab: Lab, address: str) -> str:
    return str(lab.get(f"/users/{address}/drive?$select=sharePointIds")["sharePointIds"]["siteUrl"])


def error(lab: Lab, method: str, path: str, **more: Any) -> tuple[int, str, str]:
    answer = lab.graph(method, path, **more)
    found = answer.json()["error"]
    return answer.status_code, found["code"], found["message"]


def test_cases_are_listed_with_the_automatic_one(lab: Lab) -> None:
    rows = lab.rows(CASES)
    assert {row["displayName"] for row in rows} == {"Content Search", "District visibility check case"}
    assert all(row["status"] == "active" and row["closedDateTime"] is None for row in rows)


def test_a_case_is_made_once_per_name(lab: Lab) -> None:
    body = {"displayName": "Matter 7", "externalId": "[x:7]", "description": ""}
    made = lab.graph("POST", CASES, json=body)
    assert made.status_code == 201
    assert lab.get(f"{CASES}/{made.json()['id']}")["externalId"] == "[x:7]"
    assert error(lab, "POST", CASES, json=body)[:2] == (409, "Conflict")
    assert len(lab.rows(CASES)) == 3
    assert lab.graph("PATCH", f"{CASES}/{made.json()['id']}", json={"description": "later"}).status_code == 204
    assert lab.get(f"{CASES}/{made.json()['id']}")["description"] == "later"


def test_the_201_of_a_source_says_applied_and_lies(lab: Lab, hold: Hold) -> None:
    _, path = hold()
    added = lab.graph("POST", f"{path}/userSources", json={"email": lab.someone(), "includedSources": "mailbox"}).json()
    assert added["holdStatus"] == "applied"
    assert added["createdDateTime"] == "0001-01-01T00:00:00Z"
    assert status(lab, path) == ["applying"]


def test_a_mailbox_is_in_force_after_two_minutes_and_a_site_after_five(lab: Lab, hold: Hold) -> None:
    address = lab.someone()
    _, path = hold(address, sites=(drive(lab, address),))
    lab.advance(110)
    assert status(lab, path) == ["applying"]
    lab.advance(60)
    assert (status(lab, path), status(lab, path, "siteSources")) == (["applied"], ["applying"])
    lab.advance(180)
    assert status(lab, path, "siteSources") == ["applied"]


def test_a_healthy_hold_has_a_null_status(lab: Lab, hold: Hold) -> None:
    case, path = hold(lab.someone())
    lab.advance(600)
    for row in (lab.get(path), *lab.rows(f"{case}/legalHolds")):
        assert (row["status"], row["isEnabled"], row["errors"]) == (None, True, [])
    assert lab.graph("POST", f"{case}/legalHolds", json={"displayName": "second"}).json()["status"] == "pending"


def test_the_same_source_twice_is_one(lab: Lab, hold: Hold) -> None:
    address = lab.someone()
    _, path = hold(address)
    again = lab.graph("POST", f"{path}/userSources", json={"email": address.upper(), "includedSources": "mailbox"})
    assert again.status_code == 201
    assert [row["id"] for row in lab.rows(f"{path}/userSources")] == [again.json()["id"]]


def test_unknown_and_unlicensed_places(lab: Lab, hold: Hold) -> None:
    _, path = hold()
    assert error(lab, "POST", f"{path}/userSources", json={"email": "nobody@harbormill.example"})[:2] == (400, "BadRequest")
    assert error(lab, "POST", f"{path}/userSources", json={"email": "staff@harbormill.example"})[0] == 400
    assert error(lab, "POST", f"{path}/siteSources", json={"site": {"webUrl": "https://x.example/none"}})[0] == 400
    unlicensed = next(account.upn for account in lab.state.alive() if not account.tier)
    assert lab.graph("POST", f"{path}/userSources", json={"email": unlicensed}).status_code == 201
    lab.advance(1000)
    assert status(lab, path) == ["notApplied"]
    held = lab.get(path)
    assert held["errors"] == [f"MailboxNotLicensed: {unlicensed}"]
    assert held["status"] == "error"


def test_failed_places_need_a_retry(lab: Lab, hold: Hold) -> None:
    lab.switch(hold_result="error")
    address = lab.someone()
    _, path = hold(address)
    lab.advance(1000)
    assert status(lab, path) == ["notApplied"]
    assert lab.get(path)["errors"] == [f"MailboxNotFound: {address}"]
    lab.switch(hold_result="ok")
    assert lab.graph("POST", f"{path}/retryPolicy").status_code == 204
    assert status(lab, path) == ["applying"]
    lab.advance(200)
    assert status(lab, path) == ["applied"]
    assert lab.get(path)["errors"] == []


def test_partial(lab: Lab, hold: Hold) -> None:
    lab.switch(hold_result="partial")
    _, path = hold(lab.someone())
    lab.advance(200)
    assert status(lab, path) == ["partial"]


def test_names_of_holds_are_unique_in_the_tenant(lab: Lab, hold: Hold) -> None:
    hold(name="A")
    case = lab.graph("POST", CASES, json={"displayName": "B"}).json()["id"]
    assert error(lab, "POST", f"{CASES}/{case}/legalHolds", json={"displayName": "a HOLD"})[:2] == (409, "Conflict")


def test_only_query_and_description_can_be_patched(lab: Lab, hold: Hold) -> None:
    _, path = hold()
    assert lab.graph("PATCH", path, json={"description": "new", "contentQuery": "subject:x"}).status_code == 204
    assert lab.get(path)["contentQuery"] == "subject:x"
    for body in ({"displayName": "x"}, {"isEnabled": False}):
        assert error(lab, "PATCH", path, json=body)[0] == 400


def test_switching_on_and_off_is_beta_alone(lab: Lab, hold: Hold) -> None:
    _, path = hold(lab.someone())
    lab.advance(600)
    refused = error(lab, "POST", f"{path}/disablePolicy")
    assert refused[0] == 400
    assert "segment 'disablePolicy'" in refused[2]
    assert lab.graph("POST", f"{path}/disablePolicy", version="beta").status_code == 204
    assert lab.get(path)["isEnabled"] is False
    assert status(lab, path) == ["removing"]
    lab.advance(600)
    assert status(lab, path) == ["notApplied"]
    assert lab.graph("POST", f"{path}/enablePolicy", version="beta").status_code == 204
    assert status(lab, path) == ["applying"]


def test_closing_turns_holds_off_and_reopening_leaves_them_off(lab: Lab, hold: Hold) -> None:
    address = lab.someone()
    case, path = hold(address)
    lab.advance(600)
    assert lab.graph("POST", f"{case}/close").status_code == 204
    assert lab.get(case)["status"] == "closing"
    lab.advance(60)
    closed = lab.get(case)
    assert closed["status"] == "closed"
    assert closed["closedDateTime"]
    assert lab.get(path)["isEnabled"] is False
    assert error(lab, "POST", f"{path}/userSources", json={"email": lab.someone("staff")})[2] == "The case is closed."
    assert lab.graph("POST", f"{case}/microsoft.graph.security.reopen").status_code == 204
    assert lab.get(case)["status"] == "active"
    assert lab.get(path)["isEnabled"] is False
    (mailbox,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=address)
    assert mailbox["DelayHoldApplied"] is True


def test_taking_a_source_out_and_deleting_a_hold(lab: Lab, hold: Hold) -> None:
    case, path = hold(lab.someone(), lab.someone("staff"))
    source = lab.rows(f"{path}/userSources")[0]["id"]
    assert lab.graph("DELETE", f"{path}/userSources/{source}").status_code == 204
    assert len(lab.rows(f"{path}/userSources")) == 1
    assert lab.graph("DELETE", path).status_code == 204
    assert error(lab, "GET", path)[:2] == (404, "NotFound")
    assert lab.rows(f"{case}/legalHolds") == []


def test_versions(lab: Lab, hold: Hold) -> None:
    case, _ = hold()
    lab.switch(legal_holds_v1="off")
    refused = error(lab, "GET", f"{case}/legalHolds")
    assert refused[:2] == (400, "BadRequest")
    assert refused[2] == "Resource not found for the segment 'legalHolds'."
    assert len(lab.rows(f"{case}/legalHolds", version="beta")) == 1


def test_an_unmaterialised_case_breaks_its_children(lab: Lab) -> None:
    lab.switch(case_materialise_seconds="60")
    case = lab.graph("POST", CASES, json={"displayName": "Fresh"}).json()["id"]
    assert lab.get(f"{CASES}/{case}")["displayName"] == "Fresh"
    broken = error(lab, "POST", f"{CASES}/{case}/legalHolds", json={"displayName": "h"})
    assert broken == (500, "UnknownError", f'The compliance case "{case}" doesn\'t exist. Please create the case.')
    lab.advance(60)
    assert lab.rows(f"{CASES}/{case}/legalHolds") == []


def test_a_manager_sees_its_own_cases_and_nothing_says_so(lab: Lab, hold: Hold) -> None:
    theirs = lab.act("create_case", name="Administrator's own")["case"]
    hold(name="Ours")
    assert len(lab.rows(CASES)) == 4
    lab.switch(ediscovery_manager="manager")
    # Nor the case that proves sight of all of them: the administrator made it, and the app is no member.
    assert {row["displayName"] for row in lab.rows(CASES)} == {"Ours"}
    assert error(lab, "GET", f"{CASES}/{theirs}")[0] == 404


def test_not_registered_is_401_without_a_word(lab: Lab) -> None:
    lab.switch(ediscovery_manager="not_registered")
    assert lab.graph("GET", "/security/cases").status_code == 200
    answer = lab.graph("GET", CASES)
    assert answer.status_code == 401
    assert (answer.json()["error"]["code"], answer.json()["error"]["message"]) == ("UnknownError", "")


@pytest.mark.parametrize("licence", ["A1", "A3"])
def test_holds_for_an_app_need_a5(lab: Lab, licence: str) -> None:
    lab.switch(licence=licence)
    assert error(lab, "GET", CASES) == (403, "Forbidden", "The tenant does not have a license for this operation.")


def test_permissions(lab: Lab, hold: Hold) -> None:
    _, path = hold()
    lab.switch(missing_roles="eDiscovery.ReadWrite.All")
    # The permission table marks Read.All sufficient for writes (M§3.3); retryPolicy alone is stricter.
    assert lab.graph("PATCH", path, json={"description": "x"}).status_code == 204
    assert error(lab, "POST", f"{path}/retryPolicy")[:2] == (403, "Forbidden")
    lab.switch(missing_roles="eDiscovery.ReadWrite.All,eDiscovery.Read.All")
    assert error(lab, "GET", CASES)[:2] == (403, "Forbidden")


def test_an_inactive_mailbox_is_addressed_by_a_period_and_shadows_its_twin(lab: Lab, hold: Hold) -> None:
    _, path = hold(".wystan.formerly@harbormill.example")
    (row,) = lab.rows(f"{path}/userSources")
    assert row["id"] == "00000000-0000-0000-0000-000000000000.wystan.formerly@harbormill.example"
    lab.advance(200)
    assert status(lab, path) == ["applied"]
    # The address is given to somebody else: both rows appear.
    lab.act("rename_user", user=lab.someone("staff"), to="wystan.formerly@harbormill.example")
    _, other = hold("wystan.formerly@harbormill.example", name="Matter 2")
    names = [row["displayName"] for row in lab.rows(f"{other}/userSources")]
    assert len(names) == 2
    assert ".wystan.formerly@harbormill.example" in names


def test_shapes_measured_elsewhere(lab: Lab, hold: Hold) -> None:
    address = lab.someone()
    case, path = hold(address, sites=(drive(lab, address),))
    held = lab.get(path)
    assert held["createdBy"] == {"application": None, "user": {"id": "Records application", "displayName": None}}
    (user,) = lab.rows(f"{path}/userSources")
    assert user["createdBy"] == {"application": None, "user": {"id": None, "displayName": "Records application"}}
    assert (user["email"], user["includedSources"]) == (address, "mailbox")
    (site,) = lab.rows(f"{path}/siteSources")
    assert site["site"]["webUrl"] == drive(lab, address)
    jobs: list[Json] = lab.rows(f"{case}/operations")
    assert {(job["action"], job["createdBy"]) for job in jobs} == {("holdPolicySync", None)}
    assert jobs[0]["status"] == "running"
    lab.advance(600)
    assert lab.rows(f"{case}/operations")[0]["status"] == "succeeded"
    assert lab.rows(f"{case}/custodians") == []
    assert error(lab, "GET", f"{path}/unifiedGroupSources")[0] == 400
    assert error(lab, "GET", f"{case}/caseMembers")[0] == 401


def test_a_microsoft_365_group_is_a_mailbox_and_a_distribution_group_is_none(lab: Lab, hold: Hold) -> None:
    _, path = hold()
    team, staff = f"board-team@{lab.state.domain}", f"staff@{lab.state.domain}"
    made = lab.graph("POST", f"{path}/userSources", json={"email": team, "includedSources": "mailbox"})
    assert (made.status_code, made.json()["email"]) == (201, team)
    assert error(lab, "POST", f"{path}/userSources", json={"email": staff, "includedSources": "mailbox"})[0] == 400
    lab.advance(400)
    assert status(lab, path) == ["applied"]
    lab.switch(group_mailboxes="refused")
    assert error(lab, "POST", f"{path}/userSources", json={"email": team, "includedSources": "mailbox"})[0] == 400


def test_what_was_never_held_gets_no_delay_hold(lab: Lab, hold: Hold) -> None:
    address, other = lab.someone(), lab.someone("staff")
    _, path = hold(address, other)
    first = next(row for row in lab.rows(f"{path}/userSources") if row["email"] == address)
    assert lab.graph("DELETE", f"{path}/userSources/{first['id']}").status_code == 204
    (box,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=address)
    assert box["DelayHoldApplied"] is False
    lab.advance(600)
    assert lab.graph("POST", f"{path}/disablePolicy", version="beta").status_code == 204
    (box,) = lab.cmdlet("Get-Mailbox", "exchange", Identity=other)
    assert box["DelayHoldApplied"] is True


def test_a_source_that_was_taken_out_may_still_be_listed(lab: Lab, hold: Hold) -> None:
    lab.switch(removed_sources="shown")
    _, path = hold(lab.someone(), lab.someone("staff"))
    lab.advance(600)
    gone = lab.rows(f"{path}/userSources")[0]["id"]
    assert lab.graph("DELETE", f"{path}/userSources/{gone}").status_code == 204
    assert sorted(row["holdStatus"] for row in lab.rows(f"{path}/userSources")) == ["applied", "removing"]
    lab.advance(600)
    assert [row["holdStatus"] for row in lab.rows(f"{path}/userSources")] == ["applied"]


def test_in_a_closed_case_no_source_is_taken_out(lab: Lab, hold: Hold) -> None:
    case, path = hold(lab.someone(), lab.someone("staff"))
    lab.advance(600)
    source = lab.rows(f"{path}/userSources")[0]["id"]
    assert lab.graph("POST", f"{case}/close").status_code == 204
    assert error(lab, "DELETE", f"{path}/userSources/{source}")[2] == "The case is closed."
