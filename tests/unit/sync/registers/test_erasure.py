"""Erasing a person takes two officers, and leaves nothing of the person, not even in their wish."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Live
from policies.roster import AccountState, Identity, Roster
from sync.journal import EntryKind, Journal, JournalError, Sealed
from sync.officers import OfficerError, Signer
from sync.registers import erasure, governance
from sync.registers.governed import Governed
from sync.store import Store
from sync.store.evidence import Evidence
from sync.store.rosters import Rosters
from sync.store.tables.engine import AcceptedRow, BindingRow, ChangeRow, DriftRow, StandingRow, WatchedRow
from sync.store.tables.watch import WatchEventRow
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


ANN, JOANN = "ann.lee@d.example", "joann.lee@d.example"


def erase(journal: Journal, store: Store, clock: VirtualClock, *texts: str) -> erasure.Erasure:
    erasure.ask(journal, store, clock, signer("custodian"), texts)
    return erasure.ask(journal, store, clock, signer("counsel"), texts)


def bytes_of(store: Store) -> bytes:
    assert store.path is not None
    return b"".join(path.read_bytes() for path in store.path.parent.iterdir() if path.is_file())


@pytest.mark.parametrize("line", ["e", "Lee", "A. Lo", "@d.example", "ann.lee@", "ann@localhost"])
def test_what_stands_in_too_many_words_is_refused(journal: Journal, store: Store, clock: VirtualClock, line: str) -> None:
    with pytest.raises(JournalError) as caught:
        erasure.ask(journal, store, clock, signer("custodian"), [ANN, line])
    assert caught.value.code == "erase.too_short"
    assert journal.head().seq == 2, "the wish was not even written down"


def test_only_whole_addresses_and_names_count(journal: Journal, store: Store, clock: VirtualClock) -> None:
    others = [JOANN, f"{ANN}.org", f"x.{ANN}", "ann.lee@d.example-school", "Joann Leeson", {"x": ["joann_lee_d_example"]}]
    hers = [
        f"mail:{ANN.upper()}", {f"smtp:{ANN}": 1}, [f"User '{ANN}' is gone."], "line\nann.lee@d.example", "personal/ann_lee_d_example", "ANN LEE, clerk",
    ]
    before = journal.verify().sealed.shown
    journal.append(EntryKind.MATTER, "m-2", {"others": [Sealed(one) for one in others], "hers": [Sealed(one) for one in hers]})
    assert erase(journal, store, clock, ANN, "Ann Lee").erased == len(hers)
    assert journal.verify().sealed.shown == before + len(others)


def test_nobody_signs_their_own_erasure(journal: Journal, store: Store, clock: VirtualClock) -> None:
    row = Governed.of(district("custodian")).officers[0]
    account = Identity(tenant="m365", vendor_id="u1", address="first@d.example", aliases=frozenset({row.email}), name="Somebody Known")
    for wish in ([row.email.upper()], ["first@d.example"], ["Somebody Known"]):
        Rosters(store).keep(Roster(tenant="m365", at=clock.now(), identities=(account,)))
        with pytest.raises(OfficerError) as caught:
            erasure.ask(journal, store, clock, signer("custodian"), wish)
        assert caught.value.code == "approval.touches_self"


def written_elsewhere(store: Store, clock: VirtualClock) -> str:
    """Rows of every table that may name a person; the SHA-256 of the raw answer."""
    now = clock.now()
    gone = Identity(tenant="google", vendor_id="g1", address=ANN, name="Ann Lee", state=AccountState.DELETED)
    other = Identity(tenant="google", vendor_id="g2", address=JOANN, name="Joann Leeson")
    Rosters(store).keep(Roster(tenant="google", at=now, identities=(gone, other)))
    text = f'{{"members":["mail:{ANN}","mail:{JOANN}"]}}'
    with store.write() as session:
        for number, status in enumerate(("planned", "effective")):
            session.add(
                ChangeRow(
                    district=store.district, id=f"c{number}", tenant="google", lane="sync", kind="google.hold", key="k", direction=Direction.NEUTRAL.value,
                    document=text, value=text, status=status, created_at=now, updated_at=now,
                )
            )
        session.add(
            DriftRow(
                district=store.district, tenant="google", id="d", occurrence=1, kind="google.hold", document=text, form=text, attribution="found", first_seen=now,
                last_seen=now, seq=1,
            )
        )
        session.add(WatchedRow(district=store.district, tenant="google", kind="google.hold", vendor_id="w", document=text, first_seen=now, last_seen=now))
        session.add(AcceptedRow(district=store.district, tenant="google", kind="google.hold", vendor_id="w", form=text, until=now, last_seen=now, seq=1))
        session.add(
            StandingRow(
                district=store.district, tenant="google", line="R1", population="p", workload="mail", from_seq=1, series="s", standing="gap", document=text,
                from_at=now,
            )
        )
        session.add(
            WatchEventRow(district=store.district, tenant="google", event="e", at=now, seen_at=now, operation="o", actor=ANN, sort="person", details=text)
        )
        live = Live(kind=Kind.GOOGLE_HOLD, vendor_id="h", name="n", fields={}, members=frozenset(), raw=text)
        return Evidence(store).keep(session, "google", live, now)


def test_no_byte_of_the_person_stays_in_any_table(journal: Journal, store: Store, clock: VirtualClock) -> None:
    sha = written_elsewhere(store, clock)
    assert ANN.encode() in bytes_of(store), "the test looks where the bytes are"
    became = erase(journal, store, clock, ANN, "Ann Lee")
    assert became.forgotten is not None
    assert (became.forgotten.rows, dict(became.forgotten.still_live)) == (9, {})
    whole = bytes_of(store).replace(JOANN.encode(), b"")
    assert ANN.encode() not in whole
    assert b"Ann Lee" not in whole
    raw = Evidence(store).raw("google", sha)
    assert raw is not None
    assert "[erased]" in raw
    assert JOANN in raw
    assert ANN not in raw.replace(JOANN, "")
    with store.read() as session:
        states = {number: session.get_one(ChangeRow, (store.district, f"c{number}")).status for number in range(2)}
    assert states == {0: "superseded", 1: "effective"}, "what two officers would approve is no longer what was shown"
    assert [one.address for one in Rosters(store).identities("google")] == [JOANN]


def test_what_is_live_in_a_tenant_stays_and_is_counted(journal: Journal, store: Store, clock: VirtualClock) -> None:
    now, text = clock.now(), f'{{"members":["mail:{ANN}"]}}'
    Rosters(store).keep(Roster(tenant="m365", at=now, identities=(Identity(tenant="m365", vendor_id="u", address=ANN),)))
    with store.write() as session:
        session.add(
            BindingRow(
                district=store.district, tenant="m365", key="k", kind="m365.hold", vendor_id="v", name="n", generation=1, fields="{}",
                members=f'["mail:{ANN}"]', state="effective", accepted_at=now,
            )
        )
        session.add(
            ChangeRow(
                district=store.district, id="c", tenant="m365", lane="sync", kind="m365.hold", key="k", direction=Direction.NEUTRAL.value,
                document=text, value=text, status="accepted", created_at=now, updated_at=now,
            )
        )
        session.add(WatchedRow(district=store.district, tenant="m365", kind="m365.hold", vendor_id="w", document=text, first_seen=now, last_seen=now))
        for number, form in enumerate((text, None)):
            accepted = AcceptedRow(district=store.district, tenant="m365", kind="m365.hold", vendor_id=f"a{number}", form=form, until=now, last_seen=now, seq=1)
            session.add(accepted)
    became = erase(journal, store, clock, ANN)
    assert became.forgotten is not None
    assert dict(became.forgotten.still_live) == {"binding": 1, "change": 1, "watched": 2}
    with store.read() as session:
        assert session.get_one(BindingRow, (store.district, "m365", "k")).members == f'["mail:{ANN}"]'
        assert session.get_one(ChangeRow, (store.district, "c")).value == text
