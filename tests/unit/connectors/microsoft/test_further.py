"""Event types, review stages, descriptors, scopes, litigation holds and the organisation's stamps: words and normal forms."""

from __future__ import annotations

import json

import pytest

from connectors.errors import PermanentError
from connectors.microsoft365.further import event_names, event_type_from, litigation_from, organisation_from, scope_from
from connectors.microsoft365.labels import label_from, stage, stages_from, stages_word
from connectors.microsoft365.parameters import label_parameters
from policies.effects import FOREVER
from policies.kinds import Kind
from policies.resources import ReadState
from sandbox.microsoft.seed import ORG_POLICY
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import LABEL, Bench, mark

GUID = "4a5b6c7d-0000-4000-8000-000000000001"


def tag(**more: object) -> dict[str, object]:
    return {"Name": "STU-11 File", "Guid": GUID, "RetentionDuration": "2192", "RetentionAction": "Keep", "RetentionType": "EventAgeInDays", **more}


@pytest.mark.parametrize("given", ["student-left", GUID, GUID.upper(), "FFO.extest/Configuration/student-left"])
def test_the_event_of_a_label_is_known_by_name_id_or_distinguished_name(given: str) -> None:
    live = label_from(tag(EventType=given), made_by_us=None, events=event_names([{"Guid": GUID, "Name": "student-left"}]))
    assert live is not None
    assert live.fields["trigger"] == "event:student-left"


def test_an_event_type_is_read_with_its_mark() -> None:
    live = event_type_from({"Name": "student-left", "Guid": GUID.upper(), "Comment": f"An event {mark('event-student-left')}"}, made_by_us=True)
    assert live is not None
    assert (live.vendor_id, live.mark, live.fields) == (GUID, mark("event-student-left"), {"description": "An event"})
    assert event_type_from({"Name": "x"}, made_by_us=None) is None


def test_review_stages_go_out_and_come_back_as_they_were() -> None:
    stages = (stage("Records", ["Clerk@d.example", "archivist@d.example"]), stage("Board", ["board@d.example"]))
    word = stages_word(stages)
    assert [one["StageName"] for one in json.loads(word)["MultiStageReviewSettings"]] == ["Records", "Board"]
    assert stages_from({"MultiStageReviewProperty": word}) == stages
    assert stages_from({"ReviewerEmail": ["Clerk@d.example"]}) == ("review: clerk@d.example",)
    assert stages_from({"MultiStageReviewProperty": "not JSON"}) == ("not JSON",)
    assert stages_from({}) == ()


@pytest.mark.parametrize("stages", [(), ("Records: ",), (": clerk@d.example",), ("Records",)])
def test_a_review_by_nobody_cannot_be_said(stages: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"stage"):
        stages_word(stages)


def test_a_reviewed_label_is_never_sent_without_its_reviewers() -> None:
    fields = {**LABEL.fields, "action": "review", "reviewers": ("Records: clerk@d.example",)}
    wanted = LABEL.__class__(kind=LABEL.kind, key=LABEL.key, name=LABEL.name, fields=fields)
    sent = label_parameters(wanted, mark("cor-02"))
    assert sent["RetentionAction"] == "KeepAndDelete"
    assert "clerk@d.example" in str(sent["MultiStageReviewProperty"])
    alone = LABEL.__class__(kind=LABEL.kind, key=LABEL.key, name=LABEL.name, fields={**fields, "reviewers": ()})
    with pytest.raises(PermanentError) as caught:
        label_parameters(alone, mark("cor-02"))
    assert caught.value.code == "write.not_allowed"


def test_a_label_with_reviewers_reads_as_reviewed_and_descriptors_are_seen() -> None:
    plan = json.dumps({"Settings": [{"Key": "FilePlanPropertyCitation", "Value": "C.G.S. 10-15b"}, {"Key": "FilePlanPropertyCategory", "Value": ""}]})
    row = tag(RetentionType="CreationAgeInDays", RetentionAction="KeepAndDelete", FilePlanMetadata=plan, MultiStageReviewProperty=stages_word(["R: a@d.example"]))
    live = label_from(row, made_by_us=None)
    assert live is not None
    assert (live.fields["action"], live.fields["reviewers"]) == ("review", ("R: a@d.example",))
    assert (live.fields["citation"], "category" in live.fields) == ("C.G.S. 10-15b", False)


def test_a_scope_shows_its_query() -> None:
    live = scope_from({"Name": "Staff", "Guid": GUID, "LocationType": "User", "FilterConditions": '{"Conditions":[]}', "RawQuery": None}, made_by_us=None)
    assert live is not None
    assert (live.fields["location"], live.fields["query"]) == ("user", '{"Conditions":[]}')
    assert scope_from({"Guid": GUID}, made_by_us=None) is None


