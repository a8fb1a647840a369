"""How a tenant declares what it answers: routes that know the vendor's name for the operation, and helpers for handlers.

A handler is a plain function ``(Request) -> Response`` that runs in a thread under ``world.lock``. Before it runs,
``request.state.body`` holds the whole body and ``request.state.operation`` the operation's name; it sets
``request.state.caller`` once it knows who is calling, and may refine ``request.state.operation``.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Handler = Callable[[Request], Response]
OperationName = str | Callable[[Request], str]


class SandboxRoute(Route):
    """A route with the vendor's name for what it does: a text, or a function of the request where the body decides (cmdlets).

    The name is known before the handler runs, so that a fault can strike before the work is done. Without one it is the path template.
    """

    def __init__(self, path: str, handler: Handler, *, methods: list[str], operation: OperationName = "") -> None:
        super().__init__(path, handler, methods=methods)
        self.handler = handler
        self.operation = operation
        # Starlette adds HEAD to every GET; no vendor surface here answers it.
        self.methods = {method.upper() for method in methods}

    def name_of(self, request: Request) -> str:
        """The operation that this request asks for."""
        if callable(self.operation):
            return self.operation(request)
        return self.operation or self.path


def body_of(request: Request) -> bytes:
    """The whole request body as it came."""
    body = request.state.body
    assert isinstance(body, bytes)
    return body


def json_of(request: Request) -> dict[str, object]:
    """The request body as a JSON object, ``{}`` when there is none; raises ``ValueError`` for anything else."""
    text = body_of(request)
    if not text.strip():
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("the body is not a JSON object")  # noqa: TRY004 - for callers it is a bad value
    return value


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer in compact UTF-8."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return Response(body, status_code=status, headers=headers, media_type="application/json; charset=UTF-8")
