"""People and groups on hold whose records are in danger, what is lost by it, what to do, and which event of the log shows it. Pure.

That an account is suspended, gone or without a licence is seen in the full list of each look; the vendor's log says by which account and when.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from connectors.audit_log import AuditEvent
from policies.kinds import Kind, Platform, Workload
from policies.reach import ancestors
from policies.resources import ReadState, Snapshot
from policies.roster import AccountState, Identity, Roster
from sync.matters.model import Matter, PersonCode, PersonOnHold
from sync.store.watch_rows import KeptRisk, LoggedEvent, Risk

PERSON: Final = "person"
LEFT_UNIT: Final = "person.left_held_unit"
GONE: Final = "person.gone_for_good"
"""A deleted account that nobody can bring back any more."""
KEEPS: Final = {Platform.GOOGLE_WORKSPACE: timedelta(days=20), Platform.MICROSOFT365: timedelta(days=30)}
"""How long the platform lets a deleted account be brought back (G§4.1, M§5)."""
BEFORE: Final = timedelta(days=7)
"""How long before it was first seen a danger may have begun; without a premium licence Microsoft's log is not kept for longer."""
SKEW: Final = timedelta(minutes=5)
"""How far a vendor's clock and ours may differ, and a list lag behind the log."""
PATIENCE: Final = timedelta(days=2)
"""Who was not named within this time is not going to be: nobody asks any more."""
TOLD: Final = frozenset({*(one.value for one in (PersonCode.SUSPENDED, PersonCode.NOT_LICENSED, PersonCode.DELETED, PersonCode.GROUP_DELETED)), GONE})
"""The dangers that an entry of Microsoft's directory log shows by its name. An account's new address is a change of some property or other there."""
_PEOPLE: Final = {Platform.GOOGLE_WORKSPACE: Kind.GOOGLE_USER, Platform.MICROSOFT365: Kind.M365_USER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a danger means for the records, and what to do about it."""

    lost: str
    do: str


MEANINGS: Final[Mapping[str, Meaning]] = {
    PersonCode.SUSPENDED.value: Meaning(
        lost="Nothing yet: data stays and holds go on working. Whoever suspends often deletes next.",
        do="Tell who looks after accounts that this one must not be deleted.",
    ),
    PersonCode.ARCHIVED.value: Meaning(
        lost="Nothing as long as the account keeps its archived-user licence; without it the hold protects nothing.",
        do="Keep the archived-user licence for as long as the hold stands.",
    ),
    PersonCode.NOT_LICENSED.value: Meaning(
        lost="The hold protects nothing now: what the user deleted may be purged at once and cannot be brought back.",
        do="Assign the licence again at once; the hold is followed on. Then record what could have been deleted.",
    ),
    LEFT_UNIT: Meaning(
        lost="A hold on the old unit no longer covers this account. Holds on the account itself go on; where ours was on the unit, one follows.",
        do="Where the hold is somebody else's, tell them; where it is ours, see the gap record.",
    ),
    PersonCode.MOVED.value: Meaning(
        lost="Nothing of this hold, which names the account. Retention rules of the old unit no longer apply to it.",
        do="Compare the rules of the new unit with the schedule: recordwarden console-settings.",
    ),
    PersonCode.RENAMED.value: Meaning(
        lost="Nothing: the account is held by its id. Searches of the log by the old address find nothing.",
        do="Use both addresses when searching.",
    ),
    PersonCode.DELETED.value: Meaning(
        lost="What the account holds is on its way to being gone for good; undeleting brings back the account, not what was marked for deletion.",
        do="Have the account undeleted today (Admin console > Users > deleted users), then see that the hold names it.",
    ),
    GONE: Meaning(
        lost="The account and what only it held: more than 20 days after its deletion Google brings back neither, held or not.",
        do="Find what is left elsewhere (exports, files that others own, mail in others' mailboxes), hold that, and record what was lost.",
    ),
    PersonCode.GROUP_DELETED.value: Meaning(
        lost="The group's own messages are gone, held or not. Copies in its members' mailboxes remain.",
        do="Hold the members' mail for the same range, and ask Google support at once whether the group can be restored.",
    ),
    PersonCode.ARCHIVE_OFF.value: Meaning(
        lost="What is written to the group now is kept nowhere in it: the hold names it and holds nothing new. Copies in members' mailboxes remain.",
        do="Switch the archive on at once (groups.google.com > Group settings > Conversation history), and hold the members' mail meanwhile.",
    ),
}
_MICROSOFT: Final[Mapping[str, Meaning]] = {
    PersonCode.NOT_LICENSED.value: Meaning(
        lost="The mailbox goes 30 days after its licence unless a hold was in force on it before, and litigation hold cannot be set on it any more.",
        do="Assign the licence again at once; the hold is followed on. Then record what could have been deleted.",
    ),
    PersonCode.RENAMED.value: Meaning(
        lost="Nothing of the account. A hold names mailboxes by address, so the platform may report an error for the old one.",
        do="See in hold status that the source is in force under the new address.",
    ),
    PersonCode.DELETED.value: Meaning(
        lost="The mailbox stays, inactive, only where the hold was in force before the deletion; a OneDrive that is not held goes in time.",
        do="Have the account restored (entra.microsoft.com > Users > Deleted users), then see in hold status that its sources are in force.",
    ),
    GONE: Meaning(
        lost="The account cannot be restored any more. Its mailbox stays, inactive, as long as a hold stands; a OneDrive that was not held is gone.",
        do="See in hold status that what is left of it is in force, and tell counsel what is not.",
    ),
    PersonCode.GROUP_DELETED.value: Meaning(
        lost="What of the group's mailbox and site was not held goes with it. Copies in its members' mailboxes remain.",
        do="Have the group restored (entra.microsoft.com > Groups > Deleted groups), then see in hold status that its sources are in force.",
    ),
}
"""What means something else in Microsoft 365 (M§5): the mailbox of a deleted account outlives it, where a hold was there first."""


def meaning(code: str, platform: Platform | None) -> Meaning | None:
    """What a danger means for the records of an account or group of that platform; None for what is no danger."""
    return (_MICROSOFT.get(code) if platform is Platform.MICROSOFT365 else None) or MEANINGS.get(code)


class Log(StrEnum):
    """What the vendor's log says of who did it."""

    FOUND = "found"
    PENDING = "pending"
    """Nobody yet: entries come late."""
    NOT_FOUND = "not_found"
    """Nobody was found while the log was asked, and nobody asks any more."""
    NOT_ASKED = "not_asked"
    """No entry of the log shows it by its name, so it is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """A risk as the store remembers it, with what it means and what the log says."""

    kept: KeptRisk
    meaning: Meaning
    log: Log


def dangers(kept: Iterable[KeptRisk], platforms: Mapping[str, Platform], now: datetime) -> tuple[Danger, ...]:
    """Risks with what they mean in each tenant's platform, and what its log says of them."""
    return tuple(
        Danger(kept=one, meaning=said, log=_log(one, platforms.get(one.tenant), now))
        for one in kept if (said := meaning(one.risk.code, platforms.get(one.tenant))) is not None
    )


def _log(one: KeptRisk, platform: Platform | None, now: datetime) -> Log:
    if one.actor is not None:
        return Log.FOUND
    if platform is not Platform.MICROSOFT365:
        return Log.PENDING  # Google's log is read on from look to look, whatever happened
    if one.risk.code not in TOLD:
        return Log.NOT_ASKED
    return Log.PENDING if now - one.first_seen <= PATIENCE else Log.NOT_FOUND


_EVENTS: Final[Mapping[str, re.Pattern[str]]] = {
    # Old names and new ones: Google renamed the Admin console's in 2026 (G§5), so the words decide, not the spelling. Microsoft's are in
    # docs/wire/graph-directory-audit.md §8.1; its change of licences does not say which way it went.
    PersonCode.SUSPENDED.value: re.compile(r"(?<!UN)SUSPEND(?!.*UNSUSPEND)|^DISABLE_ACCOUNT$"),
    PersonCode.ARCHIVED.value: re.compile(r"(?<!UN)ARCHIVE"),
    PersonCode.NOT_LICENSED.value: re.compile(
        r"LICEN[SC]E.*(?:REVOKE|REMOVE|REASSIGN|UNASSIGN|DELETE|UPDATE)|(?:REVOKE|REMOVE|REASSIGN|UNASSIGN|DELETE|UPDATE).*LICEN[SC]E"
        r"|^CHANGE_USER_LICENSE$"
    ),
    PersonCode.MOVED.value: re.compile(
        r"(?<!RE)MOVE.*(?:ORG|UNIT)|USER.*(?<!RE)MOVED?(?:_|$)|ORG(?:ANI[SZ]ATIONAL)?_UNIT.*(?:CHANGE|(?<!RE)MOVE|UPDATE)"
    ),
    PersonCode.RENAMED.value: re.compile(r"RENAME|CHANGE.*PRIMARY_(?:EMAIL|ADDRESS)|USER.*(?:EMAIL|ADDRESS).*(?:CHANGE|UPDATE)"),
    PersonCode.DELETED.value: re.compile(r"(?<!UN)DELETE.*USER|USER(?!.*(?:LICEN[SC]E|ALIAS)).*(?<!UN)DELETED?$"),
    PersonCode.GROUP_DELETED.value: re.compile(r"(?<!UN)DELETE.*GROUP$|GROUP.*(?<!UN)DELETED?$"),
    PersonCode.ARCHIVE_OFF.value: re.compile(r"CHANGE.*GROUP.*SETTING|GROUP.*SETTING.*CHANGE"),
}
_LIKE: Final = {LEFT_UNIT: PersonCode.MOVED.value, GONE: PersonCode.DELETED.value}
_SETTINGS: Final = ("SETTING_NAME", "setting_name")
_TARGETS: Final = ("USER_EMAIL", "GROUP_EMAIL", "user_email", "group_email", "target_user")


def is_risky(event: AuditEvent) -> bool:
    """Whether an event of the admin log can put an account or group on hold in danger; of a group's settings only its archive can."""
    name = _spelt(event.operation)
    if _EVENTS[PersonCode.ARCHIVE_OFF.value].search(name):
        return any("ARCHIV" in setting and "ONLY" not in setting for key in _SETTINGS if (setting := _spelt(event.details.get(key, ""))))
    return any(pattern.search(name) for pattern in _EVENTS.values())


def target_of(event: AuditEvent) -> str | None:
    """The address that the event is about, in lower case."""
    named = event.name or next((event.details[name] for name in _TARGETS if event.details.get(name)), None)
    return None if named is None else named.lower()


def ids_on_hold(matters: Iterable[Matter], roster: Roster) -> dict[str, str]:
    """The vendor's id by every address, old ones too, of the accounts and groups on hold in a tenant."""
    known = {one.vendor_id: one for one in roster.identities}
    found: dict[str, str] = {}
    for matter in matters:
        for person in matter.held:
            for account in person.accounts:
                if account.tenant == roster.tenant:
                    identity = known.get(account.vendor_id)
                    found |= dict.fromkeys((account.address.lower(), *(identity.addresses if identity else ())), account.vendor_id)
            if person.place is not None:
                for subject in place_ids(person, matter, roster.tenant):
                    found[person.address] = subject
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the store knows: events of the log about people, and what threatened somebody already."""

    events: tuple[LoggedEvent, ...] = ()
    risks: tuple[KeptRisk, ...] = ()


def risks(matters: Iterable[Matter], roster: Roster, snapshot: Snapshot, past: Past, platform: Platform) -> tuple[Risk, ...]:
    """Everything that threatens accounts and groups on hold in a tenant, each with the newest event that can have brought it about.

    Of Microsoft's log only what was asked about an earlier danger is stored, and that shows nothing of this one (``sync.watch.done`` asks).
    """
    listed = sorted(past.events, key=lambda event: event.at) if platform is Platform.GOOGLE_WORKSPACE else []
    old = {(one.risk.subject, one.risk.code): one for one in past.risks}
    known = {one.vendor_id: one for one in roster.identities}
    units = _held_units(snapshot, roster)
    found: dict[tuple[str, str], Risk] = {}
    for matter in matters:
        for person in matter.held:
            for subject, said in _dangers(person, matter, roster, known, units):
                over = said == PersonCode.DELETED.value and _past_bringing_back(known.get(subject), roster, platform)
                code = GONE if over else said
                kept = old.get((subject, code))
                first = kept.first_seen if kept is not None else snapshot.at
                was = kept or old.get((subject, said))  # who is gone for good was deleted before
                after = begins(was) if was is not None else _clear(person, matter, roster.tenant, subject, snapshot.at)
                after = max(after, before.after) if (before := found.get((subject, code))) is not None and before.after is not None else after
                event = shown(code, subject, listed, after, first)
                found[subject, code] = Risk(subject=subject, code=code, until=_until(code, known.get(subject), platform), event=event, after=after)
    return tuple(found.values())


def begins(one: KeptRisk) -> datetime:
    """Before when nothing brought about a danger that is kept."""
    return one.risk.after or one.first_seen - BEFORE


def _clear(person: PersonOnHold, matter: Matter, tenant: str, subject: str, now: datetime) -> datetime:
    """After when a danger that is seen for the first time began: the last look that saw the subject without it, a week ago at most.

    That look was made for the matter when sources of the subject stood in it. Where a list was not read whole then, nobody is named rather than
    somebody else.
    """
    looked = matter.looked.get(tenant)
    sources = (source for source in matter.sources_of(person.id) if source.tenant == tenant and source.identity in {None, subject})
    seen = looked is not None and any(source.requested is not None and source.requested <= looked for source in sources)
    return max(now - BEFORE, looked - SKEW) if looked is not None and seen else now - BEFORE


def _dangers(
    person: PersonOnHold, matter: Matter, roster: Roster, known: Mapping[str, Identity], units: frozenset[str]
) -> Iterator[tuple[str, str]]:
    answer = person.answers.get(roster.tenant)
    codes = {code.value for code in answer.codes} if answer is not None else set()
    sources = [source for source in matter.sources_of(person.id) if source.tenant == roster.tenant]
    if person.place is not None:
        codes |= {source.code for source in sources if source.code}
        yield from ((subject, code) for subject in place_ids(person, matter, roster.tenant) for code in sorted(codes) if code in MEANINGS)
        return
    for account in person.accounts:
        if account.tenant != roster.tenant:
            continue
        own = codes | {source.code for source in sources if source.code and source.identity in {None, account.vendor_id}}
        yield from ((account.vendor_id, code) for code in sorted(own) if code in MEANINGS)
        identity = known.get(account.vendor_id)
        if identity is not None and _left(account.org_unit, identity.org_unit, units):
            yield account.vendor_id, LEFT_UNIT


def place_ids(person: PersonOnHold, matter: Matter, tenant: str) -> set[str]:
    """The vendor's ids of a group that is on hold itself. Not what a hold calls it: Microsoft's name mailboxes and sites."""
    sources = [source for source in matter.sources_of(person.id) if source.tenant == tenant]
    known = {source.identity for source in sources if source.identity}
    return known or {(source.place.member or "").partition(":")[2] for source in sources} - {""}


def _held_units(snapshot: Snapshot, roster: Roster) -> frozenset[str]:
    """Paths of the units that some hold of the tenant is on, whoever made it."""
    paths = {unit.vendor_id: unit.path for unit in roster.org_units}
    held = (live.fields.get("org_unit") for live in snapshot.of(Kind.GOOGLE_HOLD) if live.fields.get("scope") == "org_unit")
    return frozenset(paths.get(str(unit), str(unit)).lower() for unit in held if unit)


def _left(before: str | None, now: str | None, units: frozenset[str]) -> bool:
    """Whether a held unit took the account in before and no longer does."""
    was = units & set(ancestors(before.lower())) if before else frozenset()
    return now is not None and bool(was - set(ancestors(now.lower())))


def _past_bringing_back(identity: Identity | None, roster: Roster, platform: Platform) -> bool:
    """Whether a deleted account can be brought back no more: its days are over, or a list read whole, deleted ones too, has it no longer.

    An account that only its inactive mailbox tells of stands in neither list (M§5).
    """
    if identity is None or _by_mailbox_alone(identity):
        return any(read.kind is _PEOPLE[platform] and read.state is ReadState.COMPLETE for read in roster.reads)
    return identity.deleted_at is not None and roster.at - identity.deleted_at > KEEPS[platform]


def _by_mailbox_alone(identity: Identity) -> bool:
    # Microsoft puts a period before the address of an inactive mailbox. Whoever was just said to be gone and does not stand among the deleted yet
    # has no time of deletion either, but is still known by the address of the working mailbox.
    mailbox = identity.containers.get(Workload.MAIL) or ""
    return identity.state is AccountState.DELETED and identity.deleted_at is None and mailbox.startswith(".")


def _until(code: str, identity: Identity | None, platform: Platform) -> datetime | None:
    """Until when an account can be brought back, where its list of deleted ones says when it went."""
    if code != PersonCode.DELETED.value or identity is None or identity.deleted_at is None:  # past bringing back, it has no such time any more
        return None
    return identity.deleted_at + KEEPS[platform]


def shown(code: str, subject: str, events: Iterable[LoggedEvent], after: datetime, first_seen: datetime) -> str | None:
    """The event of some (oldest first) that brought about the danger to an account or group: the newest between ``after`` and when it was first seen.

    What was done to the account later, to put it right, did not bring it about; where nothing came before, our clock may have been behind.
    """
    pattern = _EVENTS[_LIKE.get(code, code)]
    about = [event for event in events if event.subject == subject and pattern.search(_spelt(event.operation)) and event.at >= after]
    before = [event.event for event in about if event.at <= first_seen]
    late = (event.event for event in about if first_seen < event.at <= first_seen + SKEW)
    return before[-1] if before else next(late, None)


def _spelt(operation: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", operation.upper())
