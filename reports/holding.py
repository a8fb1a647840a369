"""Holds and gap records of a report: aliases and counts from the journal, and for counsel the people behind them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from policies.district import Tenant
from policies.kinds import Workload
from reports.chronicle import Chronicle, HoldStream, instant, text
from reports.facts import CloudHold, GapFacts, HeldPerson, HoldFacts, Period, Shown
from reports.words import LET_GO
from sync.matters.model import IN_FORCE, TAKEN, Matter, PersonCode, SourceState
from sync.store.matter_words import PersonState

_IN_FORCE = frozenset(state.value for state in IN_FORCE)
_TAKEN = frozenset(state.value for state in TAKEN)


def holds(
    told: Chronicle, tenants: Sequence[Tenant], blind: AbstractSet[str], period: Period, matters: Mapping[str, Matter] | str
) -> tuple[HoldFacts, ...]:
    """Every hold that was open at some time in the period, oldest first. ``matters`` by tenant alias, or why they are not shown.

    What is held in the clouds that nobody looked at (``blind``) counts as not seen, whatever was seen before.
    """
    streams = [one for one in told.holds.values() if one.released is None or one.released >= period.begin]
    in_order = sorted(streams, key=lambda one: (one.opened, one.report_alias))
    return tuple(_hold(one, told, _clouds(one, tenants, blind), period, matters) for one in in_order)


def _hold(stream: HoldStream, told: Chronicle, clouds: tuple[CloudHold, ...], period: Period, matters: Mapping[str, Matter] | str) -> HoldFacts:
    on_hold = [one for one in stream.people.values() if not _gone(one)]
    states = Counter(str(one["state"]) for one in on_hold)
    vouched = {subject for subject, one in told.attested.items() if one.until > told.until}
    secured = sum(one.get("secured_on") is not None or f"paper/{key}" in vouched for key, one in stream.paper.items())
    matter = matters if isinstance(matters, str) else matters.get(stream.tenant_alias)
    return HoldFacts(
        alias=stream.report_alias,
        state=stream.state,
        opened=stream.opened,
        opened_in_period=period.begin <= stream.opened < period.end,
        ordered=stream.ordered,
        released=stream.released,
        people={state.value: states[state.value] for state in PersonState},
        let_go=len(stream.people) - len(on_hold),
        former=sum(one["former"] is True for one in on_hold),
        clouds=clouds,
        paper=len(stream.paper),
        paper_secured=secured,
        matter=_name(matter),
        persons=_persons(matter, stream) if isinstance(matter, Matter) else None,
    )


def _gone(person: Mapping[str, object]) -> bool:
    """Whether a release let the person or place go: the row stays, for what was held is evidence, and counts as on hold no more."""
    return instant(person.get("released")) is not None


def _name(matter: Matter | str | None) -> Shown:
    if isinstance(matter, Matter):
        return Shown(value=f"{matter.alias}: {matter.details.name}" if matter.details.name else matter.alias)
    return Shown(value=None, withheld=matter or "the register does not know it any more")


def _persons(matter: Matter, stream: HoldStream) -> tuple[HeldPerson, ...]:
    """The people as the journal has them at the report's number, under the names that their seals still give."""
    names = {person.id: person.address for person in matter.people}
    found = [
        HeldPerson(
            address=names.get(key, "erased"), state=LET_GO if _gone(one) else str(one["state"]), code=text(one["code"]),
            former=one["former"] is True,
        )
        for key, one in stream.people.items()
    ]
    return tuple(sorted(found, key=lambda one: one.address))


def _counts(source: Mapping[str, object]) -> bool:
    """Whether there is something to hold: not released, and not a place that the tenant shows not to exist."""
    if source["state"] == SourceState.RELEASED.value:
        return False
    return not (source["state"] == SourceState.FAILED.value and source["code"] == PersonCode.NO_CONTAINER.value)


def _clouds(stream: HoldStream, tenants: Sequence[Tenant], blind: AbstractSet[str]) -> tuple[CloudHold, ...]:
    found = (_cloud(stream, tenant.id) for tenant in tenants)
    return tuple(replace(one, in_force=0, not_seen=one.ordered - one.failed) if one.tenant in blind else one for one in found)


def _cloud(stream: HoldStream, tenant: str) -> CloudHold:
    sources = [one for one in stream.sources.values() if one["tenant"] == tenant and _counts(one)]
    sent = min((at for one in sources if (at := instant(one.get("sent"))) is not None), default=None)
    in_force = [one for one in sources if one["state"] in _IN_FORCE]
    whole = bool(sources) and len(in_force) == len(sources)
    done = max((at for one in sources if (at := instant(one.get("effective"))) is not None), default=None) if whole else None
    return CloudHold(
        tenant=tenant,
        ordered=len(sources),
        accepted=sum(one["state"] in _TAKEN for one in sources),
        in_force=len(in_force),
        failed=sum(one["state"] == SourceState.FAILED.value for one in sources),
        first_sent=sent,
        all_in_force=done,
        seconds_to_force=round((done - sent).total_seconds()) if done is not None and sent is not None else None,
    )


def gaps(told: Chronicle, period: Period, offices: Mapping[str, str]) -> tuple[GapFacts, ...]:
    """Gap records opened in the period, and older ones in which nobody has recorded yet what was found."""
    found: list[GapFacts] = []
    for stream in told.holds.values():
        for key, gap in stream.gaps.items():
            attested = told.attested.get(f"gap/{key}")
            last, first = instant(gap["last_seen_held"]), instant(gap["first_seen_not_held"])
            assert last is not None
            assert first is not None
            if first < period.begin and attested is not None:
                continue
            source = stream.sources[str(gap["source"])]
            found.append(
                GapFacts(
                    id=key,
                    hold=stream.report_alias,
                    tenant=str(gap["tenant"]),
                    workload=Workload(str(source["source"])),
                    last_seen_held=last,
                    first_seen_not_held=first,
                    restored=instant(gap["restored"]),
                    recoverable_until=instant(gap["recoverable_until"]),
                    found_by=None if attested is None else offices.get(attested.officer, "a former officer"),
                )
            )
    return tuple(sorted(found, key=lambda one: (one.first_seen_not_held, one.id)))


def people_on_hold(streams: Iterable[HoldFacts]) -> int:
    """People and places in open holds; somebody in two holds counts in each, since reports do not tell whether they are the same."""
    return sum(sum(one.people.values()) for one in streams if one.released is None)


def people_let_go(streams: Iterable[HoldFacts]) -> int:
    """People and places whom releases let go of holds that are open."""
    return sum(one.let_go for one in streams if one.released is None)
