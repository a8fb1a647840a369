"""``journal erase``: a person's confidential values leave the store; two officers sign, the chain holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from policies.problems import Problem, Severity
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.files import must_exist
from recordwarden.cli.screen import Screen, many
from recordwarden.exits import Exit
from recordwarden.wiring import Office
from recordwarden.wrong import CommandError, error
from sync.matters.lane import HoldLane
from sync.naming import Names
from sync.registers.erasure import Erasure, ask
from sync.store.forgetting import known_as


def erase(
    ctx: typer.Context,
    person_file: Annotated[Path, typer.Option("--person-file", metavar="FILE", help="Addresses and names of the person, one a line.")],
) -> Answer:
    """Ask for it, signed; when a second officer asks for the same, the person is erased: whole addresses and names only."""
    call = called(ctx)
    lines = named(person_file)
    with call.office(last_good=True) as office:
        signer = call.signer(office)
        _free(office, lines)
        became = ask(office.desk.journal, office.desk.store, office.desk.clock, signer, lines)
        waiting = () if became.erased is not None else (_waiting(became),)
        return Answer(
            exit=Exit.DONE if became.erased is not None else Exit.REFUSED,
            result={"asked_by": sorted(became.asked_by), "erased": became.erased, **_elsewhere(became)},
            problems=(*office.problems, *waiting),
            show=lambda screen: _show(screen, became),
        )


def named(path: Path) -> tuple[str, ...]:
    """The lines of a file of people, without comments and empty lines. Raises CommandError ``person_file.empty`` or ``file.not_found``."""
    try:
        texts = must_exist(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as broken:
        problem = error("person_file.unreadable", f"{path} is no UTF-8 text.", "Save it as UTF-8, one address a line.")
        raise CommandError(Exit.ERROR, problem) from broken
    lines = tuple(dict.fromkeys(line for text in texts if (line := text.partition("#")[0].strip())))
    if not lines:
        raise CommandError(Exit.ERROR, error("person_file.empty", f"{path} names nobody.", "Write one address a line."))
    return lines


def _free(office: Office, lines: Sequence[str]) -> None:
    """Raises CommandError ``matter.open`` while the person is on hold in an open matter: what names the hold is needed to keep it."""
    names, lane = Names(lines), HoldLane(office.desk)
    with office.desk.store.read() as session:
        wish = known_as(session, office.desk.store, names)
    held = [matter.alias for matter in lane.register.open() if wish & {address.casefold() for address in lane.on_hold(matter.alias)}]
    if held:
        message = f"The person is on hold in {', '.join(held)}; nothing is erased while that is open."
        raise CommandError(Exit.REFUSED, error("matter.open", message, "Ask again when the matter has been released."))


def _elsewhere(became: Erasure) -> dict[str, object]:
    """What became of the other tables; null while it waits for a second officer."""
    forgotten = became.forgotten
    return {"rows": forgotten.rows if forgotten else None, "still_live": dict(forgotten.still_live) if forgotten else None}


def _waiting(became: Erasure) -> Problem:
    return Problem(
        code="approval.missing",
        severity=Severity.WARNING,
        message=f"Asked for by {', '.join(sorted(became.asked_by))}; nothing is erased before a second officer asks for the same.",
        next_step="recordwarden --as OFFICER --key FILE journal erase --person-file FILE",
    )


def _show(screen: Screen, became: Erasure) -> None:
    if became.erased is None:
        screen.say(f"Noted for {', '.join(sorted(became.asked_by))}. A second officer has to ask for the same; nothing is erased yet.")
        return
    screen.say(f"{many(became.erased, 'value')} erased, asked for by {' and '.join(sorted(became.asked_by))}.")
    if became.forgotten is not None:
        screen.say(f"Taken out of {many(became.forgotten.rows, 'row')} of what was planned, changed, seen or kept as evidence.")
        if stays := sum(became.forgotten.still_live.values()):
            screen.say(f"Left as it is: {many(stays, 'row')} about what is live in the tenants and is protected by it.")
    screen.say("The journal still holds: recordwarden journal verify")
