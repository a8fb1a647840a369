"""Who we are, and what is said when the tenant does not know us or cannot be reached."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.microsoft365.access import Access, Allowed
from connectors.microsoft365.capabilities import surfaces
from policies.district import Credential, Credentials
from policies.kinds import Kind
from policies.resources import ReadState
from sandbox.tls import make_certificates, make_client_certificate
from tests.unit.connectors.microsoft.support import CASE, Bench, mark


def code(bench: Bench) -> str:
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader().identity()
    assert caught.value.next_step
    return caught.value.code


def test_a_certificate_signs_in_and_every_request_is_counted(bench: Bench) -> None:
    found = bench.reader().identity()
    assert found.vendor_id == bench.tenant.tenant_id
    assert found.domain == bench.tenant.domain
    assert f"{bench.tenant.domain.partition('.')[0] if bench.tenant.domain else ''}.onmicrosoft.com" in found.domains
    assert str(bench.tenant.client_id) in found.actor
    assert bench.meter.plain() == {"authority": {"GET": 1, "POST": 1}, "graph": {"GET": 1}}
    assert len(bench.asked("authority")) == 2
    assert len(bench.asked("graph")) == 1


def test_a_secret_signs_in(bench: Bench) -> None:
    bench.change(credential=Credential(client_secret_file=bench.server.folder / "m365-secret.txt"))
    assert bench.reader().identity().vendor_id == bench.tenant.tenant_id


def test_a_wrong_secret_is_named_and_never_shown(bench: Bench, tmp_path: Path) -> None:
    wrong = tmp_path / "secret"
    wrong.write_text("a-made-up-secret-value\n", encoding="utf-8")
    bench.change(credential=Credential(client_secret_file=wrong))
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader().identity()
    assert caught.value.code == "auth.secret_wrong"
    assert "a-made-up-secret-value" not in caught.value.message


def test_another_certificate_is_refused(bench: Bench, tmp_path: Path) -> None:
    other = make_client_certificate(tmp_path, "other.pem")
    bench.change(credential=Credential(certificate_file=other))
    assert code(bench) == "auth.certificate_wrong"


def test_an_unknown_application_is_named(bench: Bench) -> None:
    bench.change(client_id="00000000-0000-4000-8000-00000000dead")
    assert code(bench) in {"auth.app_unknown", "auth.certificate_wrong"}


def test_a_file_without_a_certificate_is_named(bench: Bench, tmp_path: Path) -> None:
    half = tmp_path / "half.pem"
    half.write_text("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n", encoding="utf-8")
    bench.change(credential=Credential(certificate_file=half))
    assert code(bench) == "credential.unreadable"


def test_a_missing_file_is_named(bench: Bench, tmp_path: Path) -> None:
    bench.change(credential=Credential(certificate_file=tmp_path / "nowhere.pem"))
    assert code(bench) == "credential.unreadable"


def test_no_credential_at_all(bench: Bench) -> None:
    bench.change(credential=None)
    assert code(bench) == "credential.missing"


def test_a_server_that_nobody_vouches_for(bench: Bench, tmp_path: Path) -> None:
    bench.change(ca_bundle=make_certificates(tmp_path / "strangers").ca)
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader().identity()
    assert caught.value.code == "tls.certificate"
    assert in_our_words(caught.value.message)
    assert caught.value.message.endswith("shows a certificate that is not trusted.")


def test_graph_that_nobody_vouches_for(bench: Bench, tmp_path: Path) -> None:
    reader = bench.reader()
    reader.identity()
    bench.change(ca_bundle=make_certificates(tmp_path / "strangers").ca)
    fresh = bench.reader()
    fresh._access.tokens = fresh._access.graph._channel.tokens = reader._access.tokens
    with pytest.raises(TenantUnreachableError) as caught:
        fresh.identity()
    assert caught.value.code == "tls.certificate"
    assert in_our_words(caught.value.message)


def test_nobody_listens(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bench.endpoint("authority", f"https://127.0.0.1:{port}")
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader().identity()
    assert caught.value.code == "network.unreachable"
    assert caught.value.message == f"Signing in failed for m365 at 127.0.0.1:{port}: it refuses connections."


def test_a_sign_in_service_that_knows_nobody_is_told_in_our_words(bench: Bench) -> None:
    bench.fault("authority", "openid-configuration", status=401, body=b"{}")
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader().identity()
    assert caught.value.code == "auth.unusable"
    assert in_our_words(caught.value.message)
    assert "it answered with HTTP 401" in caught.value.message


def in_our_words(message: str) -> bool:
    """No library's text, and no host that settings do not name."""
    return not any(word in message for word in ("ConnectionPool", "ciamlogin", "microsoftonline", "Max retries", "SSLError", "_ssl.c", "http://", "(Caused"))


