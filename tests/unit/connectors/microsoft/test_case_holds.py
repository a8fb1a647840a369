"""Holds by cmdlet, where Graph lets no application hold (A3): the same kinds, the same normal form, another surface and its own traps."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import Circumstances
from connectors.errors import LockedError, PermanentError, UnknownOutcomeError
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.hold_orders import HoldOrder, OrderedSource
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from policies.district import Tenant
from policies.kinds import Kind, Platform, Workload
from policies.resources import Force, Live, ReadState, Ref, Snapshot
from policies.roster import Roster
from sandbox.microsoft.objects import Hold
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import CASE, HOLD, Bench, mark

CASES = frozenset({Kind.M365_CASE, Kind.M365_HOLD})
PENDING = 1000.0
"""Seconds after which everything of a small hold has been distributed on the sandbox."""


@pytest.fixture
def a3(bench: Bench) -> Bench:
    bench.switch(licence="A3")
    return bench


def places(bench: Bench, count: int) -> frozenset[str]:
    return frozenset(f"mail:{address}" for address in bench.people("teacher", count))


def drive_of(bench: Bench, address: str) -> str:
    account = tenant_of(bench.world).account_at(address)
    assert account is not None
    (url,) = bench.reader().containers([account.id]).values()
    assert url is not None
    return f"site:{url}"


def opened(bench: Bench) -> Ref:
    made = bench.writer().create(CASE, mark(CASE.key), None)
    return Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=made.vendor_id, name=made.name, mark=mark(CASE.key))


def held(bench: Bench, members: frozenset[str], **fields: object) -> Ref:
    case = opened(bench)
    wanted = replace(HOLD, members=members, whole=True, fields={**HOLD.fields, **fields})  # type: ignore[dict-item]
    made = bench.writer().create(wanted, mark(HOLD.key), case)
    return Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=made.vendor_id, name=made.name, mark=mark(HOLD.key), parent_id=case.vendor_id)


def read(bench: Bench, ref: Ref) -> Live:
    live = bench.reader().read_back(ref)
    assert live is not None
    return live


def stored(bench: Bench, ref: Ref) -> Hold:
    return tenant_of(bench.world).holds[ref.vendor_id]


def cmdlets(bench: Bench) -> Counter[str]:
    return Counter(one.operation for one in bench.asked("compliance"))


def parameters(bench: Bench, cmdlet: str) -> list[dict[str, object]]:
    return [json.loads(one.request)["CmdletInput"]["Parameters"] for one in bench.asked("compliance") if one.operation == cmdlet]


def seen(bench: Bench) -> Snapshot:
    return bench.reader().snapshot(CASES)


def chosen(bench: Bench, *, accepted: bool = True) -> Capability:
    return {one.kind: one for one in bench.reader(accepted=accepted).examine().capabilities}[Kind.M365_HOLD]


# The surface

def test_without_a5_holds_go_by_cmdlet_and_the_capability_says_so(a3: Bench) -> None:
    found = chosen(a3)
    assert (found.surface, found.read, found.write) == ("compliance_admin", ReadCapability.FULL, WriteCapability.UNPROVEN)
    assert "graph.not_licensed" in (found.reason or "")


def test_until_the_endpoint_is_accepted_nothing_is_held_and_the_next_step_names_it(a3: Bench) -> None:
    found = chosen(a3, accepted=False)
    assert (found.surface, found.write) == ("graph", WriteCapability.MISSING)
    assert "attest admin-endpoint/m365" in (found.next_step or "")
    assert not a3.asked("compliance")


def test_without_the_role_group_the_cmdlets_are_not_ours_either(a3: Bench) -> None:
    a3.switch(ediscovery_manager="not_registered")
    found = chosen(a3)
    assert (found.surface, found.read, found.write) == ("graph", ReadCapability.NONE, WriteCapability.MISSING)
    assert "Add-RoleGroupMember" in (found.next_step or "")


def test_a_missing_cmdlet_is_named(a3: Bench) -> None:
    a3.switch(missing_cmdlets="New-CaseHoldRule")
    found = chosen(a3)
    assert (found.write, found.reason) == (WriteCapability.MISSING, "admin.cmdlet_missing: New-CaseHoldRule")


def test_a_graph_that_is_slow_today_is_not_one_that_refuses(bench: Bench) -> None:
    bench.fault("graph", "GET /security/cases/ediscoveryCases", times=9)
    found = chosen(bench)
    assert (found.surface, found.read) == ("graph", ReadCapability.UNKNOWN)
    bench.world.faults.clear()
    assert chosen(bench).surface == "graph"


def test_where_no_version_of_graph_serves_legal_holds_the_cmdlets_do(bench: Bench) -> None:
    body = b'{"error":{"code":"BadRequest","message":"Resource not found for the segment \'legalHolds\'."}}'
    bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", status=400, body=body, times=99)
    snapshot = seen(bench)
    assert {kind: read.state for kind, read in snapshot.reads.items()} == dict.fromkeys(CASES, ReadState.COMPLETE)
    assert "Get-CaseHoldPolicy" in cmdlets(bench)


def test_no_hold_is_listed_twice_and_another_licence_shows_the_same_objects(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    by_cmdlet = seen(a3)
    a3.switch(licence="A5")
    a3.advance(PENDING)
    over_graph = seen(a3)
    for snapshot in (by_cmdlet, over_graph):
        ids = [live.vendor_id for live in snapshot.resources]
        assert len(ids) == len(set(ids))
    one, other = (next(live for live in snapshot.of(Kind.M365_HOLD) if live.vendor_id == ref.vendor_id) for snapshot in (by_cmdlet, over_graph))
    assert (one.fields, one.members, one.mark, one.parent_id, one.name) == (other.fields, other.members, other.mark, other.parent_id, other.name)
    assert {live.vendor_id for live in by_cmdlet.of(Kind.M365_CASE)} == {live.vendor_id for live in over_graph.of(Kind.M365_CASE)}


def test_reader_and_writer_of_one_connector_use_one_surface(a3: Bench) -> None:
    connector = a3.connector()
    reader, writer = connector.reader(a3.tenant, a3.context()), connector.writer(a3.tenant, a3.context())
    reader.examine()
    before = len(a3.asked("graph"))
    writer.create(CASE, mark(CASE.key), None)
    assert [one.operation for one in a3.asked("graph")[before:] if "ediscovery" in one.operation] == []
    reader.close()
    writer.close()


# Making

def test_a_hold_is_born_with_its_places_and_its_rule_and_not_in_force(a3: Bench) -> None:
    first, *_rest = a3.people("teacher", 1)
    members = places(a3, 3) | {drive_of(a3, first)}
    ref = held(a3, members)
    live = read(a3, ref)
    assert (live.members, live.force, live.fields["enabled"], live.mark) == (members, Force.PENDING, True, mark(HOLD.key))
    assert live.made_by_us is True
    sent = cmdlets(a3)
    assert (sent["New-CaseHoldPolicy"], sent["New-CaseHoldRule"], sent["Set-CaseHoldPolicy"]) == (1, 1, 0)
    a3.advance(PENDING)
    assert read(a3, ref).force is Force.APPLIED


def test_terms_are_the_rules_query(a3: Bench) -> None:
    ref = held(a3, places(a3, 1), query="budget OR levy")
    assert read(a3, ref).fields["query"] == "budget OR levy"
    assert [one["ContentMatchQuery"] for one in parameters(a3, "New-CaseHoldRule")] == ["budget OR levy"]


@pytest.mark.parametrize("fault", [400, 429, 504])
def test_a_policy_whose_rule_was_not_made_is_made_holds_nothing_and_is_given_one(a3: Bench, fault: int) -> None:
    members, case = places(a3, 2), opened(a3)
    a3.fault("compliance", "New-CaseHoldRule", status=fault, times=9, body=b"{}")
    wanted = replace(HOLD, members=members, whole=True)
    receipt = a3.writer().create(wanted, mark(HOLD.key), case)
    assert set(receipt.later) == {"enabled"}
    (found,) = [live for live in seen(a3).of(Kind.M365_HOLD) if live.mark == mark(HOLD.key)]
    assert (found.vendor_id, found.fields["enabled"], found.force) == (receipt.vendor_id, False, Force.OFF)
    a3.world.faults.clear()
    before = cmdlets(a3)["Set-CaseHoldPolicy"]
    a3.writer().set(found.ref("m365"), replace(HOLD, members=frozenset()), mark(HOLD.key), frozenset({"enabled"}))
    live = read(a3, found.ref("m365"))
    assert (live.fields["enabled"], live.force, live.members) == (True, Force.PENDING, members)
    assert cmdlets(a3)["Set-CaseHoldPolicy"] == before, "it was not switched off, and a needless change would lock it"
    assert cmdlets(a3)["New-CaseHoldPolicy"] == 1


def test_a_rule_that_was_refused_with_its_terms_leaves_both_to_come(a3: Bench) -> None:
    case = opened(a3)
    a3.fault("compliance", "New-CaseHoldRule", status=400, body=b"{}")
    wanted = replace(HOLD, members=places(a3, 1), whole=True, fields={**HOLD.fields, "query": "budget"})
    assert set(a3.writer().create(wanted, mark(HOLD.key), case).later) == {"enabled", "query"}


def test_a_hold_whose_rule_is_refused_is_no_proof_and_neither_is_what_it_left(a3: Bench) -> None:
    own = mark("proof0-hold")
    a3.fault("compliance", "New-CaseHoldRule", status=400, times=9, body=b"{}")
    for _ in range(2):
        with pytest.raises(PermanentError) as caught:
            a3.prover().prove(Kind.M365_HOLD, own)
        assert caught.value.code == "admin.refused"
    a3.world.faults.clear()
    a3.advance(PENDING)
    a3.prover().prove(Kind.M365_HOLD, own)
    assert cmdlets(a3)["New-CaseHoldPolicy"] == 1


def test_status_and_places_are_asked_for_with_the_detail_without_which_they_lie(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    a3.advance(PENDING)
    before = len(a3.asked("compliance"))
    assert read(a3, ref).force is Force.APPLIED
    seen(a3)
    asked = [json.loads(one.request)["CmdletInput"]["Parameters"] for one in a3.asked("compliance")[before:] if one.operation == "Get-CaseHoldPolicy"]
    assert asked
    assert all(one.get("DistributionDetail") is True for one in asked)


def test_a_place_that_cannot_be_resolved_is_named_and_stops_nobody_else(a3: Bench) -> None:
    good, bad = places(a3, 2), "mail:nobody@nowhere.example"
    case = opened(a3)
    receipt = a3.writer().create(replace(HOLD, members=good | {bad}, whole=True), mark(HOLD.key), case)
    errors = {one.member: one.error for one in receipt.members}
    assert errors.pop(bad) is not None
    assert errors == dict.fromkeys(good)
    ref = Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=receipt.vendor_id, name=receipt.name, parent_id=case.vendor_id)
    assert read(a3, ref).members == good
    assert cmdlets(a3)["New-CaseHoldPolicy"] == 2, "refused once with the unusable one, made once without: never one call a person"


def test_a_name_that_another_hand_uses_in_other_letters_keeps_nobody_waiting(a3: Bench) -> None:
    a3.act("create_case", name="BLUE HERON")
    theirs = {case.guid for case in tenant_of(a3.world).cases.values()}
    ref = opened(a3)
    assert ref.vendor_id not in theirs
    live = read(a3, ref)
    assert live.name.startswith("blue heron ")
    assert live.mark == mark(CASE.key)


def test_cases_whose_names_differ_in_case_are_told_apart_by_their_ids(a3: Bench) -> None:
    a3.act("create_case", name="BLUE HERON")
    (theirs,) = [case.guid for case in tenant_of(a3.world).cases.values() if case.name == "BLUE HERON"]
    ref = held(a3, places(a3, 1))
    assert stored(a3, ref).case != theirs
    assert all(one["Case"] != "blue heron" for one in (*parameters(a3, "New-CaseHoldPolicy"), *parameters(a3, "Get-CaseHoldPolicy")) if "Case" in one)
    assert all(len(str(one["Policy"])) == 36 for one in parameters(a3, "New-CaseHoldRule"))


@pytest.mark.parametrize("cmdlet", ["New-ComplianceCase", "New-CaseHoldPolicy"])
def test_a_lost_answer_is_no_reason_to_create_again(a3: Bench, cmdlet: str) -> None:
    a3.fault("compliance", cmdlet, status=504, when="after")
    with pytest.raises(UnknownOutcomeError):
        held(a3, places(a3, 1))
    assert cmdlets(a3)[cmdlet] == 1
    key = CASE.key if cmdlet == "New-ComplianceCase" else HOLD.key
    assert len([live for live in seen(a3).resources if live.mark == mark(key)]) == 1


@pytest.mark.parametrize(("when", "calls"), [("before", 2), ("after", 1)])
def test_throttled_a_create_is_sent_again_only_when_a_look_shows_nothing(a3: Bench, when: str, calls: int) -> None:
    a3.fault("compliance", "New-CaseHoldPolicy", status=429, when=when, headers={"retry-after": "3"})
    ref = held(a3, places(a3, 1))
    assert cmdlets(a3)["New-CaseHoldPolicy"] == calls
    assert len([live for live in seen(a3).of(Kind.M365_HOLD) if live.mark == mark(HOLD.key)]) == 1
    assert read(a3, ref).fields["enabled"] is True


# Adding, and the lock

def test_while_it_is_distributed_a_hold_is_locked(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    with pytest.raises(LockedError) as caught:
        a3.writer().add(ref, places(a3, 3), read(a3, ref))
    assert caught.value.code == "admin.pending_lock"


def test_places_are_added_in_one_call_and_nothing_is_taken_away(a3: Bench) -> None:
    before, after = places(a3, 2), places(a3, 4)
    ref = held(a3, before)
    a3.advance(PENDING)
    receipt = a3.writer().add(ref, after, read(a3, ref))
    assert {one.member for one in receipt.members if one.error is None} == after
    assert read(a3, ref).members == after
    (sent,) = parameters(a3, "Set-CaseHoldPolicy")
    assert set(sent) == {"Identity", "AddExchangeLocation"}
    assert len(sent["AddExchangeLocation"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("unusable", [False, True])
def test_a_hold_is_switched_on_and_given_its_places_in_one_call(a3: Bench, *, unusable: bool) -> None:
    before, after = places(a3, 2), places(a3, 3)
    ref = held(a3, before)
    a3.advance(PENDING)
    a3.act("disable_hold", case=ref.parent_id, hold=ref.vendor_id)
    a3.advance(PENDING)
    bad = frozenset({"mail:nobody@nowhere.example"}) if unusable else frozenset[str]()
    receipt = a3.writer().set(ref, replace(HOLD, members=after - before | bad), mark(HOLD.key), frozenset({"enabled"}))
    live = read(a3, ref)
    assert (live.fields["enabled"], live.members, live.mark) == (True, after, mark(HOLD.key))
    assert {one.member for one in receipt.members if one.error is not None} == bad
    assert {one.member for one in receipt.members} == after - before | bad
    # Refused once with the unusable place, accepted once without: the lock begins with the call that went through.
    assert len(parameters(a3, "Set-CaseHoldPolicy")) == 1 + unusable


def rule_off(bench: Bench, ref: Ref, *, policy: bool) -> None:
    """Somebody switched the rule off, and the ``policy`` too."""
    with bench.world.lock:
        stored(bench, ref).rule_disabled = True
        stored(bench, ref).enabled = not policy


def test_a_rule_that_alone_is_off_is_switched_on_by_itself(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    a3.advance(PENDING)
    rule_off(a3, ref, policy=False)
    assert (read(a3, ref).fields["enabled"], read(a3, ref).force) == (False, Force.OFF)
    receipt = a3.writer().set(ref, replace(HOLD, members=frozenset()), mark(HOLD.key), frozenset({"enabled"}))
    assert (receipt.later, parameters(a3, "Set-CaseHoldPolicy")) == ({}, [])
    assert (read(a3, ref).fields["enabled"], read(a3, ref).force) == (True, Force.PENDING)
    a3.advance(PENDING)
    rule_off(a3, ref, policy=False)
    a3.switch(deploy_lock="stuck")
    with pytest.raises(LockedError):  # nothing was done
        a3.writer().set(ref, replace(HOLD, members=frozenset()), mark(HOLD.key), frozenset({"enabled"}))


@pytest.mark.parametrize("fault", [None, 400, 429, 504])
def test_what_the_first_call_did_is_done_whatever_becomes_of_the_rule(a3: Bench, fault: int | None) -> None:
    """The first call locks the policy, so that its rule has to wait."""
    before, after = places(a3, 2), places(a3, 3)
    ref = held(a3, before)
    a3.advance(PENDING)
    rule_off(a3, ref, policy=True)
    if fault is not None:
        a3.fault("compliance", "Set-CaseHoldRule", status=fault, times=9)
    receipt = a3.writer().set(ref, replace(HOLD, members=after - before), mark(HOLD.key), frozenset({"enabled"}))
    assert set(receipt.later) == {"enabled"}
    assert (receipt.later["enabled"][0] == "admin.pending_lock") is (fault is None)
    assert stored(a3, ref).enabled
    live = read(a3, ref)
    assert (live.members, live.fields["enabled"]) == (after, False), "without its rule it holds nothing"
    a3.world.faults.clear()
    a3.advance(PENDING)
    again = a3.writer().set(ref, replace(HOLD, members=frozenset()), mark(HOLD.key), frozenset({"enabled"}))
    assert (again.later, read(a3, ref).fields["enabled"]) == ({}, True)


def test_switching_a_hold_on_leaves_its_query_for_a_call_of_its_own(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    a3.advance(PENDING)
    stored(a3, ref).query = "budget"
    a3.act("disable_hold", case=ref.parent_id, hold=ref.vendor_id)
    a3.advance(PENDING)
    a3.writer().set(ref, replace(HOLD, members=frozenset()), mark(HOLD.key), frozenset({"enabled"}))
    assert (read(a3, ref).fields["enabled"], read(a3, ref).fields["query"]) == (True, "budget")


def test_adding_somebody_does_not_say_that_the_others_are_let_go(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    a3.advance(PENDING)
    a3.writer().add(ref, places(a3, 3), read(a3, ref))
    live = read(a3, ref)
    assert live.force is Force.PENDING
    assert live.member_states == {}, "the platform speaks of the whole policy, not of its places"


def test_a_failed_distribution_is_asked_for_again_and_the_failed_place_named(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    a3.advance(PENDING)
    with a3.world.lock:
        broken = stored(a3, ref).sources[0]
        broken.failed = f"{broken.place}: the mailbox could not be found."
    live = read(a3, ref)
    assert live.force is Force.ERROR
    assert [member for member, state in live.member_states.items() if state.force is Force.ERROR] == [f"mail:{broken.place.lower()}"]
    a3.writer().retry(ref)
    assert read(a3, ref).force is Force.PENDING


# Closed, switched off, changed

def test_a_closed_case_is_opened_again_and_its_hold_switched_on(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    a3.advance(PENDING)
    a3.act("close_case", case=ref.parent_id)
    a3.advance(PENDING)
    assert (read(a3, ref).force, read(a3, ref).fields["enabled"]) == (Force.OFF, False)
    case = read(a3, Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=ref.parent_id or "", name=CASE.name))
    assert case.fields["state"] == "closed"
    receipt = a3.writer().set(case.ref("m365"), CASE, mark(CASE.key), frozenset({"state"}))
    assert [(one.member, one.error) for one in receipt.members] == [(HOLD.name, None)]
    assert read(a3, case.ref("m365")).fields["state"] == "open"
    assert (read(a3, ref).fields["enabled"], read(a3, ref).force) == (True, Force.PENDING)
    a3.advance(PENDING)
    assert read(a3, ref).force is Force.APPLIED


def test_a_hold_of_another_hand_in_our_case_is_not_switched_on(a3: Bench) -> None:
    ref = held(a3, places(a3, 1))
    a3.advance(PENDING)
    theirs = a3.writer().create(replace(HOLD, name="theirs", whole=True), mark("m-theirs-1", district="zzzzzzzz"), Ref(
        tenant="m365", kind=Kind.M365_CASE, vendor_id=ref.parent_id or "", name=CASE.name,
    ))
    a3.act("close_case", case=ref.parent_id)
    a3.advance(PENDING)
    case = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=ref.parent_id or "", name=CASE.name)
    a3.writer().set(case, CASE, mark(CASE.key), frozenset({"state"}))
    assert tenant_of(a3.world).holds[theirs.vendor_id].enabled is False


def test_a_query_that_somebody_put_in_is_taken_out_again(a3: Bench) -> None:
    ref = held(a3, places(a3, 1))
    a3.advance(PENDING)
    stored(a3, ref).query = "budget"
    assert read(a3, ref).fields["query"] == "budget"
    a3.writer().set(ref, HOLD, mark(HOLD.key), frozenset({"query"}))
    assert read(a3, ref).fields["query"] == ""
    assert read(a3, ref).mark == mark(HOLD.key)


@pytest.mark.parametrize(("kind", "fields", "values"), [
    (Kind.M365_CASE, {"state"}, {"state": "closed"}),
    (Kind.M365_HOLD, {"enabled"}, {"enabled": False}),
    (Kind.M365_HOLD, {"members"}, {}),
])
def test_nothing_is_ever_closed_or_switched_off(a3: Bench, kind: Kind, fields: set[str], values: dict[str, object]) -> None:
    ref = held(a3, places(a3, 1))
    wanted = replace(CASE if kind is Kind.M365_CASE else HOLD, fields={**HOLD.fields, **values})  # type: ignore[dict-item]
    before = len(a3.asked("compliance"))
    target = Ref(tenant="m365", kind=kind, vendor_id=ref.parent_id or "", name="x") if kind is Kind.M365_CASE else ref
    with pytest.raises(PermanentError) as caught:
        a3.writer().set(target, wanted, mark(wanted.key), frozenset(fields))
    assert caught.value.code == "write.not_allowed"
    assert not [one for one in a3.asked("compliance")[before:] if one.operation.startswith("Set-")]


# Reading

@pytest.mark.parametrize("shape", ["nulls", "plain", "spelling", "nulls,plain,spelling"])
def test_shapes_of_an_answer_make_no_difference(a3: Bench, shape: str) -> None:
    members = places(a3, 2) | {drive_of(a3, a3.people("teacher", 1)[0])}
    ref = held(a3, members)
    a3.advance(PENDING)
    plain = read(a3, ref)
    a3.switch(shapes=shape)
    other = read(a3, ref)
    assert (other.fields, other.members, other.force, other.mark) == (plain.fields, plain.members, plain.force, plain.mark)


def test_an_inactive_mailbox_has_its_leading_period(a3: Bench) -> None:
    address = a3.people("teacher", 1)[0]
    ref = held(a3, frozenset({f"mail:{address}"}))
    a3.advance(PENDING)
    a3.act("delete_user", user=address)
    case = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=ref.parent_id or "", name=CASE.name)
    later = replace(HOLD, name="blue heron 2", members=frozenset({f"mail:.{address}"}), whole=True)
    made = a3.writer().create(later, mark("m-blue-heron-2"), case)
    found = read(a3, Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=made.vendor_id, name=made.name, parent_id=case.vendor_id))
    assert found.members == {f"mail:.{address}"}


def test_lists_that_time_out_are_read_piece_by_piece(a3: Bench) -> None:
    ref = held(a3, places(a3, 2))
    for cmdlet in ("Get-CaseHoldPolicy", "Get-CaseHoldRule"):
        a3.fault("compliance", cmdlet, status=500)
    before = cmdlets(a3)
    snapshot = seen(a3)
    assert snapshot.complete(Kind.M365_HOLD)
    assert ref.vendor_id in {live.vendor_id for live in snapshot.of(Kind.M365_HOLD)}
    # One list that failed, then one for each case and each hold: the visibility check's and ours.
    after = cmdlets(a3) - before
    assert (after["Get-CaseHoldPolicy"], after["Get-CaseHoldRule"]) == (3, 3)


def test_a_rule_that_cannot_be_read_makes_the_holds_partial(a3: Bench) -> None:
    held(a3, places(a3, 2))
    a3.fault("compliance", "Get-CaseHoldRule", status=500, times=99)
    snapshot = seen(a3)
    assert snapshot.reads[Kind.M365_HOLD].state is ReadState.PARTIAL
    assert snapshot.complete(Kind.M365_CASE)
    assert not [live for live in snapshot.of(Kind.M365_HOLD) if live.mark == mark(HOLD.key)]


def test_a_look_costs_a_list_each_however_many_people_are_held(a3: Bench) -> None:
    held(a3, places(a3, 5))
    reader = a3.reader()
    reader.examine()
    before = cmdlets(a3)
    reader.snapshot(CASES)
    assert cmdlets(a3) - before == Counter({"Get-ComplianceCase": 2, "Get-CaseHoldPolicy": 1, "Get-CaseHoldRule": 1})


def test_a_manager_who_sees_only_his_own_cases_is_partial_here_too(a3: Bench) -> None:
    a3.act("create_case", name="The attorney's own case")
    a3.check(Kind.M365_CASE, "The attorney's own case")
    assert seen(a3).complete(Kind.M365_CASE)
    a3.switch(ediscovery_manager="manager")
    read_ = seen(a3).reads[Kind.M365_CASE]
    assert (read_.state, read_.reason) == (ReadState.PARTIAL, "visibility_check.not_seen")


def test_what_is_gone_is_gone_only_after_a_whole_list(a3: Bench) -> None:
    ref = held(a3, places(a3, 1))
    del tenant_of(a3.world).holds[ref.vendor_id]
    assert a3.reader().read_back(ref) is None
    a3.check(Kind.M365_HOLD, None)
    with pytest.raises(PermanentError) as caught:
        a3.reader().read_back(ref)
    assert caught.value.code == "kind.partial"


# Proofs

@pytest.mark.parametrize("kind", [Kind.M365_CASE, Kind.M365_HOLD])
def test_a_proof_is_made_closed_again_and_used_again(a3: Bench, kind: Kind) -> None:
    proof = mark(f"proof-{kind.value.rpartition('.')[2]}")
    first = a3.prover().prove(kind, proof)
    a3.advance(PENDING)
    second = a3.prover().prove(kind, proof)
    assert second.vendor_id == first.vendor_id
    assert "left_behind" in second.raw
    ours = [case for case in tenant_of(a3.world).cases.values() if "[rw:" in (case.external_id or "")]
    assert len(ours) == 1
    a3.advance(PENDING)
    (found,) = [live for live in seen(a3).of(Kind.M365_CASE) if live.vendor_id == ours[0].guid]
    assert found.fields["state"] == "closed"


# The order

def circumstances(surface: str, **more: object) -> Circumstances:
    capability = Capability(kind=Kind.M365_HOLD, read=ReadCapability.FULL, write=WriteCapability.UNPROVEN, surface=surface)
    base = Circumstances(
        tenant=Tenant(id="m365", platform=Platform.MICROSOFT365), capabilities=(capability,), licences={},
        roster=Roster(tenant="m365", at=datetime(2026, 10, 5, tzinfo=UTC), identities=()),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def order(count: int) -> HoldOrder:
    people = tuple(
        OrderedSource(person=f"p{n:04}@d.example", workload=Workload.MAIL, identity_id=None, address=f"p{n:04}@d.example", container=f"p{n:04}@d.example")
        for n in range(count)
    )
    return HoldOrder(alias="x", tenant_alias="amber", sources=people)


@pytest.mark.parametrize(("surface", "whole"), [("graph", False), ("compliance_admin", True)])
def test_only_a_cmdlets_hold_is_taken_whole(surface: str, whole: bool) -> None:  # noqa: FBT001
    ordered = Microsoft365Connector(allowed=Allowed(admin=True)).realise_hold(order(3), circumstances(surface))
    assert {want.whole for want in ordered.resources if want.kind is Kind.M365_HOLD} == {whole}
    assert {len(want.born_with) for want in ordered.resources if want.kind is Kind.M365_HOLD} == {3 if whole else 0}


def test_who_joins_while_a_hold_is_locked_is_held_at_once_in_another() -> None:
    pieces = {"m-amber-1": ["mail:p0000@d.example", "mail:p0001@d.example"]}
    for surface, flying, home in (
        ("compliance_admin", frozenset({"m-amber-1"}), "m-amber-2"),
        ("compliance_admin", frozenset[str](), "m-amber-1"),
        ("graph", frozenset({"m-amber-1"}), "m-amber-1"),
    ):
        given = circumstances(surface, pieces=pieces, in_flight=flying)
        carried = Microsoft365Connector(allowed=Allowed(admin=True)).realise_hold(order(3), given).carried
        assert {source.address: key for source, (key, _member) in carried.items()} == {
            "p0000@d.example": "m-amber-1", "p0001@d.example": "m-amber-1", "p0002@d.example": home,
        }
