"""The store: SQLite beside the program, PostgreSQL as the step up. The only place that knows SQLModel and SQLAlchemy."""

from __future__ import annotations

from sync.store.engine import Session, Store, exists, open_store, peek
from sync.store.errors import StoreError

__all__ = ["Session", "Store", "StoreError", "exists", "open_store", "peek"]
