"""Sources that policies still cite though something else stands there now, and how a citation of one is recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A source that is cited in older policies, and what stands now. ``sure`` is False where the successor is known from memory only."""

    pattern: re.Pattern[str]
    cited: str
    now: str
    fact: str
    sure: bool = True


def _rule(pattern: str, cited: str, now: str, fact: str, *, sure: bool = True) -> Superseded:
    return Superseded(pattern=re.compile(pattern, re.IGNORECASE), cited=cited, now=now, fact=fact, sure=sure)


SUPERSEDED: Final = (
    _rule(
        r"\b(General Letters?|GL)\b.{0,24}\b98-1\b",
        "General Letter 98-1",
        "General Letter 2009-2, Management and Retention of E-mail and other Electronic Messages",
        "the State Library's municipal page lists it; that it replaces 98-1 word for word could not be read",
    ),
    _rule(
        r"\bSchedule V\b.{0,80}\bEducation Records\b",
        "Schedule V (1983)",
        "Schedule M8, Education (02/2005)",
        "M8 is the active education schedule",
    ),
    _rule(r"(?<![\d-])1-15(?![\d])", "CGS 1-15", "CGS 1-212", "the section was renumbered"),
    _rule(r"(?<![\d-])1-19\(b\)\(11\)", "CGS 1-19(b)(11)", "CGS 1-210(b)(11)", "the section was renumbered"),
    _rule(
        r"\bFederal Rules of Civil Procedure\b(?!.*37\(e\))|\bFRCP\b(?!.*37\(e\))",
        "Federal Rules of Civil Procedure without 37(e)",
        "rules 26, 34, 37(e) (since 1 December 2015) and 45",
        "37(e) is the rule on lost electronic information",
    ),
    _rule(
        r"\bGeneral Letter 5\b|\bDisposition of Education Records rule\b",
        "General Letter 5",
        "Public Records Policy 05",
        "it states that it supersedes both the letter and the rule of 1999",
    ),
    _rule(
        r"\bNo Child Left Behind\b.{0,60}\b9528\b",
        "No Child Left Behind Act, section 9528",
        "Every Student Succeeds Act, section 8528",
        "from memory: have counsel confirm it",
        sure=False,
    ),
)
"""L§0 row by row, with L§4.1 for 37(e) and L§1A ST-31 for the last; nothing is added that they do not say."""


def superseded_in(citation: str) -> tuple[Superseded, ...]:
    """The superseded sources that ``citation`` names."""
    return tuple(rule for rule in SUPERSEDED if rule.pattern.search(citation))
