"""The activity feed as a second source of who did it: windows, blobs that repeat, go or come late, and what its silence is worth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.audit_log import AuditRead
from connectors.base import Receipt
from connectors.errors import PermanentError
from connectors.microsoft365.activity import Content
from connectors.microsoft365.clouds import CLOUDS, Endpoint
from connectors.microsoft365.feed import _MOST
from connectors.microsoft365.seeing import KINDS
from policies.kinds import Kind
from policies.resources import Ref, Wanted
from sandbox.faults import FOREIGN
from sync.sight import NAMELESS
from tests.unit.connectors.microsoft.support import CASE, HOLD, KEEP_RULE, LABEL, PUBLISH, Bench, keeping, mark, publishing

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LIST, BLOB = "subscriptions/content", "audit"
GENERAL, EXCHANGE = "activity/Audit.General", "activity/Audit.Exchange"


def switched_on(bench: Bench, *contents: Content) -> None:
    prover = bench.prover()
    for content in contents or Content:
        prover.start_feed(content.value)


def deaf(bench: Bench) -> None:
    """No searches, so that what is heard is the feed's."""
    bench.fault("graph", "* /security/auditLog/queries", status=403, times=999)


def asked(bench: Bench, operation: str) -> list[dict[str, str]]:
    """The queries of what went to the feed."""
    return [
        {name: values[0] for name, values in parse_qs(urlsplit(one.path).query).items()}
        for one in bench.asked("activity")
        if one.operation == operation
    ]


def blobs(bench: Bench) -> list[str]:
    return [urlsplit(one.path).path.rpartition("/")[2] for one in bench.asked("activity") if one.operation == BLOB]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def source(read: AuditRead, name: str) -> bool:
    return name in {one.name for one in read.sources}


def reasons(read: AuditRead) -> set[str]:
    return {part.partition(":")[0] for part in (read.reason or "").split("; ")}


def ids(read: AuditRead) -> Iterable[str]:
    return sorted(event.id for event in read.events)


def test_without_a_subscription_the_feed_says_so_and_the_searches_answer(bench: Bench) -> None:
    begun = bench.clock.now()
    read = bench.reader().audit(begun - HOUR, begun)
    assert read.available
    assert [one.name for one in read.sources] == ["queries"]
    assert "audit.not_subscribed" in (read.reason or "")
    assert "doctor --prove" in (read.reason or "")
    assert {one.method for one in bench.asked("activity")} == {"GET"}, "looking switched something on"


def test_switching_on_what_is_on_is_as_good(bench: Bench) -> None:
    switched_on(bench, Content.GENERAL, Content.GENERAL)
    assert [one.status for one in bench.asked("activity")] == [200, 400]
    feed = bench.reader().feed()
    assert (feed.off, feed.surface.ok) == (("Audit.Exchange",), True)
    assert feed.surface.detail.startswith("audit.not_subscribed")
    switched_on(bench)
    feed = bench.reader().feed()
    assert (feed.off, feed.surface.url) == ((), bench.tenant.endpoints["activity"])


def test_both_ways_show_one_record_once_and_agree_on_it(bench: Bench) -> None:
    bench.switch(activity_repeats="on")
    switched_on(bench)
    begun = bench.clock.now()
    made = bench.writer().create(LABEL, mark("cor-02"), None)
    bench.advance(60)
    bench.act("set_label_period", name=LABEL.name, days=30)
    bench.act("disable_policy", name="Purge student mail")
    bench.act("delete_hold", case="District visibility check case", hold="District visibility check hold")
    bench.advance(7200)
    reader = bench.reader()
    reader.snapshot(KINDS)
    read = reader.audit(begun - MINUTE, bench.clock.now())
    assert len(blobs(bench)) == len(set(blobs(bench))) > len(read.events), "no blob repeated anything"
    by_name = {one.name: one.events for one in read.sources}
    assert by_name["queries"] == by_name[GENERAL] == set(ids(read))
    deaf(bench)
    alone = reader.audit(begun - MINUTE, bench.clock.now())
    bare = [[replace(event, raw="") for event in one.events] for one in (alone, read)]
    assert bare[0] == bare[1], "the feed's records read otherwise than the searches'"
    changed = next(event for event in alone.events if event.operation == "Set-ComplianceTag")
    assert (changed.kind, changed.vendor_id, changed.ours) == (Kind.M365_LABEL, made.vendor_id, False)
    assert changed.actor.endswith(f"@{bench.tenant.domain}")
    assert {event.operation: event.ours for event in alone.events}["New-ComplianceTag"]


