"""Every table of the store. Importing this package fills the one metadata that migrations are compared with."""

from __future__ import annotations

from sync.store.tables import core, engine, matters, notices, watch

__all__ = ["core", "engine", "matters", "notices", "watch"]
