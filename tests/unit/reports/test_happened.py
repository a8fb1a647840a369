"""What changed in a month: what counts as restored, and whose signatures stood behind which doing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies.kinds import Kind
from reports.chronicle import Chronicle, Sent, Signature
from reports.facts import Edition, Period
from reports.happened import ours, outside
from sync.store.drifts import KeptDrift

BEGIN = datetime(2027, 3, 1, tzinfo=UTC)
MARCH = Period(month="2027-03", begin=BEGIN, end=datetime(2027, 4, 1, tzinfo=UTC), timezone="UTC", over=True)
OFFICES = {"chair": "the chair", "counsel": "counsel", "deputy": "the deputy"}


def kept(direction: str, closed_by: str | None, hours: int = 2) -> KeptDrift:
    seen = BEGIN + timedelta(days=3)
    document = {
        "class": "changed",
        "fields": ["period"],
        "applied": {"period": 731},
        "live": {"period": 4000},
        "direction": direction,
        "vendor": {"id": "L1", "name": "COR-02"},
        "since": {"earliest": None, "latest": seen.isoformat()},
        "attribution": {"state": "pending", "actor": None, "at": None, "event": None, "reason": None},
    }
    closed = None if closed_by is None else seen + timedelta(hours=hours)
    return KeptDrift(
        id="d1", occurrence=1, tenant="m365", kind=Kind.M365_LABEL, key="label-cor-02", first_seen=seen, last_seen=seen, closed_at=closed, closed_by=closed_by,
        document=document,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "closed_by", "restored"),
    [("weakens", "repaired", 7200), ("strengthens", "repaired", None), ("weakens", "undone", None), ("weakens", "accepted", None), ("weakens", None, None)],
)
def test_restored_is_what_kept_less_and_was_brought_back_by_us(direction: str, closed_by: str | None, restored: int | None) -> None:
    (one,) = outside([kept(direction, closed_by)], Chronicle(until=MARCH.end), MARCH, Edition.COUNSEL)
    assert one.restored_after == restored


def sent(seq: int, result: str) -> Sent:
    return Sent(
        seq=seq, at=BEGIN + timedelta(hours=seq), tenant="m365", change="c1", kind="m365.label", operation="set", direction="weakens", line="R1",
        matter=None, people=0, result=result, settled=seq + 1,
    )  # fmt: skip


def test_each_doing_names_the_signatures_that_it_used() -> None:
    told = Chronicle(until=MARCH.end, sent={one.seq: one for one in (sent(10, "failed"), sent(20, "done"), sent(30, "done"))})
    said = ((5, "chair", "yes"), (6, "counsel", "yes"), (25, "counsel", "yes"), (26, "deputy", "yes"), (27, "chair", "no"), (35, "chair", "yes"))
    told.signatures += [Signature(seq=seq, change="c1", verdict=verdict, officer=officer) for seq, officer, verdict in said]
    signed = [one.signed_by for one in ours(told, MARCH, OFFICES)]
    assert signed == [("the chair", "counsel"), ("the chair", "counsel"), ("counsel", "the deputy")]
