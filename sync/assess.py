"""How each policy line stands in a tenant: as strong as the weakest of what it rests on. Pure.

``available`` is never counted as protected, an unread kind is ``unknown`` and never a gap or a success, and what the platform accepted is ``pending``
until the platform itself says that it is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from policies.duties import Carriage, Desired, People, StandingValue
from policies.effects import FOREVER
from policies.kinds import Workload
from policies.resources import FILED, Force, Live, Snapshot, Value, Wanted
from sync.bindings import Binding
from sync.difference import InFlight
from sync.equality import differing
from sync.matching import match

_WEAKEST_FIRST: Final = (
    StandingValue.GAP,
    StandingValue.NOT_ENFORCEABLE,
    StandingValue.NOT_LICENSED,
    StandingValue.UNKNOWN,
    StandingValue.PENDING,
    StandingValue.AVAILABLE,
    StandingValue.ATTESTED,
    StandingValue.SET_BY_HAND,
    StandingValue.VERIFIED,
    StandingValue.ENFORCED,
)
_PROTECTING: Final = frozenset({StandingValue.ENFORCED, StandingValue.VERIFIED, StandingValue.SET_BY_HAND, StandingValue.ATTESTED})
_NOT_IN_FORCE: Final = {
    Force.ERROR: (StandingValue.GAP, "carrier.error"),
    Force.OFF: (StandingValue.GAP, "carrier.off"),
    Force.PENDING: (StandingValue.PENDING, "carrier.pending"),
    Force.UNKNOWN: (StandingValue.UNKNOWN, "carrier.force_unknown"),
}
_TEXTS: Final = frozenset({"description"}) | FILED
"""Fields that say nothing about how long anything is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one line stands for one series, population and workload. ``evidence`` are the numbers of the journal entries that it rests on.

    A control has neither series nor workload, and no population where it is about everybody; ``since`` is then when it was first seen to stand so.
    """

    tenant: str
    line: str
    series: str | None
    population: str | None
    workload: Workload | None
    standing: StandingValue
    reason: str | None = None
    since: datetime | None = None
    people: People = field(default_factory=People)
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessInput:
    """What standings are judged from. ``stopped`` gives, by key, the code that stops its change.

    ``evidence`` gives the journal's numbers by the key of a carrier and by series, ``stated`` those of what officers stated about rules in a console.
    """

    snapshot: Snapshot
    bindings: Mapping[str, Binding]
    district: str
    in_flight: Mapping[str, InFlight] = field(default_factory=dict)
    stopped: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    stated: tuple[int, ...] = ()
    by_hand: frozenset[str] = frozenset()
    """Keys of what a person made from the by-hand sheet and a look found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """How one carrier stands; ``left_out`` of its wanted members are not in it, or not in force."""

    standing: StandingValue
    reason: str | None = None
    since: datetime | None = None
    left_out: int = 0


_SOUND: Final = _Part(standing=StandingValue.ENFORCED)


def assess(desired: Desired, inputs: AssessInput) -> tuple[Standing, ...]:
    """One standing for each carriage of ``desired``."""
    wanted = {resource.key: resource for resource in desired.resources}
    return tuple(_standing(carriage, wanted, inputs) for carriage in desired.carriages)


def weakest(*values: StandingValue) -> StandingValue:
    """The weakest of some standings."""
    return min(values, key=_WEAKEST_FIRST.index)


def _standing(carriage: Carriage, wanted: Mapping[str, Wanted], inputs: AssessInput) -> Standing:
    absent = _Part(standing=StandingValue.GAP, reason="carrier.missing")
    parts = [_part(wanted[key], inputs) if key in wanted else absent for key in carriage.carriers]
    own = _Part(standing=carriage.standing, reason=carriage.reason)
    worst = min((own, *parts), key=lambda part: _WEAKEST_FIRST.index(part.standing))
    left_out = max((part.left_out for part in parts), default=0)
    return Standing(
        tenant=carriage.tenant,
        line=carriage.line,
        series=carriage.series,
        population=carriage.population,
        workload=carriage.workload,
        standing=worst.standing,
        reason=worst.reason or next((part.reason for part in parts if part.reason is not None), carriage.reason),
        since=worst.since,
        people=_people(carriage.people, worst.standing, left_out if carriage.standing in _PROTECTING else 0),
        evidence=_evidence(carriage, inputs),
    )