def test_litigation_hold_is_looked_for_in_exchange_and_only_there(bench: Bench) -> None:
    switched_on(bench)
    deaf(bench)
    (address,) = bench.people("teacher", 1)
    begun = bench.clock.now()
    admin = bench.writer()._access.admin
    admin.write("Set-Mailbox", {"Identity": address, "LitigationHoldEnabled": True}, endpoint=Endpoint.EXCHANGE)
    bench.advance(7200)
    reader = bench.reader()
    read = reader.audit(begun - MINUTE, bench.clock.now(), frozenset({Kind.M365_MAILBOX}))
    assert [(event.operation, event.kind) for event in read.events] == [("Set-Mailbox", Kind.M365_MAILBOX)]
    assert {query["contentType"] for query in asked(bench, LIST)} == {"Audit.Exchange"}
    reader.audit(begun - MINUTE, bench.clock.now(), frozenset({Kind.M365_LABEL}))
    assert asked(bench, LIST)[-1]["contentType"] == "Audit.General"


def test_windows_are_of_a_day_at_most_and_a_week_back(bench: Bench) -> None:
    switched_on(bench)
    begun = bench.clock.now()
    read = bench.reader().audit(begun - 30 * DAY, begun)
    for content in Content:
        windows = [(moment(one["startTime"]), moment(one["endTime"])) for one in asked(bench, LIST) if one["contentType"] == content.value]
        assert all(timedelta(0) < end - start <= DAY for start, end in windows)
        assert min(start for start, _ in windows) > begun - 7 * DAY
        assert [start for start, _ in windows][:-1] == [end for _, end in windows][1:], "a gap between windows"
        assert windows[0][1] >= begun
    assert {exchange.status for exchange in bench.asked("activity")} == {200}
    assert "audit.feed_silent" in reasons(read)
    assert all(query["PublisherIdentifier"] == bench.tenant.tenant_id for query in asked(bench, LIST))


def test_pages_are_followed_and_every_blob_is_read_once(bench: Bench) -> None:
    bench.switch(audit_seconds="0", activity_page="2")
    switched_on(bench)
    deaf(bench)
    begun = bench.clock.now()
    for number in range(5):
        bench.act("create_case", name=f"case {number}")
    bench.advance(60)
    read = bench.reader().audit(begun - MINUTE, bench.clock.now(), frozenset({Kind.M365_CASE}))
    assert {event.name for event in read.events} == {f"case {number}" for number in range(5)}
    assert len(blobs(bench)) == 5


@pytest.mark.parametrize("header", ["NextPageUri", "NextPageUrl"])
def test_a_page_that_lies_elsewhere_is_not_followed_and_the_feed_is_not_counted_on(bench: Bench, header: str) -> None:
    switched_on(bench)
    deaf(bench)
    bench.fault("activity", LIST, status=200, headers={header: FOREIGN}, body=b"[]", times=99)
    begun = bench.clock.now()
    read = bench.reader().audit(begun - HOUR, begun)
    assert not read.available
    assert "wire.foreign_link" in reasons(read)


