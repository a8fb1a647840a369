"""Letting go: exactly whom a release names, over each surface that a hold is written over, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.base import Receipt
from connectors.errors import ConnectorError, PermanentError, UnknownOutcomeError
from tests.unit.connectors.microsoft.releases import (
    LATER,
    PAST,
    belted,
    case,
    case_of,
    errors,
    held,
    hold,
    mail,
    read,
    releaser,
    sent,
)
from tests.unit.connectors.microsoft.support import Bench
from tests.unit.connectors.microsoft.test_case_holds import drive_of

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
