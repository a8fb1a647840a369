"""The first-hour page and the plan as Markdown: drift first, counts that add up, nobody's name, nothing that acts."""

from __future__ import annotations

import re

from connectors.memory import Console
from policies.kinds import Kind
from reports.accessibility import faults
from reports.first_hour import first_hour_html, first_hour_text
from reports.plan_markdown import escaped, plan_markdown
from tests.unit.reports.parsing import parsed
from tests.unit.reports.world import Month, thing


def test_the_first_hour_page_shows_what_the_lane_knows(march: Month) -> None:
    hour = march.here.lane.first_hour("roof")
    source = first_hour_html(hour, made_up=True, timezone="America/New_York")
    page = parsed(source)
    assert faults(source) == ()
    assert [int(row[1]) for row in page.rows("clouds")] == [cloud.people for cloud in hour.clouds]
    counts = [count for cloud in hour.clouds for count in cloud.sources.values()]
    assert [int(row[2]) for row in page.rows("sources")] == counts
    assert sum(counts) == 12
    assert [row[0] for row in page.rows("paper")] == [one.what for one in hour.paper]
    assert {row[3] for row in page.rows("paper")} == {"not secured yet", "secured, says the order"}
    assert all(step in page.text for step in hour.next_steps)
    assert "Made-up data" in page.text
    assert "person1" not in source


def test_the_first_hour_as_text_says_the_same(march: Month) -> None:
    hour = march.here.lane.first_hour("roof")
    text = first_hour_text(hour, made_up=False)
    assert all(f"[ ] {step}" in text for step in hour.next_steps)
    assert "person1" not in text
    assert "MADE-UP" not in text
    assert "\x1b" not in text


def test_a_plan_shows_what_was_changed_outside_first_and_one_total_line_last(april: Month) -> None:
    here = april.here
    console: Console = here.console("m365")
    console.set(thing(here, "m365", Kind.M365_RETENTION_RULE), period=30)
    result = here.engine.plan()
    text = plan_markdown(result)
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[:3] == ["Changed outside Recordwarden", "Changes", "Cannot be enforced"]
    drift, changes = text.split("## Changes")[0], text.split("## Changes")[1].split("## Cannot")[0]
    assert "keeps less" in drift
    assert "retention rule" in drift
    rows = [line for line in changes.splitlines() if line.startswith("| ")][2:]
    planned = [one for tenant in result.tenants for one in tenant.changes]
    assert len(rows) == len(planned) > 0
    assert all("R1 (COR-02)".replace("(", r"\(").replace(")", r"\)") in row for row in rows)
    last = text.strip().splitlines()[-1]
    assert last.startswith(f"**1 thing changed outside; {len(planned)} change")
    assert f"`{result.digest}`" in last


def test_markdown_shows_a_name_letter_by_letter() -> None:
    assert escaped("a|b") == r"a\|b"
    assert escaped("<b>@all</b>") == "&lt;b&gt;&#64;all&lt;/b&gt;"
    assert escaped("[x](https://elsewhere.example)") == r"\[x\]\(https\://elsewhere.example\)"
    assert escaped("\u202ea\nb") == r"\\u\{202e\}a\\u\{a\}b"
