"""Vault matters and holds in our normal form, and our resources as Vault's bodies. Pure.

Normal form of a hold's query: a date is its day in GMT (G§1.4: Vault rounds to midnight), a missing boolean is false (G§11.5), an empty
query object is no query (G§11.6), so that two holds that keep the same compare equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from connectors.errors import PermanentError
from connectors.google_workspace.editions import any_unknown
from connectors.google_workspace.wire import Json, inner, moment, objects, required, text, texts, truth, unit_id, unit_id_sent
from policies.kinds import Kind, Workload
from policies.resources import Fields, Force, Live, Mark, MemberState, Value, Wanted, find_mark, without_mark
from policies.roster import AccountState, Group, Identity

ACCOUNT: Final = "account:"

CORPUS_OF: Final[Mapping[Workload, str]] = {
    Workload.MAIL: "MAIL",
    Workload.DRIVE: "DRIVE",
    Workload.CHAT: "HANGOUTS_CHAT",
    Workload.VOICE: "VOICE",
    Workload.CALENDAR: "CALENDAR",
    Workload.GEMINI: "GEMINI",
    Workload.GROUP: "GROUPS",
}
WORKLOAD_OF: Final[Mapping[str, Workload]] = {corpus: workload for workload, corpus in CORPUS_OF.items()}

_QUERY_OF: Final[Mapping[str, str]] = {
    "MAIL": "mailQuery",
    "DRIVE": "driveQuery",
    "HANGOUTS_CHAT": "hangoutsChatQuery",
    "VOICE": "voiceQuery",
    "CALENDAR": "calendarQuery",
    "GEMINI": "geminiQuery",
    "GROUPS": "groupsQuery",
}
WITH_TERMS: Final = frozenset({"MAIL", "GROUPS"})
"""Corpora whose holds take terms and dates (G§1.4)."""
_FLAGS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "DRIVE": (("shared_drives", "includeSharedDriveFiles"),),
    "HANGOUTS_CHAT": (("rooms", "includeRooms"),),
}
ALL_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "DRIVE": ("shared_drives",),
    "HANGOUTS_CHAT": ("rooms",),
    "VOICE": ("call_logs", "text_messages", "voicemails"),
}
"""The widest options of each corpus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What is known of the accounts that holds name: by id, with whether each list was read whole."""

    accounts: Mapping[str, Identity] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    accounts_read: bool = False
    licences_read: bool = False
    groups_read: bool = False


def matter_live(raw: Json, own_account: str | None) -> Live:
    """A matter as Vault shows it. ``made_by_us`` follows its owner, where the view shows one and our own account is known (G§1.3)."""
    state = text(raw, "state").lower() or "unknown"
    description = text(raw, "description")
    owner = _owner(raw)
    return Live(
        kind=Kind.GOOGLE_MATTER,
        vendor_id=required(raw, "matterId", "matter"),
        name=text(raw, "name"),
        fields={"state": state, "description": without_mark(description)},
        mark=find_mark(description),
        force={"open": Force.APPLIED, "closed": Force.OFF, "deleted": Force.OFF}.get(state, Force.UNKNOWN),
        made_by_us=None if owner is None or own_account is None else owner == own_account,
        raw=json.dumps(raw, ensure_ascii=False, sort_keys=True),
    )


def hold_live(raw: Json, matter_id: str, people: People) -> Live:
    """A hold (``FULL_HOLD`` view) of an open matter, each member's force told by its hold time and by whether it is alive and licensed."""
    corpus = required(raw, "corpus", "hold")
    unit = inner(raw, "orgUnit", "hold")
    states = {f"{ACCOUNT}{required(held, 'accountId', 'held account')}": _member(held, corpus, people) for held in objects(raw, "accounts", "hold")}
    unit_since = moment(text(unit, "holdTime")) if unit is not None else None
    name = text(raw, "name")
    return Live(
        kind=Kind.GOOGLE_HOLD,
        vendor_id=required(raw, "holdId", "hold"),
        name=name,
        fields={
            "corpus": corpus,
            "scope": "accounts" if unit is None else "org_unit",
            "org_unit": None if unit is None else unit_id(required(unit, "orgUnitId", "held org unit")),
            **query_fields(corpus, inner(raw, "query", "hold")),
        },
        members=frozenset(states),
        member_states=states,
        mark=find_mark(name),
        parent_id=matter_id,
        force=_force(states, has_unit=unit is not None, unit_since=unit_since),
        changed_at=moment(text(raw, "updateTime")),
        raw=json.dumps(raw, ensure_ascii=False, sort_keys=True),
    )


def query_fields(corpus: str, query: Json | None) -> dict[str, Value]:
    """``terms``, ``start``, ``end`` and ``options`` of a hold's query in normal form."""
    part = inner(query, _QUERY_OF.get(corpus, ""), "query") if query is not None else None
    if part is None:
        return {"terms": "", "start": None, "end": None, "options": ()}
    options = {name for name, flag in _FLAGS.get(corpus, ()) if truth(part, flag)}
    if corpus == "DRIVE" and truth(part, "includeTeamDriveFiles"):  # the deprecated twin (G§1.4)
        options.add("shared_drives")
    options |= {data.lower() for data in texts(part, "coveredData", "query")}
    return {
        "terms": text(part, "terms"),
        "start": _day(moment(text(part, "startTime"))),
        "end": _day(moment(text(part, "endTime"))),
        "options": tuple(sorted(options)),
    }


