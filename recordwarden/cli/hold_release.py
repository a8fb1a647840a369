"""``hold release``: take a matter, or some of its people, off hold: asked for, approved by two others, waited for, carried out. Signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from policies.problems import Problem
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.cli.holding import answered
from recordwarden.cli.running import Running, running
from recordwarden.cli.screen import many, moment
from recordwarden.exits import Exit, worst
from recordwarden.notifying import notify
from recordwarden.wrong import CommandError, error, warning
from sync.matters.model import Matter, MatterError
from sync.matters.reading import read_people, read_reason
from sync.matters.release import Release
from sync.plan import ChangeStatus
from sync.result import RunResult


def release(  # the contract's options
    ctx: typer.Context,
    alias: Annotated[str, typer.Argument(help="The matter's alias.")],
    reason_file: Annotated[Path | None, typer.Option("--reason-file", metavar="FILE", help="Why it is released, as text.")] = None,
    counsel_consent: Annotated[Path | None, typer.Option("--counsel-consent", metavar="FILE", help="Counsel's consent; its digest is kept.")] = None,
    person_file: Annotated[Path | None, typer.Option("--person-file", metavar="FILE", help="Release only these, one address a line.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="End the release that is under way.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """With a reason and counsel's consent it is asked for; without, it is carried out once two other officers approved and the wait is over."""
    call = called(ctx)
    _usage(reason_file, counsel_consent, person_file, stop=stop)
    people = read_people(person_file) if person_file is not None else None
    reason = read_reason(reason_file, counsel_consent) if reason_file is not None and counsel_consent is not None else None
    with running(call, last_good=True) as run:
        signer = call.signer(run.office)
        matter = run.lane.find(alias)
        if stop:
            return _stopped(run, matter, _told(run, run.lane.releases.stop(matter, signer)))
        if reason is not None:
            return _asked(run, matter, _told(run, run.lane.releases.ask(matter, people, reason, signer)))
        return _carried_on(call, run, matter)


def _usage(reason: Path | None, consent: Path | None, people: Path | None, *, stop: bool) -> None:
    asking = reason is not None or consent is not None or people is not None
    if stop and asking:
        raise CommandError(Exit.USAGE, error("usage", "--stop ends a release and asks for none.", "Leave out the files."))
    if asking and (reason is None or consent is None):
        raise CommandError(
            Exit.USAGE, error("usage", "A release is asked for with its reason and counsel's consent.", "Give --reason-file and --counsel-consent.")
        )


def _asked(run: Running, matter: Matter, release: Release) -> Answer:
    answer = _answer(run, matter, None, {"release": release.id, "changes": list(release.changes)})
    return _ending(run, answer, Exit.REFUSED, _unapproved(matter, release))


def _stopped(run: Running, matter: Matter, release: Release) -> Answer:
    answer = _answer(run, matter, None, {"release": release.id, "changes": list(release.changes)})
    return _ending(run, answer, answer.exit)


def _carried_on(call: Call, run: Running, matter: Matter) -> Answer:
    """What the release that is under way comes to now."""
    run.lane.releases.weigh()
    matter = run.lane.find(matter.tenant_alias)
    release = matter.release
    if release is None:
        raise MatterError("release.none", "No release of this matter is under way.", "Ask for one with --reason-file and --counsel-consent.")
    said = {"release": release.id, "changes": list(release.changes)}
    if release.due is None:
        return _ending(run, _answer(run, matter, None, said), Exit.REFUSED, _unapproved(matter, release))
    if release.due > run.office.desk.clock.now():
        wait = warning(
            "release.waits", f"The release is approved and may be carried out from {moment(release.due)} on.",
            f"Wait; any officer ends it with: recordwarden hold release {matter.alias} --stop.", subject=matter.tenant_alias,
        )
        return _ending(run, _answer(run, matter, None, said), Exit.IN_FLIGHT, wait)
    result = run.engine.end(alias=matter.tenant_alias)
    call.notice(f"{many(sum(_is_done(result, one) for one in release.changes), 'object')} of {len(release.changes)} let go")
    answer = _answer(run, matter, result, said)
    now = next((one for one in run.lane.find(matter.tenant_alias).releases if one.id == release.id), release)
    return _ending(run, answer, Exit.DONE if now.ended is not None else worst(*_unfinished(result, release)))


def _unfinished(result: RunResult, release: Release) -> tuple[Exit, ...]:
    failed = [one for one in result.tenants if one.error]
    if failed and len(failed) == len(result.tenants):
        return (Exit.ERROR,)
    ours = (one for tenant in result.tenants for one in tenant.changes if one.change.id in release.changes)
    left = [one for one in ours if one.status is not ChangeStatus.EFFECTIVE]
    waits = any(one.waits or one.status is ChangeStatus.ACCEPTED for one in left)
    unseen = any(refusal.code == "kind.unknown" for one in left for refusal in one.change.refusals)
    refused = any(one.change.refusals or one.status is ChangeStatus.FAILED for one in left)
    found = ((bool(failed) or unseen, Exit.UNKNOWN), (refused, Exit.REFUSED), (waits, Exit.IN_FLIGHT))
    return tuple(code for holds, code in found if holds) or (Exit.REFUSED,)


def _is_done(result: RunResult, change: str) -> bool:
    return any(one.change.id == change and one.status is ChangeStatus.EFFECTIVE for tenant in result.tenants for one in tenant.changes)


def _unapproved(matter: Matter, release: Release) -> Problem:
    return warning(
        "approval.missing", f"The release waits for two officers other than {release.officer}: {many(len(release.changes), 'change')} to approve.",
        f"recordwarden --as OFFICER --key FILE approve {' '.join(release.changes)}", subject=matter.tenant_alias,
    )


def _told(run: Running, release: Release) -> Release:
    """The release, and its letters sent: whoever signs, and whoever is to hear that it ended, hears at once."""
    run.problems.extend(notify(run.office))
    return release


def _answer(run: Running, matter: Matter, result: RunResult | None, extra: Mapping[str, object]) -> Answer:
    return answered(run, matter.tenant_alias, result, extra)


def _ending(run: Running, answer: Answer, code: Exit, *problems: Problem) -> Answer:
    """The answer of a release: how the holds stand is said beside it, and decides nothing about its code."""
    run.exit = code
    return replace(answer, exit=code, problems=(*answer.problems, *problems))
