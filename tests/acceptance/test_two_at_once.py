"""Two processes at once: one waits for the other, nothing is made twice, and the hold lane waits for nobody."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from recordwarden.clock import SystemClock
from sync.lease import Leases
from sync.store import open_store
from tests.acceptance.rehearsal import District
from tests.acceptance.test_crashes import few, marks

__all__ = ["few"]
pytestmark = pytest.mark.slow


@contextmanager
def busy(district: District, lane: str) -> Iterator[None]:
    """Another process's turn at a lane: this one's."""
    clock = SystemClock()
    store = open_store(f"sqlite:///{district.store}", district="hm7kq2x4", drill=True, clock=clock)
    try:
        with Leases(store, clock, "another run", socket.gethostname(), os.getpid()).acquire(lane, seconds=300, wait=5):
            yield
    finally:
        store.close()


def ended(process: Any) -> dict[str, Any]:
    stdout, stderr = process.communicate(timeout=300)
    assert "Traceback" not in stderr
    document: dict[str, Any] = json.loads(stdout)
    return document


def test_two_runs_make_each_object_once(few: District) -> None:
    both = [few.start("sync"), few.start("sync")]
    documents = [ended(process) for process in both]
    assert few.sandbox is not None
    assert {document["exit"] for document in documents} <= {0, 5}, documents
    assert set(marks(few.sandbox).values()) == {1}
    sent = [document["result"]["totals"]["changes"] for document in documents]
    assert min(sent) == 0, "one had waited and found nothing left to send"
    assert max(sent) > 0
    assert few.run("journal", "verify").code == 0


def test_a_run_that_may_not_wait_says_who_is_at_work_unless_it_has_nothing_to_send(few: District) -> None:
    with busy(few, "m365/sync"):
        refused = few.run("--lock-wait", "0", "sync")
    assert refused.code == 3, refused.document["problems"]
    (problem,) = [one for one in refused.document["problems"] if one["code"] == "lease.held"]
    assert "another run" in problem["message"]

    assert few.run("sync").code in {0, 5}
    with busy(few, "m365/sync"):
        idle = few.run("--lock-wait", "0", "sync")
    assert "lease.held" not in idle.codes(), idle.document["problems"]
    assert idle.code in {0, 5}


def test_a_run_waits_and_then_goes_on(few: District) -> None:
    begun = threading.Event()
    found: list[dict[str, Any]] = []

    def run() -> None:
        process = few.start("--lock-wait", "120", "sync")
        begun.set()
        found.append(ended(process))

    with busy(few, "m365/sync"):
        waiting = threading.Thread(target=run)
        waiting.start()
        begun.wait()
        waiting.join(timeout=12)
        assert waiting.is_alive(), "it did not wait"
    waiting.join(timeout=300)
    assert found[0]["exit"] in {0, 5}, found
    assert found[0]["result"]["totals"]["changes"] > 0


def test_holds_never_wait_for_an_ordinary_run(district: District) -> None:
    with busy(district, "m365/sync"), busy(district, "google/sync"):
        held = district.run("--lock-wait", "0", "hold", "open", "--file", district.folder / "matter.yaml", "--wait-for", "accepted")
    assert held.code in {0, 5}, held.stdout
    assert "lease.held" not in held.codes()
    assert {source["tenant"] for source in held.result["sources"]} == {"m365", "google"}
