"""``by-hand``: a plan or a hold as a person carries it out, filled in. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from connectors.instructions import Instruction
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.files import write_new
from recordwarden.cli.running import Running, running
from recordwarden.exits import Exit
from recordwarden.handwork import by_tenant, instructions
from sync.instructing import written
from sync.plan import Change
from sync.store.bindings import Bindings
from sync.store.changes import Changes


def by_hand(
    ctx: typer.Context,
    what: Annotated[str | None, typer.Argument(help="A plan's digest or a matter's alias (default: a plan made now).", metavar="[WHAT]")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the sheet into a file too.")] = None,
) -> Answer:
    """Console steps and the vendor's supported command lines. What is done is found by its mark: run `recordwarden verify DIGEST` after it."""
    with running(called(ctx), last_good=True) as run:
        run.exit = Exit.DONE
        if what is not None and any(matter.alias == what for matter in run.lane.register.all()):
            sheet, result = run.lane.by_hand(what) or f"Everything that matter {what} orders was accepted; nothing is left to do by hand.\n", {}
        else:
            digest = what or run.engine.plan(proposer=None).digest or ""
            found = plan_instructions(run, planned(run, digest)) if digest else {}
            sheet = text(digest, found)
            result = {"digest": digest, "instructions": {tenant: [document(one) for one in some] for tenant, some in found.items()}}
        made = Answer(result={**result, "by_hand": sheet}, problems=tuple(run.problems), show=lambda screen: screen.raw(sheet))
    if out is not None:
        write_new(out, sheet.encode())
    return made


def planned(run: Running, digest: str) -> tuple[Change, ...]:
    """The changes of the plan whose digest begins so, in order. Raises UnknownPlanError."""
    changes = Changes(run.office.desk.store)
    ids = changes.plan(digest)
    kept = {one.id: one.change for one in changes.find(ids)}
    return tuple(kept[one] for one in ids if one in kept)


def plan_instructions(run: Running, changes: Sequence[Change]) -> Mapping[str, tuple[Instruction, ...]]:
    """What a person does, tenant by tenant."""
    desk = run.office.desk
    doors = {door.tenant.id: door for door in desk.doors}
    return {
        tenant: instructions(doors[tenant].connector, some, desk.district.id, {key: one.name for key, one in Bindings(desk.store).of(tenant).items()})
        for tenant, some in by_tenant(changes).items()
        if tenant in doors
    }


def text(digest: str, found: Mapping[str, Sequence[Instruction]]) -> str:
    """The sheet as plain text, to be printed or handed on."""
    if not any(found.values()):
        return "The plan is empty: there is nothing to do by hand.\n"
    lines = [f"BY HAND: plan {digest[:16]}", "", "Do it in this order, as written; wait until a policy is distributed before its next change.", ""]
    for tenant, some in found.items():
        lines += [f"== {tenant} =="]
        lines += written(some)
    return "\n".join([*lines, f"Then: recordwarden verify {digest[:16]}", ""])


def document(one: Instruction) -> dict[str, object]:
    """An instruction as JSON."""
    return {"key": one.key, "title": one.title, "console": list(one.console), "commands": list(one.commands), "refused": one.refused}
