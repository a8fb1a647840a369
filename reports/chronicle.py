"""The journal up to one number, folded into what a report needs: what was sent, signed, said, held. No seal is opened here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reports.facts import AsOf
from sync.journal import Entry, EntryKind
from sync.store.columns import from_rfc3339

REPORT = "report/board/"
"""Subject of the evidence entry of a board report, before month and edition."""


@dataclass(slots=True, kw_only=True)
class Sent:
    """An intent of a lane, and how it ended; ``result`` None while nobody knows."""

    seq: int
    at: datetime
    tenant: str
    change: str
    kind: str
    operation: str
    direction: str
    line: str | None
    matter: str | None
    people: int
    result: str | None = None
    status: str | None = None
    settled: int | None = None
    """The entry that says how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An officer's yes or no to a change."""

    seq: int
    change: str
    verdict: str
    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A statement: who signed it, and until when it counts."""

    officer: str
    until: datetime


@dataclass(slots=True, kw_only=True)
class HoldStream:
    """A matter replayed from its entries: parts by id, each in its newest form. People and reasons stay behind their seals."""

    tenant_alias: str
    report_alias: str
    opened: datetime
    state: str
    ordered: datetime
    released: datetime | None = None
    people: dict[str, Mapping[str, object]] = field(default_factory=dict)
    sources: dict[str, Mapping[str, object]] = field(default_factory=dict)
    paper: dict[str, Mapping[str, object]] = field(default_factory=dict)
    gaps: dict[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Chronicle:
    """What the journal says up to ``as_of``, everything before ``until``."""

    until: datetime
    as_of: AsOf | None = None
    marks: dict[datetime, AsOf] = field(default_factory=dict)
    """For each boundary asked for, the last entry before it."""
    sent: dict[int, Sent] = field(default_factory=dict)
    signatures: list[Signature] = field(default_factory=list)
    holds: dict[str, HoldStream] = field(default_factory=dict)
    officers: Mapping[str, object] = field(default_factory=dict)
    """Public key by officer id, of the version of the guards that was in force."""
    confirmed: dict[str, str] = field(default_factory=dict)
    policies: list[tuple[datetime, str]] = field(default_factory=list)
    attested: dict[str, Attested] = field(default_factory=dict)
    """By subject, the newest statement about it."""
    reports: list[str] = field(default_factory=list)
    """Subjects of reports sealed before."""


def chronicle(entries: Iterable[Entry], until: datetime, boundaries: Iterable[datetime]) -> Chronicle:
    """Everything before ``until``; the journal is in order, so the first later entry ends the fold."""
    told = Chronicle(until=until)
    ends = sorted(boundaries)
    for entry in entries:
        if entry.at >= until:
            break
        told.as_of = AsOf(seq=entry.seq, hash=entry.hash, at=entry.at)
        for end in ends:
            if entry.at < end:
                told.marks[end] = told.as_of
        _take(told, entry)
    return told


def _take(told: Chronicle, entry: Entry) -> None:  # noqa: C901  # one case per kind of entry
    body = entry.body
    match entry.kind:
        case EntryKind.INTENT if body.get("lane") in {"sync", "hold"}:
            told.sent[entry.seq] = _sent(entry)
        case EntryKind.OUTCOME:
            sent = told.sent.get(whole(body["intent"]))
            if sent is not None:
                sent.result, sent.status, sent.settled = text(body["result"]), text(body.get("status")), entry.seq
        case EntryKind.APPROVAL if "change" in body and "verdict" in body:
            verdict = Signature(seq=entry.seq, change=str(body["change"]), verdict=str(body["verdict"]), officer=entry.actor.id)
            told.signatures.append(verdict)
        case EntryKind.ATTESTATION:
            ends = instant(body["until"])
            assert ends is not None
            told.attested[entry.subject] = Attested(officer=entry.actor.id, until=ends)
        case EntryKind.CONFIRMATION:
            told.confirmed[entry.subject.removeprefix("series/")] = str(body["row"])
        case EntryKind.GOVERNANCE:
            told.officers = {str(one["id"]): one["key"] for one in rows(body["officers"])}
        case EntryKind.OBSERVATION if entry.subject == "policy":
            told.policies.append((entry.at, str(body["policy"])))
        case EntryKind.MATTER:
            _matter(told, entry)
        case EntryKind.EVIDENCE if entry.subject.startswith(REPORT):
            told.reports.append(entry.subject)
        case _:
            return


def _sent(entry: Entry) -> Sent:
    body = entry.body
    return Sent(
        seq=entry.seq,
        at=entry.at,
        tenant=entry.tenant or "",
        change=str(body["change"]),
        kind=str(body["kind"]),
        operation=str(body["op"]),
        direction=str(body["direction"]),
        line=text(body["line"]),
        matter=text(body["matter"]),
        people=whole(body["added"]) + whole(body["removed"]),
    )


def _matter(told: Chronicle, entry: Entry) -> None:
    body = entry.body
    alias, state, times = str(body["matter"]), str(body["state"]), mapping(body["times"])
    stream = told.holds.get(alias)
    if stream is None:
        ordered = instant(times["ordered"]) or entry.at
        stream = HoldStream(tenant_alias=alias, report_alias=str(body["report_alias"]), opened=entry.at, state=state, ordered=ordered)
        told.holds[alias] = stream
    if state == "released" and stream.state != "released":
        stream.released = entry.at
    stream.state = state
    for name, parts in (("people", stream.people), ("sources", stream.sources), ("paper", stream.paper), ("gaps", stream.gaps)):
        parts.update({key: mapping(value) for key, value in mapping(body.get(name) or {}).items()})


def text(value: object) -> str | None:
    """``value`` as text, None where there is none."""
    return None if value is None else str(value)


def whole(value: object) -> int:
    """A whole number. Raises TypeError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a whole number was expected in the journal")
    return value


def instant(value: object) -> datetime | None:
    """The instant that the journal wrote, None where there is none."""
    return None if value is None else from_rfc3339(str(value))


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object. Raises TypeError for anything else."""
    if not isinstance(value, Mapping):
        raise TypeError("an object was expected in the journal")
    return value


def rows(value: object) -> tuple[Mapping[str, object], ...]:
    """A list of JSON objects. Raises TypeError for anything else."""
    if not isinstance(value, list | tuple):
        raise TypeError("a list was expected in the journal")
    return tuple(mapping(one) for one in value)
