"""What the hold commands share: acting, following until in force, the answer and its exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from policies.problems import Problem, Severity
from recordwarden.cli.answer import Answer
from recordwarden.cli.documents import tenant_document
from recordwarden.cli.running import Running, approvals_of
from recordwarden.cli.screen import Screen, many, moment
from recordwarden.endings import problems_of
from recordwarden.exits import Exit, worst
from recordwarden.wrong import error
from sync.matters.model import MatterState, PersonState, SourceState
from sync.patience import Patience
from sync.result import RunResult

if TYPE_CHECKING:
    from sync.matters.first_hour import FirstHour
    from sync.matters.status import Facts


def act(run: Running) -> RunResult:
    """Order what open matters want held, in every tenant that answers."""
    return run.engine.hold()


def follow(run: Running, alias: str, first: RunResult, wait_for: str, timeout: float) -> tuple[RunResult, bool]:
    """Look again until what is waited for is reached, nothing can move any more, or ``timeout`` seconds are over; whether they were."""
    latest, patience = first, Patience(run.office.desk.clock, timeout)
    while not reached(run.lane.facts(alias), wait_for):
        if run.office.stop.is_set():
            return latest, False
        if not patience.rest():
            return latest, True
        latest = _joined(latest, run.engine.hold())
    return latest, False


def reached(facts: Facts, wait_for: str) -> bool:
    """Whether there is nothing left to wait for."""
    if wait_for == "none" or not facts.can_still_move:
        return True
    return wait_for == "accepted" and facts.accepted + facts.failed >= facts.ordered


def _joined(earlier: RunResult, later: RunResult) -> RunResult:
    """The later look with what the earlier one sent."""
    sent = {tenant.tenant: tenant.changes for tenant in earlier.tenants}
    tenants = tuple(
        replace(
            tenant,
            changes=(
                *(one for one in sent.get(tenant.tenant, ()) if one.change.id not in {new.change.id for new in tenant.changes}),
                *tenant.changes,
            ),
        )
        for tenant in later.tenants
    )
    return replace(later, tenants=tenants)


def ending(run: Running, alias: str | None, result: RunResult | None, *, timed_out: bool = False) -> tuple[Exit, tuple[Problem, ...]]:
    """The exit code of a hold command, and the problems that its facts make."""
    facts = run.lane.facts(alias)
    failed = [tenant for tenant in result.tenants if tenant.error] if result else []
    if result and failed and len(failed) == len(result.tenants):
        return Exit.ERROR, ()
    found: list[Exit] = []
    problems: list[Problem] = []
    if failed or facts.open_questions or facts.unasked or facts.unplaced:
        found.append(Exit.UNKNOWN)
    if timed_out and facts.nothing_accepted:
        found.append(Exit.PROOF_FAILED)
        problems.append(
            error(
                "wait.deadline",
                "Nothing at all was accepted within the time.",
                "Carry out the by-hand sheet, and see the reasons beside each source.",
            )
        )
    if facts.can_still_move or _unsent(run, alias):
        found.append(Exit.IN_FLIGHT)
    gaps = _open_gaps(run, alias)
    if facts.failed or gaps:
        found.append(Exit.REFUSED)
    problems += [_gap_problem(gap) for gap in gaps]
    return worst(*found), tuple(problems)


def _unsent(run: Running, alias: str | None) -> bool:
    """Whether somebody has not been ordered yet: the matter is recorded, and the run that sends has not come to them."""
    matters = (run.lane.find(alias),) if alias is not None else run.lane.register.open()
    return any(
        person.state is PersonState.NOT_HELD and person.code is None and not matter.sources_of(person.id)
        for matter in matters
        for person in matter.people
    )


def _open_gaps(run: Running, alias: str | None) -> list[str]:
    """Gap records for which no officer has recorded what was found yet."""
    shown = run.lane.status(alias)
    matters = [shown] if alias is not None else cast("Sequence[Mapping[str, object]]", shown["matters"])
    return [str(gap["id"]) for matter in matters for gap in cast("Sequence[Mapping[str, object]]", matter["gaps"]) if gap["found"] is None]


def _gap_problem(gap: str) -> Problem:
    return Problem(
        code="gap.open",
        severity=Severity.WARNING,
        subject=gap,
        message=f"A source on hold was seen not held (gap record {gap}); nobody has recorded yet what was found.",
        next_step=f"recordwarden --as OFFICER --key FILE attest gap/{gap} --until DATE --evidence FILE",
    )


def answered(run: Running, alias: str | None, result: RunResult | None, extra: Mapping[str, object], *, timed_out: bool = False) -> Answer:
    """The answer of a hold command: the contract's fields of the matter, and how each tenant was met."""
    code, problems = ending(run, alias, result, timed_out=timed_out)
    run.exit = code
    tenants: Mapping[str, object] = {}
    unreachable = frozenset(tenant.tenant for tenant in result.tenants if tenant.error) if result else frozenset[str]()
    if result is not None:
        said = approvals_of(run, result)
        tenants = {tenant.tenant: tenant_document(tenant, said) for tenant in result.tenants}
    shown = run.lane.status(alias, unreachable)
    return Answer(
        exit=code,
        tenants=tenants,
        result={**shown, **extra, "requests": {name: dict(one) for name, one in sorted(run.requests().items())}},
        problems=(*run.problems, *(problems_of(result) if result else ()), *problems),
        show=lambda screen: show(screen, run, alias, shown),
    )


