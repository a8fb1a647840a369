"""What the people who run a hold need in its first hour, as values: times per cloud, sources by state, paper, what to do next, whom to call. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from policies.district import District, Officer, OtherSystem, Role
from policies.kinds import Platform
from sync.matters.deeds import is_open
from sync.matters.model import IN_FORCE, TAKEN, Matter, MatterState, PersonCode, PersonState, Source, SourceState, Times
from sync.matters.status import facts, paper_state

_CALLED = (Role.RECORDS_CUSTODIAN, Role.COUNSEL, Role.SUPERINTENDENT, Role.IT_DIRECTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudTimes:
    """One tenant's hour. Times are None until they happened; ``in_force`` only when everything ordered there is."""

    tenant: str
    platform: Platform
    people: int
    sources: Mapping[str, int]
    """State to number of sources."""
    first_sent: datetime | None
    all_accepted: datetime | None
    first_effective: datetime | None
    in_force: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPlace:
    """A place on paper and whether somebody vouches that it is secured: ``attested``, ``set_by_hand`` or ``not_secured``."""

    what: str
    where: str
    responsible: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call, and why."""

    name: str
    role: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPlace:
    """A system outside both clouds that may hold records of the matter, and how soon it overwrites them."""

    name: str
    owner: str
    phone: str | None
    overwrites_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstHour:
    """The first-hour page. It shows aliases and counts, no person on hold."""

    district: str
    alias: str
    report_alias: str
    state: MatterState
    made_at: datetime
    times: Times
    clouds: tuple[CloudTimes, ...]
    people: Mapping[str, int]
    """State to number of people."""
    paper: tuple[PaperPlace, ...]
    next_steps: tuple[str, ...]
    contacts: tuple[Contact, ...]
    systems: tuple[OtherPlace, ...]


def first_hour(matter: Matter, district: District, secured: frozenset[str], now: datetime) -> FirstHour:
    """The page of ``matter`` as it stands ``now``."""
    paper = tuple(PaperPlace(what=one.what, where=one.where, responsible=one.responsible, state=paper_state(one, secured)) for one in matter.paper)
    return FirstHour(
        district=district.name, alias=matter.alias, report_alias=matter.report_alias, state=matter.state, made_at=now, times=matter.times,
        clouds=tuple(_cloud(matter, tenant.id, tenant.platform) for tenant in district.tenants),
        people=_people(matter), paper=paper,
        next_steps=_steps(matter, district, paper), contacts=tuple(_contacts(district.officers)),
        systems=tuple(_other(one) for one in district.systems),
    )


def _people(matter: Matter) -> Mapping[str, int]:
    """Everybody by how far they are held, those who were let go last."""
    known = _counted([person.state.value for person in matter.people if person.released is None], [state.value for state in PersonState])
    gone = sum(person.released is not None for person in matter.people)
    return {**known, **({SourceState.RELEASED.value: gone} if gone else {})}


def _cloud(matter: Matter, tenant: str, platform: Platform) -> CloudTimes:
    here = [source for source in matter.sources if source.tenant == tenant]
    sources = [source for source in here if source.counts]
    shown = [source for source in here if source.counts or source.state is SourceState.RELEASED]
    return CloudTimes(
        tenant=tenant, platform=platform, people=len({source.person for source in shown}),
        sources=_counted([source.state.value for source in shown], [state.value for state in SourceState]),
        first_sent=_first([source.sent for source in sources]),
        all_accepted=_last([source.accepted for source in sources]) if _all(sources, TAKEN) else None,
        first_effective=_first([source.effective for source in sources]),
        in_force=_last([source.effective for source in sources]) if _all(sources, IN_FORCE) else None,
    )


def _all(sources: Sequence[Source], states: frozenset[SourceState]) -> bool:
    return bool(sources) and all(source.state in states for source in sources)


def _first(times: Sequence[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _last(times: Sequence[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _counted(found: Sequence[str], order: Sequence[str]) -> Mapping[str, int]:
    counts = Counter(found)
    return {word: counts[word] for word in order if counts[word]}


def _steps(matter: Matter, district: District, paper: Sequence[PaperPlace]) -> tuple[str, ...]:
    return _afterwards(matter, district) if matter.state is MatterState.RELEASED else _now(matter, district, paper)


def _afterwards(matter: Matter, district: District) -> tuple[str, ...]:
    """When a matter is over, whoever was told to keep has to be told that they need not any more."""
    steps = [] if matter.details.silent_reason is not None else ["Tell the people who were on hold that it is over; the policy's own periods go on."]
    steps += [f"Tell {paper.responsible or 'whoever keeps it'}: {paper.what}, {paper.where}, need not be kept for this." for paper in matter.paper]
    overwriting = [one for one in district.systems if one.overwrites_after]
    return (*steps, *(f"Tell {one.owner} that {one.name} may overwrite again, if no other matter needs it." for one in overwriting))


def _now(matter: Matter, district: District, paper: Sequence[PaperPlace]) -> tuple[str, ...]:
    seen = facts([matter], [tenant.id for tenant in district.tenants])
    steps: list[str] = []
    if seen.open_questions:
        steps.append(f"Answer {_many(seen.open_questions, 'open question')} about who is meant: hold status {matter.alias}.")
    if seen.unasked:
        steps.append(f"{', '.join(sorted(seen.unasked))} could not be asked: carry out the by-hand sheet there now.")
    failed = [source for source in matter.sources if source.counts and source.state is SourceState.FAILED]
    by_hand = sum(is_open(source) for source in failed)
    unlicensed = sum(source.code == PersonCode.NOT_LICENSED.value for source in failed)
    if by_hand:
        steps.append(f"{_many(by_hand, 'source')} could not be held: see the by-hand sheet and the reason beside each.")
    if unlicensed:
        steps.append(f"{_many(unlicensed, 'source')} could not be held without a licence: assign it, and the hold follows.")
    open_paper = [one for one in paper if one.state == "not_secured"]
    steps += [f"Secure on paper: {one.what}, {one.where}" + (f" ({one.responsible})." if one.responsible else ".") for one in open_paper]
    if seen.can_still_move:
        steps.append("Look again until everything is in force; Microsoft states up to 24 hours.")
    overwriting = [one for one in district.systems if one.overwrites_after]
    steps += [f"Ask {one.owner} to stop {one.name} from overwriting (after {one.overwrites_after})." for one in overwriting]
    if matter.details.silent_reason is None:
        steps.append("Send the hold notice to the people on hold.")
    if matter.times.passed_to_counsel is None:
        steps.append("Tell counsel, and note when.")
    return tuple(steps)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _contacts(officers: Sequence[Officer]) -> list[Contact]:
    return [
        Contact(name=officer.name, role=role.value, email=officer.email, phone=None)
        for role in _CALLED for officer in officers if role in officer.roles
    ]


def _other(system: OtherSystem) -> OtherPlace:
    return OtherPlace(name=system.name, owner=system.owner, phone=system.phone, overwrites_after=system.overwrites_after)
