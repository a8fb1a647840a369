"""Who else may touch holds: read from the tenant's role groups, and measured against the district's own list."""

from __future__ import annotations

import pytest

from connectors.base import Holders
from policies.problems import Severity
from recordwarden.cli.holders import documents, problems
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import Bench


def test_every_role_group_is_read_with_our_own_account_apart(bench: Bench) -> None:
    state = tenant_of(bench.world)
    admin = state.accounts[state.administrator].upn.lower()
    reader = bench.reader()
    reader.identity()
    found = {one.group: one for one in reader.holders()}
    assert set(found) == {"eDiscoveryManager", "ComplianceAdministrator", "OrganizationManagement", "RecordsManagement", "eDiscovery Administrators"}
    assert {one.accounts for one in found.values()} == {(admin,)}
    assert {group for group, one in found.items() if one.ours} == {"eDiscoveryManager", "ComplianceAdministrator", "eDiscovery Administrators"}
    assert found["eDiscoveryManager"].ours == (state.app.name.lower(),)


def test_empty_and_refused_groups_are_not_known(bench: Bench) -> None:
    bench.switch(blind="Get-RoleGroupMember")
    found = {one.group: one for one in bench.reader().holders()}
    assert found["eDiscoveryManager"].accounts is None
    assert (found["eDiscoveryManager"].reason or "").startswith("kind.empty")
    bench.switch(blind="", missing_cmdlets="Get-eDiscoveryCaseAdmin")
    found = {one.group: one for one in bench.reader().holders()}
    assert (found["eDiscovery Administrators"].accounts, (found["eDiscovery Administrators"].reason or "").partition(":")[0]) == (None, "admin.forbidden")
    assert found["eDiscoveryManager"].accounts is not None
    assert all(one.accounts is None for one in bench.reader(accepted=False).holders())


SEEN = (
    Holders(group="eDiscoveryManager", accounts=("counsel@d.example", "gone@d.example"), ours=("recordwarden",)),
    Holders(group="ComplianceAdministrator", accounts=("gone@d.example",)),
)


@pytest.mark.parametrize(("wanted", "codes"), [
    (None, [("holders.told", None)]),
    (("Counsel@d.example", "gone@d.example"), []),
    (("counsel@d.example",), [("holders.unexpected", "gone@d.example")]),
    (("counsel@d.example", "gone@d.example", "new@d.example"), [("holders.absent", "new@d.example")]),
    ((), [("holders.unexpected", "counsel@d.example"), ("holders.unexpected", "gone@d.example")]),
])
def test_the_districts_list_says_who_is_too_many_and_who_is_missing(
    bench: Bench, wanted: tuple[str, ...] | None, codes: list[tuple[str, str | None]]
) -> None:
    tenant = bench.tenant.model_copy(update={"hold_administrators": wanted})
    assert [(one.code, one.subject) for one in problems(tenant, SEEN)] == codes
    assert all("Purview portal" in one.next_step for one in problems(tenant, SEEN) if one.subject)


def test_what_was_not_read_is_said_and_nobody_is_called_absent_from_it(bench: Bench) -> None:
    tenant = bench.tenant.model_copy(update={"hold_administrators": ("counsel@d.example",)})
    lost = Holders(group="eDiscoveryManager", accounts=None, reason="admin.forbidden: no")
    (said,) = problems(tenant, (lost,))
    assert (said.code, said.severity) == ("holders.unread", Severity.INFO)
    assert documents((lost,)) == [{"group": "eDiscoveryManager", "accounts": None, "ours": [], "reason": "admin.forbidden: no"}]
    (said,) = problems(bench.tenant, SEEN)
    assert "2 accounts can touch holds, labels or policies: counsel@d.example, gone@d.example." in said.message
