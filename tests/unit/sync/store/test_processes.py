"""Two real processes on one store: nobody is lost, nobody overwrites, and one waits for the other."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from sync.journal import Journal
from tests.unit.sync.provable import RealClock, another, opened

APPEND = """
from sync.journal import EntryKind, Journal, Sealed
listen()
journal = Journal(opened(folder, RealClock()), RealClock(), run_id=str(os.getpid()), drill=True)
for number in range(40):
    journal.append(EntryKind.OBSERVATION, "x", {"n": number, "who": Sealed(f"{os.getpid()}-{number}")})
tell(wrote=40)
"""


def test_three_processes_make_the_store_and_one_chain(tmp_path: Path) -> None:
    with ExitStack() as stack:
        others = [stack.enter_context(another(tmp_path, APPEND)) for _ in range(3)]
        for other in others:
            other.say()
        for other in others:
            assert other.hear() == {"wrote": 40}
            assert other.end() == 0
    store = opened(tmp_path, RealClock())
    journal = Journal(store, RealClock(), run_id="r", drill=True)
    found = journal.verify()
    runs = {entry.run for entry in journal.entries()}
    store.close()
    assert found.ok
    assert (found.entries, found.sealed.shown, len(runs)) == (120, 120, 3)


def test_a_writer_waits_for_the_other_and_nothing_half_written_is_seen(tmp_path: Path) -> None:
    store = opened(tmp_path, RealClock())
    code = """
from sync.journal import EntryKind, Journal
store = opened(folder, RealClock())
journal = Journal(store, RealClock(), run_id="other", drill=True)
with store.write() as session:
    journal.append(EntryKind.OBSERVATION, "held", {}, session=session)
    tell(holding=True)
    listen()
tell(done=True)
"""
    with another(tmp_path, code) as other:
        other.hear()
        journal = Journal(store, RealClock(), run_id="mine", drill=True)
        assert journal.head().seq == 0, "not committed, not seen"
        with another(tmp_path, APPEND.replace("40", "1")) as third:
            third.say()
            assert third.process.poll() is None
            other.say()
            assert other.hear() == {"done": True}
            assert third.hear() == {"wrote": 1}
        assert [entry.subject for entry in journal.entries()] == ["held", "x"]
    store.close()


def test_a_process_killed_inside_a_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path, RealClock())
    code = """
from sync.journal import EntryKind, Journal
store = opened(folder, RealClock())
journal = Journal(store, RealClock(), run_id="other", drill=True)
journal.append(EntryKind.OBSERVATION, "whole", {})
with store.write() as session:
    journal.append(EntryKind.OBSERVATION, "half", {}, session=session)
    tell(holding=True)
    listen()
"""
    with another(tmp_path, code) as other:
        other.hear()
        other.process.kill()
        other.end()
    journal = Journal(store, RealClock(), run_id="mine", drill=True)
    assert [entry.subject for entry in journal.entries()] == ["whole"]
    assert journal.verify().ok
    store.close()
