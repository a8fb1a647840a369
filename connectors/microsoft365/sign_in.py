"""Somebody signs in: in the browser (authorisation code with PKCE, coming back to this machine), or by a code on another device.

Facts: docs/wire/delegated.md §1 and §2. The person is invited by ``invite``; nothing is printed and no browser is opened here.
"""

from __future__ import annotations

import html
import queue
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError
from connectors.microsoft365 import wire
from connectors.microsoft365.auth import CountedSession, asking
from connectors.microsoft365.clouds import Endpoint, cloud_of
from connectors.microsoft365.signed_in import Person, Session, public_client, refusal
from connectors.redact import redact
from policies.district import Tenant

PATIENCE = 300.0
"""Seconds that somebody has in the browser."""
_LOOK = 0.25
_MOST = 65536
"""Bytes that the browser may bring; a code and a state are a few thousand."""
_DECLINED, _BLOCKED = 65004, 53003

WANTED: Mapping[str, str] = {
    "RecordsManagement.ReadWrite.All": "labels and event types",
    "eDiscovery.ReadWrite.All": "cases and holds",
}
"""The delegated permissions that are used, and what for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What the person is to do: open ``address`` (in a browser of this machine), or open it anywhere and enter ``code``. ``seconds`` to do it."""

    address: str
    code: str | None
    seconds: float


