"""What the tests of a release share: holds of ours in force, and what an act sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from connectors.base import Receipt
from connectors.microsoft365.belt import belt_from
from connectors.microsoft365.releaser import Microsoft365Releaser
from policies.kinds import Kind
from policies.resources import Live, Ref
from sandbox.microsoft.objects import Case, Hold
from sandbox.microsoft.state import tenant_of
from sandbox.world import Exchange
from tests.unit.connectors.microsoft.support import CASE, HOLD, Bench, mark

LATER = 1000.0
"""Seconds after which everything of a small hold has been distributed on the sandbox."""
PAST = 90_000.0
"""A day later nothing that was sent is on its way any more."""


def releaser(bench: Bench) -> Microsoft365Releaser:
    made = bench.connector().releaser(bench.tenant, bench.context())
    bench._closing.append(made.close)
    return made


def held(bench: Bench, members: frozenset[str], key: str = HOLD.key) -> Ref:
    """A hold of ours in a case of ours, in force."""
    writer = bench.writer()
    case = next((one for one in tenant_of(bench.world).cases.values() if one.external_id == str(mark(CASE.key))), None)
    case_id = case.guid if case else writer.create(CASE, mark(CASE.key), None).vendor_id
    parent = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=case_id, name=CASE.name)
    wanted = replace(HOLD, key=key, name=f"hold {key}", members=members, whole=True)
    made = writer.create(wanted, mark(key), parent)
    ref = Ref(tenant="m365", kind=Kind.M365_HOLD, vendor_id=made.vendor_id, name=made.name, mark=mark(key), parent_id=case_id)
    live = read(bench, ref)
    if members - live.members:
        writer.add(ref, members, live)
    bench.advance(LATER)
    return ref


def read(bench: Bench, ref: Ref) -> Live:
    live = bench.reader().read_back(ref)
    assert live is not None
    return live


def case_of(ref: Ref) -> Ref:
    return Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=ref.parent_id or "", name=CASE.name, mark=mark(CASE.key))


def hold(bench: Bench, ref: Ref) -> Hold:
    return tenant_of(bench.world).holds[ref.vendor_id]


def case(bench: Bench, ref: Ref) -> Case:
    return tenant_of(bench.world).cases[ref.vendor_id]


def mail(bench: Bench, count: int) -> list[str]:
    return [f"mail:{address}" for address in bench.people("teacher", count)]


def sent(bench: Bench, act: Callable[[], object]) -> list[Exchange]:
    """What ``act`` sent that may change something."""
    before = len(bench.world.exchanges)
    act()
    return [one for one in bench.world.exchanges[before:] if one.surface in ("graph", "compliance", "exchange") and writes(one)]


def writes(one: Exchange) -> bool:
    if one.surface == "graph":
        return one.method != "GET"
    return one.method == "POST" and not one.operation.startswith("Get-")


def errors(receipt: Receipt) -> dict[str, str | None]:
    return {one.member: one.error and one.error.partition(":")[0] for one in receipt.members}


def parameters(one: Exchange) -> dict[str, object]:
    found: dict[str, object] = json.loads(one.request)["CmdletInput"]["Parameters"]
    return found


BELT = Ref(tenant="m365", kind=Kind.M365_MAILBOX, vendor_id="m365.mailbox", name="Litigation hold")


def belted(bench: Bench, *members: str) -> Live:
    bench.writer().add(BELT, frozenset(members), belt_from((), bench.clock.now()))
    return read(bench, BELT)


def litigation(bench: Bench, address: str) -> bool:
    found = next(one.mailbox for one in tenant_of(bench.world).accounts.values() if address in one.addresses)
    assert found is not None
    return found.litigation
