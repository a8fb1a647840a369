"""The public edition names nobody; counsel's names who is behind the aliases; neither says more than it knows."""

from __future__ import annotations

import re
import stat

import pytest

from reports.board import BoardReport
from reports.render.csv import guard
from tests.unit.reports.parsing import parsed
from tests.unit.reports.world import MATTER, Month

PEOPLE = ("person1", "person2", "person3", "admin@district.example", MATTER, "Thorn", "roof", "Wanda Quist", "A. Custodian", "A. Counsel")
UNWANTED = re.compile(r"\b(complian\w*|drifts?|drifted|digests?|lanes?|leases?|culprit|spoliation|guilty|violat\w*|lost protection)\b", re.IGNORECASE)


def text(report: BoardReport) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in report.paths)


@pytest.mark.parametrize("name", PEOPLE)
def test_the_public_edition_names_nobody(public: BoardReport, name: str) -> None:
    assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text(public)) is None


def test_the_public_edition_does_not_know_the_name_that_tenants_and_logs_show(public: BoardReport, march: Month) -> None:
    matter = march.here.lane.find("roof")
    assert matter.tenant_alias not in text(public)
    assert matter.report_alias in text(public)


@pytest.mark.parametrize("name", ["person1@d.example", "person2@d.example", "admin@district.example", MATTER, "Wanda Quist", "A. Custodian"])
def test_counsel_s_edition_names_them(counsel: BoardReport, name: str) -> None:
    assert all(name in path.read_text(encoding="utf-8") for path in counsel.paths)


def test_only_the_owner_can_read_counsel_s_edition(counsel: BoardReport) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in counsel.paths} == {0o600}


def test_a_public_edition_needs_no_sealing_key(march: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is not even asked for: opening any box is an error here."""

    def refuse(*_: object) -> tuple[bytes, str]:
        raise AssertionError("a seal was opened")

    monkeypatch.setattr(march.here.store.sealer, "open", refuse)
    assert march.report(restate=True).facts.holds


def test_counsel_s_edition_says_when_the_names_cannot_be_opened(march: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    from sync.store import StoreError

    def refuse(*_: object) -> tuple[bytes, str]:
        raise StoreError("store.key_missing", "gone", "")

    monkeypatch.setattr(march.here.store.sealer, "open", refuse)
    [hold] = march.report(edition="counsel", restate=True).facts.holds
    assert hold.persons is None
    assert hold.matter.value is None
    assert hold.matter.withheld is not None
    assert "store.key_missing" in hold.matter.withheld


def test_no_inner_word_and_no_conclusion_stands_on_a_screen(public: BoardReport, counsel: BoardReport) -> None:
    for report in (public, counsel):
        html = next(path for path in report.paths if path.suffix == ".html").read_text(encoding="utf-8")
        assert UNWANTED.findall(parsed(html).text) == []


def test_a_rehearsal_says_so(public: BoardReport) -> None:
    html = next(path for path in public.paths if path.suffix == ".html").read_text(encoding="utf-8")
    assert "Made-up data" in parsed(html).text
    assert public.facts.made_up
    assert public.facts.clock == "drill"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_is_no_formula(start: str) -> None:
    assert guard(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert guard(f"x{start}") == f"x{start}"
