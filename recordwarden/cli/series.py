"""``series confirm``: an officer signs that rows agree with the official schedule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from policies.schedule import row_digest
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.files import must_exist
from recordwarden.cli.screen import Screen, many
from recordwarden.exits import Exit
from recordwarden.wrong import CommandError, error
from sync.registers.confirmations import Confirmation
from sync.registers.confirmations import confirm as confirm_rows
from sync.wording import instant

if TYPE_CHECKING:
    from recordwarden.wiring import Office


def confirm(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="Ids of rows of the schedule.", metavar="ID...")],
    schedule: Annotated[Path, typer.Option("--schedule", metavar="FILE", help="The official schedule that was compared; its hash is signed.")],
    page: Annotated[int, typer.Option("--page", metavar="N", min=1, help="The page on which the rows stand.")],
) -> Answer:
    """One signed entry per row, over the row as it stands; a row that changes later is unconfirmed again."""
    call = called(ctx)
    with call.office() as office:
        signer = call.signer(office)
        rows = {one: office.policy.series_of(one) for one in dict.fromkeys(ids)}
        strange = [one for one, row in rows.items() if row is None]
        if strange:
            raise CommandError(
                Exit.ERROR,
                *(error("series.no_such", f"The schedule has no row {one}.", "recordwarden check lists them.", subject=one) for one in strange),
            )
        _official(must_exist(schedule), office)
        digests = {one: row_digest(row) for one, row in rows.items() if row is not None}
        made = confirm_rows(office.desk.journal, office.desk.store, office.desk.clock, signer, digests, schedule=schedule, page=page)

        def show(screen: Screen) -> None:
            screen.say(
                f"{signer.officer} confirmed {many(len(made), 'row')} against {schedule.name}, page {page}: {', '.join(one.series for one in made)}."
            )

        return Answer(result={"confirmed": [_document(one) for one in made]}, problems=office.problems, show=show)


def _official(schedule: Path, office: Office) -> None:
    """Raises CommandError ``confirm.own_file`` where ``schedule`` is one of the folder's files or a copy of one: a row would confirm itself."""
    given = schedule.read_bytes()
    own = office.folder.files if office.folder else ()
    if any(Path(one.path).resolve() == schedule.resolve() or one.text.encode() == given for one in own):
        message = f"{schedule.name} is one of the district's own files; a row is compared with the official schedule."
        raise CommandError(Exit.ERROR, error("confirm.own_file", message, "Give the official schedule's file, as its publisher hands it out."))


def _document(one: Confirmation) -> dict[str, object]:
    return {
        "series": one.series,
        "row": one.row_digest,
        "schedule_sha256": one.schedule_sha256,
        "page": one.page,
        "officer": one.officer,
        "at": instant(one.at),
        "seq": one.seq,
    }
