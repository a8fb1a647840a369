"""What an inventory may say of what it could not read: nothing, which is null and never an empty list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.memory import MemoryConnector, MemoryTenant
from policies.district import Tenant
from policies.kinds import Kind, Platform
from policies.resources import KindRead, ReadState, Snapshot
from policies.roster import Roster
from recordwarden.cli.inventory import HOLDS, RULES, _document
from sync.look import Look
from tests.unit.sync.provable import VirtualClock

AT = datetime(2027, 3, 1, tzinfo=UTC)


def looked(platform: Platform, states: dict[Kind, ReadState]) -> Look:
    tenant = Tenant(id="t", platform=platform)
    clock, roster = VirtualClock(), Roster(tenant="t", at=AT, identities=())
    world = MemoryTenant(platform=platform, vendor_id="v", domain="d.example", clock=clock, roster=roster)
    reads = {
        kind: KindRead(kind=kind, state=state, count=0 if state is ReadState.COMPLETE else None, reason=None if state is ReadState.COMPLETE else "x")
        for kind, state in states.items()
    }
    return Look(tenant=tenant, connector=MemoryConnector(world), at=AT, snapshot=Snapshot(tenant="t", at=AT, resources=(), reads=reads))


def all_of(platform: Platform, *failed: Kind) -> dict[Kind, ReadState]:
    return {kind: ReadState.FAILED if kind in failed else ReadState.COMPLETE for kind in HOLDS | RULES if kind.platform is platform}


def test_what_was_read_whole_and_is_not_there_is_an_empty_list() -> None:
    said = _document(looked(Platform.MICROSOFT365, all_of(Platform.MICROSOFT365)))
    assert (said["deletes"], said["holds"], said["rules"]) == ([], [], [])


@pytest.mark.parametrize(("kind", "lists"), [(Kind.M365_ORG_HOLD, {"holds"}), (Kind.M365_RETENTION_RULE, {"deletes", "rules"})])
def test_what_could_not_be_read_is_null_with_its_reason_beside_it(kind: Kind, lists: set[str]) -> None:
    said = _document(looked(Platform.MICROSOFT365, all_of(Platform.MICROSOFT365, kind)))
    assert {name for name in ("deletes", "holds", "rules") if said[name] is None} == lists
    assert said["not_read"] == [{"kind": kind.value, "reason": "x"}]


def test_vaults_rules_that_no_interface_shows_are_unknown() -> None:
    said = _document(looked(Platform.GOOGLE_WORKSPACE, {Kind.GOOGLE_HOLD: ReadState.COMPLETE}))
    assert (said["holds"], said["deletes"], said["rules"]) == ([], None, None)
