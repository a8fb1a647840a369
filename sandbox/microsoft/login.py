"""Sign-in: the OIDC discovery document and the token endpoint with its grants, for apps and for people (K§1, docs/wire/delegated.md)."""

from __future__ import annotations

import hmac
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from sandbox.microsoft import jose, tokens
from sandbox.microsoft.signin import DEVICE, Form, Grants, Pages, form_of
from sandbox.microsoft.state import Registration, TenantState, switch, tenant_of
from sandbox.microsoft.tokens import RefusedError
from sandbox.routing import SandboxRoute, json_response
from sandbox.world import SandboxClock, World

_LEEWAY = 300
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def routes(world: World) -> list[SandboxRoute]:
    """Everything of sign-in, at the root."""
    door, pages = _Login(world), Pages(world)
    oauth = "/{tenant}/oauth2/v2.0"
    return [
        SandboxRoute("/{tenant}/v2.0/.well-known/openid-configuration", door.discovery, methods=["GET"], operation="openid-configuration"),
        SandboxRoute("/{tenant}/.well-known/openid-configuration", door.discovery, methods=["GET"], operation="openid-configuration"),
        SandboxRoute("/{tenant}/discovery/v2.0/keys", door.keys, methods=["GET"], operation="keys"),
        SandboxRoute("/common/discovery/instance", door.instance, methods=["GET"], operation="instance"),
        SandboxRoute(f"{oauth}/token", door.token, methods=["POST"], operation="token"),
        SandboxRoute(f"{oauth}/devicecode", door.device, methods=["POST"], operation="devicecode"),
        SandboxRoute(f"{oauth}/authorize", pages.authorize, methods=["GET"], operation="authorize"),
        SandboxRoute(f"{oauth}/authorize", pages.decide, methods=["POST"], operation="authorize"),
        SandboxRoute("/device", pages.device, methods=["GET"], operation="device"),
        SandboxRoute("/device", pages.admit, methods=["POST"], operation="device"),
    ]


