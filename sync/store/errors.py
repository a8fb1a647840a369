"""What can be wrong with a store, said so that a person knows what to do."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used as asked. ``code`` is dotted lower case; ``next_step`` says what a person can do."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
