"""By whom somebody on hold came to be in danger: the log is asked about each, in turn, and only what can have brought it about counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from connectors.audit_log import AuditEvent, AuditRead
from connectors.base import Reader
from policies.roster import AccountState, Identity
from sync.look import Look
from sync.store.watch_rows import WatchRows
from sync.watch.done import AT_ONCE, Doers
from tests.unit.sync.matters.world import HOUR, Scene, google, m365, order, roster, scene
from tests.unit.sync.provable import START

DAY = 24 * HOUR
ONE = m365(1).vendor_id


@dataclass
class Directory:
    """A log of what was done to accounts, and everything that it was asked."""

    entries: list[AuditEvent] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    refusal: str | None = None

    def done_to(self, subjects: Sequence[str], since: datetime) -> AuditRead:  # asked since the earliest of all: for one it may be too early
        self.asked.append(tuple(subjects))
        found = tuple(one for one in self.entries if one.vendor_id in subjects)
        return AuditRead(available=self.refusal is None, events=found if self.refusal is None else (), reason=self.refusal)

    def tells(self, at: datetime, operation: str, actor: str, subject: str = ONE) -> None:
        self.entries.append(AuditEvent(id=f"directory/{len(self.entries)}", at=at, actor=actor, operation=operation, vendor_id=subject))


def ask(here: Scene, log: Directory) -> None:
    """What a look does after it has seen who is in danger."""
    door = next(one for one in here.desk.doors if one.tenant.id == "m365")
    seen = Look(tenant=door.tenant, connector=door.connector, at=here.clock.now(), reader=cast("Reader", log))
    Doers(here.desk).look(seen)


def everybody(here: Scene, *people: Identity) -> None:
    here.worlds["m365"].roster = roster("m365", *people, m365(99))


def in_danger(here: Scene) -> Mapping[str, dict[str, Any]]:
    """What endangers the only person on hold, by code."""
    (person,) = here.document("roof")["people"]
    return {one["code"]: one for one in person["at_risk"]}


def named(here: Scene, code: str) -> str | None:
    log = in_danger(here)[code]["log"]
    return None if log is None else str(log["actor"])


@pytest.fixture
def here(tmp_path: Path) -> Any:
    with scene(tmp_path, roster("m365", m365(1), m365(99)), roster("google", google(99))) as found:
        found.lane.open(order("person1@d.example", sources=["mail"]))
        found.until_in_force()
        yield found


def test_a_second_danger_is_not_laid_to_the_account_of_the_first(here: Scene) -> None:
    log = Directory()
    suspended = m365(1, state=AccountState.SUSPENDED)
    log.tells(here.clock.now() + timedelta(minutes=10), "Disable account", "first@d.example")
    everybody(here, suspended)
    here.later(HOUR)
    ask(here, log)
    assert named(here, "person.suspended") == "first@d.example"
    everybody(here, m365(1))
    here.later(HOUR)
    assert in_danger(here) == {}
    here.later(2 * DAY)
    log.tells(here.clock.now() + timedelta(minutes=10), "Disable account", "second@d.example")
    everybody(here, suspended)
    here.later(HOUR)
    again = in_danger(here)["person.suspended"]
    assert (again["log"], again["log_state"]) == (None, "pending"), "what is stored of the first time shows nothing of this one"
    ask(here, log)
    assert named(here, "person.suspended") == "second@d.example"


def test_an_entry_before_the_last_look_without_the_danger_names_nobody(here: Scene) -> None:
    log = Directory()
    log.tells(here.clock.now() - timedelta(minutes=30), "Disable account", "somebody@d.example")
    everybody(here, m365(1, state=AccountState.SUSPENDED))
    here.later(HOUR)
    ask(here, log)
    assert named(here, "person.suspended") is None


@pytest.mark.parametrize("minutes", [2, 60])
def test_who_tries_to_put_it_right_is_not_named(here: Scene, minutes: int) -> None:
    log = Directory()
    log.tells(here.clock.now() + timedelta(minutes=30), "Change user license", "doer@d.example")
    everybody(here, m365(1, licensed_for_hold=frozenset()))
    here.later(HOUR)
    log.tells(here.clock.now() + timedelta(minutes=minutes), "Change user license", "helper@d.example")
    here.later(2 * HOUR)
    ask(here, log)
    assert named(here, "person.not_licensed") == "doer@d.example"


def test_who_was_in_danger_when_the_tenant_was_seen_first_may_have_been_for_a_week(tmp_path: Path) -> None:
    log = Directory()
    log.tells(START - timedelta(days=8), "Disable account", "long.ago@d.example")
    with scene(tmp_path, roster("m365", m365(1, state=AccountState.SUSPENDED)), roster("google", google(99))) as here:
        here.lane.open(order("person1@d.example", sources=["mail"]))
        here.hold()
        ask(here, log)
        assert named(here, "person.suspended") is None
        log.tells(START - timedelta(days=6), "Disable account", "last.week@d.example")
        here.hold()
        ask(here, log)
        assert named(here, "person.suspended") == "last.week@d.example"


def test_who_made_it_final_is_named_and_else_who_deleted(here: Scene) -> None:
    log = Directory()
    log.tells(here.clock.now() + timedelta(minutes=5), "Delete user", "deletes@d.example")
    everybody(here)
    here.later(HOUR)
    ask(here, log)
    assert named(here, "person.gone_for_good") is None, "the entry that counts may be on its way"
    log.tells(here.clock.now() - timedelta(minutes=5), "Hard Delete user", "purges@d.example")
    ask(here, log)
    assert named(here, "person.gone_for_good") == "purges@d.example"


def test_who_deleted_is_still_named_when_the_days_are_over(here: Scene) -> None:
    log = Directory()
    log.tells(here.clock.now() + timedelta(minutes=5), "Delete user", "deletes@d.example")
    everybody(here, m365(1, state=AccountState.DELETED, deleted_at=here.clock.now() + timedelta(minutes=5)))
    here.later(HOUR)
    ask(here, log)
    assert named(here, "person.deleted") == "deletes@d.example"
    log.entries.clear()  # the log keeps thirty days
    here.later(31 * DAY)
    everybody(here)
    here.later(HOUR)
    ask(here, log)
    assert named(here, "person.gone_for_good") is None
    here.later(2 * HOUR)
    ask(here, log)
    assert named(here, "person.gone_for_good") == "deletes@d.example"


def test_what_nobody_asks_about_is_not_said_to_come(here: Scene) -> None:
    log = Directory()
    everybody(here, m365(1, address="new.name@d.example"))
    here.later(HOUR)
    ask(here, log)
    assert log.asked == []
    assert in_danger(here)["person.renamed"]["log_state"] == "not_asked"
    everybody(here, m365(1, state=AccountState.SUSPENDED))
    here.later(HOUR)
    ask(here, log)
    assert in_danger(here)["person.suspended"]["log_state"] == "pending"
    here.later(3 * DAY)
    ask(here, log)
    assert len(log.asked) == 1, "after two days nobody asks any more"
    assert in_danger(here)["person.suspended"]["log_state"] == "not_found"


def test_those_of_whom_the_log_shows_nobody_do_not_keep_it_from_the_others(tmp_path: Path) -> None:
    people = [m365(number, state=AccountState.SUSPENDED) for number in range(1, AT_ONCE + 6)]
    log = Directory()
    last = people[-1].vendor_id
    log.tells(START - timedelta(days=1), "Disable account", "doer@d.example", last)
    with scene(tmp_path, roster("m365", *people), roster("google", google(99))) as here:
        here.lane.open(order(*(one.address for one in people), sources=["mail"]))
        here.hold()
        for _ in range(2):
            ask(here, log)
            here.later(HOUR)
        assert len(log.asked[0]) == AT_ONCE
        assert {one for subjects in log.asked for one in subjects} == {one.vendor_id for one in people}
        assert {one.risk.subject: one.actor for one in WatchRows(here.desk.store).risks("m365") if one.actor} == {last: "doer@d.example"}


def test_being_refused_is_no_reason_to_ask_about_the_same_ones_for_ever(here: Scene) -> None:
    log = Directory(refusal="graph.forbidden: no")
    everybody(here, m365(1, state=AccountState.SUSPENDED))
    here.later(HOUR)
    ask(here, log)
    (kept,) = WatchRows(here.desk.store).risks("m365")
    assert kept.asked_at == here.clock.now()
    assert named(here, "person.suspended") is None
