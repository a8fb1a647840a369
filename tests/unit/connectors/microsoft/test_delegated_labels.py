"""Labels over Graph as a signed-in administrator: what is read, made and changed, and the traps of M§1."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Receipt
from connectors.errors import PermanentError
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.microsoft365.delegated_labels import body_of, event_type_from_graph, label_from_graph
from connectors.microsoft365.labels import label_from
from connectors.microsoft365.parameters import label_parameters
from connectors.microsoft365.sign_in import by_browser
from policies.effects import FOREVER
from policies.kinds import Kind
from policies.resources import FILED, Live, ReadState, Ref, Wanted
from sandbox.microsoft import graph_labels
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.people import Someone, officer
from tests.unit.connectors.microsoft.support import LABEL, Bench, mark

REVIEWED = Wanted(
    kind=Kind.M365_LABEL,
    key="stu-07",
    name="STU-07 Cumulative record",
    fields={
        "period": 365,
        "trigger": "event:Student left",
        "action": "review",
        "behaviour": "retain",
        "reviewers": ("Records: a@x.example, b@x.example", "Counsel: c@x.example"),
        "description": "Cumulative record",
    },
)
LEFT = Wanted(kind=Kind.M365_EVENT_TYPE, key="event-left", name="Student left", fields={"description": "An event"})


def signed_in(bench: Bench, login: str = "") -> Bench:
    bench.session = by_browser(bench.tenant, bench.context(), Someone(bench, login=login)).session
    return bench


def capability(bench: Bench, kind: Kind, *, accepted: bool = False) -> Capability:
    return next(one for one in bench.reader(accepted=accepted).examine().capabilities if one.kind is kind)


def labels(bench: Bench, *, accepted: bool = False) -> tuple[Live, ...]:
    return bench.reader(accepted=accepted).snapshot({Kind.M365_LABEL}).of(Kind.M365_LABEL)


def ref_of(bench: Bench, wanted: Wanted) -> Ref:
    return next(live.ref("m365") for live in labels(bench) if live.name == wanted.name)


def test_without_admin_endpoint_and_person_labels_say_both_ways(bench: Bench) -> None:
    one = capability(bench, Kind.M365_LABEL)
    assert one.write is WriteCapability.MISSING
    assert one.reason is not None
    assert one.reason.startswith("admin_endpoint.not_accepted")
    assert one.next_step is not None
    assert one.next_step.endswith("or sign in: recordwarden login --tenant m365")


def test_a_person_reads_and_writes_labels_and_no_cmdlet_leaves(bench: Bench) -> None:
    signed_in(bench)
    one = capability(bench, Kind.M365_LABEL)
    assert (one.surface, one.account) == ("graph_signed_in", officer(bench))
    assert (one.read, one.write) == (ReadCapability.FULL, WriteCapability.UNPROVEN)
    made = bench.writer(accepted=False).create(LABEL, mark(LABEL.key), None)
    reader = bench.reader(accepted=False)
    seen = reader.snapshot({Kind.M365_LABEL})
    assert seen.reads[Kind.M365_LABEL].state is ReadState.COMPLETE
    live = next(one for one in seen.resources if one.mark == mark(LABEL.key))
    assert live.vendor_id == made.vendor_id
    assert dict(live.fields) == dict(LABEL.fields)
    assert live.in_use is False
    again = reader.read_back(live.ref("m365"))
    assert again is not None
    assert replace(again, raw=live.raw) == live
    assert not bench.asked("compliance_admin")
    assert not bench.asked("exchange_admin")
    assert not [one for one in bench.asked("graph") if one.method == "DELETE" or "retentionEvents" in one.path.partition("Types")[0]]


def test_both_ways_show_the_same_object(bench: Bench) -> None:
    """What is bound by one way is found by the other: same id, same fields."""
    signed_in(bench)
    bench.writer(accepted=False).create(LABEL, mark(LABEL.key), None)
    by_graph = {live.vendor_id: live for live in labels(bench)}
    bench.session = None
    by_cmdlet = {live.vendor_id: live for live in labels(bench, accepted=True)}
    assert by_graph.keys() == by_cmdlet.keys()
    for vendor_id, live in by_graph.items():
        assert dict(live.fields) == dict(by_cmdlet[vendor_id].fields), live.name
        assert (live.name, live.mark) == (by_cmdlet[vendor_id].name, by_cmdlet[vendor_id].mark)


def test_what_may_be_changed_is_changed_and_the_mark_stays(bench: Bench) -> None:
    signed_in(bench)
    writer = bench.writer(accepted=False)
    writer.create(LABEL, mark(LABEL.key), None)
    longer = Wanted(kind=LABEL.kind, key=LABEL.key, name=LABEL.name, fields={**LABEL.fields, "period": FOREVER, "description": "For ever now"})
    writer.set(ref_of(bench, LABEL), longer, mark(LABEL.key), frozenset({"period", "description"}))
    live = next(one for one in labels(bench) if one.name == LABEL.name)
    assert (live.fields["period"], live.fields["description"], live.mark) == (FOREVER, "For ever now", mark(LABEL.key))
    sent = [json.loads(one.request) for one in bench.asked("graph") if one.method == "PATCH"]
    assert set(sent[0]) == {"retentionDuration", "descriptionForAdmins", "descriptionForUsers"}, "nothing that is fixed at birth is sent"


@pytest.mark.parametrize("answer", [200, 204])
def test_a_change_is_taken_with_either_answer(bench: Bench, answer: int) -> None:
    signed_in(bench)
    writer = bench.writer(accepted=False)
    writer.create(LABEL, mark(LABEL.key), None)
    ref = ref_of(bench, LABEL)
    bench.fault("graph", "PATCH /security/labels/retentionLabels/{label}", when="after", status=answer, body=b'{"id": "x"}' if answer == 200 else b"")
    longer = Wanted(kind=LABEL.kind, key=LABEL.key, name=LABEL.name, fields={**LABEL.fields, "period": 900})
    assert writer.set(ref, longer, mark(LABEL.key), frozenset({"period"})).vendor_id == ref.vendor_id


def test_a_reviewed_label_counts_from_an_event_type(bench: Bench) -> None:
    signed_in(bench)
    writer = bench.writer(accepted=False)
    writer.create(LEFT, mark(LEFT.key), None)
    writer.create(REVIEWED, mark(REVIEWED.key), None)
    live = next(one for one in labels(bench) if one.name == REVIEWED.name)
    assert dict(live.fields) == dict(REVIEWED.fields)
    sent = next(json.loads(one.request) for one in bench.asked("graph") if one.method == "POST" and one.path.endswith("/retentionLabels"))
    assert [one["stageNumber"] for one in sent["dispositionReviewStages"]] == ["1", "2"]
    assert sent["retentionEventType@odata.bind"].startswith(f"{bench.tenant.endpoints['graph']}/v1.0/security/triggerTypes/")
    types = bench.reader(accepted=False).snapshot({Kind.M365_EVENT_TYPE})
    found = next(one for one in types.resources if one.name == LEFT.name)
    assert found.mark == mark(LEFT.key)
    described = Wanted(kind=LEFT.kind, key=LEFT.key, name=LEFT.name, fields={"description": "Another"})
    writer.set(found.ref("m365"), described, mark(LEFT.key), frozenset({"description"}))
    again = bench.reader(accepted=False).read_back(found.ref("m365"))
    assert again is not None
    assert (again.fields["description"], again.mark) == ("Another", mark(LEFT.key))


def test_a_record_label_of_a_signed_in_person_is_born_as_one(bench: Bench) -> None:
    signed_in(bench)
    wanted = replace(LABEL, fields={**LABEL.fields, "behaviour": "record"})
    bench.writer(accepted=False).create(wanted, mark(wanted.key), None)
    live = next(one for one in labels(bench) if one.name == wanted.name)
    assert dict(live.fields) == dict(wanted.fields)
    sent = next(json.loads(one.request) for one in bench.asked("graph") if one.method == "POST" and one.path.endswith("/retentionLabels"))
    assert (sent["behaviorDuringRetentionPeriod"], "defaultRecordBehavior" in sent) == ("retainAsRecord", False)


def test_an_event_type_that_is_not_there_is_not_guessed(bench: Bench) -> None:
    signed_in(bench)
    with pytest.raises(PermanentError) as caught:
        bench.writer(accepted=False).create(REVIEWED, mark(REVIEWED.key), None)
    assert caught.value.code == "event_type.not_found"


@pytest.mark.parametrize("fields", [{"behaviour": "record", "action": "keep_and_delete"}, {"behaviour": "regulatory"}, {"action": "delete"}, {"action": "review", "reviewers": ()}])
def test_what_is_never_written_is_not_written_this_way_either(bench: Bench, fields: dict[str, Any]) -> None:
    signed_in(bench)
    before = len(bench.asked("graph"))
    with pytest.raises(PermanentError) as caught:
        bench.writer(accepted=False).create(Wanted(kind=LABEL.kind, key="x", name="X", fields={**LABEL.fields, **fields}), mark("x"), None)
    assert caught.value.code == "write.not_allowed"
    assert len(bench.asked("graph")) == before


def test_a_create_that_is_throttled_is_looked_for_before_it_is_sent_again(bench: Bench) -> None:
    """Committed and answered 429: a second POST would be a second label, or a name that is taken."""
    signed_in(bench)
    bench.fault("graph", "POST /security/labels/retentionLabels", when="after", status=429, headers={"retry-after": "3"}, body=b"{}")
    receipt = bench.writer(accepted=False).create(LABEL, mark(LABEL.key), None)
    assert [one.vendor_id for one in labels(bench) if one.mark == mark(LABEL.key)] == [receipt.vendor_id]
    assert len([one for one in bench.asked("graph") if one.method == "POST" and "retentionLabels" in one.path]) == 1


def test_a_list_that_takes_no_expand_is_read_one_by_one(bench: Bench) -> None:
    signed_in(bench)
    whole = {live.vendor_id: live.fields for live in labels(bench)}
    refusal = b'{"error": {"code": "BadRequest", "message": "Invalid expand."}}'
    bench.fault("graph", "GET /security/labels/retentionLabels", status=400, body=refusal)
    assert {live.vendor_id: live.fields for live in labels(bench)} == whole
    bench.fault("graph", "GET /security/labels/retentionLabels", times=2, status=400, body=refusal)
    assert bench.reader(accepted=False).snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL].state is ReadState.FAILED


def test_one_label_that_is_lost_makes_the_list_partial(bench: Bench) -> None:
    signed_in(bench)
    bench.fault("graph", "GET /security/labels/retentionLabels", status=400, body=b'{"error": {"code": "BadRequest", "message": "Invalid expand."}}')
    bench.fault("graph", "GET /security/labels/retentionLabels/{label}", status=403, body=b'{"error": {"code": "Forbidden", "message": "no"}}')
    read = bench.reader(accepted=False).snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL]
    assert read.state is ReadState.PARTIAL
    assert read.reason is not None
    assert read.reason.startswith("graph.forbidden")


def test_a_name_that_is_taken_says_so(bench: Bench) -> None:
    signed_in(bench)
    bench.act("create_label", name=LABEL.name.upper(), days=30)
    with pytest.raises(PermanentError) as caught:
        bench.writer(accepted=False).create(LABEL, mark(LABEL.key), None)
    assert caught.value.code == "name.taken"


def test_who_lacks_the_role_is_told_and_sees_no_empty_list(bench: Bench) -> None:
    signed_in(bench, login=bench.people("teacher", 1)[0])
    one = capability(bench, Kind.M365_LABEL)
    assert (one.read, one.write) == (ReadCapability.NONE, WriteCapability.MISSING)
    assert one.reason is not None
    assert one.reason.startswith("graph.forbidden")
    assert one.next_step is not None
    assert "role Compliance Administrator" in one.next_step
    assert bench.reader(accepted=False).snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL].state is ReadState.FAILED


def test_a_scope_that_nobody_consented_to_is_told(bench: Bench) -> None:
    bench.switch(missing_scopes="RecordsManagement.ReadWrite.All")
    signed_in(bench)
    one = capability(bench, Kind.M365_LABEL)
    assert (one.read, one.write) == (ReadCapability.FULL, WriteCapability.MISSING)
    assert one.reason == "auth.consent_missing: the token lacks RecordsManagement.ReadWrite.All"


def test_the_read_phase_asks_nothing_twice(bench: Bench) -> None:
    signed_in(bench)
    before = len(bench.world.exchanges)
    reader = bench.reader(accepted=False)
    reader.examine()
    reader.roster()
    reader.snapshot({*bench.connector(accepted=False).kinds()})
    asked = [(one.method, one.path, one.request) for one in bench.world.exchanges[before:] if one.surface == "graph"]
    assert not {one for one in asked if asked.count(one) > 1}


def test_a_proof_over_graph_says_its_way_and_deletes_nothing(bench: Bench) -> None:
    signed_in(bench)
    prover = bench.prover(accepted=False)
    first = prover.prove(Kind.M365_LABEL, mark("proof0-label"))
    assert first.surface == "graph_signed_in"
    assert prover.account(Kind.M365_LABEL) == officer(bench)
    assert "kept unpublished" in first.raw
    assert prover.prove(Kind.M365_LABEL, mark("proof0-label")).vendor_id == first.vendor_id
    assert not [one for one in bench.asked("graph") if one.method == "DELETE"]


def test_a_proof_tries_as_ourselves_first_and_then_as_the_person(bench: Bench) -> None:
    signed_in(bench)
    assert bench.prover().prove(Kind.M365_LABEL, mark("proof0-label")).surface == "compliance_admin"
    bench.switch(admin_role="none")
    assert bench.prover().prove(Kind.M365_LABEL, mark("proof1-label")).surface == "graph_signed_in"
    assert bench.prover().prove(Kind.M365_LABEL_RULE, mark("proof1-rule")).surface == "compliance_admin_signed_in"


def test_what_was_proven_as_ourselves_goes_as_ourselves(bench: Bench) -> None:
    signed_in(bench)
    assert bench.writer().account(Kind.M365_LABEL) == officer(bench), "nothing was proven yet"
    bench.proven = {Kind.M365_LABEL: "graph_signed_in"}
    assert bench.writer().account(Kind.M365_LABEL) == officer(bench)
    bench.proven = {Kind.M365_LABEL: "compliance_admin"}
    assert bench.writer().account(Kind.M365_LABEL) is None
    assert capability(bench, Kind.M365_LABEL, accepted=True).surface == "compliance_admin"
    bench.switch(admin_role="none")
    assert bench.writer().account(Kind.M365_LABEL) == officer(bench), "the role was taken away since"


def test_accepted_and_refused_to_us_policies_go_as_the_person(bench: Bench) -> None:
    """The admin endpoint was accepted, our application lacks the role: the person's own cmdlets publish."""
    bench.switch(admin_role="none")
    signed_in(bench)
    one = capability(bench, Kind.M365_LABEL_POLICY, accepted=True)
    assert (one.surface, one.account, one.read, one.write) == (
        "compliance_admin_signed_in", officer(bench), ReadCapability.FULL, WriteCapability.UNPROVEN,
    )  # fmt: skip
    seen = bench.reader().snapshot({Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE})
    assert {read.state for read in seen.reads.values()} == {ReadState.COMPLETE}


