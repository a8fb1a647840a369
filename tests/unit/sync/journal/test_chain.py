"""The chain: what it holds, what a stranger finds, and that each tampering is located."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.journal import Actor, ActorKind, EntryKind, Journal, JournalError, OutcomeResult, Sealed, verify_file
from sync.registers import governance
from sync.registers.governed import Governed
from sync.store import Store
from tests.unit.sync.provable import KEYS, VirtualClock, district, opened

STRANGER = Path(__file__).with_name("stranger.py")
CUSTODIAN = Actor(kind=ActorKind.OFFICER, id="custodian")


@pytest.fixture
def story(journal: Journal, store: Store, clock: VirtualClock) -> Journal:
    """Governance, two intents (one open), seals, a signature: a little of everything."""
    governance.ensure(journal, store, clock, Governed.of(district("custodian", "counsel", "chair")))
    first = journal.intent("cor-02", {"members": {"add": [Sealed("b@d.example")]}, "after": {"days": 731}}, tenant="m365")
    clock.advance(2)
    journal.outcome(first, OutcomeResult.DONE, {"vendor": {"id": "x-1"}}, vendor_at=clock.now())
    journal.intent("cor-03", {"note": "naïve \u2028 \U0001f600 text"}, tenant="google")
    said = {"until": clock.now(), "why": Sealed({"name": "Zoë Ångström", "n": 3})}
    journal.append(EntryKind.ATTESTATION, "vault-rules/google", said, actor=CUSTODIAN, signer=KEYS["custodian"])
    journal.append(EntryKind.OBSERVATION, "m365", {"kinds": ["m365.label"], "count": None})
    return journal


def stranger(*paths: Path) -> dict[str, object]:
    """Run the stranger's page as a process of its own, outside the project's import path."""
    done = subprocess.run([sys.executable, "-I", STRANGER, *paths], capture_output=True, text=True, check=True, timeout=30)
    loaded: dict[str, object] = json.loads(done.stdout)
    return loaded


def test_a_stranger_reads_what_we_wrote(story: Journal, tmp_path: Path) -> None:
    chain, values = tmp_path / "journal.jsonl", tmp_path / "sealed.jsonl"
    end = story.export(chain)
    assert story.export_sealed(values) == 3
    ours = story.verify()
    assert ours.ok
    assert (ours.entries, ours.open_intents, ours.signatures, ours.head) == (6, (4,), 1, end.hash)
    for handed, counts in ((values, {"shown": 3, "withheld": 0, "erased": 0}), (None, {"shown": 0, "withheld": 3, "erased": 0})):
        read = stranger(chain, handed) if handed else stranger(chain)
        assert read == {"entries": 6, "head": end.hash, "sealed": counts, "open_intents": [4], "signatures": 1}
        checked = verify_file(chain, handed, against=str(end))
        assert checked.ok
        assert {"shown": checked.sealed.shown, "withheld": checked.sealed.withheld, "erased": checked.sealed.erased} == counts


def test_the_export_is_the_contracts_and_confidential_values_are_not_in_it(story: Journal, tmp_path: Path) -> None:
    story.export(tmp_path / "j")
    data = (tmp_path / "j").read_bytes()
    lines = data.splitlines()
    assert b"ngstr" not in data
    assert b"b@d.example" not in data
    for number, line in enumerate(lines, start=1):
        entry = json.loads(line)
        assert rfc8785.dumps(entry) == line
        assert sorted(entry) == ["actor", "at", "body", "chain", "clock", "kind", "prev", "run", "seq", "subject", "tenant", "v", "vendor_at"]
        assert entry["seq"] == number
        assert entry["clock"] == "drill"
        assert entry["prev"] == (hashlib.sha256(lines[number - 2]).hexdigest() if number > 1 else "0" * 64)
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_a_sealed_value_can_be_revealed_and_equal_values_do_not_seal_alike(journal: Journal) -> None:
    for _ in range(2):
        journal.append(EntryKind.OBSERVATION, "x", {"who": Sealed({"b": 1, "a": [True, None]})})
    first, second = (dict(entry.body)["who"] for entry in journal.entries())
    assert isinstance(first, dict)
    assert first != second
    assert journal.reveal(first["sealed"]) == {"a": [True, None], "b": 1}
    with pytest.raises(JournalError, match="no value"):
        journal.reveal("0" * 64)


def changed_byte(lines: list[bytes], number: int) -> list[bytes]:
    line = lines[number - 1]
    return [*lines[: number - 1], line.replace(b'"run":"run-1"', b'"run":"run-2"'), *lines[number:]]


@pytest.mark.parametrize("number", range(1, 6))
def test_a_changed_line_is_named(story: Journal, tmp_path: Path, number: int) -> None:
    story.export(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines()
    (tmp_path / "j").write_bytes(b"\n".join(changed_byte(lines, number)) + b"\n")
    found = verify_file(tmp_path / "j")
    assert not found.ok
    assert found.first_bad is not None
    assert found.first_bad.seq == number


def test_a_changed_last_line_needs_the_published_head(story: Journal, tmp_path: Path) -> None:
    end = story.export(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines()
    (tmp_path / "j").write_bytes(b"\n".join(changed_byte(lines, 6)) + b"\n")
    assert verify_file(tmp_path / "j").ok
    for head in (str(end), end.hash):
        found = verify_file(tmp_path / "j", against=head)
        assert found.first_bad is not None
        assert found.first_bad.seq == 6


def relinked(lines: list[bytes], number: int, change: Callable[[dict[str, object]], None]) -> list[bytes]:
    """What a forger with the disk would do: change an entry and chain everything after it anew."""
    out, prev = lines[: number - 1], "" if number == 1 else hashlib.sha256(lines[number - 2]).hexdigest()
    for index, line in enumerate(lines[number - 1 :]):
        entry = json.loads(line)
        entry["prev"] = prev or entry["prev"]
        if index == 0:
            change(entry)
        out.append(rfc8785.dumps(entry))
        prev = hashlib.sha256(out[-1]).hexdigest()
    return out


def test_a_chain_made_anew_still_fails_the_published_head(story: Journal, tmp_path: Path) -> None:
    end = story.export(tmp_path / "j")
    lines = relinked((tmp_path / "j").read_bytes().splitlines(), 6, lambda entry: entry.update(run="forged"))
    (tmp_path / "j").write_bytes(b"\n".join(lines) + b"\n")
    assert verify_file(tmp_path / "j").ok, "the forgery is consistent in itself"
    assert not verify_file(tmp_path / "j", against=str(end)).ok


def set_body(**values: object) -> Callable[[dict[str, object]], None]:
    def change(entry: dict[str, object]) -> None:
        body = entry["body"]
        assert isinstance(body, dict)
        body.update(values)

    return change


FORGERIES: dict[str, tuple[int, Callable[[dict[str, object]], None], str]] = {
    "signed words": (5, set_body(until="2099-01-01T00:00:00.000000Z"), "signature"),
    "signed subject": (5, lambda entry: entry.update(subject="vault-rules/other"), "signature"),
    "another officer": (5, lambda entry: entry.update(actor={**json.loads(json.dumps(entry["actor"])), "id": "counsel"}), "key"),
    "a stranger": (5, lambda entry: entry.update(actor={**json.loads(json.dumps(entry["actor"])), "id": "mallory"}), "no officer"),
    "signature taken off": (5, lambda entry: entry.update(actor={**json.loads(json.dumps(entry["actor"])), "sig": None}), "signature"),
    "outcome of nothing": (3, set_body(intent=1), "settles"),
    "unknown result": (3, set_body(result="perhaps"), "settles"),
    "unknown kind": (6, lambda entry: entry.update(kind="gossip"), "gossip"),
    "another chain": (6, lambda entry: entry.update(chain="elsewhere"), "chain"),
    "a field more": (6, lambda entry: entry.update(extra=1), "fields"),
    "a number left out": (6, lambda entry: entry.update(seq=7), "7"),
    "a newer format": (6, lambda entry: entry.update(v=2), "version"),
    "a naive time": (6, lambda entry: entry.update(at="2027-03-01T14:00:00"), "zone"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_that_is_chained_well_is_still_located(story: Journal, tmp_path: Path, what: str) -> None:
    number, change, why = FORGERIES[what]
    story.export(tmp_path / "j")
    (tmp_path / "j").write_bytes(b"\n".join(relinked((tmp_path / "j").read_bytes().splitlines(), number, change)) + b"\n")
    found = verify_file(tmp_path / "j")
    assert found.first_bad is not None
    assert found.first_bad.seq == number
    assert why in found.first_bad.why


def test_officers_cannot_be_swapped_by_one_who_holds_the_disk(story: Journal, tmp_path: Path) -> None:
    """A chain of one's own making with other officers needs two signatures of those before."""
    story.export(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines()
    own = {"officers": [{"id": "mallory", "key": KEYS["it"].public_key, "roles": ["counsel"]}], "digest": "ab", "approved_by": [2, 5]}
    entry = {**json.loads(lines[-1]), "kind": "governance", "body": own}
    (tmp_path / "j").write_bytes(b"\n".join([*lines[:-1], rfc8785.dumps(entry)]) + b"\n")
    found = verify_file(tmp_path / "j")
    assert found.first_bad is not None
    assert (found.first_bad.seq, "two signatures" in found.first_bad.why) == (6, True)


@pytest.mark.parametrize("damage", ["cut", "dropped", "twice", "swapped", "not canonical", "no json", "not utf-8", "blank line", "too deep"])
def test_damage_to_a_file_is_located(story: Journal, tmp_path: Path, damage: str) -> None:
    story.export(tmp_path / "j")
    lines = (tmp_path / "j").read_bytes().splitlines()
    damaged, bad = {
        "cut": ([*lines[:5], lines[5][:-20]], 6),
        "dropped": ([*lines[:2], *lines[3:]], 3),
        "twice": ([*lines[:3], lines[2], *lines[3:]], 4),
        "swapped": ([lines[0], lines[2], lines[1], *lines[3:]], 2),
        "not canonical": ([*lines[:5], lines[5].replace(b'{"actor"', b'{ "actor"')], 6),
        "no json": ([*lines[:5], b"<html>"], 6),
        "not utf-8": ([*lines[:5], lines[5].replace(b"run-1", b"\xff\xfe")], 6),
        "blank line": ([*lines[:2], b"", *lines[2:]], 3),
        "too deep": ([*lines[:5], b"[" * 100_000], 6),
    }[damage]
    (tmp_path / "j").write_bytes(b"\n".join(damaged) + b"\n")
    found = verify_file(tmp_path / "j")
    assert found.first_bad is not None
    assert found.first_bad.seq == bad
    assert found.entries == bad - 1


def test_a_false_value_for_a_seal_is_located(story: Journal, tmp_path: Path) -> None:
    story.export(tmp_path / "j")
    story.export_sealed(tmp_path / "s")
    lines = [json.loads(line) for line in (tmp_path / "s").read_bytes().splitlines()]
    for line in lines:
        line["value"] = line["value"].replace("b@d.example", "c@d.example")
    (tmp_path / "s").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    found = verify_file(tmp_path / "j", tmp_path / "s")
    assert found.first_bad is not None
    assert found.first_bad.seq == 2
    assert verify_file(tmp_path / "j").ok
    with pytest.raises(JournalError) as caught:
        verify_file(tmp_path / "j", tmp_path / "j")
    assert caught.value.code == "journal.unreadable"


def copy_of(store: Store, tmp_path: Path, *statements: str) -> Store:
    """A copy of the store that somebody worked on with a tool of their own, triggers out of the way."""
    assert store.path is not None
    place = tmp_path / "copy" / "state"
    place.mkdir(parents=True)
    with sqlite3.connect(store.path) as source, sqlite3.connect(place / "store.db") as target:
        source.backup(target)
        target.execute("DROP TRIGGER journal_no_update")
        target.execute("DROP TRIGGER journal_no_delete")
        for statement in statements:
            assert target.execute(statement).rowcount > 0
        target.commit()
    source.close()
    target.close()
    shutil.copy(store.path.with_suffix(".key"), place / "store.key")
    return opened(tmp_path / "copy")


@pytest.mark.parametrize(
    ("statements", "bad"),
    [
        (["UPDATE journal SET line = CAST(replace(CAST(line AS TEXT), 'cor-02', 'cor-22') AS BLOB) WHERE seq = 2"], 2),
        (["UPDATE journal SET line = CAST(replace(CAST(line AS TEXT), 'count', 'caunt') AS BLOB) WHERE seq = 6"], 6),
        (["UPDATE journal SET kind = 'observation' WHERE seq = 4"], 4),
        (["UPDATE journal SET tenant = 'other' WHERE seq = 4"], 4),
        (["DELETE FROM journal WHERE seq = 6"], 6),
        (["DELETE FROM journal WHERE seq = 3"], 3),
        (["DELETE FROM journal WHERE seq > 3", "UPDATE journal_head SET seq = 3"], 3),
    ],
)
def test_tampering_with_the_store_is_located(story: Journal, store: Store, tmp_path: Path, statements: list[str], bad: int) -> None:
    touched = copy_of(store, tmp_path, *statements)
    found = Journal(touched, VirtualClock(), run_id="r", drill=True).verify()
    touched.close()
    assert story.verify().ok
    assert found.first_bad is not None
    assert found.first_bad.seq == bad


def test_a_store_cut_short_with_its_head_still_fails_the_published_head(story: Journal, store: Store, tmp_path: Path) -> None:
    published = story.head()
    with store.read():
        third = [entry.hash for entry in story.entries()][2]
    short = copy_of(store, tmp_path, "DELETE FROM journal WHERE seq > 3", f"UPDATE journal_head SET seq = 3, hash = '{third}'")
    journal = Journal(short, VirtualClock(), run_id="r", drill=True)
    assert journal.verify().ok, "a chain cut short and its head cut with it agree: that is what publishing the head is for"
    found = journal.verify(against=str(published))
    short.close()
    assert found.first_bad is not None
    assert found.first_bad.seq == 6


def test_what_json_cannot_carry_exactly_is_refused_and_nothing_is_written(journal: Journal) -> None:
    for body in ({"n": 2**53}, {"n": float("nan")}, {"b": b"bytes"}, {"t": "\ud800"}, {"s": Sealed([Sealed(1)])}, {"m": {1: 2}}):
        with pytest.raises(JournalError) as caught:
            journal.append(EntryKind.OBSERVATION, "x", body)
        assert caught.value.code == "journal.not_json"
    assert journal.head().seq == 0
    assert journal.verify().ok


def test_an_unsigned_officer_or_a_foreign_key_writes_nothing(story: Journal) -> None:
    before = story.head()
    for actor, signer, code in (
        (CUSTODIAN, None, "officer.not_identified"),
        (None, KEYS["custodian"], "officer.not_identified"),
        (CUSTODIAN, KEYS["it"], "officer.key_mismatch"),
        (Actor(kind=ActorKind.OFFICER, id="mallory"), KEYS["it"], "officer.not_identified"),
    ):
        with pytest.raises(JournalError) as caught:
            story.append(EntryKind.APPROVAL, "change/1", {}, actor=actor, signer=signer)
        assert caught.value.code == code
    assert story.head() == before


def test_intents_settle_once(story: Journal) -> None:
    (left,) = story.open_intents()
    assert (left.seq, left.subject, left.tenant) == (4, "cor-03", "google")
    with pytest.raises(JournalError, match="no intent"):
        story.outcome(left.seq, OutcomeResult.DONE, tenant="m365")
    with pytest.raises(JournalError, match="no intent"):
        story.outcome(1, OutcomeResult.DONE)
    with pytest.raises(ValueError, match="perhaps"):
        story.outcome(left.seq, "perhaps")
    settled = story.outcome(left.seq, "not_done", tenant="google")
    with pytest.raises(JournalError, match=f"settled by entry {settled}"):
        story.outcome(left.seq, OutcomeResult.DONE)
    assert story.open_intents() == []
    assert story.verify().open_intents == ()


def test_an_entry_and_its_rows_stand_or_fall_together(journal: Journal, store: Store) -> None:
    def broken() -> None:
        with store.write() as session:
            journal.intent("x", {"who": Sealed("a")}, session=session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert journal.head().seq == 0
    assert list(journal.entries()) == []


def test_our_own_mistakes_cannot_change_the_journal(story: Journal, store: Store) -> None:
    assert store.path is not None
    with sqlite3.connect(store.path) as raw:
        for statement in ("UPDATE journal SET subject = 'x'", "DELETE FROM journal"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
    raw.close()
    assert story.verify().ok


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(derandomize=True, max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), json_values, max_size=3), max_size=4))
def test_any_json_goes_in_exactly_and_comes_out_for_a_stranger_too(journal: Journal, tmp_path: Path, bodies: list[dict[str, object]]) -> None:
    since = journal.head().seq
    for body in bodies:
        journal.append(EntryKind.OBSERVATION, "any", {"open": body, "shut": Sealed(body)})
    back = list(journal.entries(since))
    assert [entry.body["open"] for entry in back] == bodies
    assert [journal.reveal(entry.body["shut"]["sealed"]) for entry in back] == bodies  # type: ignore[index]  # what was just written
    assert journal.verify().ok


def test_a_stranger_accepts_what_hypothesis_wrote(journal: Journal, tmp_path: Path) -> None:
    for text in ("\u2028\u007f\u0000\x1f", "\U0001f600\ufb33", 'quote " back \\ slash /', "é" * 300):
        journal.append(EntryKind.OBSERVATION, text, {text: {"\ufb33": 1, "\U0001f600": [text], "z": Sealed(text)}})
    end = journal.export(tmp_path / "j")
    journal.export_sealed(tmp_path / "s")
    assert stranger(tmp_path / "j", tmp_path / "s")["head"] == end.hash
