"""A tenant near a limit of the platform's is told before a new object is refused (M§2.8)."""

from __future__ import annotations

import pytest

from connectors.microsoft365.crowding import near_limits
from connectors.microsoft365.findings import findings
from policies.kinds import Kind
from policies.resources import Live, Snapshot
from tests.unit.connectors.microsoft.test_coverage import world


def many(kind: Kind, number: int, *members: str) -> tuple[Live, ...]:
    return tuple(Live(kind=kind, vendor_id=f"{kind.value}{one}", name=f"{one}", fields={}, members=frozenset(members)) for one in range(number))


def told(snapshot: Snapshot) -> list[str]:
    assert {one.code for one in near_limits(snapshot)} <= {"limit.near"}
    return [one.ref.name for one in near_limits(snapshot)]


@pytest.mark.parametrize(
    ("kind", "near", "members", "what"),
    [
        (Kind.M365_LABEL, 900, (), "retention labels"),
        (Kind.M365_LABEL_POLICY, 1_620, ("exchange:mia@d.example",), "policies over mailboxes"),
        (Kind.M365_RETENTION_POLICY, 12, ("onedrive:All", "exchange:mia@d.example"), "policies over all sites or all OneDrives"),
        (Kind.M365_RETENTION_POLICY, 2_340, ("sharepoint:https://d.example/sites/a",), "policies over named sites or OneDrives"),
        (Kind.M365_HOLD, 9_000, (), "policies of all sorts"),
    ],
)
def test_nine_tenths_of_a_limit_are_told_and_less_is_not(kind: Kind, near: int, members: tuple[str, ...], what: str) -> None:
    assert told(world(*many(kind, near - 1, *members))) == []
    assert told(world(*many(kind, near, *members))) == [what]


def test_it_is_a_finding_among_the_others_and_not_of_the_first_order() -> None:
    found = [one for one in findings(world(*many(Kind.M365_RETENTION_POLICY, 13, "sharepoint:All"))) if one.code == "limit.near"]
    assert [(one.grave, "13 of the 13 policies over all sites" in one.message) for one in found] == [(False, True)]
