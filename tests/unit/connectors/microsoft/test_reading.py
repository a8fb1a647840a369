"""What a look at the tenant shows, and every way in which it can be less than whole."""

from __future__ import annotations

import pytest

from connectors.errors import PermanentError, TenantUnreachableError
from connectors.microsoft365.roster import Licences, identity_from
from connectors.microsoft365.seeing import KINDS
from policies.kinds import Kind, Workload
from policies.resources import Force, ReadState, Ref
from policies.roster import AccountState
from tests.unit.connectors.microsoft.support import CASE, HOLD, KEEP_RULE, LABEL, Bench, keeping, mark

POLICIES = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})


def test_a_whole_look_is_complete_and_tells_whose_things_are(bench: Bench) -> None:
    seen = bench.reader().snapshot(KINDS)
    assert {read.state for read in seen.reads.values()} == {ReadState.COMPLETE}
    assert {live.made_by_us for live in seen.resources if live.kind is not Kind.M365_CASE} == {False}
    names = {(live.kind, live.name) for live in seen.resources}
    assert (Kind.M365_RETENTION_POLICY, "Purge student mail") in names
    assert (Kind.M365_CASE, "Content Search") not in names
    purge = next(live for live in seen.resources if live.name == "Purge student mail rule")
    assert purge.fields == {"period": 365, "trigger": "created", "action": "delete", "query": ""}
    hold = next(iter(seen.of(Kind.M365_HOLD)))
    assert hold.force is Force.APPLIED
    assert {state.force for state in hold.member_states.values()} == {Force.APPLIED}
    for kind, read in seen.reads.items():
        assert read.count == len(seen.of(kind))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_without_its_check_a_kind_is_unproven(bench: Bench, kind: Kind) -> None:
    bench.check(kind, None)
    read = bench.reader().snapshot({kind}).reads[kind]
    assert (read.state, read.reason) == (ReadState.UNPROVEN, "visibility_check.not_set")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_check_that_is_not_seen_makes_a_kind_partial(bench: Bench, kind: Kind) -> None:
    bench.check(kind, "An object that nobody ever made")
    read = bench.reader().snapshot({kind}).reads[kind]
    assert (read.state, read.reason) == (ReadState.PARTIAL, "visibility_check.not_seen")


def test_a_check_compares_names_exactly(bench: Bench) -> None:
    bench.check(Kind.M365_LABEL, "district visibility check label")
    assert bench.reader().snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL].state is ReadState.PARTIAL


def test_what_we_made_ourselves_proves_nothing(bench: Bench) -> None:
    bench.writer().create(LABEL, mark("cor-02"), None)
    bench.check(Kind.M365_LABEL, LABEL.name)
    assert bench.reader().snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL].reason == "visibility_check.not_seen"


def test_an_identity_without_the_role_sees_an_empty_list_and_it_is_not_believed(bench: Bench) -> None:
    bench.switch(admin_role="blind")
    seen = bench.reader().snapshot(POLICIES | {Kind.M365_LABEL})
    assert not seen.resources
    assert {(read.state, read.reason) for read in seen.reads.values()} == {(ReadState.PARTIAL, "visibility_check.not_seen")}
    ref = Ref(tenant="m365", kind=Kind.M365_LABEL, vendor_id="00000000-0000-4000-8000-000000000001", name="x")
    with pytest.raises(PermanentError) as caught:
        bench.reader().read_back(ref)
    assert caught.value.code == "kind.partial"


def test_no_role_at_all_is_a_failed_read_with_the_grants_to_make(bench: Bench) -> None:
    bench.switch(admin_role="none")
    read = bench.reader().snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL]
    assert read.state is ReadState.FAILED
    assert (read.reason or "").startswith("admin.forbidden: Get-ComplianceTag is not allowed")
    found = {one.kind: one for one in bench.reader().examine().capabilities}
    assert "Compliance Administrator" in (found[Kind.M365_LABEL].next_step or "")


def test_an_application_that_is_not_registered_for_ediscovery_is_told_how(bench: Bench) -> None:
    bench.switch(ediscovery_manager="not_registered")
    reader = bench.reader()
    seen = reader.snapshot({Kind.M365_CASE, Kind.M365_HOLD, Kind.M365_LABEL})
    assert {seen.reads[kind].state for kind in (Kind.M365_CASE, Kind.M365_HOLD)} == {ReadState.FAILED}
    assert (seen.reads[Kind.M365_HOLD].reason or "").startswith("ediscovery.not_registered")
    assert seen.reads[Kind.M365_LABEL].state is ReadState.COMPLETE
    found = {one.kind: one for one in reader.examine().capabilities}
    assert found[Kind.M365_HOLD].write.value == "missing"
    for cmdlet in ("New-ServicePrincipal", "Add-RoleGroupMember", "Add-eDiscoveryCaseAdmin"):
        assert cmdlet in (found[Kind.M365_HOLD].next_step or "")


