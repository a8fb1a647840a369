"""Two applications, one that reads and one that writes: each is asked for its own rights, and both are known as ours."""

from __future__ import annotations

import pytest

from connectors.errors import TenantUnreachableError
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.microsoft365.access import Access, Allowed
from connectors.microsoft365.clouds import Endpoint
from policies.district import Credential, Credentials
from policies.kinds import Kind
from sandbox.microsoft.state import tenant_of
from sandbox.tls import make_client_certificate
from tests.unit.connectors.microsoft.support import LABEL, Bench, mark

READS = (
    "Organization.Read.All", "User.Read.All", "GroupMember.Read.All", "Member.Read.Hidden", "Sites.Read.All", "eDiscovery.Read.All",
    "AuditLog.Read.All", "AuditLogsQuery.Read.All",
)  # fmt: skip


def separate(bench: Bench, *, graph: tuple[str, ...] = READS, exchange: tuple[str, ...] = ("Exchange.ManageAsApp",), role: str = "viewer") -> str:
    """A second application that reads; the first one writes. Returns its application id."""
    pem = make_client_certificate(bench.server.folder, "reader.pem")
    made = bench.act(
        "register_application", name="Recordwarden reader", certificate=pem.read_text("utf-8"), graph=list(graph), exchange=list(exchange),
        directory_role=role, ediscovery="administrator",
    )  # fmt: skip
    app_id = str(made["app_id"])
    writing = bench.tenant.credential
    assert writing is not None
    bench.change(credential=None, credentials=Credentials(read=Credential(certificate_file=pem, client_id=app_id), write=writing))
    return app_id


def capabilities(bench: Bench, *, accepted: bool = True) -> dict[Kind, Capability]:
    return {one.kind: one for one in bench.reader(accepted=accepted).examine().capabilities}


def test_each_identity_signs_in_as_its_own_application(bench: Bench) -> None:
    app_id = separate(bench)
    seen = bench.reader().examine()
    assert app_id in seen.identity.actor
    assert "Recordwarden reader" in seen.identity.actor
    # A reader may do less than the writer, so what may be written is the writer's affair.
    found = {one.kind: one for one in seen.capabilities}
    assert (found[Kind.M365_LABEL].read, found[Kind.M365_LABEL].write) == (ReadCapability.FULL, WriteCapability.UNPROVEN)
    assert found[Kind.M365_HOLD].write is WriteCapability.UNPROVEN
    graph = next(one for one in seen.surfaces if one.name == "graph")
    assert "lacks" not in graph.detail


def test_a_writer_without_its_role_cannot_write_though_the_reader_has_one(bench: Bench) -> None:
    separate(bench, role="compliance_administrator")
    bench.switch(admin_role="viewer")
    found = capabilities(bench)
    assert (found[Kind.M365_LABEL].read, found[Kind.M365_LABEL].write) == (ReadCapability.FULL, WriteCapability.MISSING)
    assert "New-ComplianceTag" in (found[Kind.M365_LABEL].reason or "")
    bench.switch(admin_role="none")
    found = capabilities(bench)
    assert (found[Kind.M365_LABEL].read, found[Kind.M365_LABEL].write) == (ReadCapability.FULL, WriteCapability.MISSING)
    assert (found[Kind.M365_LABEL].reason or "").startswith("admin.forbidden")


def test_permissions_are_asked_of_the_identity_that_needs_them(bench: Bench) -> None:
    separate(bench, graph=tuple(name for name in READS if name != "Sites.Read.All"))
    bench.switch(missing_roles="eDiscovery.ReadWrite.All,eDiscovery.Read.All")
    found = capabilities(bench, accepted=False)
    assert "the reading application lacks Sites.Read.All" in (found[Kind.M365_SITE].reason or "")
    assert found[Kind.M365_HOLD].write is WriteCapability.MISSING
    assert "the writing application lacks eDiscovery.ReadWrite.All" in (found[Kind.M365_HOLD].reason or "")


def test_what_the_writer_made_is_ours_to_the_reader(bench: Bench) -> None:
    separate(bench)
    bench.writer().create(LABEL, mark("cor-02"), None)
    seen = bench.reader().snapshot({Kind.M365_LABEL})
    made = {live.name: live.made_by_us for live in seen.of(Kind.M365_LABEL)}
    assert made[LABEL.name] is True
    assert {ours for name, ours in made.items() if name != LABEL.name} == {False}
    writer = Access(bench.tenant, bench.context(), Allowed(admin=True), writing=True)
    assert writer.made_by_us("Recordwarden reader") is True
    writer.close()


def test_a_writer_that_cannot_sign_in_stops_writing_and_not_reading(bench: Bench) -> None:
    separate(bench)
    assert bench.tenant.credentials is not None
    assert bench.tenant.credentials.write is not None
    lost = bench.tenant.credentials.write.model_copy(update={"client_id": "00000000-0000-4000-8000-000000000009"})
    bench.change(credentials=bench.tenant.credentials.model_copy(update={"write": lost}))
    found = capabilities(bench)
    assert (found[Kind.M365_LABEL].read, found[Kind.M365_LABEL].write) == (ReadCapability.FULL, WriteCapability.MISSING)
    assert (found[Kind.M365_LABEL].reason or "").startswith("auth.app_unknown")
    access = Access(bench.tenant, bench.context(), Allowed(admin=True))
    access.identity()
    assert access.made_by_us("Somebody else") is None, "whose name the writer has is not known"
    before = bench.meter.spent["authority"]["POST"]
    access.made_by_us("Somebody else")
    assert bench.meter.spent["authority"]["POST"] == before
    access.close()


def test_two_keys_of_one_application_are_one_principal(bench: Bench) -> None:
    credential = bench.tenant.credential
    assert credential is not None
    both = bench.tenant.model_copy(update={"credential": None, "credentials": Credentials(read=credential, write=credential)})
    assert not both.separate
    assert Access(both, bench.context(), Allowed(admin=True)).other is None
    named = both.model_copy(update={"credentials": Credentials(read=credential, write=credential.model_copy(update={"client_id": "b"}))})
    assert named.separate
    assert (named.client_id_for(writing=False), named.client_id_for(writing=True)) == (bench.tenant.client_id, "b")


def test_an_application_is_known_by_its_own_certificate_alone(bench: Bench) -> None:
    app_id = separate(bench)
    assert bench.tenant.credentials is not None
    assert bench.tenant.credentials.write is not None
    assert app_id in tenant_of(bench.world).more_apps
    wrong = replace_certificate(bench.tenant.credentials, app_id)
    access = Access(bench.tenant.model_copy(update={"credentials": wrong}), bench.context(), Allowed(admin=True))
    with pytest.raises(TenantUnreachableError) as caught:
        access.tokens.token(Endpoint.GRAPH)
    assert caught.value.code == "auth.certificate_wrong"
    access.close()


def replace_certificate(given: Credentials, app_id: str) -> Credentials:
    assert given.write is not None
    return given.model_copy(update={"read": given.write.model_copy(update={"client_id": app_id})})
