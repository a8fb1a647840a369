"""Pauses grow, never beyond what is left, and end when either clock says so."""

from __future__ import annotations

import pytest

from sync.patience import FIRST, LONGEST, Patience
from tests.unit.sync.provable import VirtualClock


def test_pauses_grow_to_the_longest_and_end_on_time() -> None:
    clock = VirtualClock()
    patience = Patience(clock, 300)
    while patience.rest():
        pass
    assert clock.naps[0] == FIRST
    assert clock.naps == sorted(clock.naps[:-1]) + clock.naps[-1:]
    assert max(clock.naps) == LONGEST
    assert sum(clock.naps) == pytest.approx(300)
    assert not patience.rest()


def test_time_that_is_moved_counts_and_so_does_time_that_passes_while_the_drills_stands_still() -> None:
    clock = VirtualClock()
    standing = Patience(clock, 60)
    clock.ticks += 61
    assert not standing.rest()
    other = VirtualClock()
    moved = Patience(other, 60)
    other.advance(61)
    other.ticks -= 61
    assert not moved.rest()
    assert other.naps == []


def test_no_time_means_no_rest() -> None:
    clock = VirtualClock()
    assert not Patience(clock, 0).rest()
    assert clock.naps == []
