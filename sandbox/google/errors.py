"""Refusals in Google's words, and the two shapes in which its APIs write them (G§6.4)."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.google.discovery import legacy_errors
from sandbox.routing import json_response


class ApiError(Exception):
    """One refusal: the HTTP status, the newer APIs' status word, the older ones' reason, the message, and details if any."""

    def __init__(self, code: int, word: str, reason: str, message: str, details: tuple[dict[str, object], ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.word = word
        self.reason = reason
        self.message = message
        self.details = details


def invalid(message: str) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, "INVALID_ARGUMENT", "invalid", message)


def precondition(message: str) -> ApiError:
    """400: the request is fine, the object's state forbids it (G§1.7)."""
    return ApiError(400, "FAILED_PRECONDITION", "failedPrecondition", message)


def unauthenticated() -> ApiError:
    """401: no bearer token that this tenant issued and that still lives."""
    message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."
    return ApiError(401, "UNAUTHENTICATED", "authError", message)


def scope_missing() -> ApiError:
    """403: the token is good and its scopes do not reach this method."""
    detail: dict[str, object] = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
    }
    return ApiError(403, "PERMISSION_DENIED", "insufficientPermissions", "Request had insufficient authentication scopes.", (detail,))


def forbidden(message: str = "The caller does not have permission") -> ApiError:
    """403: the subject lacks the privilege."""
    return ApiError(403, "PERMISSION_DENIED", "forbidden", message)


def not_found(message: str) -> ApiError:
    """404: gone, never there, or not visible to this caller; the answer does not tell which (G§1.7)."""
    return ApiError(404, "NOT_FOUND", "notFound", message)


def exists(message: str) -> ApiError:
    """409: already there."""
    return ApiError(409, "ALREADY_EXISTS", "duplicate", message)


def exhausted(message: str) -> ApiError:
    """429 without Retry-After: Google publishes no rate headers for these APIs (G§1.8)."""
    detail: dict[str, object] = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
    }
    return ApiError(429, "RESOURCE_EXHAUSTED", "rateLimitExceeded", message, (detail,))


def unserved(method: str) -> ApiError:
    """501: the method exists and this sandbox does not serve it."""
    return ApiError(501, "UNIMPLEMENTED", "notImplemented", f"{method} is not served by this sandbox")


def error_response(surface: str, error: ApiError) -> Response:
    """The refusal in the shape of that API."""
    if legacy_errors(surface):
        first = {"domain": "global", "reason": error.reason, "message": error.message}
        return json_response({"error": {"errors": [first], "code": error.code, "message": error.message}}, error.code)
    body: dict[str, object] = {"code": error.code, "message": error.message, "status": error.word}
    if error.details:
        body["details"] = list(error.details)
    return json_response({"error": body}, error.code)
