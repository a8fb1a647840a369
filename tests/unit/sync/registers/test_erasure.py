"""Erasing a person takes two officers, and leaves nothing of the person, not even in their wish."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.journal import EntryKind, Journal, JournalError, Sealed
from sync.officers import OfficerError, Signer
from sync.registers import erasure, governance
from sync.registers.governed import Governed
from sync.store import Store
from tests.unit.sync.provable import KEYS, VirtualClock, district

WHO = ["w.quatermass@d.example", " W. Quatermass "]


def signer(name: str) -> Signer:
    return Signer(officer=name, key=KEYS[name])


@pytest.fixture(autouse=True)
def written(journal: Journal, store: Store, clock: VirtualClock) -> None:
    governance.ensure(journal, store, clock, Governed.of(district("custodian", "counsel", "it")))
    journal.append(EntryKind.MATTER, "m-1", {"people": [Sealed({"address": "W.Quatermass@d.example"}), Sealed({"address": "other@d.example"})]})


def test_one_asks_and_the_second_does_it(journal: Journal, store: Store, clock: VirtualClock) -> None:
    first = erasure.ask(journal, store, clock, signer("custodian"), WHO)
    assert (first.asked_by, first.erased) == (("custodian",), None)
    assert journal.verify().sealed.erased == 0
    second = erasure.ask(journal, store, clock, signer("counsel"), [*reversed(WHO), ""])
    assert (second.asked_by, second.erased) == (("custodian", "counsel"), 1)
    found = journal.verify()
    assert found.ok
    assert found.sealed.erased == 3, "the value and both wishes"
    last = list(journal.entries())[-1]
    assert last.body["by"] == {"approved": [3, 4]}
    assert found.signatures == 2
    again = erasure.ask(journal, store, clock, signer("counsel"), WHO)
    assert again.erased is None, "a wish that was granted counts for no other"


def test_what_does_not_count(journal: Journal, store: Store, clock: VirtualClock) -> None:
    erasure.ask(journal, store, clock, signer("custodian"), WHO)
    for name, code in (("custodian", "approval.twice"), ("it", "approval.role")):
        with pytest.raises(OfficerError) as caught:
            erasure.ask(journal, store, clock, signer(name), WHO)
        assert caught.value.code == code
    with pytest.raises(JournalError) as nothing:
        erasure.ask(journal, store, clock, signer("counsel"), ["", " "])
    assert nothing.value.code == "erase.nothing"
    assert erasure.ask(journal, store, clock, signer("counsel"), ["somebody else"]).erased is None
    clock.advance(timedelta(days=14).total_seconds())
    assert erasure.ask(journal, store, clock, signer("counsel"), WHO).asked_by == ("counsel",)
    assert journal.verify().sealed.erased == 0
