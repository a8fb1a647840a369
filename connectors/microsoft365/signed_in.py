"""A signed-in administrator: one person's sign-in, kept or in memory, and the tokens that requests of theirs are sent with.

Microsoft documents some things for a signed-in person only: labels over Graph (M§1.2), holds where only A3 is licensed (M§3.2). A token never
lets the person do more than they may. Nothing here opens a browser; that is ``sign_in``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError
from connectors.examination import Principal
from connectors.keeping import KeptFile
from connectors.microsoft365 import wire
from connectors.microsoft365.auth import CountedSession, asking, claims_of
from connectors.microsoft365.clouds import Endpoint, address_of, cloud_of
from connectors.microsoft365.principals import filled_in
from connectors.redact import redact
from policies.district import Tenant

UNUSED = timedelta(days=90)
"""How long a refresh token lasts that nobody uses (docs/wire/delegated.md §3, AADSTS700082)."""
_EARLY = 300.0
"""Seconds before its end from which a token is asked for anew."""
_AGAIN = frozenset({"invalid_grant", "interaction_required", "login_required"})
_CONSENT = 65001
_NO_RESOURCE = 500011
_NO_PUBLIC_CLIENT = 7000218


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signed in, as the tenant's own id token says: address, name, object id, and the tenant that they signed in to."""

    account: str
    name: str
    object_id: str
    tenant_id: str


@dataclass(slots=True)
class _Held:
    token: str = field(repr=False)
    until: float
    """On the clock that never goes back."""


class Session:
    """One person's sign-in in one tenant, for as long as the process lives, and beyond where it is kept. Safe to use from several threads."""

    def __init__(self, cache: Any, person: Person, *, kept: KeptFile | None = None) -> None:
        self.cache = cache
        """msal's ``SerializableTokenCache``; msal ships no types."""
        self.person = person
        self.lock = threading.RLock()
        self.held: dict[Endpoint, _Held] = {}
        self.over: PermanentError | None = None
        """Why only a person can go on; a program never asks again after that."""
        self.unsaved: str | None = None
        """Why the newest refresh token could not be kept; the one before it goes on working."""
        self._kept = kept

    @classmethod
    def restored(cls, kept: KeptFile) -> Session | None:
        """The sign-in in ``kept``, None where there is none. Raises PermanentError as ``KeptFile.read`` does."""
        text = kept.read()
        if text is None:
            return None
        import msal as module  # deferred: sign-in is not needed until something is asked

        msal: Any = module
        body = wire.parse_object(text.encode())
        who = wire.child(body, "person")
        cache = msal.SerializableTokenCache()
        cache.deserialize(wire.text(body, "cache"))
        person = Person(**{name: wire.text(who, name) or "" for name in ("account", "name", "object_id", "tenant_id")})
        return cls(cache, person, kept=kept)

    @property
    def is_kept(self) -> bool:
        """Whether another process can go on with it."""
        return self._kept is not None

    def keep(self, kept: KeptFile) -> None:
        """Keep it from now on. Raises PermanentError as ``KeptFile.replace`` does."""
        with self.lock:
            kept.replace(self._text())
            self._kept = kept

    def save(self) -> bool:
        """Keep what changed. False where another process signed out, or in anew: then this one is over."""
        if self._kept is None or not self.cache.has_state_changed:
            return True
        try:
            return self._kept.update(self._text())
        except PermanentError as error:
            if error.code != "keeping.unwritable":
                return False  # what lies there is not what was read: somebody replaced it
            self.unsaved = f"{error.code}: {error.message}"
            return True

    def until(self) -> datetime | None:
        """Until when it can be used if nobody uses it before, by the time of its newest refresh token; None where the library does not tell."""
        times = [int(entry["last_modification_time"]) for entry in self._refresh_tokens() if str(entry.get("last_modification_time", "")).isdigit()]
        return datetime.fromtimestamp(max(times), tz=UTC) + UNUSED if times else None

    def secrets(self) -> set[str]:
        """Every token that it holds, for redaction."""
        kinds = ("AccessToken", "RefreshToken", "IdToken")
        return {str(entry["secret"]) for kind in kinds for entry in self._entries(kind) if entry.get("secret")}

    def _refresh_tokens(self) -> list[Mapping[str, Any]]:
        return self._entries("RefreshToken")

    def _entries(self, kind: str) -> list[Mapping[str, Any]]:
        with self.lock:
            return list(self.cache.search(kind))

    def _text(self) -> str:
        return json.dumps({"person": asdict(self.person), "cache": self.cache.serialize()})