def test_what_the_person_made_is_nobodys_proof_of_who_made_it(bench: Bench) -> None:
    signed_in(bench)
    bench.writer(accepted=False).create(LABEL, mark(LABEL.key), None)
    reader = bench.reader(accepted=False)
    reader.examine()
    found = {live.name: live.made_by_us for live in reader.snapshot({Kind.M365_LABEL}).resources}
    assert found[LABEL.name] is None
    assert found[bench.tenant.visibility_checks[Kind.M365_LABEL]] is False


PLAN = {"authority": "Legal", "category": "Correspondence", "citation": "Connecticut M1", "department": "LEGAL", "reference": "COR-02"}
"""Two values that every tenant is born with, one of them in another spelling, and three that are to be made."""
FILED_LABEL = replace(LABEL, fields={**LABEL.fields, **PLAN}, at_birth=FILED)
NAMES = ["authority", "category", "citation", "department", "filePlanReference"]
POSTED = "POST /security/labels/retentionLabels"


def born(bench: Bench) -> tuple[Receipt, Live]:
    receipt = bench.writer(accepted=False).create(FILED_LABEL, mark(LABEL.key), None)
    (live,) = [one for one in labels(bench) if one.mark == mark(LABEL.key)]
    assert live.vendor_id == receipt.vendor_id
    return receipt, live


