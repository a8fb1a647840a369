"""Vault's retention rules as an officer states them, and what they do to records. No Google API shows or sets them (G§0), so they come from a file.

The file is a YAML list of ``{service, default, org_unit, duration, from, action, terms}`` (contract, *Vault rules file*); Vault counts in days, from
1 to 36,500, or keeps indefinitely (G§2.3). ``{service: MEET, dedicated: true}`` says that content in Drive has rules of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from policies import forms
from policies.district import FolderModel
from policies.effects import FOREVER, Clock, Effect, Mechanism, Scope, Term
from policies.kinds import Platform, Workload
from policies.periods import parse_period
from policies.problems import FolderError, Problem, Severity, Where
from policies.shape import shaped
from policies.source import Path_, SourceError, parse_list

INDEFINITE: Final = "indefinite"
MOST_DAYS: Final = 36_500
_DAYS: Final = re.compile(r"(?P<days>[0-9]{1,9}) days?")
_RULES: Final = "rules"


class Service(StrEnum):
    """Vault's services."""

    MAIL = "MAIL"
    DRIVE = "DRIVE"
    GROUPS = "GROUPS"
    HANGOUTS_CHAT = "HANGOUTS_CHAT"
    VOICE = "VOICE"
    CALENDAR = "CALENDAR"
    GEMINI = "GEMINI"
    MEET = "MEET"
    SITES = "SITES"


class Counted(StrEnum):
    """What a rule counts from."""

    CREATED = "created"
    MODIFIED = "modified"
    LABELLED = "labelled"


class AtTheEnd(StrEnum):
    """What happens when the time is up."""

    KEEP = "keep"
    PURGE_ALL = "purge_all"
    PURGE_DELETED = "purge_deleted"


SERVICE_OF: Final[Mapping[Workload, Service]] = {
    Workload.MAIL: Service.MAIL,
    Workload.DRIVE: Service.DRIVE,
    Workload.SHARED_DRIVE: Service.DRIVE,
    Workload.CHAT: Service.HANGOUTS_CHAT,
    Workload.GROUP: Service.GROUPS,
    Workload.VOICE: Service.VOICE,
    Workload.CALENDAR: Service.CALENDAR,
    Workload.GEMINI: Service.GEMINI,
}
"""The service whose rules keep each workload. Mail has no archive apart, and Sites are kept with Drive (G§1.4)."""
APART: Final[Mapping[Service, str]] = {Service.MEET: "Meet recordings", Service.SITES: "Google Sites"}
"""What lies in Drive and, once dedicated retention is on for it, is kept by rules of its own alone, Drive's no longer (G§2.3)."""
SPACES: Final = "all spaces"
"""The place of a message in a Chat space, which no unit's rule reaches (G§2.3: two rules are needed to cover everything)."""
_NO_TERMS: Final = frozenset({Service.HANGOUTS_CHAT, Service.CALENDAR, Service.GEMINI, *APART})
_NO_UNITS: Final = frozenset({Service.GROUPS})


