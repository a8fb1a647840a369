"""A letter in words: every code has its own, and none of the inner ones are among them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from policies.district import Subject
from reports import notices
from reports.notices import compose, headline, trial
from sync.notices.telling import Item, Telling
from sync.watch.people import MEANINGS

NOW = datetime(2027, 3, 1, 14, 30, tzinfo=UTC)
CODES = {
    Subject.HOLD: ("gap", "failed", "closed", "overdue", "due"), Subject.DRIFT: ("weakened",), Subject.DELETION: ("requested", "cancelled"),
    Subject.RULES: ("overtaken",), Subject.APPROVALS: ("waiting", "release", "guards"), Subject.JOBS: ("failing",),
}  # fmt: skip
DETAILS = {
    "kind": "m365.retention_rule", "service": "GMAIL", "officer": "custodian", "job": "sync", "error": "network.unreachable",
    "accepted": NOW.isoformat(), "due": NOW.isoformat(), "outcome": "open",
}  # fmt: skip


def item(subject: Subject, code: str, over: datetime | None = None) -> Item:
    return Item(
        subject=subject, code=code, tenant="google", matter="kqxv2mrw", people=2, sources=3, since=NOW, over=over, details=DETAILS, ids=("a1b2c3d4e5f6", "b2"),
    )  # fmt: skip


def letter(*items: Item, drill: bool = False) -> tuple[str, str]:
    return compose(Telling(letter=7, district="Elm Ridge", officer="Ida Thorn", drill=drill, items=items))


def test_every_danger_has_its_words() -> None:
    assert set(notices._RISKS) == set(MEANINGS)


@pytest.mark.parametrize(("subject", "code"), [(subject, code) for subject, codes in CODES.items() for code in codes])
def test_every_thing_says_what_is_lost_and_what_to_do(subject: Subject, code: str) -> None:
    said, text = letter(item(subject, code))
    flat = " ".join(text.split())
    assert said.startswith("Recordwarden: ")
    assert "What to do: " in flat
    assert subject is Subject.APPROVALS or "What is lost: " in flat
    assert max(map(len, text.splitlines())) <= 80
    for word in ("drift", "digest", "lane", "lease", "compliant", "compliance", "custodian of the person", "violat"):
        assert not re.search(rf"\b{word}", (said + text).lower())
    assert "Letter 7 of Recordwarden" in flat


def test_the_codes_are_all_there_are() -> None:
    named = {code for codes in CODES.values() for code in codes}
    assert set(notices._HEADLINES) == named
    assert set(notices._EXPLAINED) == named


def test_what_lasts_comes_before_what_is_over() -> None:
    said, text = letter(item(Subject.HOLD, "gap"), item(Subject.HOLD, "closed", over=NOW))
    assert said == f"Recordwarden: {headline(item(Subject.HOLD, 'gap'))} (and 1 other thing)"
    assert text.index("* ") < text.index("Over:")
    over, _ = letter(item(Subject.HOLD, "closed", over=NOW))
    assert over.startswith("Recordwarden: Over: ")


def test_a_drill_says_so_at_both_ends() -> None:
    said, text = letter(item(Subject.HOLD, "gap"), drill=True)
    assert said.startswith("[made-up data] ")
    assert text.rstrip().endswith("this district and its tenants are a drill.")
    assert "[made-up data] " in trial("Elm Ridge", "Ida Thorn", drill=True)[0]
    assert "Nothing has happened" in trial("Elm Ridge", "Ida Thorn", drill=False)[1]
