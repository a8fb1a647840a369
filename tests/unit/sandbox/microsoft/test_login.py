"""Sign-in: what MSAL sends is accepted, and each wrong thing has its AADSTS number."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.microsoft.jose import thumbprint
from sandbox.tls import make_client_certificate
from sandbox.world import SandboxClock

from .conftest import RESOURCES, Lab

GRAPH = ["https://graph.microsoft.com/.default"]


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def assertion(lab: Lab, *, expired: float = -300, **changed: Any) -> str:
    key_text, certificate = lab.certificate()
    key = serialization.load_pem_private_key(key_text.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    del certificate
    now = SandboxClock.wall().timestamp()
    header = {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(lab.state.app.certificate, "PS256") + "="}
    endpoint = f"{lab.server.base_url}/{lab.state.tenant_id}/oauth2/v2.0/token"
    app = lab.state.app.app_id
    claims = {"aud": endpoint, "iss": app, "sub": app, "jti": str(uuid4()), "iat": now - 900, "exp": now - expired, **changed}
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    salt = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
    return f"{signed}.{base64.urlsafe_b64encode(key.sign(signed.encode(), salt, hashes.SHA256())).decode()}"


def post_assertion(lab: Lab, text: str) -> tuple[int, dict[str, Any]]:
    form = {
        "client_id": lab.state.app.app_id,
        "grant_type": "client_credentials",
        "scope": GRAPH[0],
        "client_assertion": text,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    answer = lab.http.post(f"/{lab.state.tenant_id}/oauth2/v2.0/token", data=form)
    return answer.status_code, answer.json()


def test_certificate_gives_a_token_with_identity_and_roles(lab: Lab) -> None:
    claims = claims_of(lab.token("graph"))
    assert claims["aud"] == "https://graph.microsoft.com"
    assert claims["tid"] == lab.state.tenant_id
    assert claims["appid"] == lab.state.app.app_id
    assert claims["app_displayname"] == "Records application"
    assert "eDiscovery.ReadWrite.All" in claims["roles"]
    assert 3000 < claims["exp"] - SandboxClock.wall().timestamp() < 3700


def test_older_thumbprint_header_is_accepted(lab: Lab) -> None:
    key, _ = lab.certificate()
    sha1 = base64.urlsafe_b64decode(thumbprint(lab.state.app.certificate, "RS256") + "=").hex()
    answer = lab.app({"private_key": key, "thumbprint": sha1}).acquire_token_for_client(GRAPH)
    assert claims_of(answer["access_token"])["appid"] == lab.state.app.app_id


def test_secret_is_accepted_and_a_wrong_one_named(lab: Lab) -> None:
    assert "access_token" in lab.app(lab.state.app.secret).acquire_token_for_client(GRAPH)
    wrong = lab.app("not-the-secret").acquire_token_for_client(GRAPH)
    assert wrong["error"] == "invalid_client"
    assert wrong["error_codes"] == [7000215]
    assert wrong["error_description"].startswith("AADSTS7000215: ")


def test_unknown_client(lab: Lab) -> None:
    answer = lab.app(client=str(uuid4())).acquire_token_for_client(GRAPH)
    assert answer["error_codes"] == [700016]


def test_unknown_tenant_fails_in_discovery(lab: Lab) -> None:
    answer = lab.http.get(f"/{uuid4()}/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        lab.app(tenant=str(uuid4()))


def test_foreign_certificate(lab: Lab) -> None:
    pem = make_client_certificate(lab.server.folder, "other.pem").read_text()
    cut = pem.index("-----BEGIN CERTIFICATE")
    answer = lab.app({"private_key": pem[:cut], "public_certificate": pem[cut:]}).acquire_token_for_client(GRAPH)
    assert answer["error_codes"] == [700027]


def test_unknown_resource_and_scope(lab: Lab) -> None:
    assert lab.app().acquire_token_for_client(["https://elsewhere.invalid/.default"])["error_codes"] == [500011]
    assert lab.app().acquire_token_for_client(["https://graph.microsoft.com/User.Read"])["error_codes"] == [1002012]


def test_same_assertion_twice_is_no_replay(lab: Lab) -> None:
    text = assertion(lab)
    assert [post_assertion(lab, text)[0] for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(("expired", "status"), [(200.0, 200), (400.0, 401)])
def test_five_minutes_of_leeway(lab: Lab, expired: float, status: int) -> None:
    answer = post_assertion(lab, assertion(lab, expired=expired))
    assert answer[0] == status
    if status == 401:
        assert answer[1]["error_codes"] == [700024]


@pytest.mark.parametrize(
    ("spoil", "number"),
    [
        (lambda text: text[:-8] + "AAAAAAAA", 700027),
        (lambda _text: "no.jwt", 50027),
    ],
)
def test_spoilt_assertion(lab: Lab, spoil: Callable[[str], str], number: int) -> None:
    status, body = post_assertion(lab, spoil(assertion(lab)))
    assert (status, body["error_codes"]) == (401, [number])


def test_assertion_for_another_endpoint_or_app(lab: Lab) -> None:
    assert post_assertion(lab, assertion(lab, aud="https://elsewhere.invalid/token"))[1]["error_codes"] == [700023]
    assert post_assertion(lab, assertion(lab, iss="another"))[1]["error_codes"] == [700021]


def test_one_token_per_host(lab: Lab) -> None:
    for surface, other in (("graph", "exchange"), ("exchange", "compliance"), ("compliance", "exchange")):
        url = f"/{other}/adminapi/v1.0/{lab.state.tenant_id}/EXOModuleFile?Version=3.9.2"
        answer = lab.http.get(url, headers={"Authorization": f"Bearer {lab.token(surface)}", "CommandName": "*"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    answer = lab.http.get("/graph/v1.0/organization", headers={"Authorization": f"Bearer {lab.token('exchange')}"})
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_forged_and_missing_token(lab: Lab) -> None:
    token = lab.token("graph")
    for header in ({}, {"Authorization": f"Bearer {token[:-6]}AAAAAA"}, {"Authorization": "Bearer x"}):
        answer = lab.http.get("/graph/v1.0/organization", headers=header)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_roles_can_be_missing(lab: Lab) -> None:
    lab.switch(missing_roles="eDiscovery.Read.All, Exchange.ManageAsApp")
    assert "eDiscovery.Read.All" not in claims_of(lab.token("graph"))["roles"]
    assert claims_of(lab.token("exchange"))["roles"] == []


def test_every_resource_has_its_token(lab: Lab) -> None:
    assert {surface: claims_of(lab.token(surface))["aud"] for surface in RESOURCES} == RESOURCES


def test_each_cloud_has_its_own_resources(lab: Lab) -> None:
    lab.switch(cloud="gcc_high")
    assert lab.app().acquire_token_for_client(GRAPH)["error_codes"] == [500011]
    for resource in ("https://graph.microsoft.us", "https://manage.office365.us"):
        token = lab.app().acquire_token_for_client([f"{resource}/.default"])["access_token"]
        assert claims_of(token)["aud"] == resource
