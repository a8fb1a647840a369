"""Officers' signatures over several runs: a yes is spent by the doing that it was given for, and a change that nobody finds any more is overtaken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policies.district import Mode
from policies.kinds import Kind
from sync.approvals import LIFETIME
from sync.journal import Actor, ActorKind, EntryKind
from sync.ledger import Progress
from sync.plan import ChangeStatus
from sync.store.approvals import Approvals, KeptApproval
from sync.store.changes import Changes
from sync.store.proofs import Proofs
from tests.unit.sync.matters.world import HOUR, Scene, google, m365, roster, scene
from tests.unit.sync.provable import KEYS
from tests.unit.sync.run.test_engine import WRITTEN, duty, in_force, label_id, microsoft


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    """A label of 731 days in force."""
    people = roster("m365", m365(1), m365(2)), roster("google", google(1))
    with scene(tmp_path, *people, duties=(duty(),), mode=Mode.ENFORCE) as made:
        with made.store.write() as session:
            for kind in WRITTEN:
                Proofs(made.store).put(session, "m365", kind, made.clock.now(), "custodian", 1, None)
        in_force(made)
        yield made


def lengthened(here: Scene, period: int = 4000) -> Progress:
    """An administrator sets the label to so many days, and a run looks: the change that would shorten it again."""
    here.console("m365").set(label_id(here), period=period)
    (change,) = microsoft(here.engine.sync()).changes
    return change


def says_yes(here: Scene, change: str, *officers: str) -> None:
    """Signed as ``approve`` signs it, each yes with the number of its journal entry."""
    now = here.clock.now()
    for name in officers:
        with here.store.write() as session:
            actor = Actor(kind=ActorKind.OFFICER, id=name)
            body = {"change": change, "verdict": "yes"}
            seq = here.desk.journal.append(
                EntryKind.APPROVAL, f"change/{change}", body, tenant="m365", actor=actor, signer=KEYS[name], session=session
            )
            kept = KeptApproval(change=change, officer=name, verdict="yes", at=now, expires=now + LIFETIME, seq=seq)
            Approvals(here.store).put(session, kept)


def period(here: Scene) -> object:
    return here.worlds["m365"].things[label_id(here)].fields["period"]


def test_a_yes_is_spent_once_the_change_was_done(here: Scene) -> None:
    change = lengthened(here)
    says_yes(here, change.change.id, "chair", "counsel")
    (done,) = microsoft(here.engine.sync()).changes
    assert (done.change.id, period(here)) == (change.change.id, 731)
    here.clock.advance(HOUR)
    again = lengthened(here)
    assert again.change.id == change.change.id, "the same change is wanted again"
    assert (again.status, period(here)) == (ChangeStatus.REFUSED, 4000)
    assert Approvals(here.store).standing(here.clock.now()) == {}
    says_yes(here, change.change.id, "counsel")
    assert microsoft(here.engine.sync()).changes[0].status is ChangeStatus.REFUSED, "a new yes was counted together with a spent one"
    says_yes(here, change.change.id, "chair")
    here.engine.sync()
    assert period(here) == 731


def test_a_yes_is_not_spent_by_a_try_that_failed(here: Scene) -> None:
    change = lengthened(here)
    says_yes(here, change.change.id, "chair", "counsel")
    here.worlds["m365"].troubles.lost = "before"
    (failed,) = microsoft(here.engine.sync()).changes
    assert (failed.status, period(here)) == (ChangeStatus.FAILED, 4000)
    here.engine.sync()
    assert period(here) == 731


def waiting(here: Scene) -> set[str]:
    """Ids of the changes that wait for officers."""
    return {one.id for one in Changes(here.store).with_status(ChangeStatus.PLANNED, ChangeStatus.REFUSED)}


def status(here: Scene, change: Progress) -> ChangeStatus:
    kept = Changes(here.store).get(change.change.id)
    assert kept is not None
    return kept.status


def test_a_change_that_no_look_finds_any_more_is_overtaken(here: Scene) -> None:
    change = lengthened(here)
    other = lengthened(here, 5000)
    assert waiting(here) == {other.change.id}, "its object is another now"
    assert status(here, change) is ChangeStatus.SUPERSEDED
    here.console("m365").set(label_id(here), period=731)
    here.engine.plan()
    assert waiting(here) == set()
    again = lengthened(here)
    assert again.change.id == change.change.id
    assert waiting(here) == {change.change.id}, "found again, it stands again"


def test_one_that_the_look_could_not_tell_of_goes_on_waiting(here: Scene) -> None:
    change = lengthened(here)
    troubles = here.worlds["m365"].troubles
    troubles.failed[Kind.M365_LABEL] = "read.refused"
    here.engine.plan()
    assert status(here, change) is ChangeStatus.REFUSED
    troubles.failed.clear()
    troubles.unreachable = "network.refused"
    here.engine.plan()
    assert status(here, change) is ChangeStatus.REFUSED
    troubles.unreachable = None
    here.engine.hold()
    assert status(here, change) is ChangeStatus.REFUSED, "a look at holds alone tells nothing of labels"


def test_a_policy_line_that_is_gone_takes_its_changes_along(here: Scene) -> None:
    change = lengthened(here)
    engine = type(here.engine)(replace(here.desk, duties=()), here.lane)
    engine.plan()
    assert status(here, change) is ChangeStatus.SUPERSEDED
