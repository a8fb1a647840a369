"""People taken off by cmdlet: one call, one lock, and the words that the hold itself shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.base import Receipt
from connectors.errors import LockedError, PermanentError, UnknownOutcomeError
from tests.unit.connectors.microsoft.releases import (
    LATER,
    errors,
    held,
    hold,
    mail,
    parameters,
    read,
    releaser,
    sent,
)
from tests.unit.connectors.microsoft.support import Bench
from tests.unit.connectors.microsoft.test_case_holds import drive_of


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
