"""``hold status``: who and what is held. Reads the store; with ``--refresh`` the tenants too, and changes nothing in them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.files import write_new
from recordwarden.cli.holding import answered
from recordwarden.cli.running import running


def status(
    ctx: typer.Context,
    alias: Annotated[str | None, typer.Argument(help="One matter; without it, all.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Look at the tenants first.")] = False,  # noqa: FBT002  # a flag
    page: Annotated[Path | None, typer.Option("--page", metavar="FILE", help="Write the first-hour page (HTML) of the matter into a file.")] = None,
) -> Answer:
    """Each person and source with its times; gap records; paper; what to do next."""
    with running(called(ctx), last_good=True) as run:
        if alias is not None:
            run.lane.find(alias)  # an unknown alias is told before any tenant is asked
        result = run.engine.refresh() if refresh else None
        made = answered(run, alias, result, {})
        if page is not None and alias is not None:
            from reports.first_hour import first_hour_html

            write_new(page, first_hour_html(run.lane.first_hour(alias), made_up=run.office.desk.store.sandbox is True).encode())
        return made
