"""What can be wrong with a store, said so that a person knows what to do."""

from __future__ import annotations

from policies.problems import ToldError


class StoreError(ToldError):
    """The store cannot be used as asked."""
