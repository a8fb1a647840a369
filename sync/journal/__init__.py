"""The journal: what was meant, done, seen, approved and said, in one chain that commits to confidential values without holding them."""

from __future__ import annotations

from sync.journal.journal import Journal
from sync.journal.verify import verify_file
from sync.journal.words import (
    PROGRAM,
    Actor,
    ActorKind,
    Entry,
    FirstBad,
    Head,
    JournalError,
    OpenIntent,
    Sealed,
    SealedCount,
    Verification,
)
from sync.store.words import EntryKind, OutcomeResult

__all__ = [
    "PROGRAM",
    "Actor",
    "ActorKind",
    "Entry",
    "EntryKind",
    "FirstBad",
    "Head",
    "Journal",
    "JournalError",
    "OpenIntent",
    "OutcomeResult",
    "Sealed",
    "SealedCount",
    "Verification",
    "verify_file",
]
