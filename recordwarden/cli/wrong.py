"""Saying what is wrong: the shape in which every command complains. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import replace

from policies.problems import Problem, Severity


def error(code: str, message: str, next_step: str, *, subject: str | None = None, tenant: str | None = None) -> Problem:
    """A problem that stops what was asked."""
    return Problem(code=code, severity=Severity.ERROR, message=sentence(message), next_step=sentence(next_step), subject=subject, tenant=tenant)


def warning(code: str, message: str, next_step: str, *, subject: str | None = None, tenant: str | None = None) -> Problem:
    """A problem that stops nothing, and that somebody must hear of."""
    return replace(error(code, message, next_step, subject=subject, tenant=tenant), severity=Severity.WARNING)


def sentence(text: str) -> str:
    """``text`` with a capital; commands and paths are left as they are."""
    return text[:1].upper() + text[1:] if text and not text.startswith(("recordwarden", "chmod", "sqlite", "/")) else text