class VaultRule(FolderModel):
    """One rule. Without ``org_unit`` a custom rule is for the whole organisation; ``terms`` are search terms, or for Drive a label's condition.

    With ``dedicated`` it is no rule but the switch of ``MEET`` or ``SITES``: whether rules of their own, and no longer Drive's, keep that content.
    """

    service: Service
    default: bool = False
    org_unit: str | None = Field(default=None, pattern=forms.UNIT)
    duration: str
    from_: Counted = Field(default=Counted.CREATED, alias="from")
    action: AtTheEnd
    terms: str | None = None
    dedicated: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _switch(cls, given: object) -> object:
        """A switch has no period and no end; nothing here reads those that stand in for them."""
        if not isinstance(given, Mapping) or given.get("dedicated") is None:
            return given
        if given.get("service") not in tuple(APART):
            raise ValueError(f"only {' and '.join(APART)} have dedicated retention to switch: leave out dedicated")
        if set(given) - {"service", "dedicated"}:
            raise ValueError("an entry with dedicated is a switch and no rule: it has nothing else but service; rules are entries of their own")
        return {**given, "duration": INDEFINITE, "action": AtTheEnd.KEEP}

    @field_validator("duration")
    @classmethod
    def _in_days(cls, duration: str) -> str:
        found = _DAYS.fullmatch(duration)
        if duration == INDEFINITE or (found and 1 <= int(found["days"]) <= MOST_DAYS):
            return duration
        raise ValueError(f"'{duration}' is neither 'N days' with N from 1 to {MOST_DAYS:,} nor 'indefinite'{_in_vaults_unit(duration)}")

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.duration == INDEFINITE and self.action is not AtTheEnd.KEEP:
            raise ValueError("an indefinite rule has no end at which it could purge: write action: keep")
        if self.default and (self.org_unit or self.terms):
            raise ValueError("a default rule has no org_unit and no terms")
        if self.terms and self.service in _NO_TERMS:
            raise ValueError(f"a rule for {self.service.value} takes no terms in Vault")
        if self.org_unit and self.service in _NO_UNITS:
            raise ValueError(f"a rule for {self.service.value} is for groups, not for an org_unit")
        if self.from_ is Counted.LABELLED and self.service is not Service.DRIVE:
            raise ValueError("only a rule for DRIVE can count from a label's date")
        return self

    @property
    def term(self) -> Term:
        """How long, in days."""
        found = _DAYS.fullmatch(self.duration)
        return int(found["days"]) if found else FOREVER

    @property
    def purges(self) -> bool:
        """Whether Vault deletes something at its end. A finite rule always does, whatever is stated: Vault offers no end that only keeps (G§2.3)."""
        return self.term != FOREVER

    @property
    def words(self) -> str:
        """The rule for people, in one line."""
        if self.dedicated is not None:
            return f"{self.service.value} dedicated retention: {'on' if self.dedicated else 'off'}"
        where = "default rule" if self.default else f"custom rule for {self.org_unit or 'the whole organisation'}"
        narrowed = f", only where {self.terms}" if self.terms else ""
        length = "indefinitely" if self.term == FOREVER else f"{self.term:,} days from {self.from_.value}, then {self.action.value}"
        return f"{self.service.value} {where}{narrowed}: {length}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRules:
    """The rules as an officer stated them last. ``doubt`` is the code of why the statement does not count now, None where it does."""

    rules: tuple[VaultRule, ...]
    doubt: str | None = None


class _File(FolderModel):
    rules: tuple[VaultRule, ...]


def read_rules(content: bytes, file: Path) -> tuple[VaultRule, ...]:
    """The rules in a file. Raises FolderError with every problem in it, each with line and column; ``file`` is only used to say where."""
    try:
        listed, spots = parse_list(content.decode("utf-8"), file)
    except UnicodeDecodeError:
        raise FolderError((_problem(f"{file} is not UTF-8 text", "save the file as UTF-8", Where(file=str(file))),)) from None
    except SourceError as error:
        raise FolderError(error.problems) from error
    places: dict[Path_, Where] = {(_RULES, *path): where for path, where in spots.items()}
    found = shaped(_File, {_RULES: listed}, places, file)
    if isinstance(found, tuple):
        raise FolderError(found)
    twice = tuple(_twice(found.rules, places))
    if twice:
        raise FolderError(twice)
    return found.rules


def effect_of(rule: VaultRule, ref: str, *, whole: bool = True) -> Effect:
    """What a rule does to records. Paths of units are in lower case, as Vault tells none apart by case; so must be those of the items asked about.

    A custom rule without a unit is for everybody, or, for Drive and Chat, for all shared drives or all spaces alone: with ``whole`` false it is
    taken in the second way.
    """
    everyone = rule.default or rule.org_unit is None
    spaces = not whole and not rule.default and rule.org_unit is None and rule.service is Service.HANGOUTS_CHAT
    return Effect(
        ref=ref,
        platform=Platform.GOOGLE_WORKSPACE,
        mechanism=Mechanism.VAULT_DEFAULT if rule.default else Mechanism.VAULT_CUSTOM,
        scope=Scope(
            workloads=_workloads(rule, whole=whole),
            everyone=everyone and not spaces,
            include=frozenset({SPACES}) if spaces else frozenset(),
            org_units=frozenset() if everyone else frozenset({unit_key(rule.org_unit or "/")}),
        ),
        clock=Clock(rule.from_.value),
        keep=rule.term,
        delete=rule.term if rule.purges else None,
        purge_all=rule.action is AtTheEnd.PURGE_ALL,
        terms=rule.terms or None,
    )