class PersonTokens:
    """Access tokens of a signed-in person (``Bearer``), renewed without asking them. Opens nothing until first asked.

    A process begins by renewing, so that a sign-in that was revoked is told at once and not an hour later, when the last token ends. What goes wrong
    here closes what rests on the person, never the tenant: no ``TenantUnreachableError`` leaves this class.
    """

    def __init__(self, tenant: Tenant, context: Context, session: Session) -> None:
        self._tenant = tenant
        self._context = context
        self.session = session
        self._http: CountedSession | None = None
        self._app: Any = None
        self._claims: wire.JsonObject = {}
        self._secrets: set[str] = set()

    def token(self, endpoint: Endpoint, *, claims_challenge: str | None = None, fresh: bool = False) -> str:
        """A token for ``endpoint``.

        Raises PermanentError ``auth.sign_in_again`` when only a person can go on, ``auth.consent_missing``, ``auth.public_client_off``,
        ``auth.resource_missing``, ``auth.refused``; TransientError when the sign-in service is throttling or cannot be reached.
        """
        with self.session.lock:
            if self.session.over is not None:
                raise self.session.over
            now = self._context.clock.monotonic()
            held = self.session.held.get(endpoint)
            if held is None or claims_challenge or fresh or now >= held.until:
                held = self._renewed(endpoint, now, claims_challenge, fresh=fresh)
            if endpoint is Endpoint.GRAPH or not self._claims:
                self._claims = claims_of(held.token)
            return held.token

    def scrub(self, text: str) -> str:
        """``text`` without any credential that this process holds, or anything shaped like one."""
        return redact(text, self._secrets | self.session.secrets())

    def named(self, text: str) -> str:
        """``text`` with the application's id in the places that are left for it; a person's token tells nothing of its object."""
        return filled_in(text, Principal(writes=True, application_id=self._tenant.client_id_for(writing=True), object_id=None))

    @property
    def names(self) -> frozenset[str]:
        """The names under which the person's acts stand in the vendor's records, lower case. Not ours: they act in the portal too."""
        who = self.session.person
        return frozenset(name.lower() for name in (who.account, who.name, who.object_id) if name)

    @property
    def scopes(self) -> frozenset[str] | None:
        """The delegated permissions in the last token; None before the first, or where it does not tell."""
        text = wire.filled(self._claims, "scp")
        return frozenset(text.split()) if text else None

    def close(self) -> None:
        """Close connections; the next token opens them again."""
        with self.session.lock:
            if self._http is not None:
                self._http.close()
            self._http = self._app = None

    def _renewed(self, endpoint: Endpoint, now: float, claims: str | None, *, fresh: bool) -> _Held:
        answer = self._acquire(endpoint, claims, fresh=fresh)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token:
            self.session.held.pop(endpoint, None)
            error = refusal(self._tenant, endpoint, answer, self.scrub)
            if isinstance(error, PermanentError) and error.code == "auth.sign_in_again" and claims is None:
                self.session.over = error
            raise error
        self._secrets.add(token)
        if not self.session.save():
            self.session.over = sign_in_again(self._tenant, "another process signed out, or in anew")
            raise self.session.over
        life = float(seconds) if isinstance(seconds, int | float) else 0.0
        self.session.held[endpoint] = held = _Held(token=token, until=now + max(0.0, life - _EARLY))
        return held

    def _acquire(self, endpoint: Endpoint, claims: str | None, *, fresh: bool) -> dict[str, object]:
        try:
            with asking(lambda: self._http, self._tenant.id, self.scrub):
                app = self._open()
                account = next((one for one in app.get_accounts() if one.get("local_account_id") == self.session.person.object_id), None)
                answer = app.acquire_token_silent_with_error(
                    [cloud_of(self._tenant).scope(endpoint)], account=account, force_refresh=fresh, claims_challenge=claims
                )
        except TenantUnreachableError as error:
            raise TransientError(error.code, error.message, error.next_step) from error
        return {str(key): value for key, value in (answer or {}).items()}

    def _open(self) -> Any:
        if self._app is None:
            self._http = CountedSession(self._tenant, self._context, Endpoint.AUTHORITY)
            self._app = public_client(self._tenant, self._context, self._http, self.session.cache)
        return self._app


