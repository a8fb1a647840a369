"""``propose``, ``approve``, ``reject`` and ``approvals``: what officers say, signed, to change ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

import typer

from policies.problems import Problem
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.cli.documents import approval_document
from recordwarden.cli.screen import Screen, many, moment
from recordwarden.cli.shown import because
from recordwarden.cli.words import DIRECTIONS, OPERATIONS
from recordwarden.exits import Exit
from recordwarden.notifying import notify
from recordwarden.wiring import Office
from recordwarden.wrong import CommandError, error
from reports.words import KINDS
from sync.approvals import LIFETIME, Approval, admissible
from sync.awaiting import Awaiting, awaiting
from sync.journal import EntryKind
from sync.matters.lane import HoldLane
from sync.matters.letting_go import Scope
from sync.matters.model import Matter
from sync.matters.register import Register
from sync.matters.release import Release
from sync.officers import Signer
from sync.plan import ChangeStatus
from sync.registers import governance
from sync.registers.governance import signing
from sync.store.approvals import Approvals, KeptApproval
from sync.store.changes import Changes, KeptChange

Ids = Annotated[
    list[str], typer.Argument(help="Ids of changes (or of a waiting change of the guards), as `plan` and `approvals` print them.", metavar="ID...")
]
NAMED = 10
"""How many of those whom a release lets go are named; `hold status` names all."""


def propose(ctx: typer.Context, digest: Annotated[str, typer.Argument(help="The plan's digest, or its first eight digits or more.")]) -> Answer:
    """Put the signing officer behind every change of a plan that nobody stands behind yet."""
    call = called(ctx)
    with call.office() as office:
        signer = call.signer(office)
        store, now = office.desk.store, office.desk.clock.now()
        ids = tuple(Changes(store).plan(digest))
        kept = Changes(store).find(ids)
        open_ = [one for one in kept if one.proposer is None]
        own = [one for one in open_ if any(yes.officer == signer.officer and yes.stands(now) for yes in Approvals(store).of([one.id])[one.id])]
        if own:
            words = f"{signer.officer} has approved this change already, and nobody approves what they propose."
            raise CommandError(
                Exit.REFUSED, *(error("approval.own_proposal", words, "Another officer has to propose it.", subject=one.id) for one in own)
            )
        with store.write() as session:
            Changes(store).keep_changes(session, (one.change for one in open_), now, signer.officer)
            office.desk.journal.append(
                EntryKind.APPROVAL,
                f"plan/{digest[:24]}",
                {"proposes": [one.id for one in open_]},
                actor=signing(signer),
                signer=signer.key,
                session=session,
            )
        return Answer(
            result={"proposed": [one.id for one in open_], "proposer": signer.officer},
            problems=office.problems,
            show=lambda screen: screen.say(f"{many(len(open_), 'change')} proposed by {signer.officer}."),
        )


def approve(ctx: typer.Context, ids: Ids) -> Answer:
    """A signed yes to each change, valid for 14 days and for one doing of it; the id of waiting guards is approved the same way."""
    return _verdict(called(ctx), ids, "yes")


def reject(ctx: typer.Context, ids: Ids) -> Answer:
    """A signed no to each change: it takes every yes away."""
    return _verdict(called(ctx), ids, "no")


def approvals(ctx: typer.Context) -> Answer:
    """What waits for officers, who said what, and until when it counts."""
    with called(ctx).office(last_good=True) as office:
        lane = HoldLane(office.desk)
        waiting, releases = awaiting(office.desk, lane.on_hold), releases_waiting(lane.register)
        state = governance.current(office.desk.store, office.desk.clock.now())
        pending = state.pending
        return Answer(
            result={
                "approvals": _said(office, None),
                "waiting": [
                    {
                        "change": one.kept.id, "needed": one.needed, "given": sorted(one.given), "document": one.kept.document,
                        "release": releases[one.kept.id].document() if one.kept.id in releases else None,
                    }
                    for one in waiting
                ],
                "governance": None if pending is None else {"digest": pending.digest, "looser": list(pending.looser), "signed": list(pending.signed)},
            },
            problems=office.problems,
            show=lambda screen: _show(screen, office, (waiting, releases), pending),
        )


@dataclass(frozen=True, slots=True)
class Releasing:
    """A release that waits, as those who approve it have to see it: which matter, why, and who goes."""

    matter: Matter
    release: Release

    @property
    def people(self) -> tuple[str, ...]:
        """The addresses of the people and places that it lets go."""
        scope = Scope(matter=self.matter, release=self.release.id, people=frozenset(self.release.people))
        return tuple(sorted(person.address for person in scope.leaving))

    def document(self) -> dict[str, object]:
        """``release{matter,reason,people{count,addresses}}``; of the addresses the first ten."""
        people = {"count": len(self.people), "addresses": list(self.people[:NAMED])}
        return {"matter": self.matter.alias, "reason": self.release.reason.text, "people": people}


def releases_waiting(register: Register) -> Mapping[str, Releasing]:
    """By change, the open release that consists of it."""
    found = [Releasing(matter, matter.release) for matter in register.releasing() if matter.release is not None]
    return {change: one for one in found for change in one.release.changes}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One officer's verdict about to be given."""

    office: Office
    signer: Signer
    verdict: str
    now: datetime
    told: list[str] = field(default_factory=list)


