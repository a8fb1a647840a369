"""The activity feed: subscriptions, windows of a day, pages, blobs that repeat and go."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from .conftest import Lab
from .test_audit import search


def feed(lab: Lab, method: str, path: str, **query: str) -> httpx.Response:
    url = f"/activity/api/v1.0/{lab.state.tenant_id}/activity/feed/{path}"
    return lab.http.request(method, url, params=query, headers={"Authorization": f"Bearer {lab.token('activity')}"})


def test_activity_feed(lab: Lab) -> None:
    lab.act("disable_policy", name="Purge student mail")
    assert feed(lab, "GET", "subscriptions/content", contentType="Audit.General").json()["error"]["code"] == "AF20022"
    assert feed(lab, "POST", "subscriptions/start", contentType="Audit.General").status_code == 200
    again = feed(lab, "POST", "subscriptions/start", contentType="Audit.General")
    assert (again.status_code, again.json()["error"]["code"]) == (400, "AF20024")
    assert feed(lab, "GET", "subscriptions/content", contentType="Audit.General").json() == []
    lab.advance(2 * 3600)
    (blob,) = feed(lab, "GET", "subscriptions/content", contentType="Audit.General").json()
    (record,) = lab.http.get(blob["contentUri"], headers={"Authorization": f"Bearer {lab.token('activity')}"}).json()
    assert (record["Operation"], record["UserId"]) == ("Set-RetentionCompliancePolicy", "it.director@harbormill.example")
    late = feed(
        lab, "GET", "subscriptions/content", contentType="Audit.General", startTime="2020-01-01T00:00:00", endTime="2020-01-02T00:00:00"
    )
    assert late.json()["error"]["code"] == "AF20055"
    assert lab.http.get(blob["contentUri"], headers={"Authorization": f"Bearer {lab.token('graph')}"}).status_code == 401


def start(lab: Lab, kind: str = "Audit.General") -> None:
    assert feed(lab, "POST", "subscriptions/start", contentType=kind).status_code == 200


def code(lab: Lab, **query: str) -> str:
    answer = feed(lab, "GET", "subscriptions/content", **query)
    assert answer.status_code == 400
    return str(answer.json()["error"]["code"])


def moment(lab: Lab, **back: float) -> str:
    return f"{lab.world.clock.now() - timedelta(**back):%Y-%m-%dT%H:%M:%S}"


def test_windows_are_of_a_day_and_a_week_back(lab: Lab) -> None:
    start(lab)
    general = {"contentType": "Audit.General"}
    assert code(lab, **general, startTime=moment(lab, hours=25), endTime=moment(lab)) == "AF20055"
    assert code(lab, **general, startTime=moment(lab, days=7, minutes=1), endTime=moment(lab, days=6.5)) == "AF20055"
    assert code(lab, **general, startTime=moment(lab, hours=1)) == "AF20030"
    assert code(lab, **general, startTime="yesterday", endTime=moment(lab)) == "AF20030"
    assert code(lab, contentType="Audit.Everything") == "AF20020"
    assert feed(lab, "GET", "subscriptions/content", **general, startTime=moment(lab, days=6), endTime=moment(lab, days=5)).json() == []


def test_pages_lead_on_by_a_header(lab: Lab) -> None:
    lab.switch(audit_seconds="0", activity_page="2")
    for name in ("one", "two", "three", "four", "five"):
        lab.act("create_case", name=name)
    start(lab)
    answer, seen = feed(lab, "GET", "subscriptions/content", contentType="Audit.General"), []
    while True:
        seen.append(len(answer.json()))
        following = answer.headers.get("NextPageUri")
        if following is None:
            break
        answer = lab.http.get(following, headers={"Authorization": f"Bearer {lab.token('activity')}"})
    assert seen == [2, 2, 1]


def test_a_record_comes_twice_and_by_both_ways_under_one_id_and_without_a_zone(lab: Lab) -> None:
    lab.switch(audit_seconds="0", activity_repeats="on")
    lab.act("create_case", name="one")
    start(lab)
    blobs = feed(lab, "GET", "subscriptions/content", contentType="Audit.General").json()
    assert len({blob["contentId"] for blob in blobs}) == 2
    records = [lab.http.get(blob["contentUri"], headers={"Authorization": f"Bearer {lab.token('activity')}"}).json()[0] for blob in blobs]
    assert records[0] == records[1]
    assert not records[0]["CreationTime"].endswith("Z")
    (found,) = search(lab, operationFilters=["CaseAdded"])
    assert found["id"] == records[0]["Id"]


def test_blobs_go_after_a_week(lab: Lab) -> None:
    lab.switch(audit_seconds="0")
    lab.act("create_case", name="one")
    start(lab)
    (blob,) = feed(lab, "GET", "subscriptions/content", contentType="Audit.General").json()
    lab.advance(7 * 86_400)
    answer = lab.http.get(blob["contentUri"], headers={"Authorization": f"Bearer {lab.token('activity')}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "AF20051")


def test_what_was_there_before_a_restart_is_lost(lab: Lab) -> None:
    lab.switch(audit_seconds="0")
    start(lab)
    lab.act("create_case", name="before")
    lab.advance(60)
    assert feed(lab, "POST", "subscriptions/stop", contentType="Audit.General").status_code == 200
    lab.act("create_case", name="between")
    lab.advance(60)
    start(lab)
    lab.act("create_case", name="after")
    lab.advance(60)
    blobs = feed(lab, "GET", "subscriptions/content", contentType="Audit.General").json()
    records = [lab.http.get(blob["contentUri"], headers={"Authorization": f"Bearer {lab.token('activity')}"}).json()[0] for blob in blobs]
    assert [record["ObjectId"] for record in records] == ["after"]


def test_litigation_hold_is_in_exchanges_feed(lab: Lab) -> None:
    lab.switch(audit_seconds="0")
    lab.cmdlet("Set-Mailbox", "exchange", Identity=lab.someone(), LitigationHoldEnabled=True)
    start(lab, "Audit.Exchange")
    assert len(feed(lab, "GET", "subscriptions/content", contentType="Audit.Exchange").json()) == 1
    assert feed(lab, "POST", "subscriptions/stop", contentType="Audit.Exchange").status_code == 200
    assert code(lab, contentType="Audit.Exchange") == "AF20022"


@pytest.mark.parametrize("missing", ["ActivityFeed.Read"])
def test_permission(lab: Lab, missing: str) -> None:
    lab.switch(missing_roles=missing)
    answer = feed(lab, "GET", "subscriptions/list")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AF10001")
