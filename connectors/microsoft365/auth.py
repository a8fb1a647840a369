"""Tokens: who we are at Microsoft, proven by certificate, secret or managed identity through ``msal``, and nothing else."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from connectors.base import Context
from connectors.errors import PermanentError, TenantUnreachableError, TransientError
from connectors.examination import Principal
from connectors.microsoft365 import wire
from connectors.microsoft365.clouds import Endpoint, address_of, cloud_of, inside
from connectors.microsoft365.principals import filled_in
from connectors.redact import redact
from connectors.unreached import reason, untrusted
from policies.district import Credential, Tenant

_PEM_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----.*?-----END (?:[A-Z]+ )*PRIVATE KEY-----", re.DOTALL)
_PEM_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

_REFUSALS: dict[int, tuple[str, str]] = {
    700016: ("auth.app_unknown", "Check client_id and tenant_id: this tenant knows no such application."),
    7000215: ("auth.secret_wrong", "Put the secret's value (not its id) into the client_secret_file."),
    7000222: ("auth.secret_expired", "Make a new client secret, or use a certificate."),
    700027: ("auth.certificate_wrong", "Upload this certificate to the application, or name the one that is uploaded."),
    90002: ("auth.tenant_unknown", "Check tenant_id."),
    53003: ("auth.conditional_access", "A conditional access policy blocks the application."),
}
"""The refusals that a person can act on at once (M§9), by AADSTS number."""

_NO_RESOURCE = 500011
"""The tenant has no service principal for that API: bad for one surface, not for the tenant."""


class Bearer(Protocol):
    """Whoever requests are sent for: the application, or a person who is signed in."""

    def token(self, endpoint: Endpoint, *, claims_challenge: str | None = None, fresh: bool = False) -> str:
        """A token for ``endpoint``. Raises ConnectorError."""

    def scrub(self, text: str) -> str:
        """``text`` without any credential that this process holds, or anything shaped like one."""

    def named(self, text: str) -> str:
        """``text`` with what is known of our application in the places that are left for it."""


class Tokens:
    """Access tokens for one tenant under one identity; opens nothing until first asked. Safe to use from several threads."""

    def __init__(self, tenant: Tenant, context: Context, *, writing: bool = False) -> None:
        self._tenant = tenant
        self._context = context
        self._writing = writing
        self._lock = threading.Lock()
        self._session: CountedSession | None = None
        self._app: Any = None  # msal ships no types; this attribute is the whole of our contact with it
        self._secrets: set[str] = set()
        self._claims: wire.JsonObject = {}

    def token(self, endpoint: Endpoint, *, claims_challenge: str | None = None, fresh: bool = False) -> str:
        """A token for ``endpoint``, from msal's memory or from the authority.

        Raises ``TenantUnreachableError`` when we cannot sign in at all, ``PermanentError`` when only this surface is closed to us,
        ``TransientError`` when the authority is throttling.
        """
        with self._lock:
            result = self._acquire(endpoint, claims_challenge, fresh=fresh)
            token = result.get("access_token")
            if not isinstance(token, str) or not token:
                raise self._refusal(endpoint, result)
            self._secrets.add(token)
            if endpoint is Endpoint.GRAPH or not self._claims:
                self._claims = claims_of(token)
            return token

    def scrub(self, text: str) -> str:
        """``text`` without any credential that this process holds, or anything shaped like one."""
        return redact(text, self._secrets)

    @property
    def names(self) -> frozenset[str]:
        """The names under which our own acts stand in the vendor's records: application id, object id, display name; lower case."""
        object_id = wire.filled(self._claims, "oid")
        found = {
            self._tenant.client_id_for(writing=self._writing),
            wire.filled(self._claims, "appid"),
            wire.filled(self._claims, "app_displayname"),
            object_id,
            f"ServicePrincipal_{object_id}" if object_id else None,
        }
        return frozenset(name.lower() for name in found if name)

    @property
    def principal(self) -> Principal:
        """Our application in the tenant's directory, as far as the settings and the last token tell."""
        app = self._tenant.client_id_for(writing=self._writing) or wire.filled(self._claims, "appid")
        return Principal(writes=self._writing or not self._tenant.separate, application_id=app, object_id=wire.filled(self._claims, "oid"))

    def named(self, text: str) -> str:
        """``text`` with what is known of our application in the places that are left for it."""
        return filled_in(text, self.principal)

    @property
    def display_name(self) -> str | None:
        """The application's display name, known after the first token."""
        return wire.filled(self._claims, "app_displayname")

    @property
    def roles(self) -> frozenset[str] | None:
        """The application roles in the last Graph token; None when the token does not tell."""
        return frozenset(wire.texts(self._claims, "roles")) if "roles" in self._claims else None

    def close(self) -> None:
        """Close connections; the next token opens them again."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            self._session = self._app = None

    def _acquire(self, endpoint: Endpoint, claims_challenge: str | None, *, fresh: bool) -> dict[str, object]:
        cloud = cloud_of(self._tenant)
        with asking(lambda: self._session, self._tenant.id, self.scrub):
            app = self._open()
            if _is_managed(self._credential):
                answer = app.acquire_token_for_client(resource=cloud.address(endpoint), claims_challenge=claims_challenge)
            else:
                if fresh:
                    app.remove_tokens_for_client()
                answer = app.acquire_token_for_client(scopes=[cloud.scope(endpoint)], claims_challenge=claims_challenge)
        return {str(key): value for key, value in (answer or {}).items()}

    @property
    def _credential(self) -> Credential:
        credential = self._tenant.credential_for(writing=self._writing)
        if credential is None:
            raise TenantUnreachableError("credential.missing", f"Tenant {self._tenant.id} has no credential.", "Give the tenant a credential.")
        return credential

    def _open(self) -> Any:
        if self._app is not None:
            return self._app
        import msal as module  # deferred: sign-in is not needed until something is asked

        msal: Any = module
        tenant, credential = self._tenant, self._credential
        if _is_managed(credential):
            self._session = CountedSession(tenant, self._context, Endpoint.MANAGED_IDENTITY)
            identity = (
                msal.UserAssignedManagedIdentity(client_id=credential.managed_identity)
                if isinstance(credential.managed_identity, str)
                else msal.SystemAssignedManagedIdentity()
            )
            self._app = msal.ManagedIdentityClient(identity, http_client=self._session)
            return self._app
        client_id = tenant.client_id_for(writing=self._writing)
        if not tenant.tenant_id or not client_id:
            raise TenantUnreachableError(
                "tenant.incomplete", f"Tenant {tenant.id} lacks tenant_id or client_id.", "Write both into district.yaml or the overlay."
            )
        self._session = CountedSession(tenant, self._context, Endpoint.AUTHORITY)
        self._app = msal.ConfidentialClientApplication(
            client_id,
            client_credential=self._proof(credential),
            authority=f"{address_of(tenant, Endpoint.AUTHORITY, self._context)}/{tenant.tenant_id}",
            http_client=self._session,
            # K§1: this one setting serves national clouds, tests and drills alike, and keeps us from calling a host nobody named.
            instance_discovery=False,
        )
        return self._app

    def _proof(self, credential: Credential) -> str | dict[str, str]:
        """What msal signs or sends. Raises ``TenantUnreachableError`` for a file that is missing or holds something else."""
        if credential.client_secret_file is not None:
            secret = self._read(credential.client_secret_file).strip()
            self._secrets.add(secret)
            return secret
        if credential.certificate_file is None:
            raise TenantUnreachableError(
                "credential.wrong_kind", f"Tenant {self._tenant.id}: no Microsoft credential is given.", "Give a certificate_file."
            )
        passphrase = self._read(credential.passphrase_file).strip() if credential.passphrase_file else None
        if passphrase:
            self._secrets.add(passphrase)
        extra = {"passphrase": passphrase} if passphrase else {}
        if credential.certificate_file.suffix.lower() in (".pfx", ".p12"):
            return {"private_key_pfx_path": str(credential.certificate_file), **extra}
        pem = self._read(credential.certificate_file)
        key, certificate = _PEM_KEY.search(pem), _PEM_CERTIFICATE.search(pem)
        if key is None or certificate is None:
            raise TenantUnreachableError(
                "credential.unreadable",
                f"{credential.certificate_file.name} does not hold both a private key and a certificate.",
                "Put the PEM of the private key and of its certificate into one file.",
            )
        return {"private_key": key.group(), "public_certificate": certificate.group(), **extra}

    def _read(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TenantUnreachableError(
                "credential.unreadable", f"{path.name} cannot be read: {type(error).__name__}.", "Check the file that the credential names."
            ) from error

    def _refusal(self, endpoint: Endpoint, result: dict[str, object]) -> Exception:
        codes = result.get("error_codes")
        numbers = [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
        said = self.scrub(f"{wire.text(result, 'error') or 'no token'}: {wire.text(result, 'error_description') or 'no reason given'}")
        message = f"Tenant {self._tenant.id}: no token for {endpoint.value}. {said.splitlines()[0]}"
        if _NO_RESOURCE in numbers and endpoint is not Endpoint.GRAPH:
            return PermanentError("auth.resource_missing", message, "The tenant has no such service; an administrator can add its service principal.")
        if wire.text(result, "error") in ("temporarily_unavailable", "throttled"):
            return TransientError("auth.throttled", message, "Wait; the sign-in service limits requests.")
        code, step = next((_REFUSALS[number] for number in numbers if number in _REFUSALS), ("auth.refused", "See the vendor's text."))
        return TenantUnreachableError(code, message, step)


@contextmanager
def asking(session: Callable[[], CountedSession | None], tenant: str, scrub: Callable[[str], str]) -> Iterator[None]:
    """What goes wrong while msal asks the sign-in service through ``session``, in our own words. Raises ``TenantUnreachableError``."""

    def place() -> str:
        found = session()
        return f"{tenant} at {found.place}" if found else tenant

    def unreachable(code: str, why: str, step: str) -> TenantUnreachableError:
        return TenantUnreachableError(code, scrub(f"Signing in failed for {place()}: {why}."), step)

    try:
        yield
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise untrusted(place()) from error
        raise unreachable("tls.failed", "it does not speak TLS with us", "Check endpoints.authority.") from error
    except requests.exceptions.InvalidJSONError as error:  # our own words: CountedSession
        raise unreachable("network.unreachable", str(error), "Check the network, the proxy and endpoints.authority.") from error
    except requests.exceptions.RequestException as error:
        raise unreachable("network.unreachable", reason(error), "Check the network, the proxy and endpoints.authority.") from error
    except ValueError as error:
        # msal raises ValueError for a bad key, a bad authority, an unusable discovery document; its text names hosts that are not ours.
        found = session()
        status = found.status if found else None
        said = f"it answered with HTTP {status}" if status and status >= 400 else "the credential or the answer to it cannot be used"
        raise unreachable("auth.unusable", said, "Check tenant_id, endpoints.authority and the credential's file.") from error
    except _msal_service_errors() as error:
        raise unreachable("auth.unavailable", "the service is failing", "The sign-in service is failing; try again later.") from error


class CountedSession(requests.Session):
    """msal's way out: counted, bounded in time, deaf to the environment, and unable to reach any host but the one it was made for."""

    def __init__(self, tenant: Tenant, context: Context, endpoint: Endpoint) -> None:
        super().__init__()
        # K§1: with trust_env on, REQUESTS_CA_BUNDLE would silently beat our own ca_bundle.
        self.trust_env = False
        self.verify = str(tenant.ca_bundle) if tenant.ca_bundle else True
        if tenant.proxy:
            self.proxies = {"https": tenant.proxy}
        self._context = context
        self._home = cloud_of(tenant).address(endpoint)
        self._base = address_of(tenant, endpoint, context)
        self._endpoint = endpoint
        self.status: int | None = None
        """The last answer's HTTP status."""

    @property
    def place(self) -> str:
        """Where it leads: host and port."""
        return urlsplit(self._base).netloc

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # signature of the base class
        """One counted request; a foreign address raises ``wire.foreign_link``."""
        verb, target = _plain(method), _plain(url)
        if self._endpoint is Endpoint.MANAGED_IDENTITY and inside(target, self._home):
            target = self._base + target[len(self._home) :]
        if not inside(target, self._base):
            raise TenantUnreachableError(
                "wire.foreign_link", f"Signing in would leave {self._base}; it is not done.", f"Check endpoints.{self._endpoint.value}."
            )
        self._context.meter.spend(self._endpoint.value, verb.upper())
        kwargs["timeout"] = self._context.timeout
        kwargs["allow_redirects"] = False
        self.status = None
        answer = super().request(verb, target, *args, **kwargs)
        self.status = answer.status_code
        if answer.status_code < 500 and not _is_json(answer):
            # msal would write the whole answer, with a token in it if it was cut short, into the log.
            raise requests.exceptions.InvalidJSONError(f"{verb} {urlsplit(target).path} was answered with something else than JSON")
        return answer


def _is_json(answer: requests.Response) -> bool:
    try:
        answer.json()
    except ValueError:
        return False
    return True


def _plain(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value


def _is_managed(credential: Credential) -> bool:
    return bool(credential.managed_identity)


def _msal_service_errors() -> type[Exception]:
    """Msal's own error for a failing sign-in service (K§1: 500 and 503 raise it)."""
    from msal.exceptions import MsalServiceError  # deferred with msal itself

    error: type[Exception] = MsalServiceError
    return error


def claims_of(token: str) -> wire.JsonObject:
    """What the token says about its bearer; empty for an opaque one. Used to know our own name, never to decide what we may do."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        return wire.parse_object(base64.urlsafe_b64decode(padded))
    except ValueError:
        return {}