def test_a_blob_that_lies_elsewhere_is_not_fetched(bench: Bench) -> None:
    switched_on(bench)
    deaf(bench)
    begun = bench.clock.now()
    row = {"contentUri": FOREIGN, "contentId": "x", "contentType": "Audit.General", "contentCreated": f"{begun - HOUR:%Y-%m-%dT%H:%M:%SZ}"}
    bench.fault("activity", LIST, status=200, body=json.dumps([row]).encode(), times=99)
    read = bench.reader().audit(begun - HOUR, begun)
    assert (read.available, blobs(bench)) == (False, [])
    assert "wire.foreign_link" in reasons(read)


def test_what_comes_late_is_found_by_a_later_question_about_the_same_time(bench: Bench) -> None:
    bench.switch(audit_seconds="72000")
    switched_on(bench)
    deaf(bench)
    begun = bench.clock.now()
    bench.act("disable_policy", name="Purge student mail")
    bench.advance(3600)
    early = bench.reader().audit(begun - HOUR, begun + HOUR)
    assert not early.events
    bench.advance(20 * 3600)
    late = bench.reader().audit(begun - HOUR, begun + HOUR)
    assert [event.operation for event in late.events] == ["Set-RetentionCompliancePolicy"]
    assert next(event.at for event in late.events) < begun + HOUR < late.sources[0].until


def test_a_lost_blob_takes_away_only_what_is_older_than_it(bench: Bench) -> None:
    bench.switch(audit_seconds="0")
    switched_on(bench)
    deaf(bench)
    bench.act("create_case", name="old")
    bench.advance(3600)
    between = bench.clock.now()
    bench.act("create_case", name="lost")
    bench.advance(3600)
    bench.act("create_case", name="new")
    bench.advance(60)
    gone = json.dumps({"error": {"code": "AF20051", "message": "Content requested with the key x has already expired."}}).encode()
    bench.fault("activity", BLOB, status=404, body=gone, nth=2)
    read = bench.reader().audit(between - 2 * HOUR, bench.clock.now(), frozenset({Kind.M365_CASE}))
    assert {event.name for event in read.events} == {"old", "new"}
    assert "activity.expired" in reasons(read)
    (only,) = read.sources
    assert only.since is not None
    assert abs(only.since - between) < MINUTE


def test_silence_counts_only_from_the_oldest_blob_that_the_feed_showed(bench: Bench) -> None:
    bench.switch(audit_seconds="0")
    switched_on(bench)
    deaf(bench)
    bench.advance(7200)
    alive = bench.clock.now()
    bench.act("create_case", name="first")
    bench.advance(3600)
    reader = bench.reader()
    (cut,) = reader.audit(alive - HOUR, bench.clock.now(), frozenset({Kind.M365_CASE})).sources
    assert cut.since is not None
    assert abs(cut.since - alive) < MINUTE
    (whole,) = reader.audit(alive + MINUTE, bench.clock.now(), frozenset({Kind.M365_CASE})).sources
    assert whole.since is None


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (429, b"", "wire.throttled"),
        (403, b'{"error": {"code": "AF429", "message": "Too many requests. Method=GET, PublisherId=0"}}', "wire.throttled"),
        (500, b'{"error": {"code": "AF50000", "message": "An internal error occurred. Retry the request."}}', "activity.unavailable"),
        (503, b"", "activity.unavailable"),
    ],
)
def test_a_busy_feed_is_waited_for_as_long_as_it_says_and_asked_again(bench: Bench, status: int, body: bytes, code: str) -> None:
    switched_on(bench)
    deaf(bench)
    bench.act("disable_policy", name="Purge student mail")
    begun = bench.clock.now()
    bench.advance(7200)
    bench.fault("activity", LIST, status=status, body=body, headers={"Retry-After": "17"})
    read = bench.reader().audit(begun - HOUR, bench.clock.now(), frozenset({Kind.M365_RETENTION_POLICY}))
    assert [event.operation for event in read.events] == ["Set-RetentionCompliancePolicy"]
    assert 17.0 in bench.clock.slept
    bench.fault("activity", LIST, status=status, body=body, times=99)
    busy = bench.reader().audit(begun - HOUR, bench.clock.now(), frozenset({Kind.M365_RETENTION_POLICY}))
    assert (busy.available, code in reasons(busy)) == (False, True)


