"""What others do in the tenants, over several looks: it stays a difference until it is undone, repaired or answered for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from policies.district import Mode
from policies.kinds import Kind
from policies.protection import Direction
from sync.drift import DriftClass, Since
from sync.store.drifts import Drifts, KeptDrift
from sync.store.proofs import Proofs
from sync.store.tables.engine import DriftRow
from tests.unit.sync.matters.world import HOUR, Scene, google, m365, roster, scene
from tests.unit.sync.run.test_engine import WRITTEN, duty, in_force, label_id, microsoft

THEIRS = "Kept by somebody else"
POLICY, RULE = Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    """A label in force, and beside the visibility checks a policy of somebody else's, there before the first look."""
    people = roster("m365", m365(1), m365(2)), roster("google", google(1))
    with scene(tmp_path, *people, duties=(duty(),), mode=Mode.ENFORCE) as made:
        with made.store.write() as session:
            for kind in WRITTEN:
                Proofs(made.store).put(session, "m365", kind, made.clock.now(), "custodian", 1, None)
        console = made.console("m365")
        console.make(POLICY, THEIRS, {"enabled": True, "description": "", "exceptions": (), "locked": False}, ["exchange:All"])
        in_force(made)
        yield made


def purge(here: Scene, days: int = 30) -> tuple[str, str]:
    """Somebody makes a policy that deletes all mail after so many days; the ids of policy and rule."""
    console = here.console("m365")
    policy = console.make(POLICY, "Purge", {"enabled": True, "description": "", "exceptions": (), "locked": False}, ["exchange:All"])
    rule = console.make(RULE, "Purge rule", {"period": days, "trigger": "created", "action": "delete", "query": ""}, parent_id=policy)
    return policy, rule


def looked(here: Scene, after: float = HOUR) -> dict[str | None, tuple[DriftClass, Direction]]:
    """What a look some time later finds changed outside, by vendor id."""
    here.clock.advance(after)
    return {one.vendor_id: (one.drift, one.direction) for one in microsoft(here.engine.drift(("m365",))).drift}


def kept(here: Scene) -> tuple[KeptDrift, ...]:
    """Every difference that the store remembers, oldest first."""
    now = here.clock.now()
    return Drifts(here.store).between(datetime.min.replace(tzinfo=now.tzinfo), now + timedelta(seconds=1))


def open_ids(here: Scene) -> set[str]:
    return set(Drifts(here.store).open("m365"))


def test_a_new_deleting_policy_of_somebody_else_stays_a_difference_at_every_look(here: Scene) -> None:
    policy, rule = purge(here)
    first = looked(here)
    assert first[rule] == (DriftClass.UNMANAGED, Direction.WEAKENS)
    ids = open_ids(here)
    assert [looked(here) for _ in range(3)] == [first] * 3, "it still deletes, so it still differs"
    assert open_ids(here) == ids
    here.console("m365").set(rule, period=20)
    assert looked(here) == first
    assert open_ids(here) == ids, "one difference keeps its id"
    here.console("m365").delete(policy)
    assert looked(here) == {}
    assert {one.closed_by for one in kept(here)} == {"undone"}


def test_what_cannot_be_seen_is_not_over(here: Scene) -> None:
    """A read that fails, or that no longer shows the object, undoes nothing; the first one that could show it does."""
    _, rule = purge(here)
    looked(here)
    ids, troubles = open_ids(here), here.worlds["m365"].troubles
    troubles.failed[RULE] = troubles.failed[POLICY] = "read.refused"
    assert looked(here) == {}
    troubles.failed.clear()
    troubles.partial[RULE] = "read.cut_short"
    troubles.hidden.add(rule)
    looked(here)
    assert {one.closed_by for one in kept(here)} == {None}
    troubles.partial.clear()
    troubles.hidden.clear()
    assert rule in looked(here)
    assert open_ids(here) == ids


def shortened(here: Scene, period: int = 30, after: float = HOUR) -> None:
    """Somebody sets our label to so many days, and a look some time later finds it."""
    here.console("m365").set(label_id(here), period=period)
    assert looked(here, after)


def test_what_its_author_undoes_was_not_repaired_by_us(here: Scene) -> None:
    shortened(here)
    here.console("m365").set(label_id(here), period=731)
    assert looked(here) == {}
    (undone,) = kept(here)
    assert undone.closed_by == "undone"
    shortened(here)
    here.engine.sync()
    assert looked(here) == {}
    assert [one.closed_by for one in kept(here)][-1] == "repaired"


