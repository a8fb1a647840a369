"""The contract's exit codes, and which of several is the one that a command ends with."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    ERROR = 1
    """Nothing was decided or done."""
    LEFT = 2
    """Changes or drift exist and nothing was done about them."""
    UNKNOWN = 3
    REFUSED = 4
    IN_FLIGHT = 5
    PROOF_FAILED = 6
    USAGE = 64
    OUR_FAULT = 70
    INTERRUPTED = 130
    TERMINATED = 143


FIRST = (
    Exit.TERMINATED,
    Exit.INTERRUPTED,
    Exit.USAGE,
    Exit.OUR_FAULT,
    Exit.ERROR,
    Exit.PROOF_FAILED,
    Exit.UNKNOWN,
    Exit.REFUSED,
    Exit.IN_FLIGHT,
    Exit.LEFT,
    Exit.DONE,
)
"""Where several apply, the first in this order (contract, *Exit codes*)."""


def worst(*codes: Exit) -> Exit:
    """The code that the command ends with where several apply; ``DONE`` where none does."""
    return min(codes, key=FIRST.index, default=Exit.DONE)
