"""Tokens: one per scope, refused in clear words, with no credential in any text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import TenantUnreachableError
from connectors.examination import ReadCapability, WriteCapability
from connectors.google_workspace.auth import IamSigner, Keyring, machine_identity
from connectors.google_workspace.link import Reply
from connectors.google_workspace.operations import SCOPES, Surface
from policies.district import Credential
from policies.kinds import Kind
from policies.resources import ReadState
from sandbox.google.seed import GRANTS
from sandbox.google.sts import OPERATION, write_workload
from tests.unit.connectors.google.support import VAULT, Bench, make_matter

AUTH = "https://www.googleapis.com/auth/"


def scopes_asked(bench: Bench) -> list[str]:
    return sorted(" ".join(token.scopes) for token in bench.state.tokens.values())


def test_every_token_carries_one_scope_and_reading_never_asks_for_more_than_reading(bench: Bench) -> None:
    reader = bench.reader()
    reader.roster()
    reader.snapshot(VAULT)
    asked = scopes_asked(bench)
    assert all(" " not in scope for scope in asked)
    assert f"{AUTH}ediscovery" not in asked
    assert f"{AUTH}ediscovery.readonly" in asked


def test_writing_and_what_writing_reads_use_the_writing_scope_alone(bench: Bench) -> None:
    bench.console("revoke_scope", scope=f"{AUTH}ediscovery.readonly")
    make_matter(bench, bench.writer())
    assert scopes_asked(bench) == [f"{AUTH}ediscovery"]


def test_a_token_is_used_again_and_a_refused_one_is_renewed_once(bench: Bench) -> None:
    reader = bench.reader()
    reader.identity()
    before = bench.meter.requests["token_uri", "POST"]
    reader.identity()
    assert bench.meter.requests["token_uri", "POST"] == before
    bench.state.tokens.clear()
    assert reader.identity().actor == f"records.bot@{bench.world.domain}"
    assert bench.meter.requests["token_uri", "POST"] == before + 2  # customer and domains; our own account is known


def test_the_scopes_that_the_delegation_must_list_are_all_that_is_ever_asked_for() -> None:
    assert set(SCOPES) <= GRANTS


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        ("apps.licensing", Kind.GOOGLE_LICENCE),
        ("admin.directory.group.readonly", Kind.GOOGLE_GROUP),
        ("admin.directory.orgunit.readonly", Kind.GOOGLE_ORG_UNIT),
    ],
)
def test_one_missing_grant_costs_one_kind(bench: Bench, scope: str, kind: Kind) -> None:
    bench.console("revoke_scope", scope=AUTH + scope)
    reader = bench.reader()
    reads = {read.kind: read for read in reader.roster().reads}
    assert [one for one, read in reads.items() if read.state is not ReadState.COMPLETE] == [kind]
    assert (reads[kind].reason or "").startswith("google.delegation_missing: ")
    found = {one.kind: one for one in reader.examine().capabilities}
    assert found[kind].read is ReadCapability.NONE
    assert AUTH + scope in (found[kind].next_step or found[kind].reason or "")


def test_without_the_writing_scope_writing_is_missing_and_reading_goes_on(bench: Bench) -> None:
    bench.console("revoke_scope", scope=f"{AUTH}ediscovery")
    found = {one.kind: one for one in bench.reader().examine().capabilities}
    assert found[Kind.GOOGLE_HOLD].read is ReadCapability.FULL
    assert found[Kind.GOOGLE_HOLD].write is WriteCapability.MISSING
    assert f"{AUTH}ediscovery" in (found[Kind.GOOGLE_HOLD].next_step or "")


@pytest.mark.parametrize("scope", ["admin.directory.customer.readonly", "admin.directory.domain.readonly"])
def test_who_answers_is_known_without_the_customer_scopes(bench: Bench, scope: str) -> None:
    bench.console("revoke_scope", scope=AUTH + scope)
    identity = bench.reader().identity()
    assert (identity.vendor_id, identity.domain) == (bench.state.customer_id, bench.world.domain)


def test_without_the_roles_scope_privileges_are_unknown_and_not_missing(bench: Bench) -> None:
    bench.console("revoke_scope", scope=f"{AUTH}admin.directory.rolemanagement.readonly")
    found = {one.kind: one for one in bench.reader().examine().capabilities}
    assert found[Kind.GOOGLE_MATTER].read is ReadCapability.UNKNOWN
    assert found[Kind.GOOGLE_MATTER].write is WriteCapability.UNPROVEN


def test_a_key_that_google_does_not_know_is_the_tenants(bench: Bench, tmp_path: Any) -> None:
    from sandbox.tls import make_rsa_key_pem

    info = json.loads((bench.server.folder / "google-sa.json").read_text(encoding="utf-8"))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**info, "private_key": make_rsa_key_pem()}), encoding="utf-8")
    credential = {"service_account_file": other, "subject": f"records.bot@{bench.world.domain}"}
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(credential=credential).identity()
    assert caught.value.code == "google.credential_refused"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), ("{", "no service account key"), ("[]", "no service account key"), ('{"private_key": "sesame-street"}', "no usable")],
)
def test_a_key_file_that_is_none_is_named_without_its_content(bench: Bench, tmp_path: Any, content: str | None, words: str) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(credential={"service_account_file": path, "subject": f"records.bot@{bench.world.domain}"}).identity()
    assert caught.value.code == "credential.unreadable"
    assert "key.json" in caught.value.message
    assert words in caught.value.message
    assert "sesame" not in caught.value.message


@pytest.mark.parametrize(("credential", "code"), [(None, "credential.subject_missing"), ({"subject": "a@b.example"}, "credential.missing")])
def test_a_tenant_without_a_credential_says_so(bench: Bench, credential: Any, code: str) -> None:
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(credential=credential).identity()
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [("status", {"status": 503}, "google.token_unavailable"), ("reset", {}, "google.token_unavailable"), ("html", {}, "wire.not_json")],
)
def test_a_token_endpoint_that_stays_down_is_the_tenants(bench: Bench, kind: str, more: dict[str, Any], code: str) -> None:
    bench.fault("token", "oauth2.token", kind, times=99, **more)
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader().identity()
    assert caught.value.code == code


def test_a_token_endpoint_that_comes_back_is_not_noticed(bench: Bench) -> None:
    bench.fault("token", "oauth2.token", "status", status=503, times=2)
    assert bench.reader().identity().domain == bench.world.domain


def test_another_customer_than_the_configured_one_stops_everything(bench: Bench) -> None:
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(customer_id="C0elsewhere").identity()
    assert caught.value.code == "google.wrong_customer"


def test_a_credential_in_a_vendors_text_is_taken_out(bench: Bench) -> None:
    reader = bench.reader()
    reader.identity()
    token = next(iter(bench.state.tokens))
    body = json.dumps({"error": {"code": 403, "message": f"token {token} and client_secret=hush not accepted", "status": "PERMISSION_DENIED"}})
    bench.fault("vault", "vault.matters.list", "status", status=403, body=body.encode())
    reason = reader.snapshot(VAULT).reads[Kind.GOOGLE_MATTER].reason
    assert reason == "google.permission_denied: matters.list: token [removed] and client_secret=[removed] not accepted"


class StubSource:
    """A machine identity that is always good."""

    token: str | None = "machine-token"

    @property
    def valid(self) -> bool:
        return True

    def refresh(self, request: object) -> None:
        raise AssertionError("it is valid")

    def apply(self, headers: dict[str, str]) -> None:
        headers["authorization"] = f"Bearer {self.token}"


def test_without_a_key_file_iam_signs_the_same_claims() -> None:
    sent: list[tuple[Surface, str, Any]] = []

    def send(surface: Surface, method: str, url: str, headers: Any, body: bytes | None) -> Reply:
        sent.append((surface, url, headers))
        claims = json.loads(json.loads(body or b"")["payload"])
        assert method == "POST"
        assert claims["aud"] == "https://oauth2.googleapis.com/token"
        return Reply(status=200, headers={}, body=json.dumps({"keyId": "k", "signedJwt": f"signed for {claims['sub']}"}).encode())

    signer = IamSigner("sa@p.iam.gserviceaccount.com", "https://127.0.0.1:1/iam", send, drill=True, source=StubSource)
    assert signer({"aud": "https://oauth2.googleapis.com/token", "sub": "bot@d.example"}) == "signed for bot@d.example"
    surface, url, headers = sent[0]
    assert surface is Surface.IAM_CREDENTIALS
    assert url == "https://127.0.0.1:1/iam/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:signJwt"
    assert headers["authorization"] == "Bearer machine-token"


def test_iam_that_does_not_sign_is_the_tenants() -> None:
    def send(surface: Surface, method: str, url: str, headers: Any, body: bytes | None) -> Reply:
        return Reply(status=403, headers={}, body=b"{}")

    with pytest.raises(TenantUnreachableError) as caught:
        IamSigner("sa@p", "https://127.0.0.1:1", send, drill=True, source=StubSource)({})
    assert caught.value.code == "google.sign_jwt_refused"


def test_keyless_under_drill_needs_its_endpoint() -> None:
    def send(surface: Surface, method: str, url: str, headers: Any, body: bytes | None) -> Reply:
        raise AssertionError("nothing may leave")

    ring = Keyring(Credential(impersonate="sa@p", subject="bot@d.example"), {"token_uri": "https://127.0.0.1:1/token"}, send, drill=True)
    with pytest.raises(TenantUnreachableError) as caught:
        ring.token("scope", "bot@d.example")
    assert caught.value.code == "endpoint.not_given"


def test_without_a_key_file_of_ours_the_machine_signs_and_the_tenant_answers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = bench.server.folder / "google-machine.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(machine))
    email = json.loads((bench.server.folder / "google-sa.json").read_text(encoding="utf-8"))["client_email"]
    subject = bench.tenant().credential_for(writing=False)
    assert subject is not None
    keyless = Credential(impersonate=email, subject=subject.subject)
    assert bench.reader(credential=keyless).identity().actor == subject.subject
    assert bench.seen("iamcredentials.projects.serviceAccounts.signJwt") >= 1
    bench.world.switches["google.token_creator"] = "off"
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(credential=keyless).identity()
    assert caught.value.code == "google.sign_jwt_refused"


def federated(bench: Bench, monkeypatch: pytest.MonkeyPatch, **claims: object) -> dict[str, object]:
    """Settings of a server that has no key of Google's at all, only the token of its own identity provider."""
    file = write_workload(bench.state, bench.server.folder, bench.world.clock.wall().timestamp(), **claims)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    return {"credential": Credential(impersonate=bench.state.service_account.email, subject=f"records.bot@{bench.world.domain}")}


