from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from googleapiclient.errors import HttpError

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.unit.sandbox.clients import AUTH, Door, Google

GRANT = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"


def exchange(server: SandboxServer, key: rsa.RSAPrivateKey | None = None, **changed: Any) -> tuple[int, dict[str, Any]]:
    """Post a hand-made assertion; keyword arguments replace claims."""
    info = json.loads((server.folder / "google-sa.json").read_text(encoding="utf-8"))
    now = server.world.clock.wall().timestamp()
    claims = {
        "iss": info["client_email"],
        "sub": f"records.bot@{server.world.domain}",
        "scope": AUTH + "ediscovery",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now,
        "exp": now + 3_600,
        **changed,
    }
    parts = [{"alg": "RS256", "typ": "JWT", "kid": info["private_key_id"]}, claims]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    own = load_pem_private_key(info["private_key"].encode(), password=None)
    assert isinstance(own, rsa.RSAPrivateKey)
    signature = (key or own).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    assertion = text + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, body, _ = Door(server).send("POST", "/token", f"grant_type={GRANT}&assertion={assertion}", form)
    return status, json.loads(body)


def test_a_good_assertion_is_worth_a_token_for_an_hour(server: SandboxServer) -> None:
    status, answer = exchange(server)
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3_599)


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"aud": "https://127.0.0.1/token"}, "invalid_grant", "audience"),
        ({"iss": "someone@else.iam.gserviceaccount.com"}, "invalid_grant", "account not found"),
        ({"sub": "nobody@harbormill.example"}, "invalid_grant", "Invalid email or User ID"),
        ({"scope": ""}, "invalid_scope", "scope"),
        ({"scope": f"{AUTH}ediscovery {AUTH}drive"}, "unauthorized_client", "any of the scopes"),
        ({"iat": 0, "exp": 3_600}, "invalid_grant", "short-lived"),
        ({"iat": 0}, "invalid_grant", "short-lived"),
    ],
)
def test_what_is_wrong_with_an_assertion_is_said_in_googles_words(
    server: SandboxServer, changed: dict[str, Any], error: str, words: str
) -> None:
    status, answer = exchange(server, **changed)
    assert status in {400, 401}
    assert answer["error"] == error
    assert words in answer["error_description"]


def test_an_assertion_signed_with_another_key_is_refused(server: SandboxServer) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert exchange(server, other)[1] == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}


def test_one_scope_that_was_not_granted_fails_the_whole_token(client: Google, server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca))
    good = client.credentials(["ediscovery"], "records.bot")
    bad = client.credentials(["ediscovery", "drive"], "records.bot")
    request = Request()
    good.refresh(request)
    assert good.valid
    with pytest.raises(RefreshError, match="unauthorized_client"):
        bad.refresh(request)
    request.session.close()


def test_a_revoked_grant_stops_new_tokens(server: SandboxServer, door: Door) -> None:
    assert exchange(server)[0] == 200
    door.console("revoke_scope", scope=AUTH + "ediscovery")
    assert exchange(server)[1]["error"] == "unauthorized_client"


def test_a_token_reaches_only_the_methods_of_its_scopes(client: Google) -> None:
    readonly = client.service("vault", scopes=["ediscovery.readonly"])
    assert readonly.matters().list().execute(num_retries=0)["matters"]
    with pytest.raises(HttpError) as caught:
        readonly.matters().create(body={"name": "x"}).execute(num_retries=0)
    error = json.loads(caught.value.content)["error"]
    assert (error["code"], error["status"], error["details"][0]["reason"]) == (403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
    assert "errors" not in error


@pytest.mark.parametrize(("path", "legacy"), [("/vault/v1/matters", False), ("/directory/admin/directory/v1/users?customer=my_customer", True)])
def test_no_token_is_401_in_the_shape_of_each_api(door: Door, path: str, legacy: object) -> None:
    status, body, _ = door.send("GET", path, None, {"Authorization": "Bearer made-up"})
    error = json.loads(body)["error"]
    assert (status, error["code"]) == (401, 401)
    assert ("errors" in error, "status" in error) == (bool(legacy), not legacy)


def test_tokens_live_by_the_systems_clock_not_the_sandboxs(client: Google, world: World) -> None:
    client.call("vault", "matters.list")
    world.clock.advance(7_200)
    assert client.call("vault", "matters.list")["matters"]
    assert [exchange.status for exchange in world.exchanges if exchange.surface == "token"] == [200]
