"""Who did it: the vendor's log, late as it is, told apart from our own acts."""

from __future__ import annotations

import json
from datetime import timedelta

from connectors.microsoft365.records import Known, event_from
from connectors.microsoft365.seeing import KINDS
from connectors.microsoft365.sign_in import by_browser
from policies.kinds import Kind
from tests.unit.connectors.microsoft.people import Someone, officer
from tests.unit.connectors.microsoft.support import LABEL, Bench, mark


def test_an_administrators_act_is_found_with_the_account_and_the_object(bench: Bench) -> None:
    begun = bench.clock.now()
    made = bench.writer().create(LABEL, mark("cor-02"), None)
    bench.advance(60)
    bench.act("set_label_period", name=LABEL.name, days=30)
    bench.act("disable_policy", name="Purge student mail")
    bench.act("delete_hold", case="District visibility check case", hold="District visibility check hold")
    bench.advance(7200)
    reader = bench.reader()
    reader.snapshot(KINDS)
    found = reader.audit(begun - timedelta(minutes=1), bench.clock.now())
    assert found.available
    changed = next(event for event in found.events if event.operation == "Set-ComplianceTag")
    assert (changed.kind, changed.vendor_id, changed.name, changed.ours) == (Kind.M365_LABEL, made.vendor_id, LABEL.name, False)
    assert changed.actor.endswith(f"@{bench.tenant.domain}")
    ours = next(event for event in found.events if event.operation == "New-ComplianceTag")
    assert (ours.ours, ours.vendor_id) == (True, made.vendor_id)
    off = next(event for event in found.events if event.operation == "Set-RetentionCompliancePolicy")
    assert (off.kind, off.name, off.ours) == (Kind.M365_RETENTION_POLICY, "Purge student mail", False)
    gone = next(event for event in found.events if event.operation == "HoldRemoved")
    assert (gone.kind, gone.name) == (Kind.M365_HOLD, "District visibility check hold")
    assert gone.vendor_id
    assert len({event.id for event in found.events}) == len(found.events)


def test_a_signed_in_persons_acts_are_ours_only_where_the_record_names_our_application(bench: Bench) -> None:
    """Through our application or in the portal, the log shows their account for both; only an application's id tells them apart."""
    begun = bench.clock.now()
    bench.session = by_browser(bench.tenant, bench.context(), Someone(bench)).session
    bench.writer(accepted=False).create(LABEL, mark("cor-02"), None)
    bench.advance(7200)
    found = bench.reader().audit(begun - timedelta(minutes=1), bench.clock.now())
    made = next(event for event in found.events if event.operation == "New-ComplianceTag")
    assert (made.actor, made.ours) == (officer(bench), False), "this log names no application"
    named = frozenset({(bench.tenant.client_id or "").lower()})
    for where in ({"AppId": bench.tenant.client_id}, {"ClientAppId": bench.tenant.client_id}, {"AppAccessContext": {"ClientAppId": bench.tenant.client_id}}):
        row = json.loads(made.raw)
        row["auditData"] |= where
        event = event_from(row, Known(), named)
        assert event is not None
        assert event.ours
        assert event.actor == officer(bench)


def test_what_is_not_written_yet_is_not_there_and_the_log_says_it_was_read(bench: Bench) -> None:
    begun = bench.clock.now()
    bench.act("disable_policy", name="Purge student mail")
    found = bench.reader().audit(begun - timedelta(minutes=1), begun + timedelta(minutes=1))
    assert found.available
    assert not [event for event in found.events if event.operation.startswith("Set-")]


def test_v1_that_does_not_serve_the_log_is_remembered(bench: Bench) -> None:
    reader = bench.reader()
    begun = bench.clock.now()
    assert reader.audit(begun - timedelta(hours=1), begun).available
    assert reader.audit(begun - timedelta(hours=1), begun).available
    versions = ["v1.0" if "/v1.0/" in exchange.path else "beta" for exchange in bench.asked("graph")]
    assert versions == ["v1.0"] + ["beta"] * (len(versions) - 1)
    assert len(versions) > 3


def test_a_log_that_does_not_answer_is_unavailable_and_not_empty(bench: Bench) -> None:
    bench.fault("graph", "* /security/auditLog/queries", status=403, times=9)
    begun = bench.clock.now()
    found = bench.reader().audit(begun - timedelta(hours=1), begun)
    assert not found.available
    assert (found.reason or "").startswith("graph.forbidden")


def test_a_query_that_takes_too_long_is_not_waited_for(bench: Bench) -> None:
    bench.switch(audit_query_seconds="36000")
    begun = bench.clock.now()
    found = bench.reader().audit(begun - timedelta(hours=1), begun)
    assert not found.available
    assert (found.reason or "").startswith("audit.not_ready")
    assert sum(bench.clock.slept) <= 180


def test_a_query_that_never_ends_is_given_up_after_a_day_and_asked_anew(bench: Bench) -> None:
    bench.switch(audit_query_seconds="99999999")
    begun = bench.clock.now()
    assert not bench.reader().audit(begun - timedelta(hours=1), begun).available
    bench.switch(audit_query_seconds="1")
    for hours, available in ((20, False), (8, True)):
        bench.advance(hours * 3600)
        now = bench.clock.now()
        assert bench.reader().audit(now - timedelta(hours=1), now).available is available


def test_a_cloud_without_the_log_says_so(bench: Bench) -> None:
    bench.change(cloud="gcc_high")
    begun = bench.clock.now()
    found = bench.reader().audit(begun - timedelta(hours=1), begun)
    assert (found.available, (found.reason or "").partition(":")[0]) == (False, "audit.no_queries")
