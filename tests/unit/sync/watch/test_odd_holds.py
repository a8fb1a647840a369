"""Holds on the whole organisation, and holds that name nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from policies.kinds import Kind
from policies.problems import Severity
from policies.resources import KindRead, Live, Mark, ReadState, Snapshot
from policies.roster import OrgUnit
from sync.watch.odd_holds import hold_problems

UNITS = (OrgUnit(tenant="google", vendor_id="top", path="/"), OrgUnit(tenant="google", vendor_id="staff", path="/Staff"))


def hold(number: int, scope: str, unit: str | None = None, **more: Any) -> Live:
    fields = {"corpus": "MAIL", "scope": scope, "org_unit": unit}
    return Live(kind=Kind.GOOGLE_HOLD, vendor_id=f"h{number}", name=f"Hold {number}", fields=fields, parent_id="m", **more)


def found(*holds: Live) -> list[tuple[str, str | None]]:
    reads = {Kind.GOOGLE_HOLD: KindRead(kind=Kind.GOOGLE_HOLD, state=ReadState.COMPLETE, count=len(holds))}
    matter = Live(kind=Kind.GOOGLE_MATTER, vendor_id="m", name="Bus", fields={})
    told = hold_problems(Snapshot(tenant="google", at=datetime(2026, 10, 5, tzinfo=UTC), reads=reads, resources=(matter, *holds)), UNITS)
    assert {one.severity for one in told} <= {Severity.WARNING}
    assert all("of matter Bus" in one.message for one in told)
    return [(one.code, one.subject) for one in told]


def test_a_hold_on_the_top_unit_is_told_whoever_made_it() -> None:
    mine = Mark(district="d", key="k", generation=1)
    holds = hold(2, "org_unit", "top"), hold(1, "org_unit", "top", mark=mine), hold(3, "org_unit", "staff")
    assert found(*holds) == [("hold.on_top_unit", "h1"), ("hold.on_top_unit", "h2")]


def test_a_hold_of_others_that_names_nobody_keeps_nothing() -> None:
    ours, theirs = hold(1, "accounts", mark=Mark(district="d", key="k", generation=1)), hold(2, "accounts")
    assert found(ours, theirs, hold(3, "accounts", members=frozenset({"account:1"})), hold(4, "org_unit", "staff")) == [("hold.names_nobody", "h2")]
