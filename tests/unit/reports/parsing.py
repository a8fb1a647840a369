"""Reading a page as somebody else would: its tables cell by cell, its text, and the shape of its elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "hr", "img", "col"})


@dataclass
class Page(HTMLParser):
    """Tables by id (head and rows of text), the text of elements by id, and every tag in order with its attributes' names."""

    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    shape: list[tuple[str, ...]] = field(default_factory=list)
    text: str = ""
    open: list[tuple[str, str]] = field(default_factory=list)
    table: str | None = None
    facts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Terms and values of each list of terms that has an id."""
    listed: str | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.shape.append((tag, *sorted(given)))
        if tag not in VOID:
            self.open.append((tag, given.get("id") or ""))
        if tag == "dl":
            self.listed = given.get("id")
            self.facts[self.listed or ""] = []
        if tag == "dt":
            self.facts[self.listed or ""].append(("", ""))
        if tag == "table":
            self.table = given.get("id") or ""
            self.tables[self.table] = []
        if self.table is not None and tag == "tr":
            self.tables[self.table].append([])
        if self.table is not None and tag in {"td", "th"}:
            self.tables[self.table][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag
        if tag == "table":
            self.table = None

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.open]
        if "style" in inside:
            return
        self.text += data
        if inside[-2:-1] == ["dt"] or inside[-1:] == ["dt"] or "dd" in inside:
            term, value = self.facts[self.listed or ""][-1]
            said = (term, value + data) if "dd" in inside else (term + data, value)
            self.facts[self.listed or ""][-1] = (" ".join(said[0].split()), " ".join(said[1].split()) + " " * data.endswith(" "))
        if self.table is not None and any(tag in {"td", "th"} for tag in inside):
            self.tables[self.table][-1][-1] += data

    def rows(self, name: str) -> list[list[str]]:
        """The body of a table."""
        return [[" ".join(cell.split()) for cell in row] for row in self.tables[name][1:]]


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page
