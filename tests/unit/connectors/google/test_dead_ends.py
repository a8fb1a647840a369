"""A subject that has left or a host that does not answer costs what is read there, and never the tenant's holds."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.errors import TenantUnreachableError
from connectors.examination import Examination, ReadCapability, WriteCapability
from connectors.google_workspace.operations import READS
from connectors.google_workspace.operations import Surface as Endpoint
from connectors.google_workspace.reader import GoogleReader
from policies.kinds import TRAITS, Kind
from policies.resources import ReadState, Snapshot
from tests.unit.connectors.google.support import VAULT, Bench

VITAL = (Endpoint.VAULT, Endpoint.DIRECTORY)
OTHERS = tuple(sorted({one.surface for one in READS} - set(VITAL)))
"""Every endpoint that is read and that no hold rests on."""
CONCERNED = {
    Endpoint.LICENSING: Kind.GOOGLE_LICENCE, Endpoint.GROUP_SETTINGS: Kind.GOOGLE_GROUP_ARCHIVE, Endpoint.LABELS: Kind.GOOGLE_DRIVE_LABEL,
    Endpoint.POLICIES: Kind.GOOGLE_SETTING, Endpoint.ALERTS: Kind.GOOGLE_SETTING,
}  # fmt: skip
"""The kind that is not read whole without the endpoint. Spaces are told as unread in their place, the log by itself."""
GONE = "left.long.ago@harbormill.example"


@pytest.fixture
def shut() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"https://127.0.0.1:{held.getsockname()[1]}"


def whole_look(bench: Bench, reader: GoogleReader) -> tuple[Examination, Snapshot]:
    kinds = bench.connector.kinds()
    examination = reader.examine(kinds)
    roster = reader.roster()
    snapshot = reader.snapshot(kinds)
    return examination, Snapshot(
        tenant=snapshot.tenant, at=snapshot.at, resources=snapshot.resources, reads={**{one.kind: one for one in roster.reads}, **snapshot.reads}
    )


def check_only_it_is_unknown(bench: Bench, reader: GoogleReader, surface: Endpoint, code: str) -> None:
    examination, snapshot = whole_look(bench, reader)
    (said,) = [one for one in examination.surfaces if not one.ok]
    assert said.name == surface
    assert said.detail.startswith(code)
    concerned = CONCERNED.get(surface)
    partial = {kind for kind, read in snapshot.reads.items() if read.state is not ReadState.COMPLETE}
    assert partial == ({concerned} if concerned else set())
    if concerned is not None:
        assert code in (snapshot.reads[concerned].reason or "")
    if surface is Endpoint.CHAT:
        (unread,) = [live.fields["unread"] for live in snapshot.of(Kind.GOOGLE_SETTING) if "unread" in live.fields]
        assert str(unread).startswith(code)
    audit = reader.audit(bench.clock.now() - timedelta(days=1), bench.clock.now())
    assert (audit.available, (audit.reason or "").startswith(code)) == ((False, True) if surface is Endpoint.REPORTS else (True, False))
    holding = {one.kind: one for one in examination.capabilities}[Kind.GOOGLE_HOLD]
    assert (holding.read, holding.write) == (ReadCapability.FULL, WriteCapability.UNPROVEN)


@pytest.mark.parametrize("surface", OTHERS)
def test_a_subject_of_its_own_that_has_left_costs_its_surface_alone(bench: Bench, surface: Endpoint) -> None:
    subjects = {**bench.tenant().subjects, surface.value: GONE}
    check_only_it_is_unknown(bench, bench.reader(subjects=subjects), surface, "google.credential_refused: ")


@pytest.mark.parametrize("surface", OTHERS)
def test_a_host_that_is_shut_costs_its_surface_alone(bench: Bench, shut: str, surface: Endpoint) -> None:
    endpoints = {**bench.tenant().endpoints, surface.value: shut}
    began = bench.clock.now()
    check_only_it_is_unknown(bench, bench.reader(endpoints=endpoints), surface, "network.refused: ")
    assert bench.clock.now() - began < timedelta(seconds=30), "a door that is shut is not knocked at again and again"


@pytest.mark.parametrize("surface", VITAL)
def test_what_holds_rest_on_is_the_tenants(bench: Bench, shut: str, surface: Endpoint) -> None:
    tenant = bench.tenant()
    for changes in ({"endpoints": {**tenant.endpoints, surface.value: shut}}, {"subjects": {**tenant.subjects, surface.value: GONE}}):
        with pytest.raises(TenantUnreachableError):
            whole_look(bench, bench.reader(**changes))


@pytest.mark.parametrize("surface", OTHERS)
def test_our_own_account_refused_is_the_tenants_wherever_it_is_met(bench: Bench, surface: Endpoint) -> None:
    credential = bench.tenant().credential
    assert credential is not None
    reader = bench.reader(credential={**credential.model_dump(exclude_none=True), "subject": GONE}, subjects={})
    with pytest.raises(TenantUnreachableError):
        whole_look(bench, reader)


def test_a_look_at_holds_asks_nothing_that_it_does_not_read(bench: Bench) -> None:
    kinds = frozenset(kind for kind in bench.connector.kinds() if TRAITS[kind].hold_lane)
    reader = bench.reader()
    examination = reader.examine(kinds)
    reader.roster()
    reader.snapshot(kinds)
    assert kinds == VAULT | {Kind.GOOGLE_GROUP_ARCHIVE}
    asked = {surface for surface, _ in bench.meter.requests}
    assert asked == {"token_uri", "vault", "directory", "licensing", "groupssettings"}
    assert {one.name for one in examination.surfaces} == asked
    told = {one.kind for one in examination.capabilities}
    assert kinds <= told
    assert not told & {Kind.GOOGLE_SETTING, Kind.GOOGLE_DRIVE_LABEL}
    scopes = {scope for token in bench.state.tokens.values() for scope in token.scopes}
    assert not [scope for scope in scopes if scope.rpartition("/")[2].startswith(("cloud-identity", "apps.alerts", "chat", "drive", "admin.reports"))]