def readings(rules: Sequence[VaultRule], apart: Service | None = None) -> tuple[tuple[Effect, ...], ...]:
    """The effects of rules in every way in which the file can be meant, each under the number (from 1) that its rule has in the file.

    With ``apart`` those for that content in Drive, which rules of its own keep, and none of Drive's.
    """
    numbered = [(number, rule) for number, rule in enumerate(rules, start=1) if rule.dedicated is None and _of(rule, apart)]
    ways = (True, False) if any(_two_ways(rule) for _, rule in numbered) else (True,)
    return tuple(tuple(effect_of(rule, str(number), whole=whole) for number, rule in numbered) for whole in ways)


def kept_apart(rules: Iterable[VaultRule]) -> tuple[Service, ...]:
    """The content that Drive's rules no longer cover: switched on, or stated with rules of its own and not said to be switched off."""
    listed = tuple(rules)
    off = {rule.service for rule in listed if rule.dedicated is False}
    return tuple(service for service in APART if service not in off and any(rule.service is service for rule in listed))


def untold(rules: Iterable[VaultRule]) -> tuple[Service, ...]:
    """The content of which nothing says whether Drive's rules cover it."""
    said = {rule.service for rule in rules}
    return tuple(service for service in APART if service not in said)


def _of(rule: VaultRule, apart: Service | None) -> bool:
    return rule.service not in APART if apart is None else rule.service is apart


def _two_ways(rule: VaultRule) -> bool:
    return not rule.default and rule.org_unit is None and rule.service in {Service.DRIVE, Service.HANGOUTS_CHAT, *APART}


def _workloads(rule: VaultRule, *, whole: bool) -> frozenset[Workload]:
    """A unit's Drive rule need not include shared drives, and can only extend what is kept there (G§2.3)."""
    in_drive = rule.service is Service.DRIVE or rule.service in APART
    found = {workload for workload, service in SERVICE_OF.items() if service is (Service.DRIVE if in_drive else rule.service)}
    if in_drive and rule.org_unit is not None:
        found.discard(Workload.SHARED_DRIVE)
    if in_drive and _two_ways(rule) and not whole:
        found.discard(Workload.DRIVE)
    return frozenset(found)


def unit_key(path: str) -> str:
    """An organisational unit's path for comparing."""
    return path.rstrip("/").lower() or "/"


def as_yaml(rules: Iterable[VaultRule]) -> str:
    """The rules as the file that ``attest`` takes."""
    return "".join(_line(rule) for rule in rules)


def _line(rule: VaultRule) -> str:
    parts = [f"service: {rule.service.value}"]
    if rule.dedicated is not None:
        return f"- {{{parts[0]}, dedicated: {str(rule.dedicated).lower()}}}\n"
    parts += ["default: true"] if rule.default else []
    parts += [f"org_unit: {_quoted(rule.org_unit)}"] if rule.org_unit else []
    parts += [f"duration: {rule.duration}", f"from: {rule.from_.value}", f"action: {rule.action.value}"]
    parts += [f"terms: {_quoted(rule.terms)}"] if rule.terms else []
    return f"- {{{', '.join(parts)}}}\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _in_vaults_unit(duration: str) -> str:
    """A hint where the duration is a period in another unit than Vault's."""
    try:
        term = parse_period(duration).term
    except ValueError:
        return ""
    if term == FOREVER:
        return "; write indefinite"
    return f"; write {term} days" if term and term <= MOST_DAYS else ""


def _twice(rules: Sequence[VaultRule], places: Mapping[Path_, Where]) -> Iterable[Problem]:
    """Vault has one default rule for each service, and one switch of each sort (G§2.3)."""
    seen: dict[tuple[Service, str], int] = {}
    for index, rule in enumerate(rules):
        what = "default rule" if rule.default else "switch of dedicated retention" if rule.dedicated is not None else ""
        if not what:
            continue
        if (rule.service, what) in seen:
            where = places[_RULES, index]
            first = places[_RULES, seen[rule.service, what]]
            message = f"{where.file}: {rule.service.value} has a second {what}; the first is on line {first.line}"
            yield _problem(message, "keep one of them", where)
        seen.setdefault((rule.service, what), index)


def _problem(message: str, next_step: str, where: Where) -> Problem:
    return Problem(code="attest.rules", severity=Severity.ERROR, message=message, next_step=next_step, where=where)