def posted(bench: Bench, collection: str) -> list[dict[str, Any]]:
    return [json.loads(one.request) for one in bench.asked("graph") if one.method == "POST" and one.path.endswith(f"/labels/{collection}")]


def test_a_label_of_a_signed_in_person_is_born_with_its_place_in_the_file_plan(bench: Bench) -> None:
    signed_in(bench)
    receipt, live = born(bench)
    assert receipt.later == {}
    assert {name: str(live.fields[name]).casefold() for name in PLAN} == {name: word.casefold() for name, word in PLAN.items()}
    (sent,) = posted(bench, "retentionLabels")
    assert sorted(sent["descriptors"]) == [f"{name}Template@odata.bind" for name in NAMES]
    assert all(one.startswith(f"{bench.tenant.endpoints['graph']}/v1.0/security/labels/") for one in sent["descriptors"].values())
    assert (posted(bench, "authorities"), posted(bench, "departments")) == ([], []), "what the tenant has is used as it is"
    assert [one["displayName"] for one in posted(bench, "citations")] == ["Connecticut M1"]
    bench.session = None
    by_cmdlet = next(one for one in labels(bench, accepted=True) if one.vendor_id == live.vendor_id)
    assert dict(by_cmdlet.fields) == dict(live.fields), "the cmdlets show the same"