class _Login:
    def __init__(self, world: World) -> None:
        self._world = world
        self._grants = Grants(world)

    def discovery(self, request: Request) -> Response:
        try:
            self._tenant(request)
        except RefusedError as refusal:
            return self._refuse(refusal)
        base = f"{request.url.scheme}://{request.url.netloc}/{request.path_params['tenant']}"
        return json_response(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": "NA",
            }
        )

    def keys(self, request: Request) -> Response:
        """The public half of the signing key, for those who check id tokens."""
        del request
        numbers = tenant_of(self._world).signing_key.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "kid": "sandbox", "x5t": "sandbox", "n": jose.big(numbers.n), "e": jose.big(numbers.e)}
        return json_response({"keys": [key]})

    def instance(self, request: Request) -> Response:
        """Which hosts are one cloud: this one alone."""
        host = request.url.netloc
        tenant = tenant_of(self._world).tenant_id
        cloud = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        address = f"{request.url.scheme}://{host}/{tenant}/v2.0/.well-known/openid-configuration"
        return json_response({"tenant_discovery_endpoint": address, "api-version": "1.1", "metadata": [cloud]})

    def token(self, request: Request) -> Response:
        try:
            return json_response(self._issue(request), headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})
        except RefusedError as refusal:
            return self._refuse(refusal)

    def device(self, request: Request) -> Response:
        try:
            form = form_of(request)
            self._client(self._tenant(request), request, form)
            return self._grants.device(request, form)
        except RefusedError as refusal:
            return self._refuse(refusal)

    def _tenant(self, request: Request) -> TenantState:
        state = tenant_of(self._world)
        named = str(request.path_params["tenant"]).lower()
        if named not in {state.tenant_id, state.domain, state.initial_domain}:
            text = f"Tenant '{named}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
            raise RefusedError(400, "invalid_tenant", 90002, text)
        return state

    def _client(self, state: TenantState, request: Request, form: Form) -> Registration:
        client = form.get("client_id", "")
        request.state.caller = client
        app = state.registered(client)
        if app is None:
            text = f"Application with identifier '{client}' was not found in the directory '{state.name}'."
            raise RefusedError(400, "unauthorized_client", 700016, text)
        return app

    def _issue(self, request: Request) -> dict[str, object]:
        state, form = self._tenant(request), form_of(request)
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return self._for_app(state, self._client(state, request, form), request, form)
        # MSAL for Node still sends the short name of the device grant.
        personal = {"authorization_code": self._grants.by_code, "refresh_token": self._grants.by_refresh}
        personal |= dict.fromkeys((DEVICE, "device_code"), self._grants.by_device)
        if grant not in personal:
            raise RefusedError(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")
        app = self._client(state, request, form)
        # A public client proves nothing; one that sends a secret or an assertion has it checked.
        if {"client_secret", "client_assertion"} & form.keys() or switch(self._world, "public_client", "on") == "off":
            self._prove(app, form, request)
        return personal[grant](request, form)

    def _for_app(self, state: TenantState, app: Registration, request: Request, form: Form) -> dict[str, object]:
        named = form.get("scope", "")
        if not named.endswith("/.default"):
            text = f"The provided request must include a scope input parameter that ends with /.default. The scope {named} is not valid."
            raise RefusedError(400, "invalid_scope", 1002012, text)
        resource = tokens.resource_of(self._world, state, named.removesuffix("/.default"))
        self._prove(app, form, request)
        access = tokens.for_app(self._world, state, app, request, resource)
        return {"token_type": "Bearer", "expires_in": tokens.LIFE, "ext_expires_in": tokens.LIFE, "access_token": access}

    def _prove(self, app: Registration, form: Form, request: Request) -> None:
        if "client_secret" in form:
            if not hmac.compare_digest(form["client_secret"].encode(), app.secret.encode()):
                raise RefusedError(401, "invalid_client", 7000215, f"Invalid client secret provided for app '{app.app_id}'.")
            return
        assertion = form.get("client_assertion", "")
        if form.get("client_assertion_type") != _ASSERTION or not assertion:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise RefusedError(401, "invalid_client", 7000218, text)
        _check_assertion(app, assertion, request)

    def _refuse(self, refusal: RefusedError) -> Response:
        trace, correlation = tenant_of(self._world).new_id("trace"), tenant_of(self._world).new_id("correlation")
        stamp = SandboxClock.wall().strftime("%Y-%m-%d %H:%M:%SZ")
        text = f"AADSTS{refusal.number}: {refusal.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        body = {"error": refusal.error, "error_description": text, "error_codes": [refusal.number], "timestamp": stamp}
        body |= {"suberror": refusal.suberror} if refusal.suberror else {}
        return json_response(body | {"trace_id": trace, "correlation_id": correlation}, refusal.status)


def _check_assertion(app: Registration, assertion: str, request: Request) -> None:
    """Raises a refusal unless the registered certificate signed the assertion, for this endpoint and in time.

    A repeated jti is fine: MSAL sends one assertion for nine minutes (K§1).
    """
    try:
        header, claims = jose.read(assertion)
    except jose.BadTokenError:
        raise RefusedError(401, "invalid_client", 50027, "JWT token is invalid or malformed.") from None
    algorithm = str(header.get("alg"))
    given = str(header.get("x5t#S256" if algorithm == "PS256" else "x5t", "")).rstrip("=")
    if given != jose.thumbprint(app.certificate, algorithm):
        text = "The certificate with identifier used to sign the client assertion is not registered on application."
        text = f"{text} [Thumbprint of key used by client: '{given}']"
        raise RefusedError(401, "invalid_client", 700027, text)
    try:
        jose.check(assertion, app.public_key)
    except jose.BadTokenError:
        raise RefusedError(401, "invalid_client", 700027, "Client assertion failed signature validation.") from None
    if claims.get("iss") != app.app_id or claims.get("sub") != app.app_id:
        raise RefusedError(401, "invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    audience = urlsplit(str(claims.get("aud", "")))
    if audience.netloc != request.url.netloc or audience.path.lower() != request.url.path.lower():
        raise RefusedError(401, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer.")
    now = SandboxClock.wall()
    expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat"))
    if not isinstance(expires, int | float) or now.timestamp() > expires + _LEEWAY:
        raise RefusedError(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
    if isinstance(begins, int | float) and now + timedelta(seconds=_LEEWAY) < now.fromtimestamp(begins, now.tzinfo):
        raise RefusedError(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
