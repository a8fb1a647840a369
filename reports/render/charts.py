"""Charts as inline SVG, each with a title, a description that says all of it in words, and shapes beside colours. Its table is never far."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from policies.duties import StandingValue
from reports.facts import Tally
from reports.first_page import TrendPoint
from reports.render.palette import INK, STANDINGS
from reports.words import MARKS, NOTHING, many, month_name, visible
from reports.words import STANDINGS as NAMES

WIDTH = 720
_BAR, _GAP, _LEFT = 38, 22, 150
_FLOOR, _CEILING = 176, 16


def standing_bars(tallies: Sequence[Tally], names: Mapping[str, str]) -> Markup:
    """One bar per cloud, as long as its policy lines are many, cut by how they stand."""
    most = max((tally.total for tally in tallies), default=0) or 1
    rows = [_bar(tally, names[tally.tenant], number, most) for number, tally in enumerate(tallies)]
    height = len(tallies) * (_BAR + _GAP) + 4
    words = " ".join(f"{names[tally.tenant]}: {_sentence(tally.counts, tally.total)}" for tally in tallies)
    return _figure("chart-standing", "How the policy lines stand in each cloud", words, height, Markup("").join(rows))


def _sentence(counts: Mapping[StandingValue, int], total: int) -> str:
    parts = [f"{counts[value]} {NAMES[value].lower()}" for value in NAMES if counts[value]]
    return f"{many(total, 'policy line')}{': ' + ', '.join(parts) if parts else ''}."


def _bar(tally: Tally, name: str, number: int, most: int) -> Markup:
    top = number * (_BAR + _GAP) + 4
    drawn = [Markup('<text class="t" x="0" y="{}">{}</text>').format(top + _BAR // 2 + 5, visible(name))]
    left, room = float(_LEFT), WIDTH - _LEFT
    for value in NAMES:
        count = tally.counts[value]
        if not count:
            continue
        wide = room * count / most
        drawn.append(_block(left, top, wide, _BAR, value))
        if wide >= 34:
            label = f"{MARKS[value]} {count}"
            middle = (left + wide / 2, top + _BAR // 2 + 5)
            drawn.append(Markup('<text class="b" x="{:.1f}" y="{}" fill="{}">{}</text>').format(*middle, STANDINGS[value][1], label))
        left += wide
    return Markup("").join(drawn)


def _block(left: float, top: float, wide: float, high: float, value: StandingValue) -> Markup:
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" stroke="{}" stroke-width="1"/>').format(
        left, top, wide, high, STANDINGS[value][0], INK
    )


def trend_columns(points: Sequence[TrendPoint]) -> Markup:
    """One column per month, cut by how the policy lines stood at its end; a month of which nothing is known shows a dash."""
    most = max((point.total or 0 for point in points), default=0) or 1
    step = WIDTH / max(len(points), 1)
    drawn = [Markup('<line x1="0" y1="{0}" x2="{1}" y2="{0}" stroke="{2}"/>').format(_FLOOR, WIDTH, INK)]
    drawn += [_column(point, number * step, step, most) for number, point in enumerate(points)]
    words = " ".join(
        f"{month_name(point.month)}: {_sentence(point.counts, point.total or 0) if point.counts else 'nothing is known.'}" for point in points
    )
    return _figure("chart-trend", "How the policy lines stood at the end of each month", words, _FLOOR + 30, Markup("").join(drawn))


def _column(point: TrendPoint, left: float, step: float, most: int) -> Markup:
    middle = left + step / 2
    drawn = [Markup('<text class="s" x="{:.1f}" y="{}">{}</text>').format(middle, _FLOOR + 18, _short(point.month))]
    if point.counts is None:
        return drawn[0] + Markup('<text class="s" x="{:.1f}" y="{}">{}</text>').format(middle, _FLOOR - 8, NOTHING)
    floor = float(_FLOOR)
    for value in NAMES:
        high = (_FLOOR - _CEILING) * point.counts[value] / most
        if high:
            floor -= high
            drawn.append(_block(left + step * 0.18, floor, step * 0.64, high, value))
            if high >= 16:
                drawn.append(
                    Markup('<text class="m" x="{:.1f}" y="{:.1f}" fill="{}">{}</text>').format(
                        middle, floor + high / 2 + 4, STANDINGS[value][1], point.counts[value]
                    )
                )
    return Markup("").join(drawn)


def _short(month: str) -> str:
    year, number = month.split("-")
    return f"{calendar.month_abbr[int(number)]} {year[2:]}"


def _figure(name: str, title: str, words: str, height: int, drawn: Markup) -> Markup:
    return Markup(
        '<svg role="img" aria-labelledby="{0}-title {0}-desc" viewBox="0 0 {1} {2}" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{0}-title">{3}</title><desc id="{0}-desc">{4}</desc>{5}</svg>'
    ).format(name, WIDTH, height, title, escape(visible(words)), drawn)
