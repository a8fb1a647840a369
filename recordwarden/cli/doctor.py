"""``doctor``: what each tenant allows, kind by kind, with the reason for each no; ``--prove`` shows it by a dummy, signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from connectors.base import Holders, Lane
from connectors.examination import Capability, Examination, Feed, PersonSignedIn, ReadCapability, VisibilityCheck, WriteCapability
from policies.district import Tenant
from policies.kinds import TRAITS, Kind
from policies.problems import Problem, Severity
from recordwarden.cli import delivering
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.documents import capability_document, check_document, examination_document
from recordwarden.cli.feeds import Started, feeds, not_on, start_feeds, with_feed
from recordwarden.cli.granting import grant_scripts
from recordwarden.cli.holders import documents, holders_of
from recordwarden.cli.holders import problems as holder_problems
from recordwarden.cli.holders import show as show_holders
from recordwarden.cli.proving import Proof, prove
from recordwarden.cli.running import Running, running
from recordwarden.cli.screen import Screen, moment
from recordwarden.exits import Exit, worst
from recordwarden.wrong import CommandError, error, warning
from reports.words import KINDS
from sync.look import Look, look
from sync.watch.alarms import alarm_problems, alarms
from sync.watch.settings import setting_problems
from sync.wording import kind_document, problem_document

ON_DEMAND = "kind.on_demand"
"""Said of places that are looked up one by one when somebody names them."""
PROVING = "Write one marked dummy per kind, read it back, remove it; without kinds also switch on the log's feed. Signed by an officer."


def doctor(
    ctx: typer.Context,
    kinds: Annotated[
        list[str] | None, typer.Argument(help="With --prove: the kinds to prove (default: all that are not proven).", metavar="[KIND]...")
    ] = None,
    proving: Annotated[bool, typer.Option("--prove", help=PROVING)] = False,  # noqa: FBT002  # a flag
    grants: Annotated[bool, typer.Option("--grant-script", help="Print what an administrator still has to set up, and how to take it back.")] = False,  # noqa: FBT002  # a flag
    sending: Annotated[bool, typer.Option("--send-test", help="Send a letter by each delivery, to see whether it arrives.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """Who answers, what can be reached, licences, and what may be read and written."""
    call = called(ctx)
    wanted = _kinds(kinds or (), proving=proving)
    with running(call) as run:
        signer = call.signer(run.office) if proving else None
        seen = [look(run.office.desk, door, Lane.SYNC, door.connector.kinds()) for door in run.office.desk.doors]
        heard = feeds(seen)
        proofs: list[Proof] = []
        started: list[Started] = []
        if signer is not None:
            proofs = [proof for one in seen if one.error is None for proof in prove(run.office.desk, one, signer, wanted)]
            if not wanted:
                started = [part for one in seen for part in start_feeds(run.office.desk, one, heard.get(one.tenant.id), signer)]
            seen = [look(run.office.desk, door, Lane.SYNC, door.connector.kinds()) for door in run.office.desk.doors]
            heard = feeds(seen)
        who = {one.tenant.id: holders_of(one) for one in seen}
        seen = [with_feed(one, heard.get(one.tenant.id)) for one in seen]
        letters = delivering.tried(run.office, send=sending)
        found = Found(seen=seen, who=who, proofs=proofs, started=started, letters=letters)
        run.exit = _exit(found)
        scripts = grant_scripts(seen, run.office.desk.district.deliveries) if grants else {}
        keyless = run.office.options.passphrase_file is None
        return Answer(
            exit=run.exit,
            tenants={one.tenant.id: {**_document(run, one), "holders": documents(who[one.tenant.id])} for one in seen},
            result={
                "proofs": [proof.document() for proof in proofs],
                "feeds": [part.document() for part in started],
                "deliveries": [one.document() for one in letters],
                "overlaid": list(run.office.folder.overlaid) if run.office.folder else [],
                **({"grant_scripts": dict(scripts)} if grants else {}),
            },
            problems=(
                *run.problems,
                *_problems(seen, heard),
                *(problem for one in seen for problem in holder_problems(one.tenant, who[one.tenant.id])),
                *_of(proofs, started),
                *delivering.problems(letters),
                *((_key_beside(),) if keyless else ()),
            ),
            show=lambda screen: _grants(screen, scripts) if grants else _show(screen, run, found),
        )


def _grants(screen: Screen, scripts: Mapping[str, str | None]) -> None:
    for tenant, script in scripts.items():
        screen.say(script if script is not None else f"{tenant}: nothing can be said of what it still needs.")


def _kinds(words: Sequence[str], *, proving: bool) -> frozenset[Kind]:
    if words and not proving:
        raise CommandError(Exit.USAGE, error("usage", "Kinds are named with --prove only.", "recordwarden doctor --prove KIND ..."))
    known = {kind.value: kind for kind in Kind}
    strange = [word for word in words if word not in known]
    if strange:
        raise CommandError(Exit.USAGE, *(error("kind.no_such", f"{word} is no kind.", f"Known: {', '.join(sorted(known))}.") for word in strange))
    return frozenset(known[word] for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was looked at, proved, switched on and tried."""

    seen: Sequence[Look]
    who: Mapping[str, Sequence[Holders]]
    proofs: Sequence[Proof]
    started: Sequence[Started]
    letters: Sequence[delivering.Tried]


