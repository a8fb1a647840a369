"""The whole report as one CSV: a line for each value, also those that the page leaves out because a table would be too long."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from reports.facts import BoardFacts
from reports.render.json import document
from reports.words import visible

COLUMNS = ("section", "row", "column", "value")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guard(text: str) -> str:
    """``text`` so that no spreadsheet takes it for a formula (contract, *Text from tenants*)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def render(facts: BoardFacts) -> str:
    """Section, row (from 1; empty where a section has no rows), column and value. Unknown is an empty cell; yes and no are words."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for section, value in document(facts).items():
        for row, column, cell in _cells(section, value):
            writer.writerow([guard(visible(part)) for part in (section, row, column, cell)])
    return out.getvalue()


def _cells(section: str, value: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, list):
        for number, item in enumerate(value, start=1):
            for column, cell in _flat("", item):
                yield str(number), column, cell
        return
    for column, cell in _flat("", value):
        yield "", column or section, cell


def _flat(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _flat(f"{path}.{number}" if path else str(number), inner)
    else:
        yield path, "" if value is None else {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