def show(screen: Screen, run: Running, alias: str | None, shown: Mapping[str, object]) -> None:
    """One matter or all of them, for people: times per cloud, counts, questions, paper, what to do next."""
    if alias is not None:
        _matter(screen, run.lane.first_hour(alias), shown)
        return
    matters = cast("Sequence[Mapping[str, object]]", shown["matters"])
    screen.heading(f"Matters: {len(matters) or 'none'}")
    for matter in matters:
        named = cast("Mapping[str, str]", matter["matter"])
        _matter(screen, run.lane.first_hour(named["alias"]), matter)


def _matter(screen: Screen, hour: FirstHour, shown: Mapping[str, object]) -> None:
    screen.heading(f"Matter {hour.alias} (in reports: {hour.report_alias}): {_STATES[hour.state]}")
    times = hour.times
    screen.say(f"received {moment(times.received)}, ordered {moment(times.ordered)}, first request out {moment(times.issued)}", indent=2)
    screen.say("people: " + (", ".join(f"{count} {word.replace('_', ' ')}" for word, count in hour.people.items()) or "none"), indent=2)
    screen.table(
        ("Cloud", "People", "Sources", "First sent", "All accepted", "All in force"),
        [
            (
                cloud.tenant,
                cloud.people,
                ", ".join(f"{count} {_SOURCES[SourceState(word)]}" for word, count in cloud.sources.items()) or "none",
                _short(moment(cloud.first_sent)),
                _short(moment(cloud.all_accepted)),
                _short(moment(cloud.in_force)),
            )
            for cloud in hour.clouds
        ],
    )
    _people(screen, cast("Sequence[Mapping[str, object]]", shown["people"]))
    for place in hour.paper:
        screen.say(f"on paper: {place.what}, {place.where}: {place.state.replace('_', ' ')}", indent=2)
    for gap in cast("Sequence[Mapping[str, object]]", shown["gaps"]):
        _gap(screen, gap)
    for release in cast("Sequence[Mapping[str, object]]", shown["releases"]):
        _release(screen, hour.alias, release)
    if hour.next_steps:
        screen.say("What to do next:", indent=2)
    for number, step in enumerate(hour.next_steps, start=1):
        screen.say(f"{number}. {step}", indent=4)
    if shown.get("by_hand"):
        screen.heading("By hand, now")
        screen.raw(str(shown["by_hand"]))


