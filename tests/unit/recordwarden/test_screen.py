"""A terminal that no tenant can steer, readable at 80 columns and without colour."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.problems import Problem, Severity, Where
from recordwarden.cli.screen import Screen, many, moment, plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m"),
        ("staff\u202egpj.exe", "staff\\u{202e}gpj.exe"),
        ("zero\u200bwidth", "zero\\u{200b}width"),
        ("line\nbreak\ttab\x07", "line\\u{a}break\\u{9}tab\\u{7}"),
        ("Ærøskøbing 学校", "Ærøskøbing 学校"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_number(name: str, shown: str) -> None:
    assert plain(name) == shown


@settings(deadline=None)
@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    assert not any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for letter in plain(text))


@settings(deadline=None)
@given(st.text(max_size=300), st.integers(min_value=0, max_value=12))
def test_lines_fold_under_their_own_indent(text: str, indent: int) -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.console.width = 80
    screen.say(text, indent=indent)
    lines = stream.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * indent) for line in lines if line.strip())
    assert "\x1b" not in stream.getvalue()


def test_many_alike_problems_are_said_once_with_their_number() -> None:
    stream = io.StringIO()
    alike = [
        Problem(code="hold.gap", severity=Severity.ERROR, message="Not held.", next_step=f"attest gap/{number}", tenant="google") for number in range(7)
    ]
    note = Problem(code="x.y", severity=Severity.INFO, message="By the way.", next_step="", where=Where(file="policy.yaml", line=3, column=2))
    Screen(stream).problems([note, *alike])
    lines = stream.getvalue().splitlines()
    assert lines[0] == "error: google: Not held. (7 times) [hold.gap]"
    assert lines[1] == "  -> attest gap/0"
    assert lines[2] == "info: policy.yaml:3:2: By the way. [x.y]"
    assert len(lines) == 3


def test_times_and_numbers_read_well() -> None:
    assert moment("2026-11-22T14:00:09.269291Z") == "2026-11-22 14:00:09 UTC"
    assert moment(None) == "-"
    assert [many(1, "change"), many(2, "change"), many(0, "entry", "entries")] == ["1 change", "2 changes", "0 entries"]