def query_body(fields: Fields) -> dict[str, object] | None:
    """The ``query`` to send for a hold's fields, or None where the corpus takes none. Raises ``PermanentError`` for a corpus we cannot hold."""
    corpus = str(fields.get("corpus"))
    if corpus not in _QUERY_OF:
        # G§1.3: there is no query object for GEMINI_IN_WORKSPACE, so it cannot be held through the API.
        raise PermanentError("google.corpus_not_holdable", f"Vault's API cannot hold the corpus {corpus}", "Set it by hand in the Vault console.")
    options = _texts_of(fields.get("options"))
    if corpus == "VOICE":
        return {"voiceQuery": {"coveredData": [option.upper() for option in options]}}
    body: dict[str, object] = {flag: True for name, flag in _FLAGS.get(corpus, ()) if name in options}
    if corpus in WITH_TERMS:
        body |= {"terms": fields["terms"]} if fields.get("terms") else {}
        body |= {name: f"{fields[key]}T00:00:00Z" for key, name in (("start", "startTime"), ("end", "endTime")) if fields.get(key)}
    return {_QUERY_OF[corpus]: body} if body else None


def empty_query(corpus: str) -> dict[str, object]:
    """The query that narrows nothing, said outright: an update without one might keep the old one, and with it what it leaves out."""
    return {_QUERY_OF[corpus]: {}}


def matter_body(name: str, fields: Fields, mark: Mark) -> dict[str, object]:
    """Name *and* description, for an update drops the one that is left out (G§1.6). The mark is the last thing in the description."""
    return {"name": name, "description": marked_name(str(fields.get("description") or ""), mark)}


def hold_body(wanted: Wanted, mark: Mark) -> dict[str, object]:
    """A new hold without accounts; they are added afterwards in batches, one answer each (G§11.4)."""
    body: dict[str, object] = {"name": marked_name(wanted.name, mark), "corpus": str(wanted.fields.get("corpus"))}
    query = query_body(wanted.fields)
    if query is not None:
        body["query"] = query
    if wanted.fields.get("scope") == "org_unit":
        body["orgUnit"] = {"orgUnitId": unit_id_sent(str(wanted.fields.get("org_unit")))}
    else:
        body["accounts"] = []
    return body


def marked_name(name: str, mark: Mark) -> str:
    """A text with ``mark``, and no other mark of ours, as its last thing."""
    return f"{without_mark(name)} {mark}".strip()


def _owner(raw: Json) -> str | None:
    for permission in objects(raw, "matterPermissions", "matter"):
        if text(permission, "role") == "OWNER":
            return text(permission, "accountId") or None
    return None


def _member(held: Json, corpus: str, people: People) -> MemberState:
    """One held account. A hold time alone is not enough: a hold on an account without its licence protects nothing (G§4.2).

    What could not be read is ``unknown`` and no error: an error is something that the platform shows.
    """
    vendor_id = text(held, "accountId")
    since = moment(text(held, "holdTime"))
    force, error = _group_standing(vendor_id, people) if corpus == "GROUPS" else _account_standing(vendor_id, corpus, people)
    if force is Force.APPLIED and since is None:
        force = Force.PENDING
    return MemberState(force=force, since=since, vendor_id=vendor_id, error=error)


def _account_standing(vendor_id: str, corpus: str, people: People) -> tuple[Force, str | None]:
    identity = people.accounts.get(vendor_id)
    if identity is None:
        return (Force.ERROR, "person.not_found") if people.accounts_read else (Force.UNKNOWN, None)
    if identity.state is AccountState.DELETED:
        return Force.ERROR, "person.deleted"
    workload = WORKLOAD_OF.get(corpus)
    if workload is not None and workload in identity.licensed_for_hold:
        return Force.APPLIED, None
    if workload is None or not people.licences_read or any_unknown(identity.licences):
        return Force.UNKNOWN, None
    return Force.ERROR, "person.not_licensed"


def _group_standing(vendor_id: str, people: People) -> tuple[Force, str | None]:
    if vendor_id in people.groups:
        return Force.APPLIED, None
    return (Force.ERROR, "person.group_deleted") if people.groups_read else (Force.UNKNOWN, None)


def _force(states: Mapping[str, MemberState], *, has_unit: bool, unit_since: datetime | None) -> Force:
    """The whole hold: as strong as its weakest member; one that names nobody holds nothing."""
    if has_unit:
        return Force.APPLIED if unit_since is not None else Force.PENDING
    seen = {state.force for state in states.values()}
    for force in (Force.ERROR, Force.UNKNOWN, Force.PENDING, Force.APPLIED):
        if force in seen:
            return force
    return Force.OFF


def _day(when: datetime | None) -> str | None:
    return None if when is None else when.date().isoformat()


def _texts_of(value: Value) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, tuple) else ()