def test_a_manager_who_sees_only_his_own_cases_is_partial(bench: Bench) -> None:
    # A case that has us as a member proves nothing about the others, so the check is one that has not.
    bench.act("create_case", name="The attorney's own case")
    bench.check(Kind.M365_CASE, "The attorney's own case")
    assert bench.reader().snapshot({Kind.M365_CASE}).complete(Kind.M365_CASE)
    bench.switch(ediscovery_manager="manager")
    read = bench.reader().snapshot({Kind.M365_CASE}).reads[Kind.M365_CASE]
    assert (read.state, read.reason) == (ReadState.PARTIAL, "visibility_check.not_seen")


def test_a_tenant_without_the_licence_says_so(bench: Bench) -> None:
    bench.switch(licence="A3", ediscovery_manager="not_registered")
    found = {one.kind: one for one in bench.reader().examine().capabilities}
    assert (found[Kind.M365_HOLD].reason or "").startswith("graph.not_licensed")
    assert found[Kind.M365_LABEL].write.value == "unproven"


def test_legal_holds_that_v1_does_not_serve_are_read_on_beta_and_that_is_remembered(bench: Bench) -> None:
    bench.switch(legal_holds_v1="off")
    reader = bench.reader()
    assert reader.snapshot({Kind.M365_HOLD}).reads[Kind.M365_HOLD].state is ReadState.COMPLETE
    first = len(bench.asked("graph"))
    reader.snapshot({Kind.M365_HOLD})
    later = bench.asked("graph")[first:]
    assert later
    assert all("/v1.0/" not in exchange.path for exchange in later if "legalHolds" in exchange.path)


@pytest.mark.parametrize(("kind", "surface", "operation"), [
    (Kind.M365_LABEL, "compliance", "Get-ComplianceTag"),
    (Kind.M365_RETENTION_POLICY, "compliance", "Get-RetentionCompliancePolicy"),
    (Kind.M365_CASE, "graph", "GET /security/cases/ediscoveryCases"),
])
def test_a_page_that_lies_elsewhere_is_not_followed(bench: Bench, kind: Kind, surface: str, operation: str) -> None:
    bench.fault(surface, operation, kind="foreign_link", when="after")
    read = bench.reader().snapshot({kind}).reads[kind]
    assert read.state is ReadState.PARTIAL
    assert (read.reason or "").startswith("wire.foreign_link")


@pytest.mark.parametrize("what", ["truncated", "html"])
@pytest.mark.parametrize(("kind", "surface", "operation"), [
    (Kind.M365_LABEL, "compliance", "Get-ComplianceTag"),
    (Kind.M365_CASE, "graph", "GET /security/cases/ediscoveryCases"),
])
def test_a_damaged_answer_is_asked_for_again(bench: Bench, what: str, kind: Kind, surface: str, operation: str) -> None:
    bench.fault(surface, operation, kind=what, when="after")
    assert bench.reader().snapshot({kind}).reads[kind].state is ReadState.COMPLETE
    bench.fault(surface, operation, kind=what, when="after", times=9)
    read = bench.reader().snapshot({kind}).reads[kind]
    assert read.state is ReadState.FAILED
    assert (read.reason or "").startswith("wire.") or (read.reason or "").startswith("network.lost")


def test_a_throttled_read_waits_as_long_as_it_is_told(bench: Bench) -> None:
    bench.fault("graph", "GET /organization", status=429, headers={"Retry-After": "17"})
    bench.reader().identity()
    assert bench.clock.slept == [17.0]
    bench.fault("compliance", "Get-ComplianceTag", status=429)
    assert bench.reader().snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL].state is ReadState.COMPLETE
    assert bench.clock.slept == [17.0, 5.0]


def test_a_service_that_stays_away_ends_the_read_and_not_the_run(bench: Bench) -> None:
    bench.fault("graph", "GET /security/cases/ediscoveryCases", status=503, times=99)
    bench.fault("compliance", "Get-ComplianceTag", status=500, times=99)
    seen = bench.reader().snapshot({Kind.M365_LABEL, Kind.M365_CASE, Kind.M365_RETENTION_POLICY})
    assert (seen.reads[Kind.M365_CASE].reason or "").startswith("graph.unavailable")
    assert (seen.reads[Kind.M365_LABEL].reason or "").startswith("admin.unavailable")
    assert seen.reads[Kind.M365_RETENTION_POLICY].state is ReadState.COMPLETE


