"""The rule of days: never shorter than the longest calendar span of that length."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import pytest

from policies.effects import FOREVER, Clock
from policies.periods import PeriodKind, days_of, parse_period, parse_trigger


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1 day", 1),
        ("30 days", 30),
        ("1 month", 31),
        ("18 months", 548),
        ("1 year", 366),
        ("2 years", 731),
        ("6 years", 2192),
        ("7 YEARS", 2557),
        ("50 years", 18263),
    ],
)
def test_days(text: str, days: int) -> None:
    assert parse_period(text).term == days


def longest_span(months: int) -> int:
    starts = [(year, month) for year in range(1996, 2005) for month in range(1, 13)]
    ends = [(date(y + (m - 1 + months) // 12, (m - 1 + months) % 12 + 1, 1), date(y, m, 1)) for y, m in starts]
    return max((end - start).days for end, start in ends)


def test_no_span_of_years_is_longer() -> None:
    assert all(days_of(count, "years") >= longest_span(12 * count) for count in range(1, 101))


def test_months_follow_the_fixed_formula_which_may_miss_the_longest_span_by_two_days() -> None:
    assert all(days_of(count, "months") == math.ceil(Fraction(count * 36525, 1200)) for count in range(1, 200))
    short = {count: longest_span(count) - days_of(count, "months") for count in range(1, 121)}
    assert max(short.values()) == 2, "said in the docstring: a period that must not miss a day is written in days or years"


def test_special_periods() -> None:
    assert parse_period("permanent").term == FOREVER
    assert parse_period("none").term == 0
    assert parse_period("unknown").term is None
    assert parse_period(None).kind is PeriodKind.UNKNOWN
    assert [parse_period(text).in_days for text in ("2 years", "permanent", "none", "unknown")] == [
        "2 years (731 days)",
        "permanent",
        "no period",
        "not known",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("6 yeers", "did you mean '6 years'?"),
        ("3 qqq", "days, months and years"),
        ("six years", "write 'N days'"),
        ("permenant", "did you mean 'permanent'?"),
        ("0 days", "write 'none'"),
        ("5000 years", "write 'permanent'"),
        ("6years", "is no period"),
        ("-1 years", "is no period"),
        ("1.5 years", "is no period"),
        ("", "is no period"),
    ],
)
def test_what_is_no_period(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"is no period|keeps nothing|longer than") as caught:
        parse_period(text)
    assert says in str(caught.value)


def test_triggers() -> None:
    assert parse_trigger("created").clock is Clock.CREATED
    found = parse_trigger("event:student-left")
    assert (found.clock, found.event) == (Clock.EVENT, "student-left")


@pytest.mark.parametrize(("text", "says"), [("creatd", "did you mean 'created'?"), ("event:", "no trigger"), ("xyz", "no trigger")])
def test_what_is_no_trigger(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="no trigger") as caught:
        parse_trigger(text)
    assert says in str(caught.value)
