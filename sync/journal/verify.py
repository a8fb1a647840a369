"""Checking a chain: numbers, hashes, form, signatures against the officers in force, what changed the officers, and the sealed values."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sync.journal.entry import hash_of, parse, seals_in, signed_bytes
from sync.journal.words import ActorKind, Entry, FirstBad, JournalError, SealedCount, Verification
from sync.officers import key_id, verify
from sync.store.seals import seal_of
from sync.store.words import EntryKind, OutcomeResult

ZERO = "0" * 64
APPROVALS = 2
"""How many officers of the version in force must have signed a change of the officers."""
CANNOT_APPROVE = "it_director"


class BadEntryError(Exception):
    """The entry at ``seq`` does not hold."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(why)
        self.seq = seq
        self.why = why


@dataclass(frozen=True, slots=True)
class Claimed:
    """Where a chain is said to end: a store's own head."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class SealedValues:
    """Salt and JSON text by seal, as far as they were handed over."""

    values: Mapping[str, tuple[bytes, str]] = field(default_factory=dict, repr=False)


def verify_file(path: Path, sealed_path: Path | None = None, against: str | None = None) -> Verification:
    """What an exported journal proves by itself, with the values of ``sealed_path`` where given.

    Raises JournalError ``journal.unreadable`` when a file cannot be read, or the sealed file is malformed, ``journal.empty`` without any entry.
    """
    values = SealedValues() if sealed_path is None else _read_sealed(sealed_path)
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise JournalError("journal.empty", f"{path.name} has no entry: there is nothing that could hold", "export the journal again")
            file.seek(0)
            return check_chain((line.removesuffix(b"\n") for line in file), values, against=against)
    except OSError as error:
        raise JournalError("journal.unreadable", f"{path} cannot be read: {error.strerror}", "check the path") from error


def check_chain(
    lines: Iterable[bytes], values: SealedValues, *, against: str | None = None, claimed: Claimed | None = None
) -> Verification:
    """The result for ``lines`` in order. ``against`` must be the head after one of them; ``claimed`` must be the end."""
    walk = Walk(values)
    first_bad: FirstBad | None = None
    iterator = iter(lines)
    try:
        for line in iterator:
            walk.step(line)
        walk.end(against, claimed)
    except BadEntryError as bad:
        first_bad = _blame(bad, walk, iterator)
    return walk.result(first_bad)


def _blame(bad: BadEntryError, walk: Walk, rest: Iterator[bytes]) -> FirstBad:
    """Where a link is broken, the later entry tells which side was changed: if it is itself vouched for by its successor, the earlier one was."""
    if bad.why != BROKEN_LINK:
        return FirstBad(seq=bad.seq, why=bad.why)
    follower = next(rest, None)
    vouched = False
    if follower is not None and walk.last is not None:
        try:
            vouched = parse(follower)[2] == hash_of(walk.last)
        except ValueError:
            vouched = False
    if follower is None or vouched:
        return FirstBad(seq=bad.seq - 1, why="its bytes are not those that the next entry was chained to")
    return FirstBad(seq=bad.seq, why=BROKEN_LINK)


BROKEN_LINK = "it is not chained to the entry before it"


class Walk:
    """The state that grows along a chain."""

    def __init__(self, values: SealedValues) -> None:
        self.last: bytes | None = None
        self._values = values.values
        self._seq = 0
        self._head = ZERO
        self._chain: str | None = None
        self._heads: dict[str, int] = {}
        self._officers: Mapping[str, Officer] | None = None
        self._intents: set[int] = set()
        self._seals: dict[str, int] = {}
        self._erased: set[str] = set()
        self._approvals: dict[int, tuple[str, object]] = {}
        self._signatures = 0

    def step(self, line: bytes) -> None:
        """Take in the next line. Raises BadEntryError."""
        seq = self._seq + 1
        self.last = line
        try:
            entry, chain, prev = parse(line)
        except (ValueError, RecursionError) as error:
            raise BadEntryError(seq, f"it is no entry: {error}") from error
        if entry.seq != seq:
            raise BadEntryError(seq, f"number {entry.seq} stands in its place")
        if prev != self._head:
            raise BadEntryError(seq, BROKEN_LINK)
        if self._chain not in {None, chain}:
            raise BadEntryError(seq, f"it belongs to another chain, {chain}")
        self._signature(entry)
        self._meaning(entry)
        self._seal(entry)
        self._seq, self._head, self._chain = seq, entry.hash, chain
        self._heads[entry.hash] = seq

    def end(self, against: str | None, claimed: Claimed | None) -> None:
        """Check the end of the chain. Raises BadEntryError."""
        if claimed is not None and (claimed.seq, claimed.hash) != (self._seq, self._head):
            seq = min(claimed.seq, self._seq) + (claimed.seq != self._seq)
            raise BadEntryError(seq, f"the chain ends at {self._seq}, the head says {claimed.seq}")
        if against is None:
            return
        number, _, published = against.rpartition(":")
        found = self._heads.get(published)
        if published == ZERO and number in {"", "0"}:
            return
        if found is None or (number and number != str(found)):
            seq = int(number) if number.isdigit() else self._seq
            raise BadEntryError(seq, f"the published head {published[:16]} is not in this chain")

    def result(self, first_bad: FirstBad | None) -> Verification:
        """What was found so far."""
        shown = sum(1 for seal in self._seals if seal in self._values)
        erased = sum(1 for seal in self._seals if seal not in self._values and seal in self._erased)
        return Verification(
            ok=first_bad is None,
            entries=self._seq,
            head=self._head,
            seq=self._seq,
            sealed=SealedCount(shown=shown, withheld=len(self._seals) - shown - erased, erased=erased),
            first_bad=first_bad,
            open_intents=tuple(sorted(self._intents)),
            signatures=self._signatures,
        )

    def _signature(self, entry: Entry) -> None:
        actor = entry.actor
        if actor.kind is not ActorKind.OFFICER:
            if actor.key is not None or actor.sig is not None:
                raise BadEntryError(entry.seq, "it is signed by somebody who is no officer")
            return
        officer = (self._officers or {}).get(actor.id)
        if officer is None or officer.key is None:
            raise BadEntryError(entry.seq, f"{actor.id} was no officer with a key when it was written")
        if actor.key != key_id(officer.key):
            raise BadEntryError(entry.seq, f"its key is not the one in force for {actor.id}")
        if actor.sig is None or not verify(officer.key, actor.sig, signed_bytes(entry.kind, entry.subject, entry.body)):
            raise BadEntryError(entry.seq, f"the signature of {actor.id} does not hold")
        self._signatures += 1

    def _meaning(self, entry: Entry) -> None:
        match entry.kind:
            case EntryKind.INTENT:
                self._intents.add(entry.seq)
            case EntryKind.OUTCOME:
                intent, result = entry.body.get("intent"), entry.body.get("result")
                if intent not in self._intents or result not in set(OutcomeResult):
                    raise BadEntryError(entry.seq, f"it settles {intent!r} as {result!r}, which is no open intent or no result")
                self._intents.remove(entry.body["intent"])  # type: ignore[arg-type]  # it was found in the set of numbers
            case EntryKind.APPROVAL:
                if entry.actor.kind is ActorKind.OFFICER:
                    self._approvals[entry.seq] = (entry.actor.id, entry.body.get("governance"))
            case EntryKind.GOVERNANCE:
                self._govern(entry)
            case EntryKind.ERASURE:
                erased = entry.body.get("erased")
                self._erased.update(str(seal) for seal in erased if isinstance(seal, str)) if isinstance(erased, list) else None
            case _:
                pass

    def _govern(self, entry: Entry) -> None:
        """From the second version on, other officers need two signatures of those in force, wherever there are two who could give them."""
        try:
            officers = officers_of(entry.body.get("officers"))
        except ValueError as error:
            raise BadEntryError(entry.seq, f"its officers are malformed: {error}") from error
        before = self._officers
        if before is not None and officers != before and sum(officer.approves for officer in before.values()) >= APPROVALS:
            cited = entry.body.get("approved_by")
            digest = entry.body.get("digest")
            approvals = [self._approvals[seq] for seq in cited if seq in self._approvals] if isinstance(cited, list) else []
            names = {name for name, what in approvals if what == digest and name in before and before[name].approves}
            if digest is None or len(names) < APPROVALS:
                raise BadEntryError(entry.seq, "it changes the officers without two signatures of those in force")
        self._officers = officers

    def _seal(self, entry: Entry) -> None:
        for seal in seals_in(entry.body):
            self._seals.setdefault(seal, entry.seq)
            held = self._values.get(seal)
            if held is not None and seal_of(*held) != seal:
                raise BadEntryError(entry.seq, f"the value handed over for the seal {seal[:16]} is not the one it was made from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer as a ``governance`` entry names one."""

    key: str | None
    roles: frozenset[str]

    @property
    def approves(self) -> bool:
        """Whether this officer can sign approvals: has a key, and another role than the IT director's."""
        return self.key is not None and bool(self.roles - {CANNOT_APPROVE})


