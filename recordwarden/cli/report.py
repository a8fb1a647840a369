"""``report board``: the month's report, made from the store alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.exits import Exit
from recordwarden.wrong import CommandError, error
from reports.board import BoardReport, ReportError, make


def board(
    ctx: typer.Context,
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="The month it is about.")],
    edition: Annotated[
        Literal["public", "counsel"], typer.Option("--edition", help="Public names nobody; counsel's shows what was sealed.")
    ] = "public",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")] = Path(),
    restate: Annotated[bool, typer.Option("--restate", help="Make the report of a month that is over once more.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """One self-contained HTML file, its JSON twin and the lists as CSV."""
    call = called(ctx)
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise CommandError(Exit.USAGE, error("usage", f"{month} is no month.", "Write --month YYYY-MM."))
    with call.office(last_good=True) as office:
        desk = office.desk
        try:
            made: BoardReport = make(
                desk.store, office.district, office.policy, desk.journal, desk.clock,
                month=month, edition=edition, out=out, restate=restate, by=call.author(office),
            )
        except ReportError as failure:
            code = Exit.REFUSED if failure.code == "report.exists" else Exit.ERROR
            raise CommandError(code, error(failure.code, failure.message, failure.next_step)) from failure
        paths = [str(path) for path in made.paths]

        def show(screen: object) -> None:
            from recordwarden.cli.screen import Screen

            assert isinstance(screen, Screen)
            screen.say(f"Board report for {month} ({edition}), as of journal entry {made.facts.as_of.seq}, sealed as entry {made.seq}:")
            for path in paths:
                screen.say(path, indent=2)

        return Answer(
            result={"paths": paths, "sha256": dict(made.sha256), "seq": made.seq, "month": month, "edition": edition},
            problems=office.problems,
            show=show,
        )
