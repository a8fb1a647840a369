"""``verify``: what of a plan was done by hand, as the tenants show it. Changes nothing in them; what is found is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from connectors.base import Lane
from recordwarden.cli.answer import Answer
from recordwarden.cli.by_hand import planned
from recordwarden.cli.call import called
from recordwarden.cli.running import Running, running
from recordwarden.cli.screen import Screen
from recordwarden.exits import Exit
from recordwarden.handwork import Checked, Found, by_tenant, check
from sync.journal import EntryKind
from sync.look import Look, look
from sync.plan import Change
from sync.store.bindings import Bindings
from sync.store.changes import Changes

WORDS: Mapping[Found, str] = {
    Found.SET_BY_HAND: "set by hand",
    Found.OURS: "done by Recordwarden",
    Found.DIFFERS: "is there, and differs",
    Found.NOT_THERE: "not there",
    Found.UNKNOWN: "not known",
}


def verify(ctx: typer.Context, digest: Annotated[str, typer.Argument(help="The plan's digest, or its first eight digits or more.")]) -> Answer:
    """Looks for each change of the plan by its mark and compares what it finds; lines that rest on it stand as set by hand from the next run on."""
    with running(called(ctx)) as run:
        changes = by_tenant(planned(run, digest))
        looks = [_looked(run, tenant, some) for tenant, some in changes.items() if tenant in {door.tenant.id for door in run.office.desk.doors}]
        found = [one for seen in looks for one in _checked(run, seen, changes[seen.tenant.id])]
        _kept(run, found)
        left = sum(one.found not in (Found.SET_BY_HAND, Found.OURS) for one in found) + sum(seen.error is not None for seen in looks)
        run.exit = Exit.ERROR if looks and all(seen.error is not None for seen in looks) else Exit.UNKNOWN if left else Exit.DONE
        problems = (*run.problems, *(seen.error for seen in looks if seen.error is not None))
        verified = [_document(one) for one in found]
        return Answer(exit=run.exit, result={"verified": verified}, problems=problems, show=lambda screen: _show(screen, found))


def _looked(run: Running, tenant: str, changes: Sequence[Change]) -> Look:
    door = run.office.desk.door(tenant)
    # A policy is told by its rules and a hold is in its case, so what a run reads is read here too.
    return look(run.office.desk, door, Lane.SYNC, door.connector.kinds() | {change.kind for change in changes})


def _checked(run: Running, seen: Look, changes: Sequence[Change]) -> list[Checked]:
    if seen.snapshot is None:
        return []
    desk = run.office.desk
    bindings = Bindings(desk.store).of(seen.tenant.id)
    sent = {one.id: one.intent_seq is not None for one in Changes(desk.store).find([change.id for change in changes])}
    return [check(one, seen.snapshot, bindings.get(one.key), desk.district.id, sent=sent.get(one.id, False)) for one in changes]


def _kept(run: Running, found: Sequence[Checked]) -> None:
    """Each thing found done by hand is an observation of the journal, and its change is over."""
    desk = run.office.desk
    done = [one for one in found if one.found is Found.SET_BY_HAND and one.live is not None]
    if not done:
        return
    with desk.store.write() as session:
        for one in done:
            assert one.live is not None
            body = {
                "change": one.change.id,
                "kind": one.change.kind.value,
                "vendor_id": one.live.vendor_id,
                "found": one.found.value,
                "force": one.live.force.value,
            }
            desk.journal.append(EntryKind.OBSERVATION, one.change.key, body, tenant=one.change.tenant, vendor_at=one.live.changed_at, session=session)
            Changes(desk.store).done_by_hand(session, one.change.id, desk.clock.now())


def _document(one: Checked) -> dict[str, object]:
    return {
        "change": one.change.id,
        "tenant": one.change.tenant,
        "kind": one.change.kind.value,
        "key": one.change.key,
        "name": one.live.name if one.live else one.change.name,
        "found": one.found.value,
        "force": one.live.force.value if one.live else None,
        "differs": list(one.differs),
        "missing": list(one.missing),
        "reason": one.reason,
    }


def _show(screen: Screen, found: Sequence[Checked]) -> None:
    if not found:
        screen.say("The plan is empty, or its tenants could not be asked.")
        return
    screen.table(("Cloud", "Object", "Found", "Platform says", "What is missing"), [_row(one) for one in found])


def _row(one: Checked) -> tuple[str, ...]:
    lacking = [f"other {name}" for name in one.differs]
    lacking += [f"{len(one.missing)} not in it"] if one.missing else []
    lacking += [one.reason] if one.reason else []
    name, force = (one.live.name, one.live.force.value) if one.live else (one.change.name, "-")
    return one.change.tenant, name, WORDS[one.found], force, "; ".join(lacking) or "-"