def _of(proofs: Sequence[Proof], started: Sequence[Started]) -> tuple[Problem, ...]:
    found = (*(proof.problem for proof in proofs), *(part.problem for part in started))
    return tuple(problem for problem in found if problem is not None)


def _exit(found: Found) -> Exit:
    seen = found.seen
    if seen and all(one.error is not None for one in seen):
        return Exit.ERROR
    unknown = any(one.error is not None or one.examination is None or not _whole(one.examination) or _unsure(one) for one in seen)
    failed = any(not proof.ok for proof in found.proofs) or any(part.problem is not None for part in found.started)
    unsent = any(one.failed is not None for one in found.letters)
    return worst(Exit.UNKNOWN if unknown or failed or unsent else Exit.DONE)


def _whole(examination: Examination) -> bool:
    """Whether every address that is given answers, and nothing is wrong with the sign-in of a person."""
    person = examination.signed_in
    return all(surface.ok for surface in examination.surfaces if surface.url) and (person is None or person.trouble is None)


def _unsure(one: Look) -> bool:
    """Whether a check that the folder names was not seen, or nobody could say what may be read of a kind that is not asked for by name alone."""
    unseen = any(check.name is not None and check.seen is not True for check in checks(one))
    return unseen or any(it.read is ReadCapability.UNKNOWN and not (it.reason or "").startswith(ON_DEMAND) for it in one.capabilities)


def _document(run: Running, one: Look) -> dict[str, object]:
    said: dict[str, object] = {"identity": None, "surfaces": {}, "licences": {}}
    if one.examination is not None:
        said = examination_document(one.examination)
    return {
        **said,
        "capabilities": [capability_document(capability) for capability in one.capabilities],
        "visibility_checks": [check_document(check) for check in checks(one)],
        "kinds": {kind.value: kind_document(read) for kind, read in sorted(one.snapshot.reads.items())} if one.snapshot else {},
        "requests": {surface: dict(methods) for surface, methods in sorted(run.office.desk.door(one.tenant.id).requests().items())},
        "error": None if one.error is None else problem_document(one.error),
    }


def checks(one: Look) -> tuple[VisibilityCheck, ...]:
    """For each kind that needs one: the object named in the folder, whether it was seen, and whether it is our own and so proves nothing."""
    if one.snapshot is None:
        return ()
    found = []
    for kind in sorted(one.snapshot.reads):
        name = one.tenant.visibility_checks.get(kind)
        if name is None and not TRAITS[kind].needs_visibility_check:
            continue
        live = next((live for live in one.snapshot.of(kind) if name in {live.name, live.vendor_id}), None)
        failed = one.snapshot.reads[kind].count is None
        seen = None if name is None or failed else live is not None or one.snapshot.complete(kind)
        found.append(VisibilityCheck(kind=kind, name=name, seen=seen, made_by_us=live.made_by_us if live else None))
    return tuple(found)


