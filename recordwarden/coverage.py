"""What protects one account's records right now, source by source, worked out from the live objects by the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from connectors.base import Connector
from connectors.base import Coverage as ReaderCoverage
from connectors.effects import GOOGLE_MODELLED, M365_MODELLED
from connectors.places import UnknownSettingError
from policies.effects import FOREVER, Clock, Effect, Mechanism, Term
from policies.kinds import Kind, Platform, Workload
from policies.resources import Ref, Snapshot
from policies.roster import Identity, Roster
from policies.simulator import Item, Simulation
from recordwarden.stated import UNTOLD, StatedOf, document, worst_fate
from recordwarden.stated import reason as stated_reason
from sync.views import readings, settled

SOURCES = {
    Platform.MICROSOFT365: (Workload.MAIL, Workload.ARCHIVE, Workload.DRIVE, Workload.CHAT),
    Platform.GOOGLE_WORKSPACE: (Workload.MAIL, Workload.DRIVE, Workload.CHAT),
}
"""A person's sources where none are named (contract, *Sources left out*)."""
LICENSED = (Workload.VOICE, Workload.CALENDAR, Workload.GEMINI)
"""Google's further sources, where the account is licensed for them."""


_HELD = frozenset({Kind.M365_HOLD, Kind.M365_MAILBOX, Kind.GOOGLE_HOLD})
"""What keeps until somebody releases it."""


class Protected(StrEnum):
    """Whether a source is kept whatever its owner does. Unknown is not absent."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One source of one person. ``until`` is the longest that everything in it is kept; ``reason`` a dotted code where that is not a plain yes."""

    person: str
    tenant: str
    account: str
    source: Workload
    protected: Protected
    by: tuple[Ref, ...] = ()
    until: str | None = None
    reason: str | None = None
    place: str | None = None
    stated: Mapping[str, object] | None = None
    """What an officer stated about the rules that may keep it, where no interface shows them; it never makes a source protected."""


def people_kinds() -> frozenset[Kind]:
    """The kinds that tell who there is."""
    return frozenset({Kind.M365_USER, Kind.GOOGLE_USER})


def coverage(connector: Connector, snapshot: Snapshot, roster: Roster, account: Identity, person: str) -> tuple[Coverage, ...]:
    """How each source of ``account`` is protected, in the order of the contract."""
    sources = SOURCES[connector.platform]
    if connector.platform is Platform.GOOGLE_WORKSPACE:
        sources += tuple(one for one in LICENSED if one in account.licensed_for_hold)
    return tuple(_source(connector, snapshot, roster, account, source, person) for source in sources)


def with_statement(found: Iterable[Coverage], stated: StatedOf | None, org_unit: str | None) -> tuple[Coverage, ...]:
    """``found`` with what was stated about Vault's rules; where only these could be keeping a source, its reason says so, and it stays unknown."""
    if stated is None:
        return tuple(found)
    answers = []
    for one in found:
        fate = worst_fate(stated, one.source, org_unit)
        untold = one.protected is Protected.UNKNOWN and (one.reason or "").startswith(UNTOLD)
        answers.append(replace(one, stated=document(stated, fate), reason=stated_reason(stated, fate) if untold else one.reason))
    return tuple(answers)


def observed(found: Iterable[ReaderCoverage], simulated: Sequence[Coverage], person: str, snapshot: Snapshot) -> tuple[Coverage, ...]:
    """What the platform's own marks on the places say. Where it would not show them: unknown, with what seems to keep the place.

    What follows from the objects alone is no answer there: neither an exclusion nor a missing licence nor a hold on the place itself was seen.
    Places of groups stand below the person's own, each under its address.
    """
    told = tuple(found)
    if not told:
        return tuple(replace(one, protected=Protected.UNKNOWN, reason="source.unread") for one in simulated)
    left = {one.source: one for one in simulated}
    answers = []
    for one in told:
        unread = one.protected is None and one.place is None
        worked_out = left.pop(one.source, None)
        answer = _observed(one, person, snapshot)
        answers.append(replace(answer, by=worked_out.by, until=worked_out.until) if unread and worked_out is not None else answer)
    return tuple(answers)


def _observed(one: ReaderCoverage, person: str, snapshot: Snapshot) -> Coverage:
    return Coverage(
        person=person,
        tenant=snapshot.tenant,
        account=one.address,
        source=one.source,
        place=one.place,
        protected=Protected.UNKNOWN if one.protected is None else Protected.YES if one.protected else Protected.NO,
        by=one.by,
        until=_end(one),
        reason=one.reason,
    )


def _end(one: ReaderCoverage) -> str | None:
    if one.term is None:
        return None
    if one.term == FOREVER:
        return "released" if any(ref.kind in _HELD for ref in one.by) else "forever"
    return f"{one.term} days after {(one.clock or Clock.CREATED).value}"


