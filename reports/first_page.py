"""What the board report's first page says, as values: the counts, the trend and the sentences that rest on a section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.duties import StandingValue


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """The end of one month. ``counts`` None: nothing was known then."""

    month: str
    seq: int | None
    counts: Mapping[StandingValue, int] | None
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The counts of the first page. None is unknown."""

    lines: int
    enforced: int
    weakest: int
    """Lines that are a gap or pending."""
    out_of_reach: int
    unknown: int
    holds_open: int
    people_on_hold: int
    people_let_go: int
    """Whom releases let go of holds that are open."""
    sources_ordered: int
    sources_in_force: int
    sources_not_seen: int
    outside: int
    outside_weaker: int
    outside_open: int
    restored: int
    gaps_opened: int
    gaps_without_finding: int
    ours: int
    ours_signed: int
    not_checked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A sentence for the first page and the id of the section that it rests on."""

    text: str
    section: str
