"""Saying what is wrong: the shape in which every command complains, and the error that ends one. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import replace

from policies.problems import Problem, Severity
from recordwarden.exits import Exit


class CommandError(Exception):
    """A command ends here, with problems and an exit code."""

    def __init__(self, exit_code: Exit, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.exit = exit_code
        self.problems = problems


def error(code: str, message: str, next_step: str, *, subject: str | None = None, tenant: str | None = None) -> Problem:
    """A problem that stops what was asked."""
    return Problem(code=code, severity=Severity.ERROR, message=sentence(message), next_step=sentence(next_step), subject=subject, tenant=tenant)


def warning(code: str, message: str, next_step: str, *, subject: str | None = None, tenant: str | None = None) -> Problem:
    """A problem that stops nothing, and that somebody must hear of."""
    return replace(error(code, message, next_step, subject=subject, tenant=tenant), severity=Severity.WARNING)


def sentence(text: str) -> str:
    """``text`` with a capital; commands and paths are left as they are."""
    return text[:1].upper() + text[1:] if text and not text.startswith(("recordwarden", "chmod", "sqlite", "/")) else text
