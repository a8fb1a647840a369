"""Judges exchanges with the Google surfaces by the discovery documents that google-api-python-client ships (K§4)."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, unquote

from sandbox.google.discovery import SURFACES, document, legacy_errors
from sandbox.validate.schema import body_problems, query_problems, without_nulls
from sandbox.world import Exchange


def judge(exchange: Exchange) -> list[str]:
    """What the documents say against one exchange, a sentence each: a path that does not exist, a wrong query, body or answer.

    A request that was refused (4xx) is not judged, because being ill-formed may be why; its error's shape is.
    """
    if exchange.surface not in SURFACES:
        return []
    api = document(exchange.surface)
    path, _, query = exchange.path.partition("?")
    method = api.find(exchange.method, unquote(path).removeprefix(f"/{exchange.surface}"))
    if method is None:
        return ["no such method in the discovery document"]
    if exchange.status >= 400:
        return _error_problems(exchange)
    found = query_problems(api, method, parse_qsl(query, keep_blank_values=True))
    if method.request and exchange.request.strip():
        sent = without_nulls(json.loads(exchange.request))
        found += [f"request: {problem}" for problem in body_problems(api, method.request, sent, method)]
    if method.response:
        found += [f"answer: {problem}" for problem in body_problems(api, method.response, json.loads(exchange.response))]
    elif exchange.response:
        found.append("answer: a body where none is due")
    return found


def _error_problems(exchange: Exchange) -> list[str]:
    try:
        error = json.loads(exchange.response)["error"]
    except (ValueError, KeyError, TypeError):
        return ["error answer: no JSON object with an error"]
    found = []
    if error.get("code") != exchange.status:
        found.append(f"error answer: code {error.get('code')} with HTTP {exchange.status}")
    if not error.get("message"):
        found.append("error answer: no message")
    if legacy_errors(exchange.surface):
        if not error.get("errors") or not error["errors"][0].get("reason"):
            found.append("error answer: no errors[].reason, which this API always sends")
    elif "errors" in error or not error.get("status"):
        found.append("error answer: this API sends status and no errors[]")
    return found
