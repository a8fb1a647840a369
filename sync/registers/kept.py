"""Kept policies: every compiled folder by its digest, from when it was in force, and the last good one for when the folder is broken."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Clock
from sync.journal import EntryKind, Journal
from sync.store import Store
from sync.store import register_rows as rows
from sync.store.tables.core import PolicyInForceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFolder:
    """A folder as it was compiled: its files byte for byte, and from when it was in force."""

    digest: str
    in_force_from: datetime
    files: Mapping[str, bytes]


def keep(journal: Journal, store: Store, clock: Clock, digest: str, files: Mapping[str, bytes]) -> bool:
    """Keep the folder, whose policy has ``digest``, as the one in force from now; whether it was not already.

    ``files`` are all of it, overlays too: who changed one beside the policy changed what goes on when the folder breaks, and the journal says that.
    """
    now = clock.now()
    with store.write() as session:
        last = rows.last_policy(session, store.district)
        same = last is not None and last.digest == digest
        if same and rows.kept_files(session, store.district, digest) == files:
            return False
        hashes = {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in sorted(files.items())}
        if same:
            rows.put_files(session, store.district, digest, files)
            journal.append(EntryKind.OBSERVATION, "folder", {"policy": digest, "hashes": hashes}, session=session)
            return True
        rows.put_policy(session, PolicyInForceRow(district=store.district, number=1, digest=digest, in_force_from=now), files)
        before = None if last is None else last.digest
        body = {"policy": digest, "in_force_from": now, "before": before, "files": sorted(files), "hashes": hashes}
        journal.append(EntryKind.OBSERVATION, "policy", body, session=session)
    return True


def last_good(store: Store, at: datetime | None = None) -> KeptFolder | None:
    """The folder in force last (or at an instant); None before the first."""
    with store.read() as session:
        row = rows.last_policy(session, store.district, at)
        if row is None:
            return None
        return KeptFolder(digest=row.digest, in_force_from=row.in_force_from, files=rows.kept_files(session, store.district, row.digest))
