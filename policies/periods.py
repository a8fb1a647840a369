"""How long records are kept and counted from what: the texts of a schedule as values, in whole days.

The rule of days is fixed: N years are ``365 N + ceil(N / 4)`` days, never shorter than the longest calendar span of that length; N months are
``ceil(N x 365.25 / 12)``, which can miss the longest span by up to two days (nine months from 1 March to 1 December have 275, the rule says 274),
so a period that must not miss a day is written in days or years. Schedules state minimum periods (L§2.1), so rounding goes up.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies.effects import FOREVER, Clock, Term

UNITS: Final = ("days", "months", "years")
LONGEST: Final = 366_000
"""Days; about a thousand years. What is longer is meant to be permanent."""
_PERIOD: Final = re.compile(r"(?P<count>[0-9]+)\s+(?P<unit>[a-z]+)")
_EVENT: Final = re.compile(r"event:(?P<name>[a-z0-9][a-z0-9_-]{0,39})")


class PeriodKind(StrEnum):
    """The sorts of period that a schedule states."""

    FINITE = "finite"
    PERMANENT = "permanent"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriod:
    """A period as text and in days. ``term`` is None when the schedule's period is not known: nothing can be written for it."""

    kind: PeriodKind
    text: str
    term: Term | None

    @property
    def in_days(self) -> str:
        """The period for people: ``2 years (731 days)``, ``permanent``, ``not known``."""
        if self.kind is PeriodKind.FINITE:
            return f"{self.text} ({self.term:,} days)"
        return {PeriodKind.PERMANENT: "permanent", PeriodKind.NONE: "no period", PeriodKind.UNKNOWN: "not known"}[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTrigger:
    """The event that a period is counted from; ``event`` names it for clock ``event``."""

    clock: Clock
    event: str | None = None


def days_of(count: int, unit: str) -> int:
    """``count`` days, months or years in days, by the fixed rule of this module."""
    if unit == "years":
        return 365 * count + -(-count // 4)
    if unit == "months":
        return -(-count * 1461 // 48)
    return count


def parse_period(text: str | None) -> RetentionPeriod:
    """The period that ``text`` states: ``N days|months|years``, ``permanent``, ``none``, or ``unknown``. Raises ValueError with a suggestion."""
    if text is None or text.strip().lower() == "unknown":
        return RetentionPeriod(kind=PeriodKind.UNKNOWN, text="unknown", term=None)
    plain = " ".join(text.lower().split())
    if plain == "permanent":
        return RetentionPeriod(kind=PeriodKind.PERMANENT, text=plain, term=FOREVER)
    if plain == "none":
        return RetentionPeriod(kind=PeriodKind.NONE, text=plain, term=0)
    found = _PERIOD.fullmatch(plain)
    if not found:
        near = difflib.get_close_matches(plain, ("permanent", "none", "unknown"), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"'{text}' is no period: write 'N days', 'N months', 'N years', 'permanent' or 'none'{hint}")
    return _finite(int(found["count"]), found["unit"], text)


def _finite(count: int, unit: str, text: str) -> RetentionPeriod:
    plural = unit if unit.endswith("s") else f"{unit}s"
    if plural not in UNITS:
        near = difflib.get_close_matches(plural, UNITS, n=1, cutoff=0.4)
        hint = f"did you mean '{count} {near[0]}'?" if near else "the units are days, months and years"
        raise ValueError(f"'{text}' is no period: '{unit}' is no unit of time; {hint}")
    days = days_of(count, plural)
    if count == 0:
        raise ValueError(f"'{text}' keeps nothing: write 'none' for records without a period")
    if days > LONGEST:
        raise ValueError(f"'{text}' is longer than any schedule states: write 'permanent'")
    return RetentionPeriod(kind=PeriodKind.FINITE, text=f"{count} {plural[:-1] if count == 1 else plural}", term=days)


def parse_trigger(text: str) -> RetentionTrigger:
    """The trigger that ``text`` names: ``created``, ``modified``, ``labelled`` or ``event:NAME``. Raises ValueError with a suggestion."""
    found = _EVENT.fullmatch(text)
    if found:
        return RetentionTrigger(clock=Clock.EVENT, event=found["name"])
    known = ("created", "modified", "labelled")
    if text in known:
        return RetentionTrigger(clock=Clock(text))
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ValueError(f"'{text}' is no trigger: write created, modified, labelled or event:NAME (lower case){hint}")