def test_a_value_of_the_file_plan_is_made_once(bench: Bench) -> None:
    signed_in(bench)
    writer = bench.writer(accepted=False)
    writer.create(FILED_LABEL, mark(LABEL.key), None)
    writer.create(replace(FILED_LABEL, key="fin-01", name="FIN-01 Budgets"), mark("fin-01"), None)
    assert [len(posted(bench, one)) for one in ("categories", "citations", "filePlanReferences")] == [1, 1, 1]


@pytest.mark.parametrize(("when", "status", "times"), [("after", 504, 1), ("after", 429, 1), ("before", 429, 1)])
def test_a_value_whose_answer_was_lost_is_looked_for_and_not_made_twice(bench: Bench, when: str, status: int, times: int) -> None:
    signed_in(bench)
    bench.fault("graph", "POST /security/labels/citations", when=when, status=status, times=times, headers={"retry-after": "3"}, body=b"{}")
    receipt, live = born(bench)
    assert (receipt.later, live.fields["citation"]) == ({}, PLAN["citation"])
    assert len([one for one in tenant_of(bench.world).templates.values() if one.name == PLAN["citation"]]) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_value_that_cannot_be_had_keeps_neither_the_label_nor_the_others_waiting(bench: Bench, method: str) -> None:
    signed_in(bench)
    bench.fault("graph", f"{method} /security/labels/citations", status=400, times=9)
    receipt, live = born(bench)
    assert {name: code for name, (code, _why) in receipt.later.items()} == {"citation": "graph.bad_request"}
    assert FILED & set(live.fields) == set(PLAN) - {"citation"}


