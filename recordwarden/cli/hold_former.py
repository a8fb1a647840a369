"""``hold former``: people who have left stay on hold, marked as former. Signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.holding import answered
from recordwarden.cli.running import running
from sync.matters.reading import read_people


def former(
    ctx: typer.Context,
    alias: Annotated[str, typer.Argument(help="The matter's alias.")],
    person_file: Annotated[Path, typer.Option("--person-file", metavar="FILE", help="Who has left, one address a line.")],
) -> Answer:
    """Nothing is sent: former people stay held until two officers release them."""
    call = called(ctx)
    people = read_people(person_file)
    with running(call, last_good=True) as run:
        signer = call.signer(run.office)
        marked = run.lane.former(alias, people, signer)
        return answered(run, marked.alias, None, {"former": len(people)})
