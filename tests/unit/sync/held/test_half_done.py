"""A change that the platform took one half of is told as what it is: done as far as it went, and the rest is asked for at the next look."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("fault", [400, 504])
def test_a_hold_whose_rule_was_not_made_is_bound_and_gets_its_rule_and_no_twin(keys: Path, tmp_path: Path, fault: int) -> None:
    with held(keys, tmp_path) as here:
        here.switch(licence="A3")
        here.fault("compliance", "New-CaseHoldRule", status=fault, times=1)
        here.order(*here.people[:2])
        result = here.look(0)
        (sent,) = [one for one in result.tenants[0].changes if one.change.kind is Kind.M365_HOLD]
        assert (sent.status, sent.error_code) == (ChangeStatus.ACCEPTED, "admin.refused" if fault == 400 else "admin.unavailable")
        assert set(outcomes(here)) == {"done"}
        assert here.stage.desk.journal.open_intents() == []
        assert bound(here).vendor_id in here.state.holds
        assert bound(here).fields["enabled"] is False
        assert not {"effective", "verified", "distributing"} & set(here.sources().values()), "without its rule it holds nothing"
        here.world.clock.advance(4_000)
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}
        made = Counter(one.operation for one in here.asked("compliance"))
        assert (made["New-CaseHoldPolicy"], made["New-CaseHoldRule"]) == (1, 2)


def test_a_hold_that_stays_off_though_its_terms_were_taken_is_not_told_as_held(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, accepted=False) as here:
        here.order(*here.people[:1])
        here.until_in_force()
        (hold,) = [one for one in here.state.holds.values() if len(one.sources) == 2]
        with here.world.lock:
            hold.enabled, hold.query = False, "budget"
        before = outcomes(here)
        here.fault("graph", "POST */enablePolicy", status=423, times=9)
        here.look(0)
        (sent,) = [one for one in here.look().tenants[0].changes if one.change.kind is Kind.M365_HOLD]
        assert (sent.status, sent.error_code, hold.query, hold.enabled) == (ChangeStatus.FAILED, "graph.locked", "", False)
        assert outcomes(here)[len(before) :] == ["done", "failed"], "first half done, then the other half alone refused"
        assert not {"effective", "verified"} & set(here.sources().values())
        here.world.faults.clear()
        here.until_in_force()
        assert (hold.enabled, set(here.sources().values())) == (True, {"verified"})
