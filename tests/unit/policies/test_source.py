"""YAML as a district may write it, and everything else refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.source import LARGEST, Document, SourceError, parse_document, read_document

FILE = Path("policy.yaml")


def parse(text: str) -> Document:
    return parse_document(text, FILE)


def refused(text: str) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(SourceError) as caught:
        parse(text)
    assert all(problem.next_step for problem in caught.value.problems)
    assert all(problem.where and FILE.name in problem.where.file and FILE.name not in problem.message for problem in caught.value.problems)
    places = [(problem.code, problem.where) for problem in caught.value.problems]
    return [(code, where.line, where.column) for code, where in places if where]


def test_plain_values_and_their_places() -> None:
    document = parse("a: 1\nb:\n  - x\n  - {c: true, d: null}\ne: 1.5\n")
    assert document.value == {"a": 1, "b": ["x", {"c": True, "d": None}], "e": 1.5}
    found = document.where(("b", 1, "c"))
    assert (found.file, found.line, found.column) == ("policy.yaml", 4, 6)
    assert document.where(("b", 1, "missing", "deeper")).line == 4, "the nearest thing around it"
    assert document.where(()).line == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2017-03-09", "2017-03-09"),
        ("yes", "yes"),
        ("~", None),
        ("false", False),
        ("0x1F", 31),
        ("010", 10),
        ("-7", -7),
        ("1_000", 1000),
        (".inf", ".inf"),
        ("'12'", "12"),
        ("1e3", 1000.0),
    ],
)
def test_scalars(text: str, value: object) -> None:
    assert parse(f"a: {text}").value == {"a": value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("folder.duplicate_key", 3, 1)]),
        ("a: 1\nb:\n\tc: 2\n", [("folder.yaml", 3, 1)]),
        ("a: [1\nb: 2\n", [("folder.yaml", 2, 2)]),
        ("a: &x 1\nb: *x\n", [("folder.alias", 1, 4), ("folder.alias", 1, 4)]),
        ("a: {x: 1}\nb:\n  <<: {y: 2}\n", [("folder.alias", 3, 3)]),
        ("a: !!python/name:os.system x\n", [("folder.tag", 1, 4)]),
        ("? [a, b]\n: 1\n", [("folder.key", 1, 3)]),
        ("", [("folder.empty", 1, 1)]),
        ("# nothing\n", [("folder.empty", 1, 1)]),
        ("- a\n- b\n", [("folder.not_mapping", 1, 1)]),
        ("a: 1\n---\nb: 2\n", [("folder.yaml", 2, 1)]),
        ("a: \x07\n", [("folder.yaml", None, None)]),
    ],
)
def test_what_is_refused_and_where(text: str, expected: list[tuple[str, int | None, int | None]]) -> None:
    assert refused(text) == [entry for entry in expected if entry[1] is not None] or expected[0][1] is None


def test_a_tab_is_named_as_the_cause() -> None:
    with pytest.raises(SourceError) as caught:
        parse("a:\n\tb: 1\n")
    assert "spaces" in caught.value.problems[0].next_step


def test_every_fault_of_form_is_told_at_once() -> None:
    assert [code for code, _, _ in refused("a: 1\na: 2\nb: &x 3\n")] == ["folder.duplicate_key", "folder.alias"]


def test_a_thousand_brackets_do_not_break_it() -> None:
    codes = {code for code, _, _ in refused("a: " + "[" * 700 + "]" * 700)}
    assert codes == {"folder.too_deep"}
    assert {code for code, _, _ in refused("a: " + "[" * 60 + "]" * 60)} == {"folder.too_deep"}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_document(tmp_path / "district.yaml")
    assert caught.value.problems[0].code == "folder.missing"


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_document(tmp_path)
    assert caught.value.problems[0].code == "folder.unreadable"


def test_bytes_that_are_not_utf8_are_placed(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(SourceError) as caught:
        read_document(file)
    problem = caught.value.problems[0]
    assert problem.code == "folder.not_utf8"
    assert problem.where
    assert (problem.where.line, problem.where.column) == (2, 7)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(SourceError) as caught:
        read_document(file)
    assert caught.value.problems[0].code == "folder.too_large"


def test_the_hash_is_of_the_bytes_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"a: 1\r\n")
    assert read_document(file).sha256 != parse_document("a: 1\n", file).sha256