def _verdict(call: Call, ids: Sequence[str], verdict: str) -> Answer:
    with call.office(last_good=True) as office:
        asked = _Asked(office, call.signer(office), verdict, office.desk.clock.now())
        changes = {kept.id: kept for kept in Changes(office.desk.store).find(ids)}
        unknown = [one for one in ids if one not in changes]
        guards = [one for one in unknown if verdict == "yes" and _is_guards(office, one)]
        strange = [one for one in unknown if one not in guards]
        if strange:
            raise CommandError(
                Exit.ERROR, *(error("change.unknown", f"No change is called {one}.", "recordwarden approvals", subject=one) for one in strange)
            )
        refused = [problem for one in changes.values() if (problem := _refusal(asked, one)) is not None]
        unsent: tuple[Problem, ...] = ()
        if not refused:
            for one in changes.values():
                _put(asked, one)
            if _of_releases(asked, frozenset(changes)):
                unsent = notify(office)  # whoever would end the release hears of it now: until the next run it may be carried out
            for digest in guards:
                governance.approve(office.desk.journal, office.desk.store, office.desk.clock, digest, asked.signer)
        given = _said(office, ids)
        return Answer(
            exit=Exit.REFUSED if refused else Exit.DONE,
            result={"approvals": given},
            problems=(*office.problems, *refused, *unsent),
            show=lambda screen: _told(screen, asked, ids, refused),
        )


def _is_guards(office: Office, digest: str) -> bool:
    pending = governance.current(office.desk.store, office.desk.clock.now()).pending
    return pending is not None and len(digest) >= 8 and pending.digest.startswith(digest)


def _refusal(asked: _Asked, kept: KeptChange) -> Problem | None:
    """Why this officer may not say yes to this change; a no is always heard."""
    office, officers = asked.office, asked.office.district.officers
    officer = next((one for one in officers if one.id == asked.signer.officer), None)
    if officer is None:
        return error("approval.role", f"{asked.signer.officer} holds no office in force.", "Another officer has to.", subject=kept.id)
    if asked.verdict == "no":
        return None
    if kept.status in {ChangeStatus.SUPERSEDED, ChangeStatus.EFFECTIVE}:
        return error("approval.stale", "This change stands for nothing any more.", "Make a new plan and approve that one.", subject=kept.id)
    given = [
        Approval(change=one.change, officer=one.officer, at=one.at)
        for one in Approvals(office.desk.store).of([kept.id])[kept.id]
        if one.verdict == "yes" and not one.spent
    ]
    matter = kept.change.because.matter
    found = admissible(
        kept.change,
        officer,
        proposer=kept.proposer,
        officers=officers,
        approvals=given,
        now=asked.now,
        on_hold=HoldLane(office.desk).on_hold(matter) if matter else frozenset(),
        proposed_at=kept.proposed_at,
    )
    return None if found is None else error(found.code, found.message, f"What would allow it: {found.allowed_by}.", subject=kept.id)


