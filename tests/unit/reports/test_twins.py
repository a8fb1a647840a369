"""Every number of the page is the number of the JSON; the CSV holds every value of it; the schema is the one that is checked in."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import reports
from reports.board import BoardReport
from reports.render.json import schema
from reports.words import ENDINGS, HOLD_STATES, STANDINGS, WORKLOADS, month_name
from tests.unit.reports.parsing import Page, parsed


def of(report: BoardReport, ending: str) -> str:
    return next(path for path in report.paths if path.suffix == ending).read_bytes().decode()


@pytest.fixture(scope="module", params=["public", "counsel"])
def report(request: pytest.FixtureRequest) -> BoardReport:
    found: BoardReport = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def page(report: BoardReport) -> Page:
    return parsed(of(report, ".html"))


@pytest.fixture(scope="module")
def twin(report: BoardReport) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(of(report, ".json"))
    return found


def word(standing: str) -> str:
    return next(name for value, name in STANDINGS.items() if value.value == standing)


def number(cell: str) -> int | None:
    return None if cell in {"unknown", "\N{EN DASH}"} else int(cell.replace(",", ""))


def test_the_month_is_not_an_empty_one(twin: dict[str, Any]) -> None:
    """What the other tests compare has to be there."""
    numbers = twin["numbers"]
    assert numbers["holds_open"] == 1
    assert numbers["sources_in_force"] == numbers["sources_ordered"] > 0
    assert numbers["outside"] == numbers["outside_weaker"] == numbers["restored"] == 2
    assert numbers["gaps_opened"] == numbers["gaps_without_finding"] == 2
    assert all(twin[name] for name in ("lines", "parts", "ours", "outside", "holds", "gaps", "statements", "deviations", "controls", "freshness"))


def test_first_page(page: Page, twin: dict[str, Any]) -> None:
    n = twin["numbers"]
    assert page.facts["numbers"] == [
        ("policy lines enforced", f"{n['enforced']} of {n['lines']}"),
        (f"legal hold open, with {n['people_on_hold']} people or places", str(n["holds_open"])),
        ("places on hold in force", f"{n['sources_in_force']} of {n['sources_ordered']}"),
        (f"changed outside Recordwarden, {n['outside_weaker']} so that less was kept; {n['restored']} restored", str(n["outside"])),
        (f"gap records still without a finding; {n['gaps_opened']} opened this month", str(n["gaps_without_finding"])),
        ("could not be checked", str(n["not_checked"])),
    ]
    for point in (*twin["risks"], *twin["decisions"]):
        assert point["text"] in page.text


def test_tally(page: Page, twin: dict[str, Any]) -> None:
    rows = page.rows("tally")
    for row, (value, name) in zip(rows[:-1], STANDINGS.items(), strict=True):
        assert name in row[0]
        for column, tally in enumerate(twin["tallies"]):
            assert number(row[2 + 2 * column]) == tally["counts"][value.value]
            assert number(row[3 + 2 * column]) == (tally["previous"] or {}).get(value.value)
    assert [number(cell) for cell in rows[-1][2::2]] == [tally["total"] for tally in twin["tallies"]]
    assert sum(tally["total"] for tally in twin["tallies"]) == twin["numbers"]["lines"] == len(twin["lines"])


def test_lines_and_parts(page: Page, twin: dict[str, Any]) -> None:
    rows = page.rows("lines")
    assert len(rows) == len(twin["lines"])
    for row, line in zip(rows, twin["lines"], strict=True):
        assert row[:3] == [line["series"], line["title"], line["term"]]
        assert row[4] == line["line"]
        assert row[5].split(" ", 1)[1] == word(line["standing"])
    parts = page.rows("parts")
    for row, part in zip(parts, twin["parts"], strict=True):
        assert (row[0], row[2], row[4].split(" ", 1)[1]) == (part["line"], part["population"], word(part["standing"]))
        assert [number(cell) for cell in row[5:8]] == [part["covered"], part["not_covered"], part["unknown"]]
        assert row[9] == ", ".join(map(str, part["evidence"]))
        assert row[3] == next(name for value, name in WORKLOADS.items() if value.value == part["workload"])


def test_changes(page: Page, twin: dict[str, Any]) -> None:
    for row, change in zip(page.rows("ours"), twin["ours"], strict=True):
        assert number(row[5]) == change["people"]
        assert number(row[8]) == change["intent"]
        assert (change["hold"] or change["line"]) in row[4]
    for row, change in zip(page.rows("outside"), twin["outside"], strict=True):
        assert (row[7] == "still so") is change["open"]
        assert change["open"] or row[7].startswith(ENDINGS[change["ended_by"]])
        assert row[8] == "2 hours", "from first seen to repaired"
        assert change["restored_after"] == 7200
        assert (change["account"]["value"] or "account shown in the vendor's log") in row[9]


def test_holds_and_gaps(page: Page, twin: dict[str, Any]) -> None:
    for row, hold in zip(page.rows("hold_list"), twin["holds"], strict=True):
        assert row[0].split()[0] == hold["alias"]
        assert row[1] == HOLD_STATES[hold["state"]]
        counts = [sum(hold["people"].values()), *(hold["people"][state] for state in ("held", "partly", "not_held", "question"))]
        assert [number(cell) for cell in row[3:]] == [*counts, hold["former"], hold["paper"], hold["paper_secured"]]
    clouds = [cloud for hold in twin["holds"] for cloud in hold["clouds"]]
    for row, cloud in zip(page.rows("hold_clouds"), clouds, strict=True):
        assert [number(cell) for cell in row[2:6]] == [cloud[name] for name in ("ordered", "accepted", "in_force", "failed")]
    assert [row[0] for row in page.rows("gap_list")] == [gap["id"] for gap in twin["gaps"]]
    assert all(row[8] == "nobody yet" for row in page.rows("gap_list"))


def test_what_is_left(page: Page, twin: dict[str, Any]) -> None:
    assert [[row[0], number(row[6])] for row in page.rows("statement_list")] == [[one["id"], one["days_left"]] for one in twin["statements"]]
    assert [row[0] for row in page.rows("deviation_list")] == [one["id"] for one in twin["deviations"]]
    assert [number(row[3]) for row in page.rows("freshness")] == [one["count"] for one in twin["freshness"]]
    assert [[number(row[1]), number(row[2])] for row in page.rows("offices")] == [[one["filled"], one["with_key"]] for one in twin["offices"]]
    for row, point in zip(page.rows("trend_table"), twin["trend"], strict=True):
        counts = point["counts"] or {}
        assert row[0] == month_name(point["month"])
        assert [number(cell) for cell in row[1:]] == [*(counts.get(value.value) for value in STANDINGS), point["total"]]
    assert twin["as_of"]["hash"] in page.text


def test_the_csv_holds_every_value(report: BoardReport, twin: dict[str, Any]) -> None:
    rows = list(csv.reader(of(report, ".csv").splitlines()))
    assert rows[0] == ["section", "row", "column", "value"]
    found = {(section, row, column): value for section, row, column, value in rows[1:]}
    assert len(found) == len(rows) - 1, "no cell stands twice"
    wanted: dict[tuple[str, str, str], str] = {}

    def walk(section: str, row: str, path: str, value: object, *, top: bool = False) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(section, row, f"{path}.{name}" if path else name, inner)
        elif isinstance(value, list):
            for at, inner in enumerate(value, start=1):
                walk(section, str(at) if top else row, path if top else f"{path}.{at}" if path else str(at), inner)
        else:
            text = "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
            wanted[section, row, path or section] = f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text

    for section, value in twin.items():
        walk(section, "", "", value, top=True)
    assert found == wanted


def test_the_schema_is_the_one_that_is_checked_in() -> None:
    kept = Path(reports.__file__).parent / "schema" / "board.schema.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == json.loads(json.dumps(schema()))
