"""Groups' archives: read for the groups in question, switched on and never off, proven without changing anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.effects import google_effects
from connectors.errors import PermanentError
from connectors.examination import ReadCapability, WriteCapability
from connectors.google_workspace.connector import GoogleWorkspaceConnector
from policies.kinds import Kind
from policies.resources import Force, Live, ReadState, Ref, Snapshot, Wanted
from policies.roster import Roster
from tests.unit.connectors.google.support import Bench, mark

_AT = datetime(2026, 10, 5, tzinfo=UTC)
ARCHIVES = frozenset({Kind.GOOGLE_GROUP_ARCHIVE})


def archives(bench: Bench, *named: str) -> dict[str, Live]:
    bench.connector = GoogleWorkspaceConnector(groups=frozenset(named))
    snapshot = bench.reader().snapshot(ARCHIVES)
    assert snapshot.reads[Kind.GOOGLE_GROUP_ARCHIVE].state is ReadState.COMPLETE
    return {live.name: live for live in snapshot.resources}


def some_group(bench: Bench) -> tuple[str, str]:
    check = bench.tenant().visibility_checks[Kind.GOOGLE_GROUP_ARCHIVE]
    group = next(one for one in bench.state.groups.values() if one.email != check)
    return group.email, group.id


def wanted(address: str, group: str, *, archived: bool = True) -> Wanted:
    return Wanted(kind=Kind.GOOGLE_GROUP_ARCHIVE, key="m-heron-archive", name=address, fields={"group": group, "archived": archived})


def test_only_the_groups_in_question_are_asked(bench: Bench) -> None:
    address, group = some_group(bench)
    check = bench.tenant().visibility_checks[Kind.GOOGLE_GROUP_ARCHIVE]
    assert set(archives(bench)) == {check}
    assert bench.seen("groupsSettings.groups.get") == 1
    assert set(archives(bench, address.upper())) == {check, address}
    assert archives(bench, group)[address].vendor_id == group


def test_an_archive_that_is_off_is_switched_on_and_reads_back(bench: Bench) -> None:
    address, group = some_group(bench)
    bench.console("change_group_setting", group=address, setting="isArchived", value="false")
    before = archives(bench, address)[address]
    assert (before.fields["archived"], before.force) == (False, Force.OFF)
    receipt = bench.writer().create(wanted(address, group), mark("m-heron-archive"), None)
    assert (receipt.vendor_id, receipt.name) == (group, address)
    live = bench.reader().read_back(Ref(tenant="google", kind=Kind.GOOGLE_GROUP_ARCHIVE, vendor_id=group, name=address))
    assert live is not None
    assert (live.fields["group"], live.fields["archived"], live.force) == (group, True, Force.APPLIED)
    bench.console("change_group_setting", group=address, setting="isArchived", value="false")
    bench.writer().set(live.ref("google"), wanted(address, group), mark("m-heron-archive"), frozenset({"archived"}))
    assert archives(bench, address)[address].fields["archived"] is True


def test_an_archive_that_the_role_may_not_change_is_refused_and_stays_off(bench: Bench) -> None:
    address, group = some_group(bench)
    bench.console("change_group_setting", group=address, setting="isArchived", value="false")
    bench.console("remove_privilege", role="Records retention service", service="admin", privilege="GROUPS_UPDATE")
    with pytest.raises(PermanentError) as caught:
        bench.writer().create(wanted(address, group), mark("m-heron-archive"), None)
    assert caught.value.code == "google.permission_denied"
    assert archives(bench, address)[address].fields["archived"] is False


def test_nothing_switches_an_archive_off(bench: Bench) -> None:
    address, group = some_group(bench)
    with pytest.raises(PermanentError):
        bench.writer().create(wanted(address, group, archived=False), mark("m-heron-archive"), None)
    assert bench.seen("groupsSettings.groups.patch") == 0


def test_a_proof_tells_a_group_what_it_already_is(bench: Bench) -> None:
    before = bench.reader().examine()
    told = next(one for one in before.capabilities if one.kind is Kind.GOOGLE_GROUP_ARCHIVE)
    assert (told.read, told.write) == (ReadCapability.FULL, WriteCapability.UNPROVEN)
    check = bench.tenant().visibility_checks[Kind.GOOGLE_GROUP_ARCHIVE]
    assert bench.prover().prove(Kind.GOOGLE_GROUP_ARCHIVE, mark("proof0-archive")).name == check
    bench.console("change_group_setting", group=check, setting="isArchived", value="false")
    with pytest.raises(PermanentError) as caught:
        bench.prover().prove(Kind.GOOGLE_GROUP_ARCHIVE, mark("proof0-archive"))
    assert caught.value.code == "proof.would_change"
    assert archives(bench)[check].fields["archived"] is False


def test_a_group_that_does_not_answer_makes_the_read_partial(bench: Bench) -> None:
    address, _ = some_group(bench)
    bench.connector = GoogleWorkspaceConnector(groups=frozenset({address}))
    bench.fault("groupssettings", "groupsSettings.groups.get", "status", status=403, nth=2, times=1)
    read = bench.reader().snapshot(ARCHIVES).reads[Kind.GOOGLE_GROUP_ARCHIVE]
    assert (read.state, read.count) == (ReadState.PARTIAL, 1)


def test_a_hold_on_a_group_without_archive_keeps_nothing_in_the_simulator() -> None:
    hold = Live(
        kind=Kind.GOOGLE_HOLD, vendor_id="h", name="h", members=frozenset({"account:g1"}), force=Force.APPLIED, parent_id="m",
        fields={"corpus": "GROUPS", "scope": "accounts", "org_unit": None, "terms": "", "start": None, "end": None, "options": ()},
    )
    archive = Live(kind=Kind.GOOGLE_GROUP_ARCHIVE, vendor_id="g1", name="g@d.example", fields={"group": "g1", "archived": False})
    at = Roster(tenant="google", at=_AT, identities=(), groups=(), org_units=(), reads=())

    def includes(*resources: Live) -> frozenset[str]:
        (effect,) = google_effects(Snapshot(tenant="google", at=_AT, reads={}, resources=resources), at)
        return effect.scope.include

    assert includes(hold) == {"g1"}
    assert includes(hold, archive) == frozenset()
    assert includes(hold, replace(archive, fields={"group": "g1", "archived": True})) == {"g1"}
