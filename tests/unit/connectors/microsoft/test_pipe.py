"""The private loop under Graph: it ends with whoever used it, wherever that is noticed."""

from __future__ import annotations

import threading

from connectors.microsoft365.sdk import Pipe
from tests.unit.connectors.microsoft.support import Bench


def test_a_pipe_that_is_given_up_in_its_own_thread_waits_for_nobody(bench: Bench) -> None:
    """The garbage collector may come by in the loop's thread, where waiting for the loop would never end."""
    pipe = Pipe(bench.tenant, bench.tenant.endpoints["graph"])
    loop, done = pipe._loop, threading.Event()

    def inside() -> None:
        pipe.close()
        done.set()

    loop.call_soon_threadsafe(inside)
    assert done.wait(timeout=4), "it waited for itself"
    for thread in threading.enumerate():
        if thread.name == f"graph-{bench.tenant.id}":
            thread.join(timeout=20)
    assert loop.is_closed()


def test_a_pipe_is_closed_once_and_again_without_harm(bench: Bench) -> None:
    pipe = Pipe(bench.tenant, bench.tenant.endpoints["graph"])
    pipe.close()
    assert pipe._loop.is_closed()
    pipe.close()
