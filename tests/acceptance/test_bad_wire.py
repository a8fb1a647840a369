"""Reads that go wrong on the wire: refused, broken, not JSON, cut short, leading away. Nothing is written on the strength of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.acceptance.afterwards import asked, exchanges, writes
from tests.acceptance.rehearsal import District, Ran, Sandbox

pytestmark = pytest.mark.slow

ALWAYS = 9_999
"""More often than anything is tried again."""
LISTS = {
    "m365": {"surface": "compliance", "operation": "Get-RetentionCompliancePolicy"},
    "google": {"surface": "drivelabels", "operation": "drivelabels.labels.list"},
}
"""A list per tenant that shows what is already there: creating without it would make things twice."""
KINDS = {"m365": "m365.retention_policy", "google": "google.drive_label"}
FAULTS: Mapping[str, dict[str, object]] = {
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "500": {"kind": "status", "status": 500},
    "html": {"kind": "html"},
    "truncated": {"kind": "truncated"},
    "foreign link": {"kind": "foreign_link"},
}




@contextmanager
def struck(sandbox: Sandbox, *faults: Mapping[str, object]) -> Iterator[None]:
    """The faults, as long as the block lasts; each has to have struck something."""
    sandbox.door("/faults", [{"times": ALWAYS, **fault} for fault in faults])
    try:
        yield
        assert all(fault["seen"] for fault in sandbox.door("/faults")), "a fault that struck nothing tests nothing"
    finally:
        sandbox.door("/faults", method="DELETE")


def synced(district: District, tenant: str, *faults: Mapping[str, object]) -> tuple[Ran, list[str]]:
    """A run on one tenant under these faults, and what it wrote to that tenant."""
    sandbox = district.sandbox
    assert sandbox is not None
    before = asked(sandbox)
    with struck(sandbox, *faults):
        ran = district.run("--tenant", tenant, "sync")
    assert "Traceback" not in ran.stdout + ran.stderr
    assert ran.document["exit"] == ran.code
    return ran, writes(exchanges(sandbox, before))


def said(document: Mapping[str, Any], tenant: str) -> list[str]:
    """Every reason that the run gives for what it could not see."""
    of = document["tenants"][tenant]
    return [str(read["reason"]) for read in of["kinds"].values() if read["state"] != "complete"] + [str(of["error"])]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tenant", LISTS)
def test_a_list_that_goes_wrong_creates_nothing_of_its_kind(tiny: District, tenant: str, fault: str) -> None:
    """Unknown is not absent: the tenant has none of ours, and still nothing is made, because that could not be seen."""
    # The other kinds stay readable, so that a run which shrugs would go on and write.
    ran, written = synced(tiny, tenant, {**LISTS[tenant], **FAULTS[fault]})
    assert ran.code == 3, ran.stdout
    kind = ran.tenants[tenant]["kinds"][KINDS[tenant]]
    assert kind["state"] in {"failed", "partial"}, kind
    assert kind["reason"]
    if fault == "foreign link":
        assert "wire.foreign_link" in str(said(ran.document, tenant)) + str(ran.document["problems"])
    if (tenant, fault) == ("google", "403"):
        lines = [one for one in ran.result["standings"] if one["tenant"] == tenant and one["line"].startswith("label-") and one["workload"] == "drive"]
        assert {(one["standing"], one["reason"]) for one in lines} == {("unknown", "google.permission_denied")}, "a missing right is unknown, no gap"
    verb = {"m365": "New-RetentionCompliancePolicy", "google": "drivelabels.labels.create"}[tenant]
    assert verb not in written
    touched = [one["key"] for one in ran.tenants[tenant]["changes"] if one["kind"] == KINDS[tenant] and one["status"] in {"sent", "accepted", "effective"}]
    assert touched == []


@pytest.mark.parametrize(("tenant", "surface"), [("m365", "authority"), ("google", "token")])
@pytest.mark.parametrize("fault", ["401", "500", "html"])
def test_a_tenant_that_lets_nobody_in_is_an_error_and_nothing_more(tiny: District, tenant: str, surface: str, fault: str) -> None:
    ran, written = synced(tiny, tenant, {"surface": surface, "operation": "*", **FAULTS[fault]})
    assert ran.code == 1, ran.stdout
    error = ran.tenants[tenant]["error"]
    assert error["message"]
    assert error["next_step"]
    assert {read["state"] for read in ran.tenants[tenant]["kinds"].values()} <= {"failed"}
    assert written == []


def test_one_tenant_fails_and_the_other_goes_ahead(tiny: District) -> None:
    """Both at once: 3, and what the healthy one needed is done."""
    sandbox = tiny.sandbox
    assert sandbox is not None
    before = asked(sandbox)
    with struck(sandbox, {"surface": "graph", "operation": "*", "kind": "status", "status": 500}):
        ran = tiny.run("sync")
    assert ran.code == 3, ran.stdout
    assert ran.tenants["google"]["error"] is None
    done = writes(exchanges(sandbox, before))
    assert "drivelabels.labels.create" in done
    assert [one for one in done if one.startswith(("New-", "POST", "Set-"))] == []
