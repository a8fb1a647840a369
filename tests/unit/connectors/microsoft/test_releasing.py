"""Letting go: exactly whom a release names, over each surface that a hold is written over, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.base import Receipt
from connectors.errors import ConnectorError, LockedError, PermanentError, UnknownOutcomeError
from connectors.microsoft365.belt import belt_from
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.graph import Call
from connectors.microsoft365.inplace import mailbox_from
from connectors.microsoft365.releaser import Microsoft365Releaser
from policies.kinds import Kind
from policies.resources import Live, Ref
from sandbox.microsoft.objects import Case, Hold
from sandbox.microsoft.state import tenant_of
from sandbox.world import Exchange
from tests.unit.connectors.microsoft.people import officer
from tests.unit.connectors.microsoft.support import CASE, HOLD, Bench, mark
from tests.unit.connectors.microsoft.test_case_holds import drive_of
from tests.unit.connectors.microsoft.test_delegated_holds import signed_in

LATER = 1000.0
"""Seconds after which everything of a small hold has been distributed on the sandbox."""
PAST = 90_000.0
"""A day later nothing that was sent is on its way any more."""


@pytest.fixture(params=["graph", "compliance_admin", "graph_signed_in"])
def surface(bench: Bench, request: pytest.FixtureRequest) -> str:
    """The tenant as it is where holds go over that surface."""
    way = str(request.param)
    if way == "compliance_admin":
        bench.switch(licence="A3")
    if way == "graph_signed_in":
        bench.switch(licence="A3", ediscovery_manager="not_registered")
        # Sees every case, and objects of another hand show that they do.
        signed_in(bench, tenant_of(bench.world).console.upn)
        state = tenant_of(bench.world)
        for one in (*state.cases.values(), *state.holds.values()):
            one.created_by = replace(one.created_by, name="Counsel", upn=f"counsel@{bench.tenant.domain}", object_id="counsel")
    return way


def releaser(bench: Bench) -> Microsoft365Releaser:
    made = bench.connector().releaser(bench.tenant, bench.context())
    bench._closing.append(made.close)
    return made


def held(bench: Bench, members: frozenset[str], key: str = HOLD.key) -> Ref:
    """A hold of ours in a case of ours, in force."""
    writer = bench.writer()
    case = next((one for one in tenant_of(bench.world).cases.values() if one.external_id == str(mark(CASE.key))), None)
    case_id = case.guid if case else writer.create(CASE, mark(CASE.key), None).vendor_id
    parent = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=case_id, name=CASE.name)
    wanted = replace(HOLD, key=key, name=f"hold {key}", members=members, whole=True)
    made = writer.create(wanted, mark(key), parent)
    ref = Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=made.vendor_id, name=made.name, mark=mark(key), parent_id=case_id)
    live = read(bench, ref)
    if members - live.members:
        writer.add(ref, members, live)
    bench.advance(LATER)
    return ref


def read(bench: Bench, ref: Ref) -> Live:
    live = bench.reader().read_back(ref)
    assert live is not None
    return live


def case_of(ref: Ref) -> Ref:
    return Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=ref.parent_id or "", name=CASE.name, mark=mark(CASE.key))


def hold(bench: Bench, ref: Ref) -> Hold:
    return tenant_of(bench.world).holds[ref.vendor_id]


def case(bench: Bench, ref: Ref) -> Case:
    return tenant_of(bench.world).cases[ref.vendor_id]


def mail(bench: Bench, count: int) -> list[str]:
    return [f"mail:{address}" for address in bench.people("teacher", count)]


def sent(bench: Bench, act: Callable[[], object]) -> list[Exchange]:
    """What ``act`` sent that may change something."""
    before = len(bench.world.exchanges)
    act()
    return [one for one in bench.world.exchanges[before:] if one.surface in ("graph", "compliance", "exchange") and writes(one)]


def writes(one: Exchange) -> bool:
    if one.surface == "graph":
        return one.method != "GET"
    return one.method == "POST" and not one.operation.startswith("Get-")


def errors(receipt: Receipt) -> dict[str, str | None]:
    return {one.member: one.error and one.error.partition(":")[0] for one in receipt.members}


def parameters(one: Exchange) -> dict[str, object]:
    found: dict[str, object] = json.loads(one.request)["CmdletInput"]["Parameters"]
    return found


# People taken off a hold

def test_exactly_those_who_are_named_are_taken_off_and_everybody_else_stays(bench: Bench, surface: str) -> None:
    ann, bo, cy = mail(bench, 3)
    ref = held(bench, frozenset({ann, bo, cy, drive_of(bench, ann[5:]), drive_of(bench, bo[5:])}))
    live = read(bench, ref)
    assert len(live.members) == 5
    going = {ann, drive_of(bench, ann[5:]).lower()}
    receipt = releaser(bench).remove(ref, frozenset(going), live)
    assert errors(receipt) == dict.fromkeys(going)
    assert (receipt.vendor_id, receipt.name, receipt.surface) == (ref.vendor_id, ref.name, surface)
    assert receipt.accepted_at == bench.clock.now()
    after = read(bench, ref)
    assert after.members == live.members - going
    assert (after.fields, after.mark) == (live.fields, live.mark)
    bench.advance(PAST)
    assert {place.place.lower() for place in hold(bench, ref).sources} == {member.partition(":")[2] for member in live.members - going}


def test_who_is_off_already_is_as_good_as_done_and_nothing_is_sent_for_them(bench: Bench, surface: str) -> None:
    ann, bo, cy = mail(bench, 3)
    ref = held(bench, frozenset({ann, bo, cy}))
    live = read(bench, ref)
    hand = releaser(bench)
    hand.remove(ref, frozenset({ann}), live)
    bench.advance(LATER)
    # Once more with what was seen before, as after a crash: everything that was asked for is so.
    assert errors(hand.remove(ref, frozenset({ann}), live)) == {ann: None}
    fresh = read(bench, ref)
    assert not sent(bench, lambda: hand.remove(ref, frozenset({ann, "mail:nobody@nowhere.example"}), fresh))
    assert fresh.members == {bo, cy}


def test_nobody_is_left_as_the_last_one_out(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    before = len(bench.world.exchanges)
    with pytest.raises(PermanentError) as caught:
        releaser(bench).remove(ref, frozenset({ann, bo, "mail:x@y.example"}), live)
    assert caught.value.code == "release.whole_only"
    assert len(bench.world.exchanges) == before
    assert len(hold(bench, ref).sources) == 2


def test_over_graph_each_source_goes_by_its_own_id_and_the_word_delete_touches_nothing_else(bench: Bench) -> None:
    ann, bo, cy = mail(bench, 3)
    ref = held(bench, frozenset({ann, bo, cy}))
    live = read(bench, ref)
    found = sent(bench, lambda: releaser(bench).remove(ref, frozenset({ann, bo}), live))
    ids = {live.member_states[member].vendor_id for member in (ann, bo)}
    base = f"/v1.0/security/cases/ediscoveryCases/{ref.parent_id}/legalHolds/{ref.vendor_id}/userSources/"
    assert {(one.method, one.path.partition("/v1.0")[2]) for one in found} == {("DELETE", f"{base[5:]}{ident}") for ident in ids}


def test_where_version_1_does_not_serve_holds_beta_does(bench: Bench) -> None:
    bench.switch(legal_holds_v1="off")
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    assert errors(releaser(bench).remove(ref, frozenset({ann}), read(bench, ref))) == {ann: None}
    assert read(bench, ref).members == {bo}


def test_an_id_that_is_no_guid_goes_out_as_one_segment(bench: Bench) -> None:
    ann, bo, cy = mail(bench, 3)
    ref = held(bench, frozenset({cy}))
    belted(bench, bo)  # so that the mailbox outlives its account
    bench.act("delete_user", user=bo[5:])
    twin = f"mail:.{bo[5:]}"
    bench.writer().add(ref, frozenset({ann, twin}), read(bench, ref))
    bench.advance(LATER)
    live = read(bench, ref)
    assert live.member_states[twin].vendor_id == f"00000000-0000-0000-0000-000000000000.{bo[5:]}"
    strange = replace(live, member_states={**live.member_states, twin: replace(live.member_states[twin], vendor_id=f"b?c#{bo[5:]}")})
    found = sent(bench, lambda: releaser(bench).remove(ref, frozenset({twin}), strange))
    assert [one.path.rpartition("/userSources/")[2] for one in found] == [f"b%3Fc%23{bo[5:]}"]
    assert errors(releaser(bench).remove(ref, frozenset({twin}), live)) == {twin: None}
    assert read(bench, ref).members == {ann, cy}


def test_a_404_is_believed_only_when_the_list_says_the_same(bench: Bench) -> None:
    """The platform shows a row for an inactive mailbox beside the active one, and has no source of that id."""
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    bench.act("delete_user", user=ann[5:])
    live = read(bench, ref)
    twin = f"mail:.{ann[5:]}"
    assert twin in live.members
    assert errors(releaser(bench).remove(ref, frozenset({twin}), live)) == {twin: "graph.not_found"}
    assert errors(releaser(bench).remove(ref, frozenset({twin, ann}), live)) == {twin: None, ann: None}
    assert read(bench, ref).members == {bo}


def test_a_source_that_the_platform_is_taking_out_is_out(bench: Bench) -> None:
    bench.switch(removed_sources="shown")
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    hand = releaser(bench)
    hand.remove(ref, frozenset({ann}), live)
    assert read(bench, ref).members == {ann, bo}, "still listed, as removing"
    assert errors(hand.remove(ref, frozenset({ann}), live)) == {ann: None}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["status", "reset"])
def test_over_graph_a_lost_answer_is_settled_by_the_list(bench: Bench, when: str, kind: str) -> None:
    ann, bo, cy = mail(bench, 3)
    ref = held(bench, frozenset({ann, bo, cy}))
    live = read(bench, ref)
    bench.fault("graph", "DELETE /security/cases/ediscoveryCases/{case}/legalHolds/{hold}/userSources/{source}", kind=kind, status=504, when=when)
    found = errors(releaser(bench).remove(ref, frozenset({ann}), live))
    assert (found[ann] is None, ann in read(bench, ref).members) == (when == "after", when == "before")
    assert errors(releaser(bench).remove(ref, frozenset({ann}), live)) == {ann: None}
    assert read(bench, ref).members == {bo, cy}


def test_where_the_list_cannot_be_read_either_nobody_knows_and_it_may_be_asked_again(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    where = "/security/cases/ediscoveryCases/{case}/legalHolds/{hold}/userSources"
    bench.fault("graph", f"DELETE {where}/{{source}}", kind="reset", when="after")
    bench.fault("graph", f"GET {where}", status=500, times=9)
    with pytest.raises(UnknownOutcomeError) as caught:
        releaser(bench).remove(ref, frozenset({ann}), live)
    assert caught.value.code == "hold.sources_unseen"
    assert "again is safe" in caught.value.next_step
    bench.world.faults.clear()
    assert errors(releaser(bench).remove(ref, frozenset({ann}), live)) == {ann: None}


def test_a_throttled_removal_waits_and_goes_out_again(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    where = "/security/cases/ediscoveryCases/{case}/legalHolds/{hold}/userSources"
    bench.fault("graph", f"DELETE {where}/{{source}}", status=429, headers={"retry-after": "7"})
    assert errors(releaser(bench).remove(ref, frozenset({ann}), live)) == {ann: None}
    assert 7.0 in bench.clock.slept


def test_one_that_is_refused_is_its_own_and_the_others_are_taken_off(bench: Bench) -> None:
    ann, bo, cy = mail(bench, 3)
    ref = held(bench, frozenset({ann, bo, cy}))
    live = read(bench, ref)
    where = "/security/cases/ediscoveryCases/{case}/legalHolds/{hold}/userSources"
    bench.fault("graph", f"DELETE {where}/{{source}}", status=400)
    found = errors(releaser(bench).remove(ref, frozenset({ann, bo}), live))
    assert sorted(one or "" for one in found.values()) == ["", "graph.bad_request"]


def test_a_hold_that_was_seen_by_cmdlet_is_released_over_graph_by_the_ids_of_its_list(bench: Bench) -> None:
    """Cmdlets show no id of a place, and the tenant may have another licence by now."""
    bench.switch(licence="A3")
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    assert not live.member_states
    bench.switch(licence="A5")
    assert errors(releaser(bench).remove(ref, frozenset({ann}), live)) == {ann: None}
    assert read(bench, ref).members == {bo}


def test_a_404_of_what_we_may_not_see_is_no_proof_that_it_is_gone(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    with bench.world.lock:
        case(bench, case_of(ref)).members.clear()
    bench.switch(ediscovery_manager="manager")
    acts: list[Callable[[], Receipt]] = [lambda: releaser(bench).remove(ref, frozenset({ann}), live), lambda: releaser(bench).end(ref, live)]
    for act in acts:
        with pytest.raises(ConnectorError):
            act()
    assert len(hold(bench, ref).sources) == 2


@pytest.mark.parametrize("what", ["remove", "end"])
def test_what_is_positively_gone_is_as_good_as_done(bench: Bench, surface: str, what: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    bench.act("delete_hold", case=ref.parent_id, hold=ref.vendor_id)
    hand = releaser(bench)
    done = hand.remove(ref, frozenset({ann}), live) if what == "remove" else hand.end(ref, live)
    assert not [one for one in done.members if one.error is not None]
    assert done.surface == surface


# By cmdlet

@pytest.fixture
def a3(bench: Bench) -> Bench:
    bench.switch(licence="A3")
    return bench


def test_by_cmdlet_all_go_in_one_call_that_says_nothing_else(a3: Bench) -> None:
    ann, bo, cy = mail(a3, 3)
    drive = drive_of(a3, ann[5:])
    ref = held(a3, frozenset({ann, bo, cy, drive}))
    live = read(a3, ref)
    [one] = sent(a3, lambda: releaser(a3).remove(ref, frozenset({ann, bo, drive.lower()}), live))
    said = parameters(one)
    assert said.pop("RemoveSharePointLocation") == [drive[5:]]
    assert said == {"Identity": ref.vendor_id, "RemoveExchangeLocation": sorted([ann[5:], bo[5:]])}


def test_by_cmdlet_it_is_locked_while_it_is_distributed_and_after_each_change(a3: Bench) -> None:
    ann, bo, cy = mail(a3, 3)
    ref = held(a3, frozenset({ann, bo, cy}))
    live = read(a3, ref)
    hand = releaser(a3)
    hand.remove(ref, frozenset({ann}), live)
    acts: list[Callable[[], Receipt]] = [lambda: hand.remove(ref, frozenset({bo}), live), lambda: hand.end(ref, live)]
    for act in acts:
        with pytest.raises(LockedError) as caught:
            act()
        assert caught.value.code == "admin.pending_lock"
    a3.advance(LATER)
    hand.remove(ref, frozenset({bo}), live)
    assert read(a3, ref).members == {cy}


def test_by_cmdlet_a_lost_answer_is_unknown_and_may_be_asked_again(a3: Bench) -> None:
    ann, bo = mail(a3, 2)
    ref = held(a3, frozenset({ann, bo}))
    live = read(a3, ref)
    a3.fault("compliance", "Set-CaseHoldPolicy", status=504, when="after")
    with pytest.raises(UnknownOutcomeError) as caught:
        releaser(a3).remove(ref, frozenset({ann}), live)
    assert "again is safe" in caught.value.next_step
    # Once more while it is still on its way: nothing has to be sent, so no lock is met.
    assert errors(releaser(a3).remove(ref, frozenset({ann}), live)) == {ann: None}


def test_by_cmdlet_somebody_who_has_another_address_since_is_taken_off_as_the_hold_shows_them(a3: Bench) -> None:
    ann, bo = mail(a3, 2)
    ref = held(a3, frozenset({ann, bo}))
    new = f"ann.married@{a3.tenant.domain}"
    a3.act("rename_user", user=ann[5:], to=new)
    live = replace(read(a3, ref), members=frozenset({f"mail:{new}", bo}))
    [one] = sent(a3, lambda: releaser(a3).remove(ref, frozenset({f"mail:{new}"}), live))
    assert parameters(one)["RemoveExchangeLocation"] == [ann[5:]]
    a3.advance(LATER)
    assert read(a3, ref).members == {bo}


def test_by_cmdlet_nobody_is_taken_off_by_a_guess(a3: Bench) -> None:
    ann, bo = mail(a3, 2)
    ref = held(a3, frozenset({ann, bo}))
    live = replace(read(a3, ref), members=frozenset({"mail:who@nowhere.example", ann, bo}))
    assert errors(releaser(a3).remove(ref, frozenset({"mail:who@nowhere.example"}), live)) == {"mail:who@nowhere.example": "release.not_told_apart"}


def test_by_cmdlet_the_last_place_stays_whatever_was_seen_before(a3: Bench) -> None:
    ann, bo = mail(a3, 2)
    ref = held(a3, frozenset({ann, bo}))
    live = read(a3, ref)
    a3.act("remove_hold_source", hold=ref.vendor_id, place=bo[5:])
    a3.advance(LATER)
    with pytest.raises(PermanentError) as caught:
        releaser(a3).remove(ref, frozenset({ann}), live)
    assert caught.value.code == "release.whole_only"
    assert len(hold(a3, ref).sources) == 1


def test_by_cmdlet_a_hold_that_shows_no_place_is_not_believed(a3: Bench) -> None:
    ann, bo = mail(a3, 2)
    ref = held(a3, frozenset({ann, bo}))
    live = read(a3, ref)
    with a3.world.lock:
        gone, hold(a3, ref).sources[:] = list(hold(a3, ref).sources), []
    with pytest.raises(PermanentError) as caught:
        releaser(a3).remove(ref, frozenset({ann}), live)
    assert caught.value.code == "kind.partial"
    assert len(gone) == 2


def test_by_cmdlet_a_place_that_the_platform_cannot_name_any_more_stays_and_stops_nobody(a3: Bench) -> None:
    ann, bo, cy = mail(a3, 3)
    ref = held(a3, frozenset({ann, bo, cy}))
    live = read(a3, ref)
    words = f"The location '{ann[5:]}' couldn't be found or is not valid."
    body = json.dumps({"error": {"innererror": {"internalexception": {"message": words}}}}).encode()
    a3.fault("compliance", "Set-CaseHoldPolicy", status=400, body=body)
    assert errors(releaser(a3).remove(ref, frozenset({ann, bo}), live)) == {ann: "admin.location_invalid", bo: None}
    assert read(a3, ref).members == {ann, cy}


# A hold, ended

def test_a_hold_is_switched_off_and_stays_what_it_is(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    [one] = sent(bench, lambda: releaser(bench).end(ref, live))
    if surface == "compliance_admin":
        assert parameters(one) == {"Identity": ref.vendor_id, "Enabled": False}
    else:
        assert (one.method, one.path.rpartition("/")[2], "/beta/" in one.path, one.request) == ("POST", "disablePolicy", True, b"")
    after = read(bench, ref)
    assert after.fields == {**live.fields, "enabled": False}
    assert (after.mark, after.members, after.name) == (live.mark, live.members, live.name)
    assert not sent(bench, lambda: releaser(bench).end(ref, live)), "off already"


def test_a_hold_of_several_is_ended_alone(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref, other = held(bench, frozenset({ann})), held(bench, frozenset({bo}), "m-blue-heron-2")
    assert releaser(bench).end(ref, read(bench, ref)).surface == surface
    assert (hold(bench, ref).enabled, hold(bench, other).enabled) == (False, True)


def test_where_beta_does_not_serve_it_a_hold_is_switched_off_by_cmdlet(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    body = b'{"error":{"code":"BadRequest","message":"Resource not found for the segment \'disablePolicy\'."}}'
    bench.fault("graph", "POST /security/cases/ediscoveryCases/{case}/legalHolds/{hold}/disablePolicy", status=400, body=body)
    assert releaser(bench).end(ref, read(bench, ref)).surface == "compliance_admin"
    assert hold(bench, ref).enabled is False


def test_a_lost_answer_to_switching_off_is_unknown_and_may_be_asked_again(bench: Bench, surface: str) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    live = read(bench, ref)
    if surface == "compliance_admin":
        bench.fault("compliance", "Set-CaseHoldPolicy", status=504, when="after")
    else:
        bench.fault("graph", "POST /security/cases/ediscoveryCases/{case}/legalHolds/{hold}/disablePolicy", status=504, when="after")
    with pytest.raises(UnknownOutcomeError) as caught:
        releaser(bench).end(ref, live)
    assert "again is safe" in caught.value.next_step
    assert not sent(bench, lambda: releaser(bench).end(ref, live))


# A case, closed

def test_a_case_is_closed_when_every_hold_in_it_is_off(bench: Bench, surface: str) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    target = case_of(ref)
    live = read(bench, target)
    releaser(bench).end(ref, read(bench, ref))
    [one] = sent(bench, lambda: releaser(bench).end(target, live))
    if surface == "compliance_admin":
        assert parameters(one) == {"Identity": target.vendor_id, "Close": True}
    else:
        assert one.path.endswith(f"/{target.vendor_id}/close")
    assert not sent(bench, lambda: releaser(bench).end(target, live)), "closing already"
    bench.advance(LATER)
    assert read(bench, target).fields["state"] == "closed"
    receipt = releaser(bench).end(target, live)
    assert (receipt.vendor_id, receipt.surface) == (target.vendor_id, surface)


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_case_with_a_hold_that_is_on_stays_open_whosever_it_is(bench: Bench, surface: str, whose: str) -> None:
    ann, bo = mail(bench, 2)
    ref, other = held(bench, frozenset({ann})), held(bench, frozenset({bo}), "m-blue-heron-2")
    if whose == "theirs":
        with bench.world.lock:
            hold(bench, other).comment = "The attorney's own"
    releaser(bench).end(ref, read(bench, ref))
    bench.advance(LATER)
    with pytest.raises(PermanentError) as caught:
        releaser(bench).end(case_of(ref), read(bench, case_of(ref)))
    assert caught.value.code == "release.holds_left"
    assert "hold m-blue-heron-2" in caught.value.message
    assert (case(bench, case_of(ref)).closed_at, hold(bench, other).enabled) == (None, True)


def test_a_hold_that_does_not_say_whether_it_is_on_counts_as_on(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    releaser(bench).end(ref, read(bench, ref))
    body = json.dumps({"value": [{"id": ref.vendor_id, "displayName": "x"}]}).encode()
    bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", status=200, body=body)
    with pytest.raises(PermanentError, match=r"end 1 of its holds"):
        releaser(bench).end(case_of(ref), read(bench, case_of(ref)))


def test_half_a_list_of_holds_closes_no_case(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    releaser(bench).end(ref, read(bench, ref))
    live = read(bench, case_of(ref))
    body = json.dumps({"value": [{"id": "a", "displayName": "a", "isEnabled": False}], "@odata.nextLink": "https://elsewhere.example/x"}).encode()
    bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", status=200, body=body)
    with pytest.raises(PermanentError) as caught:
        releaser(bench).end(case_of(ref), live)
    assert caught.value.code == "kind.partial"
    assert case(bench, case_of(ref)).closed_at is None


@pytest.mark.parametrize("way", ["graph", "cmdlet"])
def test_an_empty_list_of_holds_closes_no_case_unless_holds_would_be_seen(bench: Bench, way: str) -> None:
    bench.switch(licence="A5" if way == "graph" else "A3")
    ref = held(bench, frozenset(mail(bench, 1)))
    live = read(bench, case_of(ref))
    bench.check(Kind.M365_HOLD, "never seen")
    if way == "cmdlet":
        bench.switch(blind="Get-CaseHoldPolicy")
    else:
        bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", status=200, body=b'{"value": []}', times=99)
    with pytest.raises(PermanentError) as caught:
        releaser(bench).end(case_of(ref), live)
    assert caught.value.code == "kind.partial"
    assert (case(bench, case_of(ref)).closed_at, hold(bench, ref).enabled) == (None, True)


def test_a_case_that_never_had_a_hold_is_closed_where_holds_would_be_seen(bench: Bench, surface: str) -> None:
    made = bench.writer().create(CASE, mark(CASE.key), None)
    target = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=made.vendor_id, name=made.name)
    releaser(bench).end(target, read(bench, target))
    assert case(bench, target).closed_at is not None


def test_a_lost_answer_to_closing_is_unknown_and_may_be_asked_again(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    hand = releaser(bench)
    hand.end(ref, read(bench, ref))
    live = read(bench, case_of(ref))
    bench.fault("graph", "POST /security/cases/ediscoveryCases/{case}/close", kind="reset", when="after")
    with pytest.raises(UnknownOutcomeError):
        hand.end(case_of(ref), live)
    assert not sent(bench, lambda: hand.end(case_of(ref), live))


# Litigation hold

BELT = Ref(tenant="m365", kind=Kind.M365_MAILBOX, vendor_id="m365.mailbox", name="Litigation hold")


def belted(bench: Bench, *members: str) -> Live:
    bench.writer().add(BELT, frozenset(members), belt_from((), bench.clock.now()))
    return read(bench, BELT)


def litigation(bench: Bench, address: str) -> bool:
    found = next(one.mailbox for one in tenant_of(bench.world).accounts.values() if address in one.addresses)
    assert found is not None
    return found.litigation


def test_litigation_hold_is_switched_off_for_exactly_those_and_nothing_else_is_said(bench: Bench) -> None:
    ann, bo, cy = mail(bench, 3)
    live = belted(bench, ann, bo, cy)
    hand = releaser(bench)
    found = sent(bench, lambda: hand.remove(BELT, frozenset({ann, bo, "mail:not.on@it.example"}), live))
    ids = [str(live.member_states[member].vendor_id) for member in sorted([ann, bo])]
    assert [parameters(one) for one in found] == [{"Identity": ident, "LitigationHoldEnabled": False} for ident in ids]
    assert [litigation(bench, member[5:]) for member in (ann, bo, cy)] == [False, False, True]
    assert read(bench, BELT).members == live.members - {ann, bo}
    receipt = hand.remove(BELT, frozenset({ann}), live)
    assert (errors(receipt), receipt.surface, receipt.vendor_id, receipt.name) == ({ann: None}, "exchange_admin", "m365.mailbox", "Litigation hold")


def test_an_inactive_mailbox_is_told_by_exchanges_own_id(bench: Bench) -> None:
    [ann] = mail(bench, 1)
    belted(bench, ann)
    bench.act("delete_user", user=ann[5:])
    live, member = read(bench, BELT), f"mail:.{ann[5:]}"
    account = next(one for one in tenant_of(bench.world).accounts.values() if ann[5:] in one.addresses)
    assert account.mailbox is not None
    assert live.member_states[member].vendor_id == account.id
    [one] = sent(bench, lambda: releaser(bench).remove(BELT, frozenset({member}), live))
    assert parameters(one) == {"Identity": account.mailbox.guid, "InactiveMailbox": True, "LitigationHoldEnabled": False}
    assert account.mailbox.litigation is False


def test_somebody_else_with_the_address_of_today_is_not_meant(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.act("rename_user", user=ann[5:], to=f"ann.married@{bench.tenant.domain}")
    with bench.world.lock:
        state = tenant_of(bench.world)
        mine, other = (next(one for one in state.accounts.values() if address in one.addresses) for address in (ann[5:], bo[5:]))
        mine.aliases.clear()
        other.aliases.append(ann[5:])
    releaser(bench).remove(BELT, frozenset({ann}), live)
    assert (litigation(bench, f"ann.married@{bench.tenant.domain}"), litigation(bench, bo[5:])) == (False, True)


def test_who_became_inactive_since_is_not_said_to_be_off(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.act("delete_user", user=ann[5:])
    assert errors(releaser(bench).remove(BELT, frozenset({ann}), live)) == {ann: "admin.not_found"}
    assert litigation(bench, ann[5:])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_mailbox_that_did_not_answer_is_settled_by_the_list(bench: Bench, when: str) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.fault("exchange", "Set-Mailbox", kind="reset", when=when)
    found = errors(releaser(bench).remove(BELT, frozenset({ann}), live))
    assert (found[ann] is None, litigation(bench, ann[5:])) == (when == "after", when == "before")


def test_a_list_that_proves_nothing_settles_nothing(bench: Bench) -> None:
    """Who lacks the role is shown an empty list (M§0.1.7)."""
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.switch(blind="Get-Mailbox")
    bench.fault("exchange", "Set-Mailbox", kind="reset", when="before")
    with pytest.raises(UnknownOutcomeError) as caught:
        releaser(bench).remove(BELT, frozenset({ann}), live)
    assert "again is safe" in caught.value.next_step
    assert litigation(bench, ann[5:])


def test_litigation_hold_what_is_about_us_is_said_once(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.fault("exchange", "Set-Mailbox", status=403, times=9)
    before = len(bench.asked("exchange"))
    with pytest.raises(PermanentError):
        releaser(bench).remove(BELT, frozenset({ann, bo}), live)
    assert [one.operation for one in bench.asked("exchange")[before:]] == ["Set-Mailbox"]


# Afterwards

def test_a_delay_hold_follows_and_is_never_cleared_from_here(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    hand = releaser(bench)
    found = sent(bench, lambda: hand.remove(ref, frozenset({ann}), live))
    bench.advance(LATER)
    found += sent(bench, lambda: hand.end(ref, live))
    bench.advance(LATER)
    found += sent(bench, lambda: hand.end(case_of(ref), live))
    assert len([one for one in found if one.status < 400]) == 3
    assert not [one for one in found if one.surface == "exchange" or b"Delay" in one.request]
    assert [delayed(bench, member[5:]) for member in (ann, bo)] == [(True, True), (True, True)]
    bench.advance(30 * 86_400)
    assert [delayed(bench, member[5:]) for member in (ann, bo)] == [(False, False), (False, False)]


def delayed(bench: Bench, address: str) -> tuple[bool, bool]:
    rows = bench.reader()._access.admin.read("Get-Mailbox", {"Identity": address}, endpoint=Endpoint.EXCHANGE).rows
    [box] = [found for row in rows if (found := mailbox_from(row))]
    return box.delayed, box.delayed_elsewhere


# What is never done

@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.M365_HOLD, Kind.M365_CASE}))
def test_nothing_else_is_ended_and_nobody_is_taken_off_anything_else(bench: Bench, kind: Kind) -> None:
    ref = Ref(tenant="m365", kind=kind, vendor_id="x", name="x")
    live = Live(kind=kind, vendor_id="x", name="x", fields={}, members=frozenset({"mail:a@b.example", "mail:c@b.example"}))
    hand = releaser(bench)
    acts: list[Callable[[], object]] = [lambda: hand.end(ref, live)]
    acts += [lambda: hand.remove(ref, frozenset({"mail:a@b.example"}), live)] if kind is not Kind.M365_MAILBOX else []
    for act in acts:
        with pytest.raises(PermanentError) as caught:
            act()
        assert caught.value.code == "write.not_allowed"
    assert not bench.world.exchanges


def test_nothing_but_a_source_of_a_hold_can_be_deleted_over_graph(bench: Bench) -> None:
    graph = releaser(bench)._access.graph
    base = "/security/cases/ediscoveryCases/c"
    for path in ("/users/x", base, f"{base}/legalHolds/h", f"{base}/legalHolds/h/userSources", "/security/labels/retentionLabels/x"):
        with pytest.raises(ValueError, match="never deleted"):
            graph.call(Call(method="DELETE", path=path))
    assert not bench.asked("graph")


def test_who_released_it_is_told_and_stands_in_the_log(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live, hand = read(bench, ref), releaser(bench)
    before = len(tenant_of(bench.world).events)
    hand.remove(ref, frozenset({ann}), live)
    bench.advance(LATER)
    hand.end(ref, live)
    bench.advance(LATER)
    hand.end(case_of(ref), read(bench, case_of(ref)))
    person = tenant_of(bench.world).console.upn if surface == "graph_signed_in" else None
    assert (hand.account(Kind.M365_HOLD), hand.account(Kind.M365_MAILBOX)) == (person, None)
    logged = [(one.operation, one.actor.upn or one.actor.name) for one in tenant_of(bench.world).events[before:] if one.record_type == 24]
    who = person or tenant_of(bench.world).app.name
    assert logged == [("HoldUpdated", who), ("HoldUpdated", who), ("CaseUpdated", who)]
    if person:
        assert officer(bench) != person
