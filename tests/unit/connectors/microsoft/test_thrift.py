"""No two identical reads in the read phase of a run, and what never leaves the process."""

from __future__ import annotations

from collections import Counter

import pytest

from connectors.microsoft365.seeing import FURTHER
from policies.resources import Ref
from tests.unit.connectors.microsoft.support import CASE, HOLD, KEEP_RULE, LABEL, Bench, keeping, mark

_ASKED = ("graph", "exchange", "compliance")
"""The sandbox's names of the surfaces that a read phase asks."""


def reads(bench: Bench) -> Counter[tuple[str, str, bytes]]:
    """Everything that was asked so far, without what makes each request its own (ids, tokens)."""
    found: Counter[tuple[str, str, bytes]] = Counter()
    for one in bench.world.exchanges:
        if one.surface in _ASKED:
            found[one.method, one.path, one.request] += 1
    return found


def test_the_read_phase_of_a_run_asks_nothing_twice(bench: Bench) -> None:
    reader = bench.reader(groups=frozenset({f"staff@{bench.tenant.domain}"}))
    reader.examine()
    reader.roster()
    reader.snapshot(bench.connector().kinds())
    assert {one.surface for one in bench.world.exchanges} >= set(_ASKED)
    twice = {asked: times for asked, times in reads(bench).items() if times > 1}
    assert not twice


FORBIDDEN = (b"RestrictiveRetention", b"PriorityCleanup", b"IsSimulation", b"ForceDeletion", b"RemoveDelay", b"ExcludeFrom", b"WhatIf", b"Regulatory")
"""Words of what is irreversible, deletes, lies or takes protection away: in no request, reading or writing (M§2.2, M§3.1)."""
_GONE = (b'"Remove-', b'"Close"', b'"Enabled": false', b"RemoveExchangeLocation", b"RemoveSharePointLocation", b"/purgeData", b"/disablePolicy", b"/removeHold", b"/searches", b"/export", b"retentionEvents")


@pytest.mark.parametrize("licence", ["A5", "A3"])
def test_a_whole_working_life_sends_nothing_irreversible(bench: Bench, licence: str) -> None:
    bench.switch(licence=licence)
    reader, writer, connector = bench.reader(), bench.writer(), bench.connector()
    reader.examine()
    roster = reader.roster()
    snapshot = reader.snapshot(connector.kinds() | FURTHER)
    reader.findings(snapshot)
    reader.coverage([one.vendor_id for one in roster.identities[:8]], snapshot=snapshot, roster=roster)
    mailboxes = frozenset(f"exchange:{address}" for address in bench.people("teacher", 2))
    label = writer.create(LABEL, mark(LABEL.key), None)
    writer.set(Ref(tenant="m365", kind=LABEL.kind, vendor_id=label.vendor_id, name=label.name), LABEL, mark(LABEL.key), frozenset({"period"}))
    keep = keeping(mailboxes)
    policy = writer.create(keep, mark(keep.key), None)
    ref = Ref(tenant="m365", kind=keep.kind, vendor_id=policy.vendor_id, name=policy.name)
    writer.create(KEEP_RULE, mark(KEEP_RULE.key), ref)
    case = writer.create(CASE, mark(CASE.key), None)
    hold = writer.create(HOLD, mark(HOLD.key), Ref(tenant="m365", kind=CASE.kind, vendor_id=case.vendor_id, name=CASE.name))
    held = Ref(tenant="m365", kind=HOLD.kind, vendor_id=hold.vendor_id, name=HOLD.name, parent_id=case.vendor_id)
    bench.advance(1000)
    live = reader.read_back(held)
    assert live is not None
    writer.add(held, frozenset(f"mail:{address}" for address in bench.people("teacher", 2)), live)
    bench.advance(1000)
    writer.retry(held)
    sent = [one for one in bench.world.exchanges if one.surface not in ("authority", "token")]
    assert len(sent) > 40
    bench.advance(1000)
    before = len(bench.world.exchanges)
    live, hand = reader.read_back(held), connector.releaser(bench.tenant, bench.context())
    assert live is not None
    assert len(live.members) == 2
    hand.remove(held, frozenset(sorted(live.members)[:1]), live)
    bench.advance(1000)
    hand.end(held, live)
    hand.end(Ref(tenant="m365", kind=CASE.kind, vendor_id=case.vendor_id, name=CASE.name), live)
    hand.close()
    released = [one for one in bench.world.exchanges[before:] if one.surface not in ("authority", "token")]
    assert not [word for one in released for word in FORBIDDEN if word in one.path.encode() + one.request]
    changing = [one for one in released if one.method in ("DELETE", "PATCH", "POST") and not one.operation.startswith("Get-") and one.status < 300]
    # One each: somebody off, the hold off, the case closed; and of what a release alone may say nothing more than that.
    over_graph, by_cmdlet = (b"/userSources/", b"/disablePolicy", b"/close"), (b"RemoveExchangeLocation", b'"Enabled": false', b'"Close"')
    ways = over_graph if licence == "A5" else by_cmdlet
    assert len(changing) == len(ways)
    for way, one in zip(ways, changing, strict=True):
        assert way in one.path.encode() + one.request
    for one in sent:
        where = one.path.encode() + one.request
        assert not [word for word in FORBIDDEN if word in where], where
        assert one.method in ("GET", "POST", "PATCH")
        assert not [word for word in _GONE if word in where], where


@pytest.mark.parametrize("name", ["PriorityCleanup", "restrictiveRetention", "WhatIf"])
def test_not_even_a_read_can_carry_what_is_never_sent(bench: Bench, name: str) -> None:
    admin = bench.reader()._access.admin
    for cmdlet in (admin.read, admin.write):
        with pytest.raises(ValueError, match="never sent"):
            cmdlet("Get-RetentionCompliancePolicy" if cmdlet == admin.read else "Set-RetentionCompliancePolicy", {name: True})
