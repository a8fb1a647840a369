"""Sign-in: the OIDC discovery document and the token endpoint for client credentials (K§1: what MSAL really sends)."""

from __future__ import annotations

import hmac
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from sandbox.microsoft import jose
from sandbox.microsoft.state import ACTIVITY, COMPLIANCE, EXCHANGE, GRANTED, GRAPH, TenantState, listed, seconds, tenant_of
from sandbox.routing import SandboxRoute, body_of, json_response
from sandbox.world import SandboxClock, World

LIFE = 3599
"""Seconds that an access token lives on the system's clock, which is the one that clients' libraries know."""

_LEEWAY = 300
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RESOURCES = {
    "https://graph.microsoft.com": GRAPH,
    "https://outlook.office365.com": EXCHANGE,
    "https://ps.compliance.protection.outlook.com": COMPLIANCE,
    "https://manage.office.com": ACTIVITY,
}
"""Audience by resource, worldwide cloud (docs/wire/admin-endpoint.md §1.1)."""


class _RefusedError(Exception):
    """An answer of the token endpoint that is an error, with its AADSTS number."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


def routes(world: World) -> list[SandboxRoute]:
    """Discovery and token endpoint, at the root."""
    door = _Login(world)
    return [
        SandboxRoute("/{tenant}/v2.0/.well-known/openid-configuration", door.discovery, methods=["GET"], operation="openid-configuration"),
        SandboxRoute("/{tenant}/.well-known/openid-configuration", door.discovery, methods=["GET"], operation="openid-configuration"),
        SandboxRoute("/{tenant}/oauth2/v2.0/token", door.token, methods=["POST"], operation="token"),
    ]


class _Login:
    def __init__(self, world: World) -> None:
        self._world = world

    def discovery(self, request: Request) -> Response:
        try:
            self._tenant(request)
        except _RefusedError as refusal:
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

    def token(self, request: Request) -> Response:
        try:
            return json_response(self._issue(request), headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})
        except _RefusedError as refusal:
            return self._refuse(refusal)

    def _tenant(self, request: Request) -> TenantState:
        state = tenant_of(self._world)
        named = str(request.path_params["tenant"]).lower()
        if named not in {state.tenant_id, state.domain, state.initial_domain}:
            text = f"Tenant '{named}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
            raise _RefusedError(400, "invalid_tenant", 90002, text)
        return state

    def _issue(self, request: Request) -> dict[str, object]:
        state = self._tenant(request)
        form = {name: values[-1] for name, values in parse_qs(body_of(request).decode("utf-8"), keep_blank_values=True).items()}
        client = form.get("client_id", "")
        request.state.caller = client
        if form.get("grant_type") != "client_credentials":
            raise _RefusedError(
                400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form.get('grant_type', '')}'."
            )
        if client != state.app.app_id:
            text = f"Application with identifier '{client}' was not found in the directory '{state.name}'."
            raise _RefusedError(400, "unauthorized_client", 700016, text)
        resource = form.get("scope", "")
        if not resource.endswith("/.default"):
            text = f"The provided request must include a scope input parameter that ends with /.default. The scope {resource} is not valid."
            raise _RefusedError(400, "invalid_scope", 1002012, text)
        resource = resource.removesuffix("/.default").rstrip("/")
        if resource not in RESOURCES:
            text = f"The resource principal named {resource} was not found in the tenant named {state.name}."
            raise _RefusedError(400, "invalid_resource", 500011, text)
        self._prove(state, form, request)
        return {"token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE, "access_token": self._minted(state, request, resource)}

    def _prove(self, state: TenantState, form: dict[str, str], request: Request) -> None:
        if "client_secret" in form:
            if not hmac.compare_digest(form["client_secret"].encode(), state.app.secret.encode()):
                raise _RefusedError(401, "invalid_client", 7000215, f"Invalid client secret provided for app '{state.app.app_id}'.")
            return
        assertion = form.get("client_assertion", "")
        if form.get("client_assertion_type") != _ASSERTION or not assertion:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise _RefusedError(401, "invalid_client", 7000218, text)
        _check_assertion(state, assertion, request)

    def _minted(self, state: TenantState, request: Request, resource: str) -> str:
        app, now = state.app, SandboxClock.wall()
        gone = listed(self._world, "missing_roles")
        life = seconds(self._world, "token", LIFE)
        claims: dict[str, object] = {
            "aud": resource,
            "iss": f"{request.url.scheme}://{request.url.netloc}/{state.tenant_id}/v2.0",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "app_displayname": app.name,
            "appid": app.app_id,
            "appidacr": "2",
            "idtyp": "app",
            "oid": app.object_id,
            "sub": app.object_id,
            "tid": state.tenant_id,
            "ver": "1.0",
            "uti": state.new_id("token"),
            "roles": [role for role in GRANTED[RESOURCES[resource]] if role.lower() not in gone],
        }
        return jose.sign(state.signing_key, claims, "sandbox")

    def _refuse(self, refusal: _RefusedError) -> Response:
        trace, correlation = tenant_of(self._world).new_id("trace"), tenant_of(self._world).new_id("correlation")
        stamp = SandboxClock.wall().strftime("%Y-%m-%d %H:%M:%SZ")
        text = f"AADSTS{refusal.number}: {refusal.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        body = {"error": refusal.error, "error_description": text, "error_codes": [refusal.number], "timestamp": stamp}
        return json_response(body | {"trace_id": trace, "correlation_id": correlation}, refusal.status)


def _check_assertion(state: TenantState, assertion: str, request: Request) -> None:
    """Raises a refusal unless the registered certificate signed the assertion, for this endpoint and in time.

    A repeated jti is fine: MSAL sends one assertion for nine minutes (K§1).
    """
    try:
        header, claims = jose.read(assertion)
    except jose.BadTokenError:
        raise _RefusedError(401, "invalid_client", 50027, "JWT token is invalid or malformed.") from None
    algorithm = str(header.get("alg"))
    given = str(header.get("x5t#S256" if algorithm == "PS256" else "x5t", "")).rstrip("=")
    if given != jose.thumbprint(state.app.certificate, algorithm):
        text = "The certificate with identifier used to sign the client assertion is not registered on application."
        text = f"{text} [Thumbprint of key used by client: '{given}']"
        raise _RefusedError(401, "invalid_client", 700027, text)
    try:
        jose.check(assertion, state.app.public_key)
    except jose.BadTokenError:
        raise _RefusedError(401, "invalid_client", 700027, "Client assertion failed signature validation.") from None
    if claims.get("iss") != state.app.app_id or claims.get("sub") != state.app.app_id:
        raise _RefusedError(401, "invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    audience = urlsplit(str(claims.get("aud", "")))
    if audience.netloc != request.url.netloc or audience.path.lower() != request.url.path.lower():
        raise _RefusedError(401, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer.")
    now = SandboxClock.wall()
    expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat"))
    if not isinstance(expires, int | float) or now.timestamp() > expires + _LEEWAY:
        raise _RefusedError(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
    if isinstance(begins, int | float) and now + timedelta(seconds=_LEEWAY) < now.fromtimestamp(begins, now.tzinfo):
        raise _RefusedError(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