def test_a_lost_page_of_the_admin_endpoint_makes_a_read_partial(bench: Bench) -> None:
    reader = bench.reader()
    headers = reader._access.admin._headers
    reader._access.admin._headers = lambda endpoint: {**headers(endpoint), "Prefer": "odata.maxpagesize=1"}  # type: ignore[method-assign]
    bench.writer().create(LABEL, mark("cor-02"), None)
    bench.switch(nextlink="expired")
    read = reader.snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL]
    assert read.state is ReadState.PARTIAL
    assert (read.reason or "").startswith("wire.page_lost")
    bench.switch(nextlink="")
    assert reader.snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL].state is ReadState.COMPLETE


def test_an_empty_first_page_does_not_end_a_list(bench: Bench) -> None:
    bench.switch(empty_page="on")
    roster = bench.reader().roster()
    assert len(roster.identities) > 20


def test_the_hold_of_a_new_case_that_cannot_be_read_yet_leaves_holds_partial(bench: Bench) -> None:
    bench.switch(case_materialise_seconds="60")
    bench.writer().create(CASE, mark("m-blue-heron"), None)
    read = bench.reader().snapshot({Kind.M365_HOLD}).reads[Kind.M365_HOLD]
    assert read.state is ReadState.PARTIAL
    assert (read.reason or "").startswith("ediscovery.case_not_ready")
    bench.advance(120)
    assert bench.reader().snapshot({Kind.M365_HOLD}).reads[Kind.M365_HOLD].state is ReadState.COMPLETE


def test_what_is_gone_is_gone_only_when_the_whole_was_seen(bench: Bench) -> None:
    writer, reader = bench.writer(), bench.reader()
    case = writer.create(CASE, mark("m-blue-heron"), None)
    parent = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=case.vendor_id, name=CASE.name)
    made = writer.create(HOLD, mark("m-blue-heron-1"), parent)
    ref = Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=made.vendor_id, name=HOLD.name, parent_id=case.vendor_id)
    assert reader.read_back(ref) is not None
    bench.act("delete_hold", case="blue heron", hold="blue heron 1")
    assert reader.read_back(ref) is None
    bench.check(Kind.M365_HOLD, None)
    with pytest.raises(PermanentError, match="could not be read whole"):
        bench.reader().read_back(ref)


def test_a_policy_without_its_rule_is_told_by_our_key_and_one_with_by_the_rule(bench: Bench) -> None:
    writer, reader = bench.writer(), bench.reader()
    address = bench.people("teacher", 1)[0]
    made = writer.create(keeping(frozenset({f"exchange:{address}"})), mark("keep-r1-1"), None)
    ref = Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id=made.vendor_id, name=made.name, mark=mark("keep-r1-1"))
    live = reader.read_back(ref)
    assert live is not None
    assert (live.force, live.made_by_us, live.mark) == (Force.PENDING, True, mark("keep-r1-1"))
    rule = writer.create(KEEP_RULE, mark("r-keep-r1-1"), ref)
    bench.advance(1000)
    found = reader.read_back(Ref(tenant="m365", kind=Kind.M365_RETENTION_RULE, vendor_id=rule.vendor_id, name=rule.name))
    assert found is not None
    assert (found.force, found.parent_id, found.fields) == (Force.APPLIED, made.vendor_id, KEEP_RULE.fields)


def test_everybody_is_in_the_roster_with_what_the_licence_keeps(bench: Bench) -> None:
    domain = bench.tenant.domain or ""
    roster = bench.reader(groups=frozenset({f"staff@{domain}"})).roster()
    teacher = bench.people("teacher", 1)[0]
    person = next(one for one in roster.identities if one.address == teacher)
    assert Workload.MAIL in person.licensed_for_hold
    assert person.containers == {Workload.MAIL: teacher}
    assert person.licences
    assert person.aliases
    assert {read.state for read in roster.reads} == {ReadState.COMPLETE}
    staff = next(group for group in roster.groups if group.address == f"staff@{domain}")
    assert staff.complete
    assert person.vendor_id in staff.members
    assert all(not group.complete and not group.members for group in roster.groups if group is not staff)