def test_a_place_that_is_refused_costs_no_label(bench: Bench) -> None:
    signed_in(bench)
    bench.fault("graph", POSTED, status=400)
    receipt, live = born(bench)
    assert (set(receipt.later), FILED & set(live.fields)) == (set(PLAN), frozenset())
    assert {one[0] for one in receipt.later.values()} == {"graph.bad_request"}
    assert "descriptors" not in posted(bench, "retentionLabels")[-1]


def test_a_place_that_the_platform_drops_without_a_word_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(bench)
    monkeypatch.setattr(graph_labels, "PLAN", {})
    receipt, live = born(bench)
    assert {one[0] for one in receipt.later.values()} == {"file_plan.not_taken"}
    assert (set(receipt.later), FILED & set(live.fields)) == (set(PLAN), frozenset())


def test_a_label_that_is_there_is_given_no_place_and_what_else_is_due_is_sent(bench: Bench) -> None:
    """What a PATCH takes is listed on its page, and no descriptor is among it."""
    signed_in(bench)
    writer = bench.writer(accepted=False)
    writer.create(LABEL, mark(LABEL.key), None)
    ref = ref_of(bench, LABEL)
    longer = replace(FILED_LABEL, fields={**FILED_LABEL.fields, "period": 900})
    receipt = writer.set(ref, longer, mark(LABEL.key), frozenset({"period", "citation"}))
    assert {name: code for name, (code, _why) in receipt.later.items()} == {"citation": "file_plan.at_birth"}
    live = next(one for one in labels(bench) if one.name == LABEL.name)
    assert (live.fields["period"], FILED & set(live.fields)) == (900, frozenset())
    before = len(bench.asked("graph"))
    with pytest.raises(PermanentError) as caught:
        writer.set(ref, longer, mark(LABEL.key), frozenset({"citation"}))
    assert (caught.value.code, len(bench.asked("graph"))) == ("file_plan.at_birth", before)


