"""The rules file of ``attest vault-rules/TENANT``: Vault's retention rules as read in the console; no Google API shows them (G§0)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from policies.district import FolderModel
from policies.periods import parse_period
from policies.problems import FolderError, Problem, Severity, Where
from policies.shape import shaped
from policies.source import Plain


class Service(StrEnum):
    """Vault's services."""

    MAIL = "MAIL"
    DRIVE = "DRIVE"
    GROUPS = "GROUPS"
    HANGOUTS_CHAT = "HANGOUTS_CHAT"
    VOICE = "VOICE"
    CALENDAR = "CALENDAR"
    GEMINI = "GEMINI"


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


class VaultRule(FolderModel):
    """One rule."""

    service: Service
    default: bool = False
    org_unit: str | None = Field(default=None, pattern=r"^/")
    duration: str
    from_: Counted = Field(default=Counted.CREATED, alias="from")
    action: AtTheEnd
    terms: str | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.duration != "indefinite":
            parse_period(self.duration)
        if self.duration == "indefinite" and self.action is not AtTheEnd.KEEP:
            raise ValueError("an indefinite rule has no end at which it could purge: write action: keep")
        if self.default and (self.org_unit or self.terms):
            raise ValueError("a default rule has no org_unit and no terms")
        return self


class Rules(FolderModel):
    """The whole file."""

    rules: tuple[VaultRule, ...]


def check_rules(path: Path) -> Path:
    """``path``, where it holds a list of rules. Raises FolderError with every problem in it."""
    try:
        listed: Plain = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise FolderError((_problem(path, f"{path.name} is not YAML that can be read: {str(error).splitlines()[0]}"),)) from error
    if not isinstance(listed, list):
        raise FolderError((_problem(path, f"{path.name} has to be a list of rules."),))
    found = shaped(Rules, {"rules": listed}, {}, path)
    if isinstance(found, tuple):
        raise FolderError(found)
    return path


def _problem(path: Path, message: str) -> Problem:
    return Problem(
        code="attest.rules",
        severity=Severity.ERROR,
        message=message,
        next_step="See the Vault rules file in the reference.",
        where=Where(file=str(path)),
    )
