"""An officer answers for what somebody else changed: until a day, as it is now, and for nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from policies.district import Mode
from policies.kinds import Kind
from policies.protection import Direction
from sync.drift import DriftClass, next_step
from sync.journal import JournalError
from sync.officers import Signer
from sync.registers.acceptances import accept
from sync.registers.attestations import Attestation, AttestationState, Statement, attestations
from sync.store.drifts import Drifts
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, google, m365, roster, scene
from tests.unit.sync.provable import KEYS

POLICY, RULE = Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE
DAY = 24 * HOUR


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    """A district that was looked at once, with a policy of somebody else that deletes after a year."""
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1)), mode=Mode.ENFORCE) as made:
        purge(made, "Theirs", 365)
        looked(made)
        yield made


def purge(here: Scene, name: str, days: int) -> str:
    """Somebody makes a policy that deletes; the id of its rule."""
    console = here.console("m365")
    policy = console.make(POLICY, name, {"enabled": True, "description": "", "exceptions": (), "locked": False}, ["exchange:All"])
    return console.make(RULE, f"{name} rule", {"period": days, "trigger": "created", "action": "delete", "query": ""}, parent_id=policy)


def rule(here: Scene) -> str:
    return next(one.vendor_id for one in here.worlds["m365"].things.values() if one.name == "Theirs rule")


def looked(here: Scene, after: float = HOUR) -> dict[str | None, str]:
    """What a look some time later finds changed outside: the difference's id by the vendor's."""
    here.clock.advance(after)
    return {one.vendor_id: one.id for one in here.engine.drift(("m365",)).tenants[0].drift}


def answers(here: Scene, drift: str, officer: Signer = CUSTODIAN, days: int = 30) -> Attestation:
    return accept(here.desk, officer, Statement(subject=f"drift/{drift}", until=here.clock.now() + timedelta(days=days)))


def closed(here: Scene) -> list[str | None]:
    return [one.closed_by for one in Drifts(here.store).between(here.clock.now() - timedelta(days=1000), here.clock.now() + timedelta(1))]


def test_what_an_officer_answers_for_is_over_until_it_changes_again(here: Scene) -> None:
    here.console("m365").set(rule(here), period=180)
    found = looked(here)
    made = answers(here, found[rule(here)])
    assert Drifts(here.store).open("m365") == {}
    assert closed(here) == ["accepted"]
    assert looked(here) == {}
    assert here.engine.sync().tenants[0].drift == ()
    agreed = here.clock.now()
    here.console("m365").set(rule(here), period=30)
    here.clock.advance(HOUR)
    (drift,) = here.engine.drift(("m365",)).tenants[0].drift
    assert (drift.applied, drift.live, drift.direction) == ({"period": 180}, {"period": 30}, Direction.WEAKENS), "compared with what was accepted"
    assert drift.since.earliest == agreed
    (entry,) = [one for one in here.desk.journal.entries() if one.seq == made.seq]
    assert (entry.subject, entry.actor.id, entry.body["drift"]) == (f"drift/{found[rule(here)]}", "custodian", found[rule(here)])
    assert here.desk.journal.verify().ok


def test_a_new_object_and_one_that_is_gone_can_be_answered_for(here: Scene) -> None:
    new = purge(here, "New", 90)
    for drift in looked(here).values():
        answers(here, drift)
    assert looked(here) == {}
    here.console("m365").set(new, period=60)
    assert set(looked(here)) == {new}
    here.console("m365").set(new, period=90)
    gone = rule(here)
    here.console("m365").delete(gone)
    (drift,) = looked(here).values()
    answers(here, drift)
    assert looked(here) == {}


def test_a_statement_ends_and_the_difference_comes_again(here: Scene) -> None:
    new = purge(here, "New", 90)
    here.console("m365").set(rule(here), period=180)
    for drift in looked(here).values():
        answers(here, drift, days=30)
    assert looked(here, 29 * DAY) == {}
    again = looked(here, 2 * DAY)
    assert {rule(here), new} <= set(again)
    assert {one.state for one in attestations(here.store, here.clock.now())} == {AttestationState.EXPIRED}
    answers(here, again[new])
    assert new not in looked(here)


def test_a_later_answer_takes_the_place_of_the_earlier_one(here: Scene) -> None:
    here.console("m365").set(rule(here), period=180)
    first = answers(here, looked(here)[rule(here)])
    here.console("m365").set(rule(here), query="subject:x")
    second = answers(here, looked(here)[rule(here)])
    states = {one.id: one.state for one in attestations(here.store, here.clock.now())}
    assert states == {first.id: AttestationState.OVERTAKEN, second.id: AttestationState.VALID}
    assert looked(here) == {}


def refused(here: Scene, drift: str, officer: Signer = CUSTODIAN) -> str:
    head = here.desk.journal.head()
    with pytest.raises(JournalError) as caught:
        answers(here, drift, officer)
    assert here.desk.journal.head() == head
    return caught.value.code


def test_who_may_not_and_what_is_not_to_be_answered_for(here: Scene) -> None:
    here.console("m365").set(rule(here), period=180)
    drift = looked(here)[rule(here)]
    assert refused(here, drift, Signer(officer="it", key=KEYS["it"])) == "approval.role"
    assert refused(here, "0" * 24) == "attest.subject"
    type(here.console("m365"))(here.worlds["m365"], "counsel@d.example").set(rule(here), query="subject:x")
    own = looked(here, DAY)[rule(here)]
    assert refused(here, own, Signer(officer="counsel", key=KEYS["counsel"])) == "approval.own_proposal"
    answers(here, own)
    assert refused(here, own) == "attest.subject", "over already"


def test_ours_is_brought_back_and_not_answered_for(here: Scene) -> None:
    thing = next(iter(here.worlds["m365"].things.values()))
    assert thing.mark is None
    console = here.console("m365")
    console.make(Kind.M365_LABEL, "Ours [rw:k3p9x2ab:label-x:g1]", {"period": 1, "trigger": "created", "action": "keep", "behaviour": "retain"})
    here.clock.advance(HOUR)
    (stray,) = here.engine.drift(("m365",)).tenants[0].drift
    assert (stray.drift, next_step(stray)) == (DriftClass.ORPHANED, None)
    assert refused(here, stray.id) == "attest.subject"


def test_the_next_step_is_said(here: Scene) -> None:
    here.console("m365").set(rule(here), period=180)
    here.clock.advance(HOUR)
    (drift,) = here.engine.drift(("m365",)).tenants[0].drift
    assert f"attest drift/{drift.id} --until DATE" in str(next_step(drift))