def _problems(seen: Sequence[Look], heard: Mapping[str, Feed]) -> tuple[Problem, ...]:
    found = [*(one.error for one in seen if one.error is not None), *not_on(heard)]
    for one in seen:
        for surface in one.examination.surfaces if one.examination else ():
            if not surface.ok:
                code = "endpoint.not_given" if surface.url is None else "surface.not_ok"
                words = f"{surface.name}: {surface.detail}"
                found.append(
                    Problem(
                        code=code,
                        severity=Severity.WARNING,
                        tenant=one.tenant.id,
                        subject=surface.name,
                        message=words,
                        next_step=surface.next_step or "See the reason beside each kind.",
                    )
                )
            elif surface.next_step is not None:
                found.append(
                    warning("permission.missing", f"{surface.name}: {surface.detail}", surface.next_step, tenant=one.tenant.id, subject=surface.name)
                )
        found += _refused(one)
        found += _nameless(one.tenant)
        found += [_unseen(one.tenant.id, check) for check in checks(one) if check.name is not None and check.seen is not True]
    found += [_person(one.tenant.id, one.examination.signed_in) for one in seen if one.examination and one.examination.signed_in]
    for snapshot, roster in ((one.snapshot, one.roster) for one in seen if one.snapshot is not None):
        found += [*alarm_problems(alarms(snapshot, (), (), frozenset())), *setting_problems(snapshot, roster=roster)]
    return tuple(found)


def _refused(one: Look) -> list[Problem]:
    """The permissions of which no token is given; one that an endpoint's own failure names is told with that. Optional ones are no warning."""
    seen = one.examination
    if seen is None:
        return []
    failures = " ".join(surface.detail for surface in seen.surfaces if not surface.ok)
    optional = [
        Problem(
            code="permission.optional", severity=Severity.INFO, tenant=one.tenant.id, subject=wanting.permission, message=f"{wanting.reason}.",
            next_step=wanting.next_step,
        )
        for wanting in seen.wanting
    ]
    return optional + [
        warning("permission.missing", refused.reason, refused.next_step, tenant=one.tenant.id, subject=refused.permission)
        for refused in seen.refused
        if refused.reason not in failures
    ]


def _nameless(tenant: Tenant) -> list[Problem]:
    """Without a key file nobody but the settings knows which client the vendor's log shows for what we do."""
    sides = [writing for writing in (False, True) if (one := tenant.credential_for(writing=writing)) is not None and one.impersonate is not None]
    if all(tenant.client_id_for(writing=writing) for writing in sides):
        return []
    words = "Without a key file and without client_id our own acts cannot be told from others' in Google's log: they may be laid to our account."
    step = "Set client_id to the service account's unique id (Google Cloud console > the service account > Details)."
    return [warning("google.client_unknown", words, step, tenant=tenant.id)]


def _person(tenant: str, one: PersonSignedIn) -> Problem:
    """Who is signed in and until when, or what is wrong with it."""
    if one.trouble is not None:
        code, _, words = one.trouble.partition(": ")
        return Problem(code=code, severity=Severity.WARNING, tenant=tenant, message=words, next_step=one.next_step or "recordwarden login")
    unused = f"until {moment(one.until)} if nobody uses it before" if one.until else "until it is revoked"
    until = unused if one.kept else "for this process alone"
    words = f"{one.account} is signed in beside the application, {until}."
    return Problem(code="auth.signed_in", severity=Severity.INFO, tenant=tenant, message=words, next_step="recordwarden login --out ends it here.")


def _unseen(tenant: str, check: VisibilityCheck) -> Problem:
    words = "could not be looked for" if check.seen is None else "was not seen"
    return warning(
        "visibility_check.not_seen",
        f"{check.name}, the visibility check for {KINDS[check.kind]}, {words}: nothing can be called missing there.",
        "Compare its name and our account's rights with the tenant; the kind's reason stands in the table.",
        tenant=tenant,
        subject=check.kind.value,
    )


