"""A change that the platform took one half of is told as what it is: done as far as it went, and the rest is asked for at the next look."""

from __future__ import annotations

from pathlib import Path

from policies.kinds import Kind
from sync.bindings import Binding
from sync.journal import EntryKind
from sync.plan import ChangeStatus
from sync.store.bindings import Bindings
from tests.unit.sync.held.stage import Held, held


def bound(here: Held) -> Binding:
    (found,) = [one for one in Bindings(here.stage.store).of("m365").values() if one.kind is Kind.M365_HOLD]
    return found


def outcomes(here: Held) -> list[object]:
    return [entry.body["result"] for entry in here.stage.desk.journal.entries() if entry.kind is EntryKind.OUTCOME]


def test_a_hold_that_is_on_again_while_its_rule_waits_for_the_lock_is_no_change_that_was_not_done(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        here.switch(licence="A3")
        here.order(*here.people[:2])
        here.until_in_force()
        (hold,) = [one for one in here.state.holds.values() if len(one.sources) == 4]
        with here.world.lock:
            hold.rule_disabled, hold.enabled = True, False
            gone = hold.sources.pop()
        before = outcomes(here)

        (tenant,) = here.look(0).tenants
        (sent,) = [one for one in tenant.changes if one.change.kind is Kind.M365_HOLD]
        assert (sent.status, sent.error_code) == (ChangeStatus.ACCEPTED, "admin.pending_lock")
        assert outcomes(here)[len(before) :] == ["done"]
        assert (hold.enabled, hold.rule_disabled, len(hold.sources)) == (True, True, 4)
        assert f"site:{gone.place.lower()}" in bound(here).members or f"mail:{gone.place.lower()}" in bound(here).members
        assert "verified" not in here.sources().values(), "without its rule it holds nothing"

        here.world.clock.advance(4_000)
        here.until_in_force()
        assert (hold.rule_disabled, set(here.sources().values())) == (False, {"verified"})
        assert here.stage.desk.journal.open_intents() == []
