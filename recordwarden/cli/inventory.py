"""``inventory``: what deletes today, which holds exist, labels and rules, and what could not be read. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import typer

from connectors.base import Lane, Surveyor
from policies.kinds import TRAITS, Kind
from policies.problems import Problem
from policies.resources import Live, ReadState
from policies.vault_rules import StatedRules
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.documents import examination_document
from recordwarden.cli.holders import documents as holder_documents
from recordwarden.cli.holders import holders_of
from recordwarden.cli.holders import problems as holder_problems
from recordwarden.cli.running import running
from recordwarden.cli.screen import Screen, many
from recordwarden.cli.words import value_word
from recordwarden.exits import Exit
from reports.words import KINDS
from sync.look import Look, look
from sync.plan import plain_fields
from sync.registers.statements import stated_rules
from sync.watch.alarms import alarm_problems, alarms
from sync.watch.settings import setting_problems
from sync.wording import kind_document, problem_document, ref_document

DELETING = frozenset({"delete", "keep_and_delete", "purge_all", "purge_deleted"})
HOLDS = frozenset({Kind.M365_HOLD, Kind.M365_ORG_HOLD, Kind.M365_MAILBOX, Kind.GOOGLE_HOLD})
RULES = frozenset(
    {Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE, Kind.GOOGLE_VAULT_RULE}
)
Document = Mapping[str, object]


def inventory(ctx: typer.Context) -> Answer:
    """Everything in both tenants that decides how long records live, ours or not."""
    with running(called(ctx)) as run:
        seen = [look(run.office.desk, door, Lane.SYNC, door.connector.every_kind()) for door in run.office.desk.doors]
        who = {one.tenant.id: holders_of(one) for one in seen}
        desk = run.office.desk
        stated = {one.tenant.id: stated_rules(desk.store, one.tenant.id, desk.clock.now()) for one in seen}
        more = {name: {"stated": _stated(stated[name]), "holders": holder_documents(held)} for name, held in who.items()}
        documents = {one.tenant.id: {**_document(one), **more[one.tenant.id]} for one in seen}
        run.exit = _exit(seen)
        snapshots = [one.snapshot for one in seen if one.snapshot is not None]
        early = (problem for one in snapshots for problem in alarm_problems(alarms(one, (), (), frozenset())))
        settings = (*early, *(problem for one in seen if one.snapshot is not None for problem in setting_problems(one.snapshot, roster=one.roster)))
        others = (problem for one in seen for problem in holder_problems(one.tenant, who[one.tenant.id]))
        found: tuple[Problem, ...] = (*run.problems, *(one.error for one in seen if one.error is not None), *settings, *others)
        return Answer(exit=run.exit, tenants=documents, result={}, problems=found, show=lambda screen: _show(screen, documents))


def _exit(seen: Sequence[Look]) -> Exit:
    if seen and all(one.snapshot is None for one in seen):
        return Exit.ERROR
    whole = all(one.snapshot is not None and all(read.state is ReadState.COMPLETE for read in one.snapshot.reads.values()) for one in seen)
    return Exit.DONE if whole else Exit.UNKNOWN


def _document(one: Look) -> dict[str, object]:
    said: dict[str, object] = {"identity": None, "surfaces": {}, "licences": {}}
    if one.examination is not None:
        said = examination_document(one.examination)
    # What is the platform's own is shown by what is in it.
    resources = [live for live in one.snapshot.resources if not TRAITS[live.kind].shared or live.vendor_id != live.kind.value] if one.snapshot else []
    parents = {live.vendor_id: live for live in resources}
    return {
        **said,
        "findings": _findings(one),
        "deletes": _known(one, RULES, [_deleting(one.tenant.id, live, parents) for live in resources if live.fields.get("action") in DELETING]),
        "holds": _known(one, HOLDS, [_object(one.tenant.id, live, parents) for live in resources if live.kind in HOLDS]),
        "rules": _known(one, RULES, [_object(one.tenant.id, live, parents) for live in resources if live.kind in RULES]),
        "kinds": {kind.value: kind_document(read) for kind, read in sorted(one.snapshot.reads.items())} if one.snapshot else {},
        "not_read": _not_read(one),
        "error": None if one.error is None else problem_document(one.error),
    }


def _stated(rules: StatedRules | None) -> Document | None:
    """What an officer stated of rules that no interface shows and that end some day, and what speaks against believing it; None without one."""
    if rules is None:
        return None
    return {"deletes": [rule.words for rule in rules.rules if rule.purges], "doubt": rules.doubt}


def _known(one: Look, kinds: Iterable[Kind], found: list[dict[str, object]]) -> list[dict[str, object]] | None:
    """``found``, or None where nothing was and a kind that could have some was not read whole: ``not_read`` says why."""
    own = [kind for kind in kinds if kind.platform is one.tenant.platform]
    return found if found or (one.snapshot is not None and all(one.snapshot.complete(kind) for kind in own)) else None


def _findings(one: Look) -> list[Document]:
    """What people must hear of first: age that decides over a whole workload (ST-13), clean-up in spite of holds, locks."""
    if one.snapshot is None or not hasattr(one.reader, "findings"):
        return []
    return [
        {
            "code": found.code,
            "grave": found.grave,
            "ref": ref_document(found.ref),
            "workloads": [workload.value for workload in found.workloads],
            "everyone": found.everyone,
            "days": found.days,
            "message": found.message,
            "next_step": found.next_step,
        }
        for found in cast("Surveyor", one.reader).findings(one.snapshot)
    ]


def _not_read(one: Look) -> list[Document]:
    reads = one.snapshot.reads if one.snapshot else {}
    found: list[Document] = [
        {"kind": kind.value, "reason": read.reason} for kind, read in sorted(reads.items()) if read.state is not ReadState.COMPLETE
    ]
    found += [
        {"kind": capability.kind.value, "reason": capability.reason}
        for capability in one.capabilities
        if capability.kind not in reads and capability.read.value in {"none", "unknown"}
    ]
    return found


def _object(tenant: str, live: Live, parents: Mapping[str, Live]) -> dict[str, object]:
    parent = parents.get(live.parent_id or "")
    return {
        **ref_document(live.ref(tenant)),
        "parent": None if parent is None else {"kind": parent.kind.value, "vendor_id": parent.vendor_id, "name": parent.name},
        "fields": plain_fields(live.fields),
        "members": len(live.members),
        "force": live.force.value,
        "ours": live.mark is not None,
    }


def _deleting(tenant: str, live: Live, parents: Mapping[str, Live]) -> dict[str, object]:
    parent = parents.get(live.parent_id or "")
    place = parent or live
    switched_off = place.fields.get("enabled") is False
    return {
        **_object(tenant, live, parents),
        "period": live.fields.get("period"),
        "counted_from": live.fields.get("trigger"),
        "action": live.fields.get("action"),
        "where": sorted(place.members)[:20],
        "places": len(place.members),
        "on": not switched_off,
    }


def _show(screen: Screen, documents: Mapping[str, Document]) -> None:
    for tenant, document in documents.items():
        screen.heading(tenant)
        if document["error"] is not None:
            screen.say("could not be asked", indent=2)
            continue
        for one in cast("Sequence[Document]", document["findings"]):
            screen.say(f"{'FIRST OF ALL: ' if one['grave'] else ''}{one['message']} {one['next_step']}", "red" if one["grave"] else None, indent=2)
        _deletes(screen, cast("Sequence[Document] | None", document["deletes"]))
        _as_stated(screen, cast("Document | None", document["stated"]))
        _holds(screen, cast("Sequence[Document] | None", document["holds"]))
        kinds = cast("Mapping[str, Document]", document["kinds"])
        screen.say("objects seen: " + ", ".join(f"{KINDS[Kind(kind)]} {_counted(read['count'])}" for kind, read in kinds.items()), indent=2)
        for one in cast("Sequence[Document]", document["not_read"]):
            screen.say(f"not read: {KINDS[Kind(str(one['kind']))]} ({one['reason']})", indent=2)


def _counted(count: object) -> object:
    return "unknown" if count is None else count


def _deletes(screen: Screen, deletes: Sequence[Document] | None) -> None:
    if deletes is None:
        screen.say("What deletes today: unknown, see below what was not read", "yellow", indent=2)
        return
    screen.say(f"What deletes today: {many(len(deletes), 'rule') if deletes else 'nothing that could be seen'}", indent=2)
    for one in deletes:
        parent = cast("Document | None", one["parent"])
        name = parent["name"] if parent else one["name"]
        off = "" if one["on"] else ", switched off"
        screen.say(
            f"{name}: {str(one['action']).replace('_', ' ')} after {value_word('period', one['period'])}, counted from {one['counted_from']}; "
            f"{many(cast('int', one['places']), 'place')}{off}{', ours' if one['ours'] else ''}",
            indent=4,
        )


def _as_stated(screen: Screen, stated: Document | None) -> None:
    if stated is None:
        return
    found = cast("Sequence[str]", stated["deletes"])
    doubt = f" (in doubt: {stated['doubt']})" if stated["doubt"] else ""
    screen.say(f"As an officer stated it{doubt}: {many(len(found), 'rule') if found else 'no rule'} that purges", indent=2)
    for words in found:
        screen.say(words, indent=4)


def _holds(screen: Screen, holds: Sequence[Document] | None) -> None:
    if holds is None:
        screen.say("Holds: unknown, see below what was not read", "yellow", indent=2)
        return
    ours = [one for one in holds if one["ours"]]
    screen.say(f"Holds: {len(holds)}" + (f", {len(ours)} of them ours" if ours else ""), indent=2)
    for one in holds:
        if not one["ours"]:
            screen.say(f"{one['name']} {_where(one)}, {one['force']}", indent=4)


def _where(one: Document) -> str:
    """Where somebody's hold lies."""
    if one["kind"] == Kind.M365_ORG_HOLD.value:
        return "over the whole organisation"
    parent = cast("Document | None", one["parent"])
    return f"in {parent['name'] if parent else 'no case'}: {many(cast('int', one['members']), 'source')}"
