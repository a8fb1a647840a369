"""Reading a hold order and lists of people from files: every problem at once, each with file, line, column and the next step."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

from policies.problems import FolderError, Problem, Severity, Where
from policies.shape import shaped
from policies.source import Document, SourceError, parse_document
from sync.matters.order import LineKind, MatterOrder, PersonLine
from sync.matters.release import Reason

_LARGEST: Final = 4_000_000
_ADDRESS: Final = re.compile(r"[^@\s,;:<>\"]+@[^@\s,;:<>\"]+\.[^@\s,;:<>\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """A hold order as it was read: its lists already opened into addresses, the digest of its bytes, and warnings that do not stop it."""

    order: MatterOrder
    sha256: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesFile:
    """A file of people as it was read: the addresses in it, a warning for each line that is none, and the digest of its bytes."""

    addresses: tuple[str, ...]
    sha256: str
    wrong: tuple[Problem, ...] = ()


def read_order(path: Path) -> OrderFile:
    """The hold order in ``path``. Raises FolderError with everything that is wrong in it."""
    raw, text = _text(path)
    try:
        document = parse_document(text, path, sha256=hashlib.sha256(raw).hexdigest())
    except SourceError as error:
        raise FolderError(error.problems) from error
    order = shaped(MatterOrder, document.value, document.places, path)
    if isinstance(order, tuple):
        raise FolderError(order)
    people, digest, wrong = _with_lists(order.people, document)
    return OrderFile(order=order.model_copy(update={"people": people}), sha256=digest, problems=(*_warnings(order, path), *wrong))


def with_names(read: OrderFile, names: NamesFile) -> OrderFile:
    """An order with the people of a second file; both decide whether it is the same order again."""
    known = {line.id for line in read.order.people}
    more = (line for line in people_order(names).order.people if line.id not in known)
    order = read.order.model_copy(update={"people": (*read.order.people, *more)})
    digest = hashlib.sha256(f"{read.sha256}{names.sha256}".encode()).hexdigest()
    return OrderFile(order=order, sha256=digest, problems=(*read.problems, *names.wrong))


def read_names(path: Path) -> NamesFile:
    """The addresses in a file of people: one a line with ``#`` comments, or (``.csv``) the column headed ``address``.

    A line that is no address stops nobody else from being held (design, promise 3); it is told. Raises FolderError where there is no address at all.
    """
    raw, text = _text(path)
    found, wrong = _column(text, path) if path.suffix.lower() == ".csv" else _lines(text, path)
    if not found:
        nobody = _problem("people.empty", "The file names nobody.", "Write one address a line.", Where(file=str(path)))
        raise FolderError(tuple(wrong) or (nobody,))
    told = tuple(replace(problem, severity=Severity.WARNING) for problem in wrong)
    return NamesFile(addresses=tuple(dict.fromkeys(found)), sha256=hashlib.sha256(raw).hexdigest(), wrong=told)


def read_people(path: Path) -> tuple[str, ...]:
    """The addresses in such a file, every line of which must be one. Raises FolderError."""
    names = read_names(path)
    if names.wrong:
        raise FolderError(tuple(replace(problem, severity=Severity.ERROR) for problem in names.wrong))
    return names.addresses


def read_reason(reason: Path, consent: Path) -> Reason:
    """Why something is to be released, and counsel's consent to it, by its digest. Raises FolderError where one cannot be read or says nothing."""
    _, text = _text(reason)
    if not text.strip():
        _stop("release.no_reason", "The file gives no reason.", "Say why the hold may end: settled, judgment, time passed.", Where(file=str(reason)))
    content = _content(consent)
    if not content:
        _stop("release.no_consent", "The file with counsel's consent is empty.", "Give counsel's letter or message.", Where(file=str(consent)))
    return Reason(text=text.strip(), consent=hashlib.sha256(content).hexdigest(), consent_name=consent.name)


