"""Somebody signs in: what a person does in the browser, done over HTTP, and what a public client library makes of it."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import requests

from .conftest import Json, Lab

OFFICER = "records.office@harbormill.example"
SCOPES = ["https://graph.microsoft.com/RecordsManagement.ReadWrite.All", "https://graph.microsoft.com/eDiscovery.ReadWrite.All"]
_HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
HERE = "http://localhost:5123/signed-in"


def public_client(lab: Lab) -> Any:
    """MSAL as a desktop program wires it: no secret."""
    session = requests.Session()
    session.trust_env, session.verify = False, str(lab.server.ca)
    make: Any = vars(msal)["PublicClientApplication"]
    authority = f"{lab.server.base_url}/{lab.state.tenant_id}"
    return make(lab.state.app.app_id, authority=authority, http_client=session, instance_discovery=False)


def browse(lab: Lab, address: str, login: str = OFFICER, choice: str = "accept") -> httpx.Response:
    """Open the page, fill its form in, and press the button."""
    page = lab.http.get(address)
    if 'name="flow"' not in page.text:
        return page
    return lab.http.post(str(page.url.copy_with(query=None)), data={**dict(_HIDDEN.findall(page.text)), "login": login, "choice": choice})


def came_back(answer: httpx.Response) -> dict[str, str]:
    """What the browser brings back to the program: in the address, or in a form that posts itself."""
    if answer.status_code == 200:
        assert f'action="{HERE}"' in answer.text, answer.text
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(answer.text)}
    assert answer.status_code == 302, answer.text
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == HERE
    return {name: values[0] for name, values in parse_qs(target.query).items()}


def sign_in(lab: Lab, login: str = OFFICER, scopes: list[str] | None = None) -> Json:
    """Tokens by the browser, through MSAL's own flow with PKCE, state and nonce."""
    client = public_client(lab)
    flow = client.initiate_auth_code_flow(scopes or SCOPES, redirect_uri=HERE, response_mode="form_post")
    found: Json = client.acquire_token_by_auth_code_flow(flow, came_back(browse(lab, flow["auth_uri"], login)))
    return found


def as_person(lab: Lab, login: str = OFFICER, scopes: list[str] | None = None) -> None:
    """From now on the lab's Graph requests are this person's."""
    answer = sign_in(lab, login, scopes)
    assert "access_token" in answer, answer
    lab.tokens["graph"] = answer["access_token"]
