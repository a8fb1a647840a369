"""``journal verify``, ``export`` and ``head``: the record, for those who do not have to believe us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.screen import Screen, many
from recordwarden.exits import Exit
from recordwarden.wrong import error
from sync.journal import Verification, verify_file


def verify(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An exported journal; without it, the store's own.")] = None,
    sealed: Annotated[Path | None, typer.Option("--sealed", metavar="FILE", help="With FILE: the values behind the seals.")] = None,
    against: Annotated[str | None, typer.Option("--against", metavar="HEAD", help="A head that was kept elsewhere: SEQ:HASH, or the hash.")] = None,
) -> Answer:
    """Every link, signature and seal; where it fails, the first entry that does not hold and why."""
    call = called(ctx)
    if file is not None:
        return _answer(verify_file(file, sealed, against), against)
    with call.office(last_good=True) as office:
        return _answer(office.desk.journal.verify(against), against)


def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the chain goes.")],
    sealed: Annotated[Path | None, typer.Option("--sealed", metavar="FILE", help="Write the values behind the seals too: for counsel only.")] = None,
) -> Answer:
    """The chain as JSON Lines. It names nobody; the sealed file does."""
    with called(ctx).office(last_good=True) as office:
        head = office.desk.journal.export(out)
        values = office.desk.journal.export_sealed(sealed) if sealed is not None else None
        more = "" if values is None else f" and {many(values, 'sealed value')}"
        return Answer(
            result={"entries": head.seq, "head": head.hash, "seq": head.seq, "file": str(out), "sealed": values},
            show=lambda screen: screen.say(f"{many(head.seq, 'entry', 'entries')}{more} written; the chain ends at {head}."),
        )


def head(ctx: typer.Context) -> Answer:
    """``SEQ:HASH`` of the last entry: whoever keeps it can tell later that nothing before it was changed."""
    with called(ctx).office(last_good=True) as office:
        found = office.desk.journal.head()
        return Answer(result={"head": found.hash, "seq": found.seq}, show=lambda screen: screen.raw(str(found)))


def _answer(found: Verification, against: str | None) -> Answer:
    bad = found.first_bad
    problems = (
        ()
        if bad is None
        else (error("journal.broken", f"Entry {bad.seq} does not hold: {bad.why}.", "Compare it with a copy that was kept elsewhere."),)
    )
    return Answer(
        exit=Exit.DONE if found.ok else Exit.PROOF_FAILED,
        result={
            "entries": found.entries,
            "head": found.head,
            "seq": found.seq,
            "sealed": {"shown": found.sealed.shown, "withheld": found.sealed.withheld, "erased": found.sealed.erased},
            "first_bad": None if bad is None else {"seq": bad.seq, "why": bad.why},
            "open_intents": list(found.open_intents),
            "signatures": found.signatures,
        },
        problems=problems,
        show=lambda screen: _show(screen, found, against),
    )


def _show(screen: Screen, found: Verification, against: str | None) -> None:
    if found.ok:
        screen.say(
            f"The journal holds: {many(found.entries, 'entry', 'entries')}, {many(found.signatures, 'signature')}, head {found.seq}:{found.head}",
            "bold",
        )
        if against is None:
            screen.say("Whether entries are missing at its end cannot be seen from the chain: give --against with a head that was kept elsewhere.")
    else:
        screen.say("The journal does NOT hold.", "bold red")
    seals = found.sealed
    screen.say(f"Confidential values: {seals.shown} shown and matching, {seals.withheld} not handed over, {seals.erased} erased.")
    if found.open_intents:
        screen.say(f"Not known how it ended: {', '.join(str(seq) for seq in found.open_intents)} (settled by the next run that can read it).")
