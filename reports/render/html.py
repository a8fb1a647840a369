"""Pages: templates with everything escaped, no scripts, nothing from outside, checked for accessibility before they leave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from connectors.unsupported import ADMIN_ENDPOINT
from reports import words
from reports.accessibility import check
from reports.facts import BoardFacts
from reports.happened import field_words
from reports.render import charts, palette

ROWS: Final = 60
"""Rows of a table on the page; the rest stands in the CSV."""


@cache
def environment() -> Environment:
    """Compiled once: templates in which a missing value is an error and every value is escaped, with invisible characters made visible."""
    return Environment(
        loader=PackageLoader("reports.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_seen,
    )


def _seen(value: object) -> object:
    r"""What goes between tags: markup of ours as it is, text with control and bidi characters as ``\u{..}``."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return words.visible(value)
    return value


def page(template: str, zone: ZoneInfo, values: Mapping[str, object]) -> str:
    """The page of ``template``. Raises AccessibilityError when it would keep somebody from reading it."""

    def moment(at: datetime | None) -> str:
        return words.moment(at, zone)

    def day(at: date | datetime | None) -> str:
        return words.day(at, zone)

    html = environment().get_template(template).render(moment=moment, day=day, w=words, style=_style(), **values)
    check(html)
    return html


def _style() -> Mapping[str, tuple[str, str]]:
    return {value.value: colours for value, colours in palette.STANDINGS.items()}


def render(facts: BoardFacts) -> str:
    """The board report as one self-contained page."""
    names = {one.id: words.PLATFORMS[one.platform] for one in facts.tenants}
    if len(set(names.values())) < len(names):
        names = {tenant: f"{name} ({tenant})" for tenant, name in names.items()}
    values = {
        "f": facts,
        "names": names,
        "rows": ROWS,
        "unsupported": ADMIN_ENDPOINT,
        "field_words": field_words,
        "tally_heads": [f"#{head}" for one in facts.tallies for head in (names[one.tenant], "A month before")],
        "trend_heads": [f"#{name}" for name in (*words.STANDINGS.values(), "All")],
        "standing_chart": charts.standing_bars(facts.tallies, names),
        "trend_chart": charts.trend_columns(facts.trend),
    }
    return page("board.html.j2", ZoneInfo(facts.period.timezone), values)
