"""Who may do what in Vault: every privilege, whoever has it and however, and nobody as a stranger for want of a list."""

from __future__ import annotations

import pytest

from connectors.google_workspace.holders import EVERYBODY, POWERS
from policies.kinds import Kind
from policies.resources import ReadState, Snapshot
from recordwarden.cli.holders import problems
from sandbox.google.state import Member
from sync.watch.settings import HOLDERS, VAULT_PRIVILEGES
from tests.unit.connectors.google.support import Bench

SETTINGS = frozenset({Kind.GOOGLE_SETTING})
BOT_ROLE = "Records retention service"
PRIVILEGES = sorted((name, power.setting) for power in POWERS for name in power.privileges)


def named(snapshot: Snapshot) -> dict[str, tuple[object, ...]]:
    found = {live.name: live.fields["accounts"] for live in snapshot.of(Kind.GOOGLE_SETTING) if live.name.startswith("privileges.")}
    return {name: accounts for name, accounts in found.items() if isinstance(accounts, tuple)}


def looked(bench: Bench) -> dict[str, tuple[object, ...]]:
    reader = bench.reader()
    reader.roster()
    snapshot = reader.snapshot(SETTINGS)
    assert snapshot.reads[Kind.GOOGLE_SETTING].state is ReadState.COMPLETE
    return named(snapshot)


def role_for(bench: Bench, privilege: str, holder: str) -> None:
    """Give somebody (an id) the help desk's role with one more privilege."""
    role = next(one for one in bench.state.roles.values() if one.name == "_HELP_DESK_ADMIN_ROLE")
    role.privileges.add(("vault", privilege))
    bench.state.assignments.append((bench.state.number(17), role.id, holder))


def test_the_watch_knows_the_names_that_are_read() -> None:
    assert {power.setting for power in POWERS} == {HOLDERS, *VAULT_PRIVILEGES}


@pytest.mark.parametrize(("privilege", "setting"), PRIVILEGES)
def test_each_privilege_is_told_with_everybody_who_has_it(bench: Bench, privilege: str, setting: str) -> None:
    boss = f"it.director@{bench.world.domain}"
    assert set(looked(bench).values()) == {(boss,)}, "a super administrator has every one, and our own account only what it needs"
    role_for(bench, privilege, bench.account(3))
    found = looked(bench)
    assert {name for name, accounts in found.items() if bench.address(3) in accounts} == {setting}


def test_our_own_account_is_a_finding_where_it_needs_no_such_privilege(bench: Bench) -> None:
    for privilege in ("MANAGE_EXPORTS", "MANAGE_RETENTION_POLICY"):
        bench.console("add_privilege", role=BOT_ROLE, privilege=privilege)
    bot = f"records.bot@{bench.world.domain}"
    assert {name for name, accounts in looked(bench).items() if bot in accounts} == {"privileges.exports", "privileges.retention"}


def test_a_role_of_a_group_is_that_of_its_members_nested_ones_too(bench: Bench) -> None:
    inner, outer = bench.state.group(f"board@{bench.world.domain}"), bench.state.group(f"all-adults@{bench.world.domain}")
    assert inner is not None
    assert outer is not None
    outer.members = {inner.id: Member(id=inner.id, role="MEMBER", type="GROUP")}
    role_for(bench, "MANAGE_EXPORTS", outer.id)
    exports = looked(bench)["privileges.exports"]
    assert set(exports) == {f"it.director@{bench.world.domain}", *(bench.state.users[ident].email for ident in inner.members)}
    outer.members = {"C1": Member(id="C1", role="MEMBER", type="CUSTOMER")}
    assert EVERYBODY in looked(bench)["privileges.exports"]


def test_a_service_account_stands_with_its_id(bench: Bench) -> None:
    role_for(bench, "MANAGE_EXPORTS", bench.state.machine.client_id)
    assert bench.state.machine.client_id in looked(bench)["privileges.exports"]


def test_a_slow_look_compares_no_ids_with_addresses(bench: Bench) -> None:
    role_for(bench, "MANAGE_EXPORTS", bench.account(3))
    reader = bench.reader()
    reader.roster()
    bench.world.clock.advance(61)
    found = named(reader.snapshot(SETTINGS))
    assert set(found["privileges.exports"]) == {f"it.director@{bench.world.domain}", bench.address(3)}
    assert bench.seen("directory.users.get") == 4, "our own account, and the three that no list of this look names"


def test_members_that_may_not_be_read_leave_it_unknown(bench: Bench) -> None:
    group = bench.state.group(f"board@{bench.world.domain}")
    assert group is not None
    role_for(bench, "MANAGE_EXPORTS", group.id)
    bench.console("revoke_scope", scope="https://www.googleapis.com/auth/admin.directory.group.member.readonly")
    reader = bench.reader()
    reader.roster()
    snapshot = reader.snapshot(SETTINGS)
    assert snapshot.reads[Kind.GOOGLE_SETTING].state is ReadState.PARTIAL
    assert named(snapshot) == {}
    (told,) = reader.holders()
    assert (told.accounts, (told.reason or "").partition(":")[0]) == (None, "google.delegation_missing")


@pytest.mark.parametrize("types", ["told", "untold"])
def test_a_group_whose_members_we_have_no_privilege_to_read_is_unknown_and_no_stranger(bench: Bench, types: str) -> None:
    """A 403 says nothing of what an id is (G§6.4), and twelve administrators must not stand there as one number."""
    bench.world.switches["google.directory.assignee_types"] = types
    group = bench.state.group(f"board@{bench.world.domain}")
    assert group is not None
    role_for(bench, "MANAGE_EXPORTS", group.id)
    bench.console("remove_privilege", role=BOT_ROLE, service="admin", privilege="GROUPS_RETRIEVE")
    reader = bench.reader()
    reader.roster()
    snapshot = reader.snapshot(SETTINGS)
    assert snapshot.reads[Kind.GOOGLE_SETTING].state is ReadState.PARTIAL
    assert named(snapshot) == {}
    (told,) = reader.holders()
    assert (told.accounts, (told.reason or "").partition(":")[0]) == (None, "google.permission_denied")


def test_a_service_account_needs_no_look_at_groups(bench: Bench) -> None:
    role_for(bench, "MANAGE_EXPORTS", bench.state.machine.client_id)
    bench.console("remove_privilege", role=BOT_ROLE, service="admin", privilege="GROUPS_RETRIEVE")
    assert bench.state.machine.client_id in looked(bench)["privileges.exports"]


def test_the_districts_list_is_measured_against_who_reaches_holds(bench: Bench) -> None:
    role_for(bench, "REMOVE_HOLD", bench.account(3))
    role_for(bench, "MANAGE_EXPORTS", bench.account(4))
    reader = bench.reader()
    reader.roster()
    reader.snapshot(SETTINGS)
    asked = bench.seen("directory.roles.list")
    found = reader.holders()
    assert bench.seen("directory.roles.list") == asked, "what the look has read serves"
    boss, bot = f"it.director@{bench.world.domain}", f"records.bot@{bench.world.domain}"
    holds = next(one for one in found if one.group == "Manage Holds")
    assert set(holds.accounts or ()) >= {boss, bench.address(3)}
    assert holds.ours == (bot,)
    tenant = bench.tenant(hold_administrators=(boss,))
    told = [one for one in problems(tenant, found) if one.code == "holders.unexpected"]
    assert {one.subject for one in told} >= {bench.address(3)}
    assert all("Admin console" in one.next_step for one in told)
    assert bot not in {one.subject for one in told}
    assert "Manage Exports" not in {one.group for one in found}, "who exports touches no hold"
