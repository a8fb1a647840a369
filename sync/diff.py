"""What separates a tenant from what the policy or a matter wants of it: ordered changes, and everything that is not a change. Pure.

Nothing here is ever removed: a run adds what is missing and brings mutable fields home; members that nobody names any more stay as ``former``,
members and objects of others are left alone. Names are frozen at birth and never compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Lane
from policies.kinds import TRAITS
from policies.problems import Problem, Severity
from policies.resources import Force, Live, MemberState, ReadState, Snapshot, Wanted
from sync.bindings import Binding, BindingState
from sync.difference import DiffInput, DiffResult, InFlight
from sync.doubles import doubled
from sync.ends import Ends
from sync.equality import differing
from sync.matching import Match, generation_of, match
from sync.ordering import ordered, rests_on
from sync.plan import Change, Operation, Refusal
from sync.proposing import create, touching
from sync.superseding import replaced

__all__ = ["DiffInput", "DiffResult", "InFlight", "diff"]


_PROPOSED: Final = "two officers approve the end of the younger one: recordwarden approvals"
_IN_THE_CONSOLE: Final = "see which of them is followed, and end the other in the vendor's console once nobody needs it"
_SEE_LABELS: Final = "see what uses it in the label manager; it is proposed once nothing does"
_SEE_DOCTOR: Final = "see doctor for what this tenant shows of this kind"

_PERSON: Final = "person."
"""How the codes of what is wrong with a person, and not with the hold, begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What one wanted object comes to."""

    changes: tuple[Change, ...] = ()
    flight: InFlight | None = None
    satisfied: bool = False
    unknown: bool = False
    waiting: bool = False
    superseded: tuple[Live, ...] = ()
    ends: tuple[Change, ...] = ()
    former: frozenset[str] = frozenset()
    warnings: tuple[Problem, ...] = ()


def diff(inputs: DiffInput) -> DiffResult:
    """The changes that would bring the tenant to ``inputs.desired``, parents first. Raises ``ordering.CircularError``."""
    found: dict[str, tuple[Match, _Found]] = {}
    for wanted in ordered(inputs.desired):
        matched = match(inputs.snapshot, wanted.kind, wanted.key, binding=inputs.bindings.get(wanted.key), district=inputs.district)
        parent = found.get(wanted.parent or "")
        shut = parent is not None and _is_shut(parent[0].live)
        around = parent[1].flight if parent is not None else None
        one = _absent(inputs, wanted, shut=shut) if matched.live is None else _present(inputs, wanted, matched, matched.live, around)
        found[wanted.key] = (matched, _ends_considered(inputs, wanted, matched, one))
    hold_lane = inputs.lane is Lane.HOLD
    orphans = (b for key, b in sorted(inputs.bindings.items()) if key not in found and TRAITS[b.kind].hold_lane is hold_lane)
    flights = [one.flight for _, one in found.values() if one.flight is not None]
    seen = {key: matched.live for key, (matched, _) in found.items() if matched.live is not None}
    return DiffResult(
        changes=tuple(change for _, one in found.values() for change in one.changes),
        in_flight=tuple(flight for flight in flights if not flight.overdue),
        overdue=tuple(flight for flight in flights if flight.overdue),
        satisfied=tuple((key, seen[key]) for key, (_, one) in found.items() if one.satisfied),
        unknown=tuple(key for key, (_, one) in found.items() if one.unknown),
        waiting=tuple(key for key, (_, one) in found.items() if one.waiting),
        orphans=tuple(orphans),
        superseded=tuple(live for _, one in found.values() for live in one.superseded),
        duplicates=tuple(live for matched, _ in found.values() for live in matched.duplicates),
        ends=tuple(change for _, one in found.values() for change in one.ends),
        former={key: one.former for key, (_, one) in found.items() if one.former},
        vendor_ids=_bound_ids(inputs) | {key: live.vendor_id for key, live in seen.items()},
        rests_on={wanted.key: rests_on(wanted) for wanted in inputs.desired},
        warnings=tuple(warning for _, one in found.values() for warning in one.warnings),
    )


def _bound_ids(inputs: DiffInput) -> dict[str, str]:
    """Ids of what is bound, but for what a complete read has shown to be gone."""
    there = {(live.kind, live.vendor_id) for live in inputs.snapshot.resources}
    return {
        key: binding.vendor_id
        for key, binding in inputs.bindings.items()
        if (binding.kind, binding.vendor_id) in there or not inputs.snapshot.complete(binding.kind)
    }


def _is_shut(container: Live | None) -> bool:
    return container is not None and container.fields.get("state") not in {None, "open"}


def _absent(inputs: DiffInput, wanted: Wanted, *, shut: bool) -> _Found:
    """Nothing was seen for the key: made (again) only where absence may be believed, or where a hold order cannot wait to know."""
    binding = inputs.bindings.get(wanted.key)
    if shut:
        return _Found(waiting=True)
    if TRAITS[wanted.kind].shared:
        return _Found(unknown=True)  # nobody makes it; not seen, it is not known who is in it
    if inputs.snapshot.complete(wanted.kind):
        generation = binding.generation if binding is not None else wanted.generation
        return _Found(changes=create(inputs, wanted, generation=generation))
    if binding is not None:
        return _Found(unknown=True, changes=_blind_additions(inputs, wanted, binding))
    refusal = _unread(inputs.snapshot, wanted)
    if inputs.lane is Lane.HOLD:
        return _Found(
            changes=create(inputs, wanted, generation=wanted.generation),
            warnings=(_warning(inputs, wanted, refusal.code, f"{refusal.message} The hold is ordered all the same; a duplicate is settled later."),),
        )
    return _Found(changes=create(inputs, wanted, generation=wanted.generation, refusals=(refusal,)))


def _blind_additions(inputs: DiffInput, wanted: Wanted, binding: Binding) -> tuple[Change, ...]:
    """In the hold lane new people are added to a hold that we made and cannot see just now; nothing else is sent in the dark."""
    fresh = wanted.members - binding.members
    if inputs.lane is not Lane.HOLD or not fresh:
        return ()
    return (touching(inputs, wanted, Operation.ADD, vendor_id=binding.vendor_id, name=binding.name, generation=binding.generation, add=fresh),)


def _present(inputs: DiffInput, wanted: Wanted, matched: Match, live: Live, around: InFlight | None) -> _Found:
    binding = inputs.bindings.get(wanted.key)
    flight = _flight(inputs, wanted, binding, live, around)
    ours = binding.members if binding is not None else frozenset[str]()
    former = (ours & live.members) - wanted.members
    sent = binding is not None and binding.state is BindingState.IN_FLIGHT and flight is not None and not flight.overdue
    locked = _locked(wanted) and live.force is Force.PENDING and flight is not None and not flight.overdue
    if (sent and inputs.lane is Lane.SYNC) or locked:
        return _Found(flight=flight, former=former)
    # In what is the platform's own, one that we put in and cannot see just now is not put in again in the dark.
    unseen = TRAITS[wanted.kind].shared and not inputs.snapshot.complete(wanted.kind)
    missing = wanted.members - live.members - (ours if sent or unseen else frozenset())
    changes = _differences(inputs, wanted, live, missing=missing, former=former)
    if not changes and not sent and _failed(wanted, live):
        changes = (_existing(inputs, wanted, live, Operation.RETRY, former=former),)
    settled = not changes and flight is None
    return _Found(
        changes=changes,
        flight=flight,
        satisfied=settled,
        superseded=matched.superseded if settled and live.force is Force.APPLIED else (),
        former=former,
    )


def _locked(wanted: Wanted) -> bool:
    """Whether the platform takes no change of the object while it distributes one.

    One over an adaptive scope stays pending until the scope is filled, long after it was distributed, so that says nothing of a lock.
    """
    return wanted.whole or (TRAITS[wanted.kind].locked_on_the_way and not wanted.settles)


def _flight(inputs: DiffInput, wanted: Wanted, binding: Binding | None, live: Live, around: InFlight | None) -> InFlight | None:
    """The object's flight, if the platform has not said that it is in force; silence counts as "not yet" only for what we just sent.

    A policy and its rule are distributed together, whichever of them was changed: both are on their way since the later change. ``around`` is the
    flight of what the object lies in.
    """
    ours = binding is not None and binding.state is BindingState.IN_FLIGHT
    if live.force is not Force.PENDING and not (ours and live.force is Force.UNKNOWN):
        return None
    own = binding.accepted_at if binding is not None and ours else live.changed_at or live.created_at or inputs.now
    since = max([own, *_sent_inside(inputs, live), *((around.since,) if around is not None else ())])
    overdue = inputs.now - since > timedelta(seconds=inputs.overdue_seconds + wanted.settles)
    return InFlight(key=wanted.key, kind=wanted.kind, vendor_id=live.vendor_id, since=since, overdue=overdue)


def _sent_inside(inputs: DiffInput, live: Live) -> Iterator[datetime]:
    """When what lies in the object and is not in force yet was accepted."""
    return (one.accepted_at for one in inputs.bindings.values() if one.parent_id == live.vendor_id and one.state is BindingState.IN_FLIGHT)


def _failed(wanted: Wanted, live: Live) -> bool:
    """Whether the platform failed at something that it may do when asked again.

    That somebody has no licence or was deleted is a fact of the person: it is told by person, and asking again changes nothing.
    """
    failed = {member: _of_the_person(state) for member, state in live.member_states.items() if state.force is Force.ERROR}
    its_own = live.force is Force.ERROR and not (failed and all(failed.values()))
    return its_own or any(not failed.get(member, True) for member in wanted.members)


def _of_the_person(state: MemberState) -> bool:
    return (state.error or "").startswith(_PERSON)


def _differences(
    inputs: DiffInput, wanted: Wanted, live: Live, *, missing: frozenset[str], former: frozenset[str]
) -> tuple[Change, ...]:
    """What is to be set and added; or, where the platform fixed a field at birth, a new generation beside the old.

    That is a set and an add, or one set with both where the surface takes both in one call. There what could keep less is a change of its own: it may
    need officers, and nobody new, nor a switch that is off, waits for them.
    """
    fields = differing(wanted.lasting, live.fields)
    if fields & (TRAITS[wanted.kind].immutable | wanted.fixed):
        refusals = () if inputs.snapshot.complete(wanted.kind) or inputs.lane is Lane.HOLD else (_unread(inputs.snapshot, wanted),)
        return create(inputs, wanted, generation=_generation(inputs, wanted, live) + 1, refusals=refusals)
    together, apart = _parted(wanted, fields, missing)
    with_them = missing if together and wanted.at_once else frozenset[str]()
    changes = []
    if together:
        changes.append(_existing(inputs, wanted, live, Operation.SET, fields=together, add=with_them, former=former))
    if missing - with_them:
        changes.append(_existing(inputs, wanted, live, Operation.ADD, add=missing, former=former))
    if apart:
        changes.append(_existing(inputs, wanted, live, Operation.SET, fields=apart, former=former))
    return tuple(changes)


def _parted(wanted: Wanted, fields: frozenset[str], missing: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that go first, with the members where the surface takes both, and those that follow by themselves.

    A hold that is taken whole has its query in another object, so that it follows in any case.
    """
    narrowing = fields & TRAITS[wanted.kind].narrowing
    if not wanted.at_once or not (missing or "enabled" in fields or wanted.whole):
        return fields, frozenset()
    return fields - narrowing, narrowing


