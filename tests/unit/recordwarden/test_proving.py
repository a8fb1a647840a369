"""Proofs in the journal: what is not known to have failed is not said to have failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import Lane
from policies.kinds import Kind
from recordwarden.cli.proving import Proof, prove
from sync.journal import EntryKind
from sync.look import look
from sync.store.proofs import Proofs
from tests.unit.sync.matters.world import CUSTODIAN, Scene, google, m365, roster, scene

LABEL = Kind.M365_LABEL


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as made:
        yield made


def proven(here: Scene) -> Proof:
    door = here.desk.door("m365")
    (found,) = prove(here.desk, look(here.desk, door, Lane.SYNC, door.connector.kinds()), CUSTODIAN, frozenset({LABEL}))
    return found


def outcomes(here: Scene) -> list[object]:
    return [entry.body["result"] for entry in here.desk.journal.entries() if entry.kind is EntryKind.OUTCOME]


def test_an_answer_that_was_lost_leaves_the_proof_open_until_the_next_one(here: Scene) -> None:
    here.worlds["m365"].troubles.lost = "after"
    lost = proven(here)
    assert (lost.ok, lost.problem and lost.problem.code) == (False, "intent.open")
    assert (len(here.desk.journal.open_intents()), outcomes(here)) == (1, [])
    assert Proofs(here.store).of("m365", here.clock.now()) == {}
    assert proven(here).ok
    assert here.desk.journal.open_intents() == []
    assert outcomes(here) == ["done", "done"]


def test_a_refusal_is_a_failure(here: Scene) -> None:
    here.worlds["m365"].troubles.lost = "before"
    assert not proven(here).ok
    assert (here.desk.journal.open_intents(), outcomes(here)) == ([], ["failed"])