def people_order(names: NamesFile) -> OrderFile:
    """An order that only names people."""
    order = MatterOrder(people=tuple(PersonLine(address=address) for address in names.addresses))
    return OrderFile(order=order, sha256=names.sha256, problems=names.wrong)


def _lines(text: str, path: Path) -> tuple[list[str], list[Problem]]:
    found: list[str] = []
    wrong: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        address = line.split("#", 1)[0].strip()
        if address and _ADDRESS.fullmatch(address):
            found.append(address.lower())
        elif address:
            wrong.append(_no_address(path, number))
    return found, wrong


def _column(text: str, path: Path) -> tuple[list[str], list[Problem]]:
    reader = csv.DictReader(text.splitlines())
    header = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    if "address" not in header:
        _stop("people.no_address_column", "The first row has no column called address.", "Call the column address.", Where(file=str(path), line=1))
    found: list[str] = []
    wrong: list[Problem] = []
    for row in reader:
        address = (row[header["address"]] or "").strip()
        if _ADDRESS.fullmatch(address):
            found.append(address.lower())
        elif address:
            wrong.append(_no_address(path, reader.line_num))
    return found, wrong


def _no_address(path: Path, number: int) -> Problem:
    """The line itself is not repeated: it may be a person's name, and problems are logged."""
    return _problem("people.not_an_address", "This line is not an e-mail address.", "Write the person's address, one a line.",
                    Where(file=str(path), line=number, column=1))


def _with_lists(lines: Iterable[PersonLine], document: Document) -> tuple[tuple[PersonLine, ...], str, tuple[Problem, ...]]:
    """The lines with every list opened; a list's bytes count in the order's digest, so that a longer list is a new order."""
    opened: list[PersonLine] = []
    wrong: list[Problem] = []
    digest = document.sha256
    for line in lines:
        if line.kind is not LineKind.CSV:
            opened.append(line)
            continue
        names = read_names(document.file.parent / line.text)
        opened.extend(PersonLine(address=address) for address in names.addresses)
        wrong += names.wrong
        digest = hashlib.sha256(f"{digest}{names.sha256}".encode()).hexdigest()
    return tuple({line.id: line for line in opened}.values()), digest, tuple(wrong)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        _stop("file.not_found", f"The file cannot be read: {error.strerror}.", "Check the path.", Where(file=str(path)), error)


def _text(path: Path) -> tuple[bytes, str]:
    raw = _content(path)
    if len(raw) > _LARGEST:
        _stop("file.too_large", "The file is larger than 4 MB.", "Split it.", Where(file=str(path)))
    try:
        return raw, raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        _stop("file.not_utf8", "The file is not UTF-8.", "Save it as UTF-8.", Where(file=str(path), line=line), error)


def _warnings(order: MatterOrder, path: Path) -> Iterable[Problem]:
    missing = {
        "ordered_by": (order.ordered_by, "who ordered the hold"),
        "triggered_on": (order.triggered_on or order.received_on or order.range.from_, "from when (triggered_on, received_on or range.from)"),
    }
    for key, (given, what) in missing.items():
        if not given:
            yield replace(
                _problem(f"matter.no_{key}", f"The order does not say {what}; the hold goes ahead without.", "Add it and run the same file again.",
                         Where(file=str(path))), severity=Severity.WARNING)
    mode = path.stat().st_mode
    if mode & 0o077:
        yield replace(
            _problem("file.readable_by_others", "The matter file can be read by others.", "chmod 600 it, and delete it once the hold is open.",
                     Where(file=str(path))), severity=Severity.WARNING)


def _stop(code: str, message: str, next_step: str, where: Where, cause: Exception | None = None) -> NoReturn:
    raise FolderError((_problem(code, message, next_step, where),)) from cause


def _problem(code: str, message: str, next_step: str, where: Where) -> Problem:
    return Problem(code=code, severity=Severity.ERROR, message=message, next_step=next_step, where=where)
