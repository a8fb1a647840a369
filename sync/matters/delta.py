"""What changed in a matter, and how the journal says it: ids, states and times in clear; names, reasons and vendors' texts sealed."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sync.journal import Sealed
from sync.matters import dossier
from sync.matters.model import Gap, Line, Matter, Paper, PersonOnHold, Source
from sync.matters.release import Release

_Part = TypeVar("_Part", PersonOnHold, Source, Line, Paper, Gap, Release)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The parts of ``after`` that ``before`` did not have, or had otherwise."""

    after: Matter
    head: bool
    details: bool
    people: tuple[PersonOnHold, ...]
    resealed: frozenset[str]
    """Ids of people whose sealed half changed."""
    sources: tuple[Source, ...]
    lines: tuple[Line, ...]
    paper: tuple[Paper, ...]
    gaps: tuple[Gap, ...]
    releases: tuple[Release, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.head or self.people or self.sources or self.lines or self.paper or self.gaps or self.releases)


def between(before: Matter | None, after: Matter) -> Delta:
    """What ``after`` has that ``before`` has not."""
    old = before or replace(after, people=(), sources=(), lines=(), paper=(), gaps=(), releases=())
    sources = changed(old.sources, after.sources)
    people = {person.id: person for person in changed(old.people, after.people)}
    places = {source.id: source.place for source in old.sources}
    touched = people.keys() | {source.person for source in sources if places.get(source.id) != source.place}
    sealed_before, sealed_after = _dossiers(old, touched), _dossiers(after, touched)
    resealed = frozenset(key for key, value in sealed_after.items() if sealed_before.get(key) != value)
    people |= {person.id: person for person in after.people if person.id in resealed}
    return Delta(
        after=after, head=before is None or _head(before) != _head(after), details=before is None or before.details != after.details,
        people=tuple(people.values()), resealed=resealed, sources=sources,
        lines=changed(old.lines, after.lines), paper=changed(old.paper, after.paper), gaps=changed(old.gaps, after.gaps),
        releases=changed(old.releases, after.releases),
    )


def changed(before: Sequence[_Part], after: Sequence[_Part]) -> tuple[_Part, ...]:
    """The parts of ``after`` that differ from the part of the same id in ``before``, or are new."""
    old = {one.id: one for one in before}
    return tuple(one for one in after if (known := old.get(one.id)) is not one and known != one)


def body(delta: Delta, event: str, order: str | None) -> dict[str, object]:
    """The journal's body of what changed."""
    after = delta.after
    times = after.times
    parts: dict[str, object] = {
        "people": {one.id: _person(one, delta) for one in delta.people},
        "sources": {one.id: _source(one) for one in delta.sources},
        "lines": {one.id: {"dossier": Sealed(dossier.of_line(one)), "expanded": one.expanded, "code": one.code} for one in delta.lines},
        "paper": {one.id: {"dossier": Sealed(dossier.of_paper(one)), "secured_on": one.secured_on} for one in delta.paper},
        "gaps": {one.id: _gap(one) for one in delta.gaps},
        "releases": {one.id: _release(one) for one in delta.releases},
    }
    said: dict[str, object] = {
        "event": event, "matter": after.tenant_alias, "report_alias": after.report_alias, "state": after.state, "order": order,
        "workloads": [one.value for one in after.workloads],
        "times": {
            "ordered": times.ordered, "triggered": times.triggered, "received": times.received, "passed_to_counsel": times.passed_to_counsel,
            "issued": times.issued,
        },
        **{name: value for name, value in parts.items() if value},
    }
    if delta.details:
        said["details"] = Sealed(dossier.of_details(after.alias, after.details))
    return said


def _person(person: PersonOnHold, delta: Delta) -> dict[str, object]:
    said: dict[str, object] = {
        "state": person.state, "code": person.code, "former": person.former,
        **({"released": person.released} if person.released else {}),
        "answers": {tenant: one.presence for tenant, one in person.answers.items()},
    }
    if person.id in delta.resealed:
        said["dossier"] = Sealed(dossier.of_person(person, delta.after.sources_of(person.id)))
    return said


def _source(source: Source) -> dict[str, object]:
    times: dict[str, datetime | None] = {
        "requested": source.requested, "sent": source.sent, "accepted": source.accepted, "effective": source.effective, "verified": source.verified,
        "seen_held": source.seen_held, "released": source.released,
    }
    return {
        "tenant": source.tenant, "person": source.person, "source": source.workload, "state": source.state, "resource": source.resource,
        "code": source.code, "error": Sealed(source.error) if source.error else None,
        **{name: at for name, at in times.items() if at is not None},
    }


def _gap(gap: Gap) -> dict[str, object]:
    return {
        "tenant": gap.tenant, "source": gap.source, "last_seen_held": gap.last_seen_held, "first_seen_not_held": gap.first_seen_not_held,
        "restored": gap.restored, "recoverable_until": gap.recoverable_until, "cause": Sealed(gap.cause) if gap.cause else None,
    }


def _release(release: Release) -> dict[str, object]:
    times: dict[str, datetime | None] = {
        "approved": release.approved, "due": release.due, "begun": release.begun, "ended": release.ended, "stopped": release.stopped,
    }
    return {
        "officer": release.officer, "requested": release.requested, "changes": list(release.changes), "people": list(release.people),
        "sources": list(release.sources), **({"going": list(release.going)} if release.going else {}),
        "consent_sha256": release.reason.consent, "dossier": Sealed(dossier.of_reason(release.reason)), "stopped_by": release.stopped_by,
        **{name: at for name, at in times.items() if at is not None},
    }


def _head(matter: Matter) -> tuple[object, ...]:
    return matter.state, matter.times, matter.details, matter.workloads, matter.alias, matter.report_alias


def _dossiers(matter: Matter, people: AbstractSet[str]) -> dict[str, dict[str, object]]:
    by_person: dict[str, list[Source]] = {}
    for source in matter.sources:
        by_person.setdefault(source.person, []).append(source)
    return {one.id: dossier.of_person(one, tuple(by_person.get(one.id, ()))) for one in matter.people if one.id in people}
