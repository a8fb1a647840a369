"""Discovery documents over the wire, for clients that fetch them: the ones that the Python library ships, unchanged (K§5)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sandbox.google.discovery import document, shipped, shipped_for
from sandbox.google.errors import error_response, not_found
from sandbox.routing import SandboxRoute, json_response

OPERATION = "discovery.apis.getRest"


def discovery_route(surface: str) -> SandboxRoute:
    """``$discovery/rest`` of one API; asked for under the sandbox's own address, the document leads back to that address."""

    def handler(request: Request) -> Response:
        found = shipped_for(surface)
        if request.query_params.get("version", document(surface).version) != document(surface).version:
            return error_response(surface, not_found("Requested entity was not found."))
        if not request.headers.get("host", "").partition(":")[0].endswith(".googleapis.com"):
            found["rootUrl"] = f"{request.url.scheme}://{request.url.netloc}/{surface}/"
        return json_response(found)

    return SandboxRoute("/$discovery/rest", handler, methods=["GET"], operation=OPERATION)


def directory_routes() -> list[SandboxRoute]:
    """``discovery/v1/apis/API/VERSION/rest``: also APIs that this sandbox does not serve, whose methods then lead nowhere."""

    def handler(request: Request) -> Response:
        found = shipped(request.path_params["api"], request.path_params["version"])
        if found is None:
            return error_response("vault", not_found("Requested entity was not found."))
        return json_response(found)

    return [SandboxRoute("/v1/apis/{api}/{version}/rest", handler, methods=["GET"], operation=OPERATION)]