def test_an_earlier_doing_of_ours_repaired_no_later_difference(here: Scene) -> None:
    """The key was written before the difference came, in this tenant; what was done under the same key elsewhere counts as little."""
    shortened(here)
    journal = here.desk.journal
    elsewhere = journal.intent("label-cor-02", {"change": "c1", "kind": "google.drive_label", "op": "set", "lane": "sync"}, tenant="google")
    journal.outcome(elsewhere, "done", {"change": "c1"})
    failed = journal.intent("label-cor-02", {"change": "c2", "kind": "m365.label", "op": "set", "lane": "sync"}, tenant="m365")
    journal.outcome(failed, "failed", {"change": "c2"})
    here.console("m365").set(label_id(here), period=731)
    looked(here)
    assert [one.closed_by for one in kept(here)] == ["undone"]


def test_a_difference_that_comes_again_is_kept_beside_the_first(here: Scene) -> None:
    began = []
    for period in (30, 60):
        shortened(here, period)
        began.append(here.clock.now())
        here.engine.sync()
        here.clock.advance(30 * 24 * HOUR)
        looked(here)
    first, second = kept(here)
    assert first.id == second.id
    assert [one.first_seen for one in (first, second)] == began
    assert first.closed_at is not None
    assert first.closed_at < second.first_seen
    assert [one.document["live"] for one in (first, second)] == [{"period": 30}, {"period": 60}]
    month = Drifts(here.store).between(began[0], began[0].replace(hour=23))
    assert [one.first_seen for one in month] == began[:1], "the earlier month has lost its own"


def test_each_time_has_its_own_account_from_the_log(here: Scene) -> None:
    """What the log tells late goes to the time that it was asked for."""
    shortened(here)
    here.engine.sync()
    looked(here, 60)
    shortened(here)
    looked(here)
    looked(here)
    assert [(one.occurrence, one.document["attribution"]["state"]) for one in kept(here)] == [(1, "found"), (2, "found")]  # type: ignore[index]


def since(here: Scene, after: float = HOUR) -> dict[str | None, Since]:
    """Of what a look some time later finds changed outside, when it came."""
    here.clock.advance(after)
    return {one.vendor_id: one.since for one in microsoft(here.engine.drift(("m365",))).drift}


def test_a_new_object_came_since_the_last_look_at_its_kind(here: Scene) -> None:
    looked(here)
    before = here.clock.now()
    policy, rule = purge(here)
    came = Since(earliest=before, latest=before + timedelta(seconds=HOUR))
    assert since(here) == {policy: came, rule: came}
    assert since(here) == {policy: came, rule: came}, "a later look moves nothing"


def test_a_change_came_since_the_last_look_that_agreed(here: Scene) -> None:
    theirs = next(one.vendor_id for one in here.worlds["m365"].things.values() if one.name == THEIRS)
    console = here.console("m365")
    for _ in range(3):
        assert looked(here, 24 * HOUR) == {}
    agreed = here.clock.now()
    console.set(theirs, enabled=False)
    came = Since(earliest=agreed, latest=agreed + timedelta(seconds=HOUR))
    assert since(here) == {theirs: came}
    assert since(here) == {theirs: came}, "seen differing is not seen agreeing"
    console.set(theirs, enabled=True)
    assert looked(here) == {}
    agreed = here.clock.now()
    console.delete(theirs)
    assert since(here)[theirs].earliest == agreed


def states(here: Scene) -> list[object]:
    """What the log answered to each difference, oldest first."""
    return [one.document["attribution"]["state"] for one in kept(here)]  # type: ignore[index]  # a JSON document


@pytest.mark.parametrize("then", ["still so", "undone"])
def test_the_log_is_asked_once_more_however_late_the_next_look_comes(here: Scene, then: str) -> None:
    world = here.worlds["m365"]
    shortened(here, after=60)
    if then == "undone":
        here.console("m365").set(label_id(here), period=731)
        looked(here, 60)
    world.log = [event for event in world.log if event.ours]
    assert states(here) == ["pending"]
    looked(here, 5 * 24 * HOUR)
    assert states(here) == ["not_found"]


def test_a_log_that_cannot_be_read_in_the_end_is_not_asked_for_ever(here: Scene) -> None:
    world = here.worlds["m365"]
    shortened(here, after=60)
    world.troubles.no_log = "role.missing"
    looked(here, 5 * 24 * HOUR)
    assert states(here) == ["unavailable"]
    world.troubles.no_log = None
    looked(here)
    assert states(here) == ["unavailable"]


def test_an_earlier_time_gets_its_account_though_the_later_one_has_its_own(here: Scene) -> None:
    """Only the first waits; what is known of the second is not asked again."""
    world = here.worlds["m365"]
    shortened(here)
    here.engine.sync()
    looked(here, 60)
    shortened(here, 60)
    looked(here)
    assert states(here) == ["found", "found"]
    first = kept(here)[0]
    with here.store.write() as session:
        row = session.get_one(DriftRow, (here.store.district, "m365", first.id, 1))
        row.document, row.attribution = row.document.replace('"found"', '"pending"'), "pending"
        session.add(row)
    world.troubles.no_log = "role.missing"
    looked(here)
    assert states(here) == ["unavailable", "found"]