def test_an_answer_cut_short_is_asked_for_again(bench: Bench) -> None:
    switched_on(bench)
    deaf(bench)
    bench.act("disable_policy", name="Purge student mail")
    begun = bench.clock.now()
    bench.advance(7200)
    for operation in (LIST, BLOB):
        bench.fault("activity", operation, kind="truncated")
    read = bench.reader().audit(begun - HOUR, bench.clock.now(), frozenset({Kind.M365_RETENTION_POLICY}))
    assert [event.operation for event in read.events] == ["Set-RetentionCompliancePolicy"]


def test_without_the_permission_doctor_names_it_and_the_searches_go_on(bench: Bench) -> None:
    bench.switch(missing_roles="ActivityFeed.Read")
    feed = bench.reader().feed()
    assert (feed.off, feed.surface.ok) == (None, False)
    assert feed.surface.detail.startswith("activity.forbidden")
    begun = bench.clock.now()
    read = bench.reader().audit(begun - HOUR, begun)
    assert read.available
    assert "activity.forbidden" in reasons(read)
    with pytest.raises(PermanentError) as caught:
        switched_on(bench)
    assert "ActivityFeed.Read" in caught.value.next_step


def test_a_feed_that_nobody_serves_makes_no_tenant_unreachable(bench: Bench) -> None:
    bench.endpoint("activity", "https://127.0.0.1:1")
    begun = bench.clock.now()
    read = bench.reader().audit(begun - HOUR, begun)
    assert read.available
    assert "network.unreachable" in reasons(read)
    assert not bench.reader().feed().surface.ok


def test_a_cloud_without_searches_is_answered_by_its_feed(bench: Bench) -> None:
    bench.change(cloud="gcc_high")
    bench.switch(cloud="gcc_high")
    switched_on(bench)
    begun = bench.clock.now()
    bench.act("disable_policy", name="Purge student mail")
    bench.advance(7200)
    read = bench.reader().audit(begun - MINUTE, bench.clock.now(), frozenset({Kind.M365_RETENTION_POLICY}))
    assert read.available
    assert [event.operation for event in read.events] == ["Set-RetentionCompliancePolicy"]
    assert reasons(read) >= {"audit.no_queries"}
    assert not [one for one in bench.asked("graph") if "auditLog" in one.path]


def test_what_has_come_in_is_told_apart_from_what_may_still_come(bench: Bench) -> None:
    now = bench.clock.now()
    read = bench.reader().audit(now - 2 * DAY, now)
    assert read.through is not None
    assert read.through <= bench.clock.now() - DAY


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("worldwide", "https://manage.office.com"),
        ("gcc", "https://manage-gcc.office.com"),
        ("gcc_high", "https://manage.office365.us"),
        ("dod", "https://manage.protection.apps.mil"),
    ],
)
def test_the_tokens_audience_comes_from_the_cloud(cloud: str, host: str) -> None:
    assert CLOUDS[cloud].scope(Endpoint.ACTIVITY) == f"{host}/.default"


def test_china_has_no_feed_and_says_so(bench: Bench) -> None:
    bench.change(cloud="china")
    bench.switch(cloud="china")
    begun = bench.clock.now()
    read = bench.reader().audit(begun - HOUR, begun)
    assert not read.available
    assert reasons(read) == {"audit.no_queries", "activity.no_feed"}


def test_under_drill_a_feed_that_nobody_gave_is_not_called(bench: Bench) -> None:
    bench.change(endpoints={name: url for name, url in bench.tenant.endpoints.items() if name != "activity"})
    begun = bench.clock.now()
    read = bench.reader().audit(begun - HOUR, begun)
    assert read.available
    assert "endpoint.not_given" in reasons(read)
    assert bench.asked("activity") == []