Invite = Callable[[Invitation], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, what the token may do, and for how many seconds before it is renewed (None: not said)."""

    session: Session
    scopes: tuple[str, ...]
    expires_in: int | None


def by_browser(tenant: Tenant, context: Context, invite: Invite) -> SignedIn:
    """A sign-in in a browser of this machine. Raises ConnectorError (``auth.*``) when it does not come about, ``Stopped``."""
    found = _Asked(tenant, context)
    with found, _Landing() as landing:
        flow = found.asked(
            lambda app: app.initiate_auth_code_flow(
                found.scopes, redirect_uri=landing.address, response_mode="form_post", prompt="select_account"
            )
        )
        landing.state = str(flow["state"])
        invite(Invitation(address=str(flow["auth_uri"]), code=None, seconds=PATIENCE))
        brought = landing.wait(context)
        if brought is None:
            words = f"Tenant {tenant.id}: nobody came back from the browser within {PATIENCE:.0f} seconds."
            hint = "Try again. If the page says AADSTS50011, add http://localhost as a redirect address (Mobile and desktop applications)."
            raise PermanentError("auth.not_finished", words, hint)
        return found.finished(found.asked(lambda app: app.acquire_token_by_auth_code_flow(flow, dict(brought))))


def by_device_code(tenant: Tenant, context: Context, invite: Invite) -> SignedIn:
    """A sign-in by a code that the person enters on any device. Raises as ``by_browser`` does, and ``auth.device_code_forbidden``."""
    found = _Asked(tenant, context)
    with found:
        flow = found.asked(lambda app: app.initiate_device_flow(found.scopes))
        code, address = flow.get("user_code"), flow.get("verification_uri")
        if not isinstance(code, str) or not isinstance(address, str):
            raise found.refused(flow, device=True)
        seconds = flow.get("expires_in")
        invite(Invitation(address=address, code=code, seconds=float(seconds) if isinstance(seconds, int) else 0.0))
        answer = found.asked(lambda app: app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: context.stop.is_set()))
        if context.stop.is_set():
            raise Stopped
        return found.finished(answer, device=True)


class _Asked:
    """The sign-in service while somebody signs in; its connections end with it."""

    def __init__(self, tenant: Tenant, context: Context) -> None:
        import msal as module  # deferred: sign-in is not needed until something is asked

        msal: Any = module
        self._tenant = tenant
        self._context = context
        self._cache = msal.SerializableTokenCache()
        self._http: CountedSession | None = None
        self._app: Any = None
        self.scopes = [cloud_of(tenant).scope(Endpoint.GRAPH)]
        """Everything on Graph that was consented to: the registration's list of delegated permissions is the limit."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ended: object) -> None:
        if self._http is not None:
            self._http.close()

    def asked(self, ask: Callable[[Any], Mapping[str, Any]]) -> dict[str, Any]:
        """What the service answered. Raises PermanentError in the place of an unreachable tenant: nothing but the sign-in failed."""
        try:
            with asking(lambda: self._http, self._tenant.id, redact):
                if self._app is None:
                    self._http = CountedSession(self._tenant, self._context, Endpoint.AUTHORITY)
                    self._app = public_client(self._tenant, self._context, self._http, self._cache)
                return dict(ask(self._app) or {})
        except TenantUnreachableError as error:
            raise PermanentError(error.code, error.message, error.next_step) from error

    def finished(self, answer: dict[str, Any], *, device: bool = False) -> SignedIn:
        """The sign-in that ``answer`` stands for. Raises PermanentError."""
        if not isinstance(answer.get("access_token"), str):
            raise self.refused(answer, device=device)
        claims = wire.child(answer, "id_token_claims")
        account, tid, oid = (wire.filled(claims, name) for name in ("preferred_username", "tid", "oid"))
        if account is None or tid is None or oid is None or not answer.get("refresh_token"):
            words = f"Tenant {self._tenant.id}: the answer does not say who signed in, or cannot be renewed."
            raise PermanentError("wire.unexpected", words, "Report this answer.")
        person = Person(account=account.lower(), name=wire.text(claims, "name") or "", object_id=oid, tenant_id=tid.lower())
        granted = (wire.text(answer, "scope") or "").split()
        seconds = answer.get("expires_in")
        return SignedIn(
            session=Session(self._cache, person),
            scopes=tuple(sorted({scope.rpartition("/")[2] for scope in granted} - {".default", "openid", "profile", "email", "offline_access"})),
            expires_in=seconds if isinstance(seconds, int) else None,
        )

    def refused(self, answer: Mapping[str, Any], *, device: bool) -> ConnectorError:
        """Why nobody is signed in now."""
        codes = answer.get("error_codes")
        numbers = [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
        error, said = str(answer.get("error")), redact(str(answer.get("error_description") or "no reason given")).splitlines()[0]
        words = f"Tenant {self._tenant.id}: nobody signed in. {error}: {said}"
        # The browser's answer carries no list of numbers, only the text.
        numbers += [number for number in (_DECLINED, _BLOCKED) if f"AADSTS{number}" in said]
        if error in ("access_denied", "authorization_declined") or _DECLINED in numbers:
            return PermanentError("auth.declined", words, "Begin again, and accept.")
        if _BLOCKED in numbers and device:
            step = f"Sign in with the browser of a machine that the tenant lets in: recordwarden login --tenant {self._tenant.id}"
            return PermanentError("auth.device_code_forbidden", f"Tenant {self._tenant.id} forbids signing in by device code. {said}", step)
        if _BLOCKED in numbers:
            return PermanentError("auth.conditional_access", words, "Sign in from a machine and in a way that the tenant's policies let in.")
        if error in ("expired_token", "code_expired", "authorization_pending"):
            return PermanentError("auth.not_finished", words, "Begin again.")
        found = refusal(self._tenant, Endpoint.GRAPH, answer, redact)
        return PermanentError("auth.refused", words, "See the vendor's text.") if found.code == "auth.sign_in_again" else found


class _Landing:
    """Where the browser comes back to: this machine alone, one port, one form with the state of this very sign-in (RFC 8252 §7.3, RFC 9700)."""

    def __init__(self) -> None:
        self.state: str | None = None
        self._brought: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        handler = type("_Handler", (_Page,), {"landing": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.timeout = _LOOK
        self.address = f"http://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ended: object) -> None:
        self._server.server_close()

    def awaits(self, brought: Mapping[str, str]) -> bool:
        """Whether what the browser brought belongs to this sign-in; anything else is not even looked at."""
        return self.state is not None and secrets.compare_digest(brought.get("state", "").encode(), self.state.encode())

    def take(self, brought: dict[str, str]) -> None:
        """What ``wait`` hands on."""
        self._brought.put(brought)

    def wait(self, context: Context) -> dict[str, str] | None:
        """What the browser brought, None when it did not come. Raises ``Stopped``."""
        deadline = context.clock.monotonic() + PATIENCE
        while context.clock.monotonic() < deadline:
            if context.stop.is_set():
                raise Stopped
            self._server.handle_request()
            try:
                return self._brought.get(timeout=0.01)
            except queue.Empty:
                continue
        return None


class _Page(BaseHTTPRequestHandler):
    """Takes one form; shows a sentence."""

    landing: ClassVar[_Landing]
    timeout = 5

    def do_POST(self) -> None:
        """The form that the sign-in page posts itself."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/" or not length.isdigit() or int(length) > _MOST:
            self._say(404, "There is nothing here.")
            return
        values = parse_qs(self.rfile.read(int(length)).decode("ascii", "replace"))
        brought = {name: found[0] for name, found in values.items()}
        if not self.landing.awaits(brought):
            self._say(400, "This does not belong to the sign-in that is under way.")
            return
        # The page first: whoever waits may end the process as soon as it has what it waits for.
        self._say(200, "You can close this window and go back to Recordwarden, which says how it went.")
        self.landing.take(brought)

    def do_GET(self) -> None:
        """An address that carries the code would stay in the browser's history: only the form is taken."""
        self._say(404, "There is nothing here.")

    def log_message(self, format: str, *args: Any) -> None:  # signature of the base class
        """Say nothing: requests carry codes."""

    def _say(self, status: int, words: str) -> None:
        page = f"<!doctype html><meta charset=utf-8><title>Recordwarden</title><p>{html.escape(words)}".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(page)
