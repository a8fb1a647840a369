"""YAML text to plain values that remember where they stood: file, line and column of every key and item.

Only plain YAML is taken: mappings with text keys, lists, text, numbers, true, false, null. Anchors, aliases, tags and merge keys are refused, because
a policy must say what it says in the place where a reader looks. Dates stay text here; the models read them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from policies.problems import Problem, Severity, Where

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Path_: TypeAlias = tuple[str | int, ...]

LARGEST: Final = 2_000_000
"""Bytes; a folder file beyond this is a mistake, not a policy."""
DEEPEST: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one file says, where each part of it stands, and the SHA-256 of its bytes."""

    file: Path
    value: dict[str, Plain]
    places: Mapping[Path_, Where]
    sha256: str
    text: str

    def where(self, path: Path_) -> Where:
        """Where the value at ``path`` stands; for one that is not there, the nearest thing around it."""
        return nearest(self.places, path, self.file)


def nearest(places: Mapping[Path_, Where], path: Path_, file: Path) -> Where:
    """The place of ``path`` or of the nearest thing around it."""
    for depth in range(len(path), -1, -1):
        if path[:depth] in places:
            return places[path[:depth]]
    return Where(file=str(file))


class SourceError(Exception):
    """A file cannot be taken as YAML; ``problems`` says everything that is wrong with its form."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def read_document(file: Path) -> Document:
    """The document in ``file``. Raises SourceError when it is missing, huge, not UTF-8, or not plain YAML with a mapping at the top."""
    data = _read(file)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error(
            "folder.not_utf8", file, "is not UTF-8 text", "save the file as UTF-8", line, error.start - data.rfind(b"\n", 0, error.start)
        ) from None
    return parse_document(text, file, sha256=hashlib.sha256(data).hexdigest())


def parse_document(text: str, file: Path, *, sha256: str | None = None) -> Document:
    """The document that ``text`` spells; ``file`` is only used to say where."""
    value, places = _built(text, file)
    if value is None:
        raise _error("folder.empty", file, "is empty", "write the district's settings into it, or start from examples/", 1, 1)
    if not isinstance(value, dict):
        raise _error("folder.not_mapping", file, "must be a mapping of keys to values", "begin each line with 'key: '", 1, 1)
    digest = sha256 or hashlib.sha256(text.encode()).hexdigest()
    return Document(file=file, value=value, places=places, sha256=digest, text=text)


def parse_list(text: str, file: Path) -> tuple[list[Plain], Mapping[Path_, Where]]:
    """The list that ``text`` spells, and where each part of it stands. Raises SourceError, also where there is something else at the top."""
    value, places = _built(text, file)
    if not isinstance(value, list):
        raise _error("folder.not_list", file, "must be a list", "begin each entry with '- '", 1, 1)
    return value, places


def _built(text: str, file: Path) -> tuple[Plain, Mapping[Path_, Where]]:
    node = _compose(text, file)
    builder = _Builder(file)
    value = builder.value(node, ()) if node is not None else None
    if builder.problems:
        raise SourceError(*builder.problems)
    return value, builder.places


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise _error("folder.too_large", file, f"is larger than {LARGEST:,} bytes", "check that it is the file you mean")
        return file.read_bytes()
    except FileNotFoundError:
        raise _error("folder.missing", file, "is not there", "make it with 'recordwarden init', or name the folder with -C") from None
    except OSError as error:
        raise _error("folder.unreadable", file, f"cannot be read: {error.strerror}", "check what it is and who may read it") from None


def _compose(text: str, file: Path) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        raise SourceError(_marked(error, file)) from None
    except YAMLError as error:
        raise _error("folder.yaml", file, f"is not YAML: {str(error).splitlines()[0]}", "correct the text") from None
    except RecursionError:
        raise _error("folder.too_deep", file, "is nested too deeply", "flatten it") from None
    return node


def _marked(error: MarkedYAMLError, file: Path) -> Problem:
    mark: StringMark | None = error.problem_mark or error.context_mark
    said = error.problem or "is not YAML"
    tab = "\\t" in said or "\t" in said
    return Problem(
        code="folder.yaml",
        severity=Severity.ERROR,
        message=f"this is not YAML: {said}" + (f" ({error.context})" if error.context else ""),
        next_step="indent with spaces, never with tabs" if tab else "correct the text at this place; indentation and quotes are the usual causes",
        where=Where(file=str(file), line=mark.line + 1 if mark else None, column=mark.column + 1 if mark else None),
    )


def _error(code: str, file: Path, says: str, next_step: str, line: int | None = None, column: int | None = None) -> SourceError:
    where = Where(file=str(file), line=line, column=column)
    return SourceError(Problem(code=code, severity=Severity.ERROR, message=f"the file {says}", next_step=next_step, where=where))


_TAG: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = frozenset({_TAG + "str", _TAG + "timestamp"})


class _Builder:
    """Turns a node tree into plain values, noting each place and each thing that plain YAML does not have."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.places: dict[Path_, Where] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value(self, node: Node, path: Path_) -> Plain:
        self.places.setdefault(path, self._where(node))
        if id(node) in self._seen:
            return self._refuse(node, "folder.alias", "uses an alias", "write the value out where it is meant")
        self._seen.add(id(node))
        if node.anchor:
            return self._refuse(node, "folder.alias", f"uses the anchor &{node.anchor}", "write the value out where it is meant")
        if len(path) > DEEPEST:
            return self._refuse(node, "folder.too_deep", "is nested too deeply", "flatten it")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        for key, value in self._pairs(node):
            if key.value in found:
                first = self.places[(*path, key.value)]
                message = f"has the key '{key.value}' twice; the first is on line {first.line}"
                self._refuse(key, "folder.duplicate_key", message, "keep one of the two")
                continue
            self.places[(*path, key.value)] = self._where(key)
            found[key.value] = self.value(value, (*path, key.value))
        return found

    def _pairs(self, node: MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._refuse(key, "folder.key", "has a key that is not text", "write the key as a plain word")
            elif key.tag == _TAG + "merge" or key.value == "<<":
                self._refuse(key, "folder.alias", "uses a merge key (<<)", "write the keys out where they are meant")
            else:
                yield key, value

    def _scalar(self, node: ScalarNode) -> Plain:
        tag, text = str(node.tag), str(node.value)
        if tag in _TEXT_TAGS:
            return text
        if tag in _NUMBERS:
            return _number(tag, text)
        if tag in {_TAG + "null", _TAG + "bool"}:
            return None if tag == _TAG + "null" else text.lower() == "true"
        return self._refuse(node, "folder.tag", f"uses the tag {tag}", "leave the tag out; plain values are enough")

    def _refuse(self, node: Node, code: str, says: str, next_step: str) -> Plain:
        where = self._where(node)
        message = f"the file {says}"  # which one, ``where`` says
        self.problems.append(Problem(code=code, severity=Severity.ERROR, message=message, next_step=next_step, where=where))
        return None

    def _where(self, node: Node) -> Where:
        return Where(file=str(self.file), line=node.start_mark.line + 1, column=node.start_mark.column + 1)


_NUMBERS: Final = frozenset({_TAG + "int", _TAG + "float"})


def _number(tag: str, text: str) -> Plain:
    """The number that ``text`` spells; what only looks like one stays text."""
    plain = text.replace("_", "")
    try:
        return float(plain) if tag == _TAG + "float" else int(plain, 0 if plain.lstrip("+-")[1:2].isalpha() else 10)
    except ValueError:
        return text