def _generation(inputs: DiffInput, wanted: Wanted, live: Live) -> int:
    return generation_of(live, inputs.bindings.get(wanted.key))


def _existing(  # noqa: PLR0913  # one change has this many faces; all but the first four have a neutral default
    inputs: DiffInput,
    wanted: Wanted,
    live: Live,
    operation: Operation,
    *,
    fields: frozenset[str] = frozenset(),
    add: frozenset[str] = frozenset(),
    former: frozenset[str] = frozenset(),
) -> Change:
    """A change of an object that was seen: before and after carry the differing fields and those that, fixed at birth, identify it."""
    identifying = {name: live.fields[name] for name in sorted(TRAITS[wanted.kind].immutable) if name in live.fields}
    return touching(
        inputs,
        wanted,
        operation,
        vendor_id=live.vendor_id,
        name=live.name,
        generation=_generation(inputs, wanted, live),
        before=identifying | {name: live.fields.get(name) for name in sorted(fields)},
        after=identifying | {name: wanted.fields[name] for name in sorted(fields)},
        add=add,
        former=former,
    )


def _unread(snapshot: Snapshot, wanted: Wanted) -> Refusal:
    read = snapshot.reads.get(wanted.kind)
    reason = read.reason if read is not None and read.reason else "it was not read"
    partial = read is not None and read.state is ReadState.PARTIAL
    return Refusal(
        code="kind.partial" if partial else "kind.unknown",
        message=f"{wanted.kind.value} could not be read in full ({reason}), so it may be there already.",
        allowed_by="a complete read: see doctor for the visibility check and the rights that are missing",
    )


