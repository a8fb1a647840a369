"""The page can be read by everybody as far as structure shows it; the check finds each fault it is there for."""

from __future__ import annotations

import re

import pytest

from policies.duties import StandingValue
from reports.accessibility import contrast, faults
from reports.board import BoardReport
from reports.render.palette import STANDINGS
from tests.unit.reports.parsing import parsed


@pytest.fixture(scope="module")
def page(public: BoardReport) -> str:
    return next(path for path in public.paths if path.suffix == ".html").read_text(encoding="utf-8")


def test_the_page_holds(page: str) -> None:
    assert faults(page) == ()


def test_nothing_comes_from_outside_and_nothing_runs(page: str) -> None:
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert "<script" not in page
    assert "url(" not in page
    assert "@import" not in page
    assert not {name for _, *names in parsed(page).shape for name in names if name.startswith("on") or name == "src"}


BREAKS = {
    'lang="en"': 'lang=""', "<!doctype html>": "", '<h2 id="policy">': '<h4 id="policy">', '<th scope="row">': "<th>", 'role="img"': 'role="none"',
    'href="#main"': 'href="#elsewhere"', 'id="tally"': 'id="lines"', "<main id": "<div id", "--soft: #4d5566": "--soft: #a5a5a5",
    '<a href="#policy">': '<a href="https://elsewhere.example/">', "<title>": '<title></title><meta name=x content="', "● Enforced</span>": "</span>",
    "<figure>": '<figure><img src="data:image/png;base64,AA">', "<section>": "<section><script>1</script>", "<p>": '<p onclick="x()">',
    'aria-labelledby="tally-caption"': 'aria-labelledby="nothing"',
}


@pytest.mark.parametrize("old", BREAKS)
def test_each_fault_is_found(page: str, old: str) -> None:
    assert old in page
    assert faults(page.replace(old, BREAKS[old], 1)) != ()


def test_a_second_first_heading_and_an_empty_caption_are_found(page: str) -> None:
    assert faults(page.replace('<h2 id="contents">Contents</h2>', '<h1 id="contents">Contents</h1>', 1)) != ()
    assert faults(re.sub(r'(<caption id="tally-caption">)[^<]*', r"\1", page, count=1)) != ()


@pytest.mark.parametrize("value", list(StandingValue))
def test_every_standing_can_be_read_on_its_ground(value: StandingValue) -> None:
    ground, ink = STANDINGS[value]
    assert contrast(ground, ink) >= 4.5


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)])
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    """Black on white is 21 by definition (WCAG 2.1, 1.4.3); #777777 is the well-known grey that just fails."""
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == ratio
