"""Somebody signs in: the browser's pages, the device code, and the grants that end in tokens (docs/wire/delegated.md).

Switches: ``m365.device_code`` blocked, ``m365.public_client`` off, ``m365.device_interval`` seconds between polls (5),
``m365.missing_scopes`` delegated permissions that nobody consented to, by commas.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.microsoft import tokens
from sandbox.microsoft.objects import Account
from sandbox.microsoft.state import TenantState, switch, tenant_of
from sandbox.microsoft.tokens import RefusedError
from sandbox.routing import body_of, json_response
from sandbox.world import SandboxClock, World

Form = Mapping[str, str]
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_CODE_LIFE, _DEVICE_LIFE = timedelta(minutes=10), timedelta(minutes=15)
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_BLOCKED = "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."


@dataclass(slots=True, kw_only=True)
class Flow:
    """One sign-in under way: what was asked, until when it is good, and who answered how."""

    asked: Form
    until: datetime
    account: str = ""
    declined: bool = False
    blocked: bool = False
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Session:
    """What a refresh token stands for."""

    account: str
    scope: str
    began: datetime


@dataclass(slots=True, kw_only=True)
class SignIns:
    """Sign-ins of a tenant: pages shown, codes handed out, devices waiting, sessions that can be refreshed."""

    pages: dict[str, Flow] = field(default_factory=dict)
    codes: dict[str, Flow] = field(default_factory=dict)
    devices: dict[str, Flow] = field(default_factory=dict)
    user_codes: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)


def signins_of(world: World) -> SignIns:
    """The sign-ins of the world's tenant; nothing of them survives a restart of the sandbox."""
    found = world.state.setdefault("m365.signins", SignIns())
    assert isinstance(found, SignIns)
    return found


def form_of(request: Request) -> dict[str, str]:
    """The posted form; of a name given twice the last value."""
    return dict(parse_qsl(body_of(request).decode("utf-8"), keep_blank_values=True))


