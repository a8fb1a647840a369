"""``sync``: do what may run unattended or is approved, the hold lane first."""

from __future__ import annotations

from typing import Annotated

import typer

from recordwarden.cli import shown
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.running import answer, running
from recordwarden.cli.screen import Screen
from recordwarden.endings import acting
from recordwarden.exits import Exit
from recordwarden.notifying import notify
from sync.result import RunResult

Wait = Annotated[float, typer.Option("--wait", metavar="S", min=0, help="Follow what was accepted for up to S seconds until it is in force.")]


def sync(ctx: typer.Context, wait: Wait = 0) -> Answer:
    """One run; what is refused says what would allow it."""
    call = called(ctx)
    with running(call) as run:
        proposer = call.proposer(run.office)
        result = run.engine.sync(wait=wait, proposer=proposer)
        run.problems.extend(notify(run.office))
        return answer(run, result, acting(result), {"proposer": proposer, "timed_out": result.timed_out}, lambda screen: show_run(screen, result))


def show_run(screen: Screen, result: RunResult) -> None:
    """A run that acted, for people."""
    shown.drift_lines(screen, result.tenants)
    shown.change_lines(screen, result.tenants, "Changes")
    shown.flight_lines(screen, result.tenants)
    shown.total_line(screen, result)
    if acting(result) is Exit.DONE and not any(tenant.changes for tenant in result.tenants):
        screen.say("Nothing left to do.")
    shown.request_line(screen, result)
