"""``journal``: check the chain, here or in an exported file, write it out, and say where it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.failures import error
from recordwarden.cli.screen import Screen, many
from recordwarden.exits import Exit
from sync.journal import Head, Verification, verify_file


def verify(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="An exported journal; without one, the store's own.")] = None,
    sealed: Annotated[Path | None, typer.Option("--sealed", metavar="FILE", help="The sealed values that belong to FILE.")] = None,
    against: Annotated[str | None, typer.Option("--against", metavar="HEAD", help="A head that was kept elsewhere: SEQ:HASH, or its hash.")] = None,
) -> Answer:
    """Every link, every seal and every signature; exit 6 and the first bad entry where it does not hold."""
    call = called(ctx)
    if file is not None:
        found = verify_file(file, sealed, against)
    else:
        with call.office(last_good=True) as office:
            found = office.desk.journal.verify(against)
    bad = found.first_bad
    problems = (
        ()
        if bad is None
        else (error("journal.broken", f"Entry {bad.seq}: {bad.why}", "Compare with the heads kept elsewhere and with the backups."),)
    )
    return Answer(
        exit=Exit.DONE if found.ok else Exit.PROOF_FAILED,
        result=verification_document(found),
        problems=problems,
        show=lambda screen: _show(screen, found),
    )


def verification_document(found: Verification) -> dict[str, object]:
    """What the contract says of ``journal verify``."""
    return {
        "ok": found.ok,
        "entries": found.entries,
        "head": found.head,
        "seq": found.seq,
        "sealed": {"shown": found.sealed.shown, "withheld": found.sealed.withheld, "erased": found.sealed.erased},
        "first_bad": None if found.first_bad is None else {"seq": found.first_bad.seq, "why": found.first_bad.why},
        "open_intents": list(found.open_intents),
        "signatures": found.signatures,
    }


def _show(screen: Screen, found: Verification) -> None:
    if found.ok:
        screen.say(f"The journal holds: {many(found.entries, 'entry', 'entries')}, head {found.seq}:{found.head}", "bold")
    else:
        screen.say("The journal does NOT hold.", "bold red")
    sealed = found.sealed
    screen.say(
        f"Sealed values: {sealed.shown} shown and agreeing, {sealed.withheld} withheld, {sealed.erased} erased. "
        f"{many(found.signatures, 'signature')} checked."
    )
    if found.open_intents:
        screen.say(f"{many(len(found.open_intents), 'intent')} without an outcome yet.")


def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the chain goes, one entry a line.")],
    sealed: Annotated[
        Path | None, typer.Option("--sealed", metavar="FILE", help="Where the sealed values go: for counsel, not for the public.")
    ] = None,
) -> Answer:
    """Write the chain as JSON Lines; names stand in it only as seals."""
    call = called(ctx)
    with call.office(last_good=True) as office:
        end = office.desk.journal.export(out)
        values = None if sealed is None else office.desk.journal.export_sealed(sealed)

    def show(screen: Screen) -> None:
        screen.say(f"{many(end.seq, 'entry', 'entries')} written to {out}, head {end}")
        if values is not None:
            screen.say(f"{many(values, 'sealed value')} written to {sealed}: confidential.")

    return Answer(
        result={"file": str(out), "entries": end.seq, "head": str(end), "sealed_file": str(sealed) if sealed else None, "sealed": values}, show=show
    )


def head(ctx: typer.Context) -> Answer:
    """Where the chain ends; kept elsewhere, it proves later that nothing before it was rewritten."""
    call = called(ctx)
    with call.office(last_good=True) as office:
        end: Head = office.desk.journal.head()
    return Answer(result={"head": end.hash, "seq": end.seq}, show=lambda screen: screen.raw(str(end)))
