"""From what went wrong to the contract's problems and exit code. What is not expected here is a fault of our own, and is called so."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import PurePath

from connectors.errors import Stopped
from policies.problems import FolderError, Problem, ToldError
from recordwarden.clock import ClockFileError
from recordwarden.drill.crash import UnknownPointError
from recordwarden.exits import Exit
from recordwarden.wiring import UnknownTenantError
from recordwarden.wrong import CommandError, error
from sync.lease import LeaseLost
from sync.store.changes import UnknownPlanError

Told = tuple[Exit, tuple[Problem, ...]]
NEEDS_A_PERSON = ("officer.not_identified", "approval.", "direction.")
"""Codes that say: refused, and a person can change that."""


def told(failure: BaseException, run_id: str) -> Told:
    """What to say about ``failure``."""
    for kinds, words in _WORDS:
        if isinstance(failure, kinds):
            return words(failure)
    if isinstance(failure, CommandError):
        return failure.exit, failure.problems
    if isinstance(failure, FolderError):
        return Exit.ERROR, failure.problems
    return Exit.OUR_FAULT, (_fault(failure, run_id),)


def _coded(failure: BaseException) -> Told:
    """An error that brings its own code, message and next step."""
    assert isinstance(failure, ToldError)
    person = failure.code.startswith(NEEDS_A_PERSON)
    problem = error(failure.code, failure.message, failure.next_step or "Read the message; nothing was done.")
    return (Exit.REFUSED if person else Exit.ERROR), (problem,)


def _overtaken(failure: BaseException) -> Told:
    assert isinstance(failure, LeaseLost)
    return Exit.UNKNOWN, (error(failure.code, failure.message, failure.next_step),)


def _plan(failure: BaseException) -> Told:
    return Exit.ERROR, (error("plan.unknown", str(failure), "Make a plan with `recordwarden plan` and use its digest."),)


def _usage(failure: BaseException) -> Told:
    code = "tenant.unknown" if isinstance(failure, UnknownTenantError) else "crash_point.unknown"
    return Exit.USAGE, (error(code, str(failure), "Correct it and run the same again."),)


def _clock(failure: BaseException) -> Told:
    return Exit.ERROR, (error("clock.unreadable", str(failure), "Write an RFC 3339 instant or +SECONDS into the clock file."),)


def _stopped(_failure: BaseException) -> Told:
    problem = error("run.stopped", "Told to end, and ended at a safe point.", "Run the same again: what was sent is settled by reading.")
    return Exit.INTERRUPTED, (problem,)


_WORDS: tuple[tuple[tuple[type[BaseException], ...], Callable[[BaseException], Told]], ...] = (
    ((LeaseLost,), _overtaken),
    ((ToldError,), _coded),
    ((UnknownPlanError,), _plan),
    ((UnknownTenantError, UnknownPointError), _usage),
    ((ClockFileError,), _clock),
    ((Stopped,), _stopped),
)


def _fault(failure: BaseException, run_id: str) -> Problem:
    """Names the type and the place, never the values: they may be confidential."""
    frames = traceback.extract_tb(failure.__traceback__)
    place = f"{'/'.join(PurePath(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else "nowhere"
    return error(
        "program.fault",
        f"A fault of our own ({type(failure).__name__} at {place}), run {run_id}. What was sent before it is settled by the next run.",
        "Please report it with the run's number; RECORDWARDEN_DEBUG=1 shows where it came from.",
    )
