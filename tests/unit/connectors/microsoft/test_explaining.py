"""What the tenant itself shows of people's protection, and of what deletes, read over the wire."""

from __future__ import annotations

import json

import pytest

from connectors.base import Coverage
from connectors.microsoft365.reader import Microsoft365Reader
from policies.kinds import Kind, Workload
from policies.resources import Ref
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import CASE, HOLD, KEEP_RULE, Bench, keeping, mark

POLICY_KINDS = frozenset({Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})


def who(bench: Bench, reader: Microsoft365Reader, address: str) -> str:
    return next(one.vendor_id for one in reader.roster().identities if one.address == address)


def asked(bench: Bench, address: str) -> dict[Workload, Coverage]:
    reader = bench.reader()
    return {one.source: one for one in reader.coverage([who(bench, reader, address)])}


def hold_on(bench: Bench, *members: str) -> Ref:
    writer = bench.writer()
    case = writer.create(CASE, mark("m-blue-heron"), None)
    parent = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=case.vendor_id, name=CASE.name)
    hold = writer.create(HOLD, mark("m-blue-heron-1"), parent)
    ref = Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=hold.vendor_id, name=HOLD.name, parent_id=case.vendor_id)
    live = bench.reader().read_back(ref)
    assert live is not None
    writer.add(ref, frozenset(members), live)
    return ref


def test_a_hold_is_found_by_its_stamp_once_the_platform_has_put_it_on(bench: Bench) -> None:
    address = bench.people("teacher", 1)[0]
    ref = hold_on(bench, f"mail:{address}")
    assert asked(bench, address)[Workload.MAIL].protected is not True
    bench.advance(3 * 86400)
    found = asked(bench, address)[Workload.MAIL]
    assert found.protected is True
    assert ref.vendor_id in {one.vendor_id for one in found.by}


def test_what_is_over_everybody_is_read_off_the_organisation(bench: Bench) -> None:
    address = bench.people("teacher", 1)[0]
    writer = bench.writer()
    wanted = keeping(frozenset({"exchange:All"}))
    made = writer.create(wanted, mark("keep-r1-1"), None)
    policy = Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id=made.vendor_id, name=made.name)
    writer.create(KEEP_RULE, mark("r-keep-r1-1"), policy)
    bench.advance(8 * 86400)
    found = asked(bench, address)[Workload.MAIL]
    assert (found.protected, made.vendor_id in {one.vendor_id for one in found.by}) == (True, True)


def test_without_the_admin_endpoint_mailboxes_are_unknown_and_drives_still_answered(bench: Bench) -> None:
    address = bench.people("teacher", 1)[0]
    reader = bench.reader(accepted=False)
    found = {one.source: one for one in reader.coverage([who(bench, reader, address)])}
    assert (found[Workload.MAIL].protected, (found[Workload.MAIL].reason or "").split(":")[0]) == (None, "admin_endpoint.not_accepted")
    assert found[Workload.DRIVE].place is not None


@pytest.mark.parametrize(("status", "code", "reason"), [(404, "itemNotFound", "place.none"), (403, "accessDenied", "source.unread")])
def test_a_group_site_that_does_not_exist_is_told_from_one_that_nobody_showed(bench: Bench, status: int, code: str, reason: str) -> None:
    state = tenant_of(bench.world)
    team = next(one for one in state.groups.values() if one.unified)
    member = next(account for account in state.alive() if account.id in team.members)
    body = json.dumps({"error": {"code": code, "message": "The resource could not be found."}}).encode()
    bench.fault("graph", "GET /groups/{group}/sites/root", status=status, body=body, times=99)
    found = bench.reader().coverage([member.id])
    assert {one.reason for one in found if one.source is Workload.SITE} == {reason}


def test_many_people_cost_one_list_of_mailboxes(bench: Bench) -> None:
    reader = bench.reader()
    roster = reader.roster()
    people = [one.vendor_id for one in roster.identities if Workload.MAIL in one.containers][:12]
    before = bench.meter.plain().get("exchange_admin", {}).get("Get-Mailbox", 0)
    found = reader.coverage(people, snapshot=reader.snapshot(POLICY_KINDS), roster=roster)
    assert bench.meter.plain()["exchange_admin"]["Get-Mailbox"] - before == 1
    assert {one.identity_id for one in found} == set(people)
    assert len(people) > 5


def test_a_policy_that_deletes_everybodys_mail_by_age_is_found_whoever_made_it(bench: Bench) -> None:
    bench.act("create_policy", name="Old mail", days=90, action="Delete")
    reader = bench.reader()
    found = [one for one in reader.findings(reader.snapshot(POLICY_KINDS)) if one.grave]
    assert [(one.code, one.ref.name, one.days, one.everyone) for one in found] == [("delete.whole_workload", "Old mail", 90, True)]
