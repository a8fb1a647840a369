"""Who did what to accounts and groups, from the directory's own log."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import Bench

OPERATION = "GET /auditLogs/directoryAudits"
DAY = timedelta(days=1)


def ids(bench: Bench, *addresses: str) -> list[str]:
    state = tenant_of(bench.world)
    return [account.id for address in addresses if (account := state.account_at(address)) is not None]


def test_each_is_named_by_id_with_who_did_it_and_when(bench: Bench) -> None:
    first, second, third = bench.people("teacher", 3)
    subjects = ids(bench, first, second, third)
    began = bench.clock.now()
    for act, user in (("delete_user", first), ("suspend_user", second), ("remove_licence", third)):
        bench.act(act, user=user)
    group = next(iter(tenant_of(bench.world).groups.values()))
    bench.act("delete_group", group=group.mail)
    reader = bench.reader(accepted=False)
    early = reader.done_to([*subjects, group.id], began - DAY)
    assert (early.available, early.events, early.reason) == (True, (), None)
    bench.advance(900)
    found = reader.done_to([*subjects, group.id], began - DAY)
    assert found.reason is None
    assert {(event.vendor_id, event.operation, event.actor, event.at, event.ours) for event in found.events} == {
        (subject, operation, "it.director@harbormill.example", began.replace(microsecond=0), False)
        for subject, operation in zip(
            [*subjects, group.id], ["Delete user", "Disable account", "Change user license", "Delete group"], strict=True
        )
    }
    sent = [one for one in bench.asked("graph") if "directoryAudits" in one.path]
    assert len(sent) == 8, "one request for each, and nothing read of anybody else"


def test_without_licence_or_permission_it_says_why_and_shows_nobody(bench: Bench) -> None:
    (subject,) = ids(bench, *bench.people("teacher", 1))
    for switch in ({"licence": "A1"}, {"licence": "A5", "missing_roles": "AuditLog.Read.All"}):
        bench.switch(**switch)
        found = bench.reader(accepted=False).done_to([subject], bench.clock.now() - DAY)
        assert (found.available, found.events) == (False, ())
        assert (found.reason or "").startswith("graph.")


def test_what_fails_for_one_is_said_and_the_other_is_shown(bench: Bench) -> None:
    first, second = bench.people("teacher", 2)
    subjects = ids(bench, first, second)
    bench.act("suspend_user", user=second)
    bench.advance(900)
    bench.fault("graph", OPERATION, status=400, times=1)
    found = bench.reader(accepted=False).done_to(subjects, bench.clock.now() - DAY)
    assert found.available
    assert found.reason is not None
    assert found.through is None


def test_five_go_out_in_ten_seconds_and_nobody_is_throttled(bench: Bench) -> None:
    people = [one for one in tenant_of(bench.world).alive() if one.enabled][:25]
    subjects = [one.id for one in people]
    bench.act("suspend_user", user=people[-1].upn)
    bench.advance(900)
    found = bench.reader(accepted=False).done_to(subjects, bench.clock.now() - DAY)
    assert (found.available, found.reason, {event.vendor_id for event in found.events}) == (True, None, {subjects[-1]})
    sent = [one for one in bench.asked("graph") if "directoryAudits" in one.path]
    assert [one.status for one in sent] == [200] * 25
    assert sum(bench.clock.slept) == pytest.approx(40)


def test_a_refusal_is_about_us_so_nobody_else_is_asked_about(bench: Bench) -> None:
    subjects = ids(bench, *bench.people("student", 8))
    bench.switch(missing_roles="AuditLog.Read.All")
    found = bench.reader(accepted=False).done_to(subjects, bench.clock.now() - DAY)
    assert (found.available, found.events) == (False, ())
    assert (found.reason or "").endswith("7 more were not asked about after that")
    assert len([one for one in bench.asked("graph") if "directoryAudits" in one.path]) == 1


def answer(**more: object) -> bytes:
    row = {
        "id": "Directory_1", "activityDateTime": "2026-03-02T09:14:31Z", "activityDisplayName": "Delete user", "result": "success",
        "initiatedBy": {"user": None, "app": {"displayName": "Sync", "appId": "a-1"}}, "targetResources": [], **more,
    }  # fmt: skip
    return json.dumps({"value": [row]}).encode()


def test_what_was_tried_and_failed_was_not_done_and_an_odd_entry_is_no_silence(bench: Bench) -> None:
    for body, operations, complete in (
        (answer(), ["Delete user"], True),
        (answer(result="failure"), [], True),
        (answer(activityDisplayName=None), [], False),
        (answer(initiatedBy=None), [], False),
    ):
        bench.fault("graph", OPERATION, when="after", status=200, body=body, times=1)
        found = bench.reader(accepted=False).done_to(["x"], bench.clock.now() - DAY)
        assert [event.operation for event in found.events] == operations
        assert (found.reason is None) is complete
