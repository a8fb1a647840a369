"""``matter.yaml`` and files of people: everything wrong at once with file, line, column and next step; four answers are enough."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from policies.kinds import Workload
from policies.problems import FolderError, Problem, Severity
from sync.matters.opening import details, instant, new, with_order
from sync.matters.order import LineKind, MatterOrder
from sync.matters.reading import OrderFile, people_order, read_names, read_order, read_people, with_names

ROOT = Path(__file__).parents[4]


def written(tmp_path: Path, text: str, name: str = "matter.yaml", mode: int = 0o600) -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def read(tmp_path: Path, text: str) -> OrderFile:
    return read_order(written(tmp_path, text))


def wrong(tmp_path: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(FolderError) as caught:
        read(tmp_path, text)
    assert all(problem.where and problem.where.file and problem.next_step for problem in caught.value.problems)
    return caught.value.problems


def test_the_demos_order_is_read_whole() -> None:
    read_ = read_order(ROOT / "examples" / "demo" / "matter.yaml")
    assert len(read_.order.people) == 12
    assert len(read_.order.paper) == 2
    assert read_.order.range.from_ == date(2024, 7, 1)
    assert details(read_.order).issues == "change orders 4 to 9; delay and water damage in the winter of 2025"


def test_four_answers_are_enough(tmp_path: Path) -> None:
    file = read(tmp_path, "ordered_by: counsel\ntriggered_on: 2026-09-14\nalias: roof\npeople: [{address: a@d.example}]\n")
    assert file.problems == ()
    assert file.order.workloads == ()


def test_an_order_that_says_less_is_taken_with_warnings(tmp_path: Path) -> None:
    file = read_order(written(tmp_path, "people: [{address: a@d.example}]\n", mode=0o644))
    assert {problem.code for problem in file.problems} == {"matter.no_ordered_by", "matter.no_triggered_on", "file.readable_by_others"}
    assert {problem.severity for problem in file.problems} == {Severity.WARNING}


def test_every_problem_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    problems = wrong(tmp_path, "peeple: []\nkind: lawsuit\npeople:\n  - {address: a@d.example}\n  - {adress: b@d.example}\nsources: [mail, fax]\n")
    places = {(problem.where.line, problem.where.column) for problem in problems if problem.where}
    assert {(1, 1), (2, 1)} <= places
    assert {line for line, _ in places} == {1, 2, 5, 6}
    text = " ".join(problem.message + problem.next_step for problem in problems)
    assert "people" in text
    assert "address" in text
    assert "litigation" in text


@pytest.mark.parametrize(
    ("on", "kept"),
    [
        ("2026-09-15", "2026-09-15"),
        ("2026-09-15T10:00:00-04:00", "2026-09-15T14:00:00.000000Z"),
        ("2026-09-15T10:00:00", "2026-09-15T10:00:00.000000Z"),
    ],
)
def test_when_paper_was_secured_is_a_day_or_an_instant_with_its_zone(tmp_path: Path, on: str, kept: str) -> None:
    order = read(tmp_path, f"paper: [{{what: minutes, where: safe, secured_on: {on}}}]\n").order
    token = iter("abcdefgh").__next__
    [paper] = with_order(new(order, token, datetime(2026, 9, 20, tzinfo=UTC)), order, token, both=False).paper
    assert paper.secured_on == kept


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("alias: x\n", "nobody"),
        ("people:\n  - {address: a@d.example, group: staff}\n", "exactly one"),
        ("people:\n  - {group: staff, also: [a@d.example]}\n", "also"),
        ("people:\n  - {address: Ada North}\n", "Ada North"),
        ("people: [{address: a@d.example}]\nrange: {from: 2026-02-01, to: 2026-01-01}\n", "ends before"),
        ("people: [{address: a@d.example}]\nsources: [paper]\n", "paper"),
        ("people: [{address: a@d.example}]\nsources: [{site: https://x.example, group: y}]\n", "exactly one"),
        ("people: [{address: a@d.example}]\nalias: has a space\n", "begin with a letter or digit"),
        ("people: [{address: a@d.example}\n", "YAML"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert says in " ".join(problem.message for problem in wrong(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FolderError) as caught:
        read_order(tmp_path / "none.yaml")
    assert caught.value.problems[0].code == "file.not_found"


def test_a_list_is_opened_and_counts_in_the_digest(tmp_path: Path) -> None:
    text = "ordered_by: c\npeople: [{csv: people.csv}, {address: A@d.example}]\n"
    written(tmp_path, "name,Address\nAda,a@d.example\nBen,b@d.example\n", "people.csv")
    first = read(tmp_path, text)
    assert [(line.kind, line.text) for line in first.order.people] == [(LineKind.ADDRESS, "A@d.example"), (LineKind.ADDRESS, "b@d.example")]
    written(tmp_path, "name,address\nAda,a@d.example\n", "people.csv")
    assert read(tmp_path, text).sha256 != first.sha256


def test_files_of_people(tmp_path: Path) -> None:
    assert read_people(written(tmp_path, "# who\nB@d.example  # left\n\na@d.example\nb@d.example\n", "people.txt")) == ("b@d.example", "a@d.example")
    with pytest.raises(FolderError) as caught:
        read_people(written(tmp_path, "a@d.example\nAda North\n", "bad.txt"))
    [problem] = caught.value.problems
    assert problem.where is not None
    assert problem.where.line == 2
    assert "Ada" not in problem.message, "a line that may be a name is not repeated"
    for name, text, code in (("x.csv", "name\nAda\n", "people.no_address_column"), ("x.txt", "# nobody\n", "people.empty")):
        with pytest.raises(FolderError) as caught:
            read_people(written(tmp_path, text, name))
        assert caught.value.problems[0].code == code


def test_a_line_that_is_no_address_keeps_nobody_else_from_being_held(tmp_path: Path) -> None:
    names = read_names(written(tmp_path, "a@d.example\nAda North\nb@d.example\n", "some.txt"))
    assert names.addresses == ("a@d.example", "b@d.example")
    assert [(one.code, one.severity, one.where.line if one.where else None) for one in names.wrong] == [("people.not_an_address", Severity.WARNING, 2)]
    written(tmp_path, "address\na@d.example\nAda North\n", "list.csv")
    order = read(tmp_path, "people: [{csv: list.csv}]\nordered_by: c\ntriggered_on: 2026-09-14\n")
    assert [line.text for line in order.order.people] == ["a@d.example"]
    assert "people.not_an_address" in [one.code for one in order.problems]


def test_the_same_names_are_the_same_order(tmp_path: Path) -> None:
    first = read_names(written(tmp_path, "a@d.example\n", "one.txt"))
    assert people_order(first).sha256 == people_order(read_names(written(tmp_path, "a@d.example\n", "again.txt"))).sha256
    order = read(tmp_path, "people: [{address: a@d.example}]\n")
    both = with_names(order, read_names(written(tmp_path, "a@d.example\nb@d.example\n", "more.txt")))
    assert [line.text for line in both.order.people] == ["a@d.example", "b@d.example"]
    assert both.sha256 not in {order.sha256, first.sha256}
    assert both.sha256 == with_names(order, read_names(tmp_path / "more.txt")).sha256


def test_days_and_times(tmp_path: Path) -> None:
    order = read(tmp_path, "people: [{address: a@d.example}]\ntriggered_on: 2026-09-14\nreceived_on: 2026-09-14T09:30:00-04:00\n").order
    assert instant(order.triggered_on) == datetime(2026, 9, 14, tzinfo=UTC)
    assert instant(order.received_on) == datetime(2026, 9, 14, 13, 30, tzinfo=UTC)
    assert instant(None) is None


def test_named_sources_and_places(tmp_path: Path) -> None:
    order = read(tmp_path, "people: [{group: staff}]\nsources: [mail, drive, {site: https://x.example/sites/a}, {shared_drive: D1}]\n").order
    assert order.workloads == (Workload.MAIL, Workload.DRIVE)
    assert [(place.place, place.text) for place in order.places] == [(Workload.SITE, "https://x.example/sites/a"), (Workload.SHARED_DRIVE, "D1")]


def test_the_schema_is_the_models() -> None:
    kept = json.loads((ROOT / "policies" / "schema" / "matter.schema.json").read_text(encoding="utf-8"))
    assert kept == MatterOrder.model_json_schema(by_alias=True)
