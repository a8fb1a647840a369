"""``hold status`` as the contract has it: one matter as JSON values, and the few facts that an exit code follows from. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.matters.model import (
    IN_FORCE,
    TAKEN,
    Gap,
    Line,
    Matter,
    MatterState,
    Paper,
    PersonCode,
    PersonOnHold,
    PersonState,
    Presence,
    Source,
    SourceState,
)
from sync.matters.release import Release
from sync.store.columns import rfc3339
from sync.store.documents import load_object
from sync.watch.people import Danger, place_ids

LOOK_AGAIN = frozenset({PersonCode.AMBIGUOUS, PersonCode.NOT_FOUND})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a named officer recorded about a gap (``attest gap/ID``)."""

    attestation: str
    officer: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the exit code of a hold command follows from. Counts are of sources."""

    open_questions: int
    """People and lines that are a question, that nobody knows, or that are deleted with nothing left to hold: 3."""
    unasked: frozenset[str]
    """Tenants that could not say whether they know somebody: 3."""
    ordered: int
    accepted: int
    """Accepted or further."""
    in_force: int
    failed: int
    unplaced: int = 0
    """Of the failed: sources of which nobody could say where they are, or whether there are any: 3."""

    @property
    def nothing_accepted(self) -> bool:
        """Something was ordered and the platform has said yes to none of it: 6 once a wait is over (``wait.deadline``)."""
        return self.ordered > 0 and self.accepted == 0

    @property
    def on_its_way(self) -> bool:
        """Something was ordered and is not in force yet: 5."""
        return self.in_force < self.ordered

    @property
    def can_still_move(self) -> bool:
        """Whether waiting longer can change anything: some source is neither in force nor failed."""
        return self.in_force + self.failed < self.ordered


def facts(matters: Sequence[Matter], tenants: Collection[str]) -> Facts:
    """The facts of one or several matters together, in a district with these ``tenants``."""
    people = [person for matter in matters for person in _asked_for(matter)]
    sources = [source for matter in matters for source in matter.sources if source.counts]
    lines = [line for matter in matters for line in matter.lines if line.code is not None or line.candidates]
    return Facts(
        open_questions=len(lines) + len(people), unasked=frozenset(tenant for matter in matters for tenant in _unread(matter, tenants)),
        ordered=len(sources), accepted=sum(source.state in TAKEN for source in sources), in_force=sum(source.state in IN_FORCE for source in sources),
        failed=sum(source.state is SourceState.FAILED for source in sources),
        unplaced=sum(source.state is SourceState.FAILED and source.code == PersonCode.PLACE_UNKNOWN.value for source in sources),
    )


def _asked_for(matter: Matter) -> list[PersonOnHold]:
    """People who need an answer: a question, nobody of that address, deleted and nothing to hold, or a place that was named and is none."""
    with_sources = {source.person for source in matter.sources if source.counts}
    return [
        person for person in matter.held
        if person.code in LOOK_AGAIN or (person.id not in with_sources and (person.code is PersonCode.DELETED or _is_none(person)))
    ]


def _is_none(person: PersonOnHold) -> bool:
    return person.place is not None and person.code is PersonCode.NO_CONTAINER


def _unread(matter: Matter, tenants: Collection[str]) -> set[str]:
    return {tenant for person in matter.held for tenant in person.unknown_in(tenants)}


def document(
    matter: Matter, secured: frozenset[str], found: Mapping[str, Finding], by_hand: str | None, tenants: Collection[str], *,
    at_risk: Sequence[Danger] = (),
) -> dict[str, object]:
    """The contract's fields of one matter. ``secured``: paper places vouched for; ``found``: findings by gap id; ``at_risk``: of anybody on hold."""
    people = {person.id: person for person in matter.people}
    return {
        "matter": _matter(matter),
        "people": [
            *(_person(person, _dangers(person, matter, at_risk), tenants) for person in matter.people),
            *(_line(line) for line in matter.lines if line.code or line.candidates),
        ],
        "sources": [_source(source, people[source.person]) for source in matter.sources],
        "paper": [_paper(paper, secured) for paper in matter.paper],
        "gaps": [_gap(gap, matter, people, found.get(gap.id)) for gap in matter.gaps],
        "releases": [_release(release, people) for release in matter.releases],
        "by_hand": by_hand,
    }


def _matter(matter: Matter) -> dict[str, object]:
    times = matter.times
    return {
        "alias": matter.alias, "tenant_alias": matter.tenant_alias, "report_alias": matter.report_alias, "state": matter.state.value,
        "times": {
            "triggered": _time(times.triggered), "received": _time(times.received), "passed_to_counsel": _time(times.passed_to_counsel),
            "ordered": _time(times.ordered), "issued": _time(times.issued),
            "release_due": _time(matter.release.due) if matter.release is not None else None,
        },
    }


