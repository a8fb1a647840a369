"""What Microsoft's clouds have and have not (M§8): as data, as capabilities against the sandbox, and as standings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.examination import Capability, WriteCapability
from connectors.hold_orders import HoldOrder, OrderedSource
from connectors.microsoft365.clouds import CLOUDS, Api
from connectors.microsoft365.limits import LABEL_KINDS
from connectors.microsoft365.mapping import realise
from connectors.microsoft365.ordering import realise_hold
from policies.duties import Carrier, StandingValue
from policies.effects import Clock
from policies.kinds import Kind, Workload
from tests.unit.connectors.microsoft.support import Bench
from tests.unit.connectors.microsoft.test_mapping import circumstances, duty, person

MATRIX = {
    # M§8, columns Prod, Fairfax (GCC High, DoD), Mooncake (China)
    Api.LABELS: (True, True, False),
    Api.CASES: (True, True, False),
    Api.AUDIT_QUERIES: (True, False, False),
    Api.FILE_LABELS: (True, True, True),
    Api.CONFIGURATION: (True, False, False),
    Api.DIRECTORY: (True, True, True),
}
COLUMN = {"worldwide": 0, "gcc": 0, "gcc_high": 1, "dod": 1, "china": 2}
CASES = (Kind.M365_CASE, Kind.M365_HOLD)


def has(cloud: str, api: Api) -> bool:
    return MATRIX[api][COLUMN[cloud]]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_table_is_what_was_transcribed(cloud: str) -> None:
    assert set(MATRIX) == set(Api)
    assert {api: api not in CLOUDS[cloud].lacks for api in Api} == {api: has(cloud, api) for api in Api}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_doctor_says_what_a_cloud_does_not_have(bench: Bench, cloud: str) -> None:
    bench.switch(cloud="worldwide" if cloud == "gcc" else cloud)
    bench.change(cloud=cloud)
    seen = bench.reader().examine()
    found: dict[Kind, Capability] = {one.kind: one for one in seen.capabilities}
    for kinds, api in (((*LABEL_KINDS, Kind.M365_EVENT_TYPE), Api.LABELS), (CASES, Api.CASES)):
        for kind in kinds:
            there = has(cloud, api)
            assert found[kind].write is (WriteCapability.UNPROVEN if there else WriteCapability.NONE)
            assert (found[kind].reason or "").startswith("capability.unproven" if there else f"cloud.lacks: the cloud {cloud} has no")
    assert found[Kind.M365_RETENTION_POLICY].write is WriteCapability.UNPROVEN
    graph = next(one.detail for one in seen.surfaces if one.name == "graph")
    assert (Api.AUDIT_QUERIES.value in graph) is not has(cloud, Api.AUDIT_QUERIES)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_who_changed_what_is_asked_only_where_there_is_a_log_to_ask(bench: Bench, cloud: str) -> None:
    bench.switch(cloud="worldwide" if cloud == "gcc" else cloud)
    bench.change(cloud=cloud)
    now = bench.clock.now()
    read = bench.reader().audit(now - timedelta(days=1), now)
    assert read.available is has(cloud, Api.AUDIT_QUERIES), read.reason
    if not read.available:
        assert (read.reason or "").startswith("audit.no_queries")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_line_that_the_cloud_cannot_carry_is_not_enforceable(cloud: str) -> None:
    facts = circumstances(person("mia"))
    facts = replace(facts, tenant=facts.tenant.model_copy(update={"cloud": cloud}))
    (labelled,) = realise([duty(carrier=Carrier.LABEL, clock=Clock.CREATED)], facts).carriages
    (kept,) = realise([duty()], facts).carriages
    there = has(cloud, Api.LABELS)
    assert labelled.standing is (StandingValue.AVAILABLE if there else StandingValue.NOT_ENFORCEABLE)
    assert labelled.reason == (None if there else "cloud.lacks")
    assert kept.standing is StandingValue.ENFORCED


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_order_is_refused_source_by_source_where_there_are_no_cases(cloud: str) -> None:
    facts = circumstances(person("mia"))
    facts = replace(facts, tenant=facts.tenant.model_copy(update={"cloud": cloud}))
    source = OrderedSource(person="mia@d.example", workload=Workload.MAIL, identity_id="1", address="mia@d.example", container="mia@d.example")
    done = realise_hold(HoldOrder(alias="a", tenant_alias="blue heron", sources=(source,)), facts)
    there = has(cloud, Api.CASES)
    assert bool(done.resources) is there
    assert dict(done.refused) == ({} if there else {source: "cloud.lacks"})
