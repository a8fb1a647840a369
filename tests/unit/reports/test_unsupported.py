"""The one sentence about Microsoft's admin endpoint, in README, in the report, and only where something rests on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from connectors.unsupported import ADMIN_ENDPOINT
from reports.board import BoardReport
from reports.render import html
from sync.registers.attestations import Statement, attest
from tests.unit.reports.world import Month
from tests.unit.sync.matters.world import CUSTODIAN

ROOT = Path(__file__).parents[3]


def test_readme_says_it() -> None:
    assert ADMIN_ENDPOINT in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_report_says_it_where_an_officer_accepted_what_a_cloud_s_lines_rest_on(april: Month) -> None:
    here = april.here
    before = april.report(restate=True)
    assert before.facts.unsupported == ()
    assert ADMIN_ENDPOINT not in html.render(before.facts)
    until = here.clock.now() + timedelta(days=90)
    for tenant in ("m365", "google"):
        attest(here.desk.journal, here.store, here.clock, CUSTODIAN, Statement(subject=f"admin-endpoint/{tenant}", until=until))
    here.engine.sync()  # what rests on it, a look has to show in the month itself
    after = april.report(f"{here.clock.now():%Y-%m}", restate=True)
    assert after.facts.unsupported == ("m365",)
    assert ADMIN_ENDPOINT in html.render(after.facts)


def test_each_cloud_is_named_with_it(public: BoardReport) -> None:
    page = html.render(replace(public.facts, unsupported=("m365",)))
    assert page.count(ADMIN_ENDPOINT) == 1
