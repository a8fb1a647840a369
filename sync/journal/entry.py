"""One line of the journal, pure: from values to RFC 8785 bytes and back. The format is frozen by the first entry ever written."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import rfc8785

from sync.journal.words import Actor, ActorKind, Entry, JournalError, Sealed
from sync.plan import canonical
from sync.store.columns import from_rfc3339, rfc3339
from sync.store.seals import SALT, seal_of
from sync.store.words import EntryKind

VERSION = 1
FIELDS = frozenset({"v", "chain", "seq", "prev", "at", "vendor_at", "clock", "actor", "run", "kind", "tenant", "subject", "body"})
ACTOR_FIELDS = frozenset({"kind", "id", "key", "sig"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A value that was just sealed: its hash, its salt and its JSON text."""

    sealed: str
    salt: bytes
    value: str


def hash_of(line: bytes) -> str:
    """SHA-256 over a line without its newline, in hex."""
    return hashlib.sha256(line).hexdigest()


def seal_body(body: Mapping[str, object]) -> tuple[dict[str, object], tuple[Opened, ...]]:
    """``body`` as JSON values with each ``Sealed`` replaced by its hash, and what was sealed. Raises JournalError ``journal.not_json``."""
    opened: list[Opened] = []
    return {name: _plain(value, opened) for name, value in body.items()}, tuple(opened)


def json_text(value: object) -> str:
    """The JSON text of a sealed value: canonical, so that equal values read equal once opened."""
    return _canonical(_plain(value, None)).decode()


def signed_bytes(kind: EntryKind, subject: str, body: Mapping[str, object]) -> bytes:
    """What an officer signs: body, kind and subject as they stand in the line."""
    return _canonical({"body": body, "kind": kind.value, "subject": subject})


def line_of(entry: Entry, chain: str, prev: str) -> bytes:
    """The RFC 8785 bytes of ``entry``. Raises JournalError ``journal.not_json`` for what JSON cannot carry exactly."""
    return _canonical(
        {
            "v": VERSION,
            "chain": chain,
            "seq": entry.seq,
            "prev": prev,
            "at": rfc3339(entry.at),
            "vendor_at": None if entry.vendor_at is None else rfc3339(entry.vendor_at),
            "clock": entry.clock,
            "actor": {"kind": entry.actor.kind.value, "id": entry.actor.id, "key": entry.actor.key, "sig": entry.actor.sig},
            "run": entry.run,
            "kind": entry.kind.value,
            "tenant": entry.tenant,
            "subject": entry.subject,
            "body": entry.body,
        }
    )


def parse(line: bytes) -> tuple[Entry, str, str]:
    """Entry, chain and ``prev`` of a line. Raises ValueError that says what is wrong with it."""
    loaded = json.loads(line)  # ValueError, also for bytes that are no UTF-8
    if not isinstance(loaded, dict) or loaded.keys() != FIELDS:
        raise ValueError("its fields are not those of an entry")
    if loaded["v"] != VERSION:
        raise ValueError(f"its version {loaded['v']!r} is not known")
    actor, body, seq = loaded["actor"], loaded["body"], loaded["seq"]
    if not isinstance(actor, dict) or actor.keys() != ACTOR_FIELDS or not isinstance(body, dict) or type(seq) is not int:
        raise ValueError("its actor, body or number is malformed")
    if canonical(loaded) != line:
        raise ValueError("its bytes are not in canonical form")
    entry = Entry(
        seq=seq,
        at=from_rfc3339(_text(loaded["at"])),
        vendor_at=None if loaded["vendor_at"] is None else from_rfc3339(_text(loaded["vendor_at"])),
        clock=_text(loaded["clock"]),
        actor=Actor(kind=ActorKind(actor["kind"]), id=_text(actor["id"]), key=_maybe(actor["key"]), sig=_maybe(actor["sig"])),
        run=_text(loaded["run"]),
        kind=EntryKind(loaded["kind"]),
        tenant=_maybe(loaded["tenant"]),
        subject=_text(loaded["subject"]),
        body=body,
        hash=hash_of(line),
    )
    return entry, _text(loaded["chain"]), _text(loaded["prev"])


def seals_in(value: object) -> tuple[str, ...]:
    """The hashes of every sealed value in a body, in order of appearance."""
    if isinstance(value, Mapping):
        only = value.get("sealed") if len(value) == 1 else None
        if isinstance(only, str):
            return (only,)
        return tuple(seal for inner in value.values() for seal in seals_in(inner))
    if isinstance(value, list | tuple):
        return tuple(seal for inner in value for seal in seals_in(inner))
    return ()


def _canonical(value: object) -> bytes:
    try:
        return canonical(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:  # a lone surrogate has no UTF-8
        raise JournalError("journal.not_json", f"the journal cannot carry this exactly: {error}") from error


def _plain(value: object, opened: list[Opened] | None) -> object:  # noqa: PLR0911  # one line per type of JSON
    """``value`` in JSON's own types. ``opened`` None: inside a seal, where another seal makes no sense."""
    if isinstance(value, Sealed):
        if opened is None:
            raise JournalError("journal.not_json", "a sealed value holds another sealed value")
        text, salt = json_text(value.value), secrets.token_bytes(SALT)
        opened.append(Opened(sealed=seal_of(salt, text), salt=salt, value=text))
        return {"sealed": opened[-1].sealed}
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise JournalError("journal.not_json", "an object's names are text")
        return {str(name): _plain(inner, opened) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, opened) for inner in value]
    if isinstance(value, AbstractSet):
        return sorted((_plain(inner, opened) for inner in value), key=str)
    raise JournalError("journal.not_json", f"a {type(value).__name__} is no JSON value")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text was expected where something else stands")  # noqa: TRY004  # one error type for malformed lines
    return value


def _maybe(value: object) -> str | None:
    return None if value is None else _text(value)
