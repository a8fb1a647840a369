"""``explain``: what protects a person's records, tenant by tenant and source by source. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, cast

import typer

from connectors.base import Coverage as Marked
from connectors.base import Explainer, Lane
from policies.kinds import Platform
from policies.problems import Problem, Severity
from policies.resources import ReadState, Snapshot
from policies.roster import Identity, Roster
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.running import Running, running
from recordwarden.cli.screen import Screen
from recordwarden.coverage import Coverage, Protected, coverage, observed, people_kinds, with_statement
from recordwarden.exits import Exit
from recordwarden.stated import stated_of
from sync.look import Look, look, with_places
from sync.matters.reading import read_people
from sync.wording import problem_document, ref_document


def explain(
    ctx: typer.Context,
    person_file: Annotated[Path, typer.Option("--person-file", metavar="FILE", help="Addresses, one a line.")],
) -> Answer:
    """For each source of each person: protected yes, no or unknown, by which objects, until when, and why."""
    call = called(ctx)
    people = read_people(person_file)
    with running(call, last_good=True) as run:
        looks = [_looked(run, door.tenant.id, people) for door in run.office.desk.doors]
        found = [one for seen in looks for one in _covered(run, seen, people)]
        missing = _missing(looks, people)
        run.exit = _exit(looks, missing, found)
        return Answer(
            exit=run.exit,
            tenants={seen.tenant.id: {"error": None if seen.error is None else problem_document(seen.error)} for seen in looks},
            result={"coverage": [_document(one) for one in found]},
            problems=(*run.problems, *(seen.error for seen in looks if seen.error is not None), *missing),
            show=lambda screen: _show(screen, found),
        )


def accounts(roster: Roster, address: str) -> tuple[Identity, ...]:
    """The accounts that an address names, by primary address or alias."""
    return tuple(one for one in roster.identities if address in one.addresses)


def _looked(run: Running, tenant: str, people: Sequence[str]) -> Look:
    door = run.office.desk.door(tenant)
    run.office.desk.notice(f"{tenant}: looking")
    seen = look(run.office.desk, door, Lane.SYNC, door.connector.kinds())
    if seen.roster is None:
        return seen
    return with_places(run.office.desk, seen, {one.vendor_id for person in people for one in accounts(seen.roster, person)})


def _covered(run: Running, seen: Look, people: Sequence[str]) -> list[Coverage]:
    if seen.roster is None or seen.snapshot is None:
        return []
    desk = run.office.desk
    google = seen.tenant.platform is Platform.GOOGLE_WORKSPACE
    stated = stated_of(desk.store, seen.tenant.id, desk.clock.now()) if google else None
    asked = [(person, account) for person in people for account in accounts(seen.roster, person)]
    marked = _marked(seen, seen.snapshot, seen.roster, [account for _, account in asked])
    covered: list[Coverage] = []
    for person, account in asked:
        worked_out = coverage(seen.connector, seen.snapshot, seen.roster, account, person)
        found = worked_out if marked is None else observed(marked[account.vendor_id], worked_out, person, seen.snapshot)
        covered += with_statement(found, stated, account.org_unit)
    return covered


def _marked(seen: Look, snapshot: Snapshot, roster: Roster, asked: Sequence[Identity]) -> Mapping[str, Sequence[Marked]] | None:
    """What the platform's marks on everybody's places say, by account, read at once; None where its reader cannot read them."""
    if not hasattr(seen.reader, "coverage"):
        return None
    by_account: dict[str, list[Marked]] = {account.vendor_id: [] for account in asked}
    for one in cast("Explainer", seen.reader).coverage(list(by_account), snapshot=snapshot, roster=roster):
        by_account[one.identity_id].append(one)
    return by_account


def _missing(looks: Iterable[Look], people: Sequence[str]) -> tuple[Problem, ...]:
    """People of whom no tenant knows an account, and tenants whose list of people was not read whole."""
    rosters = [seen.roster for seen in looks if seen.roster is not None]
    found = []
    for person in people:
        if any(accounts(roster, person) for roster in rosters):
            continue
        words = f"No account of {person} was found in any tenant that answered."
        found.append(Problem(code="person.not_found", severity=Severity.WARNING, subject=person, message=words, next_step="Check the address."))
    for roster in rosters:
        partial = [read for read in roster.reads if read.kind in people_kinds() and read.state is not ReadState.COMPLETE]
        found += [
            Problem(
                code="kind.not_complete",
                severity=Severity.WARNING,
                tenant=roster.tenant,
                subject=read.kind.value,
                message=f"The list of people was not seen completely ({read.state.value}: {read.reason}).",
                next_step="recordwarden doctor",
            )
            for read in partial
        ]
    return tuple(found)


def _exit(looks: Sequence[Look], missing: Sequence[Problem], found: Sequence[Coverage]) -> Exit:
    """All tenants failed: 1. Somebody is not found, a tenant could not be asked, or of a source nobody can say whether it is protected: 3."""
    failed = [seen for seen in looks if seen.error is not None]
    if failed and len(failed) == len(looks):
        return Exit.ERROR
    unknown = any(one.protected is Protected.UNKNOWN for one in found)
    return Exit.UNKNOWN if failed or missing or unknown else Exit.DONE


def _document(one: Coverage) -> dict[str, object]:
    return {
        "person": one.person,
        "tenant": one.tenant,
        "account": one.account,
        "source": one.source.value,
        "place": one.place,
        "protected": one.protected.value,
        "by": [ref_document(ref) for ref in one.by],
        "until": one.until,
        "reason": one.reason,
        "stated": None if one.stated is None else dict(one.stated),
    }


def _show(screen: Screen, found: Sequence[Coverage]) -> None:
    for person in dict.fromkeys(one.person for one in found):
        screen.heading(person)
        rows = [
            (one.tenant, one.source.value, one.protected.value, one.until or "-", "; ".join(ref.name for ref in one.by) or one.reason or "-")
            for one in found
            if one.person == person
        ]
        screen.table(("Cloud", "Source", "Protected", "Until", "By, or why not"), rows)
        if any(one.protected is Protected.UNKNOWN for one in found if one.person == person):
            screen.say("Unknown means: it was not seen, and may be protected or not.", indent=2)
            if any(one.stated is not None for one in found if one.person == person):
                screen.say("What an officer stated about Vault's rules is a statement, not protection.", indent=2)
