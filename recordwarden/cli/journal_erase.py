"""``journal erase``: a person's confidential values leave the store; two officers sign, the chain holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from policies.problems import Problem, Severity
from recordwarden.cli.answer import Answer, CommandError
from recordwarden.cli.call import called
from recordwarden.cli.files import must_exist
from recordwarden.cli.screen import Screen, many
from recordwarden.cli.wrong import error
from recordwarden.exits import Exit
from recordwarden.wiring import Office
from sync.matters.lane import HoldLane
from sync.registers.erasure import Erasure, ask


def erase(
    ctx: typer.Context,
    person_file: Annotated[Path, typer.Option("--person-file", metavar="FILE", help="Addresses and names of the person, one a line.")],
) -> Answer:
    """Ask for it, signed; when a second officer asks for the same, every sealed value in which one of the lines stands is erased."""
    call = called(ctx)
    lines = named(person_file)
    with call.office(last_good=True) as office:
        signer = call.signer(office)
        held = _on_hold(office, lines)
        became = ask(office.desk.journal, office.desk.store, office.desk.clock, signer, lines)
        waiting = () if became.erased is not None else (_waiting(became),)
        return Answer(
            exit=Exit.DONE if became.erased is not None else Exit.REFUSED,
            result={"asked_by": sorted(became.asked_by), "erased": became.erased, "on_hold_in": held},
            problems=(*office.problems, *((_held(held),) if held else ()), *waiting),
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


def _on_hold(office: Office, lines: Sequence[str]) -> list[str]:
    """The open matters in which one of the lines is on hold, by alias."""
    wish = {line.casefold() for line in lines}
    lane = HoldLane(office.desk)
    return [matter.alias for matter in lane.register.open() if wish & {address.casefold() for address in lane.on_hold(matter.alias)}]


def _held(matters: Sequence[str]) -> Problem:
    return Problem(
        code="erase.on_hold",
        severity=Severity.WARNING,
        message=f"The person is on hold in {', '.join(matters)}. The platforms go on holding; Recordwarden can no longer name or restore that.",
        next_step="Erase after the matter is released, or be sure that this is meant.",
    )


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
    screen.say("The journal still holds: recordwarden journal verify")
