"""What is sent, what the tenant holds after it, and what is said when an answer was lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.errors import ConnectorError, LockedError, PermanentError, UnknownOutcomeError
from policies.kinds import Kind
from policies.resources import Force, Live, Ref, Value
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import CASE, HOLD, KEEP_RULE, LABEL, PUBLISH, Bench, keeping, mark, publishing


def read(bench: Bench, ref: Ref) -> Live:
    live = bench.reader().read_back(ref)
    assert live is not None
    return live


def label_ref(bench: Bench) -> Ref:
    made = bench.writer().create(LABEL, mark("cor-02"), None)
    return Ref(tenant="m365", kind=Kind.M365_LABEL, vendor_id=made.vendor_id, name=made.name, mark=mark("cor-02"))


def policy_ref(bench: Bench, *members: str) -> Ref:
    wanted = keeping(frozenset(members) or frozenset(f"exchange:{address}" for address in bench.people("teacher", 2)))
    made = bench.writer().create(wanted, mark("keep-r1-1"), None)
    return Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id=made.vendor_id, name=made.name, mark=mark("keep-r1-1"))


def hold_refs(bench: Bench) -> tuple[Ref, Ref]:
    writer = bench.writer()
    case = writer.create(CASE, mark("m-blue-heron"), None)
    parent = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=case.vendor_id, name=CASE.name, mark=mark("m-blue-heron"))
    hold = writer.create(HOLD, mark("m-blue-heron-1"), parent)
    own = mark("m-blue-heron-1")
    return parent, Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=hold.vendor_id, name=HOLD.name, mark=own, parent_id=case.vendor_id)


def sources(bench: Bench, count: int) -> frozenset[str]:
    return frozenset(f"mail:{address}" for address in bench.people("teacher", count))


def test_a_label_is_made_as_wanted_and_reads_back_equal(bench: Bench) -> None:
    live = read(bench, label_ref(bench))
    assert (live.fields, live.mark, live.made_by_us, live.force) == (LABEL.fields, mark("cor-02"), True, Force.APPLIED)


def test_a_label_is_set_by_its_id_and_keeps_its_mark(bench: Bench) -> None:
    ref = label_ref(bench)
    longer = replace(LABEL, fields={**LABEL.fields, "period": "forever", "description": "Routine correspondence, kept (M1)"})
    bench.writer().set(ref, longer, mark("cor-02"), frozenset({"period", "description"}))
    live = read(bench, ref)
    assert (live.fields, live.mark) == (longer.fields, mark("cor-02"))


def test_a_new_generation_of_a_label_stands_beside_the_old(bench: Bench) -> None:
    label_ref(bench)
    later = replace(LABEL, name=f"{LABEL.name} g2", fields={**LABEL.fields, "trigger": "modified"})
    made = bench.writer().create(later, mark("cor-02", 2), None)
    assert made.name == later.name
    assert read(bench, Ref(tenant="m365", kind=Kind.M365_LABEL, vendor_id=made.vendor_id, name=made.name)).mark == mark("cor-02", 2)


def test_a_name_that_is_taken_is_said_and_nothing_is_made(bench: Bench) -> None:
    label_ref(bench)
    with pytest.raises(PermanentError) as caught:
        bench.writer().create(LABEL, mark("other"), None)
    assert caught.value.code == "name.taken"


def test_a_name_that_another_hand_uses_stops_no_hold(bench: Bench) -> None:
    bench.act("create_case", name="BLUE HERON")
    case, hold = hold_refs(bench)
    live = read(bench, case)
    assert (live.name, live.mark) == ("blue heron (hrbrml01)", mark("m-blue-heron"))
    assert read(bench, hold).mark == mark("m-blue-heron-1")


def test_a_label_is_published_by_policy_and_rule_that_carry_our_mark(bench: Bench) -> None:
    label_ref(bench)
    writer = bench.writer()
    wanted = publishing(frozenset(f"exchange:{address}" for address in bench.people("teacher", 2)))
    made = writer.create(wanted, mark(wanted.key), None)
    policy = Ref(tenant="m365", kind=Kind.M365_LABEL_POLICY, vendor_id=made.vendor_id, name=made.name, mark=mark(wanted.key))
    assert read(bench, policy).kind is Kind.M365_LABEL_POLICY
    rule = writer.create(PUBLISH, mark(PUBLISH.key), policy)
    ref = Ref(tenant="m365", kind=Kind.M365_LABEL_RULE, vendor_id=rule.vendor_id, name=rule.name)
    live = read(bench, ref)
    assert (live.fields, live.mark, live.force) == ({"publishes": LABEL.name}, mark(PUBLISH.key), Force.PENDING)
    bench.advance(1000)
    assert read(bench, ref).force is Force.APPLIED
    assert read(bench, policy).members == wanted.members


def test_a_policy_is_locked_while_it_is_distributed(bench: Bench) -> None:
    ref = policy_ref(bench)
    bench.writer().create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    with pytest.raises(LockedError) as caught:
        bench.writer().add(ref, frozenset({f"exchange:{bench.people('teacher', 3)[2]}"}), read(bench, ref))
    assert caught.value.code == "admin.pending_lock"


def test_members_are_added_in_one_call_and_an_unusable_one_is_named(bench: Bench) -> None:
    ref = policy_ref(bench)
    bench.writer().create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    bench.advance(1000)
    live = read(bench, ref)
    good, bad = f"exchange:{bench.people('teacher', 3)[2]}", "exchange:nobody@nowhere.example"
    receipt = bench.writer().add(ref, frozenset({good, bad, *live.members}), live)
    errors = {outcome.member: outcome.error for outcome in receipt.members}
    assert errors.pop(bad) is not None
    assert set(errors) == {good, *live.members}
    assert set(errors.values()) == {None}
    assert read(bench, ref).members == {good, *live.members}
    # Refused once with the unusable one, accepted once without: never one call a member.
    assert bench.meter.plain()["compliance_admin"]["Set-RetentionCompliancePolicy"] == 2


def test_a_new_description_and_a_new_member_are_one_call(bench: Bench) -> None:
    ref = policy_ref(bench)
    bench.writer().create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    bench.advance(1000)
    live = read(bench, ref)
    good, bad = f"exchange:{bench.people('teacher', 3)[2]}", "exchange:nobody@nowhere.example"
    asked = replace(keeping(frozenset({good, bad})), fields={**live.fields, "description": "Another title"})
    receipt = bench.writer().set(ref, asked, mark("keep-r1-1"), frozenset({"description"}))
    assert {outcome.member: outcome.error is None for outcome in receipt.members} == {good: True, bad: False}
    there = read(bench, ref)
    assert (there.fields["description"], there.members, there.mark) == ("Another title", live.members | {good}, mark("keep-r1-1"))
    assert bench.meter.plain()["compliance_admin"]["Set-RetentionCompliancePolicy"] == 2, "once with the unusable one, once without"


def test_where_every_new_member_is_unusable_the_rest_is_set_all_the_same(bench: Bench) -> None:
    ref = policy_ref(bench)
    bench.writer().create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    bench.advance(1000)
    bad = frozenset(f"exchange:nobody{number}@nowhere.example" for number in range(25))
    asked = replace(keeping(bad), fields={**read(bench, ref).fields, "description": "Another title"})
    receipt = bench.writer().set(ref, asked, mark("keep-r1-1"), frozenset({"description"}))
    assert {one.member for one in receipt.members if one.error is not None} == bad
    assert read(bench, ref).fields["description"] == "Another title"


def test_everybody_with_exceptions_and_the_exceptions_change(bench: Bench) -> None:
    first, second = (f"exchange:{address}" for address in bench.people("board", 2))
    wanted = keeping(frozenset({"exchange:All"}), exceptions=(first,))
    writer = bench.writer()
    made = writer.create(wanted, mark("keep-r1-1"), None)
    ref = Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id=made.vendor_id, name=made.name)
    writer.create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    bench.advance(1000)
    assert read(bench, ref).members == {"exchange:All"}
    assert read(bench, ref).fields["exceptions"] == (first,)
    writer.set(ref, keeping(frozenset({"exchange:All"}), exceptions=(second,)), mark("keep-r1-1"), frozenset({"exceptions"}))
    assert read(bench, ref).fields["exceptions"] == (second,)


def test_a_policy_that_was_switched_off_is_switched_on(bench: Bench) -> None:
    ref = policy_ref(bench)
    bench.writer().create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    bench.advance(1000)
    bench.act("disable_policy", name=ref.name)
    bench.advance(1000)
    assert read(bench, ref).force is Force.OFF
    bench.writer().set(ref, keeping(frozenset()), mark("keep-r1-1"), frozenset({"enabled"}))
    bench.advance(1000)
    live = read(bench, ref)
    assert (live.force, live.fields["enabled"], live.mark) == (Force.APPLIED, True, mark("keep-r1-1"))


def test_a_failed_distribution_is_asked_for_again(bench: Bench) -> None:
    ref = policy_ref(bench)
    bench.switch(distribution="error")
    bench.writer().create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    bench.advance(1000)
    assert read(bench, ref).force is Force.ERROR
    bench.switch(distribution="")
    bench.writer().retry(ref)
    bench.advance(1000)
    assert read(bench, ref).force is Force.APPLIED


def test_chats_get_a_rule_without_what_teams_refuses(bench: Bench) -> None:
    address = bench.people("teacher", 1)[0]
    key = "keep-chat-r1-1"
    writer = bench.writer()
    made = writer.create(replace(keeping(frozenset({f"chat:{address}"})), key=key, name=key), mark(key), None)
    ref = Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id=made.vendor_id, name=made.name, mark=mark(key))
    rule = replace(KEEP_RULE, key=f"r-{key}", name=f"r-{key}", parent=key)
    found = writer.create(rule, mark(rule.key), ref)
    live = read(bench, Ref(tenant="m365", kind=Kind.M365_RETENTION_RULE, vendor_id=found.vendor_id, name=found.name))
    assert live.fields == KEEP_RULE.fields


def test_a_hold_is_not_in_force_because_its_sources_were_accepted(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    wanted = sources(bench, 3)
    receipt = bench.writer().add(ref, wanted, read(bench, ref))
    assert {outcome.member for outcome in receipt.members if outcome.error is None} == wanted
    live = read(bench, ref)
    assert (live.force, {state.force for state in live.member_states.values()}) == (Force.PENDING, {Force.PENDING})
    bench.advance(600)
    live = read(bench, ref)
    assert (live.force, live.members, live.mark) == (Force.APPLIED, wanted, mark("m-blue-heron-1"))


def test_each_source_has_its_own_outcome(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    drive = bench.reader().containers([bench.reader().roster().identities[0].vendor_id])
    site = f"site:{next(url for url in drive.values() if url)}"
    ghost = "mail:ghost@nowhere.example"
    receipt = bench.writer().add(ref, frozenset({site, ghost, *sources(bench, 1)}), read(bench, ref))
    errors = {outcome.member: outcome.error for outcome in receipt.members}
    assert "could not be found" in (errors.pop(ghost) or "")
    assert set(errors.values()) == {None}
    assert read(bench, ref).members == {site.lower(), *sources(bench, 1)}


def test_a_source_whose_answer_was_lost_after_the_commit_is_found_and_not_sent_twice(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    wanted = sources(bench, 3)
    bench.fault("graph", "POST *userSources", when="after", status=504, nth=2)
    receipt = bench.writer().add(ref, wanted, read(bench, ref))
    assert {outcome.member: outcome.error for outcome in receipt.members} == dict.fromkeys(wanted)
    assert len([one for one in bench.asked("graph") if one.method == "POST" and one.path.endswith("userSources")]) == 3


def test_a_source_whose_request_was_lost_before_the_commit_is_reported(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    wanted = sources(bench, 3)
    bench.fault("graph", "POST *userSources", kind="reset", nth=2)
    receipt = bench.writer().add(ref, wanted, read(bench, ref))
    failed = [outcome for outcome in receipt.members if outcome.error is not None]
    assert len(failed) == 1
    assert (failed[0].error or "").startswith("network.lost")
    assert read(bench, ref).members == wanted - {failed[0].member}


def test_sources_that_cannot_be_read_back_have_an_unknown_outcome(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    live = read(bench, ref)
    bench.fault("graph", "POST *userSources", when="after", status=504)
    bench.fault("graph", "GET *Sources", status=403, times=99)
    with pytest.raises(UnknownOutcomeError) as caught:
        bench.writer().add(ref, sources(bench, 1), live)
    assert caught.value.code == "hold.sources_unseen"


def test_a_throttled_source_is_sent_again_because_a_429_says_that_nothing_was_done(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    bench.fault("graph", "POST *userSources", status=429, headers={"Retry-After": "3"})
    bench.writer().add(ref, sources(bench, 2), read(bench, ref))
    assert read(bench, ref).members == sources(bench, 2)


def test_a_case_that_is_still_being_set_up_is_waited_for(bench: Bench) -> None:
    bench.switch(case_materialise_seconds="45")
    _case, ref = hold_refs(bench)
    assert read(bench, ref).fields["enabled"] is True
    assert sum(bench.clock.slept) >= 45


@pytest.mark.parametrize(("kind", "status"), [("status", 503), ("status", 504), ("status", 500), ("reset", 0), ("html", 0), ("truncated", 0)])
@pytest.mark.parametrize(("what", "surface", "operation"), [
    ("label", "compliance", "New-ComplianceTag"),
    ("case", "graph", "POST /security/cases/ediscoveryCases"),
])
def test_an_answer_lost_after_a_create_is_an_unknown_outcome_and_is_sent_once(
    bench: Bench, what: str, surface: str, operation: str, kind: str, status: int
) -> None:
    bench.fault(surface, operation, kind=kind, when="after", status=status or 503)
    wanted, own = (LABEL, mark("cor-02")) if what == "label" else (CASE, mark("m-blue-heron"))
    with pytest.raises(UnknownOutcomeError):
        bench.writer().create(wanted, own, None)
    assert len([one for one in bench.asked(surface) if one.operation == operation]) == 1
    found = [live for live in bench.reader().snapshot({wanted.kind}).resources if live.mark == own]
    assert len(found) == 1


def test_a_change_that_is_stored_and_not_deployed_is_read_and_not_repeated(bench: Bench) -> None:
    bench.switch(deploy_failed="1")
    address = bench.people("teacher", 1)[0]
    with pytest.raises(UnknownOutcomeError) as caught:
        bench.writer().create(keeping(frozenset({f"exchange:{address}"})), mark("keep-r1-1"), None)
    assert caught.value.code == "admin.deploy_failed"
    assert [live for live in bench.reader().snapshot({Kind.M365_RETENTION_POLICY}).resources if live.mark == mark("keep-r1-1")]


def test_a_closed_case_is_reopened_and_its_holds_are_switched_on_again(bench: Bench) -> None:
    case, ref = hold_refs(bench)
    bench.writer().add(ref, sources(bench, 2), read(bench, ref))
    bench.advance(600)
    bench.act("close_case", case=CASE.name)
    bench.advance(600)
    assert read(bench, case).fields["state"] == "closed"
    assert read(bench, ref).force is Force.OFF
    receipt = bench.writer().set(case, CASE, mark("m-blue-heron"), frozenset({"state"}))
    assert [(outcome.member, outcome.error) for outcome in receipt.members] == [(HOLD.name, None)]
    bench.advance(600)
    assert read(bench, case).fields["state"] == "open"
    assert (read(bench, ref).force, read(bench, ref).fields["enabled"]) == (Force.APPLIED, True)


def test_nothing_can_be_added_to_a_closed_case(bench: Bench) -> None:
    case, ref = hold_refs(bench)
    live = read(bench, ref)
    bench.act("close_case", case=CASE.name)
    bench.advance(600)
    with pytest.raises(PermanentError) as caught:
        bench.writer().add(ref, sources(bench, 2), live)
    assert caught.value.code == "ediscovery.case_closed"
    assert read(bench, case).fields["state"] == "closed"


def test_a_hold_is_retried_and_its_texts_are_sent_with_the_mark(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    bench.switch(hold_result="error")
    bench.writer().add(ref, sources(bench, 1), read(bench, ref))
    bench.advance(600)
    assert read(bench, ref).force is Force.ERROR
    bench.switch(hold_result="")
    bench.writer().retry(ref)
    bench.advance(600)
    assert read(bench, ref).force is Force.APPLIED
    wanted = replace(HOLD, fields={**HOLD.fields, "description": "of the matter"})
    bench.writer().set(ref, wanted, mark("m-blue-heron-1"), frozenset({"description"}))
    live = read(bench, ref)
    assert (live.fields["description"], live.mark) == ("of the matter", mark("m-blue-heron-1"))


def hold_off(bench: Bench, ref: Ref) -> None:
    """Somebody switched it off, and it has gone everywhere."""
    bench.act("disable_hold", case=ref.parent_id, hold=ref.vendor_id)
    bench.advance(600)


PATCHED, SWITCHED = "PATCH /security/cases/ediscoveryCases/{case}/legalHolds/{hold}", "POST */enablePolicy"
NEW_TERMS = replace(HOLD, fields={**HOLD.fields, "query": "budget", "description": "of the matter"})
BOTH = frozenset({"enabled", "query", "description"})


@pytest.mark.parametrize(("refused", "later"), [(SWITCHED, {"enabled"}), (PATCHED, {"query", "description"})])
def test_what_of_a_hold_was_taken_is_done_whatever_becomes_of_the_rest(bench: Bench, refused: str, later: set[str]) -> None:
    _case, ref = hold_refs(bench)
    hold_off(bench, ref)
    bench.fault("graph", refused, status=423, times=9)
    receipt = bench.writer().set(ref, NEW_TERMS, mark("m-blue-heron-1"), BOTH)
    assert {name: code for name, (code, _message) in receipt.later.items()} == dict.fromkeys(later, "graph.locked")
    live = read(bench, ref)
    assert {name for name in BOTH if live.fields[name] != NEW_TERMS.fields[name]} == later
    bench.world.faults.clear()
    again = bench.writer().set(ref, NEW_TERMS, mark("m-blue-heron-1"), frozenset(later))
    assert (again.later, dict(read(bench, ref).fields)) == ({}, dict(NEW_TERMS.fields))


def test_a_hold_of_which_nothing_was_taken_is_refused_with_its_first_reason(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    hold_off(bench, ref)
    bench.fault("graph", PATCHED, status=423, times=9)
    bench.fault("graph", SWITCHED, status=400, times=9)
    with pytest.raises(PermanentError) as caught:
        bench.writer().set(ref, NEW_TERMS, mark("m-blue-heron-1"), BOTH)
    assert caught.value.code == "graph.locked"


@pytest.mark.parametrize("lost", [SWITCHED, PATCHED])
def test_half_a_change_whose_other_answer_was_lost_is_unknown(bench: Bench, lost: str) -> None:
    _case, ref = hold_refs(bench)
    hold_off(bench, ref)
    bench.fault("graph", lost, status=504, times=9)
    with pytest.raises(UnknownOutcomeError):
        bench.writer().set(ref, NEW_TERMS, mark("m-blue-heron-1"), BOTH)


def test_a_case_that_was_described_and_not_reopened_is_described(bench: Bench) -> None:
    case, _ref = hold_refs(bench)
    bench.act("close_case", case=CASE.name)
    bench.advance(600)
    bench.fault("graph", "POST */reopen", status=423, times=9)
    wanted = replace(CASE, fields={**CASE.fields, "description": "of the matter"})
    receipt = bench.writer().set(case, wanted, mark("m-blue-heron"), frozenset({"state", "description"}))
    assert {name: code for name, (code, _message) in receipt.later.items()} == {"state": "graph.locked"}
    assert (read(bench, case).fields["state"], read(bench, case).fields["description"]) == ("closed", "of the matter")


def test_a_half_that_graph_does_not_serve_goes_by_cmdlet_with_the_other(bench: Bench) -> None:
    _case, ref = hold_refs(bench)
    hold_off(bench, ref)
    bench.fault("graph", SWITCHED, status=403, times=9)
    receipt = bench.writer().set(ref, NEW_TERMS, mark("m-blue-heron-1"), BOTH)
    assert "enabled" not in receipt.later
    assert any(one.operation == "Set-CaseHoldPolicy" for one in bench.asked("compliance"))


@pytest.mark.parametrize("cmdlets", [False, True])
def test_a_case_that_is_open_again_is_so_though_its_holds_could_not_be_listed(bench: Bench, *, cmdlets: bool) -> None:
    if cmdlets:
        bench.switch(licence="A3")
    case, _ref = hold_refs(bench)
    bench.act("close_case", case=CASE.name)
    bench.advance(600)
    if cmdlets:
        bench.fault("compliance", "Get-CaseHoldPolicy", status=400, times=9)
    else:
        bench.fault("graph", "GET */legalHolds", status=423, times=9)
    receipt = bench.writer().set(case, CASE, mark("m-blue-heron"), frozenset({"state"}))
    assert set(receipt.later) == {"state"}
    bench.world.faults.clear()
    assert read(bench, case).fields["state"] == "open"


@pytest.mark.parametrize("wanted", [
    replace(LABEL, fields={**LABEL.fields, "behaviour": "record", "action": "keep_and_delete"}),
    replace(LABEL, fields={**LABEL.fields, "behaviour": "regulatory"}),
    replace(LABEL, fields={**LABEL.fields, "action": "delete"}),
    replace(LABEL, fields={**LABEL.fields, "action": "review"}),
    replace(LABEL, fields={**LABEL.fields, "action": "review", "reviewers": ("Records: ",)}),
    replace(LABEL, fields={**LABEL.fields, "trigger": "some day"}),
    replace(LABEL, fields={**LABEL.fields, "period": 0}),
    replace(LABEL, fields={**LABEL.fields, "period": None}),
    replace(LABEL, kind=Kind.M365_MAILBOX),
    keeping(frozenset()),
    keeping(frozenset({"exchange:a@b.example"}), exceptions=("exchange:c@b.example",)),
    keeping(frozenset({"exchange:a@b.example"}), locked=True),
    keeping(frozenset({"scope:everybody"})),
])
def test_what_is_irreversible_or_deletes_cannot_be_said(bench: Bench, wanted: object) -> None:
    with pytest.raises(PermanentError) as caught:
        bench.writer().create(wanted, mark("x"), None)  # type: ignore[arg-type]
    assert caught.value.code == "write.not_allowed"
    assert not bench.world.exchanges


@pytest.mark.parametrize("fields", [{"action": "delete"}, {"action": "keep_and_delete"}, {"query": "subject:x"}, {"trigger": "labelled"}])
def test_a_rule_over_a_place_only_keeps(bench: Bench, fields: dict[str, str]) -> None:
    parent = Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id="p", name="p")
    with pytest.raises(PermanentError) as caught:
        bench.writer().create(replace(KEEP_RULE, fields={**KEEP_RULE.fields, **fields}), mark("x"), parent)
    assert caught.value.code == "write.not_allowed"


@pytest.mark.parametrize(("kind", "fields", "named"), [
    (Kind.M365_RETENTION_POLICY, {"enabled": False}, "enabled"),
    (Kind.M365_RETENTION_POLICY, {"locked": True}, "locked"),
    (Kind.M365_RETENTION_RULE, {"action": "delete"}, "action"),
    (Kind.M365_LABEL, {"action": "delete"}, "action"),
    (Kind.M365_LABEL_RULE, {"publishes": "x"}, "publishes"),
    (Kind.M365_CASE, {"state": "closed"}, "state"),
    (Kind.M365_HOLD, {"enabled": False}, "enabled"),
])
def test_nothing_is_switched_off_by_a_set(bench: Bench, kind: Kind, fields: dict[str, Value], named: str) -> None:
    ref = Ref(tenant="m365", kind=kind, vendor_id="v", name="n", parent_id="p")
    wanted = replace(LABEL, kind=kind, fields=fields)
    with pytest.raises(PermanentError) as caught:
        bench.writer().set(ref, wanted, mark("x"), frozenset({named}))
    assert caught.value.code == "write.not_allowed"
    assert not bench.world.exchanges


def test_forbidden_parameters_do_not_pass_the_admin_client_either(bench: Bench) -> None:
    admin = bench.writer()._access.admin
    for name in ("RestrictiveRetention", "PriorityCleanup", "RetainCloudAttachment", "Regulatory", "IsRecordLabel", "ForceDeletion", "WhatIf"):
        with pytest.raises(ValueError, match="never sent"):
            admin.write("Set-RetentionCompliancePolicy", {"Identity": "x", name: True})
    for name in ("Regulatory", "PriorityCleanup"):
        with pytest.raises(ValueError, match="never sent"):
            admin.write("New-ComplianceTag", {"Name": "x", "IsRecordLabel": True, name: True})
    with pytest.raises(ValueError, match="never sent"):
        admin.write("Set-ComplianceTag", {"Identity": "x", "IsRecordLabel": True})
    assert not bench.world.exchanges


def test_a_record_label_is_born_as_one_and_never_regulatory(bench: Bench) -> None:
    wanted = replace(LABEL, fields={**LABEL.fields, "behaviour": "record"})
    made = bench.writer().create(wanted, mark(wanted.key), None)
    live = bench.reader().read_back(Ref(tenant="m365", kind=Kind.M365_LABEL, vendor_id=made.vendor_id, name=made.name))
    assert live is not None
    assert dict(live.fields) == dict(wanted.fields)
    stored = tenant_of(bench.world).labels[made.vendor_id]
    assert (stored.record, stored.regulatory, stored.unlocked) == (True, False, False)
    with pytest.raises(PermanentError) as caught:
        bench.writer().set(live.ref("m365"), LABEL, mark(LABEL.key), frozenset({"behaviour"}))
    assert caught.value.code == "write.not_allowed", "what is a record stays one"


def test_a_tenant_without_records_management_refuses_a_record_label(bench: Bench) -> None:
    bench.switch(licence="A3")
    wanted = replace(LABEL, fields={**LABEL.fields, "behaviour": "record"})
    with pytest.raises(PermanentError) as caught:
        bench.writer().create(wanted, mark(wanted.key), None)
    assert caught.value.code == "admin.not_licensed"
    assert not [one for one in tenant_of(bench.world).labels.values() if one.name == wanted.name]


def test_a_refused_credential_while_writing_stops_the_write(bench: Bench) -> None:
    bench.switch(admin_role="none")
    with pytest.raises(ConnectorError) as caught:
        bench.writer().create(LABEL, mark("cor-02"), None)
    assert caught.value.code == "admin.forbidden"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_throttled_create_is_never_repeated_without_looking_for_what_it_may_have_made(bench: Bench, when: str) -> None:
    for surface, operation in (
        ("graph", "POST /security/cases/ediscoveryCases"),
        ("graph", "POST /security/cases/ediscoveryCases/{case}/legalHolds"),
        ("compliance", "New-ComplianceTag"),
    ):
        bench.fault(surface, operation, status=429, when=when)
    case, hold = hold_refs(bench)
    label = label_ref(bench)
    seen = bench.reader().snapshot({Kind.M365_CASE, Kind.M365_HOLD, Kind.M365_LABEL})
    for ref in (case, hold, label):
        assert [live.vendor_id for live in seen.of(ref.kind) if live.mark == ref.mark] == [ref.vendor_id]
    assert all(fault.seen for fault in bench.world.faults)


@pytest.mark.parametrize("name", ["MIN-01 Minutes, agendas, and notices", "PLAIN title"])
def test_a_publishing_that_a_429_hid_is_found_though_its_label_has_commas_in_its_name(bench: Bench, name: str) -> None:
    writer = bench.writer()
    writer.create(replace(LABEL, name=name), mark("cor-02"), None)
    wanted = publishing(frozenset(f"exchange:{address}" for address in bench.people("teacher", 2)))
    made = writer.create(wanted, mark(wanted.key), None)
    policy = Ref(tenant="m365", kind=Kind.M365_LABEL_POLICY, vendor_id=made.vendor_id, name=made.name, mark=mark(wanted.key))
    bench.fault("compliance", "New-RetentionComplianceRule", status=429, when="after")
    rule = writer.create(replace(PUBLISH, fields={"publishes": name}), mark(PUBLISH.key), policy)
    rules = bench.reader().snapshot({Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE}).of(Kind.M365_LABEL_RULE)
    assert [live.vendor_id for live in rules if live.parent_id == policy.vendor_id] == [rule.vendor_id]
