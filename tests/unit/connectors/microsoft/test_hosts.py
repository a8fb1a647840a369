"""Which host is asked: regions that are really told, the Exchange host where only it serves, and lists that never end."""

from __future__ import annotations

import socket

import pytest

from connectors.errors import ConnectorError, TransientError
from connectors.microsoft365 import admin, graph
from connectors.microsoft365.access import Access, Allowed
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.graph import Call
from policies.kinds import Kind
from policies.resources import ReadState, Ref
from tests.unit.connectors.microsoft.support import CASE, HOLD, LABEL, Bench, mark

HOSTS = [(Endpoint.COMPLIANCE, "compliance", "region", "Get-ComplianceTag"), (Endpoint.EXCHANGE, "exchange", "exchange_region", "Get-OrganizationConfig")]


@pytest.fixture(autouse=True)
def no_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regional hosts are names that nobody resolves: reaching for one shows in the error, and nothing leaves the machine."""
    real = socket.getaddrinfo

    def lookup(host: str | bytes | None, *given: object, **named: object) -> object:
        words = host.decode() if isinstance(host, bytes) else host
        if words is not None and words.startswith("nam13b."):
            raise socket.gaierror(socket.EAI_NONAME, "no such host")
        return real(host, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def reached(access: Access, endpoint: Endpoint, cmdlet: str) -> str:
    """Where a cmdlet went: ``front``, or the address of a host that is not there."""
    try:
        access.admin.read(cmdlet, endpoint=endpoint)
    except TransientError as error:
        return error.message if error.code == "network.unreachable" else error.code
    return "front"


@pytest.mark.parametrize(("endpoint", "surface", "switch", "cmdlet"), HOSTS, ids=["compliance", "exchange"])
def test_a_region_is_told_by_a_redirect_and_asked_for_once(bench: Bench, endpoint: Endpoint, surface: str, switch: str, cmdlet: str) -> None:
    bench.change(region_discovery=True)
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    assert reached(access, endpoint, cmdlet) == "front"
    assert reached(access, endpoint, cmdlet) == "front"
    assert sum(one.operation == "EXOModuleFile" for one in bench.asked(surface)) == 1, "a 200 is a real answer, and remembered"
    access.close()
    bench.switch(**{switch: "nam13b"})
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    assert "//nam13b." in reached(access, endpoint, cmdlet)
    access.close()


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize(("endpoint", "surface", "switch", "cmdlet"), HOSTS, ids=["compliance", "exchange"])
def test_a_busy_front_door_is_no_answer(  # two tables of cases
    bench: Bench, endpoint: Endpoint, surface: str, switch: str, cmdlet: str, status: int
) -> None:
    bench.change(region_discovery=True)
    bench.switch(**{switch: "nam13b"})
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    bench.fault(surface, "EXOModuleFile", status=status, times=2)
    assert "//nam13b." in reached(access, endpoint, cmdlet), "asked again, and then told"
    access.close()
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    bench.world.faults.clear()
    bench.fault(surface, "EXOModuleFile", status=status, times=3)
    with pytest.raises(TransientError):
        access.admin.read(cmdlet, endpoint=endpoint)
    assert not [one for one in bench.asked(surface) if one.operation == cmdlet], "nothing was sent to a host that nobody named"
    assert "//nam13b." in reached(access, endpoint, cmdlet), "and a failure is not remembered"
    access.close()


def test_a_refusal_tells_no_place_and_is_not_remembered(bench: Bench) -> None:
    bench.change(region_discovery=True)
    bench.switch(admin_role="none")
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    with pytest.raises(ConnectorError) as caught:
        access.admin.read("Get-ComplianceTag")
    assert caught.value.code == "admin.forbidden"
    bench.switch(admin_role="compliance_administrator", region="nam13b")
    assert "//nam13b." in reached(access, Endpoint.COMPLIANCE, "Get-ComplianceTag")
    access.close()


def test_the_exchange_host_serves_where_the_compliance_host_refuses(bench: Bench) -> None:
    bench.switch(scc_host="exchange")
    reader = bench.reader()
    seen = reader.examine()
    (surface,) = [one for one in seen.surfaces if one.name == "compliance_admin"]
    assert surface.ok
    assert "through the Exchange host" in surface.detail
    assert reader.snapshot({Kind.M365_LABEL}).reads[Kind.M365_LABEL].state is ReadState.COMPLETE
    refused = len(bench.asked("compliance"))
    reader.snapshot({Kind.M365_LABEL})
    assert len(bench.asked("compliance")) == refused, "found out once"


def test_a_writer_finds_the_serving_host_by_itself_and_writes_once(bench: Bench) -> None:
    bench.switch(scc_host="exchange")
    bench.writer().create(LABEL, mark("cor-02"), None)
    made = [one for one in bench.asked("exchange") if one.operation == "New-ComplianceTag"]
    assert [one.status for one in made] == [200]


def test_where_neither_host_serves_the_first_refusal_stands_and_is_looked_into_once(bench: Bench) -> None:
    bench.switch(admin_role="none")
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    for _ in range(3):
        with pytest.raises(ConnectorError) as caught:
            access.admin.read("Get-ComplianceTag")
        assert caught.value.code == "admin.forbidden"
    assert len(bench.asked("exchange")) == 1
    access.close()


def test_a_graph_list_without_end_is_left_and_is_not_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    access = Access(bench.tenant, bench.context(), Allowed(admin=False))
    call = Call(method="GET", path="/users", query=(("$top", "5"),))
    assert access.graph.rows(call).partial is None
    monkeypatch.setattr(graph, "MOST_PAGES", 3)
    listing = access.graph.rows(call)
    assert len(listing.rows) == 15
    assert (listing.partial or "").startswith("wire.too_many_pages")
    access.close()


def test_a_cmdlet_without_end_is_left_and_is_not_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "PAGE", 1)
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    whole = access.admin.read("Get-RetentionCompliancePolicy")
    assert whole.partial is None
    assert len(whole.rows) > 2
    monkeypatch.setattr(admin, "MOST_PAGES", 2)
    cut = access.admin.read("Get-RetentionCompliancePolicy")
    assert len(cut.rows) == 2
    assert (cut.partial or "").startswith("wire.too_many_pages")
    access.close()


@pytest.mark.parametrize(("served", "version"), [("on", "v1.0"), ("off", "beta")])
def test_the_version_that_serves_holds_is_told_and_handed_from_reader_to_writer(bench: Bench, served: str, version: str) -> None:
    bench.switch(legal_holds_v1=served)
    connector = bench.connector()
    reader, writer = connector.reader(bench.tenant, bench.context()), connector.writer(bench.tenant, bench.context())
    before = {one.kind: one.version for one in reader.settled(reader.examine().capabilities)}
    assert before[Kind.M365_HOLD] is None, "not known before a path of it has answered"
    reader.snapshot({Kind.M365_HOLD})
    found = {one.kind: one.version for one in reader.settled(reader.examine().capabilities)}
    assert (found[Kind.M365_HOLD], found[Kind.M365_LABEL]) == (version, None)
    case = writer.create(CASE, mark("m-blue-heron"), None)
    parent = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=case.vendor_id, name=case.name, mark=mark("m-blue-heron"))
    first = len(bench.asked("graph"))
    writer.create(HOLD, mark("m-blue-heron-1"), parent)
    asked = [one.path for one in bench.asked("graph")[first:] if "legalHolds" in one.path]
    assert asked
    assert all(f"/{version}/" in path for path in asked), "the writer does not find it again"
    reader.close()
    writer.close()
