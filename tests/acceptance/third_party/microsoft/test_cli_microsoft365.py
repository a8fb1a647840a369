"""CLI for Microsoft 365, unmodified: its own sign-in, its own requests, its own reading of our answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.third_party.microsoft.tools import Bench

OFFICER = "records.office@harbormill.example"
GRAPH = "https://graph.microsoft.com"


def with_certificate(bench: Bench) -> list[str]:
    return ["--authType", "certificate", "--certificateFile", str(bench.server.folder / "m365-app.pem")]


def with_secret(bench: Bench) -> list[str]:
    return ["--authType", "secret", "--secret", (bench.server.folder / "m365-secret.txt").read_text(encoding="utf-8")]


@pytest.mark.parametrize("credential", [with_certificate, with_secret])
def test_signs_in_as_the_app_and_lists_people(bench: Bench, credential: Callable[[Bench], list[str]]) -> None:
    bench.log_in(*credential(bench))
    assert bench.m365("status")["connectedAs"] == bench.state.app.name
    listed = {row["userPrincipalName"] for row in bench.m365("entra", "user", "list")}
    assert listed == {account.upn for account in bench.state.alive()}


def test_a_wrong_secret_is_told_by_its_number(bench: Bench) -> None:
    words = ["--authType", "secret", "--secret", "wrong"]
    done = bench.run("login", "--appId", bench.state.app.app_id, "--tenant", bench.state.tenant_id, *words)
    assert done.code != 0
    assert "AADSTS7000215" in done.out + done.err


def test_cases_and_holds_by_plain_requests(bench: Bench) -> None:
    bench.log_in(*with_certificate(bench))
    base = f"{GRAPH}/v1.0/security/cases/ediscoveryCases"
    post = ["request", "--method", "post", "--content-type", "application/json", "--url"]
    case = bench.m365(*post, base, "--body", '{"displayName": "Bus accident", "externalId": "[x:1]"}')
    hold = bench.m365(*post, f"{base}/{case['id']}/legalHolds", "--body", '{"displayName": "Bus accident mail"}')
    sources = f"{base}/{case['id']}/legalHolds/{hold['id']}/userSources"
    bench.m365(*post, sources, "--body", f'{{"email": "{OFFICER}", "includedSources": "mailbox"}}')
    (made,) = [one for one in bench.state.holds.values() if one.name == "Bus accident mail"]
    assert [source.place for source in made.sources] == [OFFICER]
    bench.server.world.clock.advance(600)
    (row,) = bench.m365("request", "--url", sources)["value"]
    assert (row["email"], row["holdStatus"]) == (OFFICER, "applied")


def test_an_officer_signs_in_by_device_code_and_works_with_labels(bench: Bench) -> None:
    bench.log_in_person(OFFICER)
    assert bench.m365("status")["connectedAs"] == OFFICER
    bench.m365("purview", "retentioneventtype", "add", "--displayName", "Graduation", "--description", "left school")
    label = ["--behaviorDuringRetentionPeriod", "retain", "--actionAfterRetentionPeriod", "none"]
    plain = [*label, "--retentionDuration", "730", "--retentionTrigger", "dateCreated", "--descriptionForAdmins", "M1"]
    made = bench.m365("purview", "retentionlabel", "add", "--displayName", "COR-02", *plain)
    event = [*label, "--retentionDuration", "21915", "--retentionTrigger", "dateOfEvent", "--eventTypeName", "Graduation"]
    bench.m365("purview", "retentionlabel", "add", "--displayName", "STU-07", *event)
    listed = {row["displayName"]: row["isInUse"] for row in bench.m365("purview", "retentionlabel", "list")}
    assert listed == {"COR-02": False, "STU-07": False, "District visibility check label": True}
    bench.m365("purview", "retentionlabel", "set", "--id", made["id"], "--retentionDuration", "1095", "--descriptionForUsers", "Keep three years")
    found = bench.m365("purview", "retentionlabel", "get", "--id", made["id"])
    assert (found["retentionDuration"]["days"], found["descriptionForUsers"]) == (1095, "Keep three years")
    stored = {one.name: one for one in bench.state.labels.values()}
    assert (stored["COR-02"].duration, stored["COR-02"].created_by.upn) == ("1095", OFFICER)
    assert bench.state.event_types[stored["STU-07"].event_type or ""].name == "Graduation"
    bench.m365("purview", "retentionlabel", "remove", "--id", made["id"], "--force")
    assert "COR-02" not in {one.name for one in bench.state.labels.values()}


def test_reads_the_audit_log_by_the_activity_feed(bench: Bench) -> None:
    bench.server.world.switches["m365.audit_seconds"] = "0"
    bench.log_in(*with_certificate(bench))
    base = f"{GRAPH}/v1.0/security/cases/ediscoveryCases"
    for name in ("One", "Two", "Three"):
        words = ["--method", "post", "--content-type", "application/json", "--body", f'{{"displayName": "{name}"}}']
        bench.m365("request", "--url", base, *words)
    records = bench.m365("purview", "auditlog", "list", "--contentType", "General")
    assert [(one["Operation"], one["ObjectId"], one["UserType"]) for one in records] == [("CaseAdded", name, 6) for name in ("One", "Two", "Three")]
