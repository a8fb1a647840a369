"""A matter's values as rows of the store and back.

``body`` is that of the journal entry just written: there every sealed value stands as its hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from policies.kinds import Workload
from sync.matters import dossier
from sync.matters.delta import Delta
from sync.matters.model import (
    Answer,
    Between,
    Gap,
    Line,
    Matter,
    PersonCode,
    PersonOnHold,
    Place,
    Presence,
    Source,
    Times,
)
from sync.matters.release import Release
from sync.store.columns import from_rfc3339, rfc3339
from sync.store.documents import dump, load_list, load_object
from sync.store.matters import Bundle, Row
from sync.store.tables.matters import (
    MatterGapRow,
    MatterLineRow,
    MatterPaperRow,
    MatterPersonRow,
    MatterReleaseRow,
    MatterRow,
    MatterSourceRow,
)


def matter(bundle: Bundle) -> Matter:
    """The matter whose rows these are."""
    row, opened = bundle.matter, bundle.opened
    spots: dict[str, Place] = {}
    for one in bundle.people:
        spots.update(dossier.places(opened.get(one.dossier)))
    return Matter(
        alias=row.alias, tenant_alias=row.tenant_alias, report_alias=row.report_alias, state=row.state, opened=row.opened_at,
        times=Times(ordered=row.ordered, triggered=row.triggered, received=row.received, passed_to_counsel=row.passed_to_counsel, issued=row.issued),
        details=dossier.details(opened.get(row.details)), workloads=tuple(Workload(one) for one in load_list(row.workloads)),
        people=tuple(sorted((_person(one, opened) for one in bundle.people), key=lambda one: (one.address, one.id))),
        sources=tuple(sorted((_source(one, spots, opened) for one in bundle.sources), key=lambda one: (one.tenant, one.person, one.id))),
        paper=tuple(dossier.paper(opened.get(one.dossier), one.id, one.secured_on) for one in bundle.paper),
        gaps=tuple(sorted((_gap(one, opened) for one in bundle.gaps), key=lambda one: (one.first_seen_not_held, one.id))),
        lines=tuple(sorted((_line(one, opened) for one in bundle.lines), key=lambda one: (one.text, one.id))),
        releases=tuple(sorted((_release(one, opened) for one in bundle.releases), key=lambda one: (one.requested, one.id))),
        looked={tenant: from_rfc3339(str(at)) for tenant, at in load_object(row.looked).items()}, version=bundle.version,
    )


def rows(delta: Delta, district: str, body: Mapping[str, object]) -> Iterable[Row]:
    """The rows that ``delta`` changes."""
    after = delta.after
    key = {"district": district, "matter": after.tenant_alias}
    if delta.head:
        yield _head(after, district, _seal(body.get("details")))
    for line in delta.lines:
        seal = _seal_in(body, "lines", line.id, "dossier")
        yield MatterLineRow(**key, id=line.id, dossier=seal, expanded_at=line.expanded, code=line.code.value if line.code else None)
    for person in delta.people:
        yield _person_row(person, key, _seal_in(body, "people", person.id, "dossier"))
    for source in delta.sources:
        yield _source_row(source, key, _seal_in(body, "sources", source.id, "error") or None)
    for one in delta.paper:
        yield MatterPaperRow(**key, id=one.id, dossier=_seal_in(body, "paper", one.id, "dossier"), secured_on=one.secured_on)
    for gap in delta.gaps:
        yield _gap_row(gap, key, _seal_in(body, "gaps", gap.id, "cause") or None)
    for release in delta.releases:
        yield _release_row(release, key, _seal_in(body, "releases", release.id, "dossier"))


def _head(after: Matter, district: str, details: str) -> MatterRow:
    times = after.times
    return MatterRow(
        district=district, tenant_alias=after.tenant_alias, alias=after.alias, report_alias=after.report_alias, state=after.state, details=details,
        workloads=dump([one.value for one in after.workloads]), opened_at=after.opened, ordered=times.ordered, triggered=times.triggered,
        received=times.received, passed_to_counsel=times.passed_to_counsel, issued=times.issued,
        looked=dump({tenant: rfc3339(at) for tenant, at in after.looked.items()}),
    )


def _person_row(person: PersonOnHold, key: Mapping[str, str], seal: str) -> MatterPersonRow:
    since = person.since
    return MatterPersonRow(
        **key, id=person.id, dossier=seal, former=person.former, released=person.released, state=person.state,
        code=person.code.value if person.code else None,
        answers=dump({tenant: {"presence": one.presence, "codes": list(one.codes)} for tenant, one in person.answers.items()}),
        since_earliest=since.earliest if since else None, since_latest=since.latest if since else None,
    )


def _person(row: MatterPersonRow, opened: Mapping[str, object]) -> PersonOnHold:
    return replace(
        dossier.person(opened.get(row.dossier), row.id), former=row.former, released=row.released, state=row.state,
        code=PersonCode(row.code) if row.code else None, answers=_answers(row.answers),
        since=Between(earliest=row.since_earliest, latest=row.since_latest) if row.since_latest else None,
    )


def _line(row: MatterLineRow, opened: Mapping[str, object]) -> Line:
    return replace(dossier.line(opened.get(row.dossier), row.id), expanded=row.expanded_at, code=PersonCode(row.code) if row.code else None)


def _answers(text: str) -> Mapping[str, Answer]:
    found: dict[str, Answer] = {}
    for tenant, value in load_object(text).items():
        body = load_object(json.dumps(value))
        codes = body["codes"]
        assert isinstance(codes, list)
        found[tenant] = Answer(presence=Presence(str(body["presence"])), codes=tuple(PersonCode(code) for code in codes))
    return found


def _source_row(source: Source, key: Mapping[str, str], error: str | None) -> MatterSourceRow:
    return MatterSourceRow(
        **key, tenant=source.tenant, id=source.id, person=source.person, workload=source.workload.value, identity=source.identity, state=source.state,
        resource=source.resource, vendor_container=source.vendor_container, requested=source.requested, sent=source.sent, accepted=source.accepted,
        effective=source.effective, verified=source.verified, first_seen_held=source.first_seen_held, seen_held=source.seen_held,
        released=source.released, code=source.code, error=error,
    )


def _source(row: MatterSourceRow, spots: Mapping[str, Place], opened: Mapping[str, object]) -> Source:
    return Source(
        id=row.id, person=row.person, tenant=row.tenant, workload=Workload(row.workload), identity=row.identity,
        place=spots.get(row.id) or Place(address=dossier.ERASED), state=row.state, resource=row.resource, vendor_container=row.vendor_container,
        requested=row.requested, sent=row.sent, accepted=row.accepted, effective=row.effective, verified=row.verified,
        first_seen_held=row.first_seen_held, seen_held=row.seen_held, released=row.released, code=row.code,
        error=dossier.text(opened.get(row.error)) if row.error else None,
    )


def _gap_row(gap: Gap, key: Mapping[str, str], cause: str | None) -> MatterGapRow:
    return MatterGapRow(
        **key, tenant=gap.tenant, id=gap.id, source=gap.source, last_seen_held=gap.last_seen_held, first_seen_not_held=gap.first_seen_not_held,
        restored=gap.restored, recoverable_until=gap.recoverable_until, recoverable_reason=gap.recoverable_reason, cause=cause,
    )


def _gap(row: MatterGapRow, opened: Mapping[str, object]) -> Gap:
    return Gap(
        id=row.id, matter=row.matter, source=row.source, tenant=row.tenant, last_seen_held=row.last_seen_held,
        first_seen_not_held=row.first_seen_not_held, restored=row.restored, recoverable_until=row.recoverable_until,
        recoverable_reason=row.recoverable_reason, cause=dossier.text(opened.get(row.cause)) if row.cause else None,
    )


def _release_row(release: Release, key: Mapping[str, str], seal: str) -> MatterReleaseRow:
    return MatterReleaseRow(
        **key, id=release.id, officer=release.officer, requested=release.requested, dossier=seal, changes=dump(list(release.changes)),
        people=dump(list(release.people)), approved=release.approved, due=release.due, begun=release.begun, ended=release.ended,
        sources=dump(list(release.sources)), going=dump(list(release.going)), stopped=release.stopped, stopped_by=release.stopped_by,
    )


def _release(row: MatterReleaseRow, opened: Mapping[str, object]) -> Release:
    return Release(
        id=row.id, officer=row.officer, requested=row.requested, reason=dossier.reason(opened.get(row.dossier)),
        changes=tuple(load_list(row.changes)), people=tuple(load_list(row.people)), approved=row.approved, due=row.due, begun=row.begun,
        sources=tuple(load_list(row.sources)), going=tuple(load_list(row.going)), ended=row.ended, stopped=row.stopped, stopped_by=row.stopped_by,
    )


def _seal_in(body: Mapping[str, object], *trail: str) -> str:
    """The seal at the end of ``trail`` in a journal body, empty where nothing was sealed there."""
    here: object = body
    for step in trail:
        here = here.get(step) if isinstance(here, Mapping) else None
    return _seal(here)


def _seal(value: object) -> str:
    return str(value["sealed"]) if isinstance(value, Mapping) and "sealed" in value else ""


__all__ = ["matter", "rows"]
