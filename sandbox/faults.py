"""What can go wrong on purpose: which fault strikes a request, and what the client then gets to see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from sandbox.routing import body_of, json_response
from sandbox.world import Fault, World

Kind = Literal["status", "reset", "html", "truncated", "foreign_link", "slow"]
Moment = Literal["before", "after"]

FOREIGN = "https://elsewhere.invalid/next"
"""Where a foreign link leads: a reserved name (RFC 2606) that no resolver answers."""

_PAGE = b"<!DOCTYPE html><html><head><title>Service gateway</title></head><body><h1>Please sign in to the network</h1></body></html>"
_STATUS_WORDS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What the wire does instead of answering plainly: close without a word, or promise the whole body and send half of it."""

    response: Response | None
    cut: bool = False


def strike(world: World, surface: str, request: Request, when: Moment) -> Fault | None:
    """The fault that hits this request at this moment, counting it; ``None`` when it goes through."""
    operation: str = request.state.operation
    with world.lock:
        for fault in world.faults:
            if _moment(fault) != when or not fnmatchcase(surface, fault.surface) or not fnmatchcase(operation, fault.operation):
                continue
            if fault.query not in request.url.query or fault.sent.encode("utf-8") not in body_of(request):
                continue
            fault.seen += 1
            if fault.nth <= fault.seen < fault.nth + fault.times:
                return fault
    return None


def answer(fault: Fault, surface: str, response: Response | None) -> Struck:
    """What the client sees under ``fault``; ``response`` is what the handler answered, if it ran. ``slow`` is not answered here."""
    if fault.kind == "reset":
        return Struck(response=None)
    if fault.kind == "html":
        return Struck(response=Response(fault.body or _PAGE, status_code=200, media_type="text/html", headers=fault.headers))
    if fault.kind == "status":
        headers = {"content-type": "application/json; charset=UTF-8", **fault.headers}
        return Struck(response=Response(fault.body or _error_body(surface, fault.status), status_code=fault.status, headers=headers))
    assert response is not None, "a fault that changes the answer acts after the handler"
    if fault.kind == "truncated":
        return Struck(response=response, cut=True)
    return Struck(response=_leading_away(response))


def fault_from(values: Mapping[str, object]) -> Fault:
    """A fault from the door's JSON; raises ``ValueError`` naming the first value that cannot be used."""
    unknown = set(values) - {"surface", "operation", "kind", "when", "nth", "times", "status", "headers", "body", "seconds", "query", "sent"}
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    kind, when = values.get("kind"), values.get("when", "before")
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}")
    if when not in get_args(Moment):
        raise ValueError("when must be before or after")
    headers = values.get("headers", {})
    if not isinstance(headers, dict):
        raise ValueError("headers must be an object")  # noqa: TRY004 - for callers it is a bad value
    return Fault(
        surface=str(values.get("surface", "*")),
        operation=str(values.get("operation", "*")),
        kind=cast("Kind", kind),
        when=cast("Moment", when),
        nth=int(str(values.get("nth", 1))),
        times=int(str(values.get("times", 1))),
        status=int(str(values.get("status", 503))),
        headers={str(name): str(value) for name, value in headers.items()},
        body=str(values.get("body", "")).encode("utf-8"),
        seconds=float(str(values.get("seconds", 1.0))),
        query=str(values.get("query", "")),
        sent=str(values.get("sent", "")),
    )


def _moment(fault: Fault) -> Moment:
    # Both need an answer to spoil, so the handler has to run first whatever was asked for.
    return "after" if fault.kind in {"truncated", "foreign_link"} else fault.when


def _error_body(surface: str, status: int) -> bytes:
    """One body that both vendors' clients can read: a code, a message, Google's status word and its older list of reasons.

    Token endpoints speak OAuth instead (RFC 6749 §5.2).
    """
    message = "The service is currently unavailable." if status >= 500 else "The request was refused."
    if surface in {"token", "authority"}:
        word = "temporarily_unavailable" if status >= 500 or status == 429 else "invalid_client"
        return json.dumps({"error": word, "error_description": message}).encode("utf-8")
    reason = "backendError" if status >= 500 else "rateLimitExceeded" if status == 429 else "forbidden"
    reasons = [{"domain": "global", "reason": reason, "message": message}]
    error = {"code": status, "message": message, "status": _STATUS_WORDS.get(status, "UNAVAILABLE"), "errors": reasons}
    return json.dumps({"error": error}).encode("utf-8")


def _leading_away(response: Response) -> Response:
    """The same page with its next link pointing at another host; an answer without links becomes a redirect there."""
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    if "nextpageuri" in kept:
        return Response(bytes(response.body), status_code=response.status_code, headers={**response.headers, "NextPageUri": FOREIGN})
    try:
        page = json.loads(bytes(response.body))
    except ValueError:
        page = None
    if isinstance(page, dict) and any(name.startswith("@odata") for name in page):
        page["@odata.nextLink"] = FOREIGN
        return json_response(page, response.status_code, kept)
    return Response(b"", status_code=302, headers={"Location": FOREIGN})
