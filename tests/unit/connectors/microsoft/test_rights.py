"""What ``doctor`` says of each permission that is missing and of each licence, against the sandbox and against Microsoft's own table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.errors import ConnectorError, PermanentError
from connectors.examination import Capability, Examination, ReadCapability, WriteCapability
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access, Allowed
from connectors.microsoft365.grants import GRAPH, PERMISSIONS, Permission, grant_script
from connectors.microsoft365.graph import Call
from connectors.microsoft365.rights import Granted, lacking, told
from connectors.unsupported import ADMIN_ENDPOINT
from policies.district import Tenant
from policies.kinds import Kind
from sandbox.microsoft.state import GRANTED, tenant_of
from tests.unit.connectors.microsoft.support import Bench

ROOT = Path(__file__).parents[4]
ROWS: list[dict[str, object]] = YAML(typ="safe").load((ROOT / "tests/data/microsoft_permissions.yaml").read_text(encoding="utf-8"))
ASKED = {str(row["asked"]) for row in ROWS}
ON_GRAPH = [one for one in PERMISSIONS if one.api == GRAPH]
TELLING = [one for one in ON_GRAPH if one.name not in {"Organization.Read.All", "eDiscovery.Read.All"}]
"""Without the first there is no doctor at all; the second is covered by the one that writes."""


def capabilities(seen: Examination) -> dict[Kind, Capability]:
    return {one.kind: one for one in seen.capabilities}


def graph(seen: Examination) -> str:
    return next(one.detail for one in seen.surfaces if one.name == "graph")


def asked(bench: Bench, method: str, path: str) -> tuple[int | None, int]:
    """The status of a request as the application, and how many rows it brought."""
    access = Access(bench.tenant, bench.context(), Allowed(admin=False))
    members = "transitiveMembers" in path
    call = Call(
        method=method,
        path=path,
        version="beta" if "auditLog" in path else None,
        body={} if method == "POST" else None,
        query=(("$count", "true"),) if members else (),
        headers=(("ConsistencyLevel", "eventual"),) if members else (),
    )
    try:
        reply = access.graph.call(call)
    except ConnectorError as error:
        return error.status, 0
    finally:
        access.close()
    return reply.answer.status, len(wire.rows(reply.value, "value"))


def test_the_script_asks_for_what_microsofts_table_says_is_enough_and_nothing_else() -> None:
    assert {one.name for one in ON_GRAPH} == ASKED


def test_the_sandbox_gives_what_microsofts_table_says_is_enough_and_nothing_else() -> None:
    assert set(GRANTED["graph"]) == ASKED
    assert GRANTED["exchange"] == GRANTED["compliance"] == ("Exchange.ManageAsApp",)


def test_the_data_are_the_table_of_the_wire_page() -> None:
    page = (ROOT / "docs/wire/graph-directory-audit.md").read_text(encoding="utf-8").partition("## 9. ")[2]
    for row in ROWS:
        enough = row["enough"]
        assert isinstance(enough, list)
        assert f"**{row['asked']}**" in page
        assert all(name in page for name in enough)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["call"]))
def test_the_sandbox_refuses_each_call_without_its_permission(bench: Bench, row: dict[str, object]) -> None:
    enough = row["enough"]
    assert isinstance(enough, list)
    state = tenant_of(bench.world)
    hidden = next(group.id for group in state.groups.values() if group.hidden)
    names = {
        "group": next(iter(state.groups)), "hidden": hidden, "user": bench.people("teacher", 1)[0], "site": "harbormill.sharepoint.com:/sites/x",
        "case": next(iter(state.cases)), "hold": next(iter(state.holds)),
    }  # fmt: skip
    method, _, path = str(row["call"]).format(**names).partition(" ")
    answers = []
    for missing in ("", ",".join(str(name) for name in enough)):
        bench.switch(missing_roles=missing)
        answers.append(asked(bench, method, path))
    if row.get("refusal") == "empty":
        assert [rows for _status, rows in answers] == [2, 0]
    else:
        assert answers[0][0] != 403
        assert answers[1][0] == 403


@pytest.mark.parametrize("one", TELLING, ids=lambda one: one.name)
def test_a_missing_permission_is_named_with_its_cost_and_its_step(bench: Bench, one: Permission) -> None:
    before = bench.reader().examine()
    assert "lacks" not in graph(before)
    bench.switch(missing_roles=one.name)
    seen = bench.reader().examine()
    assert f"the application lacks {one.name}, so {one.costs}" in graph(seen)
    for kind in one.kinds:
        found = capabilities(seen)[kind]
        assert found != capabilities(before)[kind]
        assert f"{one.code}: the application lacks {one.name}" in (found.reason or "")
        assert f"Application permissions > {one.name}" in (found.next_step or "")
    unchanged = {kind: value for kind, value in capabilities(before).items() if kind not in one.kinds}
    assert {kind: value for kind, value in capabilities(seen).items() if kind not in one.kinds} == unchanged
    (line,) = [line for line in still_missing(seen, bench).splitlines() if f"lacks {one.name}," in line and f"Application permissions > {one.name}" in line][:1]
    assert ("wanting and optional" in line) is one.optional
    assert (one.name in {lack.permission for lack in seen.wanting}) is one.optional


def still_missing(seen: Examination, bench: Bench, *senders: str) -> str:
    return grant_script(seen, bench.tenant, senders).partition("## Still missing")[2].partition("## entra")[0]


def test_what_deliveries_need_is_not_called_optional(bench: Bench) -> None:
    assert still_missing(bench.reader().examine(), bench).strip() == "Nothing that was tried was refused."
    bench.switch(missing_roles="AuditLog.Read.All,Mail.Send")
    told = still_missing(bench.reader().examine(), bench, "records@harbormill.example")
    assert [line.partition("`, ")[0] for line in told.splitlines() if line.startswith("- [ ] `")] == ["- [ ] `AuditLog.Read.All", "- [ ] `Mail.Send"]
    assert "which `deliveries` from records@harbormill.example needs" in told


def test_without_the_first_permission_nobody_can_tell_which_tenant_it_is(bench: Bench) -> None:
    bench.switch(missing_roles="Organization.Read.All")
    with pytest.raises(PermanentError) as caught:
        bench.reader().examine()
    assert caught.value.code == "permission.missing"
    assert "Organization.Read.All" in caught.value.message
    assert "Organization.Read.All" in caught.value.next_step


def test_the_permission_that_writes_serves_for_reading_too(bench: Bench) -> None:
    before = bench.reader().examine()
    bench.switch(missing_roles="eDiscovery.Read.All")
    assert bench.reader().examine().capabilities == before.capabilities
    bench.switch(missing_roles="eDiscovery.Read.All,eDiscovery.ReadWrite.All")
    found = capabilities(bench.reader(accepted=False).examine())[Kind.M365_HOLD]
    assert (found.read, found.write) == (ReadCapability.NONE, WriteCapability.MISSING)
    assert "lacks eDiscovery.Read.All" in (found.reason or "")
    assert "graph.forbidden" not in (found.reason or "")


def test_reading_alone_leaves_the_proof_to_show_whether_holds_can_be_made(bench: Bench) -> None:
    bench.switch(missing_roles="eDiscovery.ReadWrite.All")
    found = capabilities(bench.reader().examine())[Kind.M365_HOLD]
    assert found.write is WriteCapability.UNPROVEN
    assert (found.next_step or "").endswith("Then recordwarden doctor --prove m365.hold")


def test_the_admin_endpoints_permission_shuts_both_its_hosts(bench: Bench) -> None:
    bench.switch(missing_roles="Exchange.ManageAsApp")
    seen = bench.reader().examine()
    assert {one.name for one in seen.surfaces if not one.ok} == {"compliance_admin", "exchange_admin"}
    found = capabilities(seen)[Kind.M365_LABEL]
    assert (found.write, (found.reason or "").partition(":")[0]) == (WriteCapability.MISSING, "admin.unauthorised")
    assert "Exchange.ManageAsApp" in (found.next_step or "")


def test_a_token_that_does_not_tell_its_permissions_lacks_none() -> None:
    bare = Granted(reading=None, writing=None)
    tenant = Tenant.model_validate({"id": "m365", "platform": "microsoft365", "client_id": "app-1", "credential": {"certificate_file": "k.pem"}})
    assert lacking(bare, tenant) == ()
    one = Capability(kind=Kind.M365_SITE, read=ReadCapability.UNKNOWN, write=WriteCapability.NONE, reason="kind.on_demand: by address")
    assert told([one], ()) == (one,)
    assert {lack.permission.name for lack in lacking(Granted(reading=frozenset(), writing=frozenset()), tenant)} == ASKED


_HOLDS = (Kind.M365_CASE, Kind.M365_HOLD)
_LABELS = (Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE)
_PREMIUM = (Kind.M365_EVENT_TYPE, Kind.M365_ADAPTIVE_SCOPE)
WRITES = {
    "A1": {
        **dict.fromkeys(_LABELS, "licence.retention_labels"), **dict.fromkeys(_PREMIUM, "licence.records_management"),
        **dict.fromkeys(_HOLDS, "licence.ediscovery"), Kind.M365_MAILBOX: "licence.litigation_hold",
    },
    "A3": {**dict.fromkeys((*_LABELS, *_HOLDS, Kind.M365_MAILBOX), ""), **dict.fromkeys(_PREMIUM, "licence.records_management")},
    "A5": dict.fromkeys((*_LABELS, *_HOLDS, Kind.M365_MAILBOX, Kind.M365_EVENT_TYPE), ""),
}  # fmt: skip
"""M§1.7, M§3.1 and M§13: why a kind cannot be written under each licence; empty where it waits for its proof. Holds go by cmdlet below A5."""


@pytest.mark.parametrize("licence", WRITES)
def test_each_licence_rules_out_what_it_does_not_carry(bench: Bench, licence: str) -> None:
    bench.switch(licence=licence)
    found = capabilities(bench.reader().examine())
    for kind, code in WRITES[licence].items():
        wanted = (WriteCapability.MISSING, code) if code else (WriteCapability.UNPROVEN, "capability.unproven")
        assert (found[kind].write, (found[kind].reason or "").partition(":")[0]) == wanted, kind


@pytest.mark.parametrize("licence", ["A1", "A3"])
def test_what_the_licence_does_not_carry_nobody_gets_by_signing_in_or_by_a_role(bench: Bench, licence: str) -> None:
    bench.switch(licence=licence)
    for accepted in (True, False):
        found = capabilities(bench.reader(accepted=accepted).examine())
        for kind in (kind for kind, code in WRITES[licence].items() if code):
            assert not re.search("login|sign in|role|admin-endpoint", found[kind].next_step or "Nothing."), (kind, accepted)


@pytest.mark.parametrize(("licence", "code"), [("A1", "licence.ediscovery"), ("A3", "graph.not_licensed")])
def test_below_a5_graph_holds_nothing_and_without_the_admin_endpoint_nothing_else_does(bench: Bench, licence: str, code: str) -> None:
    bench.switch(licence=licence)
    found = capabilities(bench.reader(accepted=False).examine())
    for kind in _HOLDS:
        assert (found[kind].write, (found[kind].reason or "").partition(":")[0]) == (WriteCapability.MISSING, code)
    assert ("recordwarden login" in (found[Kind.M365_HOLD].next_step or "")) is (licence == "A3")


@pytest.mark.parametrize("accepted", [True, False])
def test_who_is_not_registered_reads_the_cmdlets_with_the_ids_of_the_application(bench: Bench, *, accepted: bool) -> None:
    bench.switch(ediscovery_manager="not_registered")
    seen = bench.reader(accepted=accepted).examine()
    step = capabilities(seen)[Kind.M365_HOLD].next_step or ""
    (us,) = seen.principals
    assert us.writes
    assert f"New-ServicePrincipal -AppId {us.application_id} -ObjectId {us.object_id} " in step
    assert f"Add-eDiscoveryCaseAdmin -User {us.object_id}" in step
    assert us.object_id == tenant_of(bench.world).app.object_id
    assert not re.search("APPLICATION-ID|OBJECT-ID|/TENANT", grant_script(seen, bench.tenant, ("a@d.example",)))


def test_unread_licences_rule_nothing_out(bench: Bench) -> None:
    bench.switch(licence="A1")
    bench.fault("graph", "GET /subscribedSkus", status=500, times=9)
    assert capabilities(bench.reader().examine())[Kind.M365_LABEL].write is WriteCapability.UNPROVEN


@pytest.mark.parametrize("missing", ["", "Member.Read.Hidden"])
def test_a_group_that_hides_its_members_is_whole_with_the_permission_alone(bench: Bench, missing: str) -> None:
    bench.switch(missing_roles=missing)
    hidden = next(group for group in tenant_of(bench.world).groups.values() if group.hidden)
    roster = bench.reader(groups=frozenset({hidden.id})).roster()
    found = next(group for group in roster.groups if group.vendor_id == hidden.id)
    assert (found.complete, len(found.members)) == ((True, 2) if not missing else (False, 0))


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not accepted"])
def test_the_admin_endpoints_surfaces_say_that_microsoft_does_not_support_it(bench: Bench, *, accepted: bool) -> None:
    found = {one.name: one for one in bench.reader(accepted=accepted).examine().surfaces}
    for name in ("compliance_admin", "exchange_admin"):
        assert found[name].ok is accepted
        assert found[name].detail.count(ADMIN_ENDPOINT) == 1
    assert ADMIN_ENDPOINT in grant_script(bench.reader(accepted=accepted).examine(), bench.tenant)


def test_a_surface_that_fails_says_it_too(bench: Bench) -> None:
    bench.switch(admin_role="none")
    (found,) = [one for one in bench.reader().examine().surfaces if one.name == "compliance_admin"]
    assert found.detail.count(ADMIN_ENDPOINT) == 1
