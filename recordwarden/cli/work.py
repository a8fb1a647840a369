"""``work --once``: what is due is done now, holds first, and the process ends."""

from __future__ import annotations

import os
import socket
from typing import Annotated

import typer

from connectors.errors import Stopped
from policies.problems import Problem, Severity
from recordwarden.chores import Chore, Done, Worker, enqueue
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.cli.screen import Screen
from recordwarden.exits import Exit
from recordwarden.notifying import not_sent
from recordwarden.wrong import CommandError, error
from sync.jobs import Jobs

WORDS = {Chore.HOLDS: "holds", Chore.SYNC: "everything"}


def work(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due and end.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """One look at holds and one full run, and whatever else waits in the queue; ends with 1 where any of it could not be done."""
    call = called(ctx)
    if not once:
        raise CommandError(Exit.USAGE, error("usage", "Say --once; for a process that stays there is `serve`.", "recordwarden work --once"))
    with call.office(last_good=True) as office:
        desk = office.desk
        jobs = Jobs(desk.store, desk.clock, socket.gethostname(), os.getpid())
        enqueue(jobs, Chore.HOLDS, Chore.SYNC)
        done = _all(Worker(call.options, jobs, call.stop, call.notice, office.sign_ins), call)
        silent = not_sent(office)
    failed = [one for one in done if not one.ok]
    found = [problem for one in done for problem in one.problems]
    return Answer(
        exit=Exit.ERROR if failed else Exit.DONE,
        result={"jobs": [_document(one) for one in done]},
        problems=tuple(dict.fromkeys((*office.problems, *(_problem(one) for one in failed), *found, *silent))),
        show=lambda screen: _show(screen, done),
    )


def _all(worker: Worker, call: Call) -> list[Done]:
    done: list[Done] = []
    while (one := worker.next()) is not None:
        done.append(one)
        if call.stop.is_set():
            raise Stopped("told to end between two jobs")
    return done


def _document(one: Done) -> dict[str, object]:
    return {
        "number": one.job,
        "kind": one.chore.value,
        "ok": one.ok,
        "exit": int(one.exit),
        "run": one.run,
        "code": one.code,
        "changes": dict(one.changes or {}),
    }


def _problem(one: Done) -> Problem:
    return Problem(
        code=one.code or "job.failed",
        severity=Severity.ERROR,
        subject=f"job {one.job}",
        message=f"The job for {WORDS[one.chore]} could not be done; it is tried again.",
        next_step="recordwarden doctor",
    )


def _show(screen: Screen, done: list[Done]) -> None:
    for one in done:
        counts = ", ".join(f"{number} {word}" for word, number in (one.changes or {}).items()) or "no changes"
        screen.say(f"{WORDS[one.chore]}: {counts if one.ok else one.code} (ended with {int(one.exit)})")
