"""What a discovery document's schema says against a JSON value or a query string."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.google.discovery import Document, Json, Method

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_WHOLE = re.compile(r"-?\d+")
_SHAPES = {
    "google-datetime": _INSTANT,
    "date-time": _INSTANT,
    "date": _DATE,
    "int64": _WHOLE,
    "uint64": re.compile(r"\d+"),
    "google-fieldmask": re.compile(r"[\w.,*]*"),
    "google-duration": re.compile(r"-?\d+(\.\d{1,9})?s"),
}


def body_problems(api: Document, schema: str, value: object, method: Method | None = None) -> list[str]:
    """Each way in which ``value`` does not fit the named schema; with ``method``, fields that it requires and that are missing too."""
    return list(_check(api, {"$ref": schema}, value, "", method))


def without_nulls(value: Any) -> Any:
    """The same JSON without members that are null, which in a request means "not set" (proto3 JSON); answers never have them."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def query_problems(api: Document, method: Method, query: Sequence[tuple[str, str]]) -> list[str]:
    """Unknown, missing and ill-typed query parameters of one request."""
    found = []
    own = {name: spec for name, spec in method.parameters.items() if spec.get("location") == "query"}
    for name, text in query:
        spec = own.get(name) or api.common.get(name)
        if spec is None:
            found.append(f"unknown query parameter {name}")
        elif (sentence := _query_value(spec, text)) is not None:
            found.append(f"query parameter {name}: {sentence}")
    given = {name for name, _ in query}
    found += [f"query parameter {name} is missing" for name, spec in own.items() if spec.get("required") and name not in given]
    return found


def _query_value(spec: Json, text: str) -> str | None:
    kind = spec.get("type")
    if kind == "boolean" and text not in {"true", "false"}:
        return f"{text!r} is no boolean"
    if kind == "integer":
        if not _WHOLE.fullmatch(text):
            return f"{text!r} is no integer"
        low, high = spec.get("minimum"), spec.get("maximum")
        if (low is not None and int(text) < int(low)) or (high is not None and int(text) > int(high)):
            return f"{text} is outside {low}..{high}"
    # Google's front ends take an enum's name in either spelling: `allIncludingParent`, `all_including_parent`.
    if "enum" in spec and _spelled(text) not in {_spelled(name) for name in spec["enum"]}:
        return f"{text!r} is not in the enum"
    if "pattern" in spec and not re.search(spec["pattern"], text):
        return f"{text!r} does not match {spec['pattern']}"
    return None


def _spelled(name: str) -> str:
    return name.replace("_", "").lower()


def _check(api: Document, spec: Json, value: Any, where: str, method: Method | None) -> Iterator[str]:
    if "$ref" in spec:
        spec = api.schemas[spec["$ref"]]
    kind = spec.get("type", "any")
    at = where or "body"
    if kind == "any":
        return
    if kind == "object":
        if isinstance(value, Mapping):
            yield from _members(api, spec, value, where, method)
        else:
            yield f"{at}: {type(value).__name__} where object is due"
    elif kind == "array":
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _check(api, spec["items"], item, f"{at}[{index}]", method)
        else:
            yield f"{at}: {type(value).__name__} where array is due"
    else:
        yield from _scalar(spec, kind, value, at)


def _members(api: Document, spec: Json, value: Mapping[str, Any], where: str, method: Method | None) -> Iterator[str]:
    properties: Json = spec.get("properties", {})
    open_ended = spec.get("additionalProperties")
    for name, item in value.items():
        inner = f"{where}.{name}" if where else name
        if name in properties:
            yield from _check(api, properties[name], item, inner, method)
        elif open_ended is not None:
            yield from _check(api, open_ended, item, inner, method)
        else:
            yield f"unknown field {inner}"
    if method is None:
        return
    for name, inner_spec in properties.items():
        if method.id in inner_spec.get("annotations", {}).get("required", ()) and name not in value:
            yield f"field {name} is required by {method.id}"


def _scalar(spec: Json, kind: str, value: Any, at: str) -> Iterator[str]:
    due: tuple[type, ...] = {"string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float)}[kind]
    if not isinstance(value, due) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{at}: {type(value).__name__} where {kind} is due"
        return
    if "enum" in spec and value not in spec["enum"]:
        yield f"{at} {value!r} is not in the enum"
    shape = _SHAPES.get(spec.get("format", ""))
    if shape is not None and isinstance(value, str) and not shape.fullmatch(value):
        yield f"{at} {value!r} is no {spec['format']}"
