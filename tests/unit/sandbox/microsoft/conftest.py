"""One tenant over TLS, a client that signs in through MSAL, and the sandbox's clock."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest
import requests

from sandbox import microsoft
from sandbox.microsoft.state import TenantState, tenant_of
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import World

RESOURCES = {
    "graph": "https://graph.microsoft.com",
    "exchange": "https://outlook.office365.com",
    "compliance": "https://ps.compliance.protection.outlook.com",
    "activity": "https://manage.office.com",
}
Json = dict[str, Any]


@dataclass(slots=True)
class Lab:
    """The server, and a client as the district would configure it."""

    server: SandboxServer
    http: httpx.Client
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.server.world

    @property
    def state(self) -> TenantState:
        return tenant_of(self.world)

    def certificate(self) -> tuple[str, str]:
        pem = (self.server.folder / "m365-app.pem").read_text()
        cut = pem.index("-----BEGIN CERTIFICATE")
        return pem[:cut], pem[cut:]

    def app(self, credential: object = None, *, client: str = "", tenant: str = "") -> Any:
        key, certificate = self.certificate()
        session = requests.Session()
        session.trust_env, session.verify = False, str(self.server.ca)
        make: Any = vars(msal)["ConfidentialClientApplication"]
        return make(
            client or self.state.app.app_id,
            client_credential=credential or {"private_key": key, "public_certificate": certificate},
            authority=f"{self.server.base_url}/{tenant or self.state.tenant_id}",
            http_client=session,
            instance_discovery=False,
        )

    def token(self, surface: str) -> str:
        if surface not in self.tokens:
            answer = self.app().acquire_token_for_client([f"{RESOURCES[surface]}/.default"])
            assert "access_token" in answer, answer
            self.tokens[surface] = answer["access_token"]
        return self.tokens[surface]

    def graph(
        self, method: str, path: str, *, json: object = None, version: str = "v1.0", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        url = path if path.startswith("https://") else f"/graph/{version}{path}"
        return self.http.request(method, url, json=json, headers={"Authorization": f"Bearer {self.token('graph')}", **(headers or {})})

    def get(self, path: str, **more: Any) -> Json:
        answer = self.graph("GET", path, **more)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def rows(self, path: str, **more: Any) -> list[Json]:
        """All pages of a list."""
        found: list[Json] = []
        while path:
            page = self.get(path, **more)
            found += page["value"]
            path = str(page.get("@odata.nextLink", ""))
        return found

    def invoke(
        self, cmdlet: str, surface: str = "compliance", headers: dict[str, str] | None = None, url: str = "", **parameters: Any
    ) -> httpx.Response:
        path = url or f"/{surface}/adminapi/beta/{self.state.tenant_id}/InvokeCommand"
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        sent = {"Authorization": f"Bearer {self.token(surface)}", "X-ResponseFormat": "json", **(headers or {})}
        return self.http.post(path, json=body, headers=sent)

    def cmdlet(self, name: str, surface: str = "compliance", **parameters: Any) -> list[Json]:
        answer = self.invoke(name, surface, **parameters)
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()["value"]
        return found

    def failure(self, name: str, surface: str = "compliance", **parameters: Any) -> str:
        """The text of the error that a cmdlet must answer with."""
        answer = self.invoke(name, surface, **parameters)
        assert answer.status_code == 400, answer.text
        error = answer.json()["error"]
        assert error["message"] == "Invalid Operation"
        inner = error["innererror"]["internalexception"]
        assert error["details"][0]["message"] == f"|{inner['type']}|{inner['message']}"
        return str(inner["message"])

    def warnings(self, name: str, surface: str = "compliance", **parameters: Any) -> list[str]:
        answer = self.invoke(name, surface, **parameters)
        assert answer.status_code == 200, answer.text
        found: list[str] = answer.json()["@adminapi.warnings"]
        return found

    def named(self, cmdlet: str, name: str, **parameters: Any) -> Json:
        return next(row for row in self.cmdlet(cmdlet, **parameters) if row["Name"] == name)

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    def switch(self, **values: str) -> None:
        self.world.switches.update({f"m365.{name}": value for name, value in values.items()})
        self.tokens.clear()

    def act(self, act: str, /, **arguments: Any) -> Json:
        """An administrator in the console, through the door."""
        url = f"/_door/console/m365/{act}"
        answer = self.http.post(url, json=arguments, headers={"Authorization": f"Bearer {self.server.door_token}"})
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def someone(self, role: str = "teacher", number: int = 0) -> str:
        """The address of a licensed, working account of that role."""
        people = [person for person in self.world.people if person.role == role]
        found = [f"{person.local_part}@{self.state.domain}" for person in people]
        return [address for address in found if _works(self.state, address)][number]


def _works(state: TenantState, address: str) -> bool:
    account = state.account_at(address)
    return account is not None and account.enabled and account.mailbox is not None and account.drive is not None


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("m365")


@pytest.fixture
def lab(keys: Path) -> Iterator[Lab]:
    world = make_world("tiny", seed=11)
    world.switches["validate"] = "on"
    with SandboxServer(world, (microsoft,), keys) as server:
        context = ssl.create_default_context(cafile=str(server.ca))
        with httpx.Client(base_url=server.base_url, verify=context, trust_env=False, timeout=20) as http:
            yield Lab(server, http)


@pytest.fixture
def hold(lab: Lab) -> Callable[..., tuple[str, str]]:
    """A case and a hold with the given sources; returns their paths."""

    def make(*addresses: str, sites: tuple[str, ...] = (), name: str = "Matter 1") -> tuple[str, str]:
        case = lab.graph("POST", "/security/cases/ediscoveryCases", json={"displayName": name, "externalId": "[x:1]"})
        assert case.status_code == 201, case.text
        path = f"/security/cases/ediscoveryCases/{case.json()['id']}"
        made = lab.graph("POST", f"{path}/legalHolds", json={"displayName": f"{name} hold", "description": "d", "contentQuery": ""})
        assert made.status_code == 201, made.text
        hold_path = f"{path}/legalHolds/{made.json()['id']}"
        for address in addresses:
            added = lab.graph("POST", f"{hold_path}/userSources", json={"email": address, "includedSources": "mailbox"})
            assert added.status_code == 201, added.text
        for site in sites:
            added = lab.graph("POST", f"{hold_path}/siteSources", json={"site": {"webUrl": site}})
            assert added.status_code == 201, added.text
        return path, hold_path

    return make