def _ends_considered(inputs: DiffInput, wanted: Wanted, matched: Match, found: _Found) -> _Found:
    """With what is proposed to be ended beside the object, and a word on what is not."""
    twice, older = doubled(inputs, wanted, matched), replaced(inputs, wanted, matched.live, found.superseded)
    kept = tuple(
        _warning(inputs, wanted, "label.needed", f"The older label {vendor_id} of {wanted.key} is not proposed to be disabled: {why}.", _SEE_LABELS)
        for vendor_id, why in sorted(older.left.items())
    )
    considered = _marks_considered(inputs, wanted, matched, found, twice)
    return replace(considered, ends=(*twice.changes, *older.changes), warnings=(*considered.warnings, *kept))


def _marks_considered(inputs: DiffInput, wanted: Wanted, matched: Match, found: _Found, twice: Ends) -> _Found:
    """In the sync lane a mark that is not ours alone stops every change of its key; in the hold lane it is a warning."""
    findings = []
    if matched.duplicates:
        ids = ", ".join(live.vendor_id for live in matched.duplicates)
        left = "".join(f" {vendor_id} is not proposed for release: {why}." for vendor_id, why in sorted(twice.left.items()))
        allowed = _PROPOSED if twice.changes and not left else _IN_THE_CONSOLE
        findings.append(("mark.duplicate", f"More than one object carries the mark of {wanted.key} (also {ids}).{left}", allowed))
    if matched.foreign:
        ids = ", ".join(live.vendor_id for live in matched.foreign)
        message = f"{wanted.key} stands in the mark of another district ({ids})."
        findings.append(("mark.other_district", message, "the two districts settle whose it is"))
    refusals = tuple(Refusal(code=code, message=message, allowed_by=allowed) for code, message, allowed in findings)
    if inputs.lane is Lane.HOLD:
        refusals = ()
    return replace(
        found,
        changes=tuple(replace(change, refusals=(*change.refusals, *refusals)) for change in found.changes),
        warnings=(*found.warnings, *(_warning(inputs, wanted, code, message, allowed) for code, message, allowed in findings)),
    )


def _warning(inputs: DiffInput, wanted: Wanted, code: str, message: str, next_step: str = _SEE_DOCTOR) -> Problem:
    return Problem(
        code=code,
        severity=Severity.WARNING,
        message=message,
        next_step=next_step,
        tenant=inputs.tenant,
        subject=wanted.key,
    )