def test_graph_does_not_listen(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bench.endpoint("graph", f"https://127.0.0.1:{port}/graph")
    assert code(bench) == "network.unreachable"


def test_a_sign_in_that_would_leave_its_address_is_not_done(bench: Bench) -> None:
    away = "https://elsewhere.invalid/oauth2/v2.0"
    body = {"token_endpoint": f"{away}/token", "authorization_endpoint": f"{away}/authorize", "issuer": "https://elsewhere.invalid/v2.0"}
    bench.fault("authority", "openid-configuration", status=200, body=json.dumps(body).encode())
    assert code(bench) == "wire.foreign_link"
    assert [exchange.operation for exchange in bench.asked("authority")] == ["openid-configuration"]
    assert bench.meter.plain() == {"authority": {"GET": 1}}


@pytest.mark.parametrize("name", ["authority", "graph"])
def test_under_drill_an_endpoint_that_nobody_gave_is_off(bench: Bench, name: str) -> None:
    bench.change(endpoints={key: value for key, value in bench.tenant.endpoints.items() if key != name})
    with pytest.raises(PermanentError) as caught:
        bench.reader().identity()
    assert caught.value.code == "endpoint.not_given"
    assert not bench.asked("graph")


def test_the_admin_endpoint_is_shut_until_an_officer_accepts_it(bench: Bench) -> None:
    reader = bench.reader(accepted=False)
    seen = reader.snapshot({Kind.M365_LABEL, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})
    for read in seen.reads.values():
        assert read.state is ReadState.FAILED
        assert read.count is None
        assert (read.reason or "").startswith("admin_endpoint.not_accepted")
    found = {one.kind: one for one in reader.examine().capabilities}
    assert (found[Kind.M365_LABEL].reason or "").startswith("admin_endpoint.not_accepted")
    assert "attest admin-endpoint/m365" in (found[Kind.M365_LABEL].next_step or "")
    reader.roster()
    assert not bench.asked("compliance")
    assert not bench.asked("exchange")
    assert not {"exchange_admin", "compliance_admin"} & set(bench.meter.plain())


def test_a_surface_that_is_shut_is_told_with_its_address_though_settings_do_not_give_it(bench: Bench) -> None:
    """In a real district the cloud's own address is used; what refuses there is no endpoint that nobody gave."""
    given = {name: url for name, url in bench.tenant.endpoints.items() if name not in {"exchange_admin", "compliance_admin"}}
    bench.change(endpoints=given, ca_bundle=bench.tenant.ca_bundle)
    access = Access(bench.tenant, replace(bench.context(), drill=False), Allowed())
    found = {one.name: one for one in surfaces(access)}
    access.close()
    for name, host in (("exchange_admin", "outlook.office365.com"), ("compliance_admin", "ps.compliance.protection.outlook.com")):
        assert (found[name].ok, urlsplit(found[name].url or "").hostname) == (False, host)
        assert found[name].detail.startswith("admin_endpoint.not_accepted")


def test_an_admin_host_that_is_down_leaves_the_rest_readable(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bench.endpoint("compliance_admin", f"https://127.0.0.1:{port}/compliance")
    seen = bench.reader().snapshot({Kind.M365_LABEL, Kind.M365_CASE})
    assert seen.reads[Kind.M365_LABEL].state is ReadState.FAILED
    assert (seen.reads[Kind.M365_LABEL].reason or "").startswith("network.unreachable")
    assert seen.reads[Kind.M365_CASE].state is ReadState.COMPLETE


def test_a_cloud_that_does_not_exist(bench: Bench) -> None:
    bench.change(cloud="moon")
    with pytest.raises(ConnectorError) as caught:
        bench.reader().identity()
    assert caught.value.code == "tenant.cloud_unknown"


def test_reading_and_writing_identities_are_each_used_for_their_own(bench: Bench) -> None:
    certificate = bench.tenant.credential
    secret = Credential(client_secret_file=bench.server.folder / "m365-secret.txt")
    bench.change(credential=None, credentials=Credentials(read=certificate, write=secret))
    bench.reader().identity()
    forms = [one.request for one in bench.asked("authority") if one.operation == "token"]
    assert forms
    assert all(b"client_assertion=" in form and b"client_secret=" not in form for form in forms)
    bench.writer().create(CASE, mark(CASE.key), None)
    later = [one.request for one in bench.asked("authority") if one.operation == "token"][len(forms) :]
    assert later
    assert all(b"client_secret=" in form and b"client_assertion=" not in form for form in later)


def test_a_token_that_was_cut_short_stands_in_no_log(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.fault("authority", "token", kind="truncated", when="after", times=9)
    with caplog.at_level("DEBUG"), pytest.raises(TenantUnreachableError):
        bench.reader().identity()
    assert "access_token" not in caplog.text
    assert "eyJ" not in caplog.text
