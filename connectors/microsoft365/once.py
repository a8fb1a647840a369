"""Creates that are sent once: what a throttled one waits for, and the look that says whether it came through before it is sent again (M§3.7)."""

from __future__ import annotations

from collections.abc import Callable

from connectors.base import Clock
from connectors.errors import ConnectorError, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.errors import LONGEST_WAIT, PATIENCE, Answer
from connectors.microsoft365.graph import Call, Listing, Reply
from policies.resources import Mark, find_mark


def wait_out(error: TransientError, clock: Clock, otherwise: float = PATIENCE) -> None:
    """Wait as long as a 429 asks, ``otherwise`` (seconds) where it names no time. Raises ``error`` where it is none, or asks for too much."""
    if error.code != "wire.throttled" or (error.retry_after or 0.0) > LONGEST_WAIT:
        raise error
    clock.sleep(error.retry_after if error.retry_after is not None else otherwise)


def there_by_mark(rows: Callable[[Call], Listing], call: Call, name: str, mark: Mark, marked: str) -> Reply | None:  # where, and what is looked for
    """The object of Graph's list ``call`` with our mark in ``marked``, None where a whole list shows none.

    Raises ``UnknownOutcomeError`` when it cannot tell.
    """
    try:
        listing = rows(call)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        raise UnknownOutcomeError("write.unseen", f"{name}: sent, throttled, and not to be looked for: {error.message}") from error
    found = next((row for row in listing.rows if find_mark(wire.text(row, marked)) == mark), None)
    if found is None and listing.partial is not None:
        raise UnknownOutcomeError("write.unseen", f"{name}: sent, throttled, and not seen in a list that broke off: {listing.partial}")
    return None if found is None else Reply(value=found, answer=Answer(status=200, headers={}, body=b"{}"))
