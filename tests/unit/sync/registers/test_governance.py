"""What governs the guards is itself guarded: a looser value waits for two officers of the version in force."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.district import Delivery, District, Mode, Way
from policies.kinds import Kind
from sync.journal import EntryKind, Journal, verify_file
from sync.officers import OfficerError, Signer
from sync.registers import governance
from sync.registers.governed import Governed, looser, meanwhile
from sync.store import Store
from tests.unit.sync.provable import KEYS, VirtualClock, district, officer, officer_key

TENANT: dict[str, object] = {
    "id": "m365",
    "platform": "microsoft365",
    "mode": "propose",
    "visibility_checks": {"m365.label": "District canary"},
    "endpoints": {"graph": "https://graph.d.example"},
}
THREE = ("custodian", "counsel", "chair")


def base(*officers: str, **tenant: object) -> District:
    return district(*(officers or THREE), tenants=({**TENANT, **tenant},))


def signer(name: str) -> Signer:
    return Signer(officer=name, key=KEYS[name])


class Hall:
    """A store with the first folder in force."""

    def __init__(self, journal: Journal, store: Store, clock: VirtualClock) -> None:
        self.journal, self.store, self.clock = journal, store, clock

    def wants(self, wanted: District) -> governance.Governance:
        return governance.ensure(self.journal, self.store, self.clock, Governed.of(wanted))

    def signs(self, name: str, digest: str | None = None) -> governance.Governance:
        waiting = governance.current(self.store, self.clock.now()).pending
        return governance.approve(self.journal, self.store, self.clock, digest or (waiting.digest if waiting else "0" * 64), signer(name))

    def refuses(self, code: str, name: str, digest: str | None = None) -> None:
        before = self.journal.head()
        with pytest.raises(OfficerError) as caught:
            self.signs(name, digest)
        assert caught.value.code == code
        assert self.journal.head() == before


@pytest.fixture
def hall(journal: Journal, store: Store, clock: VirtualClock) -> Hall:
    hall = Hall(journal, store, clock)
    hall.wants(base())
    return hall


def test_the_first_act_puts_the_folder_in_force_as_it_stands(hall: Hall) -> None:
    (first,) = hall.journal.entries()
    assert first.kind is EntryKind.GOVERNANCE
    assert first.body["officers"] == [
        {"id": name, "key": KEYS[name].public_key, "roles": [officer(name).roles[0].value]} for name in sorted(THREE)
    ]
    assert governance.in_force(hall.store) == Governed.of(base())
    hall.wants(base())
    assert hall.journal.head().seq == 1, "the same folder again writes nothing"


LOOSER: dict[str, tuple[District, str]] = {
    "mode raised": (base(mode="enforce"), "mode/m365"),
    "threshold raised": (base().model_copy(update={"thresholds": base().thresholds.model_copy(update={"weaken": 1})}), "threshold/weaken"),
    "check taken away": (base(visibility_checks={}), "visibility_check/m365/m365.label"),
    "check renamed": (base(visibility_checks={"m365.label": "Ours"}), "visibility_check/m365/m365.label"),
    "endpoint moved": (base(endpoints={"graph": "https://elsewhere.example"}), "endpoint/m365/graph"),
    "endpoint added": (base(endpoints={"graph": "https://graph.d.example", "authority": "https://x.example"}), "endpoint/m365/authority"),
    "officer added": (base("custodian", "counsel", "chair", "it"), "officers"),
    "officer taken away": (base("custodian", "counsel"), "officers"),
    "release sooner": (base().model_copy(update={"timeouts": base().timeouts.model_copy(update={"release_wait": 86400})}), "timeout/release_wait"),
    "alarm silenced": (base(), "delivery/"),
}


def same(one: District, other: District) -> bool:
    """Equal but for the order of the officers: who is in force and not in the folder any more comes last."""
    return one.model_copy(update={"officers": set(one.officers)}) == other.model_copy(update={"officers": set(other.officers)})


@pytest.mark.parametrize("what", LOOSER)
def test_a_looser_value_waits_for_two_and_the_old_one_stays(hall: Hall, what: str) -> None:
    wanted, path = LOOSER[what]
    first = base()
    if what == "alarm silenced":
        first = first.model_copy(update={"deliveries": (Delivery(to="custodian", by=Way.APPRISE, url_file=Path("pager.url")),)})
        hall.wants(first)
    seen = hall.wants(wanted)
    assert seen.pending is not None
    assert [found for found in seen.pending.looser if found.startswith(path)], seen.pending.looser
    assert len(seen.pending.looser) == 1
    assert seen.in_force == Governed.of(first)
    assert same(seen.in_force.over(wanted), first)
    assert hall.signs("custodian").pending is not None
    after = hall.signs("counsel")
    assert after.pending is None
    assert after.in_force.over(wanted) == wanted
    assert hall.journal.verify().ok


def test_a_tighter_value_is_in_force_at_once_beside_a_looser_one_that_waits(hall: Hall) -> None:
    wanted = base(mode="enforce", visibility_checks={"m365.label": "District canary", "m365.case": "Canary case"})
    wanted = wanted.model_copy(update={"thresholds": wanted.thresholds.model_copy(update={"changes": 5})})
    seen = hall.wants(wanted).in_force.over(wanted)
    assert seen.thresholds.changes == 5
    assert seen.tenants[0].mode is Mode.PROPOSE
    assert seen.tenants[0].visibility_checks[Kind("m365.case")] == "Canary case"


def test_taking_a_looser_value_back_lets_the_proposal_go(hall: Hall) -> None:
    waiting = hall.wants(base(mode="enforce")).pending
    assert waiting is not None
    hall.signs("custodian")
    assert hall.wants(base()).pending is None
    hall.refuses("approval.stale", "counsel", waiting.digest)
    hall.wants(base(mode="enforce"))
    assert hall.signs("counsel").pending is None, "the same version again still has its first signature"


def test_a_signature_is_for_exactly_what_was_shown(hall: Hall) -> None:
    first = hall.wants(base(mode="enforce")).pending
    assert first is not None
    hall.signs("custodian")
    second = hall.wants(base(mode="enforce", endpoints={"graph": "https://elsewhere.example"})).pending
    assert second is not None
    assert (second.digest == first.digest, second.signed) == (False, ())
    hall.refuses("approval.stale", "counsel", first.digest)
    hall.refuses("approval.stale", "counsel", second.digest[:7])


def test_who_may_not_sign(hall: Hall) -> None:
    hall.wants(base("custodian", "counsel", "chair", "it"))
    hall.signs("custodian")
    hall.signs("counsel")
    hall.wants(base("custodian", "counsel", "chair", "it", mode="enforce"))
    hall.refuses("approval.role", "it")
    hall.signs("chair")
    hall.refuses("approval.twice", "chair")
    renamed = base("custodian", "counsel", "chair", "it")
    moved = renamed.officers[0].model_copy(update={"email": "mallory@d.example"})
    hall.wants(renamed.model_copy(update={"officers": (moved, *renamed.officers[1:])}))
    hall.refuses("approval.touches_self", "custodian")
    hall.refuses("approval.role", "it")


def test_a_name_spelled_anew_is_nobodys_business(hall: Hall) -> None:
    wanted = base()
    spelled = wanted.model_copy(update={"officers": tuple(one.model_copy(update={"name": "B. Spelled"}) for one in wanted.officers)})
    seen = hall.wants(spelled)
    assert seen.pending is None
    assert seen.in_force.over(spelled) == spelled


def test_signatures_run_out_after_fourteen_days(hall: Hall) -> None:
    hall.wants(base(mode="enforce"))
    hall.signs("custodian")
    hall.clock.advance(timedelta(days=14).total_seconds())
    after = hall.signs("counsel").pending
    assert after is not None
    assert after.signed == ("counsel",)
    assert hall.signs("custodian").pending is None


def test_while_there_are_no_two_to_ask_officers_come_in_unasked_but_nothing_else_loosens(
    journal: Journal, store: Store, clock: VirtualClock
) -> None:
    hall = Hall(journal, store, clock)
    hall.wants(base("custodian"))
    seen = hall.wants(base("custodian", "counsel", mode="enforce"))
    assert {one.id for one in seen.in_force.officers} == {"custodian", "counsel"}
    assert seen.pending is not None
    assert seen.pending.looser == ("mode/m365",)
    hall.signs("custodian")
    assert hall.signs("counsel").pending is None
    assert hall.journal.verify().ok


def test_a_key_is_recognised_against_the_version_in_force(hall: Hall, tmp_path: Path) -> None:
    new = officer_key(9)
    swapped = base().model_copy(update={"officers": (officer("custodian", new), *base().officers[1:])})
    hall.wants(swapped)
    assert governance.identify(hall.store, "custodian", KEYS["custodian"]).key == KEYS["custodian"]
    for name, key, code in (("custodian", new, "officer.key_mismatch"), ("nobody", new, "officer.not_identified")):
        with pytest.raises(OfficerError) as caught:
            governance.identify(hall.store, name, key)
        assert caught.value.code == code
    hall.signs("counsel")
    hall.signs("chair")
    assert governance.identify(hall.store, "custodian", new).officer == "custodian"
    hall.journal.append(EntryKind.EVIDENCE, "x", {}, actor=governance.signing(Signer(officer="custodian", key=new)), signer=new)
    hall.journal.export(tmp_path / "j")
    assert verify_file(tmp_path / "j").signatures == 3


def test_a_tenant_that_comes_begins_in_observe(hall: Hall) -> None:
    second = {**TENANT, "id": "second", "mode": "enforce"}
    wanted = base().model_copy(update={"tenants": (*base().tenants, *district(tenants=(second,)).tenants)})
    seen = hall.wants(wanted)
    assert seen.pending is not None
    assert seen.pending.looser == ("mode/second",)
    assert seen.in_force.over(wanted).tenants[1].mode is Mode.OBSERVE
    assert hall.wants(base()).pending is None, "one that goes takes everything of its own along"
    assert governance.in_force(hall.store) == Governed.of(base())


def test_nothing_is_in_force_before_the_first_act(store: Store, clock: VirtualClock) -> None:
    assert governance.in_force(store) is None
    with pytest.raises(OfficerError) as caught:
        governance.current(store, clock.now())
    assert caught.value.code == "governance.none"


values = st.fixed_dictionaries(
    {
        "threshold/changes": st.integers(0, 3),
        "timeout/release_wait": st.integers(0, 3),
        "mode/a": st.sampled_from([mode.value for mode in Mode]),
    },
    optional={
        "mode/b": st.sampled_from([mode.value for mode in Mode]),
        "visibility_check/a/k": st.sampled_from(["x", "y"]),
        "visibility_check/b/k": st.sampled_from(["x", "y"]),
        "endpoint/a/g": st.sampled_from(["x", "y"]),
        "delivery/1": st.just("{}"),
        "deviation/D": st.sampled_from(["x", "y"]),
    },
)
governed = st.builds(
    Governed,
    officers=st.lists(st.sampled_from([officer(name) for name in KEYS] + [officer("chair", officer_key(9))]), max_size=4,
                      unique_by=lambda one: one.id).map(lambda found: tuple(sorted(found, key=lambda one: one.id))),
    values=values,
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(old=governed, new=governed)
def test_what_is_in_force_meanwhile_loosens_nothing_and_keeps_all_it_can(old: Governed, new: Governed) -> None:
    between = meanwhile(old, new)
    assert looser(old, between) == ()
    assert meanwhile(between, new) == between, "looking again changes nothing"
    assert set(looser(between, new)) <= set(looser(old, new))
    assert (between == new) == (looser(old, new) == ())
    assert Governed.load(between.text()) == between