def _evidence(carriage: Carriage, inputs: AssessInput) -> tuple[int, ...]:
    found = {seq for key in (carriage.series, *carriage.carriers) for seq in inputs.evidence.get(key, ())}
    return tuple(sorted(found | set(inputs.stated if carriage.standing is StandingValue.ATTESTED else ())))


def _part(wanted: Wanted, inputs: AssessInput) -> _Part:
    matched = match(inputs.snapshot, wanted.kind, wanted.key, binding=inputs.bindings.get(wanted.key), district=inputs.district)
    live = matched.live
    if live is None:
        return _unseen(wanted, inputs)
    flight = inputs.in_flight.get(wanted.key)
    if flight is not None:
        if flight.overdue:
            return _Part(standing=StandingValue.GAP, reason="carrier.overdue", since=flight.since)
        return _Part(standing=StandingValue.PENDING, reason="carrier.in_flight", since=flight.since)
    part = _in_place(wanted, live, inputs.stopped.get(wanted.key))
    by_hand = part.standing is StandingValue.ENFORCED and wanted.key in inputs.by_hand
    return replace(part, standing=StandingValue.SET_BY_HAND) if by_hand else part


def _unseen(wanted: Wanted, inputs: AssessInput) -> _Part:
    read = inputs.snapshot.reads.get(wanted.kind)
    if not inputs.snapshot.complete(wanted.kind):
        # The code alone: what stands behind it may be a vendor's sentence, and standings go into the journal as they are.
        return _Part(standing=StandingValue.UNKNOWN, reason=read.reason.partition(":")[0] if read is not None and read.reason else "kind.unknown")
    return _Part(standing=StandingValue.GAP, reason=inputs.stopped.get(wanted.key, "carrier.missing"))


def _in_place(wanted: Wanted, live: Live, stopped: str | None) -> _Part:
    if live.force is Force.APPLIED:
        return _as_wanted(wanted, live, stopped)
    standing, reason = _NOT_IN_FORCE[live.force]
    return _Part(standing=standing, reason=reason, since=live.changed_at or live.created_at if live.force is Force.PENDING else None)


def _as_wanted(wanted: Wanted, live: Live, stopped: str | None) -> _Part:
    fields = differing(wanted.fields, live.fields) - _TEXTS
    if fields == {"period"} and _longer(live.fields.get("period"), wanted.fields.get("period")):
        return _Part(standing=StandingValue.ENFORCED, reason="carrier.longer")
    if fields:
        return _Part(standing=StandingValue.GAP, reason=stopped or "carrier.differs")
    out = [member for member in wanted.members if member not in live.members or not _holds(live, member)]
    if out:
        pending = all(member in live.members and live.member_states[member].force is Force.PENDING for member in out)
        standing = StandingValue.PENDING if pending else StandingValue.GAP
        return _Part(standing=standing, reason="carrier.members", left_out=len(out))
    return _SOUND


def _holds(live: Live, member: str) -> bool:
    """Whether the platform says nothing against the member: only its own word takes it out of an object in force."""
    return member not in live.member_states or live.member_states[member].force is Force.APPLIED


def _longer(live: Value, wanted: Value) -> bool:
    if live == FOREVER:
        return True
    return isinstance(live, int) and isinstance(wanted, int) and live > wanted


def _people(people: People, standing: StandingValue, left_out: int) -> People:
    """Who is covered once the standing is known. Unknown stays unknown: a sum with an unknown part is unknown."""
    if standing in _PROTECTING:
        return people
    everybody = None if people.covered is None or people.not_covered is None else people.covered + people.not_covered
    if standing is StandingValue.UNKNOWN:
        unknown = None if everybody is None else everybody + (people.unknown or 0)
        return People(covered=None, not_covered=None, unknown=unknown)
    if left_out and people.covered is not None and people.covered > left_out and people.not_covered is not None:
        return People(covered=people.covered - left_out, not_covered=people.not_covered + left_out, unknown=people.unknown)
    return People(covered=0, not_covered=everybody, unknown=people.unknown)