def _source(  # one source of one account in one tenant
    connector: Connector, snapshot: Snapshot, roster: Roster, account: Identity, source: Workload, person: str
) -> Coverage:
    answer = Coverage(person=person, tenant=snapshot.tenant, account=account.address, source=source, protected=Protected.UNKNOWN)
    item = _item(connector.platform, account, source)
    if item.place is None:
        return replace(answer, reason="person.no_container")
    try:
        least, most = _extremes(connector, snapshot, roster, item)
        soon, _ = _extremes(connector, settled(snapshot), roster, item)
    except UnknownSettingError:
        return replace(answer, reason="effect.unknown_setting")
    if least:
        return replace(answer, protected=Protected.YES, by=_refs(snapshot, least), until=_longest(least))
    if most:
        return replace(answer, by=_refs(snapshot, most), reason=_doubt(most))
    if soon:
        return replace(answer, protected=Protected.NO, by=_refs(snapshot, soon), reason="carrier.pending")
    unseen = _unseen(connector.platform, snapshot)
    return replace(answer, reason=unseen) if unseen else replace(answer, protected=Protected.NO, reason="source.nothing_keeps_it")


def _doubt(keeping: Sequence[Effect]) -> str:
    """Why what may be keeping a source may not: a setting without a word, a reach that only the platform knows, or a query over content."""
    if any(effect.terms is None for effect in keeping):
        return "effect.unknown_setting"
    return "effect.scope" if any(effect.scope.by_query for effect in keeping) else "effect.query"


def _item(platform: Platform, account: Identity, source: Workload) -> Item:
    """An item as the effects name its place: address, OneDrive URL, or Google's account id with its org unit."""
    if platform is Platform.GOOGLE_WORKSPACE:
        return Item(platform=platform, workload=source, place=account.vendor_id, org_unit=account.org_unit)
    if source is Workload.DRIVE:
        return Item(platform=platform, workload=source, place=account.containers.get(Workload.DRIVE))
    mailbox = account.containers.get(Workload.MAIL)
    return Item(platform=platform, workload=source, place=mailbox and mailbox.lower())


def _extremes(connector: Connector, snapshot: Snapshot, roster: Roster, item: Item) -> tuple[list[Effect], list[Effect]]:
    """What keeps the item in the least and in the most that the tenant's settings and queries can mean. Raises ``UnknownSettingError``."""
    views = [connector.effects(view, roster) for view in readings(snapshot)]
    matching = [replace(item, terms=frozenset(effect.terms for effect in effects if effect.terms)) for effects in views]
    least = min((_keeping(effects, item) for effects in views), key=len)
    return least, max((_keeping(effects, each) for effects, each in zip(views, matching, strict=True)), key=len)


def _keeping(effects: Iterable[Effect], item: Item) -> list[Effect]:
    """What keeps an unlabelled item. A label that somebody may put on protects nothing by itself."""
    applying = Simulation(tuple(effects)).applying(item)
    return [effect for effect in applying if effect.keep is not None and effect.mechanism is not Mechanism.LABEL]


def _unseen(platform: Platform, snapshot: Snapshot) -> str | None:
    """Why an absence cannot be believed: the first kind with a say that was not read whole."""
    for kind in sorted(M365_MODELLED if platform is Platform.MICROSOFT365 else GOOGLE_MODELLED):
        if not snapshot.complete(kind):
            read = snapshot.reads.get(kind)
            why = read.reason if read is not None and read.reason else "kind.unknown"
            return f"{kind.value}: {why}"
    return None


def _refs(snapshot: Snapshot, effects: Iterable[Effect]) -> tuple[Ref, ...]:
    """The live objects behind effects, whose references begin with the vendor's id."""
    heads = {effect.ref for effect in effects}
    return tuple(
        live.ref(snapshot.tenant)
        for live in snapshot.resources
        if any(head == live.vendor_id or head.startswith(f"{live.vendor_id}/") for head in heads)
    )


def _longest(effects: Iterable[Effect]) -> str:
    """The end that comes last, in words that need no clock of ours."""
    ends = [(effect.keep, effect) for effect in effects if effect.keep is not None]
    if any(effect.mechanism is Mechanism.HOLD for _, effect in ends):
        return "released"
    keep, effect = max(ends, key=lambda one: _days(one[0]))
    if keep == FOREVER:
        return "forever"
    since = f"the event {effect.event}" if effect.clock is Clock.EVENT else effect.clock.value
    return f"{keep} days after {since}"


def _days(term: Term | None) -> float:
    return float("inf") if term == FOREVER else float(term or 0)
