"""Judges exchanges with Graph v1.0 by the models of the installed msgraph SDK, read as text and never imported (K§4).

``legalHolds`` is not in that SDK and beta is another one: such exchanges are skipped, and ``coverage`` counts them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import parse_qsl, unquote
from uuid import UUID

from sandbox.validate.graph_models import Field, Method, Model, Sdk
from sandbox.world import Exchange

_OPEN = {
    "Identity": "vendors' samples add email and userPrincipalName to identities",
    "AuditData": "the record's data has the keys of its workload",
}
"""Models whose objects may carry names that the SDK does not know, and why."""
_TOKENS = frozenset({"$skiptoken", "$deltatoken", "$skip"})
_SCALARS: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "int": (int,), "float": (int, float), "bytes": (str,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many exchanges the SDK could judge, and the paths of those it could not."""

    judged: int
    skipped: Counter[str]


@cache
def _sdk() -> Sdk:
    return Sdk()


def coverage(exchanges: Iterable[Exchange]) -> Coverage:
    """Count what is judged and what is skipped, by operation, among exchanges with Graph."""
    judged, skipped = 0, Counter[str]()
    for exchange in exchanges:
        if exchange.surface != "graph":
            continue
        if _method(exchange) is None:
            skipped[exchange.operation] += 1
        else:
            judged += 1
    return Coverage(judged=judged, skipped=skipped)


def judge(exchange: Exchange) -> list[str]:
    """What the SDK says against one exchange, a sentence each; nothing where it does not know the route.

    A request that was refused is not judged, because being ill-formed may be why; the error's shape is.
    """
    method = _method(exchange)
    if method is None:
        return []
    if exchange.status >= 400:
        return _error_problems(exchange)
    found = []
    for name, _ in parse_qsl(exchange.path.partition("?")[2], keep_blank_values=True):
        if name not in method.query and name not in _TOKENS:
            found.append(f"query: unknown option {name}")
    if method.body is not None and exchange.request.strip():
        found += [f"request: {problem}" for problem in _object(method.body, json.loads(exchange.request), "")]
    if method.answer is None:
        return found + (["answer: a body where none is due"] if exchange.response else [])
    if method.answer == "primitive" or not exchange.response:
        return found
    return found + [f"answer: {problem}" for problem in _object(method.answer, json.loads(exchange.response), "")]


def _method(exchange: Exchange) -> Method | None:
    path = unquote(exchange.path.partition("?")[0]).removeprefix("/graph")
    if exchange.surface != "graph" or not path.startswith("/v1.0/"):
        return None
    return _sdk().find(exchange.method, path.removeprefix("/v1.0"))


def _error_problems(exchange: Exchange) -> list[str]:
    try:
        error = json.loads(exchange.response)["error"]
    except (ValueError, KeyError, TypeError):
        return ["error answer: no JSON object with an error"]
    if not isinstance(error, dict) or not isinstance(error.get("code"), str) or not isinstance(error.get("message"), str):
        return ["error answer: code and message have to be texts"]
    return []


def _object(name: str, value: object, where: str) -> list[str]:
    """Problems of a JSON value that should be an object of the model called ``name``."""
    if not isinstance(value, dict):
        return [f"{where or 'body'}: {type(value).__name__} where an object is due"]
    sdk = _sdk()
    model = sdk.model(name)
    concrete = model.subtype(str(value.get("@odata.type", "")))
    if concrete is not None and concrete != name:
        model = sdk.model(concrete)
    fields = sdk.fields(model)
    found = []
    for key, inner in value.items():
        if "@" in key or inner is None:
            continue
        at = f"{where}.{key}" if where else key
        field = fields.get(key)
        if field is not None:
            found += _field(field, inner, at)
        elif not _is_open(sdk, model):
            found.append(f"unknown field {at}")
    return found


def _is_open(sdk: Sdk, model: Model) -> bool:
    return any(one.name in _OPEN for one in sdk.lineage(model))


def _field(field: Field, value: object, where: str) -> list[str]:
    if field.many:
        if not isinstance(value, list):
            return [f"{where}: {type(value).__name__} where a list is due"]
        return [problem for number, one in enumerate(value) if one is not None for problem in _single(field, one, f"{where}[{number}]")]
    return _single(field, value, where)


def _single(field: Field, value: object, where: str) -> list[str]:
    if field.kind == "object":
        return _object(field.of, value, where)
    if field.kind == "enum":
        members = _sdk().members(field.of)
        # Flags are joined by commas, and the audit log answers in PascalCase what it takes in camelCase (M§6).
        words = [word.strip().lower() for word in str(value).split(",")]
        known = {member.lower() for member in members}
        return (
            [] if isinstance(value, str) and all(word in known for word in words) else [f"{where}: {value!r} not in enum {sorted(members)}"]
        )
    if field.kind in _SCALARS:
        wrong = not isinstance(value, _SCALARS[field.kind]) or (isinstance(value, bool) and field.kind != "bool")
        return [f"{where}: {type(value).__name__} where {field.kind} is due"] if wrong else []
    return _parsed(field.kind, value, where)


def _parsed(kind: str, value: object, where: str) -> list[str]:
    if not isinstance(value, str):
        return [f"{where}: {type(value).__name__} where {kind} is due"]
    try:
        if kind == "uuid":
            UUID(value)
        elif kind == "datetime":
            datetime.fromisoformat(value)
    except ValueError:
        return [f"{where}: {value!r} is no {kind}"]
    return []