def _people(screen: Screen, people: Sequence[Mapping[str, object]]) -> None:
    for person in people:
        if person["code"] is not None:
            absent = cast("Sequence[str]", person["absent_from"])
            missing = f"; not in {', '.join(absent)}" if absent else ""
            candidates = cast("Sequence[str]", person["candidates"])
            meant = f"; meant could be {', '.join(candidates)} (--both holds all)" if candidates else ""
            screen.say(f"{person['person']}: {str(person['state']).replace('_', ' ')} [{person['code']}]{missing}{meant}", "yellow", indent=2)
        for danger in cast("Sequence[Mapping[str, object]]", person["at_risk"]):
            _danger(screen, str(person["person"]), danger)


_UNNAMED: Final[Mapping[str, str]] = {
    "pending": "the log shows no account yet",
    "not_found": "no account was found in the log, and it is not asked any more",
    "not_asked": "the log does not show such a change by its name and is not asked who made it",
}


def _danger(screen: Screen, person: str, danger: Mapping[str, object]) -> None:
    log = cast("Mapping[str, str] | None", danger["log"])
    shown = f"; the log shows account {log['actor']}, {moment(log['at'])}" if log else f"; {_UNNAMED[str(danger['log_state'])]}"
    until = f" It can be undone until {moment(cast('str', danger['until']))}." if danger["until"] else ""
    screen.say(f"{person} at risk in {danger['tenant']} [{danger['code']}]{shown}", "yellow", indent=2)
    screen.say(f"{danger['lost']}{until}", indent=4)
    screen.say(f"-> {danger['do']}", indent=4)


def _release(screen: Screen, alias: str, release: Mapping[str, object]) -> None:
    people = cast("Sequence[str]", release["people"])
    times = {name: cast("str | None", release[name]) for name in ("requested", "due", "begun", "ended", "stopped")}
    state = "waits for two other officers: recordwarden approvals"
    if times["stopped"]:
        by = "a new order" if release["stopped_by"] == "order" else release["stopped_by"]
        state = f"ended {moment(times['stopped'])} by {by}; everybody in it is on hold as before, or held again"
    elif times["ended"]:
        state = f"carried out {moment(times['ended'])}"
    elif times["begun"]:
        state = f"begun {moment(times['begun'])}, not finished: recordwarden hold release {alias}"
    elif times["due"]:
        state = f"approved, may be carried out from {moment(times['due'])} on; to end it: recordwarden hold release {alias} --stop"
    whom = many(len(people), "person or place", "people or places") if people else "the whole matter"
    screen.say(f"release of {whom}, asked for by {release['officer']} {moment(times['requested'])}: {state}", indent=2)


def _gap(screen: Screen, gap: Mapping[str, object]) -> None:
    source = cast("Mapping[str, object]", gap["source"])
    restored = f"hold restored {moment(cast('str | None', gap['restored']))}" if gap["restored"] else "not held again yet"
    screen.say(
        f"gap record {gap['id']}: {source['tenant']} {source['source']} of {source['person']}: "
        f"last seen held {moment(cast('str', gap['last_seen_held']))}, "
        f"first seen not held {moment(cast('str', gap['first_seen_not_held']))}; {restored}",
        "yellow",
        indent=2,
    )


def _short(text: str) -> str:
    """Time of day and day, for narrow columns."""
    return text if text == "-" else f"{text[11:19]} {text[5:10]}"


def summary(run: Running, alias: str) -> str:
    """One line for a notice."""
    facts = run.lane.facts(alias)
    return f"{many(facts.ordered, 'source')}: {facts.accepted} accepted, {facts.in_force} in force, {facts.failed} failed"


_STATES = {
    MatterState.OPEN: "open, nothing in force yet",
    MatterState.PARTLY_HELD: "partly held",
    MatterState.HELD: "held",
    MatterState.RELEASING: "release under way",
    MatterState.RELEASED: "released",
}
_SOURCES = {
    SourceState.REQUESTED: "requested",
    SourceState.SENT: "sent",
    SourceState.ACCEPTED: "accepted",
    SourceState.DISTRIBUTING: "on its way",
    SourceState.EFFECTIVE: "in force",
    SourceState.VERIFIED: "verified",
    SourceState.FAILED: "failed",
    SourceState.RELEASED: "released",
}
