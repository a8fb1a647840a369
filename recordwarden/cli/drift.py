"""``drift``: what was changed outside Recordwarden. Evidence is kept in the store; no tenant is changed."""

from __future__ import annotations

import typer

from recordwarden.cli import shown
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.running import answer, running
from recordwarden.cli.screen import Screen
from recordwarden.endings import looking


def drift(ctx: typer.Context) -> Answer:
    """Each difference with since when and, once the vendor's log answers, which account."""
    with running(called(ctx)) as run:
        result = run.engine.drift()

        def show(screen: Screen) -> None:
            shown.drift_lines(screen, result.tenants)
            shown.flight_lines(screen, result.tenants)
            shown.request_line(screen, result)

        return answer(run, result, looking(result, changes=False), {}, show)
