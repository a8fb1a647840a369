"""Whom a release let go is on hold no more in any count, and nobody is forgotten: reports, the first-hour page and `status` say how many."""

from __future__ import annotations

import json

from recordwarden.cli.status import holds
from reports.accessibility import faults
from reports.board import BoardReport
from reports.facts import Edition
from reports.first_hour import first_hour_html
from tests.unit.reports.parsing import Page, parsed
from tests.unit.reports.world import APRIL, Month
from tests.unit.sync.matters.releasing import due

ONE, TWO = "person1@d.example", "person2@d.example"


def page(report: BoardReport) -> Page:
    return parsed(next(path for path in report.paths if path.suffix == ".html").read_bytes().decode())


def let_go(april: Month, *addresses: str) -> None:
    due(april.here, *addresses)
    april.here.engine.sync()
    april.here.engine.sync()


def test_nobody_is_said_to_be_let_go_where_nobody_was(april: Month) -> None:
    report = april.report(APRIL)
    assert (report.facts.numbers.people_on_hold, report.facts.numbers.people_let_go) == (2, 0)
    assert "let go" not in page(report).text
    stands = holds(april.here.lane)
    assert (stands["people"], stands["let_go"]) == (2, 0)


def test_one_of_two_is_let_go(april: Month) -> None:
    let_go(april, ONE)
    report = april.report(APRIL, Edition.COUNSEL)
    (hold,) = report.facts.holds
    assert (sum(hold.people.values()), hold.let_go) == (1, 1)
    assert (report.facts.numbers.people_on_hold, report.facts.numbers.people_let_go) == (1, 1)
    shown = page(report)
    assert "1 person or place was let go by a release" in shown.text
    assert [name for name, _ in shown.facts["numbers"]][1] == "legal hold open, with 1 person or place; 1 let go"
    assert [row[:2] for row in shown.rows("persons-1")] == [[ONE, "let go"], [TWO, "held"]]
    twin = json.loads(next(path for path in report.paths if path.suffix == ".json").read_bytes())
    assert (twin["holds"][0]["let_go"], twin["numbers"]["people_let_go"]) == (1, 1)
    stands = holds(april.here.lane)
    assert (stands["people"], stands["let_go"]) == (1, 1)


def test_a_matter_that_is_over_holds_nobody(april: Month) -> None:
    let_go(april)
    report = april.report(APRIL)
    (hold,) = report.facts.holds
    assert (sum(hold.people.values()), hold.let_go, hold.former) == (0, 2, 0)
    assert (report.facts.numbers.holds_open, report.facts.numbers.people_on_hold, report.facts.numbers.people_let_go) == (0, 0, 0)
    assert "2 people or places were let go" in page(report).text


def test_the_month_before_still_counts_them(april: Month) -> None:
    let_go(april)
    (hold,) = april.report().facts.holds
    assert (sum(hold.people.values()), hold.let_go) == (2, 0)


def test_the_first_hour_page_of_a_matter_with_people_let_go_can_be_made(april: Month) -> None:
    let_go(april, ONE)
    source = first_hour_html(april.here.lane.first_hour("roof"), made_up=True)
    assert faults(source) == ()
    assert "1 person or place on hold: 1 held, 1 let go." in " ".join(parsed(source).text.split())
