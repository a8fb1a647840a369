"""``plan``: what was changed outside, and what a run would do. Sends no request that changes a tenant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from recordwarden.cli import shown
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.files import write_new
from recordwarden.cli.running import answer, running
from recordwarden.cli.screen import Screen
from recordwarden.endings import looking
from sync.result import RunResult


def plan(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the plan as JSON into a file too.")] = None,
    as_markdown: Annotated[bool, typer.Option("--as-markdown", help="Print it as Markdown, for a pull request.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """Drift first, then changes with direction and the policy line behind each; kept under its digest for approval."""
    call = called(ctx)
    with running(call) as run:
        proposer = call.proposer(run.office)
        result = run.engine.plan(proposer=proposer)
        code = looking(result, changes=True)

        def show(screen: Screen) -> None:
            if as_markdown:
                from reports.plan_markdown import plan_markdown

                screen.raw(plan_markdown(result))
            else:
                _show(screen, result)

        made = answer(run, result, code, {"proposer": proposer}, show)
    if out is not None:
        write_new(out, json.dumps({"tenants": made.tenants, "result": made.result}, indent=1, ensure_ascii=True).encode())
    return made


def _show(screen: Screen, result: RunResult) -> None:
    shown.drift_lines(screen, result.tenants)
    shown.change_lines(screen, result.tenants, "Changes")
    shown.standing_lines(screen, result.tenants)
    shown.control_lines(screen, result.tenants)
    shown.flight_lines(screen, result.tenants)
    shown.total_line(screen, result)
    screen.say(f"Plan {result.digest}")
    shown.request_line(screen, result)