class Pages:
    """What a person sees in the browser."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _signins(self) -> SignIns:
        return signins_of(self._world)

    def authorize(self, request: Request) -> Response:
        """The page that asks who signs in and whether the app may."""
        state, asked = tenant_of(self._world), dict(request.query_params)
        target = urlsplit(asked.get("redirect_uri", ""))
        if asked.get("client_id") != state.app.app_id:
            return _page(400, f"AADSTS700016: Application with identifier '{asked.get('client_id', '')}' was not found in the directory.")
        if target.scheme != "http" or target.hostname not in {"localhost", "127.0.0.1"}:
            text = "AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application."
            return _page(400, text)
        if asked.get("response_type") != "code" or asked.get("code_challenge_method", "S256") != "S256":
            return self._back(asked, {"error": "invalid_request", "error_description": "AADSTS900144: The request is not supported."})
        try:
            tokens.scopes_of(self._world, state, asked.get("scope", ""))
        except RefusedError as refusal:
            return self._back(asked, {"error": refusal.error, "error_description": f"AADSTS{refusal.number}: {refusal.text}"})
        number = state.new_id("flow")
        self._signins.pages[number] = Flow(asked=asked, until=SandboxClock.wall() + _CODE_LIFE)
        hint = html.escape(asked.get("login_hint", ""))
        hidden = f'<input type="hidden" name="flow" value="{number}">'
        return _ask(f"{html.escape(state.app.name)} asks to act for you in {html.escape(state.name)}", hidden, hint)

    def decide(self, request: Request) -> Response:
        """The answered page: back to the app with a code, or with the reason why not."""
        form = form_of(request)
        flow = self._signins.pages.get(form.get("flow", ""))
        if flow is None or SandboxClock.wall() >= flow.until:
            return _page(400, "AADSTS165000: The sign-in was not begun here, or is too old.")
        if form.get("choice") == "decline":
            text = "AADSTS65004: User declined to consent to access the app."
            return self._back(flow.asked, {"error": "access_denied", "error_subcode": "cancel", "error_description": text})
        state = tenant_of(self._world)
        try:
            flow.account = _alive(state, form.get("login", "")).id
        except RefusedError as refusal:
            return _page(400, f"AADSTS{refusal.number}: {refusal.text}")
        code = f"1.{state.new_id('code')}"
        self._signins.codes[code] = Flow(asked=flow.asked, until=SandboxClock.wall() + _CODE_LIFE, account=flow.account)
        return self._back(flow.asked, {"code": code, "session_state": state.new_id("browser")})

    def _back(self, asked: Form, values: dict[str, str]) -> Response:
        values = values | ({"state": asked["state"]} if "state" in asked else {})
        target = asked["redirect_uri"]
        if asked.get("response_mode") == "form_post":
            inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in values.items())
            text = f'<form method="post" action="{html.escape(target)}">{inputs}</form><script>document.forms[0].submit()</script>'
            return HTMLResponse(f"<!DOCTYPE html><html><title>Working...</title><body>{text}</body></html>")
        return RedirectResponse(f"{target}{'&' if '?' in target else '?'}{urlencode(values)}", 302)

    def device(self, request: Request) -> Response:
        """The page that takes a device's code."""
        del request
        field_of = '<label>Code <input name="code"></label>'
        return _ask("Enter the code that your device shows", field_of, "")

    def admit(self, request: Request) -> Response:
        """The answered page of a device."""
        form = form_of(request)
        flow = self._signins.devices.get(self._signins.user_codes.get(form.get("code", "").upper(), ""))
        if flow is None or SandboxClock.wall() >= flow.until:
            return _page(400, "That code didn't work. Check the code and try again.")
        if form.get("choice") == "decline":
            flow.declined = True
            return _page(200, "You have declined.")
        if switch(self._world, "device_code") == "blocked":
            flow.blocked = True
            return _page(400, f"AADSTS53003: {_BLOCKED}")
        try:
            flow.account = _alive(tenant_of(self._world), form.get("login", "")).id
        except RefusedError as refusal:
            return _page(400, f"AADSTS{refusal.number}: {refusal.text}")
        return _page(200, "You have signed in. You may now close this window.")


