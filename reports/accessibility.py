"""Structural checks of a page, so that everybody can read it: WCAG 2.1 AA as far as structure shows it (L§6), and no promise beyond."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

LEAST_CONTRAST = 4.5
_VOID = frozenset({"meta", "br", "hr", "img", "col", "input", "link"})
_ADDRESSES = frozenset({"href", "src", "srcset", "action", "data", "poster", "xlink:href"})
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_STANDING_CLASS = re.compile(r"^st-")


class AccessibilityError(Exception):
    """A page that would keep somebody from reading it was about to be written; ``faults`` says where. It is a fault of ours."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(slots=True)
class Table:
    """What a table has."""

    caption: str = ""
    headers: int = 0
    without_scope: int = 0


@dataclass(slots=True)
class _Seen:
    """What a page has, gathered in one pass."""

    lang: str = ""
    title: str = ""
    headings: list[int] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    style: str = ""
    links: list[str] = field(default_factory=list)
    landmarks: set[str] = field(default_factory=set)


def check(html: str) -> None:
    """Nothing when the page holds. Raises AccessibilityError with every fault."""
    if found := faults(html):
        raise AccessibilityError(found)


def faults(html: str) -> tuple[str, ...]:
    """Everything that is wrong with the structure of ``html``; empty when it holds."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    seen = parser.seen
    found = [*seen.faults, *_document(html, seen), *_headings(seen.headings), *_tables(seen.tables), *contrasts(seen.style)]
    found += [f"id {name!r} stands twice" for name in dict.fromkeys(seen.ids) if seen.ids.count(name) > 1]
    found += [f"nothing has the id {name!r} that is pointed at" for name in seen.targets if name not in seen.ids]
    found += [f"<{tag}> is never closed" for tag in parser.open]
    return tuple(found)


def _document(html: str, seen: _Seen) -> list[str]:
    found = []
    if not html.lstrip().lower().startswith("<!doctype html>"):
        found.append("no doctype")
    if not seen.lang:
        found.append("no language on <html>")
    if not seen.title.strip():
        found.append("no title")
    if "main" not in seen.landmarks:
        found.append("no <main>")
    if not seen.links or seen.links[0] != "#main":
        found.append("the first link does not skip to the content")
    return found


def _headings(levels: list[int]) -> list[str]:
    found = [] if levels.count(1) == 1 else [f"{levels.count(1)} headings of the first level"]
    return found + [f"a heading of level {lower} follows one of level {upper}" for upper, lower in pairwise(levels) if lower > upper + 1]


def _tables(tables: list[Table]) -> list[str]:
    found = []
    for table in tables:
        if not table.caption.strip():
            found.append("a table has no caption")
        if not table.headers or table.without_scope:
            found.append(f"the table {table.caption.strip()!r} has no headers, or headers without scope")
    return found


class _Parser(HTMLParser):
    """Walks the page once."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = _Seen()
        self.open: list[str] = []
        self._words: list[str] = []
        """Text of each open element."""
        self._marks: list[Mapping[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what opens."""
        given = {name: value or "" for name, value in attrs}
        self._note(tag, given)
        if tag not in _VOID:
            self.open.append(tag)
            self._words.append("")
            self._marks.append(given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what opens and closes at once."""
        self._note(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        """Note what closes, and what it held."""
        if tag in _VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.seen.faults.append(f"</{tag}> closes nothing")
            return
        self.open.pop()
        words, given = self._words.pop(), self._marks.pop()
        self._closed(tag, given, words)
        if self._words:
            self._words[-1] += words

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._words:
            self._words[-1] += data

    def _note(self, tag: str, given: Mapping[str, str]) -> None:  # noqa: C901, PLR0912  # one line per sort of element
        seen = self.seen
        if tag in {"script", "iframe", "object", "embed", "form", "link", "base"}:
            seen.faults.append(f"<{tag}> has no place in a report")
        for name, value in given.items():
            if name.startswith("on") or (name in _ADDRESSES and not value.startswith(("#", "data:image/"))):
                seen.faults.append(f"{tag}/{name} acts or leads outside: {value[:60]!r}")
            if name in {"aria-labelledby", "aria-describedby"}:
                seen.targets += value.split()
        if "id" in given:
            seen.ids.append(given["id"])
        if tag == "html":
            seen.lang = given.get("lang", "")
        if re.fullmatch(r"h[1-6]", tag):
            seen.headings.append(int(tag[1]))
        if tag == "table":
            seen.tables.append(Table())
        if tag == "th" and seen.tables:
            seen.tables[-1].headers += 1
            seen.tables[-1].without_scope += given.get("scope") not in {"row", "col", "rowgroup", "colgroup"}
        if tag in {"main", "nav", "header", "footer"}:
            seen.landmarks.add(tag)
        if tag == "a" and given.get("href", "").startswith("#"):
            seen.links.append(given["href"])
            seen.targets.append(given["href"][1:])
        if tag == "img" and "alt" not in given:
            seen.faults.append("an image has no text in its place")
        if tag == "svg" and given.get("aria-hidden") != "true" and not (given.get("role") == "img" and given.get("aria-labelledby")):
            seen.faults.append("a chart has no role, title or description")

    def _closed(self, tag: str, given: Mapping[str, str], words: str) -> None:
        seen = self.seen
        if tag == "title" and "svg" not in self.open:
            seen.title = words
        if tag == "caption" and seen.tables:
            seen.tables[-1].caption = words
        if tag == "style":
            seen.style += words
        if tag == "a" and not words.strip():
            seen.faults.append("a link has no text")
        if any(_STANDING_CLASS.match(name) for name in given.get("class", "").split()) and len(words.split()) < 2:
            seen.faults.append(f"a standing is told by colour alone: {words!r}")


def contrasts(style: str) -> list[str]:
    """Pairs of declared colours that are too close: a rule's own pair, or its text on every ground that the page declares."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    rules = [(selector.strip(), _declared(body)) for selector, body in _RULE.findall(bare)]
    known = {name: value for _, body in rules for name, value in body.items() if name.startswith("--")}
    grounds = [known[name] for name in ("--paper", "--panel") if name in known]
    if not grounds:
        return ["no ground colour is declared (--paper)"]
    found = []
    for selector, body in rules:
        text, ground = _resolved(body.get("color"), known), _resolved(body.get("background"), known)
        if ground and not text:
            found.append(f"{selector} sets a ground and no colour for the text on it")
        if text:
            found += [f"{selector}: {text} on {under}" for under in ([ground] if ground else grounds) if contrast(text, under) < LEAST_CONTRAST]
    return found


def _declared(body: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in body.split(";") if ":" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _resolved(value: str | None, known: Mapping[str, str]) -> str | None:
    if value is None:
        return None
    found = re.fullmatch(r"var\((--[a-z-]+)\)", value)
    colour = known.get(found[1], value) if found else value
    return colour if re.fullmatch(r"#[0-9a-fA-F]{6}", colour) else None


def contrast(one: str, other: str) -> float:
    """The contrast of two ``#rrggbb`` colours as WCAG 2.1 (1.4.3) computes it, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
