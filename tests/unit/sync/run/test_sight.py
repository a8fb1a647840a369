"""Before anybody is said not to stand in the log, the log is made to show our own last write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from policies.district import Mode
from policies.kinds import Kind
from sync.drift import AttributionState, Drift
from sync.sight import own_writes
from sync.store.bindings import Bindings
from sync.store.drifts import Drifts
from sync.store.proofs import Proofs
from tests.unit.sync.matters.world import HOUR, Scene, google, m365, roster, scene
from tests.unit.sync.run.test_engine import LABEL, duty, in_force, label_id, microsoft

DAY = 24 * HOUR


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Scene]:
    people = roster("m365", m365(1), m365(2), m365(3)), roster("google", google(1), google(2))
    with scene(tmp_path, *people, duties=(duty(),), mode=Mode.ENFORCE) as made:
        with made.store.write() as session:
            for kind in (Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE):
                Proofs(made.store).put(session, "m365", kind, made.clock.now(), "custodian", 1, None)
        yield made


def unseen_change(here: Scene) -> None:
    """Somebody lengthens our label, two days after we made it, and it never comes into the log."""
    in_force(here)
    here.clock.advance(2 * DAY)
    here.engine.sync()
    world = here.worlds["m365"]
    before = len(world.log)
    here.console("m365").set(label_id(here), period=9999)
    del world.log[before:]


def drift(here: Scene) -> Drift:
    (found,) = [one for one in microsoft(here.engine.sync()).drift if one.key == LABEL]
    return found


def test_silence_of_a_log_that_shows_our_write_means_that_nobody_stands_there(at_work: Scene) -> None:
    unseen_change(at_work)
    assert drift(at_work).attribution.state is AttributionState.PENDING
    at_work.clock.advance(DAY + 600)
    assert drift(at_work).attribution.state is AttributionState.NOT_FOUND


def test_silence_of_a_log_that_shows_nothing_of_us_means_nothing(at_work: Scene) -> None:
    unseen_change(at_work)
    at_work.worlds["m365"].troubles.blind_log = True
    assert drift(at_work).attribution.state is AttributionState.PENDING
    at_work.clock.advance(DAY + 600)
    found = drift(at_work).attribution
    assert (found.state, (found.reason or "").partition(":")[0]) == (AttributionState.UNAVAILABLE, "audit.own_write_unseen")


def test_sight_that_comes_back_while_it_may_still_answer_is_used(at_work: Scene) -> None:
    unseen_change(at_work)
    at_work.worlds["m365"].troubles.blind_log = True
    drift(at_work)
    at_work.clock.advance(DAY + 600)
    drift(at_work)
    at_work.worlds["m365"].troubles.blind_log = False
    assert drift(at_work).attribution.state is AttributionState.NOT_FOUND


def test_the_asking_ends_in_a_word_however_late_the_next_run_comes(at_work: Scene) -> None:
    unseen_change(at_work)
    assert drift(at_work).attribution.state is AttributionState.PENDING
    at_work.clock.advance(5 * DAY)
    assert drift(at_work).attribution.state is AttributionState.NOT_FOUND


def test_what_is_over_gets_its_word_too(at_work: Scene) -> None:
    unseen_change(at_work)
    drift(at_work)
    at_work.clock.advance(HOUR)
    at_work.console("m365").set(label_id(at_work), period=731)
    at_work.engine.sync()
    at_work.clock.advance(5 * DAY)
    at_work.engine.sync()
    now = at_work.clock.now()
    (kept,) = [one for one in Drifts(at_work.store).between(now - timedelta(days=9), now) if one.key == LABEL]
    assert kept.closed_at is not None
    assert kept.document["attribution"]["state"] == "not_found"  # type: ignore[index]  # a JSON document


def test_our_newest_write_old_enough_is_the_one_that_is_looked_for(at_work: Scene) -> None:
    began = at_work.clock.now()
    in_force(at_work)
    bindings = Bindings(at_work.store).of("m365")
    now = at_work.clock.now()
    found = own_writes(at_work.desk, "m365", bindings, (began - timedelta(days=1), now))
    newest = max(bindings.values(), key=lambda one: one.accepted_at)
    assert {write.vendor_id for write in found.values()} <= {one.vendor_id for one in bindings.values()}
    assert [write.at for write in found.values()] == [newest.accepted_at]
    assert own_writes(at_work.desk, "m365", bindings, (began - timedelta(days=2), began - timedelta(days=1))) == {}
    renamed = {key: replace(one, vendor_id="another") for key, one in bindings.items()}
    assert {write.vendor_id for write in own_writes(at_work.desk, "m365", renamed, (began, now)).values()} == {"another"}