def _put(asked: _Asked, kept: KeptChange) -> None:
    desk = asked.office.desk
    with desk.store.write() as session:
        body = {"change": kept.id, "verdict": asked.verdict}
        seq = desk.journal.append(
            EntryKind.APPROVAL, f"change/{kept.id}", body, tenant=kept.tenant, actor=signing(asked.signer), signer=asked.signer.key, session=session
        )
        Approvals(desk.store).put(
            session,
            KeptApproval(change=kept.id, officer=asked.signer.officer, verdict=asked.verdict, at=asked.now, expires=asked.now + LIFETIME, seq=seq),
        )


def _of_releases(asked: _Asked, ids: frozenset[str]) -> bool:
    """A release falls due from its last approval on; a no to one of its changes ends it. Whether there was any of either."""
    releases = HoldLane(asked.office.desk).releases
    if asked.verdict == "no":
        before = releases.asked()
        releases.refused(ids, asked.signer)
        return not ids.isdisjoint(before)
    for release in releases.weigh():
        if release.due is not None:
            asked.told.append(f"A release is approved with this and may be carried out from {moment(release.due)} on; any officer may end it before.")
    return bool(asked.told)


def _said(office: Office, ids: Iterable[str] | None) -> list[dict[str, object]]:
    now, wanted = office.desk.clock.now(), None if ids is None else set(ids)
    return [
        approval_document(one, stale=not one.stands(now))
        for one in Approvals(office.desk.store).all()
        if wanted is None or one.change in wanted
    ]


def _told(screen: Screen, asked: _Asked, ids: Sequence[str], refused: Sequence[Problem]) -> None:
    if refused:
        screen.say("Nothing was signed.")
        return
    word = "yes" if asked.verdict == "yes" else "no"
    screen.say(
        f"{asked.signer.officer} signed a {word} to {many(len(ids), 'change')}"
        + (f", valid until {moment(asked.now + LIFETIME)}." if word == "yes" else ".")
    )
    for told in asked.told:
        screen.say(told)


def _show(
    screen: Screen, office: Office, waits: tuple[Sequence[Awaiting], Mapping[str, Releasing]], pending: governance.Pending | None
) -> None:
    waiting, releases = waits
    screen.heading(f"Waiting for officers: {len(waiting) or 'nothing'}")
    for one in waiting:
        kept, change = one.kept, one.kept.change
        screen.say(
            f"{kept.id}  {kept.tenant}: {OPERATIONS[change.operation]} {KINDS[change.kind]} {change.name} [{DIRECTIONS[change.direction]}]", indent=2
        )
        yes = ", ".join(sorted(one.given)) or "nobody yet"
        screen.say(f"because of {because(change)}; {len(one.given)} of {one.needed} ({yes}); proposed by {kept.proposer or 'nobody'}", indent=6)
    show_releases(screen, [releases[one.kept.id] for one in waiting if one.kept.id in releases])
    if pending is not None:
        screen.heading("Looser guards wait for two officers")
        screen.say(f"{pending.digest[:16]}  {', '.join(pending.looser)}; signed by {', '.join(pending.signed) or 'nobody yet'}", indent=2)
    said = Approvals(office.desk.store).all()
    screen.heading(f"Said: {len(said) or 'nothing'}")
    if said:
        screen.table(
            ("Change", "Officer", "Said", "At", "Until"),
            [(one.change, one.officer, one.verdict, moment(one.at), moment(one.expires)) for one in said],
        )


def show_releases(screen: Screen, of_changes: Sequence[Releasing]) -> None:
    """Each release once, for it consists of several changes."""
    for one in {one.release.id: one for one in of_changes}.values():
        people, release = one.people, one.release
        screen.heading(f"Release of matter {one.matter.alias} ({one.matter.tenant_alias}), asked for by {release.officer}")
        why = " ".join(release.reason.text.split())  # on one line: what somebody wrote must not look like a line of ours
        screen.say(f"why: {why}", indent=2)
        more = f" and {len(people) - NAMED:,} more (hold status {one.matter.alias})" if len(people) > NAMED else ""
        screen.say(f"lets go: {many(len(people), 'person or place', 'people or places')}: {', '.join(people[:NAMED])}{more}", indent=2)
