"""What is wrong, where, and what to do next: the one shape in which every part of Recordwarden complains."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem weighs: an error stops what was asked, a warning does not, an info is a finding worth reading."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place in a text file; line and column count from 1."""

    file: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding as the contract prints it: a dotted code that is never reused, a sentence, and the next step."""

    code: str
    severity: Severity
    message: str
    next_step: str
    tenant: str | None = None
    subject: str | None = None
    where: Where | None = None


class ToldError(Exception):
    """An error that can be told as it is: ``code`` dotted lower case, ``message`` what is wrong and where, ``next_step`` what a person can do."""

    def __init__(self, code: str, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step

    def problem(self, tenant: str | None = None) -> Problem:
        """The same as a problem, of ``tenant`` where it concerns one."""
        return Problem(code=self.code, severity=Severity.ERROR, message=self.message, next_step=self.next_step, tenant=tenant)


class FolderError(Exception):
    """The district folder cannot be used as it is; ``problems`` holds everything that is wrong with it, not only the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
