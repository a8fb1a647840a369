"""The tenants' own identities, pinned at first contact."""

from __future__ import annotations

from datetime import datetime

from sync.store import Store
from sync.store.tables.core import PinnedTenant


class Pins:
    """Reads and writes the pinned identities of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, tenant: str) -> str | None:
        """The vendor's own id that ``tenant`` had at first contact, or None."""
        with self.store.read() as session:
            row = session.get(PinnedTenant, (self.store.district, tenant))
        return None if row is None else row.vendor_id

    def same(self, tenant: str, vendor_id: str, now: datetime) -> bool:
        """Whether ``tenant`` is the one met first; the first contact pins it."""
        known = self.get(tenant)
        if known is not None:
            return known == vendor_id
        with self.store.write() as session:
            row = session.get(PinnedTenant, (self.store.district, tenant))
            if row is None:
                session.add(PinnedTenant(district=self.store.district, tenant=tenant, vendor_id=vendor_id, pinned_at=now))
                return True
            return row.vendor_id == vendor_id