def test_a_litigation_hold_is_read_with_its_length_and_a_delay_beside_it() -> None:
    row: dict[str, object] = {
        "PrimarySmtpAddress": "mia@d.example", "InPlaceHolds": [], "LitigationHoldEnabled": True, "LitigationHoldDuration": "Unlimited",
        "ExchangeGuid": GUID, "IsInactiveMailbox": True, "DelayHoldApplied": True,
    }  # fmt: skip
    live = litigation_from(row)
    assert live is not None
    assert (live.kind, live.vendor_id, live.name) == (Kind.M365_MAILBOX, GUID, ".mia@d.example")
    assert live.fields == {"period": FOREVER, "inactive": True, "delay": True}
    assert litigation_from({**row, "LitigationHoldEnabled": False}) is None


def test_the_organisations_stamps_are_objects_and_a_missing_list_is_none() -> None:
    assert organisation_from({"Name": "d"}, {}) is None
    stamp = f"mbx{GUID.replace('-', '')}:3"
    found = organisation_from({"InPlaceHolds": [stamp]}, {})
    assert found is not None
    assert [(one.vendor_id, one.name, one.fields["does"]) for one in found] == [(GUID, stamp, "keep_and_delete")]


@pytest.mark.parametrize(("kind", "cmdlet"), [(Kind.M365_ADAPTIVE_SCOPE, "get-adaptivescope"), (Kind.M365_EVENT_TYPE, "get-complianceretentioneventtype")])
def test_a_kind_that_is_not_offered_is_failed_and_says_what_it_needs(bench: Bench, kind: Kind, cmdlet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = bench.reader()
    admin = reader._access.admin
    offered = admin.cmdlets
    monkeypatch.setattr(admin, "cmdlets", lambda endpoint: offered(endpoint) - {cmdlet})
    read = reader.snapshot({kind}).reads[kind]
    assert (read.state, (read.reason or "").split(":")[0]) == (ReadState.FAILED, "admin.cmdlet_missing")


def test_litigation_holds_and_stamps_are_read_where_somebody_asks(bench: Bench) -> None:
    seen = bench.reader().snapshot({Kind.M365_MAILBOX, Kind.M365_ORG_HOLD})
    assert {kind: read.state for kind, read in seen.reads.items()} == dict.fromkeys((Kind.M365_MAILBOX, Kind.M365_ORG_HOLD), ReadState.COMPLETE)
    assert [live.name for live in seen.of(Kind.M365_MAILBOX)] == [".wystan.formerly@harbormill.example", "Litigation hold"]
    assert [live.name for live in seen.of(Kind.M365_ORG_HOLD)] == [ORG_POLICY]


@pytest.mark.parametrize("alone", [True, False])
def test_an_organisation_wide_hold_has_the_name_of_its_policy(bench: Bench, *, alone: bool) -> None:
    kinds = {Kind.M365_ORG_HOLD} if alone else {Kind.M365_ORG_HOLD, Kind.M365_RETENTION_POLICY}
    seen = bench.reader().snapshot(kinds)
    assert set(seen.reads) == kinds
    assert {live.kind for live in seen.resources} == kinds
    assert seen.reads[Kind.M365_ORG_HOLD].state is ReadState.COMPLETE
    bench.check(Kind.M365_ORG_HOLD, "Somebody else's policy")
    assert bench.reader().snapshot(kinds).reads[Kind.M365_ORG_HOLD].reason == "visibility_check.not_seen"


def test_stamps_of_policies_that_nobody_shows_are_not_read_whole(bench: Bench) -> None:
    bench.fault("compliance", "Get-RetentionCompliancePolicy", status=403, times=9)
    read = bench.reader().snapshot({Kind.M365_ORG_HOLD}).reads[Kind.M365_ORG_HOLD]
    assert (read.state, read.count) == (ReadState.PARTIAL, 1)
    assert "the policies that the stamps stand for" in (read.reason or "")


def test_a_policy_of_our_own_over_everybody_is_no_check(bench: Bench) -> None:
    state = tenant_of(bench.world)
    policy = next(one for one in state.policies.values() if one.name == ORG_POLICY)
    policy.comment = f"Ours {mark('all')}"
    read = bench.reader().snapshot({Kind.M365_ORG_HOLD}).reads[Kind.M365_ORG_HOLD]
    assert read.reason == "visibility_check.not_seen"