def row(**more: object) -> dict[str, object]:
    return {
        "id": "DC67-x", "displayName": "L", "behaviorDuringRetentionPeriod": "retain", "actionAfterRetentionPeriod": "none", "retentionTrigger": "dateCreated",
        "retentionDuration": {"days": 30}, "descriptionForAdmins": None, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({"retentionDuration": {"@odata.type": "microsoft.graph.security.retentionDurationInDays", "days": 30}}, "period", 30),
        ({"retentionDuration": {"@odata.type": "#microsoft.graph.security.retentionDurationForever"}}, "period", FOREVER),
        ({"retentionDuration": {}}, "period", FOREVER),
        ({"retentionDuration": None}, "period", None),
        ({"retentionTrigger": "DateModified"}, "trigger", "modified"),
        ({"retentionTrigger": "dateOfNothing"}, "trigger", "dateOfNothing"),
        ({"retentionTrigger": "dateOfEvent", "retentionEventType": {"displayName": "Left"}}, "trigger", "event:Left"),
        ({"actionAfterRetentionPeriod": "delete"}, "action", "keep_and_delete"),
        ({"actionAfterRetentionPeriod": "relabel"}, "action", "relabel"),
        ({"actionAfterRetentionPeriod": "startDispositionReview"}, "action", "review"),
        ({"actionAfterRetentionPeriod": "startDispositionReview", "dispositionReviewStages": []}, "action", "keep_and_delete"),
        ({"behaviorDuringRetentionPeriod": "doNotRetain", "actionAfterRetentionPeriod": "delete"}, "action", "delete"),
        ({"behaviorDuringRetentionPeriod": "doNotRetain"}, "action", None),
        ({"behaviorDuringRetentionPeriod": "retainAsRegulatoryRecord"}, "behaviour", "regulatory"),
        ({"descriptionForAdmins": ""}, "description", ""),
        (
            {"dispositionReviewStages": [
                {"stageNumber": "10", "name": "Ten", "reviewersEmailAddresses": ["z@x"]},
                {"stageNumber": 2, "name": "Two", "reviewersEmailAddresses ": ["B@x", "a@x"]},
            ]},
            "reviewers", ("Two: a@x, b@x", "Ten: z@x"),
        ),
        (
            {"descriptors": {"department": {"displayName": "HR"}, "category": {"displayName": "C", "subcategory": {"displayName": "S"}}, "citation": None}},
            "subcategory", "S",
        ),
    ],
)  # fmt: skip
def test_graphs_words_in_normal_form(more: dict[str, object], field: str, value: object) -> None:
    live = label_from_graph(row(**more), made_by_us=None)
    assert live is not None
    assert live.fields.get(field) == value
    assert live.vendor_id == "dc67-x"


