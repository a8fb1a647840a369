"""``status``: how everything stands, from the store alone; the exit code says the worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from connectors.base import Lane
from policies.duties import StandingValue
from policies.kinds import Kind
from policies.problems import Problem
from policies.resources import ReadState
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.holding import ending
from recordwarden.cli.running import Running
from recordwarden.cli.screen import Screen, many, moment
from recordwarden.cli.words import STANDINGS
from recordwarden.endings import NOT_KNOWN
from recordwarden.exits import Exit, worst
from recordwarden.notifying import not_sent, notices
from recordwarden.wrong import warning
from reports.words import KINDS, reason
from sync.awaiting import FULL
from sync.bindings import BindingState
from sync.drift import Drift
from sync.matters.lane import HoldLane
from sync.notices.dispatch import SUBJECT
from sync.plan import ChangeStatus
from sync.run import Engine
from sync.store.bindings import Bindings
from sync.store.changes import Changes, KeptChange
from sync.store.drifts import Drifts
from sync.store.report_rows import kept_reads
from sync.store.runs import KeptRun, Runs
from sync.store.standings import Standings
from sync.watch.alarms import alarm_problems
from sync.wording import instant

if TYPE_CHECKING:
    from recordwarden.wiring import Office

DAEMON = "daemon"
"""The lease that the daemon holds (``recordwarden.daemon.LEASE``, which is not imported here: it costs the scheduler)."""
WAITING = (ChangeStatus.PLANNED, ChangeStatus.REFUSED, ChangeStatus.APPROVED, ChangeStatus.FAILED)
DAY = 86400
OLD = timedelta(hours=26)
"""After that nothing is known of a tenant any more: everything is looked at once a day at least (design §7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that the exit code follows from."""

    result: Mapping[str, object]
    exits: tuple[Exit, ...]
    problems: tuple[Problem, ...]


def status(ctx: typer.Context) -> Answer:
    """The daemon, lanes, jobs, what is on its way, holds, and the store. Asks no tenant anything."""
    with called(ctx).office(last_good=True) as office:
        stands = standing(office)
        return Answer(
            exit=worst(*stands.exits),
            result=stands.result,
            problems=(*office.problems, *stands.problems),
            show=lambda screen: _show(screen, stands.result),
        )


def standing(office: Office) -> Standing:
    """How the district stands by its store."""
    desk = office.desk
    now, lane = desk.clock.now(), HoldLane(desk)
    run = Running(office=office, engine=Engine(desk, lane), lane=lane)
    held, gaps = ending(run, None, None)
    flights = in_flight(office, now)
    last = _last_look(office)
    waiting = _waiting(office, last)
    drift = sum(len(Drifts(desk.store).open(tenant.id)) for tenant in office.district.tenants)
    alive = daemon(office, now)
    looked = looks(office)
    early = tuple(one for tenant in office.district.tenants for one in Drifts(desk.store).kept(tenant.id, Kind.GOOGLE_SETTING))
    result = {
        "daemon": alive,
        "lanes": lanes(office),
        "jobs": jobs(office),
        "in_flight": flights,
        "holds": holds(lane),
        "store": store(office, now),
        "looks": looked,
        "last_look": None if last is None else {"command": last.command, "at": instant(last.started_at), "exit": last.exit},
        "waiting": {"changes": len(waiting), "changed_outside": drift},
        "notices": notices(office),
        "controls": controls(office),
        "alarms": [_alarm(one) for one in early],
    }
    flying = (Exit.UNKNOWN if one["state"] == "outcome_unknown" else Exit.IN_FLIGHT for one in flights)
    unseen = (*_dead(alive), *(problem for one in looked for problem in _unseen(one, now)))
    exits = (held, *flying, *_left(last, waiting, drift), *(Exit.UNKNOWN for _ in unseen))
    return Standing(result=result, exits=exits, problems=(*alarm_problems(early), *gaps, *unseen, *not_sent(office)))


def controls(office: Office) -> list[dict[str, object]]:
    """``controls[{id,tenant,standing,reason,since}]``: what the last look read of the settings that the policy names; nothing read is unknown."""
    kept = Standings(office.desk.store).as_of(office.desk.journal.head().seq)
    stood = {(one.line, one.tenant): one for one in kept if one.of_control}
    found: list[dict[str, object]] = []
    for duty in office.desk.controls:
        for tenant in office.district.tenants:
            if not duty.about(tenant.platform):
                continue
            one = stood.get((duty.line, tenant.id))
            said = {"standing": "unknown", "reason": "line.not_assessed", "since": None} if one is None else one.document
            found.append({"id": duty.line, "tenant": tenant.id, **{name: said[name] for name in ("standing", "reason", "since")}})
    return found


def _alarm(one: Drift) -> dict[str, object]:
    live = one.live or {}
    return {
        "id": one.vendor_id,
        "tenant": one.tenant,
        "service": live.get("service"),
        "matter": live.get("matter"),
        "at": instant(one.since.earliest),
        "account": one.attribution.actor,
    }


def daemon(office: Office, now: datetime) -> dict[str, object]:
    """``daemon{alive,last_tick}``; a last tick that cannot be told says why."""
    beat = office.desk.leases.beat(DAEMON)
    if beat is not None and beat.ago is not None:
        seconds = beat.ago
        ticked = datetime.fromtimestamp(now.timestamp() - seconds, tz=now.tzinfo)
        return {"alive": beat.alive, "last_tick": instant(ticked), "reason": None}
    if beat is not None:
        return {"alive": beat.alive, "last_tick": None, "reason": "daemon.other_machine"}
    return {"alive": False, "last_tick": None, "reason": "daemon.none"}


def looks(office: Office) -> list[dict[str, object]]:
    """When each tenant was last looked at, and which kinds were not seen completely then; ``at`` null where nobody ever did."""
    reads = kept_reads(office.desk.store)
    found: list[dict[str, object]] = []
    for tenant in office.district.tenants:
        own = [one for one in reads if one.tenant == tenant.id]
        newest = max((one.at for one in own), default=None)
        partly = {one.kind.value: one.reason for one in own if one.state is not ReadState.COMPLETE}
        found.append({"tenant": tenant.id, "at": instant(newest), "not_complete": partly})
    return found


def _unseen(one: Mapping[str, object], now: datetime) -> Iterator[Problem]:
    """What speaks against believing the store about a tenant."""
    tenant, at = str(one["tenant"]), one["at"]
    if at is None:
        yield warning("look.none", "Nobody has looked at this tenant yet, so nothing is known of it.", "recordwarden plan", tenant=tenant)
        return
    if now - datetime.fromisoformat(str(at)) > OLD:
        words = f"This tenant was last looked at {moment(str(at))}; what stands there now is not known."
        yield warning("look.old", words, "recordwarden sync", tenant=tenant)
    partly = one["not_complete"]
    if isinstance(partly, Mapping) and partly:
        words = f"Not seen completely: {', '.join(KINDS[Kind(kind)] for kind in partly)}."
        yield warning("kind.not_complete", words, "recordwarden doctor", tenant=tenant)


def _dead(alive: Mapping[str, object]) -> Iterator[Problem]:
    if not alive["alive"] and alive["last_tick"] is not None:
        yield warning("daemon.dead", f"The daemon died; its last sign of life was {moment(str(alive['last_tick']))}.", "recordwarden serve")


def lanes(office: Office) -> list[dict[str, object]]:
    """Every lane of every tenant, and the run at work in it."""
    held = {one.name: one.holder for one in office.desk.leases.held()}
    return [
        {"tenant": tenant.id, "lane": lane.value, "held_by": held.get(f"{tenant.id}/{lane.value}")}
        for tenant in office.district.tenants
        for lane in Lane
    ]


def jobs(office: Office) -> dict[str, int]:
    """How many jobs stand in each state."""
    import os
    import socket

    from sync.jobs import Jobs

    counted = Jobs(office.desk.store, office.desk.clock, socket.gethostname(), os.getpid()).counts()
    return {state.value: number for state, number in counted.items()}


def in_flight(office: Office, now: datetime) -> list[dict[str, object]]:
    """``in_flight[{change,age}]``: what was sent without a known outcome, is accepted and not yet in force, or not taken yet; ages in seconds."""
    desk = office.desk
    at_work = {one.name for one in desk.leases.held() if one.holder is not None}
    found: list[dict[str, object]] = []
    for intent in desk.journal.open_intents():
        if intent.subject.startswith(SUBJECT):
            continue  # a letter's attempt changes no tenant; `notices` shows it
        busy = f"{intent.tenant}/{intent.body.get('lane')}" in at_work
        change = intent.body.get("change")
        age = int((now - intent.at).total_seconds())
        state = "sent" if busy else "outcome_unknown"
        found.append({"change": change, "tenant": intent.tenant, "key": intent.subject, "state": state, "age": age})
    accepted = {(one.tenant, one.key): one for one in Changes(desk.store).with_status(ChangeStatus.ACCEPTED)}
    for tenant in office.district.tenants:
        for key, binding in sorted(Bindings(desk.store).of(tenant.id).items()):
            if binding.state is not BindingState.IN_FLIGHT:
                continue
            age = int((now - binding.accepted_at).total_seconds())
            known = accepted.get((tenant.id, key))
            overdue = age > office.district.timeouts.overdue
            state = "overdue" if overdue else "accepted"
            found.append({"change": known.id if known else None, "tenant": tenant.id, "key": key, "state": state, "age": age})
    return found + [_asked(office, one, now) for one in Changes(desk.store).with_status(ChangeStatus.PLANNED) if one.waits_since is not None]


def _asked(office: Office, one: KeptChange, now: datetime) -> dict[str, object]:
    """A change that the platform does not take yet, busy with an earlier one of the object."""
    age = int((now - (one.waits_since or now)).total_seconds())
    state = "overdue" if age > office.district.timeouts.overdue else "planned"
    return {"change": one.id, "tenant": one.tenant, "key": one.key, "state": state, "age": age}


def holds(lane: HoldLane) -> dict[str, object]:
    """Open matters, who is on hold in them, whom releases let go of them, and how far their sources have come."""
    facts = lane.facts()
    matters = lane.register.open()
    people = [person for matter in matters for person in matter.people]
    let_go = sum(person.released is not None for person in people)
    return {
        "matters": len(matters),
        "people": len(people) - let_go,
        "let_go": let_go,
        "questions": facts.open_questions,
        "sources": {"ordered": facts.ordered, "accepted": facts.accepted, "in_force": facts.in_force, "failed": facts.failed},
        "gaps": sum(len(matter.gaps) for matter in matters),
    }


def store(office: Office, now: datetime) -> dict[str, object]:
    """``store{size,growth}``: bytes, and bytes a day since the first entry; unknown says why."""
    kept = office.desk.store
    if kept.path is None:
        return {"size": None, "growth": None, "reason": "store.on_server", "entries": office.desk.journal.head().seq}
    size = sum(path.stat().st_size for path in (kept.path, Path(f"{kept.path}-wal")) if path.exists())
    first = next(office.desk.journal.entries(), None)
    days = 0.0 if first is None else (now - first.at).total_seconds() / DAY
    grown = int(size / days) if days >= 1 else None
    return {"size": size, "growth": grown, "reason": None if grown is not None else "store.too_young", "entries": office.desk.journal.head().seq}


def _last_look(office: Office) -> KeptRun | None:
    """The newest run that looked at everything and is over."""
    ended = (Runs(office.desk.store).newest(command) for command in FULL)
    return max((run for run in ended if run is not None and run.exit is not None), key=lambda run: run.started_at, default=None)


def _waiting(office: Office, last: KeptRun | None) -> tuple[KeptChange, ...]:
    """The changes that the last look found and nobody has done; older ones stand for nothing any more."""
    if last is None:
        return ()
    return tuple(one for one in Changes(office.desk.store).with_status(*WAITING) if one.updated_at >= last.started_at)


def _left(last: KeptRun | None, waiting: Sequence[KeptChange], drift: int) -> tuple[Exit, ...]:
    """What the last look left behind; a last look that could not see says that nothing is known."""
    found = [Exit.LEFT] if drift else []
    if last is not None and last.exit in {Exit.ERROR, Exit.OUR_FAULT, Exit.UNKNOWN}:
        found.append(Exit.UNKNOWN)
    for one in waiting:
        codes = {refusal.code for refusal in one.change.refusals}
        if one.status is ChangeStatus.FAILED:
            found.append(Exit.REFUSED)
        elif one.status is ChangeStatus.REFUSED:
            found.append(Exit.UNKNOWN if codes & NOT_KNOWN else Exit.REFUSED)
        else:
            found.append(Exit.LEFT if one.waits_since is None else Exit.IN_FLIGHT)
    return tuple(found)


_REASONS = {
    "daemon.none": "it has not been started, or was ended",
    "daemon.other_machine": "it runs on another machine, or ran before this one was started anew",
}


def _show(screen: Screen, result: Mapping[str, object]) -> None:
    def part(name: str) -> Mapping[str, object]:
        value = result[name]
        assert isinstance(value, Mapping)
        return value

    for one in result["looks"] if isinstance(result["looks"], list) else ():
        screen.say(f"Looked at: {one['tenant']} {moment(one['at']) if one['at'] else 'never'}")
    alive = part("daemon")
    ticked = f"last sign of life {moment(str(alive['last_tick']))}" if alive["last_tick"] else _REASONS[str(alive["reason"])]
    screen.say(f"Daemon: {'running' if alive['alive'] else 'not running'} ({ticked})")
    screen.say("Jobs: " + ", ".join(f"{number} {state}" for state, number in part("jobs").items()))
    for lane in result["lanes"] if isinstance(result["lanes"], list) else ():
        if lane["held_by"]:
            screen.say(f"At work now: {lane['tenant']}, {'holds' if lane['lane'] == Lane.HOLD.value else 'everything'} (run {lane['held_by']})")
    flights = result["in_flight"]
    assert isinstance(flights, list)
    screen.say(f"On its way: {len(flights) or 'nothing'}")
    if flights:
        rows = [(one["tenant"], one["key"], str(one["state"]).replace("_", " "), f"{one['age']} s") for one in flights]
        screen.table(("Cloud", "What", "State", "For"), rows)
    held = part("holds")
    sources = held["sources"]
    assert isinstance(sources, Mapping)
    words = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sources.items())
    people = f"{held['people']} people" + (f" ({held['let_go']} let go)" if held["let_go"] else "")
    screen.say(f"Holds: {held['matters']} open, {people}; sources: {words}; {held['questions']} questions, {held['gaps']} gap records")
    waiting = part("waiting")
    screen.say(f"Waiting: {waiting['changes']} changes; changed outside Recordwarden: {waiting['changed_outside']}")
    told = part("notices")
    failing = told["not_sent"]
    assert isinstance(failing, list)
    last = f"last {moment(str(told['last_sent']))}" if told["last_sent"] else "none yet"
    screen.say(f"Notices: {told['sent']} sent ({last}), {told['waiting']} waiting", "yellow" if failing else "")
    for one in failing:
        screen.say(f"to {one['officer']}: not sent ({one['code']}), {one['attempts']} times tried", "yellow", indent=2)
    shown = result["controls"]
    assert isinstance(shown, list)
    for one in shown:
        if one["standing"] != StandingValue.VERIFIED.value:
            screen.say(f"{one['id']} in {one['tenant']}: {STANDINGS[StandingValue(one['standing'])]}, {reason(one['reason'])}")
    if shown:
        verified = sum(one["standing"] == StandingValue.VERIFIED.value for one in shown)
        screen.say(f"Duties that settings show: {verified} of {len(shown)} verified")
    kept = part("store")
    size = "on a server" if kept["size"] is None else f"{kept['size']} bytes"
    entries = kept["entries"]
    assert isinstance(entries, int)
    screen.say(f"Store: {size}, {many(entries, 'journal entry', 'journal entries')}")
