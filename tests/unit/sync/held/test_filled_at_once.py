"""A new hold of Vault's is read once, with its people in it, and that settles both what made it and what filled it; whatever goes wrong in between is caught up with."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sandbox.google.state import Matter, state_of
from sandbox.world import Fault
from sync.journal import EntryKind
from sync.ledger import Progress
from sync.matters.order import MatterOrder
from sync.plan import ChangeStatus, Operation
from sync.run import Engine
from tests.campaign.drive import Stage
from tests.campaign.google import _holdable

ADD, GET = "vault.matters.holds.addHeldAccounts", "vault.matters.holds.get"


class Killed(BaseException):
    """The process ends here."""


def ordered(stage: Stage) -> str:
    """One person's mail is to be held; their account."""
    addresses = (f"{one.local_part}@{stage.world.domain}" for one in stage.world.people)
    address = next(one for one in addresses if _holdable(stage.world, state_of(stage.world), one))
    body = {"alias": "roof", "ordered_by": "counsel", "people": [{"address": address}], "sources": ["mail"]}
    stage.order(MatterOrder.model_validate(body))
    return state_of(stage.world).addresses[address]


def matter(stage: Stage) -> Matter:
    (found,) = [one for one in state_of(stage.world).matters.values() if "[rw:" in one.description]
    return found


def look(stage: Stage) -> dict[tuple[str, Operation], Progress]:
    """One run; what became of the changes of holds."""
    (tenant,) = Engine(stage.desk, stage.lane).hold().tenants
    stage.world.clock.advance(4_000)
    return {(one.change.kind.value, one.change.operation): one for one in tenant.changes}


def asked(stage: Stage) -> Counter[str]:
    return Counter(one.operation for one in stage.world.exchanges if one.surface == "vault")


def strike(stage: Stage, operation: str, when: str, status: int, times: int = 20) -> None:
    stage.world.faults.append(Fault(surface="vault", operation=operation, kind="status", when=when, status=status, times=times))  # type: ignore[arg-type]


def ends_held(stage: Stage, account: str) -> None:
    stage.world.faults.clear()
    for _ in range(4):
        look(stage)
    assert [set(hold.accounts) for hold in matter(stage).holds.values()] == [{account}], "one hold, with the person in it"
    assert not stage.desk.journal.open_intents()
    told: Any = stage.lane.status("roof")
    assert {one["state"] for one in told["sources"]} == {"verified"}


def test_it_is_read_once_and_its_making_is_told_before_its_filling(stage: Stage) -> None:
    account = ordered(stage)
    done = look(stage)
    assert asked(stage)[GET] == 1
    assert {done["google.hold", one].status for one in (Operation.CREATE, Operation.ADD)} <= {ChangeStatus.ACCEPTED, ChangeStatus.EFFECTIVE}
    entries = [entry for entry in stage.desk.journal.entries() if entry.subject.endswith("-mail")]
    assert [entry.kind for entry in entries] == [EntryKind.INTENT, EntryKind.INTENT, EntryKind.OUTCOME, EntryKind.OUTCOME]
    assert entries[2].body["intent"] == entries[0].seq
    ends_held(stage, account)


@pytest.mark.parametrize(("when", "status"), [("before", 403), ("before", 504), ("after", 504)])
def test_what_cannot_be_filled_is_there_all_the_same(stage: Stage, when: str, status: int) -> None:
    account = ordered(stage)
    strike(stage, ADD, when, status)
    done = look(stage)
    assert done["google.hold", Operation.CREATE].status is not ChangeStatus.FAILED, "it was read for itself"
    ends_held(stage, account)


def test_what_cannot_be_read_stays_open_until_it_is_seen(stage: Stage) -> None:
    account = ordered(stage)
    strike(stage, GET, "before", 503)
    done = look(stage)
    assert done["google.hold", Operation.CREATE].error_code == "intent.open"
    ends_held(stage, account)


@pytest.mark.parametrize("point", ["call.after", "intent.before", "intent.after", "outcome.before", "outcome.after"])
@pytest.mark.parametrize("nth", [2, 3])
def test_a_death_between_making_and_filling_is_caught_up_with(stage: Stage, point: str, nth: int) -> None:
    account = ordered(stage)
    seen = 0

    def crash(at: str) -> None:
        nonlocal seen
        seen += at == point
        if at == point and seen == nth:
            raise Killed

    object.__setattr__(stage.desk, "crash", crash)
    with pytest.raises(Killed):
        look(stage)
    object.__setattr__(stage.desk, "crash", lambda at: None)  # noqa: ARG005  # no trap any more
    ends_held(stage, account)
