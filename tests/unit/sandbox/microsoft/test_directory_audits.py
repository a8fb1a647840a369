"""What the directory's own log shows: late, by id, to who may see it, and nothing of labels and holds."""

from __future__ import annotations

from datetime import timedelta

from .conftest import Json, Lab

AUDITS = "/auditLogs/directoryAudits"


def about(lab: Lab, target: str) -> list[Json]:
    since = (lab.world.clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
    return lab.rows(f"{AUDITS}?$filter=activityDateTime ge {since} and targetResources/any(t: t/id eq '{target}')")


def test_an_act_is_shown_minutes_later_by_id_with_its_account(lab: Lab) -> None:
    one, other = [account for account in lab.state.accounts.values() if account.deleted is None][:2]
    address = one.upn
    lab.act("delete_user", user=address)
    lab.act("suspend_user", user=other.upn)
    assert about(lab, one.id) == []
    lab.advance(900)
    (row,) = about(lab, one.id)
    assert (row["activityDisplayName"], row["category"], row["result"]) == ("Delete user", "UserManagement", "success")
    assert row["initiatedBy"]["user"]["userPrincipalName"] == "it.director@harbormill.example"
    (target,) = row["targetResources"]
    assert target["id"] == one.id
    assert target["userPrincipalName"] == one.id.replace("-", "") + address, "the address alone finds nobody"
    assert [row["activityDisplayName"] for row in about(lab, other.id)] == ["Disable account"]
    lab.advance(31 * 86400)
    assert lab.rows(AUDITS) == [], "kept for thirty days"


def test_five_requests_in_ten_seconds_are_answered(lab: Lab) -> None:
    assert [lab.graph("GET", AUDITS).status_code for _ in range(6)] == [200] * 5 + [429]
    assert int(lab.graph("GET", AUDITS).headers["Retry-After"]) == 10
    lab.advance(10)
    assert lab.graph("GET", AUDITS).status_code == 200


def test_a_group_is_deleted(lab: Lab) -> None:
    group = next(iter(lab.state.groups.values()))
    lab.act("delete_group", group=group.mail)
    assert group.mail not in {row["mail"] for row in lab.rows("/groups")}
    lab.advance(900)
    (row,) = about(lab, group.id)
    assert (row["activityDisplayName"], row["category"]) == ("Delete group", "GroupManagement")


def test_it_needs_the_permission_and_the_licence(lab: Lab) -> None:
    lab.switch(licence="A1")
    answer = lab.graph("GET", AUDITS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    lab.switch(licence="A3")
    assert lab.graph("GET", AUDITS).status_code == 200
    refused = lab.graph("GET", f"{AUDITS}?$filter=category eq 'UserManagement'")
    assert refused.status_code == 400, "not promised"
