"""Attestations, confirmed rows and kept policies."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from sync.journal import EntryKind, Journal, JournalError
from sync.officers import Signer
from sync.registers import attestations, confirmations, governance, kept
from sync.registers.attestations import AttestationState, Statement
from sync.registers.governed import Governed
from sync.store import Store
from tests.unit.sync.provable import KEYS, START, VirtualClock, district

CUSTODIAN = Signer(officer="custodian", key=KEYS["custodian"])


@pytest.fixture(autouse=True)
def in_force(journal: Journal, store: Store, clock: VirtualClock) -> None:
    governance.ensure(journal, store, clock, Governed.of(district("custodian", "counsel")))


def statement(subject: str = "vault-rules/google", days: float = 30, **files: object) -> Statement:
    return Statement(subject=subject, until=START + timedelta(days=days), **files)  # type: ignore[arg-type]  # files of the test


def test_an_attestation_is_signed_valid_and_runs_out(journal: Journal, store: Store, clock: VirtualClock, tmp_path: Path) -> None:
    (tmp_path / "shot of A. Pupil.png").write_bytes(b"pixels")
    (tmp_path / "rules.yaml").write_bytes(b"- {service: MAIL}\n")
    made = attestations.attest(
        journal, store, clock, CUSTODIAN, statement(evidence=[tmp_path / "shot of A. Pupil.png"], rules=tmp_path / "rules.yaml")
    )
    assert made.state is AttestationState.VALID
    assert made.rules == b"- {service: MAIL}\n"
    assert made.evidence == (hashlib.sha256(b"pixels").hexdigest(),)
    assert attestations.valid_subjects(store, clock.now()) == {"vault-rules/google"}
    entry = next(journal.entries(made.seq - 1))
    assert (entry.kind, entry.subject, entry.actor.id, entry.actor.key) == (
        EntryKind.ATTESTATION, "vault-rules/google", "custodian", KEYS["custodian"].key_id,
    )
    assert "Pupil" not in repr(entry.body)
    assert journal.verify().signatures == 1
    (last,) = attestations.attestations(store, made.until - timedelta(seconds=1))
    assert last.state is AttestationState.VALID
    (last,) = attestations.attestations(store, made.until)
    assert last.state is AttestationState.EXPIRED
    assert attestations.valid_subjects(store, made.until) == frozenset()


def test_a_newer_statement_or_an_event_overtakes(journal: Journal, store: Store, clock: VirtualClock) -> None:
    first = attestations.attest(journal, store, clock, CUSTODIAN, statement())
    other = attestations.attest(journal, store, clock, CUSTODIAN, statement("admin-endpoint/m365"))
    second = attestations.attest(journal, store, clock, CUSTODIAN, statement())
    attestations.confirm_consistent(journal, store, second.id, "event-1")
    attestations.confirm_consistent(journal, store, second.id, "event-1")
    states = {one.id: one for one in attestations.attestations(store, clock.now())}
    assert states[first.id].state is AttestationState.OVERTAKEN
    assert states[first.id].overtaken_by == (second.id,)
    assert states[other.id].state is AttestationState.VALID
    assert states[second.id].consistent_with == ("event-1",)
    assert attestations.valid_subjects(store, clock.now()) == {"vault-rules/google", "admin-endpoint/m365"}
    head = journal.head().seq
    attestations.overtake(journal, store, second.id, "event-2")
    attestations.overtake(journal, store, second.id, "event-2")
    assert journal.head().seq == head + 1, "said once"
    assert attestations.valid_subjects(store, clock.now()) == {"admin-endpoint/m365"}
    with pytest.raises(JournalError) as caught:
        attestations.overtake(journal, store, "a999", "event")
    assert caught.value.code == "attest.unknown"


def test_what_cannot_be_attested_is_not_written(journal: Journal, store: Store, clock: VirtualClock, tmp_path: Path) -> None:
    head = journal.head()
    for bad, code in (
        (statement(days=0), "attest.until"),
        (statement(evidence=[tmp_path / "none"]), "attest.file"),
        (statement(rules=tmp_path), "attest.file"),
    ):
        with pytest.raises(JournalError) as caught:
            attestations.attest(journal, store, clock, CUSTODIAN, bad)
        assert caught.value.code == code
    with pytest.raises(JournalError) as caught:
        attestations.attest(journal, store, clock, Signer(officer="custodian", key=KEYS["it"]), statement())
    assert caught.value.code == "officer.key_mismatch"
    assert journal.head() == head
    assert attestations.attestations(store, clock.now()) == ()


def test_the_last_confirmation_of_a_row_counts(journal: Journal, store: Store, clock: VirtualClock, tmp_path: Path) -> None:
    assert confirmations.confirmed(store) == {}
    (tmp_path / "m1.pdf").write_bytes(b"schedule")
    confirmations.confirm(journal, store, clock, CUSTODIAN, {"COR-02": "aa", "COR-03": "bb"}, schedule=tmp_path / "m1.pdf", page=12)
    confirmations.confirm(journal, store, clock, CUSTODIAN, {"COR-02": "cc"}, schedule=tmp_path / "m1.pdf", page=13)
    assert confirmations.confirmed(store) == {"COR-02": "cc", "COR-03": "bb"}
    last = confirmations.latest(store)["COR-02"]
    assert (last.page, last.officer, last.schedule_sha256) == (13, "custodian", hashlib.sha256(b"schedule").hexdigest())
    found = [entry for entry in journal.entries() if entry.kind is EntryKind.CONFIRMATION]
    assert [(entry.subject, entry.body["row"], entry.body["page"]) for entry in found] == [
        ("series/COR-02", "aa", 12), ("series/COR-03", "bb", 12), ("series/COR-02", "cc", 13),
    ]
    for page, schedule, code in ((0, "m1.pdf", "confirm.page"), (1, "none.pdf", "confirm.file")):
        with pytest.raises(JournalError) as caught:
            confirmations.confirm(journal, store, clock, CUSTODIAN, {"X": "y"}, schedule=tmp_path / schedule, page=page)
        assert caught.value.code == code
    assert journal.verify().signatures == 3


def test_every_policy_in_force_is_kept_and_the_last_good_one_found(journal: Journal, store: Store, clock: VirtualClock) -> None:
    assert kept.last_good(store) is None
    first, second = {"policy.yaml": b"\xff one", "district.yaml": b"d"}, {"policy.yaml": b"two"}
    assert kept.keep(journal, store, clock, "d1", first)
    assert not kept.keep(journal, store, clock, "d1", first)
    clock.advance(60)
    assert kept.keep(journal, store, clock, "d2", second)
    clock.advance(60)
    assert kept.keep(journal, store, clock, "d1", first), "a policy may come back"
    last = kept.last_good(store)
    assert last is not None
    assert (last.digest, last.files, last.in_force_from) == ("d1", first, START + timedelta(seconds=120))
    then = kept.last_good(store, START + timedelta(seconds=90))
    assert then is not None
    assert (then.digest, then.files) == ("d2", second)
    assert kept.last_good(store, START - timedelta(seconds=1)) is None
    assert [entry.body["before"] for entry in journal.entries() if entry.subject == "policy"] == [None, "d1", "d2"]


def test_a_folder_that_changed_beside_its_policy_is_kept_as_it_is_now(journal: Journal, store: Store, clock: VirtualClock) -> None:
    first = {"policy.yaml": b"p", "district.yaml": b"one tenant", "overlay.yaml": b"o"}
    then = {"policy.yaml": b"p", "district.yaml": b"two tenants"}
    assert kept.keep(journal, store, clock, "d1", first)
    assert kept.keep(journal, store, clock, "d1", then)
    assert not kept.keep(journal, store, clock, "d1", then)
    last = kept.last_good(store)
    assert last is not None
    assert (last.files, last.in_force_from) == (then, START)
    told = [entry.body["hashes"] for entry in journal.entries() if entry.subject == "folder"]
    assert told == [{name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in sorted(then.items())}]
