"""Tokens for a service account that acts as a subject: one credential per scope, so that one missing grant costs one feature (G§6.1).

Two ways in: a key file, or keyless through the IAM Credentials API's ``signJwt`` (G§6.3). google-auth does the signing and the exchange;
the requests go through our own transport, and its look-up of regional boundaries, which calls Google by itself (K§3), is switched off.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NoReturn, Protocol, cast

from google.auth import _helpers, exceptions, identity_pool, transport
from google.auth import credentials as ga_credentials
from google.oauth2 import _client, service_account

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.google_workspace.link import Reply
from connectors.google_workspace.operations import Surface
from connectors.google_workspace.wire import Json
from policies.district import Credential

TOKEN_AUDIENCE: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - the audience stays Google's whatever token_uri is (K§3)
_LIFE: Final = 3600
"""Seconds that a signed assertion and the token for it live."""
_ACCOUNT: Final = re.compile(r"[^@]+@(?P<project>[a-z0-9.:-]+)\.iam\.gserviceaccount\.com")
_IAM_ROOT: Final = "https://iamcredentials.googleapis.com/"
_STS: Final = "https://sts.googleapis.com/v1/token"
_MACHINE_FILE: Final = "GOOGLE_APPLICATION_CREDENTIALS"
_IAM_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
"""The one scope that the discovery document names for ``signJwt``."""

Send = Callable[[Surface, str, str, Mapping[str, str], bytes | None], Reply]
"""Sends one request of a surface (method, url, headers, body), counted and retried where it is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What google-auth wants a response to look like."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class _TokenRequest(transport.Request):
    """google-auth's requests, through our transport."""

    def __init__(self, send: Send, surface: Surface = Surface.TOKEN) -> None:
        self._send = send
        self._surface = surface

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  # part of the signature; our transport has one of its own
        **_rest: object,
    ) -> _Answer:
        content = body.encode() if isinstance(body, str) else body
        reply = self._send(self._surface, method, url, headers or {}, content)
        if reply.status == 200 and not _is_object(reply.body):
            raise TenantUnreachableError("wire.not_json", f"the token endpoint {url} answered with something that is no JSON", "Check token_uri.")
        return _Answer(status=reply.status, headers=reply.headers, data=reply.body)


class TokenSource(Protocol):
    """What we use of google-auth's credentials."""

    token: str | None

    @property
    def valid(self) -> bool:
        """Whether the token can still be used."""

    def refresh(self, request: transport.Request) -> None:
        """Get a new token."""

    def apply(self, headers: dict[str, str]) -> None:
        """Put the token into ``headers``."""


class _ServiceAccount(service_account.Credentials):
    """Key-file credentials that call nobody but the token endpoint."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


@lru_cache(maxsize=4)
def _account(info: str) -> _ServiceAccount:
    """The account of a key file's text. What RSA asks of a private key is checked once, not at every look: it costs more than ten requests."""
    return cast("_ServiceAccount", _ServiceAccount.from_service_account_info(json.loads(info)))  # type: ignore[no-untyped-call]  # no types