def test_a_deleted_person_keeps_the_address_and_a_suspended_one_stays(bench: Bench) -> None:
    gone, out = bench.people("teacher", 2)
    bench.act("delete_user", user=gone)
    bench.act("suspend_user", user=out)
    found = {one.address: one for one in bench.reader().roster().identities}
    assert found[gone].state is AccountState.DELETED
    assert found[gone].deleted_at is not None
    assert found[out].state is AccountState.SUSPENDED


def test_drives_are_found_one_by_one_and_what_is_unknown_is_left_out(bench: Bench) -> None:
    reader = bench.reader()
    people = [one for one in reader.roster().identities if Workload.MAIL in one.containers][:3]
    ids = [one.vendor_id for one in people]
    urls = reader.containers(ids)
    assert set(urls) == set(ids)
    assert all(url is not None and url.startswith("https://") and not url.endswith("/Documents") for url in urls.values())
    bench.fault("graph", "GET /users/*/drive", status=403, times=99)
    assert reader.containers(ids) == {}


def test_sites_that_are_named_are_looked_up(bench: Bench) -> None:
    host = (bench.tenant.domain or "").partition(".")[0]
    known, unknown = f"https://{host}.sharepoint.com/sites/policies", f"https://{host}.sharepoint.com/sites/nothing-here"
    roster = bench.reader(sites=frozenset({known, unknown})).roster()
    assert [site.url for site in roster.sites] == [known]
    assert next(read for read in roster.reads if read.kind is Kind.M365_SITE).state is ReadState.COMPLETE


def test_a_roster_that_cannot_be_read_is_a_failed_read_and_nobody(bench: Bench) -> None:
    bench.fault("graph", "GET /users", status=403, times=99)
    roster = bench.reader().roster()
    assert roster.identities == ()
    read = next(read for read in roster.reads if read.kind is Kind.M365_USER)
    assert read.state is ReadState.FAILED
    assert (read.reason or "").startswith("graph.forbidden")


def test_a_kind_that_is_not_built_fails_and_says_so(bench: Bench) -> None:
    read = bench.reader().snapshot({Kind.M365_USER}).reads[Kind.M365_USER]
    assert (read.state, read.count) == (ReadState.FAILED, None)
    assert (read.reason or "").startswith("kind.not_read")


def test_reading_sends_nothing_that_changes_the_tenant(bench: Bench) -> None:
    reader = bench.reader(groups=frozenset({f"staff@{bench.tenant.domain}"}))
    reader.examine()
    reader.roster()
    reader.snapshot(KINDS)
    for exchange in bench.world.exchanges:
        if exchange.surface in ("compliance", "exchange"):
            assert exchange.operation.startswith(("Get-", "EXO")), exchange.operation
        elif exchange.surface == "graph":
            assert exchange.method == "GET", exchange.path
    sent = sum(count for surface, methods in bench.meter.plain().items() for count in methods.values())
    assert sent == len([exchange for exchange in bench.world.exchanges if exchange.surface != "_door"])


def test_a_process_told_to_stop_asks_nothing_more(bench: Bench) -> None:
    from connectors.errors import Stopped

    bench.stop.set()
    with pytest.raises(Stopped):
        bench.reader().snapshot({Kind.M365_CASE})
    assert not bench.asked("graph")


def test_a_tenant_out_of_reach_is_no_failed_kind(bench: Bench) -> None:
    bench.endpoint("graph", "https://127.0.0.1:1/graph")
    with pytest.raises(TenantUnreachableError):
        bench.reader().snapshot({Kind.M365_CASE})


def test_a_plan_that_only_the_unread_subscriptions_could_name_leaves_its_licence_unknown() -> None:
    row: dict[str, object] = {
        "id": "1", "userPrincipalName": "mia@d.example",
        "assignedPlans": [{"capabilityStatus": "Enabled", "servicePlanId": "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"}],
    }  # fmt: skip
    unread = identity_from(row, "m365", Licences(()))
    assert unread is not None
    assert (unread.kept(Workload.MAIL), unread.licences_unknown) == (None, True)
    plan = {"servicePlanId": "4828C8EC-dc2e-4779-b502-87ac9ce28ab7", "servicePlanName": "EXCHANGE_S_ENTERPRISE_GOV"}
    read = identity_from(row, "m365", Licences([{"skuId": "s", "skuPartNumber": "A3_GOV", "servicePlans": [plan]}]))
    assert read is not None
    assert (read.kept(Workload.MAIL), read.kept(Workload.DRIVE)) == (True, False)
