"""Opening a store: whose it is, what it was made for, and what is said when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError, StatementError

from sync.journal import EntryKind, Journal, Sealed
from sync.store import Store, StoreError, exists, open_store
from sync.store.tables.core import GovernanceRow, PinnedTenant
from tests.unit.sync.provable import DISTRICT, VirtualClock, opened, url_of


def refused(code: str, url: str, **named: object) -> StoreError:
    settings: dict[str, object] = {"district": DISTRICT, "drill": True, "clock": VirtualClock(), **named}
    with pytest.raises(StoreError) as caught:
        open_store(url, **settings)  # type: ignore[arg-type]  # each test names what it changes
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.next_step
    return caught.value


def test_first_use_makes_folder_and_files_that_only_the_owner_reads(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    assert not exists(url)
    store = opened(tmp_path)
    Journal(store, VirtualClock(), run_id="r", drill=True).append(EntryKind.OBSERVATION, "x", {"s": Sealed(1)})
    assert exists(url)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    for name in ("store.db", "store.db-wal", "store.key"):
        assert (tmp_path / "state" / name).stat().st_mode & 0o077 == 0, name
    store.close()


def test_what_first_use_fixed_stays(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    first = open_store(url, district=DISTRICT, drill=True, clock=VirtualClock(), sandbox=True)
    chain = first.chain
    first.close()
    again = open_store(url, district=DISTRICT, drill=True, clock=VirtualClock())
    assert (again.chain, again.sandbox, again.drill, again.district) == (chain, True, True, DISTRICT)
    again.close()
    refused("store.other_district", url, district="zzzzzzzz")
    refused("store.drill", url, drill=False)
    refused("store.sandbox", url, sandbox=False)
    other = open_store(f"sqlite:///{tmp_path / 'real.db'}", district=DISTRICT, drill=False, clock=VirtualClock())
    other.close()
    refused("store.not_drill", f"sqlite:///{tmp_path / 'real.db'}")


def test_addresses_that_are_no_store_are_refused(tmp_path: Path) -> None:
    refused("store.url", "no address at all")
    refused("store.url", "sqlite://")
    refused("store.url", "sqlite:///:memory:")
    refused("store.url", "mysql://somewhere/x")
    refused("store.key_file", "postgresql+psycopg://localhost/x")
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused("store.place", f"sqlite:///{tmp_path}/file/store.db")
    (tmp_path / "poem.db").write_text("roses are red " * 200, encoding="utf-8")
    refused("store.unreadable", f"sqlite:///{tmp_path}/poem.db")


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with sqlite3.connect(tmp_path / "state" / "store.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999_future'")
    raw.close()
    assert "9999_future" in refused("store.newer", url_of(tmp_path)).message


def test_sqlite_is_set_to_survive_a_power_cut(store: Store) -> None:
    with store.write() as session:
        found = {name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in
                 ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 30000}


def test_readers_cannot_write_and_writers_do_not_nest(store: Store, clock: VirtualClock) -> None:
    def pin(name: str) -> PinnedTenant:
        return PinnedTenant(district=DISTRICT, tenant=name, vendor_id="v", pinned_at=clock.now())

    with store.read() as session:
        session.add(pin("a"))
        with pytest.raises(OperationalError, match="readonly"):
            session.flush()
        session.rollback()
    states = [store.writing]
    with store.write() as session:
        states.append(store.writing)
        session.add(pin("b"))
        with pytest.raises(RuntimeError, match="hand its session on"):
            store.write().__enter__()
    states.append(store.writing)
    assert states == [False, True, False]
    with store.read() as session:
        assert session.get(PinnedTenant, (DISTRICT, "a")) is None
        assert session.get(PinnedTenant, (DISTRICT, "b")) is not None


def test_a_damaged_or_broken_store_is_said_to_be_so(store: Store, journal: Journal) -> None:
    for number in range(200):
        journal.append(EntryKind.OBSERVATION, "x", {"n": number})
    store.scrub()
    store.close()
    assert store.path is not None
    data = bytearray(store.path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    store.path.write_bytes(data)
    with pytest.raises(StoreError) as caught:
        journal.verify()
    assert caught.value.code == "store.damaged"


def test_naive_times_and_unknown_words_never_get_in(store: Store, clock: VirtualClock) -> None:
    bad = [
        PinnedTenant(district=DISTRICT, tenant="n", vendor_id="v", pinned_at=clock.now().replace(tzinfo=None)),
        GovernanceRow(district=DISTRICT, number=1, digest="", settings="", state="perhaps", seq=1, at=clock.now()),  # type: ignore[arg-type]  # what must not get in
    ]
    for row in bad:
        with pytest.raises((StatementError, ValueError), match=r"time zone|perhaps"), store.write() as session:
            session.add(row)
    assert store.path is not None
    with sqlite3.connect(store.path) as raw, pytest.raises(sqlite3.IntegrityError, match="governance_state"):
        raw.execute("INSERT INTO governance VALUES (?, 1, '', '', 'perhaps', 1, '')", (DISTRICT,))
    with sqlite3.connect(store.path) as raw, pytest.raises(sqlite3.IntegrityError, match="governance_number"):
        raw.execute("INSERT INTO governance VALUES (?, 9007199254740992, '', '', 'pending', 1, '')", (DISTRICT,))
    raw.close()


class TestSealingKey:
    """The key file is made once, guarded, recognised, and never silently replaced."""

    def sealed(self, folder: Path, passphrase: str | None = None) -> None:
        store = open_store(url_of(folder), district=DISTRICT, drill=True, clock=VirtualClock(), passphrase=passphrase)
        Journal(store, VirtualClock(), run_id="r", drill=True).append(EntryKind.OBSERVATION, "x", {"s": Sealed("secret")})
        store.close()

    def revealed(self, folder: Path, passphrase: str | None = None) -> int:
        store = open_store(url_of(folder), district=DISTRICT, drill=True, clock=VirtualClock(), passphrase=passphrase)
        try:
            return Journal(store, VirtualClock(), run_id="r", drill=True).verify().sealed.shown
        finally:
            store.close()

    def code(self, folder: Path, passphrase: str | None = None) -> str:
        with pytest.raises(StoreError) as caught:
            self.revealed(folder, passphrase)
        return caught.value.code

    def test_it_opens_again_with_and_without_passphrase(self, tmp_path: Path) -> None:
        self.sealed(tmp_path / "open")
        assert self.revealed(tmp_path / "open") == 1
        self.sealed(tmp_path / "shut", "correct horse")
        assert self.revealed(tmp_path / "shut", "correct horse") == 1
        assert self.code(tmp_path / "shut") == "store.passphrase_needed"
        assert self.code(tmp_path / "shut", "wrong horse") == "store.passphrase_wrong"
        open_key, shut_key = ((tmp_path / name / "state" / "store.key").read_text(encoding="utf-8") for name in ("open", "shut"))
        assert '"key"' in open_key
        assert '"key"' not in shut_key

    def test_it_is_never_made_anew_behind_a_store_that_needs_the_old_one(self, tmp_path: Path) -> None:
        self.sealed(tmp_path / "a")
        self.sealed(tmp_path / "b")
        key, other = (tmp_path / name / "state" / "store.key" for name in ("a", "b"))
        kept = key.read_bytes()
        key.unlink()
        assert self.code(tmp_path / "a") == "store.key_missing"
        key.write_bytes(other.read_bytes())
        assert self.code(tmp_path / "a") == "file.readable_by_others"
        key.chmod(0o600)
        assert self.code(tmp_path / "a") == "store.key_other"
        key.write_text("{}", encoding="utf-8")
        assert self.code(tmp_path / "a") == "store.key_unreadable"
        key.write_bytes(kept)
        assert self.revealed(tmp_path / "a") == 1

    def test_what_seals_nothing_needs_no_key(self, tmp_path: Path) -> None:
        store = opened(tmp_path)
        Journal(store, VirtualClock(), run_id="r", drill=True).append(EntryKind.OBSERVATION, "x", {})
        assert not os.path.lexists(tmp_path / "state" / "store.key")
        store.close()
