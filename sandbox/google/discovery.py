"""Google's discovery documents, as google-api-python-client ships them: methods, parameters, scopes, schemas (K§4).

They are the sandbox's list of what exists: routes are made from them, scopes are checked by them, exchanges are judged by them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

Json = dict[str, Any]
"""A part of a discovery document. `Any` because the documents are Google's JSON, read here and nowhere else."""

_SOURCES = {
    "vault": ("vault", "v1"),
    "directory": ("admin", "directory_v1"),
    "reports": ("admin", "reports_v1"),
    "licensing": ("licensing", "v1"),
    "groupssettings": ("groupssettings", "v1"),
    "cloudidentity": ("cloudidentity", "v1"),
    "alertcenter": ("alertcenter", "v1beta1"),
    "drive": ("drive", "v3"),
    "drivelabels": ("drivelabels", "v2"),
    "gmail": ("gmail", "v1"),
    "chat": ("chat", "v1"),
    "iam_credentials": ("iamcredentials", "v1"),
}
SURFACES = tuple(_SOURCES)

_LEGACY = frozenset({"directory", "reports", "licensing", "groupssettings", "drive", "gmail"})
"""Surfaces whose errors carry ``errors[].reason``; the others carry ``status`` (G§6.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of one API, its path relative to the surface's root."""

    id: str
    verb: str
    path: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Json]
    request: str
    response: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One API: its methods by id, its schemas by name, the query parameters that every method takes."""

    surface: str
    api: str
    version: str
    root: str
    """Google's own root of this API, ``https://vault.googleapis.com/``."""
    methods: Mapping[str, Method]
    schemas: Mapping[str, Json]
    common: Mapping[str, Json]

    def find(self, verb: str, path: str) -> Method | None:
        """The method that answers this verb and path (percent-decoded, without the surface's prefix)."""
        for method in self.methods.values():
            if method.verb == verb and method.pattern.fullmatch(path):
                return method
        return None


def legacy_errors(surface: str) -> bool:
    """Whether the surface reports errors in the older form with ``errors[].reason``."""
    return surface in _LEGACY


@cache
def document(surface: str) -> Document:
    """The API behind ``surface``; raises ``KeyError`` for a surface that is none of Google's."""
    raw = shipped_for(surface)
    found: dict[str, Method] = {}
    _collect(raw, "/" + raw.get("servicePath", ""), found)
    return Document(
        surface=surface,
        api=_SOURCES[surface][0],
        version=_SOURCES[surface][1],
        root=raw["rootUrl"],
        methods=found,
        schemas=raw["schemas"],
        common=raw.get("parameters", {}),
    )


def shipped(api: str, version: str) -> Json | None:
    """A discovery document as Google serves it; ``None`` for an API or version that the library does not know."""
    text = get_static_doc(api, version)  # type: ignore[no-untyped-call]  # the library ships no types
    return None if text is None else dict(json.loads(text))


def shipped_for(surface: str) -> Json:
    """The discovery document of a surface."""
    found = shipped(*_SOURCES[surface])
    assert found is not None
    return found


def starlette_path(method: Method) -> str:
    """The method's path as a route template; ``{+name}`` may hold slashes (RFC 6570)."""
    return re.sub(r"\{\+(\w+)\}", r"{\1:path}", method.path)


def _collect(resource: Json, base: str, found: dict[str, Method]) -> None:
    for raw in resource.get("methods", {}).values():
        method = _method(raw, base)
        found[method.id] = method
    for inner in resource.get("resources", {}).values():
        _collect(inner, base, found)


def _method(raw: Json, base: str) -> Method:
    path = base + raw["path"]
    parameters: dict[str, Json] = raw.get("parameters", {})
    return Method(
        id=raw["id"],
        verb=raw["httpMethod"],
        path=path,
        pattern=_pattern(path, parameters),
        parameters=parameters,
        request=raw.get("request", {}).get("$ref", ""),
        response=raw.get("response", {}).get("$ref", ""),
        scopes=frozenset(raw.get("scopes", ())),
    )


def _pattern(path: str, parameters: Mapping[str, Json]) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match.group(2)
        own = parameters.get(name, {}).get("pattern", "")
        inner = own.removeprefix("^").removesuffix("$") if own else (".+" if match.group(1) else "[^/]+")
        return f"(?P<{name}>{inner})"

    literal = re.sub(r"[.:$]", lambda match: "\\" + match.group(0), path)
    return re.compile(re.sub(r"\{(\+?)(\w+)\}", group, literal))
