"""What one letter tells: notices put together, with names of people on hold for the officers who may see them, and counts alone for all others.

Names are looked up when the letter leaves, for what is not kept beside the notices cannot be forgotten there when a person is erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from policies.district import Officer, Role, Subject
from policies.kinds import Platform
from sync.matters.model import Matter, PersonOnHold
from sync.matters.noting import FAILED, GAP, listed
from sync.store.notices import Notice
from sync.watch.people import MEANINGS, meaning, place_ids

SEE_NAMES: Final = frozenset({Role.RECORDS_CUSTODIAN, Role.DEPUTY_CUSTODIAN, Role.COUNSEL})
"""The roles whose business it is who is on hold."""
ENDS: Final = frozenset({Subject.HOLD, Subject.DRIFT, Subject.JOBS})
"""Subjects of which officers hear when it is over; the end of the others is their own doing."""
OF_RELEASE: Final = frozenset({"release", "due"})
"""Codes of what is told of a release: it waits for a signature, or is due on a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to tell. ``names`` is empty where the reader may not see them; counts are None where there is nothing to count."""

    subject: Subject
    code: str
    tenant: str
    matter: str | None = None
    people: int | None = None
    sources: int | None = None
    names: tuple[str, ...] = ()
    lost: str | None = None
    do: str | None = None
    since: datetime
    until: datetime | None = None
    over: datetime | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    """Ids of gap records or of changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Everything that one letter says, before it is put into words."""

    letter: int
    district: str
    officer: str
    drill: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What a letter is worded from besides its notices: every matter, by random alias, and until when each danger can be undone."""

    matters: Mapping[str, Matter]
    until: Mapping[str, datetime]
    """By key of the notice."""
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    """By tenant: a danger means something else in each."""


def covered(notice: Notice, keys: frozenset[str]) -> bool:
    """Whether a notice of failed sources says nothing that notices of dangers (``keys``) do not say better."""
    risks = listed(notice, "risks")
    return notice.code == FAILED and len(risks) == len(listed(notice, "sources")) and set(risks) <= keys


def items(notices: Iterable[Notice], officer: Officer, known: Knowledge) -> tuple[Item, ...]:
    """What to tell ``officer``: what lasts first, then what is over; the same danger to several people is one thing."""
    grouped: dict[tuple[object, ...], list[Notice]] = {}
    for notice in notices:
        matter = _matter_of(notice, known)
        grouped.setdefault((notice.over_at is not None, notice.subject, notice.code, notice.tenant, matter, _apart(notice)), []).append(notice)
    found = [_item(group, matter, officer, known) for (_, _, _, _, matter, _), group in grouped.items()]
    order = tuple(Subject)  # people in danger before everything else
    return tuple(sorted(found, key=lambda one: (one.over is not None, order.index(one.subject), one.code not in MEANINGS, one.since)))


def sees_names(officer: Officer, matter: Matter | None) -> bool:
    """Whether the reader may see who is on hold: by role, and not where the reader is on hold, or the matter is a silent one."""
    if matter is None or not SEE_NAMES & set(officer.roles) or matter.details.silent_reason is not None:
        return False
    own = {address for person in matter.people for address in _addresses(person)}
    return officer.email.lower() not in own


def _apart(notice: Notice) -> object:
    """What keeps two notices apart that are alike otherwise: of people and of changes many are told together."""
    if notice.code == "release":
        return str(notice.document["release"])
    return None if notice.code in MEANINGS or notice.subject is Subject.APPROVALS else notice.number


def _matter_of(notice: Notice, known: Knowledge) -> str | None:
    if notice.matter is not None or notice.code not in MEANINGS:
        return notice.matter
    return next((alias for alias, matter in known.matters.items() if _people_at_risk(notice, matter)), None)


def _item(group: list[Notice], alias: object, officer: Officer, known: Knowledge) -> Item:
    first = group[0]
    matter = known.matters.get(str(alias)) if alias is not None else None
    people = {person.id: person for notice in group for person in _people(notice, matter)}
    means = meaning(first.code, known.platforms.get(first.tenant))
    untils = [known.until[notice.key] for notice in group if notice.key in known.until]
    counted = first.code in OF_RELEASE or (first.subject is Subject.HOLD and first.code in {*MEANINGS, GAP, FAILED})
    details = {name: str(value) for name, value in first.document.items() if isinstance(value, str | int)}
    return Item(
        subject=first.subject,
        code=first.code,
        tenant=first.tenant,
        matter=str(alias) if alias is not None else None,
        people=(len(people) or len(listed(first, "people")) or len(group)) if counted else None,
        sources=sum(len(listed(notice, "sources")) for notice in group) if first.code in {GAP, FAILED} else None,
        names=tuple(sorted(person.address for person in people.values())) if sees_names(officer, matter) else (),
        lost=means.lost if means else None,
        do=means.do if means else None,
        since=min(notice.raised_at for notice in group),
        until=min(untils, default=None),
        over=max((notice.over_at for notice in group if notice.over_at is not None), default=None),
        details=details if first.code not in OF_RELEASE else {**details, "outcome": _outcome(first, matter)},
        ids=tuple(sorted({one for notice in group for one in (*listed(notice, "gaps"), *_change(notice))})),
    )


def _outcome(notice: Notice, matter: Matter | None) -> str:
    """How the release that a notice is about ended: ``ended`` (carried out), ``stopped``, or ``open``."""
    release = next((one for one in matter.releases if one.id == notice.document["release"]), None) if matter is not None else None
    if release is None or release.open:
        return "open"
    return "stopped" if release.stopped is not None else "ended"


def _change(notice: Notice) -> tuple[str, ...]:
    return (str(notice.document["change"]),) if notice.subject is Subject.APPROVALS else ()


def _people(notice: Notice, matter: Matter | None) -> tuple[PersonOnHold, ...]:
    """Whom a notice is about, as the matter has them."""
    if matter is None:
        return ()
    if notice.code in MEANINGS:
        return _people_at_risk(notice, matter)
    if notice.code in OF_RELEASE:
        leaving = set(listed(notice, "people"))
        return tuple(person for person in matter.people if person.id in leaving)
    named = set(listed(notice, "sources"))
    ids = {source.person for source in matter.sources if source.id in named}
    return tuple(person for person in matter.people if person.id in ids)


def _people_at_risk(notice: Notice, matter: Matter) -> tuple[PersonOnHold, ...]:
    """The people, or the group that is on hold itself, behind the vendor's id."""
    identity = notice.document.get("identity")
    found = []
    for person in matter.people:
        own = {account.vendor_id for account in person.accounts if account.tenant == notice.tenant}
        if person.place is not None:
            own |= place_ids(person, matter, notice.tenant)
        if identity in own:
            found.append(person)
    return tuple(found)


def _addresses(person: PersonOnHold) -> frozenset[str]:
    return frozenset(one.lower() for one in (person.address, *person.also, *(account.address for account in person.accounts)))