def test_where_the_feed_answers_whole_a_search_is_put_in_the_queue_and_not_waited_for(bench: Bench) -> None:
    bench.switch(audit_seconds="0", audit_query_seconds="36000")
    switched_on(bench)
    bench.act("create_case", name="older")
    bench.advance(3600)
    bench.act("create_case", name="newer")
    bench.advance(60)
    now = bench.clock.now()
    read = bench.reader().audit(now - HOUR / 2, now, frozenset({Kind.M365_CASE}))
    assert [event.name for event in read.events] == ["newer"]
    assert "audit.not_ready" in reasons(read)
    assert bench.clock.slept == []
    assert len([one for one in bench.asked("graph") if one.method == "POST" and "auditLog" in one.path and one.status == 201]) == 1


def test_a_flood_is_read_in_part_and_said_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _MOST == 2000
    monkeypatch.setattr("connectors.microsoft365.feed._MOST", 2)
    bench.switch(audit_seconds="0")
    switched_on(bench)
    deaf(bench)
    begun = bench.clock.now()
    for number in range(4):
        bench.act("create_case", name=f"case {number}")
        bench.advance(60)
    read = bench.reader().audit(begun - MINUTE, bench.clock.now(), frozenset({Kind.M365_CASE}))
    assert {event.name for event in read.events} == {"case 2", "case 3"}
    assert "audit.partial" in reasons(read)
    (only,) = read.sources
    assert only.since is not None
    assert only.since > begun


def test_every_sort_of_write_of_ours_can_be_found_in_both(bench: Bench) -> None:
    """Silence is proven by our own newest write, whichever it was: create, set, members added, of every kind."""
    switched_on(bench)
    writer, found = bench.writer(), []

    def wrote(wanted: Wanted, receipt: Receipt) -> None:
        found.append((bench.clock.now(), wanted.kind, receipt.vendor_id, wanted.name))
        bench.advance(1800)

    mailboxes = frozenset(f"exchange:{address}" for address in bench.people("teacher", 3))
    few, more = frozenset(sorted(mailboxes)[:1]), frozenset(sorted(mailboxes)[1:])
    keep, offer = keeping(few), publishing(few)
    refs: dict[str, Ref] = {}
    for wanted, parent in ((LABEL, None), (offer, None), (PUBLISH, offer), (keep, None), (KEEP_RULE, keep), (CASE, None), (HOLD, CASE)):
        receipt = writer.create(wanted, mark(wanted.key), refs[parent.key] if parent else None)
        parent_id = refs[parent.key].vendor_id if parent else None
        refs[wanted.key] = Ref(tenant="m365", kind=wanted.kind, vendor_id=receipt.vendor_id, name=wanted.name, mark=mark(wanted.key), parent_id=parent_id)
        wrote(wanted, receipt)
    reader = bench.reader()
    for wanted, members in ((keep, more), (offer, more), (HOLD, frozenset(f"mail:{address}" for address in bench.people("teacher", 2)))):
        live = reader.read_back(refs[wanted.key])
        assert live is not None
        wrote(wanted, writer.add(refs[wanted.key], members, live))
    for wanted, field, value in ((LABEL, "period", 900), (keep, "description", "Other"), (KEEP_RULE, "period", 900), (HOLD, "query", "budget")):
        changed = replace(wanted, fields={**wanted.fields, field: value})
        wrote(changed, writer.set(refs[wanted.key], changed, mark(wanted.key), frozenset({field})))
    bench.advance(7200)
    reader.snapshot(KINDS)
    read = reader.audit(found[0][0] - HOUR, bench.clock.now())
    shown = {one.name: one.events for one in read.sources}
    for at, kind, vendor_id, name in found:
        if kind in NAMELESS:
            continue
        told = [one.id for one in read.events if one.ours and one.at >= at - MINUTE and (one.vendor_id == vendor_id or one.name == name)]
        assert set(told) & shown["queries"], (kind, name)
        assert set(told) & shown[GENERAL], (kind, name)