def _key_beside() -> Problem:
    return Problem(
        code="store.key_beside",
        severity=Severity.INFO,
        message="The key that seals confidential values lies beside the store, guarded by the file's permissions alone.",
        next_step="Set RECORDWARDEN_PASSPHRASE_FILE before the store's first use.",
    )


def _show(screen: Screen, run: Running, found: Found) -> None:
    for one in found.seen:
        screen.heading(f"{one.tenant.id} ({one.tenant.platform.value}, mode {one.tenant.mode.value})")
        if one.examination is None:
            screen.say("could not be asked", indent=2)
            continue
        who = one.examination.identity
        skew = "not known to us" if who.skew_seconds is None else f"{who.skew_seconds} s from ours"
        screen.say(f"tenant {who.vendor_id}, {who.domain}; we are {who.actor}; its clock is {skew}", indent=2)
        if one.examination.licences:
            screen.say("licences: " + ", ".join(f"{name} {count}" for name, count in sorted(one.examination.licences.items())), indent=2)
        _surfaces(screen, one.examination)
        show_holders(screen, found.who[one.tenant.id])
        _table(screen, one)
        for check in checks(one):
            if check.name is None:
                screen.say(f"visibility check for {KINDS[check.kind]}: none is set", "yellow", indent=2)
    delivering.show(screen, found.letters)
    _show_done(screen, found)
    if run.office.folder is not None and run.office.folder.overlaid:
        screen.heading("From overlays")
        for line in _overlaid(run.office.folder.overlaid):
            screen.say(line, indent=2)


def _show_done(screen: Screen, found: Found) -> None:
    for part in found.started:
        screen.say(f"{part.tenant}: {part.content} of the log's feed: {'switched on' if part.problem is None else 'NOT switched on'}")
    if found.proofs:
        screen.heading("Proofs: a marked dummy written, read back and removed")
        for proof in found.proofs:
            stays = "" if proof.left_behind is None else "; a dummy stays, switched off or closed, and is used again"
            screen.say(f"{proof.tenant}: {KINDS[proof.kind]}: {'shown' if proof.ok else 'NOT shown'}{stays}", indent=2)


def _surfaces(screen: Screen, seen: Examination) -> None:
    for surface in seen.surfaces:
        screen.say(f"{surface.name}: {surface.detail}", None if surface.ok and surface.next_step is None else "yellow", indent=2)


def _table(screen: Screen, one: Look) -> None:
    """The kinds, with a number where a reason is too long for a cell or stands for several."""
    notes: dict[str, int] = {}
    rows = [_row(one, capability, notes) for capability in one.capabilities]
    screen.table(("Kind", "Read", "Write", "Reason"), rows)
    for note, number in notes.items():
        screen.say(f"({number}) {note}", "dim", indent=2)


def _row(one: Look, capability: Capability, notes: dict[str, int]) -> tuple[object, ...]:
    read = one.snapshot.reads.get(capability.kind) if one.snapshot else None
    seen = capability.read.value + (f", {read.state.value}" if read is not None else "")
    write = capability.write.value + (f" {moment(capability.proven_at)[:10]}" if capability.write is WriteCapability.PROVEN else "")
    write += ", as the person signed in" if capability.account is not None else ""
    reason = capability.reason or (read.reason if read and read.reason else None)
    if reason is None:
        return (capability.kind.value, seen, write, "-")
    code, _, sentence = reason.partition(": ")
    number = notes.setdefault(reason, len(notes) + 1) if sentence else None
    return (capability.kind.value, seen, write, f"{code} ({number})" if number else code)


def _overlaid(values: Sequence[str]) -> list[str]:
    """``tenants.m365.endpoints.graph`` and so on, each tenant on a line of its own."""
    found: dict[str, dict[str, list[str]]] = {}
    for value in values:
        head, _, rest = value.partition(".")
        tenant, _, setting = rest.partition(".")
        name, _, part = setting.partition(".")
        found.setdefault(tenant if head == "tenants" else head, {}).setdefault(name, []).append(part)
    return [
        tenant + ("" if not any(names) else ": " + ", ".join(f"{name} ({', '.join(parts)})" if all(parts) else name for name, parts in names.items()))
        for tenant, names in found.items()
    ]
