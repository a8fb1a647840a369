"""``doctor`` ends with 3 where a check that the folder names was not seen, and says which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.examination import Capability, Examination, Identity, ReadCapability, Refused, Surface, WriteCapability
from connectors.memory import MemoryConnector, MemoryTenant
from policies.district import Credential, Tenant
from policies.kinds import Kind, Platform
from policies.resources import KindRead, ReadState, Snapshot
from policies.roster import Roster
from recordwarden.cli.doctor import _problems, _unsure
from sync.look import Look, proven
from sync.store.proofs import KeptProof
from tests.unit.sync.provable import VirtualClock

AT = datetime(2027, 3, 1, tzinfo=UTC)
HOLD = Kind.GOOGLE_HOLD


def looked(state: ReadState, count: int | None, *, name: str | None = "Old hold", read: ReadCapability = ReadCapability.FULL) -> Look:
    tenant = Tenant(id="google", platform=Platform.GOOGLE_WORKSPACE, visibility_checks={HOLD: name} if name else {})
    roster = Roster(tenant="google", at=AT, identities=())
    world = MemoryTenant(platform=tenant.platform, vendor_id="v", domain="d.example", clock=VirtualClock(), roster=roster)
    reads = {HOLD: KindRead(kind=HOLD, state=state, count=count, reason=None if state is ReadState.COMPLETE else "visibility_check.not_seen")}
    return Look(
        tenant=tenant, connector=MemoryConnector(world), at=AT, roster=roster,
        snapshot=Snapshot(tenant="google", at=AT, resources=(), reads=reads),
        capabilities=(Capability(kind=HOLD, read=read, write=WriteCapability.PROVEN),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (looked(ReadState.PARTIAL, 0), "Old hold, the visibility check for Vault hold, was not seen"),
        (looked(ReadState.FAILED, None), "could not be looked for"),
    ],
)
def test_a_check_that_was_not_seen_leaves_something_unknown_and_is_told(one: Look, words: str) -> None:
    assert _unsure(one)
    [problem] = [problem for problem in _problems([one], {}) if problem.code == "visibility_check.not_seen"]
    assert words in problem.message
    assert (problem.tenant, problem.subject) == ("google", "google.hold")


def test_a_check_that_was_seen_and_one_that_nobody_set_leave_nothing_open() -> None:
    for one in (looked(ReadState.COMPLETE, 3), looked(ReadState.UNPROVEN, 3, name=None)):
        assert not _unsure(one)
        assert _problems([one], {}) == ()


def test_a_kind_of_which_nobody_can_say_what_may_be_read_is_unknown() -> None:
    one = looked(ReadState.COMPLETE, 3, read=ReadCapability.UNKNOWN)
    assert _unsure(one)
    [said] = one.capabilities
    named_only = replace(said, reason="kind.on_demand: sites are asked for by their address")
    assert not _unsure(replace(one, capabilities=(named_only,))), "a place is looked up when somebody names it"


def test_what_was_not_proven_says_so_and_what_would_prove_it() -> None:
    bare = Capability(kind=HOLD, read=ReadCapability.FULL, write=WriteCapability.UNPROVEN)
    [said] = proven((bare,), {})
    assert (said.reason, said.next_step) == ("capability.unproven: no proof has been made here", "recordwarden doctor --prove google.hold")
    [kept] = proven((replace(bare, reason="privileges.unread: x"),), {})
    assert kept.reason == "privileges.unread: x"
    [shown] = proven((bare,), {HOLD: KeptProof(at=AT, surface=None)})
    assert (shown.write, shown.reason) == (WriteCapability.PROVEN, None)


def test_a_permission_that_was_refused_is_told_once() -> None:
    who = Identity(vendor_id="v", domain="d.example", domains=("d.example",), actor="bot@d.example", skew_seconds=None)
    members = Refused(permission="scope/members", reason="google.delegation_missing: no scope/members", next_step="Add scope/members.")
    alerts = Refused(permission="scope/alerts", reason="google.delegation_missing: no scope/alerts", next_step="Add scope/alerts.")
    surface = Surface(name="alertcenter", url="https://a.example", ok=False, detail=alerts.reason)
    seen = Examination(identity=who, surfaces=(surface,), licences={}, capabilities=(), refused=(members, alerts))
    told = _problems([replace(looked(ReadState.COMPLETE, 3), examination=seen)], {})
    assert [(one.code, one.subject) for one in told] == [("surface.not_ok", "alertcenter"), ("permission.missing", "scope/members")]
    assert told[1].next_step == "Add scope/members."


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({"credential": Credential(impersonate="sa@p", subject="bot@d.example")}, ["google.client_unknown"]),
        ({"credential": Credential(impersonate="sa@p", subject="bot@d.example"), "client_id": "1045"}, []),
        ({"credential": Credential(service_account_file=Path("key.json"), subject="bot@d.example")}, []),
    ],
)
def test_a_keyless_tenant_that_does_not_know_its_own_client_is_told(settings: dict[str, object], codes: list[str]) -> None:
    one = looked(ReadState.COMPLETE, 3)
    assert [told.code for told in _problems([replace(one, tenant=one.tenant.model_copy(update=settings))], {})] == codes
