"""The board's monthly report: collected, rendered, checked, written and sealed in the journal."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from connectors.base import Clock
from policies.district import District
from policies.policy import Policy
from reports.chronicle import REPORT
from reports.collect import ReportError, Source, collect
from reports.facts import BoardFacts, Edition
from reports.render import csv, html, json
from sync.journal import EntryKind, Journal
from sync.registers.governance import Author
from sync.store import Store

PROGRAM = Author()
"""A report that the program makes of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReport:
    """A report as it was written: its files (HTML, JSON, CSV), the SHA-256 (hex) of each by name, and the journal number that seals them."""

    paths: tuple[Path, ...]
    sha256: Mapping[str, str]
    seq: int
    facts: BoardFacts


def make(  # noqa: PLR0913  # what it is made from, and the four choices of who asks
    store: Store,
    district: District,
    policy: Policy,
    journal: Journal,
    clock: Clock,
    *,
    month: str,
    edition: Edition | str,
    out: Path,
    restate: bool = False,
    by: Author = PROGRAM,
) -> BoardReport:
    """The report of ``month`` (``YYYY-MM``) in ``out`` as ``board-YYYY-MM-<edition>.{html,json,csv}``, sealed in the journal ``by`` whoever makes it.

    A month that has ended is reported once; ``restate`` makes it again, and the journal shows both. A month that still lasts gives a preliminary
    report, as often as one likes. Raises ReportError ``report.month .nothing_yet .exists .place``, StoreError, AccessibilityError.
    """
    source = Source(store=store, district=district, policy=policy, journal=journal, now=clock.now())
    wanted = Edition(edition)
    facts = collect(source, month, wanted, installed("recordwarden"))
    subject = f"{REPORT}{month}/{wanted.value}"
    if facts.period.over and not restate and _final(journal, subject):
        raise ReportError("report.exists", f"the {wanted.value} report of {month} was made already", "give --restate to make it again")
    texts = {"html": html.render(facts), "json": json.render(facts), "csv": csv.render(facts)}
    written = {f"board-{month}-{wanted.value}.{ending}": text.encode() for ending, text in texts.items()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in written.items()}
    drafts = {out / name: _draft(out, name, content) for name, content in written.items()}
    seq = journal.append(EntryKind.EVIDENCE, subject, _body(facts, hashes, restate=restate), actor=by.actor, signer=by.key)
    for path, draft in drafts.items():
        draft.replace(path)  # sealed first: a report that stands in its place is one that the journal knows
    return BoardReport(paths=tuple(drafts), sha256=hashes, seq=seq, facts=facts)


def _final(journal: Journal, subject: str) -> bool:
    """Whether the final report of this month and edition was sealed before; a preliminary one does not count."""
    return any(entry.kind is EntryKind.EVIDENCE and entry.subject == subject and entry.body["final"] is True for entry in journal.entries())


def _body(facts: BoardFacts, hashes: Mapping[str, str], *, restate: bool) -> dict[str, object]:
    return {
        "report": facts.schema,
        "month": facts.period.month,
        "edition": facts.edition,
        "final": facts.period.over,
        "restated": restate,
        "as_of": {"seq": facts.as_of.seq, "hash": facts.as_of.hash},
        "files": [{"name": name, "sha256": digest} for name, digest in hashes.items()],
    }


def _draft(out: Path, name: str, content: bytes) -> Path:
    """The content on disk, beside the place that it is for. Counsel's edition names people, so nobody else may read it."""
    draft = out / f".{name}.{secrets.token_hex(8)}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if "-counsel." in name else 0o644), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        message = f"the report cannot be written to {out}: {error.strerror}"
        raise ReportError("report.place", message, "name a folder that can be written with --out") from error
    return draft


__all__ = ["BoardReport", "Edition", "ReportError", "make"]