def test_graphs_descriptors_are_the_words_of_the_file_plan() -> None:
    plan = {"department": {"displayName": "HR"}, "category": {"displayName": "C", "subcategory": {"displayName": "S"}}, "citation": None}
    live = label_from_graph(row(descriptors=plan), made_by_us=None)
    assert live is not None
    assert {name: live.fields.get(name) for name in ("department", "category", "subcategory", "citation")} == {
        "department": "HR", "category": "C", "subcategory": "S", "citation": None,
    }  # fmt: skip


@pytest.mark.parametrize(("said", "known"), [(True, True), ("true", True), ("false", False), (None, None), ("perhaps", None)])
def test_in_use_is_a_truth_value_or_its_text(said: object, known: object) -> None:
    live = label_from_graph(row(isInUse=said), made_by_us=None)
    assert live is not None
    assert live.in_use is known


@pytest.mark.parametrize("lacking", ["id", "displayName", "retentionDuration", "behaviorDuringRetentionPeriod", "actionAfterRetentionPeriod"])
def test_a_row_that_lacks_what_identifies_it_is_no_label(lacking: str) -> None:
    found = {name: value for name, value in row().items() if name != lacking}
    assert label_from_graph(found, made_by_us=None) is None
    assert event_type_from_graph({"id": "x"}, made_by_us=None) is None


def test_the_same_parameters_mean_the_same_both_ways() -> None:
    """One gate for both ways: what the cmdlet would make reads as what Graph would make (M§2.3)."""
    for fields in ({}, {"period": FOREVER}, {"trigger": "labelled"}, {"action": "keep_and_delete"}, {"action": "review", "reviewers": ("R: a@x",)}):
        wanted = Wanted(kind=LABEL.kind, key="k", name="K", fields={**LABEL.fields, **fields})  # type: ignore[dict-item]
        parameters = label_parameters(wanted, mark("k"))
        tag = {**parameters, "Guid": "g", "ReviewerEmail": []}
        graph = body_of(parameters) | {"id": "g"}
        by_cmdlet, by_graph = label_from(tag, made_by_us=None), label_from_graph(graph, made_by_us=None)
        assert by_cmdlet is not None
        assert by_graph is not None
        assert dict(by_cmdlet.fields) == dict(by_graph.fields)


def test_the_sandbox_shows_in_use_once_published(bench: Bench) -> None:
    signed_in(bench)
    check = bench.tenant.visibility_checks[Kind.M365_LABEL]
    assert next(one for one in labels(bench) if one.name == check).in_use is True
    assert tenant_of(bench.world).labels