class _Keyless(ga_credentials.Credentials):
    """Credentials whose assertion the IAM Credentials API signs: no private key lies anywhere (``roles/iam.serviceAccountTokenCreator``)."""

    def __init__(self, *, email: str, subject: str, scope: str, sign: Callable[[Json], str], token_uri: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth ships no types
        self._email = email
        self._subject = subject
        self._scope = scope
        self._sign = sign
        self._token_uri = token_uri

    def refresh(self, request: transport.Request) -> None:
        """Have an assertion signed and exchange it."""
        issued = int(_helpers.utcnow().timestamp())  # type: ignore[no-untyped-call]  # tokens live on the system's clock, as in google-auth itself
        claims: dict[str, object] = {"iss": self._email, "sub": self._subject, "scope": self._scope, "aud": TOKEN_AUDIENCE}
        assertion = self._sign({**claims, "iat": issued, "exp": issued + _LIFE})
        self.token, self.expiry, _ = _client.jwt_grant(request, self._token_uri, assertion)  # type: ignore[no-untyped-call]  # google-auth ships no types


class Keyring:
    """The tokens of one identity in one tenant, by scope and subject; safe to share between threads."""

    def __init__(self, credential: Credential | None, endpoints: Mapping[str, str], send: Send, *, drill: bool) -> None:
        self._credential = credential
        self._endpoints = endpoints
        self._send = send
        self._drill = drill
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], TokenSource] = {}
        self._info: Json | None = None
        self._key: _ServiceAccount | None = None
        self._seen: set[str] = set()

    def token(self, scope: str, subject: str, *, instead_of: str | None = None) -> str:
        """An access token, fresh unless a good one is held; ``instead_of`` is one that the vendor just refused.

        Raises ``PermanentError`` ``google.delegation_missing`` where this scope alone is not granted, else ``TenantUnreachableError``.
        """
        with self._lock:
            held = self._held.get((scope, subject))
            if held is None:
                held = self._held[scope, subject] = self._make(scope, subject)
            if not held.valid or held.token == instead_of:
                try:
                    held.refresh(_TokenRequest(self._send))
                except exceptions.GoogleAuthError as error:
                    self._explain(error, scope, subject)
                self._seen.add(str(held.token))
            return str(held.token)

    @property
    def subject(self) -> str:
        """The account that is acted as. Raises ``TenantUnreachableError`` where settings name none."""
        if self._credential is None or not self._credential.subject:
            raise TenantUnreachableError("credential.subject_missing", "no subject is set to act as", "Set credential.subject to a Vault user.")
        return self._credential.subject

    @property
    def client_id(self) -> str | None:
        """The OAuth client that the vendor's log shows for what we do: the key file's, else the one that settings name; None: nobody says.

        Without a key file nothing that the machine may ask tells it: signing is allowed without a look at the account (G§6.3).
        """
        if self._credential is None:
            return None
        info = self._key_file() if self._credential.service_account_file is not None else {}
        return str(info.get("client_id") or "") or self._credential.client_id

    @property
    def project(self) -> str | None:
        """The Cloud project whose quotas are spent: that of the service account; None where neither its address nor its key file says."""
        if self._credential is None:
            return None
        info = self._key_file() if self._credential.service_account_file is not None else {}
        address = str(info.get("client_email") or self._credential.impersonate or "")
        found = _ACCOUNT.fullmatch(address)
        return found["project"] if found else str(info.get("project_id") or "") or None

    def token_url(self) -> str | None:
        """Where tokens are asked for, or None where that is off."""
        return self._endpoints.get(Surface.TOKEN.value) or (None if self._drill else str((self._info or {}).get("token_uri") or TOKEN_AUDIENCE))

    def secrets(self) -> tuple[str, ...]:
        """Every credential and token that this process holds here, for taking them out of texts."""
        info = self._info or {}
        key = str(info.get("private_key", ""))
        return (*self._seen, key, key.replace("\n", "\\n"), str(info.get("private_key_id", "")))

    def _make(self, scope: str, subject: str) -> TokenSource:
        credential = self._credential
        if credential is not None and credential.service_account_file is not None:
            if self._key is None:  # reading a private key costs more than a request, so it is done once for all scopes
                self._key = self._load(credential.service_account_file)
            return cast("TokenSource", self._key.with_scopes([scope]).with_subject(subject))
        if credential is not None and credential.impersonate is not None:
            sign = IamSigner(
                credential.impersonate,
                self._endpoints.get(Surface.IAM_CREDENTIALS.value),
                self._send,
                drill=self._drill,
                source=lambda: machine_identity(self._endpoints, drill=self._drill),
            )
            keyless = _Keyless(email=credential.impersonate, subject=subject, scope=scope, sign=sign, token_uri=self._token_uri())
            return cast("TokenSource", keyless)
        raise TenantUnreachableError(
            "credential.missing", "no Google credential is set for this tenant", "Set credential to {service_account_file, subject}."
        )

    def _load(self, file: Path) -> _ServiceAccount:
        info = {**self._key_file(), "token_uri": self._token_uri()}
        try:
            return _account(json.dumps(info, sort_keys=True))
        except (ValueError, exceptions.GoogleAuthError) as error:
            raise _no_key(f"{file.name} is no usable service account key") from error

    def _token_uri(self) -> str:
        url = self.token_url()
        if url is None:
            raise TenantUnreachableError("endpoint.not_given", "token_uri is not given and this is a drill", "Set endpoints.token_uri.")
        return url

    def _key_file(self) -> Json:
        if self._info is None:
            path = self._credential.service_account_file if self._credential is not None else None
            self._info = _read_key(path) if path is not None else {}
        return self._info

    def _explain(self, error: exceptions.GoogleAuthError, scope: str, subject: str) -> NoReturn:
        """What a failed exchange means (G§6.4): the shape's ``error`` decides."""
        details = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], Mapping) else {}
        reason, text = str(details.get("error", "")), str(details.get("error_description", "")) or str(error.args[0] if error.args else error)
        raise _token_error(reason, text, scope, subject, self.client_id) from None


def _token_error(reason: str, text: str, scope: str, subject: str, client: str | None) -> ConnectorError:
    if reason in {"unauthorized_client", "invalid_scope"}:
        return PermanentError(
            "google.delegation_missing",
            f"the client may not act as {subject} with the scope {scope}: {text}",
            f"Add {scope} to client {client or 'of the service account'} in the Admin console: Security > API controls > Domain-wide delegation.",
        )
    if reason == "invalid_grant":
        message = f"Google refused the key or the subject {subject}: {text}"
        return TenantUnreachableError("google.credential_refused", message, "Check the key file and that the subject's account exists.")
    message = f"no token for {subject} ({reason or 'no reason given'}): {text}"
    return TenantUnreachableError("google.token_refused", message, "Check token_uri and the key file.")


