"""A person signs in against the sandbox: browser with PKCE, device code, and each way in which it does not come about."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.errors import ConnectorError, PermanentError, Stopped
from connectors.microsoft365 import sign_in
from connectors.microsoft365.sign_in import SignedIn, by_browser, by_device_code
from sandbox.microsoft.state import tenant_of
from sandbox.world import Fault
from tests.unit.connectors.microsoft.people import Someone, officer
from tests.unit.connectors.microsoft.support import Bench


def browser(bench: Bench, someone: Someone) -> SignedIn:
    return by_browser(bench.tenant, bench.context(), someone)


def device(bench: Bench, someone: Someone) -> SignedIn:
    bench.switch(device_interval="1")
    return by_device_code(bench.tenant, bench.context(), someone)


def refused(act: Callable[[], object]) -> ConnectorError:
    with pytest.raises(PermanentError) as caught:
        act()
    assert caught.value.next_step
    return caught.value


def test_the_browser_brings_a_person_with_pkce_and_by_post(bench: Bench) -> None:
    someone = Someone(bench)
    found = browser(bench, someone)
    who = found.session.person
    assert (who.account, who.tenant_id) == (officer(bench), tenant_of(bench.world).tenant_id)
    assert {"RecordsManagement.ReadWrite.All", "eDiscovery.ReadWrite.All"} <= set(found.scopes)
    assert found.expires_in
    assert 0 < found.expires_in <= 5400
    asked = {name: values[0] for name, values in parse_qs(urlsplit(someone.seen[0].address).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_mode"] == "form_post"
    assert asked["redirect_uri"].startswith("http://localhost:")
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert "You can close this window" in someone.pages[-1].text
    token = [one for one in bench.asked("authority") if one.path.endswith("/token")]
    assert len(token) == 1
    assert b"code_verifier=" in token[0].request
    assert b"client_secret" not in token[0].request
    assert b"client_assertion" not in token[0].request


def test_a_device_code_brings_a_person(bench: Bench) -> None:
    someone = Someone(bench)
    found = device(bench, someone)
    assert found.session.person.account == officer(bench)
    assert someone.seen[0].code
    assert someone.seen[0].seconds == 900


@pytest.mark.parametrize("way", [browser, device])
def test_declining_is_said(bench: Bench, way: Any) -> None:
    assert refused(lambda: way(bench, Someone(bench, choice="decline"))).code == "auth.declined"


def test_a_tenant_that_forbids_device_code_gets_one_clear_message(bench: Bench) -> None:
    bench.switch(device_code="blocked")
    error = refused(lambda: device(bench, Someone(bench)))
    assert error.code == "auth.device_code_forbidden"
    assert error.message.startswith("Tenant m365 forbids signing in by device code.")
    assert "recordwarden login --tenant m365" in error.next_step


@pytest.mark.parametrize("way", [browser, device])
def test_a_registration_without_public_flows_is_said(bench: Bench, way: Any) -> None:
    bench.switch(public_client="off")
    assert refused(lambda: way(bench, Someone(bench))).code == "auth.public_client_off"


def test_nobody_comes_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "PATIENCE", 0.5)
    error = refused(lambda: browser(bench, Someone(bench, login="stranger@elsewhere.example")))
    assert error.code == "auth.not_finished"
    assert "http://localhost" in error.next_step


@pytest.mark.parametrize("way", [browser, device])
def test_being_told_to_end_ends_it(bench: Bench, way: Any) -> None:
    def told(_invitation: object) -> None:
        threading.Timer(0.1, bench.stop.set).start()

    with pytest.raises(Stopped):
        way(bench, told)


def test_another_sign_in_of_somebody_else_is_not_taken(bench: Bench) -> None:
    """A forged answer, in a form or in the address, does not end the waiting; the person's own does."""
    tried: list[int] = []

    def forge(address: str) -> None:
        with httpx.Client(trust_env=False) as client:
            tried.append(client.post(address, data={"code": "0.Aforged", "state": "not-this-one"}).status_code)
            tried.append(client.get(address, params={"code": "0.Aforged", "state": "not-this-one"}).status_code)
            tried.append(client.post(f"{address}/elsewhere", data={"code": "x"}).status_code)
            tried.append(client.post(address, content=b"x" * 70000).status_code)

    found = browser(bench, Someone(bench, before_landing=forge))
    assert found.session.person.account == officer(bench)
    assert tried == [400, 404, 404, 404]


def test_nothing_secret_stands_in_a_message(bench: Bench) -> None:
    said = b'{"error": "invalid_grant", "error_description": "AADSTS54005: code 0.AXEAmade-up-and-long-enough was used"}'
    bench.world.faults.append(Fault(surface="authority", operation="token", kind="status", when="before", times=9, status=400, body=said))
    error = refused(lambda: browser(bench, Someone(bench)))
    assert "AADSTS54005" in error.message
    assert "AXEA" not in error.message


def test_the_sign_in_service_that_does_not_answer_is_said(bench: Bench) -> None:
    bench.endpoint("authority", "https://127.0.0.1:9")
    assert refused(lambda: browser(bench, Someone(bench))).code == "network.unreachable"