def officers_of(listed: object) -> dict[str, Officer]:
    """Officers by id from ``body.officers``. Raises ValueError."""
    if not isinstance(listed, list):
        raise ValueError("a list was expected")  # noqa: TRY004  # one error type for malformed entries
    found: dict[str, Officer] = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("id"), str) or not isinstance(one.get("roles"), list) or one["id"] in found:
            raise ValueError("each has an id of its own, a key and roles")
        key = one.get("key")
        if key is not None:
            key_id(key)
        found[one["id"]] = Officer(key=key, roles=frozenset(str(role) for role in one["roles"]))
    return found


def _read_sealed(path: Path) -> SealedValues:
    values: dict[str, tuple[bytes, str]] = {}
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                loaded = json.loads(line)
                if not isinstance(loaded, dict) or not all(isinstance(loaded.get(name), str) for name in ("sealed", "salt", "value")):
                    raise JournalError("journal.unreadable", f"line {number} of {path} is no sealed value")
                values[loaded["sealed"]] = (base64.b64decode(loaded["salt"], validate=True), loaded["value"])
    except OSError as error:
        raise JournalError("journal.unreadable", f"{path} cannot be read: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise JournalError("journal.unreadable", f"{path} is no file of sealed values: {error}") from error
    return SealedValues(values)
