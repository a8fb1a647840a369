"""Google's logs: what is told, whose it was, what of a twin counts, and what may still be on its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.audit_log import AuditEvent
from connectors.google_workspace.audit import LATENCY, events_of
from policies.district import Credential, Credentials
from policies.kinds import Kind
from tests.unit.connectors.google.support import Bench, hold_on, make_matter

DAY = timedelta(days=1)
CLIENT = "104527318830916645201"


def events(bench: Bench, kind: Kind) -> list[AuditEvent]:
    now = bench.clock.now()
    read = bench.reader().audit(now - DAY, now)
    assert read.available, read.reason
    return [event for event in read.events if event.kind is kind]


def test_what_we_did_is_ours_and_what_an_administrator_did_is_not(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0)
    bench.world.clock.advance(60)
    bench.console("delete_hold", matter=ref.parent_id, hold=ref.vendor_id)
    assert events(bench, Kind.GOOGLE_HOLD) == [], "the log is late"
    bench.world.clock.advance(600)
    told = [(event.operation, event.actor.partition("@")[0], event.ours, event.name) for event in events(bench, Kind.GOOGLE_HOLD)]
    # The first two happened in the same instant, so the log owes them no order.
    assert set(told[:2]) == {
        ("add_preservation_rule_end", "records.bot", True, ref.name),
        ("update_preservation_rule_add_holds_end", "records.bot", True, ref.name),
    }
    assert told[2:] == [("delete_preservation_rule_end", "it.director", False, ref.name)]


@pytest.mark.parametrize(("named", "ours"), [({"client_id": CLIENT}, True), ({}, False)])
def test_without_a_key_file_the_client_that_settings_name_is_ours(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, str],
    ours: bool,  # noqa: FBT001  # a case
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(bench.server.folder / "google-machine.json"))
    keyless = Credential(impersonate=bench.state.service_account.email, subject=f"records.bot@{bench.world.domain}")
    ref = make_matter(bench, bench.writer(credential=keyless, **named))
    bench.world.clock.advance(600)
    now = bench.clock.now()
    read = bench.reader(credential=keyless, **named).audit(now - DAY, now)
    assert [(one.vendor_id, one.ours) for one in read.events if one.operation == "create_investigation_end" and one.actor == keyless.subject] == [
        (ref.vendor_id, ours)
    ]


def test_what_the_writing_identity_did_is_ours_to_the_reading_one_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(bench.server.folder / "google-machine.json"))
    subject = f"records.bot@{bench.world.domain}"
    reading = Credential(impersonate=bench.state.service_account.email, subject=subject, client_id="1")
    both = {"credentials": Credentials(read=reading)}
    make_matter(bench, bench.writer(**both))
    bench.world.clock.advance(600)
    now = bench.clock.now()
    read = bench.reader(**both).audit(now - DAY, now)
    assert {one.ours for one in read.events if one.actor == subject} == {True}


def test_a_matters_event_names_the_matter_by_id(bench: Bench) -> None:
    ref = make_matter(bench, bench.writer())
    bench.console("close_matter", matter=ref.vendor_id)
    bench.world.clock.advance(600)
    closed = next(event for event in events(bench, Kind.GOOGLE_MATTER) if event.operation == "close_investigation_end")
    assert (closed.vendor_id, closed.name, closed.ours) == (ref.vendor_id, "heron", False)


@pytest.mark.parametrize(
    ("act", "given", "operation"),
    [
        ("add_rule", {"service": "MAIL", "duration": "30 days", "action": "purge_all", "org_unit": "/Staff"}, "add_retention_rule_end"),
        ("set_default", {"service": "MAIL", "duration": "30 days"}, "modify_default_retention_period_end"),
        ("view_rules", {}, "view_retention_policy"),
    ],
)
def test_a_vault_rule_is_known_from_the_log_alone(bench: Bench, act: str, given: dict[str, Any], operation: str) -> None:
    bench.console(act, **given)
    bench.world.clock.advance(600)
    found = events(bench, Kind.GOOGLE_VAULT_RULE)
    assert [(event.operation, event.ours) for event in found] == [(operation, False)]
    assert "raw" not in found[0].raw
    assert found[0].raw.startswith("{")


@pytest.mark.parametrize(
    ("act", "kind", "operation"),
    [
        ("suspend_user", Kind.GOOGLE_USER, "SUSPEND_USER"),
        ("move_user", Kind.GOOGLE_USER, "MOVE_USER_TO_ORG_UNIT"),
        ("remove_licence", Kind.GOOGLE_LICENCE, "USER_LICENSE_REVOKE"),
    ],
)
def test_what_happens_to_people_is_told_with_their_address(bench: Bench, act: str, kind: Kind, operation: str) -> None:
    bench.console(act, email=bench.address(3), org_unit="/Board")
    bench.world.clock.advance(600)
    assert [(event.operation, event.name) for event in events(bench, kind)] == [(operation, bench.address(3))]


def test_what_happens_to_a_group_is_told_with_its_address(bench: Bench) -> None:
    group = f"staff@{bench.world.domain}"
    bench.console("remove_group_member", group=group, email=next(bench.address(n) for n in range(9) if bench.account(n) in bench.state.groups[bench.state.addresses[group]].members))
    bench.world.clock.advance(600)
    assert [(event.operation, event.name) for event in events(bench, Kind.GOOGLE_GROUP)] == [("REMOVE_GROUP_MEMBER", group)]


def test_the_window_is_sent_and_later_events_may_still_come(bench: Bench) -> None:
    bench.console("view_rules")
    now = bench.clock.now()
    bench.world.clock.advance(3600)
    early = bench.reader().audit(now - 2 * DAY, now - DAY)
    assert (early.available, early.events) == (True, ())
    late = bench.reader().audit(now - DAY, bench.clock.now())
    assert late.through == bench.clock.now() - LATENCY
    assert late.events


def test_a_log_that_may_not_be_read_is_not_available_and_says_why(bench: Bench) -> None:
    bench.console("revoke_scope", scope="https://www.googleapis.com/auth/admin.reports.audit.readonly")
    read = bench.reader().audit(bench.clock.now() - DAY, bench.clock.now())
    assert (read.available, read.events) == (False, ())
    assert (read.reason or "").startswith("google.delegation_missing: ")


def activity(name: str, second: int, qualifier: str, *, actor: str = "a@d.example", resource: str = "Hold", client: str = "") -> dict[str, object]:
    at = datetime(2026, 1, 5, 12, 0, second, tzinfo=UTC).isoformat().replace("+00:00", ".123456789Z")
    return {
        "id": {"time": at, "uniqueQualifier": qualifier, "applicationName": "vault"},
        "actor": {"email": actor, **({"applicationInfo": {"oauthClientId": client}} if client else {})},
        "events": [{"type": "user_action", "name": name, "parameters": [{"name": "resource_name", "value": resource}]}],
    }


def test_a_begin_that_found_its_end_is_dropped_and_an_orphan_is_kept() -> None:
    found = events_of(
        "vault",
        [
            activity("add_preservation_rule_begin", 1, "1"),
            activity("add_preservation_rule_end", 2, "2"),
            activity("delete_preservation_rule_begin", 3, "3", resource="Other"),
            activity("delete_preservation_rule_end", 4, "4", resource="Hold"),
            activity("add_preservation_rule_begin", 5, "5", actor="b@d.example"),
        ],
        frozenset({CLIENT}),
    )
    assert [(event.operation, event.name) for event in found] == [
        ("add_preservation_rule_end", "Hold"),
        ("delete_preservation_rule_begin", "Other"),
        ("delete_preservation_rule_end", "Hold"),
        ("add_preservation_rule_begin", "Hold"),
    ]


def test_an_activity_that_two_pages_hold_counts_once_and_ours_is_by_client() -> None:
    one = activity("create_investigation_end", 1, "1", client=CLIENT)
    found = events_of("vault", [one, one], frozenset({CLIENT}))
    assert [(event.ours, event.at.microsecond) for event in found] == [(True, 123456)]
    assert not events_of("vault", [one], frozenset())[0].ours
    assert not events_of("vault", [one], frozenset({"another"}))[0].ours


@pytest.mark.parametrize(
    ("application", "name", "kind"),
    [
        ("vault", "add_litigation_hold_end", Kind.GOOGLE_HOLD),
        ("vault", "update_retention_settings", Kind.GOOGLE_VAULT_RULE),
        ("vault", "obsolete_preview_retention_rule_count", Kind.GOOGLE_VAULT_RULE),
        ("vault", "add_collaborator_end", Kind.GOOGLE_MATTER),
        ("vault", "search_count", None),
        ("admin", "DELETE_USER", Kind.GOOGLE_USER),
        ("admin", "delete_user", Kind.GOOGLE_USER),
        ("admin", "MOVE_ORG_UNIT", Kind.GOOGLE_ORG_UNIT),
        ("admin", "MOVE_USER_TO_ORG_UNIT", Kind.GOOGLE_USER),
        ("admin", "CHANGE_GROUP_SETTING", Kind.GOOGLE_GROUP),
        ("admin", "TOGGLE_SERVICE_ENABLED", Kind.GOOGLE_SETTING),
        ("admin", "SOMETHING_NEW_IN_2027", None),
    ],
)
def test_old_and_new_names_have_their_kind_and_unknown_ones_pass(application: str, name: str, kind: Kind | None) -> None:
    assert [event.kind for event in events_of(application, [activity(name, 1, "1")], frozenset({CLIENT}))] == [kind]


def test_of_vaults_kinds_only_vaults_log_is_asked(bench: Bench) -> None:
    now, reader = bench.clock.now(), bench.reader()
    for kinds, requests in ((frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_VAULT_RULE}), 1), (frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_USER}), 2), (None, 2)):
        before = bench.seen("reports.activities.list")
        assert reader.audit(now - DAY, now, kinds).available
        assert bench.seen("reports.activities.list") - before == requests


def test_a_refusal_is_told_from_a_log_that_is_merely_out(bench: Bench) -> None:
    now, reader = bench.clock.now(), bench.reader()
    bench.world.switches["google.vault_history"] = "refused"
    old = reader.audit(now - 400 * DAY, now - 300 * DAY)
    assert (old.available, old.refused, (old.reason or "").partition(":")[0]) == (False, True, "google.invalid")
    assert reader.audit(now - 180 * DAY, now).available
    bench.fault("reports", "reports.activities.list", "status", status=500, times=99)
    out = reader.audit(now - DAY, now)
    assert (out.available, out.refused) == (False, False)