def public_client(tenant: Tenant, context: Context, http: CountedSession, cache: Any) -> Any:
    """Msal's application without a secret (K§1: asks for the discovery document at once). Raises PermanentError ``tenant.incomplete``."""
    import msal as module  # deferred: sign-in is not needed until something is asked

    msal: Any = module
    if not tenant.tenant_id or not tenant.client_id:
        words = f"Tenant {tenant.id} lacks tenant_id or client_id."
        raise PermanentError("tenant.incomplete", words, "Write both into district.yaml or the overlay.")
    return msal.PublicClientApplication(
        tenant.client_id,
        authority=f"{address_of(tenant, Endpoint.AUTHORITY, context)}/{tenant.tenant_id}",
        token_cache=cache,
        http_client=http,
        instance_discovery=False,  # K§1: as for the application itself
    )


def purpose(tenant: Tenant, context: Context) -> dict[str, str]:
    """What a kept sign-in is for: nothing else opens it, so that no refresh token is ever sent to another sign-in service, tenant or application."""
    return {
        "district": context.district,
        "tenant": tenant.id,
        "tenant_id": tenant.tenant_id or "",
        "client_id": tenant.client_id or "",
        "authority": address_of(tenant, Endpoint.AUTHORITY, context),
    }


def sign_in_again(tenant: Tenant, why: str) -> PermanentError:
    """Only a person can go on."""
    return PermanentError("auth.sign_in_again", f"Tenant {tenant.id}: the sign-in of the administrator is over: {why}.", step(tenant))


def step(tenant: Tenant) -> str:
    """How somebody signs in."""
    return f"sign in: recordwarden login --tenant {tenant.id}"


def refusal(tenant: Tenant, endpoint: Endpoint, answer: Mapping[str, object], scrub: Any) -> ConnectorError:
    """The error that an answer of the sign-in service without a token stands for."""
    codes = answer.get("error_codes")
    numbers = [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
    error, said = wire.text(answer, "error"), wire.text(answer, "error_description")
    words = scrub(f"{error or 'no token'}: {said or 'no reason given'}").splitlines()[0]
    message = f"Tenant {tenant.id}: no token of the administrator for {endpoint.value}. {words}"
    if not answer or error in _AGAIN:
        if _CONSENT in numbers or wire.text(answer, "suberror") == "consent_required":
            consent = "An administrator grants the delegated permissions of `recordwarden doctor --grant-script`, with consent; then " + step(tenant)
            return PermanentError("auth.consent_missing", message, consent)
        return sign_in_again(tenant, words if answer else "nothing is left to renew it with")
    if _NO_RESOURCE in numbers:
        return PermanentError("auth.resource_missing", message, "The tenant has no such service; an administrator can add its service principal.")
    if _NO_PUBLIC_CLIENT in numbers:
        return PermanentError("auth.public_client_off", message, "App registrations > Authentication: allow public client flows.")
    if error in ("temporarily_unavailable", "throttled"):
        return TransientError("auth.throttled", message, "Wait; the sign-in service limits requests.")
    return PermanentError("auth.refused", message, "See the vendor's text.")
