"""``hold open`` and ``hold add``: order, record, send at once, follow. The hold lane is never refused for a missing check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from policies.problems import Problem, Severity
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.cli.holding import act, answered, follow, summary
from recordwarden.cli.running import Running, running
from recordwarden.connecting import group_names
from recordwarden.exits import Exit, worst
from recordwarden.notifying import notify
from recordwarden.wrong import CommandError, error, warning
from sync.matters.model import Opened, SourceState
from sync.matters.order import MatterOrder
from sync.matters.reading import OrderFile, people_order, read_names, read_order, with_names

WaitFor = Annotated[Literal["effective", "accepted", "none"], typer.Option("--wait-for", help="What to wait for.")]
Timeout = Annotated[float, typer.Option("--timeout", metavar="S", min=0, help="Seconds to wait at most.")]
Both = Annotated[bool, typer.Option("--both", help="Where an address could be two people, hold both.")]
File = Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The order: matter.yaml.")]


def open_(
    ctx: typer.Context,
    file: File = None,
    name_file: Annotated[Path | None, typer.Option("--name-file", metavar="FILE", help="People to hold, one address a line.")] = None,
    both: Both = False,  # noqa: FBT002  # a flag
    wait_for: WaitFor = "accepted",
    timeout: Timeout = 900,
) -> Answer:
    """Record the matter, hold everybody in it in both clouds at once, and follow each source."""
    call = called(ctx)
    read = _order(file, name_file)
    with running(call, last_good=True, groups=_groups(read.order)) as run:
        run.problems.extend(read.problems)
        opened = run.lane.open(read.order, both=both, sha256=read.sha256, by=call.author(run.office))
        return _said(run, read, _held(call, run, opened, wait_for, timeout))


def add(  # noqa: PLR0913, PLR0917  # the contract's options
    ctx: typer.Context,
    alias: Annotated[str, typer.Argument(help="The matter's alias.")],
    person_file: Annotated[Path | None, typer.Option("--person-file", metavar="FILE", help="People to add, one address a line.")] = None,
    file: File = None,
    both: Both = False,  # noqa: FBT002  # a flag
    wait_for: WaitFor = "accepted",
    timeout: Timeout = 900,
) -> Answer:
    """Add people and places to an open matter; nobody is taken off."""
    call = called(ctx)
    read = _order(file, person_file)
    with running(call, last_good=True, groups=_groups(read.order)) as run:
        run.problems.extend(read.problems)
        opened = run.lane.add(alias, read.order, both=both, sha256=read.sha256, by=call.author(run.office))
        return _said(run, read, _held(call, run, opened, wait_for, timeout))


def _order(file: Path | None, names: Path | None) -> OrderFile:
    """The order of a file, with the people of a second one. Raises FolderError, CommandError."""
    if file is None and names is None:
        raise CommandError(Exit.USAGE, error("usage", "Nobody is named.", "Give --file matter.yaml, or a file with one address a line."))
    if names is None:
        assert file is not None
        return read_order(file)
    return people_order(read_names(names)) if file is None else with_names(read_order(file), read_names(names))


def _groups(order: MatterOrder) -> frozenset[str]:
    return group_names((*(line.id for line in order.people), *(f"group:{place.text}" for place in order.places if place.group)))


def _said(run: Running, read: OrderFile, answer: Answer) -> Answer:
    """The answer, which leaves somebody unknown where a line of the file named nobody."""
    if any(problem.code == "people.not_an_address" for problem in read.problems):
        run.exit = worst(answer.exit, Exit.UNKNOWN)
    return replace(answer, exit=run.exit)


def _held(call: Call, run: Running, opened: Opened, wait_for: str, timeout: float) -> Answer:
    run.problems.extend((*_missing(opened), *_overruled(opened)))
    extra = {"new": opened.new, "added": list(opened.added), "missing": list(opened.missing)}
    if opened.unchanged and _all_sent(run, opened.alias):
        return answered(run, opened.alias, None, extra)
    result, timed_out = follow(run, opened.alias, act(run), wait_for, timeout)
    call.notice(summary(run, opened.alias))
    run.problems.extend(notify(run.office))
    return answered(run, opened.alias, result, extra, timed_out=timed_out)


def _all_sent(run: Running, alias: str) -> bool:
    """Whether everything that the matter orders has left already: then the same order again sends nothing."""
    matter = run.lane.find(alias)
    tenants = {tenant.id for tenant in run.office.district.tenants}
    asked = not any(person.unknown_in(tenants) for person in matter.held if person.place is None)
    waiting = {SourceState.REQUESTED, SourceState.SENT, SourceState.FAILED}
    return asked and not any(source.state in waiting for source in matter.sources)


def _overruled(opened: Opened) -> list[Problem]:
    if not opened.overruled:
        return []
    return [
        warning(
            "release.overruled", "A release of this matter was under way; this order does not go with it, so the release is over.",
            "Ask for it again, if it is still meant: recordwarden hold release.", subject=opened.tenant_alias,
        )
    ]


def _missing(opened: Opened) -> list[Problem]:
    if not opened.missing:
        return []
    return [
        Problem(
            code="matter.not_in_order",
            severity=Severity.WARNING,
            subject=opened.tenant_alias,
            message=f"{len(opened.missing)} on hold in this matter are not named in this order; they stay on hold.",
            next_step="Only a release by two officers takes anybody off: recordwarden hold status shows them.",
        )
    ]