def test_a_federated_workload_signs_in_without_any_key_of_googles(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's token for one of Google's, that for a signature of the service account, that for a token of the account that is acted as."""
    settings = federated(bench, monkeypatch)
    reader = bench.reader(**settings)
    assert reader.identity().actor == f"records.bot@{bench.world.domain}"
    assert reader.snapshot(VAULT).reads[Kind.GOOGLE_MATTER].state is ReadState.COMPLETE
    make_matter(bench, bench.writer(**settings))
    signatures = bench.seen("iamcredentials.projects.serviceAccounts.signJwt")
    assert bench.seen(OPERATION) == bench.meter.requests["sts", "POST"]
    assert 1 <= bench.seen(OPERATION) <= signatures
    assert bench.meter.requests["token_uri", "POST"] == signatures, "a token of each scope for each signature, and none for the machine itself"
    exchanges = [one for one in bench.world.exchanges if one.operation == OPERATION]
    assert all("cloud-platform" in one.request.decode() for one in exchanges)


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"aud": "https://elsewhere.example"}, "audience"),
        ({"exp": 1}, "stale"),
        ({"iat": 1}, "stale"),
    ],
)
def test_a_workload_that_the_pool_does_not_let_in_is_told_as_what_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, bent: dict[str, object], words: str
) -> None:
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(**federated(bench, monkeypatch, **bent)).identity()
    assert caught.value.code == "credential.no_machine_identity"
    assert words in caught.value.message
    assert bench.seen("iamcredentials.projects.serviceAccounts.signJwt") == 0


def test_a_federated_workload_without_its_endpoint_asks_nobody_in_a_drill(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = federated(bench, monkeypatch)
    endpoints = {name: url for name, url in bench.tenant().endpoints.items() if name != "sts"}
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(**settings, endpoints=endpoints).identity()
    assert caught.value.code == "endpoint.not_given"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "names no file"),
        ({"type": "authorized_user", "refresh_token": "x"}, "neither a service account's nor"),
        ({"type": "external_account", "credential_source": {"url": "http://169.254.169.254/token"}}, "neither a service account's nor"),
        (
            {"type": "external_account", "credential_source": {"file": "t"}, "service_account_impersonation_url": "https://iamcredentials.googleapis.com/x"},
            "impersonates an account by itself",
        ),
    ],
)
def test_a_machine_identity_that_would_ask_other_hosts_is_refused(
    content: dict[str, object] | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    if content is not None:
        file = tmp_path / "machine.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(TenantUnreachableError) as caught:
        machine_identity({"token_uri": "https://127.0.0.1:1/token"}, drill=True)
    assert why in caught.value.message