def _release(release: Release, people: Mapping[str, PersonOnHold]) -> dict[str, object]:
    return {
        "id": release.id, "officer": release.officer, "reason": release.reason.text, "consent_sha256": release.reason.consent,
        "people": sorted(people[one].address for one in release.people), "changes": list(release.changes), "requested": _time(release.requested),
        "approved": _time(release.approved), "due": _time(release.due), "begun": _time(release.begun), "ended": _time(release.ended),
        "going": list(release.going), "stopped": _time(release.stopped), "stopped_by": release.stopped_by,
    }


def _dangers(person: PersonOnHold, matter: Matter, at_risk: Sequence[Danger]) -> list[dict[str, object]]:
    """What threatens the person's records now: what is lost, what to do, until when, and what the log shows."""
    if not at_risk:
        return []
    own = {(account.tenant, account.vendor_id) for account in person.accounts}
    if person.place is not None:
        tenants = {source.tenant for source in matter.sources_of(person.id)}
        own |= {(tenant, subject) for tenant in tenants for subject in place_ids(person, matter, tenant)}
    return [
        {
            "code": one.risk.code, "tenant": one.tenant, "since": _time(one.first_seen), "lost": danger.meaning.lost,
            "do": danger.meaning.do, "until": _time(one.risk.until),
            "log": {"actor": one.actor, "at": _time(one.at), "event": one.risk.event} if one.actor is not None else None,
            "log_state": danger.log.value,
        }
        for danger in at_risk if ((one := danger.kept).tenant, one.risk.subject) in own
    ]


def _person(person: PersonOnHold, dangers: list[dict[str, object]], tenants: Collection[str]) -> dict[str, object]:
    since = person.since
    return {
        "id": person.id, "person": person.address, "state": person.state.value, "candidates": list(person.candidates),
        "absent_from": list(person.where(Presence.ABSENT)), "unknown_in": list(person.unknown_in(tenants) if person.released is None else ()),
        "unmatched": list(person.unmatched), "code": person.code.value if person.code else None,
        "since": {"earliest": _time(since.earliest), "latest": _time(since.latest)} if since else None,
        "former": person.former, "released": _time(person.released), "from": person.line, "at_risk": dangers,
    }


def _line(line: Line) -> dict[str, object]:
    """A group, school or role that is a question, or that nobody knows."""
    state = PersonState.QUESTION if line.candidates else PersonState.NOT_HELD
    return {
        "id": line.id, "person": line.text, "state": state.value, "candidates": list(line.candidates),
        "absent_from": [], "unknown_in": [], "unmatched": [],
        "code": line.code.value if line.code else None, "since": None, "former": False, "released": None, "from": line.text, "at_risk": [],
    }


def _source(source: Source, person: PersonOnHold) -> dict[str, object]:
    error = source.code if source.error is None else f"{source.code}: {source.error}"
    return {
        "id": source.id, "person": person.address, "identity": source.place.address or source.identity, "tenant": source.tenant,
        "source": source.workload.value, "state": source.state.value,
        "times": {
            "requested": _time(source.requested), "sent": _time(source.sent), "accepted": _time(source.accepted),
            "effective": _time(source.effective), "verified": _time(source.verified), "released": _time(source.released),
        },
        "vendor": {"container": source.vendor_container, "id": source.place.vendor_id},
        "error": error, "code": source.code,
    }


def _paper(paper: Paper, secured: frozenset[str]) -> dict[str, object]:
    return {
        "id": paper.id, "what": paper.what, "where": paper.where, "responsible": paper.responsible, "secured_on": paper.secured_on,
        "state": paper_state(paper, secured),
    }


def paper_state(paper: Paper, secured: frozenset[str]) -> str:
    """``attested`` by an officer, ``set_by_hand`` on the order's word, or ``not_secured``."""
    return "attested" if paper.id in secured else "set_by_hand" if paper.secured_on else "not_secured"


def _gap(gap: Gap, matter: Matter, people: Mapping[str, PersonOnHold], finding: Finding | None) -> dict[str, object]:
    source = next(one for one in matter.sources if one.id == gap.source)
    return {
        "id": gap.id,
        "source": {
            "id": source.id, "person": people[source.person].address, "identity": source.place.address or source.identity, "tenant": source.tenant,
            "source": source.workload.value,
        },
        "last_seen_held": _time(gap.last_seen_held), "first_seen_not_held": _time(gap.first_seen_not_held), "restored": _time(gap.restored),
        "recoverable_until": _time(gap.recoverable_until), "recoverable_reason": gap.recoverable_reason,
        "cause": load_object(gap.cause) if gap.cause else None,
        "found": None if finding is None else {"attestation": finding.attestation, "officer": finding.officer, "at": _time(finding.at)},
    }


def is_open(matter: Matter) -> bool:
    """Whether the matter still holds anything."""
    return matter.state is not MatterState.RELEASED


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
