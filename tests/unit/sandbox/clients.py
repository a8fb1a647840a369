# mypy: allow-untyped-calls
"""Clients that the sandbox's makers did not write, wired to a sandbox: google-api-python-client over TLS, and a bare one for the door."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any

import google_auth_httplib2
import httplib2
import pytest
from google.oauth2 import service_account
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from sandbox.server import SandboxServer
from sandbox.world import World

AUTH = "https://www.googleapis.com/auth/"

APIS = {
    "vault": ("vault", "v1", ["ediscovery"]),
    "directory": (
        "admin",
        "directory_v1",
        [
            "admin.directory.user.readonly",
            "admin.directory.group.readonly",
            "admin.directory.orgunit.readonly",
            "admin.directory.rolemanagement.readonly",
            "admin.directory.customer.readonly",
            "admin.directory.domain.readonly",
        ],
    ),
    "reports": ("admin", "reports_v1", ["admin.reports.audit.readonly"]),
    "licensing": ("licensing", "v1", ["apps.licensing"]),
    "groupssettings": ("groupssettings", "v1", ["apps.groups.settings"]),
    "cloudidentity": ("cloudidentity", "v1", ["cloud-identity.policies.readonly"]),
    "alertcenter": ("alertcenter", "v1beta1", ["apps.alerts"]),
    "drive": ("drive", "v3", ["drive.readonly"]),
    "drivelabels": ("drivelabels", "v2", ["drive.admin.labels"]),
    "chat": ("chat", "v1", ["chat.admin.spaces.readonly"]),
    "iam_credentials": ("iamcredentials", "v1", ["cloud-platform"]),
}


class Google:
    """One impersonated client per surface, as an application would wire it."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self._open: list[httplib2.Http] = []
        self._services: dict[tuple[str, ...], Any] = {}

    def http(self) -> Any:
        found = httplib2.Http(ca_certs=str(self.server.ca), timeout=20)
        self._open.append(found)
        return found

    def credentials(self, scopes: list[str], subject: str | None) -> Any:
        info = json.loads((self.server.folder / "google-sa.json").read_text(encoding="utf-8"))
        info["token_uri"] = self.server.base_url + "/token"
        full = [AUTH + scope for scope in scopes]
        made = service_account.Credentials.from_service_account_info(info, scopes=full)
        return made.with_subject(f"{subject}@{self.server.world.domain}") if subject else made

    def service(self, surface: str, subject: str = "records.bot", scopes: list[str] | None = None) -> Any:
        name, version, own = APIS[surface]
        wanted = scopes or own
        key = (surface, subject, *wanted)
        if key not in self._services:
            document = json.loads(get_static_doc(name, version))
            document["rootUrl"] = f"{self.server.base_url}/{surface}/"
            authorized = google_auth_httplib2.AuthorizedHttp(self.credentials(wanted, subject), http=self.http())
            self._services[key] = build_from_document(document, http=authorized)
        return self._services[key]

    def call(self, surface: str, method: str, subject: str = "records.bot", **values: Any) -> Any:
        """``call("vault", "matters.holds.list", matterId=...)``: executes once, retries nothing."""
        node = self.service(surface, subject)
        *resources, verb = method.split(".")
        for resource in resources:
            node = getattr(node, resource)()
        return getattr(node, verb)(**values).execute(num_retries=0)

    def refused(self, surface: str, method: str, subject: str = "records.bot", **values: Any) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the ``error`` object of a call that must be refused."""
        with pytest.raises(HttpError) as caught:
            self.call(surface, method, subject, **values)
        return int(caught.value.resp.status), dict(json.loads(caught.value.content)["error"])

    def every(self, surface: str, method: str, field: str, **values: Any) -> list[Any]:
        """All pages, by the library's own ``_next``."""
        node = self.service(surface)
        *resources, verb = method.split(".")
        for resource in resources:
            node = getattr(node, resource)()
        request, found = getattr(node, verb)(**values), []
        while request is not None:
            answer = request.execute(num_retries=0)
            found += answer.get(field, [])
            request = getattr(node, verb + "_next")(request, answer)
        return found

    def close(self) -> None:
        for service in self._services.values():
            service.close()
        for found in self._open:
            found.close()


class Door:
    """The drill's side: plain requests with the token of sandbox.json."""

    def __init__(self, server: SandboxServer) -> None:
        self._port = server.port
        self._context = ssl.create_default_context(cafile=server.ca)
        self._token = server.door_token

    def send(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
        """One request on a connection of its own: status, body, headers; raises what the wire raises."""
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context, timeout=20)
        try:
            text = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
            connection.request(method, path, text, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        status, text, _ = self.send(method, "/_door/" + path, body, {"Authorization": f"Bearer {self._token}"})
        return status, json.loads(text)

    def console(self, act: str, **given: object) -> Any:
        status, answer = self.ask("POST", f"console/google/{act}", given)
        assert status == 200, answer
        return answer

    def refused(self, act: str, **given: object) -> str:
        status, answer = self.ask("POST", f"console/google/{act}", given)
        assert status == 409, answer
        return str(answer["error"])


def address(world: World, number: int) -> str:
    """The address of the nth made-up person: employees first, students last."""
    return f"{world.people[number].local_part}@{world.domain}"


def keys_of(folder: Path) -> list[str]:
    """The names of the files in a state folder that only their owner may read."""
    return sorted(path.name for path in folder.iterdir() if path.stat().st_mode & 0o077 == 0)