class Grants:
    """The token endpoint's grants for people, and the device code endpoint. Raises ``RefusedError`` for what is not granted."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _signins(self) -> SignIns:
        return signins_of(self._world)

    def device(self, request: Request, form: Form) -> Response:
        """A device code and the words for the person."""
        state = tenant_of(self._world)
        tokens.scopes_of(self._world, state, form.get("scope", ""))
        device, seed = f"DAQABIQ{state.new_id('device')}", hashlib.sha256(state.new_id("user code").encode()).digest()
        shown = "".join(_LETTERS[byte % len(_LETTERS)] for byte in seed[:9])
        self._signins.devices[device] = Flow(asked=form, until=SandboxClock.wall() + _DEVICE_LIFE)
        self._signins.user_codes[shown] = device
        address = f"{request.url.scheme}://{request.url.netloc}/device"
        words = f"To sign in, use a web browser to open the page {address} and enter the code {shown} to authenticate."
        times = {"expires_in": int(_DEVICE_LIFE.total_seconds()), "interval": int(switch(self._world, "device_interval", "5"))}
        return json_response({"user_code": shown, "device_code": device, "verification_uri": address, **times, "message": words})

    def by_device(self, request: Request, form: Form) -> dict[str, object]:
        """Tokens once the person has answered; until then a refusal that says wait."""
        flow = self._signins.devices.get(form.get("device_code", ""))
        if flow is None or flow.used:
            raise RefusedError(400, "bad_verification_code", 70018, "Invalid verification code: no device code flow goes by it.")
        if SandboxClock.wall() >= flow.until:
            raise RefusedError(400, "expired_token", 70019, "Verification code expired. Have the user retry the sign-in.")
        if flow.declined:
            raise RefusedError(400, "authorization_declined", 65004, "User declined to consent to access the app.")
        if flow.blocked:
            raise RefusedError(400, "invalid_grant", 53003, _BLOCKED)
        if not flow.account:
            text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
            raise RefusedError(400, "authorization_pending", 70016, text)
        flow.used = True
        return self._begin(request, flow.account, form.get("scope") or flow.asked.get("scope", ""), "")

    def by_code(self, request: Request, form: Form) -> dict[str, object]:
        """Tokens for the code that the browser brought back; each code once, with the verifier of its challenge."""
        flow = self._signins.codes.get(form.get("code", ""))
        if flow is None or SandboxClock.wall() >= flow.until:
            raise RefusedError(400, "invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity.")
        if flow.used:
            raise RefusedError(400, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
        if form.get("redirect_uri") != flow.asked["redirect_uri"]:
            raise RefusedError(400, "invalid_grant", 500112, "The reply address does not match the one that was used for the authorization code.")
        challenge = flow.asked.get("code_challenge", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if challenge and challenge != digest:
            text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
            raise RefusedError(400, "invalid_grant", 501481, text)
        flow.used = True
        return self._begin(request, flow.account, flow.asked.get("scope", ""), flow.asked.get("nonce", ""))

    def by_refresh(self, request: Request, form: Form) -> dict[str, object]:
        """Tokens for a session that goes on; the old refresh token stays good."""
        session = self._signins.sessions.get(form.get("refresh_token", ""))
        if session is None:
            raise RefusedError(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
        state = tenant_of(self._world)
        account = _alive(state, session.account)
        revoked = state.revoked.get(account.id)
        if revoked is not None and session.began <= revoked:
            text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
            raise RefusedError(400, "invalid_grant", 50173, text)
        return self._answer(request, account, form.get("scope") or session.scope, "", session.began)

    def _begin(self, request: Request, account: str, scope: str, nonce: str) -> dict[str, object]:
        return self._answer(request, _alive(tenant_of(self._world), account), scope, nonce, self._world.clock.now())

    def _answer(self, request: Request, account: Account, scope: str, nonce: str, began: datetime) -> dict[str, object]:
        state, words = tenant_of(self._world), {word.lower() for word in scope.split()}
        given = tokens.scopes_of(self._world, state, scope)
        listed = " ".join([*(f"{given[0]}/{name}" for name in given[1]), *sorted(words & tokens.OPENID - {"offline_access"})])
        answer: dict[str, object] = {"token_type": "Bearer", "scope": listed, "expires_in": tokens.LIFE, "ext_expires_in": tokens.LIFE}
        answer["access_token"] = tokens.for_person(self._world, state, request, account, given)
        if "offline_access" in words:
            number = f"1.{state.new_id('refresh')}"
            self._signins.sessions[number] = Session(account=account.id, scope=scope, began=began)
            answer["refresh_token"] = number
        if "openid" in words:
            answer["id_token"] = tokens.identity(state, request, account, nonce)
        return answer | {"client_info": tokens.client_info(state, account)}


def _alive(state: TenantState, address: str) -> Account:
    account = state.account_at(address)
    if account is None:
        text = f"The user account {address} does not exist in the {state.name} directory. To sign into this application, the account must be added."
        raise RefusedError(400, "invalid_grant", 50034, text)
    if not account.enabled:
        raise RefusedError(400, "invalid_grant", 50057, "The user account is disabled.")
    return account


def _ask(title: str, first: str, hint: str) -> Response:
    who = f'<label>Account <input name="login" value="{hint}"></label>'
    buttons = "".join(f'<button name="choice" value="{name}">{name.capitalize()}</button>' for name in ("accept", "decline"))
    form = f'<form method="post">{first}{who}{buttons}</form>'
    return HTMLResponse(f'<!DOCTYPE html><html lang="en"><title>Sign in</title><body><h1>{title}</h1>{form}</body></html>')


def _page(status: int, text: str) -> Response:
    return HTMLResponse(f'<!DOCTYPE html><html lang="en"><title>Sign in</title><body><p>{html.escape(text)}</p></body></html>', status)
