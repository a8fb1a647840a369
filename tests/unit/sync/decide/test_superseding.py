"""When a label that a newer one of its key replaced is proposed to be disabled, and when it is left and said why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Lane
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Force, KindRead, Live, ReadState, Snapshot
from recordwarden.cli.shown import because
from sync.aftermath import confirmed
from sync.diff import diff
from sync.difference import DiffInput, DiffResult
from sync.ends import is_double, is_superseded, over
from sync.plan import Operation
from tests.unit.sync.decide.build import HOUR, NOW, binding, inputs, live, mark, snapshot, wanted

LABEL = Kind.GOOGLE_DRIVE_LABEL
FIELDS: dict[str, Any] = {"state": "published", "period": 730, "trigger": "created", "description": "Letters.", "copies": "always"}


def label(vendor_id: str, generation: int, **more: Any) -> Live:
    marked = {"mark": mark("cor-02", generation), **more}
    return live(LABEL, vendor_id, **{**FIELDS, "locked": False, **marked})


OLD, NEW = label("L1", 1), label("L2", 2)


def seen(*lives: Live, state: ReadState = ReadState.COMPLETE) -> Snapshot:
    shown = snapshot(*lives)
    return replace(shown, reads={**shown.reads, LABEL: KindRead(kind=LABEL, state=state, count=None, reason=None)})


def given(*lives: Live, state: ReadState = ReadState.COMPLETE, bound: Live = NEW, lane: Lane = Lane.SYNC) -> DiffInput:
    return inputs([wanted(LABEL, "cor-02", people=4, **FIELDS)], seen(*lives, state=state), binding(bound, "cor-02"), lane=lane)


def said(result: DiffResult) -> str:
    return " ".join(one.message for one in result.warnings if one.code == "label.needed")


def test_the_older_of_two_is_proposed_with_what_it_says_and_what_stays() -> None:
    result = diff(given(OLD, NEW))
    assert not result.changes
    (one,) = result.ends
    assert (one.operation, one.direction, one.lane, one.vendor_id, one.generation) == (Operation.RELEASE, Direction.WEAKENS, Lane.SYNC, "L1", 1)
    assert (one.because.line, one.because.series) == ("superseded/L1/L2", "COR-02")
    assert one.before == OLD.fields
    assert one.add | one.remove == frozenset(), "nobody is taken the permission"
    assert is_superseded(one)
    assert not is_double(one)
    (other,) = diff(given(replace(OLD, fields={**OLD.fields, "period": 5}), NEW)).ends
    assert other.id != one.id, "what it says is part of what is signed"


@pytest.mark.parametrize(
    ("lives", "why"),
    [
        ((label("L1", 1, locked=True), NEW), "a rule uses it"),
        ((label("L1", 1, locked=None), NEW), "a rule uses it"),
        ((label("L1", 1, state="published_draft"), NEW), "unpublished changes"),
    ],
)
def test_one_that_may_not_be_disabled_is_told(lives: tuple[Live, ...], why: str) -> None:
    result = diff(given(*lives))
    assert not result.ends
    assert why in said(result)


@pytest.mark.parametrize(
    "lives",
    [
        (label("L1", 1, state="disabled"), NEW),
        (label("L1", 1, state="draft"), NEW),
        (OLD, label("L2", 2, state="published_draft")),
        (OLD, label("L2", 2, period=5)),
        (OLD, label("L2", 2, force=Force.PENDING)),
        (OLD, label("L2", 2, force=Force.UNKNOWN)),
        (label("L1", 1, mark=mark("cor-02", 1, "elsewher")), NEW),
        (label("L1", 1, mark=mark("cor-03", 1)), NEW),
        (label("L1", 1, mark=None), NEW),
        (NEW,),
        (OLD,),
    ],
)
def test_nothing_is_proposed_where_the_newer_is_not_wholly_there_or_the_older_is_not_ours_or_not_offered(lives: tuple[Live, ...]) -> None:
    result = diff(given(*lives))
    assert not result.ends
    assert not said(result)


@pytest.mark.parametrize("state", [ReadState.PARTIAL, ReadState.FAILED])
def test_from_half_a_list_nothing_is_proposed(state: ReadState) -> None:
    assert not diff(given(OLD, NEW, state=state)).ends


def test_nothing_is_proposed_before_the_newer_one_is_what_is_followed() -> None:
    assert not diff(given(OLD, NEW, bound=OLD)).ends


def test_a_label_of_microsofts_is_left_for_what_carries_it() -> None:
    old, new = live(Kind.M365_LABEL, "L1", key="cor-02"), live(Kind.M365_LABEL, "L2", mark=mark("cor-02", 2))
    result = diff(inputs([wanted(Kind.M365_LABEL, "cor-02")], snapshot(old, new), binding(new, "cor-02")))
    assert result.superseded == (old,)
    assert not result.ends


def test_a_newer_one_that_a_look_finds_is_followed_as_the_generation_that_it_is() -> None:
    """Else the next look would take the older one for its double, which is never disabled."""
    first = binding(OLD, "cor-02")
    fresh = confirmed(first, NEW, NOW + HOUR, wanted=None, settled=True)
    assert fresh is not None
    assert (fresh.vendor_id, fresh.generation) == ("L2", 2)
    want = wanted(LABEL, "cor-02", **FIELDS)
    result = diff(inputs([want], seen(OLD, NEW), fresh))
    assert not result.duplicates
    assert [one.vendor_id for one in result.ends] == ["L1"]


def test_officers_read_what_it_does_and_what_it_does_not() -> None:
    (one,) = diff(given(OLD, NEW)).ends
    words = because(one)
    assert "series COR-02" in words
    assert "L2" in words
    assert "nobody puts it on files any more" in words
    assert "files that carry it keep it" in words


def test_over_is_disabled_or_gone_from_a_whole_list() -> None:
    assert not over(LABEL, "L1", seen(OLD, NEW))
    assert over(LABEL, "L1", seen(label("L1", 1, state="disabled"), NEW))
    assert over(LABEL, "L1", seen(NEW))
    assert not over(LABEL, "L1", seen(NEW, state=ReadState.PARTIAL))
