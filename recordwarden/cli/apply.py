"""``apply DIGEST``: exactly one approved plan, or none of it."""

from __future__ import annotations

from typing import Annotated

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.running import answer, running
from recordwarden.cli.sync import Wait, show_run
from recordwarden.endings import acting
from recordwarden.notifying import notify


def apply(
    ctx: typer.Context, digest: Annotated[str, typer.Argument(help="The plan's digest, or its first eight digits or more.")], wait: Wait = 0
) -> Answer:
    """Run the plan of that digest; if any change of it lacks approvals, nothing of it runs."""
    with running(called(ctx)) as run:
        result = run.engine.apply(digest, wait=wait)
        run.problems.extend(notify(run.office))
        return answer(run, result, acting(result), {"timed_out": result.timed_out}, lambda screen: show_run(screen, result))