def _no_key(message: str) -> TenantUnreachableError:
    return TenantUnreachableError("credential.unreadable", message, "Give the key file as Google made it.")


class IamSigner:
    """Signs assertions as a service account through ``projects.serviceAccounts.signJwt``, with the machine's own Google identity as the caller."""

    def __init__(
        self, email: str, root: str | None, send: Send, *, drill: bool, source: Callable[[], TokenSource]
    ) -> None:
        if root is None and drill:
            raise TenantUnreachableError("endpoint.not_given", "iam_credentials is not given and this is a drill", "Set endpoints.iam_credentials.")
        self._url = f"{(root or _IAM_ROOT).rstrip('/')}/v1/projects/-/serviceAccounts/{email}:signJwt"
        self._send = send
        self._find_source = source
        self._source: TokenSource | None = None

    def __call__(self, claims: Json) -> str:
        """The signed assertion for ``claims``. Raises ``TenantUnreachableError`` with what IAM said."""
        headers: dict[str, str] = {"content-type": "application/json"}
        try:
            if self._source is None:
                self._source = self._find_source()
            if not self._source.valid:
                federated = isinstance(self._source, identity_pool.Credentials)
                self._source.refresh(_TokenRequest(self._send, Surface.STS if federated else Surface.TOKEN))
            self._source.apply(headers)
        except exceptions.GoogleAuthError as error:
            raise TenantUnreachableError(
                "credential.no_machine_identity", f"this machine has no Google identity to sign with: {error}", "Set up workload identity."
            ) from error
        body = json.dumps({"payload": json.dumps(dict(claims))}).encode()
        reply = self._send(Surface.IAM_CREDENTIALS, "POST", self._url, headers, body)
        signed = json.loads(reply.body).get("signedJwt") if reply.status == 200 and _is_object(reply.body) else None
        if not isinstance(signed, str):
            raise TenantUnreachableError(
                "google.sign_jwt_refused", f"IAM Credentials did not sign (HTTP {reply.status})", "Grant this machine Service Account Token Creator."
            )
        return signed


def machine_identity(endpoints: Mapping[str, str], *, drill: bool) -> TokenSource:
    """The machine's own Google identity, from the file that GOOGLE_APPLICATION_CREDENTIALS names: a service account, or a federated workload.

    google-auth's own search is not used: it would ask hosts that no setting names (the metadata server). Raises ``TenantUnreachableError``.
    """
    path = os.environ.get(_MACHINE_FILE)
    if not path:
        raise _no_machine(f"{_MACHINE_FILE} names no file")
    info = _read_key(Path(path))
    if info.get("type") == "service_account":
        url = _given(endpoints, Surface.TOKEN.value, TOKEN_AUDIENCE, drill=drill)
        made = _ServiceAccount.from_service_account_info({**info, "token_uri": url}, scopes=[_IAM_SCOPE])  # type: ignore[no-untyped-call]  # no types
        return cast("TokenSource", made)
    source = info.get("credential_source")
    if info.get("type") != "external_account" or not isinstance(source, Mapping) or "file" not in source:
        raise _no_machine("its file is neither a service account's nor a federated workload's with a token in a file")
    if info.get("service_account_impersonation_url"):
        raise _no_machine("its file impersonates an account by itself; grant Service Account Token Creator to the workload instead")
    url = _given(endpoints, Surface.STS.value, _STS, drill=drill)
    return cast("TokenSource", identity_pool.Credentials.from_info({**info, "token_url": url}, scopes=[_IAM_SCOPE]))  # type: ignore[no-untyped-call]  # no types


def _given(endpoints: Mapping[str, str], name: str, vendor: str, *, drill: bool) -> str:
    """The address that settings give, else the vendor's; under drill none but a given one."""
    if name in endpoints:
        return endpoints[name] if name == Surface.TOKEN.value else f"{endpoints[name].rstrip('/')}/v1/token"
    if drill:
        raise TenantUnreachableError("endpoint.not_given", f"{name} is not given and this is a drill", f"Set endpoints.{name}.")
    return vendor


def _no_machine(why: str) -> TenantUnreachableError:
    return TenantUnreachableError(
        "credential.no_machine_identity", f"this machine has no Google identity to sign with: {why}", "Set up workload identity federation."
    )


def _read_key(path: Path) -> Json:
    """The key file's JSON object. Raises ``TenantUnreachableError``; its text never holds any of the file's content."""
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _no_key(f"{path.name} cannot be read: {error.strerror}") from error
    except ValueError:
        parsed = None
    if not isinstance(parsed, Mapping):
        raise _no_key(f"{path.name} is no service account key file")
    return parsed


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
