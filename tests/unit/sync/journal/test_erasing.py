"""Erasing: the chain holds, the count says so, and no byte of value, salt or ciphertext is left in any file."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from sync.journal import EntryKind, Journal, JournalError, Sealed, verify_file
from sync.journal.entry import seals_in
from sync.store import Store, StoreError, journal_rows
from tests.unit.sync.provable import VirtualClock, another

NAME = "Wilhelmina Quatermass"


def files_of(store: Store) -> dict[str, bytes]:
    assert store.path is not None
    return {path.name: path.read_bytes() for path in store.path.parent.iterdir()}


def written(journal: Journal) -> str:
    for number in range(30):
        journal.append(EntryKind.OBSERVATION, f"p{number}", {"who": Sealed({"name": f"Person {number}"}), "n": number})
    seq = journal.append(EntryKind.MATTER, "m-1", {"people": [Sealed({"name": NAME, "mail": "w@d.example"}), Sealed("another")]})
    journal.append(EntryKind.OBSERVATION, "later", {"note": Sealed(f"seen with {NAME.upper()}")})
    return seals_in(next(journal.entries(seq - 1)).body)[0]


def test_erased_values_leave_no_byte_and_the_chain_holds(journal: Journal, store: Store, tmp_path: Path) -> None:
    sealed = written(journal)
    with store.read() as session:
        row = journal_rows.sealed(session, store.district, sealed)
    assert row is not None
    salt, value = store.sealer.open(store.district, row.sealed, row.box)
    assert NAME in value
    assert any(row.box in data for data in files_of(store).values()), "the test looks where the bytes are"
    journal.export_sealed(tmp_path / "before")

    assert journal.erase([NAME], by={"approved": [1, 2]}) == 2

    for name, data in files_of(store).items():
        for gone in (row.box, row.box[12:44], salt, value.encode(), NAME.encode(), NAME.upper().encode(), base64.b64encode(salt)):
            assert gone not in data, name
    found = journal.verify()
    assert found.ok
    assert (found.sealed.shown, found.sealed.withheld, found.sealed.erased) == (31, 0, 2)
    last = list(journal.entries())[-1]
    assert last.kind is EntryKind.ERASURE
    assert sealed in last.body["erased"]  # type: ignore[operator]  # a list of seals
    with pytest.raises(JournalError, match="erased"):
        journal.reveal(sealed)

    journal.export(tmp_path / "j")
    journal.export_sealed(tmp_path / "s")
    assert NAME.encode() not in (tmp_path / "j").read_bytes() + (tmp_path / "s").read_bytes()
    counts = verify_file(tmp_path / "j", tmp_path / "s").sealed
    assert (counts.shown, counts.withheld, counts.erased) == (31, 0, 2)
    counts = verify_file(tmp_path / "j").sealed
    assert (counts.shown, counts.withheld, counts.erased) == (0, 31, 2)
    assert verify_file(tmp_path / "j", tmp_path / "before").sealed.shown == 33, "counsel's older copy still proves what it shows"


def test_a_predicate_chooses_and_other_tables_go_in_the_same_transaction(journal: Journal, store: Store) -> None:
    written(journal)
    seen: list[bool] = []
    assert journal.erase(lambda value: value == {"name": "Person 7"}, by={}, also=lambda session: seen.append(session.is_active)) == 1
    assert seen == [True]
    assert journal.verify().sealed.erased == 1


def test_nothing_matching_writes_nothing(journal: Journal) -> None:
    written(journal)
    before = journal.head()
    assert journal.erase(["Nobody", ""], by={}) == 0
    assert journal.head() == before


def test_a_reader_of_old_pages_is_reported_and_a_second_call_scrubs(journal: Journal, store: Store, tmp_path: Path) -> None:
    sealed = written(journal)
    with store.read() as session:
        row = journal_rows.sealed(session, store.district, sealed)
    assert row is not None
    code = """
with opened(folder).read() as session:
    from sync.store import journal_rows
    journal_rows.head(session, DISTRICT)
    tell(reading=True)
    listen()
tell(done=True)
"""
    store.busy_seconds = 0.2
    with another(tmp_path, code) as other:
        other.hear()
        with pytest.raises(StoreError) as caught:
            journal.erase([NAME], by={})
        assert caught.value.code == "store.busy"
        other.say()
        other.hear()
    assert journal.erase([NAME], by={}) == 0
    assert all(row.box not in data for data in files_of(store).values())
    assert journal.verify().sealed.erased == 2


def test_the_clock_of_a_drill_stands_on_every_line(store: Store, clock: VirtualClock) -> None:
    Journal(store, clock, run_id="a", drill=False).append(EntryKind.OBSERVATION, "x", {})
    Journal(store, clock, run_id="b", drill=True).append(EntryKind.OBSERVATION, "x", {})
    assert [(entry.run, entry.clock) for entry in Journal(store, clock, run_id="c", drill=True).entries()] == [("a", "system"), ("b", "drill")]
