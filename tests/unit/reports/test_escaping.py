"""Whatever a name says, the page keeps its shape and shows the name letter by letter."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.accessibility import faults
from reports.board import BoardReport
from reports.facts import BoardFacts, FieldChange, NotChecked, Shown
from reports.render import csv, html
from reports.render import json as twin
from reports.words import visible
from tests.unit.reports.parsing import parsed

FREE = {
    "district", "district_id", "version", "title", "number", "digest", "hold_rule", "unconfirmed", "line", "series", "term", "citation", "population",
    "text", "basis", "reason", "hold", "id", "alias", "value", "withheld", "address", "code", "subject", "office", "found_by", "what", "before", "after",
    "signed_by", "owner", "hash", "workload",
}
"""Fields that hold somebody's text or an id; the others are words of ours that choose a phrase."""
HOSTILE = (
    "</td></tr></table><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}{% include 'x' %}", '=HYPERLINK("http://x")', "'\"&<>",
    "\u202etxt.exe", "a\u0000b\x1b[31mred", "&lt;b&gt;", "javascript:alert(1)", "</style></title></svg>", "]]><!--", "\ud7ff\ue000",
)


def spoiled(value: Any, text: str, name: str = "") -> Any:  # noqa: PLR0911  # one line per sort of value
    """``value`` with every free text replaced by ``text``."""
    if isinstance(value, Shown):
        return Shown(value=text if value.value is not None else None, withheld=value.withheld and text)
    if isinstance(value, FieldChange):
        return FieldChange(name=text, before=text, after=text + "2")
    if isinstance(value, NotChecked):
        return NotChecked(tenant=value.tenant, what=text, reason=text)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        held = type(value).__name__ == "TenantFacts"
        changed = {key: one if held else spoiled(one, text, key) for key, one in kept.items()}
        return dataclasses.replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(spoiled(one, text, name) for one in value)
    if isinstance(value, Mapping):
        return value
    return text if type(value) is str and name in FREE else value


@pytest.fixture(scope="module")
def facts(counsel: BoardReport) -> BoardFacts:
    unread = NotChecked(tenant="m365", what="m365.label", reason=None)
    return dataclasses.replace(counsel.facts, not_checked=(unread,), out_of_reach=())


@pytest.fixture(scope="module")
def plain(facts: BoardFacts) -> tuple[list[tuple[str, ...]], int]:
    """The page's shape with a harmless text everywhere, and how often the text stands in it."""
    page = parsed(html.render(spoiled(facts, "harmless")))
    return page.shape, page.text.count("harmless")


def check(facts: BoardFacts, plain: tuple[list[tuple[str, ...]], int], text: str) -> None:
    bad = spoiled(facts, text)
    source = html.render(bad)
    page = parsed(source)
    assert page.shape == plain[0], "no element came or went"
    assert page.text.count(visible(text)) >= plain[1] > 60, "every one of them is shown, letter by letter"
    assert faults(source) == ()
    assert json.loads(twin.render(bad))["district"] == text
    assert all(cell[:1] not in {"=", "+", "-", "@", "\t", "\r"} for line in _rows(csv.render(bad)) for cell in line)


def _rows(text: str) -> list[list[str]]:
    import csv as reading
    import io

    return list(reading.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names(facts: BoardFacts, plain: tuple[list[tuple[str, ...]], int], text: str) -> None:
    check(facts, plain, text)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.text(st.one_of(st.sampled_from("<>&\"'{}%=+-@`\u202e\u0007\r\n"), st.characters(exclude_categories=["Cs"])), min_size=1, max_size=30))
def test_any_text(facts: BoardFacts, plain: tuple[list[tuple[str, ...]], int], text: str) -> None:
    if text.strip() == text:
        check(facts, plain, text)


def test_long_tables_are_cut_on_the_page_and_say_so_while_the_csv_holds_all(facts: BoardFacts) -> None:
    many = dataclasses.replace(facts, gaps=tuple(dataclasses.replace(facts.gaps[0], id=f"g{number}") for number in range(200)))
    page = parsed(html.render(many))
    assert len(page.rows("gap_list")) == html.ROWS
    assert f"{html.ROWS} of 200 rows are shown here" in page.text
    assert {f"g{number}" for number in range(200)} <= {line[3] for line in _rows(csv.render(many))}
